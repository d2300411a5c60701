"""The ladder 预警 → 催办 → 督办 → 提级: which rungs a case meets in a stage, and when. Rungs are data.

What a matter keeps (`Matter.rungs`) is the marks of the rungs that were reached in its stage: what they say, not where
they stand, so that it can be read under any later ladder.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from linli.worktime import queries as worktime
from linli.worktime.rules import Limit, Unit

from .choices import LadderAct, LadderTrigger
from .rules import CASE

PERCENT = "percent"
STRENGTH = {str(act): n for n, act in enumerate(LadderAct, 1)}  # 预警 < 催办 < 督办 < 提级


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

    @property
    def mark(self) -> str:
        """What it says in one word: "after_due/1/urgent_hour/remind"."""
        return f"{self.trigger}/{self.amount}/{self.unit}/{self.act}"

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


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a matter stands on the ladder: the rungs that count as reached, those that are due, and when the next is."""

    marks: str
    due: tuple[tuple[datetime, Rung], ...]
    next: datetime | None


def standing(rungs: Sequence[tuple[datetime, Rung]], marks: str, now: datetime) -> Standing:
    """Read the `marks` of a matter under these rungs (`moments`): after a step, a new due time, another ladder.

    - A rung that was reached counts while its moment is over: a later due time has its warnings anew.
    - What was missed after it is due now, the earliest first.
    - What another ladder brought in is not asked for afterwards if something as strong was pressed: later than its moment,
      or by a rung that is in the ladder no longer. So nothing is pressed twice, and what is stronger is made up for.
    """
    if not rungs:  # the clock stands still, or nothing is asked for here
        return Standing(marks, (), None)
    reached = set(marks.split())
    over = [(moment, r) for moment, r in rungs if moment <= now]
    pressed = [(moment, STRENGTH[r.act]) for moment, r in over if r.mark in reached]
    last, most = max((m for m, _s in pressed), default=None), max((s for _m, s in pressed), default=0)
    gone = strength_of(reached - {r.mark for _m, r in rungs})

    def counts(moment: datetime, rung: Rung) -> bool:
        strength = STRENGTH[rung.act]
        before = last is not None and moment < last and strength <= most
        return rung.mark in reached or before or strength <= gone

    done = {r.mark for moment, r in over if counts(moment, r)}
    open_ones = [(moment, r) for moment, r in rungs if r.mark not in done]
    due = tuple((moment, r) for moment, r in open_ones if moment <= now)
    return Standing(marks_of(done), due, open_ones[0][0] if open_ones else None)


def marks_of(reached: Iterable[str]) -> str:
    """These marks as a matter keeps them."""
    return " ".join(sorted(reached))


def strength_of(marks: Iterable[str]) -> int:
    """How strong the strongest of these marks is; 0 for none."""
    return max((STRENGTH.get(mark.rpartition("/")[2], 0) for mark in marks), default=0)


def counted(rungs: Sequence[Rung], trigger: str, stage: str, urgency: str, count: int) -> list[Rung]:
    """The rungs that are reached by the `count`-th return, redo or reopening."""
    return [r for r in rungs if r.trigger == trigger and r.amount == count and r.concerns(stage, urgency)]


def clock_time(rung: Rung) -> timedelta:
    """How long before a due time a rung stands that is given in hours or days of the clock."""
    return timedelta(hours=rung.amount) if rung.unit == Unit.URGENT_HOUR else timedelta(days=rung.amount)
