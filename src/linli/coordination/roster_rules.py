"""Shifts over midnight, who is on call when, what may stand in a slot. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _

FORWARD_DAYS = 92
"""How far ahead a roster may be written: a quarter."""
BACK_DAYS = 7
"""How far back it may still be corrected."""
_TELEPHONE = re.compile(r"[0-9+() -]{5,20}(?:(?:转|-|x)\d{1,6})?")
_MOBILE = re.compile(r"(?:(?:\+|00)?86|0)?1[3-9]\d{9}(?:\d{0,6}|[转x].*)")  # with any prefix or extension


@dataclass(frozen=True, slots=True)
class ShiftView:
    """A shift in force. One that ends not later than it starts ends on the next day."""

    id: int
    code: str
    name: str
    name_en: str
    starts: time
    ends: time
    order: int
    provenance: str
    source: str

    @property
    def next_day(self) -> bool:
        return self.ends <= self.starts

    @property
    def hours(self) -> str:
        """06:00–14:00, 22:00–次日 06:00"""
        ends = f"{self.ends:%H:%M}"
        return f"{self.starts:%H:%M}–{_('次日 %(at)s') % {'at': ends} if self.next_day else ends}"

    def span(self, day: date, zone: object) -> tuple[datetime, datetime]:
        """From when to when this shift of `day` lasts."""
        begin = datetime.combine(day, self.starts, zone)  # type: ignore[arg-type]
        end = datetime.combine(day + timedelta(days=1 if self.next_day else 0), self.ends, zone)  # type: ignore[arg-type]
        return begin, end


def covers(starts: time, ends: time, day: date, moment: datetime) -> bool:
    """Whether the shift of `day` holds `moment` (on the wall clock of the place): from its start on, before its end."""
    begin = datetime.combine(day, starts, moment.tzinfo)
    end = datetime.combine(day + timedelta(days=1 if ends <= starts else 0), ends, moment.tzinfo)
    return begin <= moment < end


def overlap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    """Whether two spans share a moment; touching ends share none."""
    return one[0] < other[1] and other[0] < one[1]


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def day_problem(day: date, today: date) -> str:
    """Why a slot of this day cannot be written now; '' if it can."""
    if day < today - timedelta(days=BACK_DAYS):
        return _("过去的值班表不能再改，最多改 %(n)s 天以内的。") % {"n": BACK_DAYS}
    if day > today + timedelta(days=FORWARD_DAYS):
        return _("最多提前 %(n)s 天编排。") % {"n": FORWARD_DAYS}
    return ""


def telephone_problem(text: str) -> str:
    """Why this is no duty telephone; '' if it is one, or nothing."""
    if not text:
        return ""
    if _MOBILE.fullmatch(re.sub(r"[\s()-]", "", text)):
        return _("这里填单位的值班电话，不能填个人手机。")
    return "" if _TELEPHONE.fullmatch(text) else _("值班电话的写法不对，例如 010-66001234 转 8001。")


def tidy_telephone(text: str) -> str:
    """Half-width, single spaces; '转' kept without spaces around it."""
    plain = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text.replace("\u3000", " "))
    return re.sub(r"\s*转\s*", "转", " ".join(plain.replace("\0", "").split()))
