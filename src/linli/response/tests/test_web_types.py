"""The pages of matter types: list and filters, the draft with its faults, publishing, limits and the ladder, trials."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from linli.core import clock
from linli.response import queries
from linli.response.models import CaseClass, LadderRule, StageLimit, SteeringSheet
from linli.response.queries import types as reads
from linli.response.type_forms import initial_of
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db
HOME = "/settings/classes/"


@pytest.fixture
def admin(district: Cast) -> Client:
    return district.client("administrator")


def said(code: str = "0102", **change: Any) -> dict[str, Any]:
    """What the form of a type sends, with some fields changed."""
    row = reads.row_of(CaseClass.objects.select_related("type_version").filter(code=code).order_by("-number")[0])
    form = {k: v for k, v in initial_of(row).items() if k != "code" and v not in (False, None)}
    form.pop("limits", None), form.pop("samples", None)
    return {**form, "note": "街道会议", **change}


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_list_is_searched_and_filtered(admin: Client) -> None:
    whole = text_of(admin.get(HOME))
    assert "污水井盖" in whole and "学校护学岗需求" in whole and "暴露垃圾" in whole
    found = text_of(admin.get(HOME, {"q": "井盖", "tree": "component"}))
    assert "污水井盖" in found and "暴露垃圾" not in found
    assert "没有这样的类型" in text_of(admin.get(HOME, {"q": "没有这种事\0"}))
    assert "暴露垃圾" not in text_of(admin.get(HOME, {"state": "retired"}))
    assert text_of(admin.get(HOME, {"state": "full_moon", "level": "9"})).count("暴露垃圾")


def test_a_type_shows_its_flow_and_what_it_does_without(admin: Client) -> None:
    mended = text_of(admin.get(f"{HOME}0102/"))
    assert "自行处置" in mended and "约 80% 不抽查" in mended and "不能去掉" in mended
    asked = text_of(admin.get(f"{HOME}7101/"))
    assert "答复" in asked and "约 90% 不抽查" in asked and "邀请认领" in asked
    assert admin.get(f"{HOME}9998/").status_code == 404
    assert admin.get(f"{HOME}0102/", {"version": "77"}).status_code == 404


def test_edit_publish_and_look_at_the_history(admin: Client) -> None:
    assert admin.get(f"{HOME}0102/edit").status_code == 200
    sent = admin.post(f"{HOME}0102/edit", {**said(name="生活垃圾外露", limit_fed_back="4", unit_fed_back="working_hour"),
                                           "base": "new"})  # fmt: skip
    assert sent.status_code == 302 and queries.class_by_code("0102").name_zh == "暴露垃圾"
    page = text_of(admin.get(f"{HOME}0102/publish"))
    assert "生活垃圾外露" in page and "待核查：" in page and "第 2 版" in page
    assert admin.post(f"{HOME}0102/publish", {"expected": "0"}).status_code == 302
    assert queries.class_by_code("0102").name_zh == "生活垃圾外露"
    assert queries.class_by_code("0102").variant.limit("fed_back") == (4, "working_hour")
    history = text_of(admin.get(f"{HOME}0102/"))
    assert "第 2 版" in history and "第 1 版" in history and "改了 2 项" in history
    compared = text_of(admin.get(f"{HOME}0102/compare", {"a": "1", "b": "2"}))
    assert "暴露垃圾" in compared and "生活垃圾外露" in compared
    assert admin.post(f"{HOME}0102/restore", {"number": "1"}).status_code == 302
    assert admin.get(f"{HOME}0102/publish").status_code == 200


def test_every_fault_stands_at_its_field(admin: Client) -> None:
    sent = admin.post(
        f"{HOME}0102/edit",
        {**said(handle_amount="0", limit_closed="x", sample_pass="", chosen=["mend", "spare"]), "base": "new"},
    )
    page = text_of(sent)
    assert sent.status_code == 422
    for field in ("handle_amount", "sample_pass", "limit_closed"):
        assert f'id="id_{field}_error"' in page
    assert not CaseClass.objects.filter(type_version__state="draft").exists()


def test_the_second_editor_is_told_on_the_page(admin: Client) -> None:
    admin.post(f"{HOME}0102/edit", {**said(name="甲"), "base": "new"})
    assert admin.post(f"{HOME}0102/edit", {**said(name="乙"), "expected": "0"}).status_code == 302
    late = admin.post(f"{HOME}0102/edit", {**said(name="丙"), "expected": "0"})
    assert late.status_code == 409 and "方明" in text_of(late) and "丙" in text_of(late)
    assert CaseClass.objects.get(code="0102", type_version__state="draft").name == "乙"


def test_a_new_type_and_a_code_that_is_taken(admin: Client) -> None:
    form = {**said(name="餐厨垃圾外溢"), "code": "0197"}
    assert admin.post(f"{HOME}new", form).status_code == 302
    page = admin.post(f"{HOME}new", {**form, "code": "0102"})
    assert page.status_code == 422 and "用过" in text_of(page)
    assert admin.post(f"{HOME}0197/discard", {"expected": "0"}).status_code == 302
    assert not CaseClass.objects.filter(code="0197").exists()


def test_a_later_day_and_a_past_one(admin: Client) -> None:
    admin.post(f"{HOME}0102/edit", {**said(name="甲"), "base": "new"})
    past = admin.post(f"{HOME}0102/publish", {"expected": "0", "on": "2020-01-01"})
    assert past.status_code == 422 and "不能早于今天" in text_of(past)
    assert admin.post(f"{HOME}0102/publish", {"expected": "0", "on": "tomorrow"}).status_code == 422
    later = f"{clock.today() + timedelta(days=3):%Y-%m-%d}"
    assert admin.post(f"{HOME}0102/publish", {"expected": "0", "on": later}).status_code == 302
    page = text_of(admin.get(f"{HOME}0102/"))
    assert later in page and "撤回再改" in page
    assert admin.post(f"{HOME}0102/withdraw", {"expected": "1"}).status_code == 302


def test_only_administrators_write_and_three_posts_read(district: Cast) -> None:
    for username, reads_it in (("auditor", 200), ("dispatcher", 200), ("operator", 403), ("handler-sanitation", 403)):
        try:
            client = district.client(username)
        except (KeyError, LookupError):
            continue
        for page in (
            HOME,
            f"{HOME}0102/",
            f"{HOME}0102/compare",
            "/settings/sheets/ladder/",
            "/settings/sheets/limits/",
        ):
            assert client.get(page).status_code == reads_it, (username, page)
        for page in (f"{HOME}0102/edit", f"{HOME}new", "/settings/sheets/ladder/edit"):
            assert client.get(page).status_code == 403 and client.post(page).status_code == 403
    assert not SteeringSheet.objects.filter(number__gt=1).exists()


# --- limits and the ladder ----------------------------------------------------------------------------------
def sheet_form(sheet: str, **change: str) -> dict[str, str]:
    rows = reads.sheet_rows(sheet)
    sent = {f"{i}.{k}": v for i, row in enumerate(rows) for k, v in row.items()}
    return {**sent, "expected": "1", "do": "save", **change}


def test_the_ladder_is_changed_as_a_whole(admin: Client) -> None:
    page = "/settings/sheets/ladder/"
    assert "剩下 20% 的时间时" in text_of(admin.get(page))
    assert admin.get(f"{page}edit").status_code == 200
    sent = admin.post(f"{page}edit", sheet_form("ladder", **{"0.amount": "30", "12.out": "1"}))
    assert sent.status_code == 302 and LadderRule.objects.count() == 13
    shown = text_of(admin.get(page))
    assert "剩下 30% 的时间时" in shown and "剩下 20% 的时间时" in shown  # now, and before
    bad = admin.post(f"{page}edit", sheet_form("ladder", **{"0.unit": "working_day", "expected": "2"}))
    assert bad.status_code == 422 and 'id="f-0.unit"' in text_of(bad) and "第 1 行" in text_of(bad)
    late = admin.post(f"{page}edit", sheet_form("ladder", **{"0.amount": "10"}))
    assert late.status_code == 409 and "方明" in text_of(late)
    assert admin.post(f"{page}restore", {"number": "1", "expected": "2"}).status_code == 302
    assert LadderRule.objects.count() == 14


def test_limits_by_page(admin: Client) -> None:
    sent = admin.post("/settings/sheets/limits/edit", sheet_form("limits", **{"0.amount": "3"}))
    assert sent.status_code == 302 and StageLimit.objects.get(stage="reported", urgency="urgent").amount == 3
    assert admin.get("/settings/sheets/nothing/").status_code == 404


# --- what it would have done ---------------------------------------------------------------------------------
def test_a_trial_says_who_would_be_late(admin: Client, reported: Any) -> None:
    case = reported()
    case.matter.opened_at = clock.now() - timedelta(days=20)
    case.matter.final_due_at = None
    case.matter.save()
    admin.post(f"{HOME}0102/edit", {**said(handle_amount="60", handle_unit="natural_day"), "base": "new"})
    page = text_of(admin.post(f"{HOME}0102/try"))
    assert queries.number_of_case(case) in page and "不再超期" in page
    fewer = text_of(admin.post("/settings/sheets/ladder/edit", {**sheet_form("ladder", **{"1.out": "1"}), "do": "try"}))
    assert "催办督办" in fewer and LadderRule.objects.count() == 14
    steps = text_of(
        admin.post("/settings/sheets/limits/edit", {**sheet_form("limits", **{"2.amount": "9000"}), "do": "try"})
    )
    assert "少超期 1 个" in steps


# --- tables ----------------------------------------------------------------------------------------------------
def upload(admin: Client, data: bytes, name: str = "types.xlsx") -> Any:
    file = io.BytesIO(data)
    file.name = name
    return admin.post("/settings/import/types/", {"file": file}, follow=True)


def workbook(rows: list[dict[str, Any]], extra: str = "") -> bytes:
    from linli.exchange.writing import Sheet, write_xlsx
    from linli.response.type_imports import TypeImporter

    stream = io.BytesIO()
    write_xlsx([Sheet("types", TypeImporter().columns(), rows)], stream)
    return stream.getvalue()


def current() -> dict[str, dict[str, Any]]:
    from linli.response.type_imports import TypeImporter

    return {k: dict(v) for k, v in TypeImporter().current().items()}


def test_a_table_out_and_in_again_changes_nothing(admin: Client) -> None:
    out = b"".join(admin.get("/settings/import/types/table.xlsx").streaming_content)
    page = text_of(upload(admin, out))
    assert "没有要改的" in page or "一样" in page or "0" in page
    assert CaseClass.objects.filter(number__gt=1).count() == 0


def test_a_table_publishes_retires_and_is_undone(admin: Client) -> None:
    before = current()
    rows = {k: v for k, v in before.items() if k != "0103"}
    rows["0102"] = {**rows["0102"], "name": "生活垃圾外露", "samples": ("pass:30",)}
    rows["0197"] = {**rows["0104"], "code": "0197", "name": "餐厨垃圾外溢"}
    shown = upload(admin, workbook(list(rows.values())))
    page = text_of(shown)
    assert "生活垃圾外露" in page and "餐厨垃圾外溢" in page and "积存垃圾渣土" in page
    assert queries.class_by_code("0102").name_zh == "暴露垃圾"
    here = shown.request["PATH_INFO"]
    expected = page.split('name="expected" value="')[1].split('"')[0]
    assert admin.post(f"{here}confirm", {"expected": expected}).status_code == 302
    assert queries.class_by_code("0102").variant.sample("pass") == 30
    assert queries.class_by_code("0103") is None and queries.class_by_code("0197") is not None
    assert admin.post(f"{here}undo").status_code == 302
    assert current() == before


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"object": "person"}, "不认识"),
        ({"without": ("pass",)}, "不能去掉"),
        ({"chosen": ("spare",), "samples": ()}, "抽查"),
        ({"limits": ("fed_back:nine:moons",)}, "不是整数"),
        ({"top_code": "99"}, "大类"),
        ({"name": "=HYPERLINK(1)" * 9}, "太长"),
    ],
)
def test_a_hostile_table_is_refused_row_by_row(admin: Client, change: dict[str, Any], word: str) -> None:
    rows = current()
    rows["0102"] = {**rows["0102"], **change}
    page = text_of(upload(admin, workbook(list(rows.values()))))
    assert word in page and CaseClass.objects.filter(number__gt=1).count() == 0


def test_a_table_does_not_run_over_a_draft(admin: Client) -> None:
    admin.post(f"{HOME}0102/edit", {**said(name="甲"), "base": "new"})
    rows = current()
    rows["0102"] = {**rows["0102"], "name": "乙"}
    assert "草稿" in text_of(upload(admin, workbook(list(rows.values()))))


def test_many_cases_are_tried_in_a_job(admin: Client, reported: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from linli.jobs import worker
    from linli.jobs.models import Job
    from linli.response.web import sheets

    reported()
    monkeypatch.setattr(sheets, "AT_ONCE", 0)
    admin.post(f"{HOME}0102/edit", {**said(handle_amount="60"), "base": "new"})
    sent = admin.post(f"{HOME}0102/try")
    assert sent.status_code == 302
    assert "看结果" in text_of(admin.get(sent["Location"]))
    assert worker.run_until_empty() == 1
    job = Job.objects.get(kind="response.impact")
    assert (job.state, job.total) == ("done", 1) and job.result["impact"]["moved"] == 1
    assert "办结时限会不同" in text_of(admin.get(sent["Location"]))
    kept = job.result["impact"]["examples"][0]
    del kept["class"]  # a trial of before the class was kept with each example
    kept["title"] = "从前的标题"
    job.save()
    assert "从前的标题" in text_of(admin.get(sent["Location"]))
