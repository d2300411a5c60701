"""A year as twelve small months, for the settings page. Pure."""

from __future__ import annotations

import calendar as months
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _

from .choices import festival
from .rules import HOLIDAY, MAKEUP, Calendar

WEEKDAY_HEADS = (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))


@dataclass(frozen=True, slots=True)
class DayCell:
    """`kind` is holiday, makeup, weekend or workday; `open`: no notice has settled this day."""

    date: date
    kind: str
    name: str
    open: bool
    today: bool


@dataclass(frozen=True, slots=True)
class Month:
    first: date
    weeks: tuple[tuple[DayCell | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Year:
    year: int
    months: tuple[Month, ...]
    workdays: int
    holidays: int
    makeups: int
    open_days: int


def year_view(found: Calendar, year: int, today: date) -> Year:
    """Twelve months, Monday first, with the counts of the year. Raises Invalid outside the calendar."""
    grid = months.Calendar(firstweekday=0)
    cells = {d: _cell(found, d, today) for m in range(1, 13) for d in grid.itermonthdates(year, m) if d.year == year}
    return Year(
        year,
        tuple(
            Month(
                date(year, m, 1),
                tuple(
                    tuple(cells[date(year, m, n)] if n else None for n in week)
                    for week in grid.monthdayscalendar(year, m)
                ),
            )
            for m in range(1, 13)
        ),
        workdays=sum(c.kind in ("workday", "makeup") for c in cells.values()),
        holidays=sum(c.kind == "holiday" for c in cells.values()),
        makeups=sum(c.kind == "makeup" for c in cells.values()),
        open_days=sum(c.open for c in cells.values()),
    )


def _cell(found: Calendar, day: date, today: date) -> DayCell:
    marked = found.days.get(day)
    found.is_workday(day)
    kind = {HOLIDAY: "holiday", MAKEUP: "makeup"}.get(marked or "", "weekend" if day.weekday() > 4 else "workday")
    return DayCell(day, kind, festival(found.names.get(day, "")), found.is_provisional(day), day == today)
