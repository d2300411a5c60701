"""Due times by the thousand are the due times one by one, to the microsecond, and fast."""

from __future__ import annotations

import time as clock
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linli.core.errors import Invalid
from linli.worktime.many import due_many
from linli.worktime.rules import EPOCH, Calendar, Hours, Limit, Unit, due

from .test_rules import CALENDAR, at, units

SUMMER = Calendar(
    CALENDAR.days,
    date(2026, 12, 31),
    hours=(
        Hours(date(2006, 1, 1), ((time(9), time(12)), (time(13, 30), time(18)))),
        Hours(date(2020, 7, 1), ((time(8), time(10)), (time(10, 30), time(11)), (time(15), time(19, 45)))),
        Hours(date(2024, 1, 1), ((time(9), time(17)),)),
    ),
    first=date(2007, 1, 1),
    last=date(2030, 12, 31),
)
any_moment = st.integers(0, 22 * 365 * 86_400 * 1_000_000).map(
    lambda us: datetime(2007, 1, 2, tzinfo=UTC) + timedelta(microseconds=us)
)
on_the_edge = st.builds(
    lambda day, hour, us: datetime(2007, 1, 2, tzinfo=UTC) + timedelta(days=day, hours=hour, microseconds=us),
    st.integers(0, 8000),
    st.sampled_from([0, 1, 4, 5.5, 10, 16]),
    st.sampled_from([-1, 0, 1]),
)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(any_moment, on_the_edge), max_size=40), st.integers(1, 60), units, st.sampled_from([CALENDAR, SUMMER]))  # fmt: skip
def test_equal_to_due(starts: list[datetime], amount: int, unit: Unit, calendar: Calendar) -> None:
    limit = Limit(amount, unit)
    ends, provisional = due_many(calendar, [micros(s) for s in starts], limit)
    one_by_one = [due(calendar, s, limit) for s in starts]
    assert ends.tolist() == [micros(d.at) for d in one_by_one]
    assert provisional.tolist() == [d.provisional for d in one_by_one]


@pytest.mark.parametrize("unit", [Unit.WORKING_HOUR, Unit.WORKING_DAY])
def test_outside_the_calendar_is_refused_as_due_refuses(unit: Unit) -> None:
    for start, amount in (("2006-12-31 12:00", 1), ("2031-01-01 00:00", 1), ("2026-01-05 09:00", 10_000)):
        with pytest.raises(Invalid) as one:
            due(CALENDAR, at(start), Limit(amount, unit))
        with pytest.raises(Invalid) as many:
            due_many(CALENDAR, [micros(at("2026-01-05 09:00")), micros(at(start))], Limit(amount, unit))
        assert one.value.code == many.value.code == "outside_calendar"
    assert due_many(CALENDAR, [], Limit(1, unit))[0].size == 0


def test_a_million_a_second() -> None:
    """On an idle machine it is several millions; half a million here, for one that also does other things."""
    first = micros(at("2026-01-01 00:00"))
    starts = np.random.default_rng(7).integers(first, first + 300 * 86_400_000_000, 200_000)
    due_many(CALENDAR, starts[:1], Limit(1, Unit.WORKING_HOUR))
    for unit in Unit:
        best = 9.9
        for _again in range(4):
            began = clock.perf_counter()
            due_many(CALENDAR, starts, Limit(12, unit))
            best = min(best, clock.perf_counter() - began)
        print(unit, round(len(starts) / best / 1e6, 1), "million a second")
        assert len(starts) / best > 500_000, unit
