"""GCJ-02 and BD-09: there and back, known pairs, and which system a file is in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.circle.coordinates import bd09_from_gcj02, from_wgs84, likely_datum, metres_between, to_wgs84

BEIJING = (116.397428, 39.90923)


@given(st.floats(75, 134), st.floats(19, 53), st.sampled_from(["wgs84", "gcj02", "bd09"]))
def test_there_and_back_is_well_under_a_tenth_of_a_metre(lon: float, lat: float, datum: str) -> None:
    back = to_wgs84(*from_wgs84(lon, lat, datum), datum)
    assert metres_between(lon, lat, *back) < 0.001


def test_the_published_pairs() -> None:
    """Baidu's own example of its shift, and the size of the other one in Beijing."""
    assert bd09_from_gcj02(116.404, 39.915) == pytest.approx((116.41036949371, 39.92133699351), abs=1e-8)
    assert from_wgs84(116.404, 39.915, "gcj02") == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-9)
    assert 400 < metres_between(*BEIJING, *from_wgs84(*BEIJING, "gcj02")) < 700


@pytest.mark.parametrize("real", ["wgs84", "gcj02", "bd09"])
@pytest.mark.parametrize("declared", ["wgs84", "gcj02", "bd09"])
def test_known_places_tell_the_system_of_a_file(real: str, declared: str) -> None:
    rng = np.random.default_rng(7)
    places = np.array(BEIJING) + rng.uniform(-0.02, 0.02, (12, 2))
    rows = [(*from_wgs84(x, y, real), [(x + 0.0001, y)]) for x, y in places.tolist()]
    told, compared, median = likely_datum(rows, declared)
    assert (told, compared) == (real, 12)
    assert (median > 80) == (real != declared)


def test_places_that_nobody_knows_tell_nothing() -> None:
    told, compared, median = likely_datum([(116.3, 39.9, [])], "wgs84")
    assert (told, compared) == ("wgs84", 0) and np.isnan(median)


def test_another_branch_far_away_speaks_for_no_system() -> None:
    """Same names three kilometres off under every system: the declaration stands."""
    rows = [(116.35, 39.90, [(116.39, 39.92)])] * 5
    assert likely_datum(rows, "wgs84")[0] == "wgs84"
