"""The solvers beside what others worked out: hand-made traps, networkx on cityseer's streets, pandana's Seattle sample."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from linli_engines.reach.building import plain_network
from linli_engines.reach.contraction import contract
from linli_engines.reach.network import Graph, Places
from linli_engines.reach.places import places_at_nodes, places_on_edges
from linli_engines.reach.solving import Scenarios, nearest, reach

Reference = Callable[[str], Path]
WAYS = ("origins", "facilities", "items", "lanes")
TRAPS = (
    "path_same_edge", "two_components", "exactly_at_cap", "one_way", "parallel_edges", "zero_length",
    "self_loop_same_edge", "offsets_both_ends",
)  # fmt: skip
"""Of the ten traps the crossing's delay and the barrier belong to building and placing, which have tests of their own."""


def spot(graph: Graph, where: dict[str, float]) -> Places:
    if "node" in where:
        return places_at_nodes(graph, [int(where["node"])])
    return places_on_edges(graph, [int(where["edge"])], [where["offset"]])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", TRAPS)
def test_hand_made_traps(reference: Reference, name: str, way: str) -> None:
    traps = {row["name"]: row for row in json.loads(reference("reach/golden_small.json").read_text(encoding="utf-8"))}
    trap = traps[name]
    edges = np.array(trap["edges"])
    back = np.full(len(edges), math.inf) if trap.get("directed") else None
    graph = contract(plain_network(edges[:, :2].astype(int), edges[:, 2], backward_m=back))
    found = nearest(
        graph,
        spot(graph, trap["origin"]),
        spot(graph, trap["facility"]),
        np.array([0]),
        1,
        trap.get("cap", 2000.0),
        way=way,  # type: ignore[arg-type]
    )[0, 0]
    assert found == pytest.approx(math.inf if trap["expect"] is None else trap["expect"], abs=0.001)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("way", WAYS)
def test_distances_of_networkx_on_the_streets_of_cityseer(reference: Reference, way: str) -> None:
    folder = reference("reach/cityseer_mock")
    edges = table(folder / "edges.csv")
    want = np.array([[float(v) for k, v in row.items() if k] for row in table(folder / "node_distances_networkx.csv")])
    pairs = np.array([[int(row["u"]), int(row["v"])] for row in edges])
    xy = np.array([[float(row["x"]), float(row["y"])] for row in table(folder / "nodes.csv")])
    graph = contract(plain_network(pairs, np.array([float(row["length"]) for row in edges]), xy))
    nodes = np.arange(len(xy))
    everywhere = places_at_nodes(graph, nodes)
    placed = everywhere.arc >= 0
    found = nearest(graph, everywhere, everywhere, nodes, len(nodes), 5000.0, way=way)  # type: ignore[arg-type]
    both = np.ix_(placed, placed)
    np.testing.assert_allclose(found[both], want[both], rtol=0, atol=0.01)
    alone = np.isinf(want).sum(axis=1) == len(want) - 1
    assert (~placed == alone).all(), "only nodes without streets have no place"


def test_the_sample_of_pandana(reference: Reference) -> None:
    folder = reference("reach/pandana")
    nodes, edges = table(folder / "nodes.csv"), table(folder / "edges.csv")
    number = {row["id"]: i for i, row in enumerate(nodes)}
    lon_lat = np.array([[float(row["x"]), float(row["y"])] for row in nodes])
    pairs = np.array([[number[row["from"]], number[row["to"]]] for row in edges])
    weight = np.array([float(row["weight"]) for row in edges])
    graph = contract(plain_network(pairs, weight))
    pois = [int(np.hypot(*(lon_lat - at).T).argmin()) for at in ((-122.31, 47.60), (-122.31, 47.60), (-122.32, 47.61))]
    asked = [number[name] for name in ("53114882", "53114880", "53227769")]
    homes, facilities = places_at_nodes(graph, asked), places_at_nodes(graph, pois)
    found = reach(graph, homes, facilities, np.zeros(3, int), 1, 2000.0)
    assert found.nearest_m[:, 0].tolist() == [7, 6, math.inf]
    assert found.second_m[:, 0].tolist() == [13, 14, math.inf]
    assert found.count[:, 0].tolist() == [3, 3, 0]


def test_beijing_against_scipy(reference: Reference) -> None:
    """Inner Beijing as it ships: places against dijkstra over all raw nodes, and every node's row for its nodes."""
    path = reference("xicheng/walk_edges.parquet")
    import pyarrow.parquet as pq

    edges = pq.read_table(path, columns=["u", "v", "length_m"])
    ids, pairs = np.unique(np.column_stack((edges["u"].to_numpy(), edges["v"].to_numpy())), return_inverse=True)
    length = edges["length_m"].to_numpy().astype(np.float64)
    pairs, rng = pairs.reshape(-1, 2), np.random.default_rng(7)
    network = plain_network(pairs, length, np.zeros((len(ids), 2)))
    graph, items = contract(network), 12
    at, homes = rng.integers(0, len(ids), 600), rng.integers(0, len(ids), 400)
    item = rng.integers(0, items, 600)
    u, v = np.sort(pairs, axis=1).T
    order = np.lexsort((length, v, u))
    first = np.append(True, (np.diff(u[order]) != 0) | (np.diff(v[order]) != 0))
    keep = order[first & (u[order] != v[order])]
    rows = csr_array((np.maximum(length[keep], 1e-9), (u[keep], v[keep])), (len(ids), len(ids)))
    least = dijkstra(rows, directed=False, indices=homes, limit=1300)[:, at]
    want = np.column_stack([np.where(least <= 1200, least, np.inf)[:, item == k].min(axis=1) for k in range(items)])
    places, facilities = places_at_nodes(graph, homes), places_at_nodes(graph, at)
    for way in WAYS:
        found = nearest(graph, places, facilities, item, items, 1200.0, way=way)  # type: ignore[arg-type]
        np.testing.assert_allclose(found, want, rtol=0, atol=0.005)
    rows_found = Scenarios(graph, 1200.0).table(facilities, item, items, 1200.0, way="lanes").metres(homes)
    both = np.isfinite(rows_found) & np.isfinite(want)
    assert both.sum() > 500 and (np.isfinite(rows_found) != np.isfinite(want)).sum() <= 1
    np.testing.assert_allclose(rows_found[both], want[both], rtol=0, atol=0.05)
