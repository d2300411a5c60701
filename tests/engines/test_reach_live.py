"""Edits of single facilities: after any number of them the answer is that of a full run, and each says what it changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from reach_cases import Case, Spots, random_case, random_spots

from linli_engines.reach.attached import way_of, ways_of
from linli_engines.reach.live import LiveReach
from linli_engines.reach.metres import exact_one
from linli_engines.reach.network import Reach
from linli_engines.reach.solving import reach


def live_of(case: Case) -> LiveReach:
    homes, facilities = case.homes.on(case.graph), case.facilities.on(case.graph)
    return LiveReach(case.graph, homes, facilities, case.item, case.items, case.cap_m)


def full_run(case: Case, there: dict[int, tuple[Spots, int]]) -> Reach:
    facilities = case.facilities.only(slice(0, 0))
    for spots, _ in there.values():
        facilities = facilities + spots
    item = np.array([k for _, k in there.values()], np.int32)
    return reach(
        case.graph, case.homes.on(case.graph), facilities.on(case.graph), item, case.items, case.cap_m, way="origins"
    )


def assert_equal(live: Reach, full: Reach) -> None:
    np.testing.assert_array_equal(live.nearest_m, full.nearest_m)
    np.testing.assert_array_equal(live.second_m, full.second_m)
    np.testing.assert_array_equal(live.count, full.count)


@pytest.mark.parametrize("seed", [10, 11, 12, 13])
def test_a_thousand_random_edits_equal_a_full_run(seed: int) -> None:
    case = random_case(seed, nodes=80, homes=120, facilities=60)
    rng, live = np.random.default_rng(seed), live_of(case)
    there = {i: (case.facilities.only([i]), int(case.item[i])) for i in range(60)}
    spots = random_spots(rng, case.network, 1000)
    for edit in range(1000):
        before = live.reach.nearest_m.copy(), live.reach.count.copy(), live.reach.second_m.copy()
        spot, kind = spots.only([edit]), rng.random()
        if kind < 0.4 or not there:
            item = int(rng.integers(0, case.items))
            done = live.add(spot.on(case.graph), item)
            there[done.facility] = (spot, item)
        else:
            number = int(rng.choice(list(there)))
            if kind < 0.7:
                done = live.remove(number)
                del there[number]
            else:
                done = live.move(number, spot.on(case.graph))
                there[number] = (spot, there[number][1])
        now = live.reach
        differs = (now.nearest_m != before[0]) | (now.count != before[1]) | (now.second_m != before[2])
        rows, columns = np.nonzero(differs)
        assert set(rows) <= set(done.place) and set(columns) <= {done.item}
        np.testing.assert_array_equal(done.before_m, before[0][done.place, done.item])
        np.testing.assert_array_equal(done.after_m, now.nearest_m[done.place, done.item])
        assert set(done.gained) == set(np.flatnonzero((before[1] == 0)[:, done.item] & (now.count > 0)[:, done.item]))
        assert set(done.lost) == set(np.flatnonzero((before[1] > 0)[:, done.item] & (now.count == 0)[:, done.item]))
        if edit % 250 == 249:
            assert_equal(now, full_run(case, there))
    assert live.facilities == sorted(there)


def test_what_was_added_and_removed_leaves_nothing_behind() -> None:
    case = random_case(20, nodes=60)
    live = live_of(case)
    before = [a.copy() for a in (live.reach.nearest_m, live.reach.second_m, live.reach.count)]
    added = [live.add(case.homes.only([i]).on(case.graph), 2).facility for i in range(20)]
    assert not np.array_equal(live.reach.count, before[2])
    for number in added:
        live.remove(number)
    for old, now in zip(before, (live.reach.nearest_m, live.reach.second_m, live.reach.count), strict=True):
        np.testing.assert_array_equal(old, now)


def test_edits_that_cannot_be_done_are_refused_and_change_nothing() -> None:
    case = random_case(20, nodes=60)
    live, spot = live_of(case), case.homes.only([0]).on(case.graph)
    live.remove(3)
    before = live.reach.count.copy()
    for refused in (
        lambda: live.remove(3),
        lambda: live.move(3, spot),
        lambda: live.remove(99),
        lambda: live.add(spot, 6),
    ):
        with pytest.raises(ValueError, match="there is no"):
            refused()
    with pytest.raises(ValueError, match="one point"):
        live.add(case.homes.only([0, 1]).on(case.graph), 0)
    with pytest.raises(ValueError, match="does not have"):
        live.add(replace(spot, arc=np.array([10**6], np.int32)), 0)
    np.testing.assert_array_equal(live.reach.count, before)


def test_a_facility_without_a_network_is_kept_and_reached_by_nobody() -> None:
    case = random_case(20, nodes=60)
    live = live_of(case)
    lost = Spots(np.array([-1]), np.array([0.0]), np.array([0.0])).on(case.graph)
    done = live.add(lost, 0)
    assert done.place.size == 0 and done.facility in live.facilities
    spot = case.homes.only([1]).on(case.graph)
    if spot.arc[0] >= 0:
        assert 1 in live.move(done.facility, spot).place


def test_one_point_is_read_like_many() -> None:
    case = random_case(21, nodes=60)
    places = case.facilities.on(case.graph)
    for i in range(len(places.arc)):
        np.testing.assert_array_equal(way_of(case.facilities.only([i]).on(case.graph))[:6], ways_of(places)[i, :6])
    with pytest.raises(ValueError, match="negative"):
        exact_one(-1.0)
