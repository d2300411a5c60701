"""Bad networks: everything that is dropped, mended or odd is counted with its reason; the rest is walked as it should be."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from linli_engines.reach.building import Build, build, plain_network
from linli_engines.reach.contraction import contract
from linli_engines.reach.network import Network
from linli_engines.reach.ordering import hilbert_order
from linli_engines.reach.penalties import WalkingFunction, crossing_seconds, delays_m, walking_function
from linli_engines.reach.places import places_at_nodes
from linli_engines.reach.source import Source, Tag, source_of
from linli_engines.reach.walkable import DATA, passable, tag_rules

Reference = Callable[[str], Path]
LON = [116.36, 116.361, 116.362, 116.363]
LAT = [39.90, 39.90, 39.90, 39.90]
STEP_M = 85.5  # 0.001 degree of longitude at this latitude


def drawn(edges: list[tuple[int, int]], length: list[float] | None = None, nodes: int = 4, **more: object) -> Source:
    ids = [10 + i for i in range(nodes)]
    u, v = [10 + e[0] for e in edges], [10 + e[1] for e in edges]
    return source_of(ids, LON[:nodes], LAT[:nodes], u, v, length, **more)


def walked(network: Network, a: int, b: int) -> float:
    """Metres from the source node a to b, over the raw edges."""
    at = {int(node): i for i, node in reversed(list(enumerate(network.node_id)))}
    least: dict[tuple[int, int], float] = {}
    for (u, v), there, back in zip(network.edge.tolist(), network.forward_m, network.backward_m, strict=True):
        least[u, v], least[v, u] = min(least.get((u, v), math.inf), there), min(least.get((v, u), math.inf), back)
    dist = dict.fromkeys(range(len(network.node_id)), math.inf) | {at[a]: 0.0}
    for _ in network.node_id:
        for (u, v), metres in least.items():
            dist[v] = min(dist[v], dist[u] + metres)
    return dist[at[b]]


def reasons(built: Build) -> dict[str, tuple[int, bool]]:
    """All but the remark on lengths, which most of these networks earn: they are made of round numbers."""
    return {f.reason: (f.count, f.kept) for f in built.report.findings if f.reason != "shorter_than_straight"}


def test_every_bad_line_is_counted_and_the_rest_is_built() -> None:
    source = source_of(
        [1, 2, 3, 4, 5, 2, 7], [*LON, 0.0, 116.4, math.nan], [*LAT, 0.0, 39.9, 39.9],
        [1, 2, 3, 1, 1, 7, 1, 2, 2, 4, 5], [2, 3, 4, 99, 2, 1, 1, 2, 3, 3, 1],
        [80, 0, math.nan, 5, 70, 5, 0, 30, -1, 80, 9],
    )  # fmt: skip
    built = build(source)
    assert reasons(built) == {
        "node_no_coordinates": (1, False), "node_null_island": (1, False), "node_twice": (1, False),
        "unknown_node": (3, False), "length_from_map": (1, True), "negative_length": (1, False),
        "loop_without_length": (1, False), "parallel_longer": (2, False), "zero_length": (1, True), "loop": (1, True),
    }  # fmt: skip
    report = built.report
    assert report.edges_read == report.edges + report.dropped_edges == 11 and report.edges == 4
    rows = {f.reason: f.examples for f in built.report.findings}
    assert rows["unknown_node"] == (3, 5, 10) and rows["node_twice"] == (2,), "rows of the source, and ids"
    assert sorted(built.edge_row.tolist()) == [1, 4, 7, 9]
    assert walked(built.network, 1, 4) == 70 + 0 + 80


def test_lengths_come_from_the_ellipsoid_where_none_are_given() -> None:
    built = build(drawn([(0, 1), (1, 2)]))
    np.testing.assert_allclose(built.network.length_m, STEP_M, atol=0.1)
    assert built.report.count("length_from_map") == 0, "nothing to mend where no length is claimed"
    assert built.report.crs == "EPSG:32650"
    np.testing.assert_allclose(np.hypot(*(np.diff(built.network.node_xy, axis=0)).T), STEP_M * 0.99965, atol=0.1)


@pytest.mark.parametrize("edges", [[], [(0, 1)], [(0, 1), (2, 3)]])
def test_no_edges_one_edge_two_components(edges: list[tuple[int, int]]) -> None:
    built = build(drawn(edges, [100.0] * len(edges)))
    assert built.report.edges == len(edges) and len(built.report.component_nodes) == len(edges)
    assert built.report.count("node_without_edges") == 4 - 2 * len(edges)
    assert len(contract(built.network).arc) == len(edges)


def test_lengths_in_another_unit_are_listed() -> None:
    kilometres = build(drawn([(0, 1), (1, 2), (2, 3)], [0.0855, 0.0855, 85.3]))
    assert [(f.reason, f.kept, f.examples) for f in kilometres.report.findings] == [
        ("shorter_than_straight", True, (0, 1))
    ]


def test_small_components_go_only_when_asked() -> None:
    source = drawn([(0, 1), (2, 3)], [100.0, 20.0])
    assert build(source).report.component_length_m.tolist() == [100, 20]
    small = build(source, least_component_m=50)
    assert reasons(small) == {"small_component": (1, False), "node_without_edges": (2, False)}


def test_exchanged_coordinates_are_put_right_and_said() -> None:
    right = drawn([(0, 1), (1, 2)], [80.0, 90.0])
    turned = replace(right, lon=right.lat, lat=right.lon)
    built = build(turned)
    assert reasons(built)["coordinates_swapped"] == (4, True)
    np.testing.assert_array_equal(built.network.node_xy, build(right).network.node_xy)


def test_cars_go_one_way_and_walkers_both() -> None:
    source = drawn([(0, 1)], [100.0], tags={"highway": Tag.of(["residential"]), "oneway": Tag.of(["yes"])})
    assert walked(build(source).network, 11, 10) == 100


def test_tags_decide_by_rank_and_what_goes_is_listed_by_tag() -> None:
    highway = Tag.of(["motorway", "motorway", "footway", "footway", "steps", "gallery", None, "path"])
    foot = Tag.of([None, "yes", "no", None, None, None, None, "designated"])
    access = Tag.of([None, None, None, "private", None, None, None, "private"])
    tags = {"highway": highway, "foot": foot, "access": access}
    verdict, decided = passable(tags, 8, "foot", tag_rules())
    assert verdict.tolist() == [False, True, False, False, True, False, True, True]
    assert decided[6] == -1, "no tag at all: nothing is known against it"
    assert passable(tags, 8, "wheelchair", tag_rules())[0].tolist() == [
        False,
        True,
        False,
        False,
        False,
        False,
        True,
        False,
    ]
    built = build(drawn([(0, 1)] * 8, [10.0, 20, 30, 40, 50, 60, 70, 80], tags=tags))
    assert built.report.count("not_walkable:highway=*") == 1 and built.report.count("not_walkable:access=private") == 1
    assert built.network.length_m.tolist() == [20]
    with pytest.raises(ValueError, match="sledge"):
        passable(tags, 8, "sledge", tag_rules())


def test_a_wheelchair_has_its_own_costs_and_digest_over_the_same_edges() -> None:
    tags = {"highway": Tag.of(["steps", "footway", "footway", "footway"])}
    source = drawn([(0, 1), (0, 1), (1, 2), (2, 3)], [10.0, 60.0, 20.0, 20.0], tags=tags)
    foot, chair = build(source), build(source, profile="wheelchair")
    assert walked(foot.network, 10, 12) == 30 and walked(chair.network, 10, 12) == 80, "the longer way without steps"
    assert foot.network.digest != chair.network.digest
    assert reasons(chair)["not_passable:wheelchair"] == (1, True)
    assert np.isinf(chair.network.forward_m[chair.edge_row == 0]).all()


def test_a_crossing_costs_once_however_many_edges_meet(reference: Reference) -> None:
    case = {c["name"]: c for c in json.loads(reference("reach/golden_small.json").read_text())}["crossing_penalty"]
    edges = [(u, v) for u, v, _ in case["edges"]]
    source = drawn([*edges, (1, 3)], [*(m for *_, m in case["edges"]), 100.0])
    delay = {10 + int(node): metres for node, metres in case["node_penalty_m"].items()}
    built = build(source, delay_m=delay)
    assert walked(built.network, 10, 12) == case["expect"], case["trap"]
    assert walked(built.network, 10, 13) == 240
    assert walked(built.network, 10, 11) == 120, "at the kerb: half way through"
    assert built.report.edges == 6 and sorted(built.edge_row.tolist()) == [-1, -1, -1, 0, 1, 2]
    graph = contract(built.network)
    assert len(graph.arc) == 3, "the rays vanish into the chains"
    places = places_at_nodes(graph, built.nodes_of(np.array([10, 12, 11, -1])))
    assert places.arc[3] == -1 and sorted([places.to_start_m[2], places.to_end_m[2]]) == [0, 120]
    with pytest.raises(ValueError, match="delay"):
        build(source, delay_m={11: math.nan})
    assert reasons(build(source, delay_m={99: 5.0})) == {"delay_at_unknown_node": (1, False)}


def test_delays_are_seconds_at_a_speed() -> None:
    seconds = crossing_seconds()
    assert delays_m({1: "traffic_signals", 2: "unknown"}, seconds, 1.2) == {1: seconds["traffic_signals"] * 1.2}
    with pytest.raises(ValueError, match="speed"):
        delays_m({}, seconds, 0)


def test_slopes_cost_by_tobler_and_make_the_network_directed() -> None:
    tobler = walking_function()
    assert tobler.factor(np.array([0.0, 0.1, -0.05, math.nan])).tolist() == pytest.approx(
        [1, math.exp(0.35), math.exp(-0.175), 1]
    )
    source = drawn([(0, 1), (1, 2)], [100.0, 0.0], elevation_m=np.array([50.0, 60.0, 90.0, math.nan]))
    built = build(source, slope=tobler)
    assert walked(built.network, 10, 11) == pytest.approx(100 * math.exp(0.35))
    assert walked(built.network, 11, 10) == pytest.approx(100 * math.exp(3.5 * 0.05 - 0.175))
    assert walked(built.network, 11, 12) == 0, "no length, no slope"
    assert contract(built.network).directed and not contract(build(source).network).directed
    steep = WalkingFunction(3.5, 0.05, 0.2).factor(np.array([9.0]))
    assert steep[0] == pytest.approx(math.exp(3.5 * 0.2))
    with pytest.raises(KeyError):
        walking_function("nobody")


def test_a_projection_must_be_in_metres() -> None:
    for crs in ("EPSG:4326", "EPSG:2263"):
        with pytest.raises(ValueError, match="metres"):
            build(drawn([(0, 1)], [1.0]), crs=crs)
    assert build(drawn([(0, 1)], [1.0]), crs="EPSG:4547").report.crs == "EPSG:4547"


def test_the_order_of_nodes_follows_a_hilbert_curve() -> None:
    """On a full square of 16 x 16 each step of the curve goes to a neighbour."""
    square = np.array([(x, y) for x in range(16) for y in range(16)], float)
    order = hilbert_order(np.random.default_rng(1).permutation(square))
    assert sorted(order.tolist()) == list(range(256))
    walk = np.random.default_rng(1).permutation(square)[order]
    assert (np.abs(np.diff(walk, axis=0)).sum(axis=1) == 1).all()
    assert hilbert_order(np.zeros((3, 2))).tolist() == [0, 1, 2] and not len(hilbert_order(np.zeros((0, 2))))


def test_every_row_of_the_tables_says_where_it_is_from() -> None:
    tables = sorted(DATA.glob("*.csv"))
    assert {"walkable.csv", "crossing_delays.csv", "walking_functions.csv", "barriers.csv"} <= {t.name for t in tables}
    for table in tables:
        for row in csv.DictReader(table.open(encoding="utf-8")):
            assert row["provenance"] in {"sourced", "provisional"} and row["source"], (table.name, row)
            assert None not in row, (table.name, row)


def test_a_table_of_rules_is_checked(tmp_path: Path) -> None:
    head = "rank,key,value,foot,provenance,source\n"
    (tmp_path / "rules.csv").write_text(head + "1,highway,steps,maybe,provisional,x\n")
    with pytest.raises(ValueError, match="line 2: foot is 'maybe'"):
        tag_rules(tmp_path / "rules.csv")
    (tmp_path / "rules.csv").write_text(head)
    with pytest.raises(ValueError, match="no rules"):
        tag_rules(tmp_path / "rules.csv")


def test_plain_networks_are_checked() -> None:
    for edge, length in (([[0, -1]], [1.0]), ([[0, 1]], [-1.0]), ([[0, 1]], [math.nan]), ([[0, 1]], [1.0, 2.0])):
        with pytest.raises(ValueError):
            plain_network(np.array(edge), np.array(length))
    with pytest.raises(ValueError, match="not there"):
        plain_network(np.array([[0, 2]]), np.array([1.0]), np.zeros((2, 2)))


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.floats(0, 500)), max_size=14),
    st.randoms(use_true_random=False),
)
@settings(max_examples=80, deadline=None)
def test_the_order_and_names_of_the_source_change_nothing(edges: list[tuple[int, int, float]], random: object) -> None:
    place = np.random.default_rng(3).uniform((116.3, 39.8), (116.4, 39.9), (8, 2))
    new = list(range(100, 108))
    random.shuffle(new)  # type: ignore[attr-defined]
    shuffled = list(edges)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = build(source_of(range(8), *place.T, *_columns(edges)))
    by_new = np.argsort(new)
    two = build(
        source_of(
            np.array(new)[by_new],
            *place[by_new].T,
            *_columns([(new[v], new[u], m) for u, v, m in shuffled]),
        )
    )
    assert one.report.length_m == pytest.approx(two.report.length_m)
    np.testing.assert_allclose(_matrix(two, new), _matrix(one, list(range(8))), atol=1e-9)
    assert one.report.component_nodes.sum() == two.report.component_nodes.sum()


def _columns(edges: list[tuple[int, int, float]]) -> tuple[list[int], list[int], list[float]]:
    return [e[0] for e in edges], [e[1] for e in edges], [e[2] for e in edges]


def _matrix(built: Build, ids: list[int]) -> list[list[float]]:
    there = set(built.network.node_id.tolist())
    return [[walked(built.network, a, b) if {a, b} <= there else -1.0 for b in ids] for a in ids]


def test_xicheng_is_built_whole(reference: Reference) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    nodes = pq.read_table(reference("xicheng/walk_nodes.parquet"))
    edges = pq.read_table(reference("xicheng/walk_edges.parquet"))
    columns = (nodes["id"], nodes["lon"], nodes["lat"], edges["u"], edges["v"], edges["length_m"])
    built = build(source_of(*(c.to_numpy() for c in columns), tags={"highway": Tag.of(edges["highway"].to_pylist())}))
    assert (built.report.nodes, built.report.edges, built.report.findings) == (43_128, 48_777, ())
    assert built.report.component_nodes[0] == 42_411
    network = built.network
    straight = np.hypot(*(network.node_xy[network.edge[:, 0]] - network.node_xy[network.edge[:, 1]]).T)
    # the lengths of the pack are measured on a sphere, up to 0.2 % beside the ellipsoid
    np.testing.assert_allclose(network.length_m, straight, rtol=3e-3, atol=0.06)
    size = len(network.node_xy)
    rows = csr_array((network.length_m, (network.edge[:, 0], network.edge[:, 1])), (size, size))
    ids = nodes["id"].to_numpy()
    at = built.nodes_of(ids)
    assert (network.node_id[at] == ids).all()
    assert np.isfinite(dijkstra(rows, directed=False, indices=int(at[5]), limit=1200)).sum() > 10
