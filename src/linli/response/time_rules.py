"""How often and how long a pause, an extension or 缓办 may be: a small table with a version and provenance. Pure but for the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict, Invalid
from linli.worktime import queries as worktime
from linli.worktime.explain import limit_text
from linli.worktime.rules import Limit, Unit

from .choices import TimeKind

FILE = Path(__file__).resolve().parent / "data" / "time_changes.json"


@dataclass(frozen=True, slots=True)
class TimeRule:
    """One kind of change. `most` granted ones for one limit; `longest` for a planned end; `share_percent` of the limit.

    `before_due`: it must be asked before the final time, and a pause granted after it would change nothing.
    """

    kind: str
    most: int
    before_due: bool
    provenance: str
    source: str
    version: int
    longest: Limit | None = None
    share_percent: int | None = None


@cache
def time_rules() -> Mapping[str, TimeRule]:
    """The rules in force, by kind. Raises ValueError for a table that lacks one: that is a broken installation."""
    table = json.loads(FILE.read_text(encoding="utf-8"))
    found = {row["kind"]: _rule(row, table["version"]) for row in table["rules"]}
    if set(found) != set(TimeKind.values):
        raise ValueError(f"{FILE.name}: one rule for each of {', '.join(TimeKind.values)}")
    return found


def _rule(row: Mapping[str, Any], version: int) -> TimeRule:
    if row["provenance"] not in ("sourced", "provisional") or row["most"] < 1:
        raise ValueError(f"{FILE.name}: {row}")
    longest = Limit(row["longest"][0], Unit(row["longest"][1])) if "longest" in row else None
    return TimeRule(row["kind"], row["most"], row["before_due"], row["provenance"], row["source"], version, longest,
                    row.get("share_percent"))  # fmt: skip


def check_count(rule: TimeRule, granted: int) -> None:
    """Raises Conflict when that many have been granted already."""
    if granted >= rule.most:
        sentence = _("“%(kind)s”最多 %(n)s 次，已经用完。")
        raise Conflict("time_used_up", sentence % {"kind": TimeKind(rule.kind).label, "n": rule.most}, most=rule.most)


def check_until(rule: TimeRule, begins: datetime, until: datetime | None) -> None:
    """Raises Invalid for a planned end that lies further away than the rule allows."""
    if until is None or rule.longest is None:
        return
    last = worktime.due(begins, rule.longest).at
    if until > last:
        sentence = _("最多%(limit)s，不能超过 %(day)s。")
        _refuse("until_too_late", sentence % {"limit": limit_text(rule.longest), "day": f"{last:%Y-%m-%d}"}, "until")


def planned_end(rule: TimeRule, begins: datetime, until: datetime | None, division: str) -> datetime | None:
    """When a pause that is granted now ends by itself: as was asked, else after the longest that the rule allows."""
    if until is not None or rule.longest is None:
        return until
    return worktime.due(begins, rule.longest, division=division).at


def check_amount(rule: TimeRule, whole: Limit, asked: Limit, counted_from: datetime, division: str) -> None:
    """Raises Invalid for an extension that is longer than its share of the whole limit, counted from where that began."""
    if rule.share_percent is None:
        return
    amount = max(1, whole.amount * rule.share_percent // 100)
    most = Limit(amount, whole.unit)
    if asked.unit == most.unit:
        too_long = asked.amount > most.amount
    else:  # unlike units are compared by where they end
        begins = worktime.due(counted_from, whole, division=division).at
        ends = [worktime.due(begins, limit, division=division).at for limit in (asked, most)]
        too_long = ends[0] > ends[1]
    if too_long:
        _refuse("extension_too_long", _("延期最多%(limit)s。") % {"limit": limit_text(most)}, "amount")


def _refuse(code: str, sentence: str, field: str) -> None:
    raise Invalid(code, sentence, fields={field: [sentence]})
