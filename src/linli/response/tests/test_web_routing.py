"""Pages of the routing rules: everybody of the three posts reads, the administrator edits, publishes and takes tables in."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from linli.accounts.models import Audit
from linli.core.actor import SYSTEM
from linli.exchange.models import Upload
from linli.exchange.reading import read_table
from linli.exchange.writing import Sheet, write_xlsx
from linli.response.actions import routing as actions
from linli.response.imports import RouteImporter
from linli.response.models import RouteTable
from linli.response.queries import routing as reads
from linli.testing.cast import CAST
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db
READ = ["/settings/routes/", "/settings/routes/table.xlsx", "/settings/routes/coverage", "/settings/routes/draft"]


@pytest.fixture
def admin(district: Cast) -> Client:
    return district.client("administrator")


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("page", READ)
def test_three_posts_read(district: Cast, page: str) -> None:
    for person in CAST:
        wanted = 200 if person.kind in ("administrator", "auditor", "dispatcher") else 403
        assert district.client(person.username).get(page).status_code == wanted, person.username


def test_only_the_administrator_writes(district: Cast, admin: Client) -> None:
    dispatcher = district.client("dispatcher")
    assert dispatcher.post("/settings/routes/draft").status_code == 403
    assert admin.post("/settings/routes/draft").status_code == 302
    before = reads.rules_of(RouteTable.objects.get(state="draft").pk)
    for path in ("draft/rule", "draft/move", "draft/delete", "draft/publish", "draft/discard", "restore"):
        sent = {
            "order": 1,
            "to": 2,
            "expected": 0,
            "sure": "yes",
            "number": 1,
            "divisions": "全区",
            "provenance": "sourced",
        }
        assert dispatcher.post(f"/settings/routes/{path}", sent).status_code == 403, path
    assert dispatcher.get("/settings/import/routes/").status_code == 403
    assert reads.rules_of(RouteTable.objects.get(state="draft").pk) == before
    assert "/settings/routes/draft/rule" not in text(dispatcher.get("/settings/routes/draft"))


def test_from_draft_to_publication_and_back(district: Cast, admin: Client, reported: Any) -> None:
    reported()
    first = reads.in_force()
    admin.post("/settings/routes/draft")
    rule = {
        "divisions": "牛街街道",
        "classes": "暴露垃圾",
        "lead": "区城市管理委",
        "provenance": "provisional",
        "hours": "25:00-26:00",
    }
    answer = admin.post("/settings/routes/draft/rule", rule | {"before": 1, "expected": 0})
    assert answer.status_code == 422 and "22:00-06:00" in text(answer)
    wrong = admin.post(
        "/settings/routes/draft/rule", rule | {"hours": "", "lead": "没有的单位", "before": 1, "expected": 0}
    )
    assert wrong.status_code == 422 and "没有单位" in text(wrong)
    body = next(b for b in _bodies() if b.kind == "department")
    rule |= {"hours": "", "lead": body.name}
    said = admin.post("/settings/routes/draft/rule", rule | {"before": 1, "expected": 0, "check": 1})
    assert f"牛街街道、暴露垃圾 → {body.name}" in text(said).replace("&nbsp;", "")
    assert admin.post("/settings/routes/draft/rule", rule | {"before": 1, "expected": 0}).status_code == 302
    stale = admin.post("/settings/routes/draft/delete", {"order": 1, "expected": 0})
    assert stale.status_code == 409
    page = text(admin.get("/settings/routes/draft/compare"))
    assert "1 件会派给别的单位" in page and "新增 1 条" in page
    assert admin.post("/settings/routes/draft/publish", {"expected": 1}).status_code == 422
    assert admin.post("/settings/routes/draft/publish", {"expected": 1, "sure": "yes", "note": "试"}).status_code == 302
    now = reads.in_force()
    assert now.number == first.number + 1 and reported().suggested_body_id == body.id
    assert Audit.objects.filter(target=f"routes:{now.number}").count() == 1
    assert admin.post("/settings/routes/restore", {"number": first.number}).status_code == 302
    assert [r.lead for r in reads.rules_of(RouteTable.objects.get(state="draft").pk)] == [
        r.lead for r in first.router.rules
    ]


def _bodies() -> Any:
    from linli.organisations import queries as organisations

    return organisations.bodies()


def test_a_place_is_typed_by_hand(admin: Client) -> None:
    admin.post("/settings/routes/draft")
    draft = RouteTable.objects.get(state="draft")
    rules = reads.rules_of(draft.pk)
    assert admin.post("/settings/routes/draft/move", {"order": 3, "to": 1, "expected": 0}).status_code == 302
    moved = reads.rules_of(draft.pk)
    assert [r.condition for r in moved[:3]] == [rules[2].condition, rules[0].condition, rules[1].condition]
    assert [r.order for r in moved] == list(range(1, len(rules) + 1))
    assert admin.post("/settings/routes/draft/delete", {"order": 1, "expected": 1}).status_code == 302
    assert len(reads.rules_of(draft.pk)) == len(rules) - 1
    assert admin.post("/settings/routes/draft/move", {"order": "x", "to": 1, "expected": 2}).status_code == 422
    assert admin.post("/settings/routes/draft/move", {"order": 10**6, "to": 1, "expected": 2}).status_code == 404


def workbook(change: Any) -> bytes:
    importer = RouteImporter()
    rows = [dict(v) for v in importer.current().values()]
    change(rows)
    stream = io.BytesIO()
    write_xlsx([Sheet("规则", importer.columns(), rows)], stream)
    return stream.getvalue()


def take(client: Client, data: bytes) -> Any:
    return client.post("/settings/import/routes/", {"file": SimpleUploadedFile("规则.xlsx", data)}, follow=True)


def test_a_table_comes_in_by_preview_and_goes_back(admin: Client) -> None:
    exported = admin.get("/settings/import/routes/table.xlsx")
    data = b"".join(exported.streaming_content)
    assert "文件和现在的内容一样" in text(take(admin, data))

    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["note"] = "夜间另派"
        rows.insert(0, {"divisions": ("全区",), "classes": ("0102",), "hours": "22:00-06:00", "lead": rows[1]["lead"]})
        rows.pop()
        for i, row in enumerate(rows, 1):
            row["order"] = i

    page = take(admin, workbook(change))
    assert all(word in text(page) for word in ("新增 1", "改变 1", "停用 1"))
    upload = Upload.objects.latest("at")
    expected = RouteImporter().revision()
    assert admin.post(f"/settings/import/routes/{upload.pk}/confirm", {"expected": "other"}).status_code == 409
    assert not RouteTable.objects.filter(state="draft").exists()
    assert admin.post(f"/settings/import/routes/{upload.pk}/confirm", {"expected": expected}).status_code == 302
    draft = RouteTable.objects.get(state="draft")
    assert reads.rules_of(draft.pk)[0].hours == "22:00-06:00"
    assert admin.post(f"/settings/import/routes/{upload.pk}/confirm", {"expected": expected}).status_code == 409
    assert admin.post(f"/settings/import/routes/{upload.pk}/undo").status_code == 302
    assert not RouteTable.objects.filter(state="draft").exists()
    assert admin.post(f"/settings/import/routes/{upload.pk}/undo").status_code == 409


def test_an_import_replaces_a_draft_and_undo_brings_it_back(admin: Client, district: Cast) -> None:
    admin.post("/settings/routes/draft")
    actions.move_rule(actor=SYSTEM, expected=0, order=2, to=1)
    mine = reads.rules_of(RouteTable.objects.get(state="draft").pk)
    take(admin, workbook(lambda rows: rows.pop()))
    upload = Upload.objects.latest("at")
    admin.post(f"/settings/import/routes/{upload.pk}/confirm", {"expected": RouteImporter().revision()})
    assert len(reads.rules_of(RouteTable.objects.get(state="draft").pk)) == len(mine) - 1
    admin.post(f"/settings/import/routes/{upload.pk}/undo")
    assert reads.rules_of(RouteTable.objects.get(state="draft").pk) == mine


def test_refused_rows_are_named_and_nothing_is_taken(admin: Client) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["lead"] = "没有的单位"
        rows[1]["divisions"] = ("110102999",)
        rows[2]["hours"] = "晚上"
        rows[3]["classes"] = ("77",)

    page = text(take(admin, workbook(change)))
    assert "有 4 处不能导入" in page and "第 2 行" in page and "110102999" in page
    upload = Upload.objects.latest("at")
    confirm = {"expected": RouteImporter().revision()}
    assert admin.post(f"/settings/import/routes/{upload.pk}/confirm", confirm).status_code == 422
    listed = admin.get(f"/settings/import/routes/{upload.pk}/refused.xlsx")
    table = read_table(b"".join(listed.streaming_content), "a.xlsx", [_column()])
    assert {r.values["code"] for r in table.rows} == {"no_such_body", "no_such_division", "bad_hours", "no_such_class"}
    assert admin.post(f"/settings/import/routes/{upload.pk}/drop").status_code == 302
    assert not Upload.objects.exists()


def _column() -> Any:
    from linli.exchange.columns import Column

    return Column("code", "代号", "Code")


def test_an_unreadable_file_is_said_at_its_field(admin: Client) -> None:
    answer = admin.post("/settings/import/routes/", {"file": SimpleUploadedFile("a.xlsx", b"PK\x03\x04broken")})
    assert answer.status_code == 422 and "文件损坏" in text(answer)
    assert admin.get("/settings/import/nothing/").status_code == 404


def test_without_rules_the_pages_stand(admin: Client) -> None:
    RouteTable.objects.all().delete()
    reads.forget()
    for page in READ:
        assert admin.get(page).status_code == 200, page
    assert "还没有派遣规则" in text(admin.get("/settings/routes/"))
    assert admin.post("/settings/routes/draft").status_code == 302


def test_english_pages(admin: Client) -> None:
    admin.cookies["django_language"] = "en"
    for page in READ:
        assert admin.get(page).status_code == 200
