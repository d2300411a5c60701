"""Pages of surveys and waves: filling on a phone with and without scripts, running, results, the page behind a code."""

from __future__ import annotations

import io

import pytest
from django.test import Client
from openpyxl import load_workbook

from linli.circle.actions import answers as write
from linli.circle.actions import surveys as run
from linli.circle.actions import waves
from linli.circle.actions.answers import Said
from linli.circle.models import Answer
from linli.circle.queries import surveys as read
from linli.circle.queries import waves as wave_reads
from linli.circle.survey_imports import AnswerImporter
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.exchange.writing import Sheet, write_xlsx
from linli.testing.fixtures import Cast

from .conftest import EAST
from .test_surveys import leaves, make

pytestmark = pytest.mark.django_db
WEST = "110102018009"


@pytest.fixture
def survey(district: Cast, catalogues: None) -> int:
    run.load_resource_kinds(actor=SYSTEM)
    return make()


def address(survey: int, community: str = EAST, rest: str = "") -> str:
    return f"/circle/surveys/{survey}/{community}/{rest}"


def test_the_form_saves_a_class_and_goes_on(survey: int, district: Cast) -> None:
    clerk = district.client("community-niujie")
    codes = [c for c in leaves(survey) if c.startswith("01")]
    page = clerk.get(address(survey)).content.decode()
    assert "已答 0 / 186" in page and f'name="offer-{codes[0]}"' in page
    sent = {"class": "01"} | {f"offer-{c}": "offered" for c in codes}
    sent |= {f"percent-{codes[0]}": "95%", f"evidence-{codes[0]}": "公示栏", f"day-{codes[0]}": "2026-01-05"}
    done = clerk.post(address(survey), sent)
    assert done.status_code == 302 and "class=02" in done["Location"]
    first = Answer.objects.get(sheet__survey=survey, item=codes[0])
    assert (first.fulfilled_pct, first.evidence, str(first.evidence_on)) == (95, "公示栏", "2026-01-05")
    assert "已答 18 / 186" in clerk.get(address(survey)).content.decode()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("percent", "101", "满足度写 0 到 100"), ("percent", "很多", "满足度写 0 到 100"), ("day", "昨天", "日期要写成"),
     ("day", "2999-01-01", "日期不能晚于今天"), ("evidence", "长" * 201, "依据最多 200 字")],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_and_nothing_typed_is_lost(
    survey: int, district: Cast, field: str, value: str, words: str
) -> None:
    item = leaves(survey)[0]
    sent = {"class": "01", f"offer-{item}": "suspended", f"{field}-{item}": value}
    page = district.client("community-niujie").post(address(survey), sent)
    text = page.content.decode()
    assert page.status_code == 422 and words in text and not Answer.objects.exists()
    assert f'value="{value[:50]}' in text and 'value="suspended" checked' in text


def test_a_tap_is_saved_and_told(survey: int, district: Cast) -> None:
    clerk, item = district.client("community-niujie"), leaves(survey)[0]
    said = clerk.post(address(survey, rest="answer"), {"item": item, f"offer-{item}": "offered", "version": "1"}).json()
    assert (said["answered"], said["total"], said["version"], said["alone"]) == (1, 186, 2, True)
    assert said["class_answered"] == 1 and said["next"].endswith(f"#i-{leaves(survey)[1]}") and said["told"] == []
    colleague = district.client("planner")
    told = colleague.post(
        address(survey, rest="answer"),
        {"item": item, f"offer-{item}": "not_offered", f"was-{item}": "", "version": "1"},
    ).json()
    assert not told["alone"] and "提供" in told["told"][0]
    for sent, code in (({"item": item}, "bad_offer"), ({"item": "x", "offer-x": "offered"}, "no_such_item"),
                       ({"item": item, f"offer-{item}": "maybe"}, "bad_offer")):  # fmt: skip
        refused = clerk.post(address(survey, rest="answer"), sent)
        assert refused.status_code == 422 and refused.json()["code"] == code


def test_what_a_colleague_changed_and_this_page_did_not_stays(survey: int, district: Cast) -> None:
    one, two = leaves(survey)[:2]
    write.answer(actor=SYSTEM, survey_id=survey, community=EAST, said=[Said(one, "suspended")])
    stale = {
        "class": "01",
        f"offer-{one}": "offered",
        f"was-{one}": "offered|||",
        f"offer-{two}": "offered",
        f"was-{two}": "",
    }
    district.client("community-niujie").post(address(survey), stale)
    assert dict(Answer.objects.values_list("item", "offer")) == {one: "suspended", two: "offered"}


def test_handing_in_asks_to_look_again_when_somebody_wrote(survey: int, district: Cast) -> None:
    clerk = district.client("community-niujie")
    for n in range(2):
        said = [Said(c, "offered") for c in leaves(survey)]
        version = write.answer(actor=SYSTEM, survey_id=survey, community=EAST, said=said).version
        early = clerk.post(address(survey, rest="submit"), {"version": str(version - 1)})
        assert early.status_code == 409 and "请看过再提交" in early.content.decode(), n
    assert clerk.post(address(survey, rest="submit"), {"version": str(version)}).status_code == 302
    twice = clerk.post(address(survey, rest="submit"), {"version": str(version + 1)})
    assert twice.status_code == 409 and "已经提交的表不能再改" in twice.content.decode()
    page = clerk.get(address(survey) + "?class=01").content.decode()
    assert "<fieldset disabled>" in page and "survey.js" not in page
    planner = district.client("planner")
    empty = planner.post(address(survey, rest="return"), {"note": "", "version": str(version + 1)})
    assert empty.status_code == 422 and "退回原因" in empty.content.decode()
    sent = {"note": "依据不清", "version": str(version + 1)}
    assert planner.post(address(survey, rest="return"), sent).status_code == 302
    assert "依据不清" in clerk.get(address(survey)).content.decode()


def test_resources_are_filled_on_the_same_sheet(survey: int, district: Cast) -> None:
    clerk = district.client("community-niujie")
    assert "社区组织" in clerk.get(address(survey) + "?class=resources").content.decode()
    wrong = clerk.post(address(survey), {"class": "resources", "count-O01": "两个"})
    assert wrong.status_code == 422 and "两个" in wrong.content.decode()
    assert clerk.post(address(survey), {"class": "resources", "count-O01": "2"}).status_code == 302
    totals = clerk.get(f"/circle/surveys/{survey}/resources/").content.decode()
    assert "居民委员会" in totals and "260" in totals


def test_another_community_is_not_there(survey: int, district: Cast) -> None:
    clerk, item = district.client("community-niujie"), leaves(survey)[0]
    assert clerk.get(address(survey, WEST)).status_code == 404
    assert clerk.get(address(survey, "110102999999")).status_code == 404
    for rest, sent in (("", {"class": "01"}), ("answer", {"item": item, f"offer-{item}": "offered"}),
                       ("last-year", {"class": "01", "sure": "1"}), ("submit", {"version": "1"})):  # fmt: skip
        assert clerk.post(address(survey, WEST, rest), sent).status_code == 404
    assert clerk.get(address(survey) + "?class=77").status_code == 404
    auditor = district.client("auditor")
    assert auditor.get(address(survey)).status_code == 200
    assert auditor.post(address(survey), {"class": "01", f"offer-{item}": "offered"}).status_code == 403
    for rest in ("open", "close", "remind", f"{EAST}/return"):
        assert clerk.post(f"/circle/surveys/{survey}/{rest}").status_code == 403
    assert not Answer.objects.exists()


def test_the_planner_sees_how_far_all_are_and_reminds(survey: int, district: Cast) -> None:
    planner = district.client("planner")
    page = planner.get(f"/circle/surveys/{survey}/?left=1").content.decode()
    assert "催报未完成的 261 个" in page
    assert planner.post(f"/circle/surveys/{survey}/remind", {"community": EAST}).status_code == 302
    clerk = district.client("community-niujie")
    assert "催过" in clerk.get("/circle/surveys/").content.decode()
    letters = planner.get(f"/circle/surveys/{survey}/letters/?division=110102018").content.decode()
    assert letters.count("<article") == len([c for c in read.answered(survey).communities if c.startswith("110102018")])
    book = planner.get(f"/circle/surveys/{survey}/missing.xlsx")
    rows = list(load_workbook(io.BytesIO(b"".join(book.streaming_content))).worksheets[0].values)  # type: ignore[attr-defined]
    assert len(rows) == 262 and planner.get(f"/circle/surveys/{survey}/?division=999").status_code == 404


def test_a_new_survey_by_the_page(district: Cast, catalogues: None) -> None:
    planner = district.client("planner")
    assert planner.get("/circle/surveys/").status_code == 200
    assert "services" not in planner.post("/circle/surveys/new/", {"year": "2026"}).content.decode()
    catalogue = (
        planner.get("/circle/surveys/new/")
        .content.decode()
        .split('name="catalogue_id"')[1]
        .split('value="')[1]
        .split('"')[0]
    )
    sent = {
        "year": str(clock.today().year),
        "name": "调查",
        "catalogue_id": catalogue,
        "opens_on": "2026-01-01",
        "closes_on": "2025-01-01",
    }
    assert "不能早于" in planner.post("/circle/surveys/new/", sent).content.decode()
    made = planner.post("/circle/surveys/new/", sent | {"closes_on": "2026-12-31"})
    assert made.status_code == 302 and "还没有开始" in planner.get(made["Location"]).content.decode()
    assert planner.post(made["Location"] + "open").status_code == 302
    assert planner.get(made["Location"] + "results/").status_code == 200
    assert district.client("community-niujie").get("/circle/surveys/new/").status_code == 403


def test_results_name_the_matrix_of_every_statement(survey: int, district: Cast) -> None:
    rows = [(EAST, Said(c, "offered", 92)) for c in leaves(survey)] + [(WEST, Said(leaves(survey)[0], "suspended", 70))]
    write.answer_many(actor=SYSTEM, survey_id=survey, rows=rows)
    auditor = district.client("auditor")
    page = auditor.get(f"/circle/surveys/{survey}/results/").content.decode()
    assert page.count("出自：提供情况") == 2 == page.count("出自：满足度") and "缺的都算没有到都算有" in page
    niujie = auditor.get(
        f"/circle/surveys/{survey}/results/?matrix=fulfilled&class=01&division=110102018"
    ).content.decode()
    assert "92%" in niujie and "70%" in niujie
    book = auditor.get(f"/circle/surveys/{survey}/results.xlsx")
    sheets = load_workbook(io.BytesIO(b"".join(book.streaming_content))).worksheets  # type: ignore[attr-defined]
    assert [s.title for s in sheets[:3]] == ["结论", "提供情况", "满足度"]
    offers = {r[0]: r[2] for r in sheets[1].values}
    assert offers[EAST] == "提供" and offers[WEST] == "暂停" and offers["110102001001"] == "缺"
    assert {r[0]: r[2] for r in sheets[2].values}["110102001001"] is None


def filled(
    rows: list[list[object]], columns: tuple[str, ...] = ("community", "item", "offer", "fulfilled_pct")
) -> io.BytesIO:
    chosen = [c for c in AnswerImporter().columns() if c.key in columns]
    out = io.BytesIO()
    write_xlsx([Sheet("答案", chosen, rows)], out)
    out.seek(0)
    out.name = "answers.xlsx"
    return out


def test_a_filled_workbook_is_previewed_taken_in_and_undone(survey: int, district: Cast) -> None:
    planner, (one, two) = district.client("planner"), leaves(survey)[:2]
    write.answer(actor=SYSTEM, survey_id=survey, community=EAST, said=[Said(one, "offered", 50, "旧依据")])
    upload = filled([[EAST, one, "暂停", 60], [WEST, two, "提供", None]])
    preview = planner.post("/settings/import/circle-answers/", {"file": upload})
    assert preview.status_code == 302
    page = planner.get(preview["Location"]).content.decode()
    assert "2 个社区，2 行" in page
    expected = page.split('name="expected" value="')[1].split('"')[0]
    assert planner.post(preview["Location"] + "confirm", {"expected": expected}).status_code == 302
    fields = ("offer", "fulfilled_pct", "evidence")
    assert Answer.objects.filter(item=one).values_list(*fields).get() == ("suspended", 60, "旧依据")
    assert Answer.objects.get(item=two).sheet.community == WEST
    assert planner.post(preview["Location"] + "undo").status_code == 302
    assert Answer.objects.values_list("item", *fields).get() == (one, "offered", 50, "旧依据")
    assert district.client("community-niujie").get("/settings/import/circle-answers/").status_code == 403


def test_a_workbook_with_rows_that_cannot_be_taken_changes_nothing(survey: int, district: Cast) -> None:
    planner, one = district.client("planner"), leaves(survey)[0]
    version = write.answer(
        actor=SYSTEM, survey_id=survey, community=WEST, said=[Said(c, "offered") for c in leaves(survey)]
    ).version
    write.submit(actor=SYSTEM, survey_id=survey, community=WEST, version=version)
    rows: list[list[object]] = [
        [EAST, "999999", "提供", 1], [EAST, one, "提供", 101], ["110102999999", one, "提供", 1], [WEST, one, "暂停", 1],
        [EAST, one, "也许", 1],
    ]  # fmt: skip
    preview = planner.post("/settings/import/circle-answers/", {"file": filled(rows)})
    page = planner.get(preview["Location"]).content.decode()
    for words in ("这次调查的目录里没有这一项", "这个社区不在这次调查里", "已经提交，要改请先退回", "不认识的词"):
        assert words in page
    assert Answer.objects.filter(sheet__community=EAST).count() == 0


# --- waves --------------------------------------------------------------------------------------------------


@pytest.fixture
def wave(district: Cast) -> tuple[int, list[str]]:
    today = clock.today()
    questions = (waves.Question("办事满意吗？", "Satisfied?"), waves.Question("环境满意吗？"))
    made = waves.create_wave(actor=SYSTEM, name="满意度", questions=questions, opens_on=today, closes_on=today)
    codes = waves.make_slips(actor=SYSTEM, wave_id=made, communities={EAST: 30})
    waves.open_wave(actor=SYSTEM, wave_id=made)
    return made, codes[EAST]


def test_a_resident_answers_once_without_an_account(wave: tuple[int, list[str]]) -> None:
    browser, code = Client(), wave[1][0]
    found = browser.post("/v/", {"code": f"{code[:5].lower()}-{code[5:]}"})
    assert found.status_code == 302 and found["Location"] == f"/v/{code}/"
    page = browser.get(f"/v/{code}/")
    assert "办事满意吗" in page.content.decode() and page["Cache-Control"] == "no-store, private"
    assert browser.post(f"/v/{code}/", {}).status_code == 422
    assert browser.post(f"/v/{code}/", {"answer-q1": "6"}).status_code == 422
    assert browser.post(f"/v/{code}/", {"answer-q1": "5"})["Location"] == "/v/thanks/"
    assert browser.get("/v/thanks/").status_code == 200
    assert wave_reads.results(actor=SYSTEM, wave_id=wave[0]).district.voices == 1


def test_every_code_that_does_not_let_in_is_answered_alike_and_counted(wave: tuple[int, list[str]]) -> None:
    browser, code = Client(), wave[1][0]
    browser.post(f"/v/{code}/", {"answer-q1": "3"})
    pages = [browser.get(f"/v/{c}/") for c in (code, "AAAAAAAAAA", "ABC", "'%00")]
    pages.append(browser.post(f"/v/{code}/", {"answer-q1": "3"}))
    pages.append(browser.post("/v/", {"code": "AAAAA-AAAAA"}))
    assert {p.status_code for p in pages} == {404}
    bodies = {p.content.decode().replace(p.context["csrf_token"].__str__(), "") for p in pages}
    assert len({b.split("<main")[1].split("csrfmiddlewaretoken")[0] for b in bodies}) == 1
    for _n in range(14):
        browser.get("/v/BBBBBBBBBB/")
    assert browser.get("/v/CCCCCCCCCC/").status_code == 429
    assert browser.get(f"/v/{wave[1][1]}/").status_code == 429  # not even a right one: else guessing would go on


def test_the_planner_prints_letters_once_and_reads_results_after_the_end(
    wave: tuple[int, list[str]], district: Cast
) -> None:
    planner, (made, codes) = district.client("planner"), wave
    letters = planner.post(f"/circle/waves/{made}/letters", {"community": EAST, "count": "3"})
    text = letters.content.decode()
    assert text.count("data:image/svg+xml") == 3 and "no-store" in letters["Cache-Control"]
    assert planner.post(f"/circle/waves/{made}/letters", {"community": EAST, "count": "0"}).status_code == 422
    for code in codes:
        waves.give_voice(code=code, answers={"q1": 4})
    during = planner.get(f"/circle/waves/{made}/").content.decode()
    assert "结束以前只看得到回收多少" in during and "4.00" not in during
    assert planner.post(f"/circle/waves/{made}/close").status_code == 302
    after = planner.get(f"/circle/waves/{made}/").content.decode()
    assert "4.00" in after and "90.9" in after
    book = planner.get(f"/circle/waves/{made}/results.xlsx")
    first = list(load_workbook(io.BytesIO(b"".join(book.streaming_content))).worksheets[0].values)[1]  # type: ignore[attr-defined]
    assert first[2:7] == (33, 30, 90.9, 4, 100) and first[7] is None
    clerk = district.client("community-niujie")
    for rest in ("letters", "open", "close", "void"):
        assert clerk.post(f"/circle/waves/{made}/{rest}").status_code == 403


def test_a_new_wave_by_the_page(district: Cast) -> None:
    planner = district.client("planner")
    assert "您对社区的办事服务满意吗" in planner.get("/circle/waves/new/").content.decode()
    sent = {
        "name": "满意度",
        "questions": "满意吗？|Satisfied?\n\n环境呢？",
        "opens_on": "2026-01-01",
        "closes_on": "2026-12-31",
    }
    made = planner.post("/circle/waves/new/", sent)
    assert made.status_code == 302 and "Satisfied" not in planner.get(made["Location"]).content.decode()
    many = planner.post("/circle/waves/new/", sent | {"questions": "问？\n" * 13})
    assert many.status_code == 422
    assert planner.post(made["Location"] + "void", {"community": EAST}).status_code == 302
    assert planner.post(made["Location"] + "open").status_code == 302
