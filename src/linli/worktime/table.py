"""Reads a list of official days as people have it: a CSV in UTF-8 or gb18030, or lines pasted from a notice. Pure.

Every line that is not understood is reported with its number and reason; nothing is guessed and nothing is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from .choices import festival
from .rules import HOLIDAY, MAKEUP, UNSETTLED_DAYS
from .shipped import Day

MOST_LINES = 400
MOST_BYTES = 200_000
KINDS = {
    HOLIDAY: HOLIDAY, "放假": HOLIDAY, "休息": HOLIDAY, "休": HOLIDAY, "假": HOLIDAY,
    MAKEUP: MAKEUP, "makeup": MAKEUP, "调休上班": MAKEUP, "上班": MAKEUP, "补班": MAKEUP, "班": MAKEUP,
}  # fmt: skip
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_BETWEEN = re.compile(r"\s*(?:至|到|~|～|—+|–)\s*")
_CUT = re.compile(r"[,，\t;；|]")
_HEADS = {"date", "日期", "name", "节日", "名称", "kind", "类型", "类别"}


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that cannot be taken (`line` from 1; 0 means the list as a whole)."""

    line: int
    text: str
    reason: Any


@dataclass(frozen=True, slots=True)
class Table:
    """What was read. It can be entered only when `problems` is empty; `doubts` are for a person to weigh."""

    days: tuple[Day, ...]
    problems: tuple[Problem, ...]
    doubts: tuple[Any, ...] = ()


def decode(data: bytes) -> str:
    """Text of a file that Excel or a notice may have made: UTF-8 (with or without BOM), UTF-16 with BOM, gb18030."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def read(data: bytes | str, year: int) -> Table:
    """Days of the notice of `year`: lines of date (or "date 至 date"), name, kind in any order of the last two."""
    if len(data) > MOST_BYTES:
        return Table((), (Problem(0, "", _("内容太长，一年的放假安排不会超过 400 行。")),))
    text = decode(data) if isinstance(data, bytes) else data
    days: list[tuple[int, Day]] = []
    problems: list[Problem] = []
    lines = [(n, line.strip()) for n, line in enumerate(text.lstrip("\ufeff").splitlines(), 1) if line.strip()]
    if len(lines) > MOST_LINES:
        problems.append(Problem(0, "", _("超过 400 行，请检查是不是选错了文件。")))
        lines = lines[:MOST_LINES]
    for number, line in lines:
        cells = [c.strip().strip('"').strip() for c in _CUT.split(line)]
        if {c.lower() for c in cells} & _HEADS:
            continue
        found, reason = _read_line(line, cells, year)
        if reason:
            problems.append(Problem(number, line[:80], reason))
        days += [(number, day) for day in found]
    problems += check([d for _n, d in days], year, [n for n, _d in days])
    days.sort(key=lambda d: d[1].date)
    return Table(tuple(d for _n, d in days), tuple(sorted(problems, key=lambda p: p.line)))


def _read_line(line: str, cells: list[str], year: int) -> tuple[list[Day], Any]:
    if "\x00" in line or "\ufffd" in line:
        return [], _("有读不出的字符，请用 UTF-8 或 GB18030 编码保存后再试。")
    if len(cells) < 3:
        return [], _("每行须有日期、节日名称、类型三项，用逗号隔开。")
    kinds = [KINDS[c.lower()] for c in cells[1:] if c.lower() in KINDS]
    names = [c for c in cells[1:] if c and c.lower() not in KINDS][:1]
    if len(kinds) != 1:
        return [], _("类型须写“放假”或“上班”。")
    if not names or len(names[0]) > 60:
        return [], _("请写节日名称，不超过 60 个字。")
    ends = [_read_date(part) for part in _BETWEEN.split(cells[0])]
    if len(ends) > 2 or None in ends:
        return [], _("日期看不懂，请写成 %(year)s-01-01。") % {"year": year}
    first, last = ends[0], ends[-1]
    assert first and last
    if not 0 <= (last - first).days <= 31:
        return [], _("起止日期颠倒或相隔超过 31 天。")
    return [Day(first + timedelta(days=i), names[0], kinds[0]) for i in range((last - first).days + 1)], None


def _read_date(text: str) -> date | None:
    match = _DATE.fullmatch(text.strip())
    if not match:
        return None
    try:
        return date(*(int(g) for g in match.groups()))
    except ValueError:
        return None


def check(days: Iterable[Day], year: int, lines: list[int] | None = None) -> list[Problem]:
    """What is wrong with days as the notice of `year`: outside it, twice, an unknown kind, none at all."""
    problems: list[Problem] = []
    seen: set[date] = set()
    first, last = date(year - 1, 12, 31 - UNSETTLED_DAYS + 1), date(year, 12, 31)
    for i, day in enumerate(days):
        line = lines[i] if lines else i + 1
        reason: Any = None
        if day.kind not in (HOLIDAY, MAKEUP):
            reason = _("类型须写“放假”或“上班”。")
        elif not first <= day.date <= last:
            reason = _("日期不属于 %(year)s 年的放假安排（%(first)s 到 %(last)s）。") % {
                "year": year, "first": first, "last": last,
            }  # fmt: skip
        elif day.date in seen:
            reason = _("这一天出现了两次。")
        elif not day.name or len(day.name) > 60 or "\x00" in day.name:
            reason = _("请写节日名称，不超过 60 个字。")
        seen.add(day.date)
        if reason:
            problems.append(Problem(line, f"{day.date} {day.name[:40]}", reason))
    if not seen:
        problems.append(Problem(0, "", _("没有读到任何一天。")))
    return problems


def doubts(days: Iterable[Day], statutory: Iterable[Day]) -> tuple[Any, ...]:
    """Things that are possible but unlikely: a make-up day in mid-week, a statutory day missing."""
    days = list(days)
    found: list[Any] = [
        _("%(date)s 是星期一到星期五，却写成调休上班，请核对。") % {"date": d.date}
        for d in days
        if d.kind == MAKEUP and d.date.weekday() < 5
    ]
    off = {d.date for d in days if d.kind == HOLIDAY}
    missing: dict[str, list[str]] = {}
    for day in statutory:
        if "补假" not in day.name and day.date not in off:
            missing.setdefault(day.name, []).append(f"{day.date:%m-%d}")
    found += [
        _("法定节日%(name)s（%(dates)s）没有列为放假，请核对。") % {"name": festival(name), "dates": "、".join(dates)}
        for name, dates in missing.items()
    ]
    return tuple(found)
