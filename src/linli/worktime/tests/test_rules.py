"""Due times and elapsed time against the minute-by-minute truth, over twenty real years."""

from __future__ import annotations

import timeit
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linli.core.clock import SHANGHAI
from linli.core.errors import Invalid
from linli.worktime import shipped
from linli.worktime.rules import DEFAULT_HOURS, Calendar, Hours, Limit, Unit, due, elapsed_s

from . import oracle


def calendar() -> Calendar:
    days = {d.date: d for n in shipped.notices() for d in n.days}
    statutory = {d.date: d for y in range(2027, 2031) for d in shipped.statutory()[y]}
    both = {**statutory, **days}
    return Calendar(
        {d.date: d.kind for d in both.values()},
        date(2026, 12, 31),
        first=date(2007, 1, 1),
        last=date(2030, 12, 31),
        names={d.date: d.name for d in both.values()},
    )


CALENDAR = calendar()
# thirty working days later the walk must still be on rows that it knows: the shipped table ends with 2026
moments = st.datetimes(datetime(2007, 1, 1), datetime(2026, 11, 10)).map(
    lambda d: d.replace(second=0, microsecond=0, tzinfo=SHANGHAI)
)
near_festivals = st.builds(
    lambda y, m, d, minutes: datetime(y, m, d, tzinfo=SHANGHAI) + timedelta(minutes=minutes),
    st.integers(2008, 2026),
    st.sampled_from([1, 2, 4, 5, 9, 10]),
    st.integers(1, 28),
    st.integers(0, 1439),
)
starts = st.one_of(moments, near_festivals)
units = st.sampled_from(list(Unit))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def shown(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


@settings(max_examples=150, deadline=None)
@given(starts, st.integers(1, 40))
def test_working_hours_agree_with_walking(start: datetime, hours: int) -> None:
    assert due(CALENDAR, start, Limit(hours, Unit.WORKING_HOUR)).at == oracle.due_working_hours(start, hours)


@settings(max_examples=300, deadline=None)
@given(starts, st.integers(1, 30))
def test_working_days_agree_with_walking(start: datetime, days: int) -> None:
    assert due(CALENDAR, start, Limit(days, Unit.WORKING_DAY)).at == oracle.due_working_days(start, days)


@settings(max_examples=80, deadline=None)
@given(starts, st.integers(0, 20 * 1440))
def test_elapsed_agrees_with_walking(start: datetime, minutes: int) -> None:
    end = start + timedelta(minutes=minutes)
    found = elapsed_s(CALENDAR, start, end, Unit.WORKING_HOUR)
    assert found == oracle.elapsed_minutes(start, end) * 60
    assert elapsed_s(CALENDAR, end, start, Unit.WORKING_HOUR) == -found


@given(starts, st.integers(0, 999_999), st.integers(1, 500), units)
def test_the_clock_runs_out_exactly(start: datetime, micros: int, amount: int, unit: Unit) -> None:
    start = start.replace(microsecond=micros)
    found = due(CALENDAR, start, Limit(amount, unit))
    assert found.at.tzinfo is UTC and found.at > start
    spent = elapsed_s(CALENDAR, start, found.at, unit)
    if unit is Unit.WORKING_DAY:
        rest = elapsed_s(CALENDAR, start, datetime.combine(start.date(), time.max, SHANGHAI), unit)
        assert spent in (rest + amount * 27_000, rest + amount * 27_000 + 1, rest + amount * 27_000 - 1)
    else:
        assert spent == amount * (86_400 if unit is Unit.NATURAL_DAY else 3600)


@given(starts, starts, st.integers(1, 200), st.integers(0, 100), units)
def test_later_start_or_longer_limit_is_never_earlier(a: datetime, b: datetime, n: int, more: int, unit: Unit) -> None:
    a, b = sorted((a, b))
    assert due(CALENDAR, a, Limit(n, unit)).at <= due(CALENDAR, b, Limit(n, unit)).at
    assert due(CALENDAR, a, Limit(n, unit)).at <= due(CALENDAR, a, Limit(n + more, unit)).at


@given(starts, starts, starts)
def test_elapsed_adds_up(a: datetime, b: datetime, c: datetime) -> None:
    for unit in Unit:
        whole = elapsed_s(CALENDAR, a, c, unit)
        assert whole == elapsed_s(CALENDAR, a, b, unit) + elapsed_s(CALENDAR, b, c, unit)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        # Spring Festival 2026: 14 (Saturday) is worked, 15 to 23 February off, 28 (Saturday) worked
        ("2026-02-13 16:30", 4, "working_hour", "2026-02-14 11:30"),
        ("2026-02-13 16:30", 4, "working_day", "2026-02-26 18:00"),
        ("2026-02-13 16:30", 6, "working_day", "2026-02-28 18:00"),
        ("2026-02-13 16:30", 4, "natural_day", "2026-02-17 16:30"),
        ("2026-02-13 16:30", 2, "urgent_hour", "2026-02-13 18:30"),
        ("2026-02-16 03:00", 1, "working_hour", "2026-02-24 10:00"),
        # National Day 2025: 28 September (Sunday) and 11 October (Saturday) worked, 1 to 8 October off
        ("2025-09-30 17:00", 2, "working_hour", "2025-10-09 10:00"),
        ("2025-09-26 10:00", 1, "working_day", "2025-09-28 18:00"),
        ("2025-10-10 10:00", 1, "working_day", "2025-10-11 18:00"),
        # Spring Festival 2020, extended: 3 February is a working Monday again
        ("2020-01-23 17:30", 1, "working_hour", "2020-02-03 09:30"),
        # around the edges of one ordinary day (Wednesday 2026-11-18)
        ("2026-11-18 08:00", 1, "working_hour", "2026-11-18 10:00"),
        ("2026-11-18 11:30", 1, "working_hour", "2026-11-18 14:00"),
        ("2026-11-18 12:00", 1, "working_hour", "2026-11-18 14:30"),
        ("2026-11-18 10:30", 6, "working_hour", "2026-11-18 18:00"),
        ("2026-11-18 18:00", 1, "working_hour", "2026-11-19 10:00"),
        ("2026-11-18 00:00", 1, "working_day", "2026-11-19 18:00"),
        ("2026-11-18 23:59", 1, "working_day", "2026-11-19 18:00"),
        # from a day off: Saturday does not count, Monday is the first working day
        ("2026-11-21 15:00", 1, "working_day", "2026-11-23 18:00"),
        ("2026-11-21 15:00", 1, "working_hour", "2026-11-23 10:00"),
    ],
)
def test_named_cases(start: str, amount: int, unit: str, expected: str) -> None:
    found = due(CALENDAR, at(start), Limit(amount, Unit(unit)))
    assert shown(found.at) == expected
    assert not found.provisional


def test_beyond_the_last_notice_is_provisional() -> None:
    into_2027 = due(CALENDAR, at("2026-12-30 15:00"), Limit(2, Unit.WORKING_DAY))
    assert shown(into_2027.at) == "2027-01-04 18:00"  # New Year's Day by statute, then a weekend
    assert into_2027.provisional
    assert due(CALENDAR, at("2026-12-25 15:00"), Limit(2, Unit.WORKING_DAY)).provisional  # 29 December may still move
    assert not due(CALENDAR, at("2026-12-24 15:00"), Limit(2, Unit.WORKING_DAY)).provisional
    assert not due(CALENDAR, at("2026-12-30 15:00"), Limit(20, Unit.NATURAL_DAY)).provisional
    assert not due(CALENDAR, at("2026-12-30 15:00"), Limit(72, Unit.URGENT_HOUR)).provisional
    assert due(CALENDAR, at("2027-02-04 17:00"), Limit(2, Unit.WORKING_HOUR)).provisional


def test_the_next_notice_settles_december() -> None:
    days = {**CALENDAR.days, date(2027, 1, 2): "makeup_workday"}
    settled = Calendar(days, date(2027, 12, 31), first=date(2007, 1, 1), last=date(2030, 12, 31))
    found = due(settled, at("2026-12-30 15:00"), Limit(2, Unit.WORKING_DAY))
    assert shown(found.at) == "2027-01-02 18:00" and not found.provisional


@pytest.mark.parametrize("unit", [Unit.WORKING_HOUR, Unit.WORKING_DAY])
@pytest.mark.parametrize("start", ["2006-06-01 09:00", "2030-12-31 18:30", "2031-01-01 09:00"])
def test_outside_the_calendar_is_refused(start: str, unit: Unit) -> None:
    with pytest.raises(Invalid) as refused:
        due(CALENDAR, at(start), Limit(1, unit))
    assert refused.value.code == "outside_calendar" and "2007-01-01" in str(refused.value.message)
    with pytest.raises(Invalid):
        due(CALENDAR, at("2030-12-01 09:00"), Limit(10_000, unit))


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        due(CALENDAR, datetime(2026, 3, 2, 9), Limit(1, Unit.URGENT_HOUR))
    assert refused.value.code == "time_without_zone"


@pytest.mark.parametrize("amount", [0, -1, 10_001, True, 1.5])
def test_bad_amounts(amount: int) -> None:
    with pytest.raises(Invalid):
        Limit(amount, Unit.WORKING_DAY)


def test_units_come_as_text_too() -> None:
    assert Limit(2, "urgent_hour").unit is Unit.URGENT_HOUR  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        Limit(2, "fortnight")  # type: ignore[arg-type]


def test_hours_may_change_from_a_day_on() -> None:
    summer = Hours(date(2026, 7, 1), ((time(8), time(11)), (time(15), time(19))))
    mixed = Calendar(CALENDAR.days, date(2026, 12, 31), hours=(*DEFAULT_HOURS, summer), first=date(2007, 1, 1))
    assert shown(due(mixed, at("2026-06-30 17:00"), Limit(2, Unit.WORKING_HOUR)).at) == "2026-07-01 09:00"
    assert shown(due(mixed, at("2026-06-29 17:00"), Limit(2, Unit.WORKING_DAY)).at) == "2026-07-01 19:00"
    with pytest.raises(Invalid):
        Hours(date(2026, 1, 1), ((time(9), time(12)), (time(11), time(18))))
    with pytest.raises(Invalid):
        Hours(date(2026, 1, 1), ())


def test_workday_rule_on_every_shipped_day() -> None:
    day = date(2007, 1, 1)
    while day.year < 2027:
        assert CALENDAR.is_workday(day) == oracle.works(day), day
        day += timedelta(days=1)


def test_due_is_fast() -> None:
    """20 µs on an idle machine; twice that here, for a machine that also does other things."""
    start, worst = at("2026-02-13 16:30"), 0.0
    for unit in Unit:
        limit = Limit(40, unit)
        worst = max(worst, min(timeit.repeat(lambda: due(CALENDAR, start, limit), number=2000, repeat=5)) / 2000)  # noqa: B023
    assert worst < 40e-6
