"""The ladder 预警 → 催办 → 督办 → 提级: which rungs a case meets in a stage, and when. Rungs are data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from linli.worktime import queries as worktime
from linli.worktime.rules import Limit, Unit

from .choices import LadderAct, LadderTrigger
from .rules import CASE

PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Rung:
    """One rule of the ladder. `unit` is one of worktime, 'percent' of the time given (before it is due), '' for counts."""

    order: int
    trigger: str
    stage: str
    urgency: str
    amount: int
    unit: str
    act: str
    provenance: str = "provisional"
    source: str = ""

    def concerns(self, stage: str, urgency: str) -> bool:
        return self.stage in ("", stage) and self.urgency in ("", urgency)

    def possible(self, stage: str) -> bool:
        """Whether the flow has its act in this stage: nobody escalates what waits for a call-back."""
        return self.act == LadderAct.WARN or stage in CASE.moves[self.act].source


def moments(
    rungs: Sequence[Rung], stage: str, urgency: str, started: datetime, due: datetime | None, division: str = ""
) -> list[tuple[datetime, Rung]]:
    """When each rung that waits for the clock is reached in this stage, earliest first."""
    if due is None:
        return []
    found = []
    for rung in rungs:
        if not rung.concerns(stage, urgency) or not rung.possible(stage):
            continue
        if rung.trigger == LadderTrigger.BEFORE_DUE:
            before = (due - started) * rung.amount // 100 if rung.unit == PERCENT else clock_time(rung)
            found.append((max(due - before, started), rung))
        elif rung.trigger == LadderTrigger.AFTER_DUE:
            found.append((worktime.due(due, Limit(rung.amount, Unit(rung.unit)), division=division).at, rung))
    return sorted(found, key=lambda pair: (pair[0], pair[1].order))


def climbed(rungs: Sequence[tuple[datetime, Rung]], rung: int, now: datetime) -> tuple[int, datetime | None]:
    """How many of these rungs count as reached when `rung` were before the due time moved, and when the next one is.

    None is pressed twice for one due time, none that was missed while the clock stood still is forgiven, and a later due
    time has its warnings anew.
    """
    done = min(rung, sum(moment <= now for moment, _r in rungs))
    return done, rungs[done][0] if done < len(rungs) else None


def counted(rungs: Sequence[Rung], trigger: str, stage: str, urgency: str, count: int) -> list[Rung]:
    """The rungs that are reached by the `count`-th return, redo or reopening."""
    return [r for r in rungs if r.trigger == trigger and r.amount == count and r.concerns(stage, urgency)]


def clock_time(rung: Rung) -> timedelta:
    """How long before a due time a rung stands that is given in hours or days of the clock."""
    return timedelta(hours=rung.amount) if rung.unit == Unit.URGENT_HOUR else timedelta(days=rung.amount)
