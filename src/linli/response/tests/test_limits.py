"""Which limit counts: after the class was corrected, after a transfer was refused, and from when it counts anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.flow.models import Journal
from linli.organisations import queries as organisations
from linli.response import actions, queries
from linli.response.catalogue import catalogue
from linli.response.models import Case, CaseClass
from linli.testing.fixtures import Cast
from linli.worktime import queries as worktime

from .conftest import Press
from .test_times import HOUR, START, Days, explained, fresh, in_hand

QUICK, SLOW = "0402", "0110"  # 24 hours of the clock, five working days


def limit_end(case: Case, code: str) -> Any:
    view = catalogue().by_code[code]
    return worktime.due(case.counted_from, view.limit, division=case.matter.community).at


def corrected(reported: Any, press: Press, first: str, then: str, late: bool) -> Case:
    """Reported as `first`, filed as `then`: before the first limit was over, or an hour after."""
    with clock.at(START, actor=SYSTEM):
        case = reported(class_code=first)
    wait = case.matter.final_due_at - START + HOUR if late else HOUR
    with clock.at(START + wait, actor=SYSTEM):
        press("operator", case, "accept", class_code=then)
    return fresh(case)


def test_a_longer_limit_counts_from_the_report(reported: Any, press: Press) -> None:
    case = corrected(reported, press, QUICK, SLOW, late=False)
    assert case.limit_class_id is None and case.matter.final_due_at == limit_end(case, SLOW)
    assert case.counted_from == START and limit_end(case, SLOW) > limit_end(case, QUICK)
    explained(case)


def test_a_shorter_limit_counts_from_the_report_though_it_be_over(reported: Any, press: Press) -> None:
    with clock.at(START, actor=SYSTEM):
        case = reported(class_code=SLOW)
    with clock.at(START + 30 * HOUR, actor=SYSTEM):
        press("operator", case, "accept", class_code=QUICK)
    case = fresh(case)
    assert case.matter.final_due_at == limit_end(case, QUICK) < START + 30 * HOUR and case.limit_class_id is None
    explained(case)


def test_what_was_late_stays_late_through_the_chain_and_begins_anew_when_reopened(
    reported: Any, press: Press, district: Cast
) -> None:
    case = corrected(reported, press, QUICK, SLOW, late=True)
    missed, now = limit_end(case, QUICK), START + 26 * HOUR
    assert case.limit_class is not None and case.limit_class.code == QUICK and case.matter.final_due_at == missed
    line = Journal.objects.filter(matter_id=case.pk, verb="accept").get()
    assert f'"limit":"{QUICK}"' in line.body and queries.class_of(case).code == SLOW
    page = district.client("operator").get(f"/cases/{queries.number_of_case(case)}/").content.decode()
    assert "更正类型时已经超期" in page
    team = organisations.body_by_code("110102018-grid")
    assert team is not None
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("chief", "dispatch", {"body_id": team.id}),
        ("grid-niujie", "sign", {}),
        ("grid-niujie", "feed_back", {"text": "好了。"}),
        ("verifier", "rework", {"text": "没好。"}),
        ("grid-niujie", "feed_back", {"text": "好了。"}),
        ("verifier", "pass", {}),
        ("verifier", "close", {}),
    ]
    for who, verb, more in steps:
        now += HOUR
        with clock.at(now, actor=SYSTEM):
            press(who, case, verb, **more)
        explained(case)
        assert fresh(case).matter.final_due_at == missed, verb
    assert fresh(case).first_closed_on_time is False
    with clock.at(now + HOUR, actor=SYSTEM):
        press("operator", case, "reopen", text="没好。")
    case = fresh(case)
    assert case.limit_class_id is None and case.counted_from == now + HOUR
    assert case.matter.final_due_at == limit_end(case, SLOW)
    explained(case)


def test_a_trial_leaves_the_missed_limit_alone(reported: Any, press: Press) -> None:
    from linli.response.queries import impact, types

    case = corrected(reported, press, QUICK, SLOW, late=True)
    with clock.at(START + 30 * HOUR, actor=SYSTEM):
        row = {**types.row_of(CaseClass.objects.get(pk=case.case_class_id)), "handle_amount": "9"}
        found = impact.measure(row=row)
        assert (found.cases, found.moved) == (1, 0)
        Case.objects.filter(pk=case.pk).update(limit_class=None)
        assert impact.measure(row=row).moved == 1


def test_a_refused_transfer_gives_a_fresh_signing_limit(reported: Any, press: Press) -> None:
    """To the body that gets it back, whether it had signed or not; the whole limit runs on."""
    other = organisations.body_by_code("110102018")
    assert other is not None
    for signed in (True, False):
        days = Days()
        case = in_hand(reported, press, days)
        team, final = case.matter.body_id, case.matter.final_due_at
        if not signed:
            with days.after(HOUR):
                press("grid-niujie", case, "ask_return", text="不归我们。")
                press("chief", case, "refuse_return", text="归你们。")
        with days.after(HOUR):
            press("grid-niujie", case, "ask_transfer", body_id=other.id, text="归街道。")
        with days.after(3 * HOUR):
            press("handler-niujie", case, "refuse_transfer", text="归网格。")
        case = fresh(case)
        limit = catalogue().limits[("dispatched", queries.class_of(case).urgency)]
        wanted = worktime.due(days.now, limit, division=case.matter.community).at
        assert (case.matter.stage, case.matter.body_id, case.matter.due_at) == ("dispatched", team, wanted)
        assert case.matter.final_due_at == final and case.matter.rungs == ""
        assert case.matter.alarm_at is not None and days.now <= case.matter.alarm_at <= wanted
        explained(case)
        with clock.at(wanted + HOUR + timedelta(minutes=1), actor=SYSTEM):
            actions.ring_alarms()
        assert fresh(case).reminded == 1, "its own signing limit, with its own warnings"


def test_a_refused_transfer_to_a_body_that_was_closed_waits_for_a_dispatcher(reported: Any, press: Press) -> None:
    from linli.organisations.models import Body

    days = Days()
    case = in_hand(reported, press, days)
    other = organisations.body_by_code("110102018")
    assert other is not None
    with days.after(HOUR):
        press("grid-niujie", case, "ask_transfer", body_id=other.id, text="归街道。")
    assert case.matter.body_id is not None
    Body.objects.filter(pk=case.matter.body_id).update(is_active=False, valid_to=days.now)
    organisations.forget()
    with days.after(HOUR):
        press("handler-niujie", case, "refuse_transfer", text="归网格。")
    case = fresh(case)
    assert (case.matter.stage, case.matter.body_id) == ("accepted", None)
    explained(case)
