"""Pauses and extensions: what they do to a due time, and the laws that hold for all of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from linli.core.errors import Invalid
from linli.worktime.clocks import Extension, Pause, due_with
from linli.worktime.explain import explain, explain_with
from linli.worktime.rules import CLOCK_UNITS, HOLIDAY, MAKEUP, Limit, Unit, due, elapsed_s

from .test_rules import CALENDAR, at, shown, starts, units

HOURS = [Unit.URGENT_HOUR, Unit.WORKING_HOUR, Unit.NATURAL_DAY]
lengths = st.integers(0, 40 * 24 * 60).map(lambda m: timedelta(minutes=m))
limits = st.builds(Limit, st.integers(1, 40), units)


def after(start: datetime, limit: Limit, *changes: Pause | Extension) -> str:
    found = due_with(CALENDAR, start, limit, changes)
    return "stands still" if found is None else shown(found.at)


@pytest.mark.parametrize(
    ("start", "limit", "pauses", "expected"),
    [
        # three working hours on Monday, one of them paused
        ("2026-03-02 09:00", Limit(3, Unit.WORKING_HOUR), ["2026-03-02 10:00/2026-03-02 11:00"], "2026-03-02 14:30"),
        # paused over night: only the working time of it is given back
        ("2026-03-02 16:00", Limit(4, Unit.WORKING_HOUR), ["2026-03-02 17:00/2026-03-03 10:00"], "2026-03-03 14:30"),
        # all of it outside working hours: nothing to give back
        ("2026-03-02 16:00", Limit(4, Unit.WORKING_HOUR), ["2026-03-02 18:00/2026-03-03 09:00"], "2026-03-03 11:00"),
        # over Spring Festival: Saturday the 14th is worked, 15 to 23 February is not
        ("2026-02-13 16:00", Limit(2, Unit.WORKING_DAY), ["2026-02-14 09:00/2026-02-24 09:00"], "2026-02-25 18:00"),
        ("2026-02-13 16:00", Limit(2, Unit.WORKING_DAY), ["2026-02-24 09:00/2026-02-24 10:00"], "2026-02-25 10:00"),
        # clock units count every minute
        ("2026-02-13 16:00", Limit(2, Unit.URGENT_HOUR), ["2026-02-13 17:00/2026-02-14 17:00"], "2026-02-14 18:00"),
        ("2026-02-13 16:00", Limit(2, Unit.NATURAL_DAY), ["2026-02-14 00:00/2026-02-14 06:30"], "2026-02-15 22:30"),
        # a pause that began before the clock did counts from the start of the clock
        ("2026-03-02 10:00", Limit(1, Unit.URGENT_HOUR), ["2026-03-02 08:00/2026-03-02 10:20"], "2026-03-02 11:20"),
        ("2026-03-02 10:00", Limit(1, Unit.URGENT_HOUR), ["2026-03-02 08:00/2026-03-02 09:00"], "2026-03-02 11:00"),
        # a pause that begins when the time has run out changes nothing, at the very moment neither
        ("2026-03-02 10:00", Limit(1, Unit.URGENT_HOUR), ["2026-03-02 11:00/2026-03-02 12:00"], "2026-03-02 11:00"),
        # the second pause begins after the first due time, but before the one that the first pause gave
        ("2026-03-02 10:00", Limit(1, Unit.URGENT_HOUR),
         ["2026-03-02 10:30/2026-03-02 11:30", "2026-03-02 11:45/2026-03-02 12:00"], "2026-03-02 12:15"),
        ("2026-03-02 10:00", Limit(1, Unit.URGENT_HOUR), ["2026-03-02 10:30/"], "stands still"),
        ("2026-03-02 10:00", Limit(1, Unit.URGENT_HOUR), ["2026-03-02 11:30/"], "2026-03-02 11:00"),
    ],
)  # fmt: skip
def test_pauses(start: str, limit: Limit, pauses: list[str], expected: str) -> None:
    spans = [p.split("/") for p in pauses]
    changes = [Pause(at(a), at(b) if b else None) for a, b in spans]
    assert after(at(start), limit, *changes) == expected


@pytest.mark.parametrize(
    ("limit", "extension", "expected"),
    [
        (Limit(4, Unit.WORKING_HOUR), Limit(3, Unit.WORKING_HOUR), "2026-02-14 16:00"),
        (Limit(4, Unit.WORKING_HOUR), Limit(1, Unit.WORKING_DAY), "2026-02-24 18:00"),
        (Limit(1, Unit.WORKING_DAY), Limit(2, Unit.WORKING_DAY), "2026-02-25 18:00"),
        (Limit(1, Unit.WORKING_DAY), Limit(2, Unit.NATURAL_DAY), "2026-02-16 18:00"),
        (Limit(2, Unit.URGENT_HOUR), Limit(2, Unit.WORKING_HOUR), "2026-02-14 11:00"),
    ],
)
def test_an_extension_is_counted_in_its_own_unit(limit: Limit, extension: Limit, expected: str) -> None:
    assert after(at("2026-02-13 16:30"), limit, Extension(extension)) == expected


def test_pauses_and_extensions_stand_in_order_of_time() -> None:
    start, hour = at("2026-03-02 09:00"), Limit(1, Unit.URGENT_HOUR)
    late = Pause(at("2026-03-02 10:30"), at("2026-03-02 11:00"))
    assert after(start, hour, late, Extension(hour)) == "2026-03-02 11:00"  # it had run out when the pause began
    assert after(start, hour, Extension(hour), late) == "2026-03-02 11:30"
    assert after(start, hour, Pause(at("2026-03-02 09:30")), Extension(hour)) == "stands still"
    for wrong in (
        [late, Pause(at("2026-03-02 09:10"), at("2026-03-02 09:20"))],
        [late, Pause(at("2026-03-02 10:59"), at("2026-03-02 11:20"))],
        [Pause(at("2026-03-02 09:30")), late],
    ):
        with pytest.raises(Invalid):
            due_with(CALENDAR, start, hour, wrong)
    with pytest.raises(Invalid):
        Pause(at("2026-03-02 10:00"), at("2026-03-02 09:59"))
    with pytest.raises(Invalid):
        Pause(datetime(2026, 3, 2, 10))


def test_what_is_counted_on_open_days_is_provisional() -> None:
    limit, start = Limit(1, Unit.WORKING_DAY), at("2026-12-24 10:00")
    assert due(CALENDAR, start, limit).provisional is False
    longer = due_with(CALENDAR, start, limit, [Pause(at("2026-12-25 09:00"), at("2026-12-30 09:00"))])
    assert longer is not None and longer.provisional
    put_off = due_with(CALENDAR, start, limit, [Extension(Limit(3, Unit.WORKING_DAY))])
    assert put_off is not None and put_off.provisional
    by_the_clock = due_with(CALENDAR, start, Limit(9, Unit.NATURAL_DAY), [Pause(at("2026-12-25 09:00"), at("2027-01-04 09:00"))])  # fmt: skip
    assert by_the_clock is not None and not by_the_clock.provisional


@settings(max_examples=200, deadline=None)
@given(starts, limits, st.integers(0, 60 * 24 * 20))
def test_pausing_for_no_time_changes_nothing(start: datetime, limit: Limit, minutes: int) -> None:
    when = start + timedelta(minutes=minutes)
    found = due_with(CALENDAR, start, limit, [Pause(when, when)])
    plain = due(CALENDAR, start, limit)
    assert found is not None and (found.at, found.provisional) == (plain.at, plain.provisional)


@settings(max_examples=300, deadline=None)
@given(starts, limits, lengths, lengths, lengths)
def test_a_longer_pause_never_gives_an_earlier_deadline(
    start: datetime, limit: Limit, begins: timedelta, length: timedelta, more: timedelta
) -> None:
    begin = start + begins - timedelta(days=3)
    short = due_with(CALENDAR, start, limit, [Pause(begin, begin + length)])
    long = due_with(CALENDAR, start, limit, [Pause(begin, begin + length + more)])
    assert short is not None and long is not None
    assert due(CALENDAR, start, limit).at <= short.at <= long.at


@settings(max_examples=300, deadline=None)
@given(starts, limits, lengths, lengths, lengths, st.booleans())
def test_two_touching_pauses_are_one(
    start: datetime, limit: Limit, begins: timedelta, one: timedelta, two: timedelta, put_off: bool
) -> None:
    a = start + begins - timedelta(days=3)
    before = [Extension(Limit(1, Unit.NATURAL_DAY))] if put_off else []
    whole = due_with(CALENDAR, start, limit, [*before, Pause(a, a + one + two)])
    parts = due_with(CALENDAR, start, limit, [*before, Pause(a, a + one), Pause(a + one, a + one + two)])
    assert whole is not None and parts is not None
    assert (whole.at, whole.provisional) == (parts.at, parts.provisional)


@settings(max_examples=300, deadline=None)
@given(
    starts,
    st.integers(0, 60 * 24 * 10),
    st.integers(1, 40),
    st.sampled_from([*HOURS, Unit.WORKING_DAY]),
    lengths,
    lengths,
)
def test_a_later_start_never_gives_an_earlier_deadline(
    start: datetime, later: int, amount: int, unit: Unit, begins: timedelta, length: timedelta
) -> None:
    limit, begin = Limit(amount, unit), start + begins
    pause = [Pause(begin, begin + length)]
    first = due_with(CALENDAR, start, limit, pause)
    second = due_with(CALENDAR, start + timedelta(minutes=later), limit, pause)
    assert first is not None and second is not None and first.at <= second.at


@settings(max_examples=300, deadline=None)
@given(starts, st.integers(1, 40), st.sampled_from(HOURS), st.floats(0, 0.999), lengths)
def test_what_was_paused_comes_back(start: datetime, amount: int, unit: Unit, part: float, length: timedelta) -> None:
    """Working time taken away by a pause and added to the due time again leaves exactly the limit."""
    limit = Limit(amount, unit)
    plain = due(CALENDAR, start, limit).at
    begin = start + (plain - start) * part
    found = due_with(CALENDAR, start, limit, [Pause(begin, begin + length)])
    assume(begin < plain)
    assert found is not None
    counted = elapsed_s(CALENDAR, start, begin, unit) + elapsed_s(CALENDAR, begin + length, found.at, unit)
    whole = elapsed_s(CALENDAR, start, plain, unit)
    assert abs(counted - whole) <= 1  # each of the two is cut to whole seconds
    assert whole == amount * (86_400 if unit is Unit.NATURAL_DAY else 3600)


def test_a_makeup_saturday_counts_and_a_swapped_friday_does_not() -> None:
    for day, kind in sorted(CALENDAR.days.items()):
        if not 2008 <= day.year <= 2026 or kind not in (MAKEUP, HOLIDAY):
            continue
        noon = at(f"{day} 09:00")
        plain = due(CALENDAR, noon, Limit(1, Unit.WORKING_HOUR)).at
        assert (plain == noon + timedelta(hours=1)) == (kind == MAKEUP), day
        # a pause over the whole day takes the day's working time away, and on a day off nothing
        eve = noon - timedelta(days=1)
        pause = Pause(noon, noon + timedelta(hours=12))
        limit = Limit(400, Unit.WORKING_HOUR)
        found = due_with(CALENDAR, eve, limit, [pause])
        assert found is not None
        moved = elapsed_s(CALENDAR, due(CALENDAR, eve, limit).at, found.at, Unit.WORKING_HOUR)
        assert moved == (27_000 if kind == MAKEUP else 0), day


def test_the_arithmetic_says_what_each_change_did() -> None:
    start, limit = at("2026-03-02 16:00"), Limit(4, Unit.WORKING_HOUR)
    changes = [
        Pause(at("2026-03-02 17:00"), at("2026-03-03 10:00")),
        Extension(Limit(1, Unit.WORKING_DAY)),
        Pause(at("2026-03-05 08:00"), at("2026-03-06 08:00")),
    ]
    lines = explain_with(CALENDAR, start, limit, changes)
    assert lines[: len(lines) - 5] == explain(CALENDAR, start, limit)[:-1]
    assert lines[-5:] == (
        "原定到 2026-03-03 11:00（星期二）截止。",
        "2026-03-02 17:00（星期一）至 2026-03-03 10:00（星期二）暂停，其中工作时间 2 小时不计，改到 2026-03-03 14:30（星期二）截止。",
        "延期 1 个工作日，改到 2026-03-04 18:00（星期三）截止。",
        "2026-03-05 08:00（星期四）至 2026-03-06 08:00（星期五）暂停，开始时已经过了截止时间，不再改变。",
        "到 2026-03-04 18:00（星期三）截止。",
    )
    found = due_with(CALENDAR, start, limit, changes)
    assert found is not None and found.steps == lines
    still = explain_with(CALENDAR, start, limit, [Pause(at("2026-03-02 17:00"))])
    assert still[-2:] == ("2026-03-02 17:00（星期一）起暂停，还没有恢复。", "现在时限停止计算，恢复以后才有截止时间。")
    nothing = explain_with(CALENDAR, start, limit, [Pause(at("2026-03-02 18:00"), at("2026-03-03 09:00"))])
    assert "这段时间本来不计" in nothing[-2]
    urgent = explain_with(
        CALENDAR, start, Limit(2, Unit.URGENT_HOUR), [Pause(start, start + timedelta(days=1, minutes=90))]
    )
    assert "暂停， 1 天 1 小时 30 分钟不计" in urgent[-2]
    assert all(unit in Unit for unit in CLOCK_UNITS)
