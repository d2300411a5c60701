"""The slow, obvious truth: walk minute by minute over the shipped rows. Shares nothing with rules.py but the data."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from functools import cache

from linli.core.clock import SHANGHAI
from linli.worktime.shipped import OFFICIAL

MINUTE = timedelta(minutes=1)


@cache
def rows() -> dict[date, str]:
    with OFFICIAL.open(encoding="utf-8") as f:
        return {date.fromisoformat(r["date"]): r["kind"] for r in csv.DictReader(f)}


@cache
def works(day: date) -> bool:
    return rows().get(day) == "makeup_workday" or (day.isoweekday() <= 5 and rows().get(day) != "holiday")


def minute_counts(at: datetime) -> bool:
    """Whether the minute that starts at `at` (Shanghai) lies in 09:00-12:00 or 13:30-18:00 of a working day."""
    into = at.hour * 60 + at.minute
    return (540 <= into < 720 or 810 <= into < 1080) and works(at.date())


def due_working_hours(start: datetime, hours: int) -> datetime:
    at, left = start.astimezone(SHANGHAI), hours * 60
    while left:
        left -= minute_counts(at)
        at += MINUTE
    return at


def due_working_days(start: datetime, days: int) -> datetime:
    day = start.astimezone(SHANGHAI).date()
    while days:
        day += timedelta(days=1)
        days -= works(day)
    return datetime(day.year, day.month, day.day, 18, tzinfo=SHANGHAI)


def elapsed_minutes(start: datetime, end: datetime) -> int:
    at, count = start.astimezone(SHANGHAI), 0
    while at < end:
        count += minute_counts(at)
        at += MINUTE
    return count
