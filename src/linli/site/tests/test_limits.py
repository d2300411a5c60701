"""Limits are data with a source: each name has its line, the newest in force holds, and promises elsewhere agree."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings as house

from linli.core.errors import TooMany
from linli.site import limits, throttle
from linli.vault.choices import Retention
from linli.vault.consents import consents


def test_every_name_has_a_line_and_every_line_a_name_and_a_source() -> None:
    names = [*limits.Kept.values, *limits.Span.values, *limits.Rate.values]
    assert sorted(names) == sorted({limit.name for limit in limits.every()})
    for limit in limits.every():
        assert limit.provenance in {"sourced", "provisional"} and len(limit.source) > 10
        assert bool(limit.days) == (limit.name not in limits.Rate.values)


def test_what_residents_are_promised_is_what_is_done() -> None:
    days = limits.days(limits.Kept.CONTACT_CLOSED)
    assert all(f"{days} 天" in text.zh and f"{days} days" in text.en for text in consents().values())
    assert f"{days} 天" in str(Retention.CASE_CLOSED_90_DAYS.label)
    assert limits.days(limits.Kept.READ_LOG) == 3 * 365 and "3 年" in str(Retention.LOG_3_YEARS.label)
    assert f"{limits.days(limits.Kept.FAILED_SIGN_IN)} 天" in str(Retention.DAYS_30.label)


def test_no_law_that_nobody_could_look_up_counts_as_a_source() -> None:
    cited = [limit for limit in limits.every() if "法》" in limit.source or "GB/T" in limit.source]
    assert len(cited) > 3 and all(limit.provenance == "provisional" and "待对照" in limit.source for limit in cited)


def test_the_lock_of_the_sign_in_is_the_one_that_is_shown() -> None:
    shown = ((house.AXES_FAILURE_LIMIT, int(house.AXES_COOLOFF_TIME * 3600)),)
    assert limits.rates(limits.Rate.SIGN_IN_FAILED) == shown


def test_a_later_line_holds_from_its_day(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows = json.loads(limits.SOURCE.read_text(encoding="utf-8"))
    later = {**rows[0], "valid_from": "2030-01-01", "days": 30}
    file = tmp_path / "limits.json"
    file.write_text(json.dumps([later, *rows]), encoding="utf-8")
    monkeypatch.setattr(limits, "SOURCE", file)
    limits.every.cache_clear(), limits.in_force.cache_clear()
    try:
        held = [limits.in_force(day)["contact_closed"].days for day in (date(2029, 12, 31), date(2030, 1, 1))]
        assert held == [90, 30]
        for wrong in ({"days": 0}, {"rates": [[1, 60]]}, {"days": -1}):
            file.write_text(json.dumps([{**rows[0], **wrong}]), encoding="utf-8")
            limits.every.cache_clear()
            with pytest.raises(ValueError, match="contact_closed"):
                limits.every()
    finally:
        limits.every.cache_clear(), limits.in_force.cache_clear()


@pytest.mark.django_db
def test_all_rates_of_a_name_hold() -> None:
    for _n in range(2):
        throttle.take_all("a", [(3, 60), (2, 86400)])
    with pytest.raises(TooMany):
        throttle.take_all("a", [(3, 60), (2, 86400)])
