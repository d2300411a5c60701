"""What a topic rule says, the windows of an assessment, and what may stand in the table of rules. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

RADIUS_MOST_M = 500
DAYS_MOST = 366
TARGET_MOST_DAYS = 732
"""A topic that needs longer than two years is a plan, not a topic."""
COLUMNS = ("code", "name", "name_en", "classes", "least", "radius_m", "days", "reopened", "cured_days", "cured_share",
           "provenance", "source")  # fmt: skip
NUMBERS = ("least", "radius_m", "days", "cured_days", "cured_share")
BOUNDS = {"least": (2, 1000), "radius_m": (0, RADIUS_MOST_M), "days": (1, DAYS_MOST), "cured_days": (1, DAYS_MOST),
          "cured_share": (0, 100)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule in force. `radius_m` 0: in one community."""

    id: int
    code: str
    number: int
    name: str
    name_en: str
    classes: tuple[str, ...]
    least: int
    radius_m: int
    days: int
    reopened: bool
    cured_days: int
    cured_share: int
    provenance: str
    source: str

    @property
    def order(self) -> tuple[bool, int, int, str]:
        """Small places before communities, short windows before long ones: the first rule that fits takes the cases."""
        return (self.radius_m == 0, self.radius_m, self.days, self.code)

    @property
    def sentence(self) -> str:
        """What it says, in words."""
        what = _("重开过的案件") if self.reopened else _("案件")
        where = _("半径 %(m)s 米内") % {"m": self.radius_m} if self.radius_m else _("同一社区内")
        return _("%(days)s 天里，%(where)s，同一类%(what)s达到 %(least)s 件") % {
            "days": self.days, "where": where, "what": what, "least": self.least,
        }  # fmt: skip

    @property
    def cure(self) -> str:
        """When it counts as cured, in words."""
        return _("立题后任取最近 %(days)s 天，同类案件不超过立题前同样长时间的 %(share)s%%") % {
            "days": self.cured_days, "share": self.cured_share,
        }  # fmt: skip

    def row(self) -> dict[str, Any]:
        """As a row of the table."""
        return {n: getattr(self, n) for n in COLUMNS} | {"classes": " ".join(self.classes)}


@dataclass(frozen=True, slots=True)
class Assessment:
    """The recount: `before` and `after` in windows of `days`; `most` that would still count as cured."""

    days: int
    share: int
    before_from: datetime
    before_to: datetime
    after_from: datetime
    after_to: datetime
    before: int
    after: int
    ready_at: datetime

    @property
    def most(self) -> int:
        return self.before * self.share // 100

    @property
    def ready(self) -> bool:
        """Whether the window afterwards lies wholly after the adoption."""
        return self.after_to >= self.ready_at

    @property
    def cured(self) -> bool:
        return self.ready and self.after <= self.most


def windows(adopted_at: datetime, now: datetime, days: int) -> tuple[datetime, datetime, datetime]:
    """Where the window before begins, where the one after begins (not before the adoption), and from when it is whole."""
    length = timedelta(days=days)
    return adopted_at - length, max(adopted_at, now - length), adopted_at + length


def target_problem(day: date | None, today: date) -> str:
    """Why this cannot be the day by which a topic is to be cured; '' if it can."""
    if day is None:
        return _("请写明目标日期。")
    if day <= today:
        return _("目标日期要在今天以后。")
    return _("目标日期最远两年。") if (day - today).days > TARGET_MOST_DAYS else ""


def row_problems(row: Mapping[str, Any], known: frozenset[str]) -> list[tuple[str, str]]:
    """(column, sentence) for everything that a row of the table may not say. `known`: codes of published classes."""
    found = []
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,31}", str(row.get("code", ""))):
        found.append(("code", _("编码用小写英文字母开头，只含字母、数字和下划线，最多 32 个。")))
    for name in ("name", "name_en", "source"):
        if not str(row.get(name) or "").strip():
            found.append((name, _("这一格必须填写。")))
    for name, (low, high) in BOUNDS.items():
        value = row.get(name)
        if not isinstance(value, int) or not low <= value <= high:
            found.append((name, _("要在 %(low)s 到 %(high)s 之间。") % {"low": low, "high": high}))
    for prefix in str(row.get("classes") or "").split():
        if not any(code.startswith(prefix) for code in known):
            found.append(("classes", _("没有编码以 %(prefix)s 开头的问题类型。") % {"prefix": prefix}))
    return found
