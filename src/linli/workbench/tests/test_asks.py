"""The inbox also holds what is asked beside a stage: time of a chief, a part of a joint body, an offer to claim."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM
from linli.organisations import queries as organisations
from linli.response import actions
from linli.response import queries as response
from linli.response.models import Case
from linli.testing.fixtures import Cast
from linli.workbench import queries

NIUJIE = (116.3596, 39.8862)


def press(cast: Cast, username: str, case: Case, verb: str, **more: Any) -> None:
    actor = cast.actor(username)
    seen = response.case_for(actor, response.number_of_case(case))
    actions.move_case(actor=actor, case=seen, step=actions.Step(verb, seen.matter.version, **more))


@pytest.fixture
def given(district: Cast) -> Case:
    """A case in the hands of the grid team of 牛街, with the sanitation centre as its joint body."""
    receipt = actions.report_case(actor=RESIDENT, report=actions.Report("web", "0110", *NIUJIE, description="垃圾"))
    case = Case.objects.select_related("matter").get(pk=receipt.matter_id)
    team = organisations.body_by_code("110102018-grid")
    joint = organisations.body_by_code("110102-sanitation")
    assert team is not None and joint is not None
    press(district, "operator", case, "accept")
    press(district, "dispatcher", case, "dispatch", body_id=team.id, extra={"joint": [joint.id]})
    return case


def lines(cast: Cast, username: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for tab in queries.TABS:
        found |= {row.id: row.line.asked for row in queries.inbox(cast.actor(username), tab).rows}
    return found


def test_a_chief_finds_what_he_is_asked_and_nobody_else_does(district: Cast, given: Case) -> None:
    assert lines(district, "chief-niujie") == {}
    extra = {"time_kind": "extend", "amount": 2, "unit": "working_day"}
    press(district, "grid-niujie", given, "ask_time", text="等配件", extra=extra)
    assert lines(district, "chief-niujie") == {given.pk: "等您审批：延期 2 个工作日"}
    for username in ("chief", "chief-desheng", "dispatcher-niujie", "verifier", "operator"):
        assert given.pk not in lines(district, username), username
    assert lines(district, "grid-niujie") == {given.pk: ""}  # who asked still has it
    page = district.client("chief-niujie").get("/inbox/").content.decode()
    assert "等您审批：延期 2 个工作日" in page
    press(district, "chief-niujie", given, "escalate", text="请区里定")
    assert lines(district, "chief-niujie") == {} and given.pk in lines(district, "chief")
    press(district, "chief", given, "grant_time")
    assert lines(district, "chief") == {}


def test_a_joint_body_finds_its_part_until_it_has_reported(district: Cast, given: Case) -> None:
    assert lines(district, "handler-sanitation") == {given.pk: "请您单位协办：先签收"}
    press(district, "handler-sanitation", given, "assist_sign")
    assert lines(district, "handler-sanitation") == {given.pk: "请您单位协办：等您反馈"}
    press(district, "handler-sanitation", given, "assist_report", text="已清运")
    assert lines(district, "handler-sanitation") == {}


def test_marks_are_seen_in_the_list_and_on_the_page(district: Cast, given: Case) -> None:
    press(district, "chief-niujie", given, "remind", text="抓紧")
    press(district, "chief-niujie", given, "remind")
    press(district, "chief-niujie", given, "supervise", text="今天办好")
    number = response.number_of_case(given)
    worker = district.client("grid-niujie")
    for address in ("/inbox/", "/cases/?view=body", f"/cases/{number}/"):
        page = worker.get(address).content.decode()
        assert "催办 2 次" in page and "督办" in page, address


def test_the_page_of_a_case_previews_the_decision(district: Cast, given: Case) -> None:
    press(district, "grid-niujie", given, "sign")
    extra = {"time_kind": "extend", "amount": 2, "unit": "working_day"}
    press(district, "grid-niujie", given, "ask_time", text="等配件到货", extra=extra)
    address = f"/cases/{response.number_of_case(given)}/"
    page = district.client("chief-niujie").get(address).content.decode()
    for words in ("等待审批：延期", "等配件到货", "现在同意的话", "延期 2 个工作日，改到", "最多 1 次"):
        assert words in page, words
    seen = response.case_for(district.actor("chief-niujie"), response.number_of_case(given))
    preview = response.asked_time(seen)
    assert preview is not None
    press(district, "chief-niujie", given, "grant_time")
    assert Case.objects.get(pk=given.pk).matter.final_due_at == preview.would_be


def test_what_is_to_be_watched(district: Cast, given: Case) -> None:
    """Warned until the time has run out; pressed until it is closed; by division and by body."""
    due = Case.objects.select_related("matter").get(pk=given.pk).matter.due_at
    assert due is not None

    def watched(username: str, which: str) -> list[int]:
        return [row.id for row in queries.watch(district.actor(username), which).rows]

    with clock.at(due - timedelta(minutes=10), actor=SYSTEM):
        assert watched("chief-niujie", "warned") == []
        assert actions.ring_alarms() == 1
        for username in ("chief-niujie", "chief", "grid-niujie"):
            assert watched(username, "warned") == [given.pk], username
        assert watched("chief-desheng", "warned") == [] and watched("handler-water", "warned") == []
    with clock.at(due + timedelta(hours=2), actor=SYSTEM):
        actions.ring_alarms()
        assert watched("chief-niujie", "warned") == []
        assert watched("chief-niujie", "pressed") == watched("grid-niujie", "pressed") == [given.pk]
    page = district.client("chief-niujie").get("/inbox/?tab=pressed").content.decode()
    assert "催办 1 次" in page and 'tab=pressed" aria-current="page"' in page
    assert "没有预警" in district.client("chief-desheng").get("/inbox/?tab=warned").content.decode()
