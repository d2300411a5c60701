"""The calendar data that ships: official days, statutory days beyond them, working hours. Read once; no database."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from pathlib import Path

from .rules import HOLIDAY, Hours

DATA = Path(__file__).parent / "data"
OFFICIAL = DATA / "cn_holidays_2007_2026.csv"


@dataclass(frozen=True, slots=True)
class Day:
    """One named day of a notice. `kind` is holiday or makeup_workday."""

    date: date
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Notice:
    """The days that one yearly notice settled, with where the notice is published."""

    year: int
    days: tuple[Day, ...]
    source: str


@cache
def notices() -> tuple[Notice, ...]:
    """The official notices of the shipped table, by year."""
    return read_notices(OFFICIAL.read_text("utf-8"))


def read_notices(text: str) -> tuple[Notice, ...]:
    """Notices from the published table's own columns (date, name, kind, notice_year, state_council_notice)."""
    years: dict[int, list[Day]] = {}
    sources: dict[int, str] = {}
    for row in csv.DictReader(text.splitlines()):
        year = int(row["notice_year"])
        years.setdefault(year, []).append(Day(date.fromisoformat(row["date"]), row["name"], row["kind"]))
        sources[year] = row["state_council_notice"]
    return tuple(Notice(y, tuple(days), sources[y]) for y, days in sorted(years.items()))


@cache
def statutory() -> dict[int, tuple[Day, ...]]:
    """Statutory days off by year, for years without a notice (from the `holidays` library; see `statutory_rows`)."""
    found: dict[int, list[Day]] = {}
    with (DATA / "statutory_days.csv").open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            day = Day(date.fromisoformat(row["date"]), row["name"], HOLIDAY)
            found.setdefault(day.date.year, []).append(day)
    return {y: tuple(days) for y, days in found.items()}


def statutory_rows(first: int, last: int) -> list[tuple[str, str]]:
    """What `data/statutory_days.csv` holds, computed anew. Importing the library takes a second: for tests only."""
    from holidays.countries.china import China

    days = China(years=range(first, last + 1), language="zh_CN")
    return [(d.isoformat(), n) for d, n in sorted(days.items()) if first <= d.year <= last]


@cache
def working_hours() -> tuple[Hours, ...]:
    """The shipped working hours (provisional)."""
    with (DATA / "working_hours.csv").open(encoding="utf-8", newline="") as f:
        return tuple(Hours(date.fromisoformat(r["valid_from"]), read_spans(r["spans"])) for r in csv.DictReader(f))


def read_spans(text: str) -> tuple[tuple[time, time], ...]:
    """ "09:00-12:00 13:30-18:00" as spans. Raises ValueError."""
    spans = []
    for part in (
        text.replace("－", "-").replace("–", "-").replace("：", ":").replace("，", " ").replace(",", " ").split()
    ):
        a, b = part.split("-")
        spans.append((time.fromisoformat(a.zfill(5)), time.fromisoformat(b.zfill(5))))
    return tuple(spans)


def write_spans(spans: tuple[tuple[time, time], ...]) -> str:
    return " ".join(f"{a:%H:%M}-{b:%H:%M}" for a, b in spans)
