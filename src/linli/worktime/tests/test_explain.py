"""The arithmetic on the screen adds up to the limit."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from linli.core.clock import local
from linli.worktime.explain import explain, stretches
from linli.worktime.rules import Limit, Unit, due

from .test_rules import CALENDAR, at, starts


@settings(max_examples=150, deadline=None)
@given(starts, st.integers(1, 60), st.sampled_from([Unit.WORKING_HOUR, Unit.WORKING_DAY]))
def test_stretches_add_up(start: datetime, amount: int, unit: Unit) -> None:
    found = due(CALENDAR, start, Limit(amount, unit))
    parts = list(stretches(CALENDAR, local(start), local(found.at), unit))
    assert sum(p.days if unit is Unit.WORKING_DAY else p.seconds for p in parts) == amount * (
        1 if unit is Unit.WORKING_DAY else 3600
    )
    assert all((b.first - a.last).days == 1 for a, b in pairwise(parts))


def test_lines_read_well() -> None:
    with translation.override("zh-hans"):
        lines = explain(CALENDAR, at("2026-02-13 16:30"), Limit(4, Unit.WORKING_HOUR))
        assert lines == (
            "从 2026-02-13 16:30（星期五）起算，时限 4 个工作时。",
            "只计工作日工作时间以内的时间。",
            "02-13（星期五）16:30 以后：计 1 小时 30 分钟。",
            "02-14（星期六）11:30 以前：春节调休上班，计 2 小时 30 分钟。",
            "到 2026-02-14 11:30（星期六）截止。",
        )
        days = due(CALENDAR, at("2026-02-13 16:30"), Limit(6, Unit.WORKING_DAY)).steps
        assert "02-15（星期日）至 02-23（星期一）：春节放假，不计。" in days
        assert "02-28（星期六）：春节调休上班，计 1 个工作日。" in days
        late = explain(CALENDAR, at("2026-12-30 15:00"), Limit(5, Unit.WORKING_DAY))
        assert "推算" in late[-1] and "2026-12-28" in late[-1]


def test_a_very_long_limit_stays_readable() -> None:
    assert len(explain(CALENDAR, at("2020-01-02 09:00"), Limit(1000, Unit.WORKING_DAY))) <= 45


def test_clock_units_say_so() -> None:
    with translation.override("zh-hans"):
        assert "昼夜连续" in explain(CALENDAR, at("2026-02-13 16:30"), Limit(2, Unit.URGENT_HOUR))[1]
        assert "同一时刻" in explain(CALENDAR, at("2026-02-13 16:30"), Limit(2, Unit.NATURAL_DAY))[1]
