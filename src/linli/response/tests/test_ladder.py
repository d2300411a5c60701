"""Where a case stands on the ladder: scalar and by column the same; a new sheet sets alarms anew and presses nothing twice."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.flow.models import Journal, Matter
from linli.jobs import worker
from linli.response import actions, ladder, ladder_many
from linli.response.actions.recompute import reset_alarms
from linli.response.actions.sheets import change_sheet, restore_sheet
from linli.response.ladder import Rung, standing
from linli.response.models import Case
from linli.response.queries import types as reads
from linli.testing.fixtures import Cast
from linli.worktime.many import micros, moment

from .conftest import Press
from .test_recompute import scatter, stands_at
from .test_times import Days, fresh, in_hand

START = datetime(2026, 11, 23, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WARN = Rung(1, "before_due", "", "", 20, "percent", "warn")
REMIND = Rung(2, "after_due", "", "", 1, "urgent_hour", "remind")
SUPERVISE = Rung(3, "after_due", "", "", 8, "urgent_hour", "supervise")
ESCALATE = Rung(4, "after_due", "", "", 24, "urgent_hour", "escalate")
SHEET = (WARN, REMIND, SUPERVISE, ESCALATE)


def at(rungs: Any, due: datetime) -> list[tuple[datetime, Rung]]:
    return ladder.moments(rungs, "handling", "ordinary", START, due)


@pytest.mark.django_db
def test_what_was_reached_is_read_under_any_due_time_and_any_ladder() -> None:
    due, now = START + 10 * HOUR, START + 12 * HOUR
    marks = ladder.marks_of({WARN.mark, REMIND.mark})
    same = standing(at(SHEET, due), marks, now)
    assert (same.marks, same.due, same.next) == (marks, (), due + 8 * HOUR)
    later = standing(at(SHEET, due + 5 * HOUR), marks, now)  # its warnings anew
    assert later.marks == WARN.mark and later.next == due + 6 * HOUR
    earlier = standing(at(SHEET, due - 9 * HOUR), marks, now)  # missed is made up for
    assert [r for _m, r in earlier.due] == [SUPERVISE] and earlier.next == earlier.due[0][0]
    more = (Rung(9, "before_due", "", "", 50, "percent", "warn"), *SHEET)
    assert standing(at(more, due), marks, now).due == ()  # what lies before is not asked for afterwards
    softer = (WARN, Rung(2, "after_due", "", "", 2, "urgent_hour", "remind"), ESCALATE)
    assert standing(at(softer, due), marks, now).due == ()  # another reminder in its place
    sharper = (WARN, REMIND, Rung(3, "after_due", "", "", 1, "urgent_hour", "supervise"))
    assert [r.act for _m, r in standing(at(sharper, due), marks, now).due] == ["supervise"]
    assert standing([], marks, now) == ladder.Standing(marks, (), None)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(8))
def test_by_the_column_is_one_by_one(seed: int) -> None:
    from linli.worktime import queries as worktime

    calendar, dice = worktime.calendar(), random.Random(seed)
    acts, units = ["warn", "remind", "supervise", "escalate"], ["urgent_hour", "working_hour", "working_day"]

    def rung(n: int) -> Rung:
        if dice.random() < 0.4:
            return Rung(n, "before_due", "", "", dice.randrange(1, 99), dice.choice(["percent", "urgent_hour"]), dice.choice(acts))  # fmt: skip
        return Rung(n, "after_due", "", "", dice.randrange(1, 12), dice.choice(units), dice.choice(acts))

    rungs = [rung(n) for n in range(dice.randrange(1, 7))]
    others = [rung(n) for n in range(3)]
    n, now = 200, START + 60 * HOUR
    started = [START + timedelta(minutes=dice.randrange(3000)) for _n in range(n)]
    due = [s + timedelta(minutes=dice.randrange(-600, 3000)) for s in started]
    names = [r.mark for r in (*rungs, *others)]
    marks = [ladder.marks_of(set(dice.sample(names, dice.randrange(0, 4)))) for _n in range(n)]
    alarm, kept = ladder_many.standing(
        rungs, calendar, np.array([micros(s) for s in started]), np.array([micros(d) for d in due]),
        np.array(marks, object), micros(now),
    )  # fmt: skip
    for k in range(n):
        one = standing(ladder.moments(rungs, "handling", "ordinary", started[k], due[k]), marks[k], now)
        found = None if alarm[k] == ladder_many.NONE else moment(int(alarm[k]))
        assert (one.marks, one.next) == (kept[k], found)


def publish(rows: list[dict[str, str]]) -> None:
    change_sheet(actor=SYSTEM, sheet="ladder", expected=reads.sheet_number("ladder"), rows=rows)


def is_late(row: dict[str, str], act: str) -> bool:
    return row["trigger"] == "after_due" and row["act"] == act


def verbs(case: Case) -> list[str]:
    return list(Journal.objects.filter(matter_id=case.pk).order_by("seq").values_list("verb", flat=True))


def test_a_new_sheet_sets_the_alarms_of_open_cases_anew(reported: Any, press: Press, district: Cast) -> None:
    case = in_hand(reported, press, Days())
    final = case.matter.final_due_at
    assert final is not None
    rows = reads.sheet_rows("ladder")
    sooner = [{**r, "amount": "60"} if r["order"] == "1" else r for r in rows]
    before = len(verbs(case))
    publish(sooner)
    assert worker.run_until_empty() == 1
    case = fresh(case)
    given = final - case.matter.stage_started_at
    assert case.matter.alarm_at == final - given * 60 // 100 and case.matter.final_due_at == final
    assert len(verbs(case)) == before, "no line in the case"
    line = reads.ladder_lines()[-1]
    assert (line.verb, line.facts["number"], line.facts["changed"]) == ("revise", reads.sheet_number("ladder"), 1)
    assert case.matter.due_revision == Matter.objects.get(pk=case.pk).due_revision
    page = district.client("administrator").get("/settings/sheets/ladder/")
    assert "1 件的提醒时间变了" in page.content.decode()
    lines = len(reads.ladder_lines())
    assert reset_alarms(actor=SYSTEM).changed == 0 and len(reads.ladder_lines()) == lines


def test_a_new_sheet_presses_nothing_again_and_makes_up_for_what_is_stronger(
    reported: Any, press: Press, district: Cast
) -> None:
    case = in_hand(reported, press, Days())
    final = case.matter.final_due_at
    assert final is not None
    rows = reads.sheet_rows("ladder")
    with clock.at(final + 2 * HOUR, actor=SYSTEM):
        actions.ring_alarms()
        assert (fresh(case).reminded, fresh(case).supervised) == (1, 0)
        before = verbs(case)
        softer = [{**r, "amount": "2"} if is_late(r, "remind") else r for r in rows]
        publish(softer)
        assert worker.run_until_empty() == 1 and actions.ring_alarms() == 0
        assert verbs(case) == before, "another reminder in the place of one that was pressed"
        sharper = [{**r, "amount": "1", "unit": "urgent_hour"} if is_late(r, "supervise") else r for r in rows]
        publish(sharper)
        assert worker.run_until_empty() == 1
        assert fresh(case).matter.alarm_at == final + HOUR and verbs(case) == before
        assert actions.ring_alarms() == 1 and actions.ring_alarms() == 0
        assert verbs(case) == [*before, "supervise"] and (fresh(case).reminded, fresh(case).supervised) == (1, 1)
        restore_sheet(actor=SYSTEM, sheet="ladder", expected=reads.sheet_number("ladder"), number=1)
        assert worker.run_until_empty() == 1 and actions.ring_alarms() == 0
        assert verbs(case)[-1] == "supervise" and (fresh(case).reminded, fresh(case).supervised) == (1, 1)


@pytest.mark.parametrize("seed", [5, 6])
def test_alarms_by_the_column_are_those_of_each_case(reported: Any, press: Press, district: Cast, seed: int) -> None:
    ids, now = scatter(reported, press, seed, 25)
    with clock.at(now, actor=SYSTEM):
        rows = reads.sheet_rows("ladder")
        publish([{**r, "amount": str(int(r["amount"]) + 1)} for r in rows if r["order"] != "7"])
        old = {m.pk: m for m in Matter.objects.filter(pk__in=ids)}
        found = reset_alarms(actor=SYSTEM)
        assert found.changed > 0
        for case in Case.objects.select_related("matter").filter(pk__in=ids, matter__ended_at=None):
            matter, was = case.matter, old[case.pk]
            stands = stands_at(case, was.due_at, was.rungs)
            assert matter.rungs == stands.marks
            assert matter.alarm_at == (was.alarm_at if case.paused_at else stands.next)
            assert (matter.due_at, matter.final_due_at, matter.due_revision, matter.seq) == (
                was.due_at, was.final_due_at, was.due_revision, was.seq,
            )  # fmt: skip
        assert reset_alarms(actor=SYSTEM).changed == 0
