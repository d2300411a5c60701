"""Due times of thousands of matters at once, equal to `rules.due` to the microsecond. Pure: numpy in, numpy out.

Working time is a staircase: it grows inside working hours and stands still outside. The calendar keeps it as three
arrays (where each span begins, how long it is, what was counted before it), so a due time is two bisections.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rules import CLOCK_UNITS, DAY, EPOCH, SECOND, SHANGHAI_S, Calendar, Limit, Unit

Micros = NDArray[np.int64]
_HOUR = 3600 * SECOND
_ZONE = SHANGHAI_S * SECOND


@dataclass(frozen=True, slots=True)
class Staircase:
    """The calendar as arrays, all in microseconds of the wall clock; `workdays` in days since 1970."""

    first: int
    end: int  # the first wall time after the calendar
    begins: Micros
    lengths: Micros
    before: Micros  # one longer than the spans: the last is the whole
    workdays: Micros
    closes: Micros

    def working_us(self, wall: Micros) -> Micros:
        """Working time from the start of the calendar to each wall time. Raises Invalid outside the calendar."""
        place = np.searchsorted(self.begins, wall, side="right") - 1
        at = np.maximum(place, 0)
        return np.where(place < 0, 0, self.before[at] + np.minimum(wall - self.begins[at], self.lengths[at]))

    def wall_after(self, counted: Micros) -> Micros:
        """The earliest wall time at which each `counted` (> 0) has passed."""
        place = np.searchsorted(self.before, counted, side="left") - 1
        return np.asarray(self.begins[place] + (counted - self.before[place]))


def staircase(calendar: Calendar) -> Staircase:
    """The arrays of a calendar, made once."""
    begins, lengths, closes = [], [], []
    for number, spans in enumerate(calendar._spans):
        midnight = (calendar._base + number) * DAY
        begins += [midnight + a for a, _b in spans]
        lengths += [b - a for a, b in spans]
        if spans:
            closes.append(midnight + spans[-1][1])
    kept = np.array(lengths, np.int64)
    return Staircase(
        first=calendar._base * DAY,
        end=(calendar._base + len(calendar._spans)) * DAY,
        begins=np.array(begins, np.int64),
        lengths=kept,
        before=np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)]),
        workdays=np.array(calendar._working, np.int64),
        closes=np.array(closes, np.int64),
    )


def due_by_key(
    starts_us: Any, keys: Any, rule: Callable[[Any], tuple[Calendar, Limit]]
) -> tuple[Micros, NDArray[np.bool_]]:
    """Due times where each start has a key, and `rule` says the calendar and the limit of a key (asked once each)."""
    starts, names = np.asarray(starts_us, np.int64), np.asarray(keys)
    ends, provisional = np.empty(starts.shape, np.int64), np.zeros(starts.shape, np.bool_)
    known, which = np.unique(names, return_inverse=True)
    order = np.argsort(which, kind="stable")
    edges = np.searchsorted(which[order], np.arange(len(known) + 1))
    for number, key in enumerate(known.tolist()):
        these = order[edges[number] : edges[number + 1]]
        calendar, limit = rule(key)
        ends[these], provisional[these] = due_many(calendar, starts[these], limit)
    return ends, provisional


def micros(moment: datetime) -> int:
    """Microseconds since 1970 (UTC) of an aware time."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(us: int) -> datetime:
    """The aware time (UTC) of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=us)


def due_many(calendar: Calendar, starts_us: Any, limit: Limit) -> tuple[Micros, NDArray[np.bool_]]:
    """When `limit` runs out from each start, and whether that is provisional.

    Starts and answers are microseconds since 1970 in UTC. Raises Invalid if one start or answer lies outside the
    calendar (for working units, as `due` does).
    """
    starts = np.asarray(starts_us, np.int64)
    if step := CLOCK_UNITS.get(limit.unit):
        return starts + limit.amount * step, np.zeros(starts.shape, np.bool_)
    stairs = calendar.staircase
    wall = starts + _ZONE
    if wall.size and (wall.min() < stairs.first or wall.max() >= stairs.end):
        calendar.refuse_outside()
    if limit.unit is Unit.WORKING_HOUR:
        counted = stairs.working_us(wall) + limit.amount * _HOUR
        if counted.size and counted.max() > stairs.before[-1]:
            calendar.refuse_outside()
        ends = stairs.wall_after(counted)
    else:
        place = np.searchsorted(stairs.workdays, wall // DAY, side="right") + limit.amount - 1
        if place.size and place.max() >= len(stairs.workdays):
            calendar.refuse_outside()
        ends = stairs.closes[place]
    return ends - _ZONE, ends // DAY > calendar._settled
