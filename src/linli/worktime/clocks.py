"""A due time whose clock was stopped for a while, or that was put off. Pure, like `rules`.

The method in words: docs/methods/worktime.md, "Pauses and extensions". Who may pause, how often and for what reason is
the business of the room that owns the matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid

from .rules import CLOCK_UNITS, DAY, Calendar, Due, Limit, Unit, due, moment_at, wall_us


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stands still from `start` to `end` (aware); `end` None: it still stands. Raises Invalid if out of order."""

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        if wall_us(self.start) > (wall_us(self.end) if self.end is not None else wall_us(self.start)):
            raise Invalid("pause_out_of_order", _("暂停的结束时间不能早于开始时间。"))


@dataclass(frozen=True, slots=True)
class Extension:
    """The due time moves on by `limit`, counted in the limit's own unit from the due time before."""

    limit: Limit


Change = Pause | Extension


@dataclass(frozen=True, slots=True)
class Step:
    """What one change did. `held_us`: how much did not count. `at_us`: the due time after it (wall), None while paused.

    `late`: the pause began when the time had run out already, so it changed nothing.
    """

    change: Change
    at_us: int | None
    open: bool
    held_us: int = 0
    late: bool = False


def measure_us(calendar: Calendar, unit: Unit, begin_us: int, end_us: int) -> int:
    """What counts between two wall times: everything in clock units, working time in working units. Never negative."""
    if end_us <= begin_us:
        return 0
    return end_us - begin_us if unit in CLOCK_UNITS else calendar.working_us(end_us) - calendar.working_us(begin_us)


def shift_us(calendar: Calendar, unit: Unit, at_us: int, by_us: int) -> int:
    """The earliest wall time by which `by_us` more has been counted after `at_us`; `at_us` itself for nothing."""
    if by_us <= 0:
        return at_us
    return at_us + by_us if unit in CLOCK_UNITS else calendar.wall_after(calendar.working_us(at_us) + by_us)


def due_with(calendar: Calendar, start: datetime, limit: Limit, changes: Sequence[Change]) -> Due | None:
    """When `limit` from `start` runs out, with `changes` in order of time; None while the clock stands still.

    Raises Invalid: as `due` does, or for pauses that overlap or are out of order.
    """
    first = due(calendar, start, limit)
    if not changes:
        return first
    at: int | None = wall_us(first.at)
    provisional = first.provisional
    for step in steps(calendar, first, changes):
        at, provisional = step.at_us, provisional or step.open
    if at is None:
        return None
    return Due(moment_at(at), provisional, calendar, start, limit, tuple(changes))


def steps(calendar: Calendar, first: Due, changes: Sequence[Change]) -> Iterator[Step]:
    """Each change of `changes` and what it did to the due time; touching pauses are one. Raises Invalid as `due_with`."""
    unit, begins = first.limit.unit, wall_us(first.start)
    if unit is Unit.WORKING_DAY:  # the day of the start does not count, so a pause in it takes nothing away
        begins = (begins // DAY + 1) * DAY
    at: int | None = wall_us(first.at)
    for change in _joined(changes):
        if at is None:
            yield Step(change, None, False)
        elif isinstance(change, Extension):
            put_off = due(calendar, moment_at(at), change.limit)
            at = wall_us(put_off.at)
            yield Step(change, at, put_off.provisional)
        elif wall_us(change.start) >= at:
            yield Step(change, at, False, late=True)
        elif change.end is None:
            at = None
            yield Step(change, None, False)
        else:
            ends = wall_us(change.end)
            held = measure_us(calendar, unit, max(wall_us(change.start), begins), ends)
            counted_on_open_days = unit not in CLOCK_UNITS and ends > begins and calendar.is_open(ends)
            at = shift_us(calendar, unit, at, held)
            is_open = counted_on_open_days or (held > 0 and unit not in CLOCK_UNITS and calendar.is_open(at))
            yield Step(change, at, is_open, held)


def _joined(changes: Sequence[Change]) -> list[Change]:
    """Touching pauses as one, pauses of no length left out. Raises Invalid for pauses that overlap or are out of order."""
    kept: list[Change] = []
    last: Pause | None = None
    for change in changes:
        if isinstance(change, Pause):
            if last is not None and (last.end is None or wall_us(change.start) < wall_us(last.end)):
                raise Invalid("pauses_overlap", _("暂停须按时间先后排列、互不重叠。"))
            touches = bool(kept) and isinstance(kept[-1], Pause) and kept[-1].end == change.start
            last = change
            if change.end == change.start:
                continue
            if touches:
                kept[-1] = Pause(kept[-1].start, change.end)  # type: ignore[union-attr]
                continue
        kept.append(change)
    return kept
