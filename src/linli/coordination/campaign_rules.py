"""What a campaign may say, and the arithmetic of its board. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

DAYS_MOST = 366
"""A campaign that lasts longer than a year is no campaign."""
AHEAD_MOST = 366
WEEKS_COMPARED = 4
"""The same weekdays of so many weeks before it began are what its days are compared with."""
DIVISIONS_MOST, CLASSES_MOST = 60, 60


def period_problem(first: date | None, last: date | None, today: date) -> tuple[str, str]:
    """(field, sentence) for a period that cannot be; ("", "") if it can."""
    if first is None or last is None:
        return ("first_day" if first is None else "last_day", _("请写明起止日期。"))
    if last < first:
        return "last_day", _("截止日期在开始日期之前。")
    if (last - first).days >= DAYS_MOST:
        return "last_day", _("一次专项行动最长 %(n)s 天。") % {"n": DAYS_MOST}
    if last < today:
        return "last_day", _("截止日期已经过去。")
    return ("first_day", _("最多提前一年。")) if (first - today).days > AHEAD_MOST else ("", "")


def within(division: str, held: str) -> str:
    """What two divisions have in common: the narrower one, if one lies in the other, else ''."""
    if division.startswith(held):
        return division
    return held if held.startswith(division) else ""


def least(codes: list[str]) -> tuple[str, ...]:
    """The codes without those that lie in another of them, sorted."""
    return tuple(c for c in sorted(set(codes)) if not any(c != o and c.startswith(o) for o in codes))


@dataclass(frozen=True, slots=True)
class DayCount:
    """Cases of one day; `usual` is the mean of the same weekday in the weeks before. None: the day is still to come."""

    day: date
    count: int | None
    usual: float


def days_of(first: date, last: date, today: date, counts: Mapping[date, int]) -> list[DayCount]:
    """Each day of the period against the same weekdays of the four weeks before its first day."""
    found = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        back = [first - timedelta(days=7 * w) + timedelta(days=(day.weekday() - first.weekday()) % 7)
                for w in range(1, WEEKS_COMPARED + 1)]  # fmt: skip
        usual = sum(counts.get(d, 0) for d in back) / WEEKS_COMPARED
        found.append(DayCount(day, counts.get(day, 0) if day <= today else None, usual))
    return found
