"""Four ways to who reaches what: they agree with each other bit for bit and with an oracle that knows none of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reach_cases import Case, Spots, expected, random_case, random_network, random_spots

from linli_engines.reach.attached import hang, streets_of
from linli_engines.reach.building import plain_network
from linli_engines.reach.contraction import contract
from linli_engines.reach.metres import cap_of, limit_of
from linli_engines.reach.network import Network, Reach
from linli_engines.reach.places import places_on_edges
from linli_engines.reach.placing import ground_of, place
from linli_engines.reach.planning import BLOCK, plan_nodes, plan_way
from linli_engines.reach.solving import Scenarios, nearest, reach

SEEDS = st.integers(0, 2**32 - 1)
SLACK_M = 1e-3


def solved(case: Case, way: str | None = None) -> Reach:
    homes, facilities = case.homes.on(case.graph), case.facilities.on(case.graph)
    return reach(case.graph, homes, facilities, case.item, case.items, case.cap_m, way=way)  # type: ignore[arg-type]


def nearest_by(case: Case, way: str) -> np.ndarray:
    homes, facilities = case.homes.on(case.graph), case.facilities.on(case.graph)
    return nearest(case.graph, homes, facilities, case.item, case.items, case.cap_m, way=way)  # type: ignore[arg-type]


def assert_equal(one: Reach, other: Reach) -> None:
    np.testing.assert_array_equal(one.nearest_m, other.nearest_m)
    np.testing.assert_array_equal(one.second_m, other.second_m)
    np.testing.assert_array_equal(one.count, other.count)


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_homes_and_facilities_agree_with_the_oracle_and_bit_for_bit_with_each_other(seed: int) -> None:
    case = random_case(seed)
    found = solved(case, "origins")
    assert_equal(found, solved(case, "facilities"))
    near, second, count = expected(case)
    np.testing.assert_allclose(found.nearest_m, near, rtol=0, atol=SLACK_M)
    np.testing.assert_allclose(found.second_m, second, rtol=0, atol=SLACK_M)
    np.testing.assert_array_equal(found.count, count)
    assert not found.count[:, -1].any()  # an item without facilities is no error


@given(SEEDS, st.sampled_from([1, 7, 180, 181]))
@settings(max_examples=60, deadline=None)
def test_all_four_ways_find_the_same_nearest(seed: int, items: int) -> None:
    case = random_case(seed, items=items, facilities=300)
    found = nearest_by(case, "origins")
    np.testing.assert_array_equal(found, nearest_by(case, "facilities"))
    np.testing.assert_array_equal(found, nearest_by(case, "items"))
    np.testing.assert_allclose(found, nearest_by(case, "lanes"), rtol=0, atol=0.005)


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_one_more_facility_never_makes_a_walk_longer(seed: int) -> None:
    case = random_case(seed)
    fewer = replace(case, facilities=case.facilities.only(slice(1, None)), item=case.item[1:])
    more, less = solved(case), solved(fewer)
    assert (more.nearest_m <= less.nearest_m).all() and (more.second_m <= less.second_m).all()
    assert (more.count >= less.count).all()


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_other_numbers_for_nodes_and_edges_change_nothing(seed: int) -> None:
    case, rng = random_case(seed), np.random.default_rng(seed)
    old = case.network
    node, edge = rng.permutation(len(old.node_xy)), rng.permutation(len(old.edge))
    names = np.argsort(node).astype(np.int32)
    back = None if old.forward_m is old.backward_m else old.backward_m[edge]
    network = plain_network(
        names[old.edge[edge]], old.length_m[edge], old.node_xy[node], forward_m=old.forward_m[edge], backward_m=back
    )
    place = np.append(np.argsort(edge), -1)
    spots = [Spots(place[s.edge], s.share, s.snap_m) for s in (case.homes, case.facilities)]
    other = solved(replace(case, network=network, graph=contract(network), homes=spots[0], facilities=spots[1]))
    one = solved(case)
    np.testing.assert_allclose(one.nearest_m, other.nearest_m, rtol=0, atol=SLACK_M)
    np.testing.assert_allclose(one.second_m, other.second_m, rtol=0, atol=SLACK_M)
    np.testing.assert_array_equal(one.count, other.count)


@given(SEEDS, st.sampled_from([1, 5, 181]))
@example(371, 5)  # a facility three millimetres behind, on a one-way street
@settings(max_examples=60, deadline=None)
def test_every_node_of_the_network_by_both_ways_and_by_the_oracle(seed: int, items: int) -> None:
    case = random_case(seed, items=items, facilities=200)
    nodes, facilities = len(case.network.node_xy), case.facilities.on(case.graph)
    scenarios = Scenarios(case.graph, 2 * case.cap_m)
    lanes = scenarios.table(facilities, case.item, items, case.cap_m, way="lanes").metres(np.arange(nodes))
    floods = scenarios.table(facilities, case.item, items, case.cap_m, way="items").metres(np.arange(nodes))
    step_m = case.cap_m / 60_000
    want = at_nodes(replace(case, cap_m=case.cap_m + 1))  # what lies just beyond the cap is known, too
    for found in (lanes, floods):
        sure = np.abs(want - case.cap_m) > 3 * step_m  # at the cap itself a table counts in steps
        np.testing.assert_array_equal(np.isfinite(found)[sure], (want <= case.cap_m)[sure])
        both = np.isfinite(found) & np.isfinite(want)
        np.testing.assert_allclose(found[both], want[both], rtol=0, atol=2 * step_m + 0.01)


def at_nodes(case: Case) -> np.ndarray:
    """The oracle for nodes: each as a home at an end of one of its edges, without a way to the network."""
    edge, share = np.full(len(case.network.node_xy), -1), np.zeros(len(case.network.node_xy))
    passable = np.isfinite(case.network.forward_m) | np.isfinite(case.network.backward_m)
    for e, ends in enumerate(case.network.edge.tolist()):
        for side, v in enumerate(ends):
            if passable[e]:
                edge[v], share[v] = e, side
    return expected(replace(case, homes=Spots(edge, share, np.zeros(len(edge)))))[0]


def test_a_table_is_written_over_and_another_cap_needs_no_other_scenarios() -> None:
    case = random_case(4, nodes=60)
    facilities, scenarios = case.facilities.on(case.graph), Scenarios(case.graph, 1200)
    first = scenarios.table(facilities, case.item, case.items, 1200, way="lanes")
    copy = first.steps.copy()
    near = scenarios.table(facilities, case.item, case.items, 200, steps=first.steps, way="lanes")
    assert near.steps is first.steps and (near.steps > 0).sum() < (copy > 0).sum()
    again = scenarios.table(facilities, case.item, case.items, 1200, steps=first.steps, way="lanes")
    np.testing.assert_array_equal(again.steps, copy)
    with pytest.raises(ValueError, match="1200 m at most"):
        scenarios.table(facilities, case.item, case.items, 1201)
    with pytest.raises(ValueError, match="another shape"):
        scenarios.table(facilities, case.item, case.items, 1200, steps=copy[1:])
    with pytest.raises(ValueError, match="does not answer for nodes"):
        scenarios.table(facilities, case.item, case.items, 1200, way="origins")


def line(*lengths: float) -> Network:
    count = len(lengths)
    return plain_network(np.column_stack((np.arange(count), np.arange(1, count + 1))), np.array(lengths))


@pytest.mark.parametrize("way", ["origins", "facilities"])
def test_the_cap_itself_is_within_and_a_millimetre_more_is_not(way: str) -> None:
    graph = contract(line(*[0.1] * 3000))
    home = places_on_edges(graph, [0], [0.0], snap_m=[10.0])
    facility = places_on_edges(graph, [2999], [0.1], snap_m=[20.0])
    for cap_m, within in ((330.0, True), (329.999, False)):
        found = reach(graph, home, facility, np.array([0]), 1, cap_m, way=way)  # type: ignore[arg-type]
        assert found.count.tolist() == [[int(within)]]
        assert np.isfinite(found.nearest_m[0, 0]) == within
        assert np.isfinite(nearest(graph, home, facility, np.array([0]), 1, cap_m, way="lanes")[0, 0]) == within


def test_a_place_is_no_walk_from_itself_and_two_facilities_at_one_spot_are_two() -> None:
    graph = contract(line(100.0, 50.0))
    home = places_on_edges(graph, [0], [30.0], snap_m=[12.0])
    there = places_on_edges(graph, [0, 0, 1], [30.0, 30.0, 10.0], snap_m=[12.0, 12.0, 5.0])
    found = reach(graph, home, there, np.array([0, 0, 0]), 1, 500)
    assert (found.nearest_m[0, 0], found.second_m[0, 0], found.count[0, 0]) == (0, 0, 3)


@pytest.mark.parametrize("cap_m", [0, -5, float("nan"), float("inf"), 2e6])
def test_a_cap_that_is_none_is_refused(cap_m: float) -> None:
    case = random_case(1)
    with pytest.raises(ValueError, match="cap must be more than 0"):
        solved(replace(case, cap_m=cap_m))


@pytest.mark.parametrize(("minutes", "speed"), [(-1, 80), (0, 80), (15, 0), (15, -1), (float("nan"), 80)])
def test_minutes_and_speed_must_be_more_than_nothing(minutes: float, speed: float) -> None:
    with pytest.raises(ValueError, match="must be more than 0"):
        cap_of(minutes, speed)


def test_another_speed_is_another_cap() -> None:
    assert cap_of(15, 80) == 1200
    case = random_case(6)
    slow, fast = solved(replace(case, cap_m=cap_of(5, 40))), solved(replace(case, cap_m=cap_of(5, 80)))
    assert (slow.count <= fast.count).all()
    within = np.isfinite(slow.nearest_m)
    np.testing.assert_array_equal(slow.nearest_m[within], fast.nearest_m[within])


def test_items_that_do_not_fit_are_refused() -> None:
    case = random_case(1)
    with pytest.raises(ValueError, match="there are 6 items"):
        solved(replace(case, item=np.full_like(case.item, 6)))
    with pytest.raises(ValueError, match="needs the number of its item"):
        solved(replace(case, item=case.item[1:]))
    with pytest.raises(ValueError, match="nearest alone"):
        solved(case, "lanes")


def test_places_of_another_graph_are_refused() -> None:
    case = random_case(8, nodes=60)
    small = contract(line(5.0))
    with pytest.raises(ValueError, match="does not have"):
        reach(small, case.homes.on(case.graph), case.facilities.on(case.graph), case.item, case.items, 500)


def test_nobody_and_nothing_is_an_empty_answer() -> None:
    case = random_case(2)
    none = case.homes.only(slice(0, 0))
    assert solved(replace(case, homes=none)).nearest_m.shape == (0, case.items)
    alone = solved(replace(case, facilities=none, item=case.item[:0]))
    assert np.isinf(alone.nearest_m).all() and not alone.count.any()
    assert np.isinf(nearest_by(replace(case, facilities=none, item=case.item[:0]), "lanes")).all()
    assert solved(replace(case, item=case.item[:0], facilities=none, items=0)).count.shape == (25, 0)


def test_the_plan_follows_the_numbers() -> None:
    rng = np.random.default_rng(3)
    network = random_network(rng, 4000, directed=False)
    graph = contract(network)
    streets, limit_m = streets_of(graph), limit_of(800)
    few, many = (hang(streets, random_spots(rng, network, k).on(graph)) for k in (20, 20_000))
    assert plan_way(streets, few, many, 180, limit_m).way == "origins"
    assert plan_way(streets, many, few, 180, limit_m).way == "facilities"
    ready = plan_way(streets, many, many, 2 * BLOCK, limit_m, nearest_only=True, hierarchy_ready=True)
    assert ready.way == min(ready.cost_ms, key=ready.cost_ms.__getitem__) and len(ready.cost_ms) == 4
    assert set(plan_way(streets, many, many, 5, limit_m).cost_ms) == {"origins", "facilities"}
    assert plan_nodes(streets, few, 1, limit_m, hierarchy_ready=False).way == "items"
    assert plan_nodes(streets, many, 90, limit_m, hierarchy_ready=True).way == "lanes"


def test_a_neighbour_across_the_street_is_not_at_home() -> None:
    graph = contract(plain_network(np.array([[0, 1]]), np.array([100.0]), np.array([[0.0, 0.0], [100.0, 0.0]])))
    sides = place(ground_of(graph), np.array([[50.0, 10.0], [50.0, -10.0]]), longest_m=50, tolerance_m=0).places
    found = reach(graph, sides, sides, np.array([0, 1]), 2, 500)
    np.testing.assert_allclose(found.nearest_m, [[0, 20], [20, 0]], atol=1e-6)
