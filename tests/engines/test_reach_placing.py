"""Points onto the network against brute force over every edge, and every bad point and wall that was named."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from linli_engines.reach.building import plain_network
from linli_engines.reach.contraction import contract
from linli_engines.reach.coordinates import FAULTS, faults, metres
from linli_engines.reach.grid import grid_of
from linli_engines.reach.network import Network, Places
from linli_engines.reach.places import places_at_nodes, places_on_edges
from linli_engines.reach.placing import STATES, Placed, barriers_of, ground_of, place

Reference = Callable[[str], Path]
Drawn = tuple[list[tuple[int, int]], list[tuple[float, float]], list[tuple[float, float]]]


def network_of(edge: list[tuple[int, int]], xy: list[tuple[float, float]], *, one_way: bool = False) -> Network:
    corner = np.array(xy, float).reshape(-1, 2)
    pairs = np.array(edge, np.int32).reshape(-1, 2)
    length = np.hypot(*(corner[pairs[:, 0]] - corner[pairs[:, 1]]).T)
    return plain_network(pairs, length, corner, backward_m=np.full(len(pairs), math.inf) if one_way else None)


def put(
    network: Network, points: object, *, longest_m: float = 300, tolerance_m: float = 0, walls: object = None
) -> Placed:
    barriers = None if walls is None else barriers_of(walls)
    return place(ground_of(contract(network)), points, longest_m=longest_m, tolerance_m=tolerance_m, barriers=barriers)


def states(placed: Placed) -> list[str]:
    return [STATES[s] for s in placed.state]


def between(network: Network, places: Places, a: int, b: int) -> float:
    """Metres from place a to place b, without the ways to the network: over the raw edges, by plain relaxation."""
    size = len(network.node_xy)
    least = np.full((size + 2, size + 2), math.inf)
    np.fill_diagonal(least, 0)
    for (u, v), there, back in zip(network.edge.tolist(), network.forward_m, network.backward_m, strict=True):
        least[u, v], least[v, u] = min(least[u, v], there), min(least[v, u], back)
    spots = []
    for i, k in enumerate((a, b)):
        e = int(places.edge[k])
        share = places.offset_m[k] / network.length_m[e] if network.length_m[e] else 0.0
        u, v = network.edge[e]
        s = size + i
        spots.append((e, share))
        with np.errstate(invalid="ignore"):
            least[u, s] = np.nan_to_num(share * network.forward_m[e], nan=0.0, posinf=math.inf)
            least[s, v] = min(least[s, v], np.nan_to_num((1 - share) * network.forward_m[e], nan=0.0, posinf=math.inf))
            least[v, s] = min(least[v, s], np.nan_to_num((1 - share) * network.backward_m[e], nan=0.0, posinf=math.inf))
            least[s, u] = min(least[s, u], np.nan_to_num(share * network.backward_m[e], nan=0.0, posinf=math.inf))
    (e1, s1), (e2, s2) = spots
    if e1 == e2:
        cost = network.forward_m[e1] if s2 > s1 else network.backward_m[e1]
        least[size, size + 1] = min(least[size, size + 1], 0.0 if s1 == s2 else abs(s2 - s1) * cost)
    for k in range(size + 2):
        np.minimum(least, least[:, k : k + 1] + least[k : k + 1], out=least)
    return float(least[size, size + 1])


def by_arcs(network: Network, places: Places, a: int, b: int) -> float:
    """The same from the contracted graph, as the documentation of `Places` says it."""
    graph = contract(network)
    n = len(graph.node)
    least = np.full((n, n), math.inf)
    np.fill_diagonal(least, 0)
    for v in range(n):
        for i in range(graph.start[v], graph.start[v + 1]):
            least[v, graph.head[i]] = graph.cost_m[i]
    for k in range(n):
        np.minimum(least, least[:, k : k + 1] + least[k : k + 1], out=least)
    found = math.inf
    for leave, u in (
        (places.to_start_m[a], graph.arc[places.arc[a], 0]),
        (places.to_end_m[a], graph.arc[places.arc[a], 1]),
    ):
        for enter, v in (
            (places.from_start_m[b], graph.arc[places.arc[b], 0]),
            (places.from_end_m[b], graph.arc[places.arc[b], 1]),
        ):
            found = min(found, leave + least[u, v] + enter)
    if places.arc[a] == places.arc[b]:
        with np.errstate(invalid="ignore"):  # a one-way arc: infinite both ways
            there = places.from_start_m[b] - places.from_start_m[a]
            back = places.to_start_m[a] - places.to_start_m[b]
        found = min([found, *(d for d in (there, back) if d >= 0)])
    return found


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    """A small map on whole metres: hills of ties, loops, spots, several components."""
    nodes = draw(st.integers(1, 12))
    metre = st.integers(-200, 200).map(float)
    xy = draw(st.lists(st.tuples(metre, metre), min_size=nodes, max_size=nodes))
    end = st.integers(0, nodes - 1)
    edge = draw(st.lists(st.tuples(end, end), min_size=1, max_size=16))
    points = draw(st.lists(st.tuples(metre, metre), min_size=1, max_size=8))
    return edge, xy, points


@given(drawn(), st.sampled_from([0.0, 30.0, 1000.0]))
@settings(max_examples=200, deadline=None)
def test_the_nearest_edge_by_brute_force(case: Drawn, tolerance: float) -> None:
    edge, xy, points = case
    network = network_of(edge, xy)
    graph = contract(network)
    ground = ground_of(graph)
    placed = place(ground, points, longest_m=120, tolerance_m=tolerance)
    lines = shapely.linestrings(network.node_xy[network.edge])
    real = network.length_m > 0
    for k, point in enumerate(points):
        away = np.where(real, shapely.distance(lines, shapely.Point(point)), math.inf)
        nearest, main = away.min(), away[ground.main].min(initial=math.inf)
        if nearest > 120 + 1e-9:
            assert STATES[placed.state[k]] == "too_far" and placed.places.arc[k] == -1
            continue
        takes_main = main <= min(nearest + tolerance, 120)
        assert STATES[placed.state[k]] == ("main" if takes_main else "other_component")
        assert placed.places.snap_m[k] == pytest.approx(main if takes_main else nearest, abs=1e-6)
        at = int(placed.places.edge[k])
        foot = shapely.line_interpolate_point(lines[at], placed.places.offset_m[k])
        np.testing.assert_allclose(placed.places.xy[k], [foot.x, foot.y], atol=1e-6)


@given(drawn(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_distances_between_places_by_brute_force(case: Drawn, one_way: bool) -> None:
    edge, xy, points = case
    network = network_of(edge, xy, one_way=one_way)
    places = put(network, points, longest_m=1000).places
    on = np.flatnonzero(places.arc >= 0)
    for a in on[:4]:
        for b in on[:4]:
            assert by_arcs(network, places, a, b) == pytest.approx(between(network, places, a, b), abs=1e-6)


@given(drawn())
@settings(max_examples=80, deadline=None)
def test_places_at_nodes_are_no_metre_away(case: Drawn) -> None:
    network = network_of(case[0], case[1])
    graph = contract(network)
    places = places_at_nodes(graph, np.arange(len(network.node_xy)))
    assert ((places.arc >= 0) == (graph.node_arc >= 0)).all()
    for v in np.flatnonzero(places.arc >= 0):
        on_end = places_on_edges(graph, [int(places.edge[v])], [0.0 if network.edge[places.edge[v], 0] == v else 1e9])
        assert (on_end.to_start_m[0], on_end.to_end_m[0]) == (places.to_start_m[v], places.to_end_m[v])


def test_a_loop_has_two_ways_round(reference: Reference) -> None:
    cases = {c["name"]: c for c in json.loads(reference("reach/golden_small.json").read_text())}
    for name in ("path_same_edge", "self_loop_same_edge", "offsets_both_ends"):
        case = cases[name]
        pairs = np.array([e[:2] for e in case["edges"]])
        network = plain_network(pairs, np.array([e[2] for e in case["edges"]]))
        spots = (case["origin"], case["facility"])
        places = places_on_edges(contract(network), [s["edge"] for s in spots], [s["offset"] for s in spots])
        assert by_arcs(network, places, 0, 1) == pytest.approx(case["expect"]), case["trap"]


def test_the_walk_to_the_network_may_not_cross_the_river(reference: Reference) -> None:
    """Nearest edge 20 m across water, own-bank edge 60 m (the golden file's words)."""
    case = {c["name"]: c for c in json.loads(reference("reach/golden_small.json").read_text())}["barrier_snap"]
    network = network_of([(0, 1), (2, 3)], [(0, 20), (500, 20), (0, -60), (500, -60)])
    river = shapely.LineString([(-100, 10), (600, 10)])
    assert put(network, [(250, 0)]).places.edge.tolist() == [0]
    assert case["expect"] == "own-bank edge"
    placed = put(network, [(250, 0), (250, 15)], walls=[river])
    assert placed.places.edge.tolist() == [1, 0] and placed.places.snap_m.tolist() == [60, 5]


def test_walls_have_no_holes_and_touching_is_not_crossing() -> None:
    network = network_of([(0, 1)], [(0, 0), (100, 0)])
    corner = shapely.LineString([(0, 10), (50, 10), (100, 12)])
    assert states(put(network, [(50, 20)], walls=[corner])) == ["behind_barrier"]  # straight through a corner
    assert states(put(network, [(50, 10), (60, 5)], walls=[corner])) == ["main", "main"]
    lake = shapely.box(20, 5, 80, 30)
    assert states(put(network, [(50, 20), (10, 20), (50, 40)], walls=[lake])) == [
        "behind_barrier",
        "main",
        "behind_barrier",
    ]


def test_bad_points_are_named_and_far_ones_found_nothing() -> None:
    lon, lat = np.array([116.36, 0.0, np.nan, 39.9, 116.36, 200.0]), np.array([39.9, 0.0, 39.9, 116.36, 95.0, 10.0])
    assert [FAULTS[f] for f in faults(lon, lat)] == [
        "",
        "null_island",
        "no_coordinates",
        "swapped",
        "off_the_map",
        "off_the_map",
    ]
    x, y = metres(116.36, 39.9, "EPSG:32650")[0]
    network = network_of([(0, 1)], [(x, y), (x + 100, y)])
    placed = put(network, np.concatenate((metres(lon, lat, "EPSG:32650"), [[x + 50, y + 400], [x + 50, y + 300]])))
    assert states(placed) == ["main", *["no_coordinates"] * 5, "too_far", "main"]
    assert (placed.places.arc[1:7] == -1).all() and np.isinf(placed.places.to_start_m[1:7]).all()
    assert placed.counts() == {"main": 2, "other_component": 0, "too_far": 1, "behind_barrier": 0, "no_coordinates": 5}


def test_the_main_component_is_preferred_within_the_tolerance() -> None:
    network = network_of([(0, 1), (2, 3)], [(0, 0), (1000, 0), (0, 50), (80, 50)])
    points = [(40, 30)]
    near, main = put(network, points, tolerance_m=5), put(network, points, tolerance_m=10)
    assert (states(near), near.places.snap_m.tolist()) == (["other_component"], [20])
    assert (states(main), main.places.snap_m.tolist()) == (["main"], [30])


def test_no_network_no_points_and_one_spot() -> None:
    assert states(put(network_of([], []), [(0, 0)])) == ["too_far"]
    assert states(put(network_of([(0, 0)], [(5, 5)]), [(5, 5)])) == ["too_far"]
    assert len(put(network_of([(0, 1)], [(0, 0), (9, 0)]), np.zeros((0, 2))).places.arc) == 0
    with pytest.raises(ValueError, match="zero or more"):
        put(network_of([(0, 1)], [(0, 0), (9, 0)]), [(0, 0)], longest_m=-1)
    with pytest.raises(ValueError, match="without coordinates"):
        grid_of(np.array([[0.0, 0.0, np.nan, 1.0]]))


def test_a_drawn_way_is_met_where_it_bends() -> None:
    network = network_of([(0, 1)], [(0, 0), (100, 0)])
    bent = Network(
        network.node_id, network.node_xy, network.edge, np.array([300.0]), np.array([300.0]), np.array([300.0]),
        np.array([0, 4]), np.array([[0, 0], [0, 100], [100, 100], [100, 0]], float), network.crs, "bent",
    )  # fmt: skip
    placed = put(bent, [(50, 110), (50, 1), (103, 50)])
    assert placed.places.offset_m.tolist() == [150, 1, 250]
    assert placed.places.snap_m.tolist() == [10, 50, 3] and placed.places.to_end_m.tolist() == [150, 299, 50]


def test_xicheng_agrees_with_an_strtree(reference: Reference) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    nodes = pq.read_table(reference("xicheng/walk_nodes.parquet"))
    table = pq.read_table(reference("xicheng/walk_edges.parquet"), columns=["u", "v"])
    ids = nodes["id"].to_numpy()
    order = np.argsort(ids)
    ends = [order[np.searchsorted(ids[order], table[c].to_numpy())] for c in ("u", "v")]
    xy = metres(nodes["lon"].to_numpy(), nodes["lat"].to_numpy(), "EPSG:32650")
    network = network_of(np.column_stack(ends).tolist(), xy.tolist())
    random = np.random.default_rng(5)
    points = xy[random.integers(0, len(xy), 3000)] + random.normal(0, 150, (3000, 2))
    placed = put(network, points, longest_m=250)
    tree = shapely.STRtree(shapely.linestrings(network.node_xy[network.edge]))
    (which, _), away = tree.query_nearest(shapely.points(points), return_distance=True, all_matches=False)
    want = np.full(len(points), math.inf)
    want[which] = away
    found = placed.places.arc >= 0
    assert (found == (want <= 250)).all() and 0 < (~found).sum() < 300
    nearest = found & (placed.state == STATES.index("other_component"))
    np.testing.assert_allclose(placed.places.snap_m[nearest], want[nearest], atol=1e-6)
    assert (placed.places.snap_m[found] >= want[found] - 1e-6).all()
    assert placed.places.snap_m[found].mean() == pytest.approx(want[found].mean(), rel=1e-3)
