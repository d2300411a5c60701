"""A change of the calendar over all open cases: by the column what it is case by case, and no line in any of them."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Forbidden, Refusal
from linli.flow.models import Journal, Matter
from linli.flow.retime import Retimed
from linli.organisations import queries as organisations
from linli.response import actions, ladder
from linli.response.catalogue import catalogue
from linli.response.models import Case
from linli.response.queries.times import division_of, without_alarm
from linli.testing.fixtures import Cast
from linli.worktime import actions as calendar
from linli.worktime import queries as worktime
from linli.worktime.shipped import Day

from .conftest import Press
from .test_times import PRESSES

BEGIN = datetime(2026, 12, 28, 1, tzinfo=UTC)
CLASSES = ("0102", "0110", "0204", "0402", "2102")
DAYS_2027 = [Day(date(2027, 1, d), "元旦", "holiday") for d in (1, 4, 5, 6)] + [
    Day(date(2027, m, d), "节", "holiday") for m, d in ((2, 8), (4, 5), (5, 3), (6, 9), (9, 15), (10, 1))
]


def scatter(reported: Any, press: Press, seed: int, n: int) -> tuple[list[int], datetime]:
    """Cases at all stages, some paused, extended, deferred, late, corrected; and when the last step was taken."""
    dice, team, found, last = random.Random(seed), organisations.body_by_code("110102018-grid"), [], BEGIN
    assert team is not None
    for _n in range(n):
        now = BEGIN + timedelta(minutes=dice.randrange(0, 3 * 24 * 60))
        contact = {"phone": "13800138000", "consent": "case_contact-1"} if dice.random() < 0.5 else {}
        with clock.at(now, actor=SYSTEM):
            case = reported(class_code=dice.choice(CLASSES), **contact)
        found.append(case.pk)
        path = ["accept", "dispatch", "sign", *dice.choices(sorted(PRESSES), k=dice.randrange(0, 9))]
        for name in path[: dice.randrange(0, len(path) + 1)]:
            now += timedelta(minutes=dice.randrange(1, 600) if dice.random() < 0.9 else 3000)
            with clock.at(now, actor=SYSTEM):
                try:
                    if dice.random() < 0.3:
                        actions.ring_alarms()
                    if name == "accept":
                        press("operator", case, "accept", class_code=dice.choice(("", *CLASSES)))
                    elif name == "dispatch":
                        press("chief", case, "dispatch", body_id=team.id)
                    elif name == "pause" and dice.random() < 0.5:
                        extra = {"time_kind": "pause", "until": now + timedelta(days=dice.randrange(1, 9))}
                        press("grid-niujie", case, "ask_time", text="等", extra=extra)
                        press("chief-niujie", case, "grant_time")
                    else:
                        who, verb, more = PRESSES[name]
                        press(who, case, verb, **more)
                except Refusal:
                    pass
            last = max(last, now)
    return found, last + timedelta(minutes=1)


def times(ids: list[int]) -> dict[int, tuple[Any, ...]]:
    names = ("due_at", "final_due_at", "alarm_at", "due_provisional", "seq", "head", "rungs")
    return {m.pk: tuple(getattr(m, n) for n in names) for m in Matter.objects.filter(pk__in=ids)}


def stands_at(case: Case, due: datetime | None, marks: str) -> ladder.Standing:
    """Where one case stands on the ladder in force."""
    known, matter = catalogue(), case.matter
    urgency = known.by_id[case.case_class_id].urgency
    rungs = ladder.moments(known.ladder, matter.stage, urgency, matter.stage_started_at, due, division_of(case))
    return ladder.standing(rungs, marks, clock.now())


def one_by_one(ids: list[int]) -> dict[int, tuple[Any, ...]]:
    """What each case's own arithmetic says."""
    found = {}
    for case in Case.objects.select_related("matter").filter(pk__in=ids, matter__ended_at=None):
        matter, due = case.matter, without_alarm(case)
        stands = stands_at(case, due.stage, matter.rungs)
        alarm = matter.alarm_at if case.paused_at else stands.next
        found[case.pk] = (due.stage, due.final, alarm, due.provisional, matter.seq, matter.head, stands.marks)
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_by_the_column_is_case_by_case(reported: Any, press: Press, district: Cast, seed: int) -> None:
    worktime.forget()
    ids, now = scatter(reported, press, seed, 30)
    with clock.at(now, actor=SYSTEM):
        quiet = actions.recompute_due(actor=SYSTEM, revision=1)
        assert quiet.changed == 0, "what was stored is what is counted"
        before, lines = times(ids), Journal.objects.filter(matter__kind="case").count()
        calendar.enter_official_days(actor=SYSTEM, year=2027, rows=DAYS_2027)
        worktime.forget()
        revision = worktime.calendar().revision
        found = actions.recompute_due(actor=SYSTEM, revision=revision)
        assert isinstance(found, Retimed) and found.changed > 0
        after, wanted = times(ids), one_by_one(ids)
        for pk, expected in wanted.items():
            assert after[pk] == expected, Case.objects.get(pk=pk).matter.stage
        assert Case.objects.filter(pk__in=ids, limit_class__isnull=False, matter__ended_at=None).exists()
        changed = {pk for pk in ids if after[pk] != before[pk]}
        assert len(changed) == found.changed
        assert set(Matter.objects.filter(due_revision=revision).values_list("pk", flat=True)) == changed
        assert Journal.objects.filter(matter__kind="case").count() == lines
        assert actions.recompute_due(actor=SYSTEM, revision=revision).changed == 0


def test_only_administrators_and_the_clock(district: Cast) -> None:
    with pytest.raises(Forbidden):
        actions.recompute_due(actor=district.actor("chief"), revision=1)
