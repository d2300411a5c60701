"""What the pages of the past are asked: a division, a class, a day, two periods. Text to typed values, and the presets."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Invalid
from linli.response import board
from linli.response import queries as response
from linli.response.queries.happened import Ground

_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # fromisoformat takes weeks as well
EARLIEST = date(2000, 1, 1)
LONGEST = 366  # days of one period
_NOT_A_DAY = gettext_lazy("没有这一天，日期要写成 2026-11-22 这样。")
_FUTURE = gettext_lazy("这一天还没有到，最晚可以选今天。")
_TOO_OLD = gettext_lazy("日期太早，2000 年以前没有记录。")


@dataclass(frozen=True, slots=True)
class Asked:
    """One period, both days included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def as_query(self, suffix: str = "") -> dict[str, str]:
        return {f"from{suffix}": f"{self.first}", f"to{suffix}": f"{self.last}"}

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} — {self.last}"


def ground_from(actor: Actor, data: Mapping[str, str]) -> Ground:
    """The division, checked against the actor's posts, and the class. Raises Forbidden, Missing, Invalid (class)."""
    division = data.get("division", "") or board.home_division(actor)
    board.check_board(actor, division)
    kind = data.get("class", "")
    if kind and kind not in board.tops() and response.class_by_code(kind[:24]) is None:
        sentence = _("没有这个类别。")
        raise Invalid("no_such_class", sentence, fields={"class": [sentence]})
    return Ground(division, kind)


def day_of(data: Mapping[str, str], name: str, default: date, wrong: dict[str, list[Any]]) -> date:
    """The day at `name`; what is wrong with it goes into `wrong`."""
    text = data.get(name, "").strip()
    if not text:
        return default
    try:
        if not _WRITTEN.fullmatch(text):
            raise ValueError(text)
        found = date.fromisoformat(text)
    except ValueError:
        wrong[name] = [_NOT_A_DAY]
        return default
    if found > clock.today():
        wrong[name] = [_FUTURE]
    elif found < EARLIEST:
        wrong[name] = [_TOO_OLD]
    return found


def one_day(data: Mapping[str, str]) -> date:
    """`?day=`, today where nothing is said. Raises Invalid at `day`."""
    wrong: dict[str, list[Any]] = {}
    found = day_of(data, "day", clock.today(), wrong)
    _refuse(wrong)
    return found


def two_periods(data: Mapping[str, str]) -> tuple[Asked, Asked]:
    """`?from=&to=&from2=&to2=`: the last seven days and the seven before, where nothing is said.

    Raises Invalid at the fields: no day, in the future, the wrong way round, longer than a year.
    """
    wrong: dict[str, list[Any]] = {}
    usual = presets()[0]
    found = []
    for suffix, default in (("", usual.now), ("2", usual.before)):
        first = day_of(data, f"from{suffix}", default.first, wrong)
        last = day_of(data, f"to{suffix}", max(default.last, first) if suffix == "" else default.last, wrong)
        if not wrong.keys() & {f"from{suffix}", f"to{suffix}"}:
            if last < first:
                wrong[f"to{suffix}"] = [_("结束的日子在开始之前。")]
            elif (last - first).days >= LONGEST:
                wrong[f"to{suffix}"] = [_("一个时段最长 %(n)d 天，请选短一些。") % {"n": LONGEST}]
        found.append(Asked(first, last))
    _refuse(wrong)
    return found[0], found[1]


def _refuse(wrong: dict[str, list[Any]]) -> None:
    if wrong:
        raise Invalid("bad_period", next(iter(wrong.values()))[0], fields=wrong)


@dataclass(frozen=True, slots=True)
class Preset:
    """A pair of periods with a name."""

    key: str
    label: str
    now: Asked
    before: Asked

    def as_query(self) -> dict[str, str]:
        return self.now.as_query() | self.before.as_query("2")


def presets() -> list[Preset]:
    """The usual pairs, as of today; a period that runs is compared with as many days of the one before."""
    today, day = clock.today(), timedelta(days=1)
    monday, first = today - today.weekday() * day, today.replace(day=1)
    last_month = months_before(first, 1)
    return [
        Preset("days7", _("近 7 天与前 7 天"), Asked(today - 6 * day, today), Asked(today - 13 * day, today - 7 * day)),
        Preset("week", _("本周与上周同期"), Asked(monday, today), Asked(monday - 7 * day, today - 7 * day)),
        Preset("last_week", _("上周与前一周"), Asked(monday - 7 * day, monday - day), Asked(monday - 14 * day, monday - 8 * day)),
        Preset("month", _("本月与上月同期"), Asked(first, today), Asked(last_month, months_before(today, 1))),
        Preset("last_month", _("上月与前一月"), Asked(last_month, first - day), Asked(months_before(first, 2), last_month - day)),
        Preset("year", _("本月与去年同月"), Asked(first, today), Asked(months_before(first, 12), months_before(today, 12))),
    ]  # fmt: skip


def months_before(day: date, n: int) -> date:
    """The same day of an earlier month; its last day where it has no such day."""
    number = day.year * 12 + day.month - 1 - n
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


SPANS = {"day": gettext_lazy("日"), "week": gettext_lazy("周"), "month": gettext_lazy("月")}


def brief_period(data: Mapping[str, str]) -> tuple[str, Asked, Asked]:
    """`?span=day|week|month&day=`: the span, the day, week or month that holds the day (until today), and the one before.

    Raises Invalid at `span` or `day`.
    """
    span = data.get("span", "") or "day"
    if span not in SPANS:
        sentence = _("简报有日、周、月三种。")
        raise Invalid("bad_span", sentence, fields={"span": [sentence]})
    on, step = one_day(data), timedelta(days=1)
    if span == "day":
        return span, Asked(on, on), Asked(on - step, on - step)
    if span == "week":
        first = on - on.weekday() * step
        now = Asked(first, min(first + 6 * step, clock.today()))
        return span, now, Asked(first - 7 * step, now.last - 7 * step)
    first = on.replace(day=1)
    end = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    now = Asked(first, min(end, clock.today()))
    before = months_before(first, 1)
    whole = now.last == end
    return span, now, Asked(before, first - step if whole else months_before(now.last, 1))
