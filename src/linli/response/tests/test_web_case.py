"""The page of a case: who sees it, which buttons stand there, what a press answers, and what a reading leaves behind."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from django.test import Client
from PIL import Image

from linli.accounts.choices import PostKind
from linli.files.models import Upload
from linli.flow.models import Journal
from linli.organisations import queries as organisations
from linli.response import permissions, queries
from linli.response.models import Case
from linli.response.web.case import BESIDE
from linli.testing.cast import CAST
from linli.testing.fixtures import Cast
from linli.vault.models import ReadLog

from .conftest import Press
from .test_web_cases import BUDGETS, sql_of

pytestmark = pytest.mark.django_db


def grid_team() -> int:
    team = organisations.body_by_code("110102018-grid")
    assert team is not None
    return team.id


def address(case: Case, more: str = "") -> str:
    return f"/cases/{queries.number_of_case(case)}/{more}"


def buttons(text: str) -> set[str]:
    return set(re.findall(r'<details class="verb[^"]*" name="verb" id="do-(\w+)"', text))


def refused(text: str) -> set[str]:
    return set(re.findall(r'disabled aria-describedby="why-(\w+)"', text))


def fresh(case: Case) -> Case:
    return Case.objects.select_related("matter").get(pk=case.pk)


def picture() -> io.BytesIO:
    held = io.BytesIO()
    Image.new("RGB", (60, 40), "#884422").save(held, "JPEG")
    held.name = "photo.jpg"
    held.seek(0)
    return held


@pytest.fixture
def handling(reported: Callable[..., Case], press: Press) -> Case:
    """A case that the grid team of Niujie has signed for."""
    case = reported(phone="13800138000", name="王芳", consent="case_contact-1")
    press("operator", case, "accept")
    press("dispatcher-niujie", case, "dispatch", body_id=grid_team())
    return press("grid-niujie", case, "sign")


# --- who sees what ----------------------------------------------------------------------------------------
def test_out_of_scope_is_404_and_the_wrong_post_403(reported: Callable[..., Case], district: Cast) -> None:
    where = address(reported())
    seeing = {"operator", "desk", "dispatcher", "dispatcher-niujie", "grid-niujie", "verifier", "verifier-second",
              "chief-niujie", "chief", "auditor"}  # fmt: skip
    no_cases = {PostKind.ADMINISTRATOR, PostKind.PLANNER, PostKind.ANALYST, PostKind.COMMUNITY_WORKER}
    for person in CAST:
        status = district.client(person.username).get(where).status_code
        wanted = 200 if person.username in seeing else 403 if person.kind in no_cases else 404
        assert status == wanted, person.username
    assert Client().get(where).url.startswith("/login/?next=")


@pytest.mark.parametrize("number", ["261122-000042-0", "1", "x", "261122-999999-1", "٢٦١١٢٢-000042-7"])
def test_a_mistyped_number_is_missing(district: Cast, number: str) -> None:
    assert district.client("operator").get(f"/cases/{number}/").status_code == 404


def test_the_buttons_are_those_that_the_rules_allow(handling: Case, district: Cast, press: Press) -> None:
    for stage in ("handling", "fed_back"):
        if stage == "fed_back":
            press("grid-niujie", handling, "feed_back", text="已清理。")
        for username in ("operator", "dispatcher", "grid-niujie", "verifier", "chief-niujie", "auditor"):
            actor = district.actor(username)
            text = district.client(username).get(address(handling)).content.decode()
            case = fresh(handling)
            assert buttons(text) == {m.verb for m in queries.verbs_for(actor, case)}, (stage, username)
            closed = {m.verb for m, _why in queries.refusals_for(actor, case)} - BESIDE
            assert refused(text) == closed, (stage, username)
            assert "do-rate" not in text
    text = district.client("grid-niujie").get(address(handling)).content.decode()
    assert {"pass", "rework"} <= refused(text) and "您的岗位不能" in text


def test_texts_are_shown_as_text(reported: Callable[..., Case], district: Cast, press: Press) -> None:
    nasty = "<script>alert(1)</script><b>&"
    case = reported(description=nasty, address=nasty)
    press("operator", case, "note", text=nasty)
    text = district.client("operator").get(address(case)).content.decode()
    assert "<script>alert" not in text and text.count("&lt;script&gt;alert(1)") >= 3


def test_the_page_stays_in_its_budget(handling: Case, district: Cast, press: Press) -> None:
    press("grid-niujie", handling, "feed_back", text="已清理。")
    for username in ("operator", "verifier", "auditor"):
        assert sql_of(district.client(username), address(handling)) <= BUDGETS["response:case"], username


def test_the_due_time_is_explained(reported: Callable[..., Case], district: Cast) -> None:
    text = district.client("operator").get(address(reported())).content.decode()
    assert "为什么是这个时间" in text and "起算，时限" in text and "截止。" in text and "时限来源" in text


# --- pressing a button ------------------------------------------------------------------------------------
def test_a_step_moves_the_case_and_comes_back(reported: Callable[..., Case], district: Cast) -> None:
    case = reported()
    client = district.client("operator")
    answer = client.post(address(case, "accept/"), {"version": 1})
    assert answer.status_code == 303 and answer.url == address(case)
    assert fresh(case).matter.stage == "accepted"
    assert "已“立案”" in client.get(answer.url).content.decode()


def test_accepting_may_correct_the_class(reported: Callable[..., Case], district: Cast) -> None:
    case = reported()
    answer = district.client("operator").post(address(case, "accept/"), {"version": 1, "class_code": "0404"})
    assert answer.status_code == 303
    assert queries.class_of(fresh(case)).code == "0404"


def test_the_suggested_body_stands_first_and_is_chosen(
    reported: Callable[..., Case], district: Cast, press: Press
) -> None:
    case = press("operator", reported(), "accept")
    client = district.client("dispatcher-niujie")
    text = client.get(address(case)).content.decode()
    chosen = re.search(r'<option value="(\d+)" selected>', text)
    assert chosen and int(chosen[1]) == case.suggested_body_id == grid_team()
    assert text.index("建议（按派遣表）") < text.index("区属部门")
    assert client.post(address(case, "dispatch/"), {"version": 2, "body": chosen[1]}).status_code == 303
    assert fresh(case).matter.body_id == grid_team()


def test_what_is_missing_is_said_at_its_field_and_nothing_is_lost(handling: Case, district: Cast) -> None:
    client = district.client("grid-niujie")
    answer = client.post(address(handling, "feed_back/"), {"version": 4, "text": " ", "photo": picture()})
    text = answer.content.decode()
    assert answer.status_code == 422 and "<title>错误：" in text and 'href="#id_feed_back_text"' in text
    kept = re.search(r'name="photo_keys" value="(\w+)"', text)
    assert kept and fresh(handling).matter.stage == "handling"
    again = {"version": 4, "text": "已清理。", "photo_keys": kept[1]}
    assert client.post(address(handling, "feed_back/"), again).status_code == 303
    assert fresh(handling).photos == 1
    assert Upload.objects.get(subject=f"case:{handling.pk}").key == kept[1]


def test_a_file_that_is_no_photograph_is_said(handling: Case, district: Cast) -> None:
    junk = io.BytesIO(b"MZ not a picture")
    junk.name = "run.jpg"
    data = {"version": 4, "text": "已清理，见照片。", "photo": junk}
    answer = district.client("grid-niujie").post(address(handling, "feed_back/"), data)
    assert answer.status_code == 422 and "已清理，见照片。" in answer.content.decode()
    assert fresh(handling).matter.stage == "handling"


def test_the_second_of_two_is_told_who_was_first(reported: Callable[..., Case], district: Cast, press: Press) -> None:
    case = reported()
    press("desk", case, "accept")
    data = {"version": 1, "text": "重复上报，见另一件。"}
    answer = district.client("operator").post(address(case, "decline/"), data)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert re.search(r"许文静（演示）在 ?\d\d:\d\d ?先做了“立案”。", text)
    assert "重复上报，见另一件。" in text and buttons(text) == {"merge", "note", "remind"}
    assert fresh(case).matter.stage == "accepted"
    assert Journal.objects.filter(matter_id=case.pk).count() == 2


def test_a_form_that_is_still_possible_keeps_its_place(
    reported: Callable[..., Case], district: Cast, press: Press
) -> None:
    case = reported()
    press("operator", case, "accept")
    answer = district.client("operator").post(address(case, "note/"), {"version": 1, "text": "来电人补充：在西侧。"})
    text = answer.content.decode()
    assert answer.status_code == 409 and "来电人补充：在西侧。" in text
    version = re.search(r'id="do-note".*?name="version" value="(\d+)"', text, re.DOTALL)
    assert version and version[1] == "2"


def test_posts_that_may_not_are_refused_with_the_reason(handling: Case, district: Cast) -> None:
    for username, verb in (("dispatcher", "feed_back"), ("operator", "pass"), ("auditor", "note")):
        answer = district.client(username).post(address(handling, f"{verb}/"), {"version": 4, "text": "x"})
        assert answer.status_code in (403, 409), (username, verb)
    assert district.client("handler-works").post(address(handling, "note/"), {"version": 4}).status_code == 404
    assert fresh(handling).matter.stage == "handling"


@pytest.mark.parametrize("verb", ["rate", "nonsense"])
def test_verbs_that_are_not_for_staff_do_not_exist(handling: Case, district: Cast, verb: str) -> None:
    assert district.client("operator").post(address(handling, f"{verb}/"), {"version": 4}).status_code == 404


def test_a_step_needs_the_token_against_forgery(reported: Callable[..., Case], district: Cast) -> None:
    case = reported()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = district.client("operator").cookies
    assert strict.post(address(case, "accept/"), {"version": 1}).status_code == 403
    assert strict.post(address(case, "contact"), {"reason": "x"}).status_code == 403
    assert fresh(case).matter.stage == "reported"


def test_a_version_that_is_no_number_is_refused(reported: Callable[..., Case], district: Cast) -> None:
    case = reported()
    for version in ("", "x", "-1", str(10**30)):
        answer = district.client("operator").post(address(case, "accept/"), {"version": version})
        assert answer.status_code == 422, version
    assert fresh(case).matter.stage == "reported"


def test_who_returns_a_case_still_lands_on_a_page(reported: Callable[..., Case], district: Cast, press: Press) -> None:
    case = press("operator", reported(class_code="0404"), "accept")
    body = organisations.body_by_code("110102-drainage")
    assert body is not None
    press("dispatcher-niujie", case, "dispatch", body_id=body.id)
    client = district.client("handler-drainage")
    asked = client.post(address(case, "ask_return/"), {"version": 3, "text": "不属于排水设施。"})
    assert asked.status_code == 303 and asked.url == address(case)
    other = organisations.body_by_code("110102-landscaping")
    assert other is not None
    press("dispatcher-niujie", case, "refuse_return", text="就是你们的")
    press("handler-drainage", case, "ask_transfer", text="是绿地里的", body_id=other.id)
    answer = district.client("handler-landscaping").post(
        address(case, "refuse_transfer/"), {"version": 6, "text": "井盖不是绿地的。"}
    )
    assert answer.status_code == 303 and answer.url == "/cases/"
    assert client.get(answer.url).status_code == 200


# --- contact ------------------------------------------------------------------------------------------------
def test_reading_a_contact_needs_a_reason_and_leaves_a_line(handling: Case, district: Cast) -> None:
    client = district.client("operator")
    page = client.get(address(handling)).content.decode()
    assert "13800138000" not in page and "王芳" not in page and "查看联系方式" in page
    nothing = client.post(address(handling, "contact"), {"reason": " "})
    assert nothing.status_code == 422 and "13800138000" not in nothing.content.decode()
    assert not ReadLog.objects.exists()
    seen = client.post(address(handling, "contact"), {"reason": "核实地点"})
    text = seen.content.decode()
    assert seen.status_code == 200 and "13800138000" in text and "王芳" in text
    assert "no-store" in seen["Cache-Control"]
    assert ReadLog.objects.get().reason == "核实地点"
    assert "13800138000" not in client.get(address(handling)).content.decode()


def test_who_does_not_need_the_contact_is_told_so(handling: Case, district: Cast) -> None:
    for username in ("dispatcher-niujie", "grid-niujie", "auditor", "chief"):
        client = district.client(username)
        assert "查看联系方式" not in client.get(address(handling)).content.decode(), username
        assert client.post(address(handling, "contact"), {"reason": "x"}).status_code == 403
    assert not ReadLog.objects.exists()
    assert permissions.can_read_contact(district.actor("verifier"), handling.matter)


def test_without_a_contact_there_is_nothing_to_read(reported: Callable[..., Case], district: Cast) -> None:
    case = reported()
    assert "没有留联系方式" in district.client("operator").get(address(case)).content.decode()
    assert district.client("operator").post(address(case, "contact"), {"reason": "x"}).status_code == 404


# --- pictures -------------------------------------------------------------------------------------------------
def test_pictures_are_for_who_may_see_the_case(handling: Case, district: Cast) -> None:
    data = {"version": 4, "text": "已清理。", "photo": picture()}
    assert district.client("grid-niujie").post(address(handling, "feed_back/"), data).status_code == 303
    key = Upload.objects.get().key
    for username, status in (("operator", 200), ("verifier", 200), ("grid-desheng", 404), ("handler-works", 404)):
        assert district.client(username).get(f"/photos/{key}/small.jpg").status_code == status, username
    assert Client().get(f"/photos/{key}/small.jpg").status_code == 404


# --- the same matter ----------------------------------------------------------------------------------------
def test_what_may_be_the_same_is_offered_and_joined_with_one_press(
    reported: Callable[..., Case], district: Cast, press: Press
) -> None:
    main = press("operator", reported(), "accept")
    related, elsewhere = reported(class_code="0103"), reported(lon=116.3773, lat=39.9535)
    unlike, mine = reported(class_code="0404"), reported()
    client = district.client("operator")
    text = client.get(address(mine)).content.decode()
    offered = re.findall(r'name="parent" value="([\d-]+)"', text)
    assert offered == [queries.number_of_case(main), queries.number_of_case(related)], "the same class first"
    assert queries.number_of_case(elsewhere) not in text and queries.number_of_case(unlike) not in offered
    answer = client.post(address(mine, "merge/"), {"version": 1, "parent": offered[0]})
    assert answer.status_code == 303 and fresh(mine).matter.parent_id == main.pk
    assert "可能是同一件" not in client.get(address(mine)).content.decode()
    assert 'name="parent" value' not in district.client("auditor").get(address(related)).content.decode()
