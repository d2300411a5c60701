"""Pauses, extensions and 缓办: who asks, who answers, and that what is stored is what is explained, after every step."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Refusal
from linli.flow.models import Journal
from linli.organisations import queries as organisations
from linli.response import actions, queries
from linli.response.models import Case, TimeChange
from linli.response.queries.times import asked_time, without_alarm
from linli.response.time_rules import time_rules
from linli.testing.fixtures import Cast
from linli.worktime import queries as worktime
from linli.worktime.clocks import Extension, Pause

from .conftest import Press

START = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)  # Monday 09:30
HOUR = timedelta(hours=1)


class Days:
    """A clock that the test moves on."""

    def __init__(self) -> None:
        self.now = START

    def after(self, span: timedelta) -> Any:
        self.now += span
        return clock.at(self.now, actor=SYSTEM)


def fresh(case: Case) -> Case:
    return Case.objects.select_related("matter").get(pk=case.pk)


def in_hand(reported: Any, press: Press, days: Days, **more: Any) -> Case:
    """A case of 牛街 in the hands of its grid team."""
    team = organisations.body_by_code("110102018-grid")
    assert team is not None
    with days.after(timedelta(0)):
        case = reported(**more)
    for who, verb, step in (
        ("operator", "accept", {}),
        ("dispatcher", "dispatch", {"body_id": team.id}),
        ("grid-niujie", "sign", {}),
    ):
        with days.after(timedelta(minutes=10)):
            press(who, case, verb, **step)
    return fresh(case)


def ask(press: Press, case: Case, **extra: Any) -> None:
    press("grid-niujie", case, "ask_time", text="等配件。", extra=extra)


def explained(case: Case) -> None:
    """What is stored is what the page would count now."""
    case = fresh(case)
    found = without_alarm(case)
    stored = (case.matter.due_at, case.matter.final_due_at, case.matter.due_provisional)
    if case.matter.stage != "offered":
        assert (found.stage, found.final, found.provisional) == stored, case.matter.stage


def test_a_pause_stops_the_clock_and_ends_by_itself(reported: Any, press: Press, district: Cast) -> None:
    days = Days()
    case = in_hand(reported, press, days)
    before = case.matter.final_due_at
    until = days.now + timedelta(days=2)
    with days.after(HOUR):
        ask(press, case, time_kind="pause", until=until)
    assert fresh(case).matter.final_due_at == before  # asking stops nothing
    with days.after(HOUR):
        press("chief-niujie", case, "grant_time")
    case = fresh(case)
    assert case.paused_at == days.now and case.matter.alarm_at == until
    explained(case)
    with days.after(until - days.now + timedelta(seconds=15)):
        assert actions.ring_alarms() == 1 and actions.ring_alarms() == 0
    case = fresh(case)
    assert case.paused_at is None and TimeChange.objects.get().ended_at == until  # not the moment it was noticed
    assert before is not None and case.matter.final_due_at is not None and case.matter.final_due_at > before
    explained(case)
    assert queries.history(district.actor("chief-niujie"), case)[-1].actor == "system"


def test_a_pause_without_an_end_ends_after_the_longest_that_the_rules_allow(reported: Any, press: Press) -> None:
    days = Days()
    case = in_hand(reported, press, days)
    with days.after(HOUR):
        ask(press, case, time_kind="pause")
        shown = asked_time(fresh(case))
        press("chief-niujie", case, "grant_time")
    case, row = fresh(case), TimeChange.objects.get()
    longest = time_rules()["pause"].longest
    assert longest is not None and row.until == worktime.due(days.now, longest).at == case.matter.alarm_at
    assert shown is not None and (shown.until, shown.would_be) == (row.until, case.matter.final_due_at)
    line = Journal.objects.filter(matter_id=case.pk).order_by("-seq")[0]
    assert json.loads(line.body)["facts"]["until"]
    explained(case)
    with days.after(row.until - days.now + timedelta(seconds=15)):
        assert actions.ring_alarms() == 1
    assert fresh(case).paused_at is None and TimeChange.objects.get().ended_at == row.until
    explained(case)


def test_open_ended_until_somebody_resumes(reported: Any, press: Press) -> None:
    days = Days()
    case = in_hand(reported, press, days)
    before = case.matter.final_due_at
    with days.after(HOUR):
        ask(press, case, time_kind="pause")
        press("chief-niujie", case, "grant_time")
    case = fresh(case)
    assert before is not None and case.matter.final_due_at is not None
    assert case.matter.final_due_at > before + timedelta(days=20)
    with days.after(timedelta(days=3)):
        press("grid-niujie", case, "resume")
    explained(case)
    assert fresh(case).matter.alarm_at is not None


def test_an_extension_granted_while_the_clock_stands_still(reported: Any, press: Press) -> None:
    days = Days()
    case = in_hand(reported, press, days, class_code="0110")
    with days.after(HOUR):
        ask(press, case, time_kind="pause", until=days.now + timedelta(days=4))
        press("chief-niujie", case, "grant_time")
    with days.after(timedelta(days=1)):
        ask(press, case, time_kind="extend", amount=2, unit="working_day")
        press("chief-niujie", case, "grant_time")
    changes = queries.changes_of(fresh(case))
    assert [type(c) for c in changes] == [Pause, Extension, Pause]
    assert changes[0].end == changes[2].start == days.now  # type: ignore[union-attr]
    explained(case)
    with days.after(timedelta(days=1)):
        press("grid-niujie", case, "resume")
    explained(case)


def test_signing_keeps_a_pause_and_a_request_returning_ends_both(reported: Any, press: Press) -> None:
    days = Days()
    team = organisations.body_by_code("110102018-grid")
    assert team is not None
    with days.after(HOUR):
        case = reported()
        press("operator", case, "accept")
        press("dispatcher", case, "dispatch", body_id=team.id)
        ask(press, case, time_kind="pause")
        press("chief-niujie", case, "grant_time")
        ask(press, case, time_kind="extend", amount=1, unit="working_day")
    with days.after(timedelta(days=1)):
        press("grid-niujie", case, "sign")
    case = fresh(case)
    assert case.paused_at is not None and case.matter.final_due_at is not None and case.matter.post_kind
    explained(case)
    with days.after(timedelta(days=1)):
        press("grid-niujie", case, "ask_return", text="不归我们。")
    case = fresh(case)
    assert case.paused_at is None and case.matter.final_due_at is not None and not case.matter.post_kind
    assert list(TimeChange.objects.order_by("pk").values_list("state", flat=True)) == ["granted", "dropped"]
    explained(case)


def test_a_pause_that_began_before_the_stage_counts_for_the_contact(reported: Any, press: Press) -> None:
    days = Days()
    team = organisations.body_by_code("110102018-grid")
    assert team is not None
    with days.after(HOUR):
        case = reported(phone="13800138000", consent="case_contact-1", class_code="0110")
        press("operator", case, "accept")
        press("dispatcher", case, "dispatch", body_id=team.id)
        ask(press, case, time_kind="pause")
        press("chief-niujie", case, "grant_time")
    with days.after(HOUR):
        press("grid-niujie", case, "sign")
    explained(case)
    with days.after(timedelta(days=2)):
        press("grid-niujie", case, "resume")
    case = fresh(case)
    assert case.matter.due_note.startswith("stage:contact") and case.matter.due_at is not None
    assert case.matter.due_at >= days.now + timedelta(hours=24)
    explained(case)
    with days.after(HOUR):
        press("grid-niujie", case, "contacted", text="说好了")
    assert fresh(case).matter.due_at == fresh(case).matter.final_due_at
    explained(case)


def test_feeding_back_ends_a_pause(reported: Any, press: Press) -> None:
    days = Days()
    case = in_hand(reported, press, days)
    with days.after(HOUR):
        ask(press, case, time_kind="defer", until=days.now + timedelta(days=20))
        press("chief-niujie", case, "grant_time")
    assert fresh(case).deferred
    with days.after(timedelta(days=1)):
        press("grid-niujie", case, "feed_back", text="修好了。")
    case = fresh(case)
    assert case.paused_at is None and case.matter.stage == "fed_back" and case.matter.final_due_at is not None
    explained(case)


def test_late_is_late_while_waiting_for_an_answer(reported: Any, press: Press) -> None:
    days = Days()
    case = in_hand(reported, press, days)
    final = case.matter.final_due_at
    assert final is not None
    with clock.at(final - timedelta(minutes=5), actor=SYSTEM):
        ask(press, case, time_kind="pause")
    with clock.at(final + HOUR, actor=SYSTEM):
        assert fresh(case).matter.due_at == final
        with pytest.raises(Conflict) as late:
            press("chief-niujie", case, "grant_time")
        assert late.value.code == "late_already" and fresh(case).matter.due_at == final
        press("chief-niujie", case, "refuse_time", text="已经超期。")
        with pytest.raises(Conflict) as again:
            ask(press, case, time_kind="extend", amount=1, unit="working_day")
        assert again.value.code == "asked_too_late"


def test_how_often_and_how_long_is_data(reported: Any, press: Press) -> None:
    days = Days()
    case = in_hand(reported, press, days, class_code="0110")  # five working days
    with days.after(HOUR):
        with pytest.raises(Invalid) as long:
            ask(press, case, time_kind="extend", amount=6, unit="working_day")
        assert long.value.code == "extension_too_long"
        with pytest.raises(Invalid):
            ask(press, case, time_kind="extend", amount=9, unit="natural_day")
        with pytest.raises(Invalid) as far:
            ask(press, case, time_kind="pause", until=days.now + timedelta(days=31))
        assert far.value.code == "until_too_late"
        ask(press, case, time_kind="extend", amount=5, unit="working_day")
        with pytest.raises(Conflict):
            ask(press, case, time_kind="pause")
        press("chief-niujie", case, "grant_time")
        with pytest.raises(Conflict) as once:
            ask(press, case, time_kind="extend", amount=1, unit="working_day")
        assert once.value.code == "time_used_up"
    explained(case)


def test_who_answers(reported: Any, press: Press) -> None:
    days = Days()
    case = in_hand(reported, press, days)
    with days.after(HOUR):
        ask(press, case, time_kind="pause")
        assert fresh(case).matter.post_kind == "subdistrict_chief"
        for who in ("grid-niujie", "dispatcher", "operator", "verifier"):
            with pytest.raises(Forbidden):
                press(who, case, "grant_time")
        press("chief-niujie", case, "escalate", text="街道定不了。")
        assert fresh(case).matter.post_kind == "district_chief"
        with pytest.raises(Forbidden) as refused:
            press("chief-niujie", case, "grant_time")
        assert "区" in str(refused.value.message)
        with pytest.raises(Invalid):
            press("chief", case, "refuse_time")
        press("chief", case, "refuse_time", text="抓紧办。")
        assert fresh(case).matter.post_kind == "" and fresh(case).matter.final_due_at == case.matter.final_due_at


def test_a_reopened_case_counts_anew(reported: Any, press: Press) -> None:
    days = Days()
    case = in_hand(reported, press, days)
    with days.after(HOUR):
        ask(press, case, time_kind="extend", amount=1, unit="urgent_hour")
        press("chief-niujie", case, "grant_time")
        press("grid-niujie", case, "feed_back", text="好了。")
        press("verifier", case, "pass")
        press("verifier", case, "close")
    with days.after(HOUR):
        press("operator", case, "reopen", text="没好。")
    assert queries.changes_of(fresh(case)) == []
    explained(case)


def test_a_pause_of_no_length_changes_nothing(reported: Any, press: Press) -> None:
    days = Days()
    case = in_hand(reported, press, days)
    before = (case.matter.due_at, case.matter.final_due_at)
    with days.after(HOUR):
        ask(press, case, time_kind="pause")
        press("chief-niujie", case, "grant_time")
        press("grid-niujie", case, "resume")
    assert (fresh(case).matter.due_at, fresh(case).matter.final_due_at) == before


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pause", "planned", "extend", "resume", "grant", "refuse", "contacted", "feed_back", "rework",
                         "ask_return", "refuse_return", "grant_return", "dispatch", "sign", "alarms", "reopen", "close"]),
        st.integers(0, 40),
    ),
    min_size=6, max_size=22,
)  # fmt: skip
PRESSES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "pause": ("grid-niujie", "ask_time", {"text": "等", "extra": {"time_kind": "pause"}}),
    "extend": ("grid-niujie", "ask_time", {"text": "等", "extra": {"time_kind": "extend", "amount": 1, "unit": "working_day"}}),
    "resume": ("grid-niujie", "resume", {}),
    "grant": ("chief-niujie", "grant_time", {}),
    "refuse": ("chief-niujie", "refuse_time", {"text": "不"}),
    "contacted": ("grid-niujie", "contacted", {"text": "说好了"}),
    "feed_back": ("grid-niujie", "feed_back", {"text": "好"}),
    "rework": ("verifier", "rework", {"text": "没好"}),
    "ask_return": ("grid-niujie", "ask_return", {"text": "不归我们"}),
    "refuse_return": ("chief", "refuse_return", {"text": "归"}),
    "grant_return": ("chief", "grant_return", {}),
    "sign": ("grid-niujie", "sign", {}),
    "reopen": ("operator", "reopen", {"text": "没好"}),
}  # fmt: skip


def walk(case: Case, press: Press, steps: list[tuple[str, int]], start: datetime, body_id: int) -> Case:
    """Take these steps, each some hours after the last; those that are refused are passed over."""
    now = start
    for name, hours in steps:
        now += timedelta(hours=hours, minutes=7)
        with clock.at(now, actor=SYSTEM):
            try:
                if name == "alarms":
                    actions.ring_alarms()
                elif name == "planned":
                    extra = {"time_kind": "pause", "until": now + timedelta(hours=30)}
                    press("grid-niujie", case, "ask_time", text="等", extra=extra)
                elif name == "dispatch":
                    press("chief", case, "dispatch", body_id=body_id)
                elif name == "close":
                    press("verifier", case, "pass")
                    press("verifier", case, "close")
                else:
                    who, verb, more = PRESSES[name]
                    press(who, case, verb, **more)
            except Refusal:
                pass
            explained(case)
    return fresh(case)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(steps=STEPS, later_min=st.integers(1, 90))
def test_stored_is_explained_after_every_step(
    reported: Any, press: Press, district: Cast, steps: list[tuple[str, int]], later_min: int
) -> None:
    """And the same steps, begun later, never lead to an earlier final time."""
    finals = []
    team = organisations.body_by_code("110102018-grid")
    assert team is not None
    for begin in (START, START + timedelta(minutes=later_min)):
        days = Days()
        days.now = begin
        case = in_hand(reported, press, days, class_code="0204", phone="13800138000", consent="case_contact-1")
        done = walk(case, press, steps, days.now, team.id)
        finals.append((done.matter.stage, done.matter.final_due_at, TimeChange.objects.filter(case=done).count()))
    (stage, first, n), (other, second, m) = finals
    if stage == other and n == m and first and second:
        assert second >= first
