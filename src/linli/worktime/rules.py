"""Limits, the working calendar, due times, elapsed working time. Pure: no database, no settings, no clock.

The calendar itself is a matter with a flow of one stage (CALENDAR): each revision leaves one line in its journal.

The method in words, with its sources: docs/methods/worktime.md. Inside, a time is a count of microseconds of the wall
clock of Asia/Shanghai (UTC+8, no summer time in the years covered), so that a due time is one or two bisections.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid
from linli.flow.rules import Flow, Move, Stage

if TYPE_CHECKING:
    from .many import Staircase

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1).toordinal()
SHANGHAI_S = 8 * 3600
SECOND = 1_000_000
DAY = 86_400 * SECOND
HOLIDAY, MAKEUP = "holiday", "makeup_workday"
UNSETTLED_DAYS = 3  # the next year's notice has moved 29, 30 and 31 December, never an earlier day


class Unit(StrEnum):
    """What a limit is counted in."""

    URGENT_HOUR = "urgent_hour"
    WORKING_HOUR = "working_hour"
    WORKING_DAY = "working_day"
    NATURAL_DAY = "natural_day"


CLOCK_UNITS = {Unit.URGENT_HOUR: 3600 * SECOND, Unit.NATURAL_DAY: DAY}


@dataclass(frozen=True, slots=True)
class Limit:
    """So many of a unit, e.g. `Limit(2, Unit.WORKING_HOUR)`. Raises Invalid unless 1 ≤ amount ≤ 10,000."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if not isinstance(self.amount, int) or isinstance(self.amount, bool) or not 1 <= self.amount <= 10_000:
            raise Invalid(
                "bad_limit", _("时限须是 1 到 10000 的整数。"), fields={"amount": [_("请填写 1 到 10000 的整数。")]}
            )
        try:
            object.__setattr__(self, "unit", Unit(self.unit))
        except ValueError:
            raise Invalid("bad_unit", _("时限单位不认识。"), fields={"unit": [_("请选择一个时限单位。")]}) from None


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours from `valid_from` on: spans of the wall clock, in order, not touching midnight."""

    valid_from: date
    spans: tuple[tuple[time, time], ...]

    def __post_init__(self) -> None:
        edges = [edge for span in self.spans for edge in span]
        if not edges or any(a >= b for a, b in pairwise(edges)):
            raise Invalid(
                "bad_hours",
                _("工作时间段须先后有序、互不重叠。"),
                fields={"spans": [_("例如：09:00-12:00 13:30-18:00")]},
            )


DEFAULT_HOURS = (Hours(date(2006, 1, 1), ((time(9), time(12)), (time(13, 30), time(18)))),)


@dataclass(frozen=True)
class Calendar:
    """Working days and hours from `first` to `last`.

    `days` maps a date to "holiday" or "makeup_workday"; other days follow the week. Days to `last_official` come from
    official notices; later ones are statutory days only: what is counted on them is provisional. `names` explains.
    """

    days: Mapping[date, str]
    last_official: date
    hours: Sequence[Hours] = DEFAULT_HOURS
    first: date | None = None
    last: date | None = None
    names: Mapping[date, str] = field(default_factory=dict)
    revision: int = 0
    place: str = ""  # the division whose own hours or days these are; empty for the whole house
    _base: int = field(init=False, repr=False, compare=False, default=0)
    _settled: int = field(init=False, repr=False, compare=False, default=0)
    _working: list[int] = field(init=False, repr=False, compare=False, default_factory=list)
    _spans: list[tuple[tuple[int, int], ...]] = field(init=False, repr=False, compare=False, default_factory=list)
    _total: list[int] = field(init=False, repr=False, compare=False, default_factory=list)

    def __post_init__(self) -> None:
        first = self.first or date(min(self.days, default=self.last_official).year, 1, 1)
        last = self.last or date(max(max(self.days, default=self.last_official), self.last_official).year, 12, 31)
        put = object.__setattr__
        put(self, "first", first)
        put(self, "last", last)
        spans_from = [(h.valid_from.toordinal(), _spans_us(h)) for h in sorted(self.hours, key=lambda h: h.valid_from)]
        if not spans_from or spans_from[0][0] > first.toordinal():
            raise Invalid("hours_missing", _("日历开始的那一天还没有工作时间。"))
        base, working, spans, total = first.toordinal(), [], [], [0]
        k = 0
        for ordinal in range(base, last.toordinal() + 1):
            while k + 1 < len(spans_from) and spans_from[k + 1][0] <= ordinal:
                k += 1
            works = self._rule(date.fromordinal(ordinal))
            if works:
                working.append(ordinal - EPOCH_DAY)
            spans.append(spans_from[k][1] if works else ())
            total.append(total[-1] + sum(b - a for a, b in spans[-1]))
        put(self, "_base", base - EPOCH_DAY)
        put(self, "_working", working)
        put(self, "_spans", spans)
        put(self, "_total", total)
        unsettled = UNSETTLED_DAYS if (self.last_official.month, self.last_official.day) == (12, 31) else 0
        put(self, "_settled", self.last_official.toordinal() - EPOCH_DAY - unsettled)

    def _rule(self, day: date) -> bool:
        kind = self.days.get(day)
        return kind == MAKEUP or (kind != HOLIDAY and day.weekday() < 5)

    def is_workday(self, day: date) -> bool:
        """Make-up workday, or Monday to Friday and no day off. Raises Invalid outside the calendar."""
        return bool(self._spans[self._index(day.toordinal() - EPOCH_DAY)])

    def is_provisional(self, day: date) -> bool:
        """Whether no official notice has settled `day` yet."""
        return day.toordinal() - EPOCH_DAY > self._settled

    def is_open(self, wall: int) -> bool:
        """Whether the wall time lies on a day that no official notice has settled yet."""
        return wall // DAY > self._settled

    @property
    def settled_until(self) -> date:
        """The last day that no later notice is expected to move."""
        return date.fromordinal(self._settled + EPOCH_DAY)

    def spans_on(self, day: date) -> tuple[tuple[time, time], ...]:
        """The working hours of `day`; empty on a day off."""
        found = self._spans[self._index(day.toordinal() - EPOCH_DAY)]
        return tuple((_clock(a), _clock(b)) for a, b in found)

    def _index(self, day: int) -> int:
        index = day - self._base
        if not 0 <= index < len(self._spans):
            self.refuse_outside()
        return index

    def refuse_outside(self) -> NoReturn:
        """Raises Invalid: a day is asked for that the calendar does not hold."""
        raise Invalid(
            "outside_calendar",
            _("工作日历只有 %(first)s 到 %(last)s，算不出这个时间。请管理员先录入更多年份。")
            % {"first": self.first, "last": self.last},
        )

    @cached_property
    def staircase(self) -> Staircase:
        """The working time as arrays, for many due times at once; made when first asked for."""
        from .many import staircase

        return staircase(self)

    def working_us(self, wall: int) -> int:
        """Working microseconds from the start of the calendar to the wall time `wall`."""
        day, into = divmod(wall, DAY)
        index = self._index(day)
        done = self._total[index]
        for a, b in self._spans[index]:
            if into <= a:
                break
            done += min(into, b) - a
        return done

    def wall_after(self, counted: int) -> int:
        """The earliest wall time at which `counted` (> 0) working microseconds have passed."""
        index = bisect_left(self._total, counted) - 1
        if index + 1 >= len(self._total):
            self._index(self._base + len(self._spans))
        left = counted - self._total[index]
        for a, b in self._spans[index]:
            if left <= b - a:
                return (self._base + index) * DAY + a + left
            left -= b - a
        raise AssertionError("totals and spans disagree")

    def end_of_workday(self, after: int, nth: int) -> int:
        """The end of working hours of the n-th working day after the day `after`."""
        self._index(after)
        place = bisect_right(self._working, after) + nth - 1
        if place >= len(self._working):
            self._index(self._base + len(self._spans))
        day = self._working[place]
        return day * DAY + self._spans[day - self._base][-1][1]


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit runs out (UTC). `provisional`: it was counted over days that no official notice has settled."""

    at: datetime
    provisional: bool
    calendar: Calendar = field(repr=False, compare=False)
    start: datetime
    limit: Limit
    changes: tuple[Any, ...] = ()  # the pauses and extensions of linli.worktime.clocks, in order of time

    @property
    def steps(self) -> tuple[str, ...]:
        """The arithmetic, line by line, in the reader's language (built only when somebody asks)."""
        from .explain import explain_with

        return explain_with(self.calendar, self.start, self.limit, self.changes)


def due(calendar: Calendar, start: datetime, limit: Limit) -> Due:
    """When `limit` runs out if the clock starts at `start` (aware). Raises Invalid: no zone, or beyond the calendar."""
    wall = wall_us(start)
    if step := CLOCK_UNITS.get(limit.unit):
        return Due(moment_at(wall + limit.amount * step), False, calendar, start, limit)
    if limit.unit is Unit.WORKING_HOUR:
        end = calendar.wall_after(calendar.working_us(wall) + limit.amount * 3600 * SECOND)
    else:
        end = calendar.end_of_workday(wall // DAY, limit.amount)
    return Due(moment_at(end), calendar.is_open(end), calendar, start, limit)


def elapsed_s(calendar: Calendar, start: datetime, end: datetime, unit: Unit) -> int:
    """Whole seconds that count between two times: all for clock units, those in working hours for working units.

    Negative if `end` is before `start`.
    """
    a, b = wall_us(start), wall_us(end)
    if b < a:
        return -elapsed_s(calendar, end, start, unit)
    counted = b - a if unit in CLOCK_UNITS else calendar.working_us(b) - calendar.working_us(a)
    return counted // SECOND


def wall_us(moment: datetime) -> int:
    """Microseconds of the Shanghai wall clock since 1970. Raises Invalid for a time without a zone."""
    if moment.tzinfo is None:
        raise Invalid("time_without_zone", _("这个时间没有时区，不能计算时限。"))
    past = moment - EPOCH
    return (past.days * 86_400 + past.seconds + SHANGHAI_S) * SECOND + past.microseconds


def moment_at(wall: int) -> datetime:
    """The aware UTC time of a wall time."""
    return EPOCH + timedelta(microseconds=wall - SHANGHAI_S * SECOND)


def _spans_us(hours: Hours) -> tuple[tuple[int, int], ...]:
    return tuple((_us(a), _us(b)) for a, b in hours.spans)


def _us(clock: time) -> int:
    return (clock.hour * 3600 + clock.minute * 60 + clock.second) * SECOND


def _clock(us: int) -> time:
    minutes = us // (60 * SECOND)
    return time(minutes // 60, minutes % 60)


CALENDAR = Flow(
    kind="calendar",
    start="in_force",
    ends=frozenset(),
    stages={"in_force": Stage("in_force", _("施行中"), _("施行中"))},
    moves={
        "revise": Move(
            "revise",
            _("修改日历并重算时限"),
            frozenset({"in_force"}),
            None,
            cite="docs/methods/worktime.md",
            locked=True,
        )
    },
)
