"""The contracted graph against the raw network: distances between any two nodes stay, and nothing gets lost."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from linli_engines.reach.building import plain_network
from linli_engines.reach.contraction import contract
from linli_engines.reach.network import Graph, Network

Reference = Callable[[str], Path]
Edge = tuple[int, int, float, float]


def closure(least: np.ndarray) -> np.ndarray:
    """All shortest ways by plain relaxation. (scipy's dense graphs take a cost of zero for no edge.)"""
    for k in range(len(least)):
        np.minimum(least, least[:, k : k + 1] + least[k : k + 1], out=least)
    return least


def raw_distances(network: Network) -> np.ndarray:
    """(N, N) over the edges as they are: no graph library, no contraction."""
    size = len(network.node_xy)
    least = np.full((size, size), np.inf)
    np.fill_diagonal(least, 0)
    for (u, v), there, back in zip(network.edge.tolist(), network.forward_m, network.backward_m, strict=True):
        least[u, v], least[v, u] = min(least[u, v], there), min(least[v, u], back)
    return closure(least)


def graph_distances(graph: Graph, *, back: bool = False) -> np.ndarray:
    rows = (graph.back_start, graph.back_head, graph.back_cost_m) if back else (graph.start, graph.head, graph.cost_m)
    n = len(graph.node)
    least = np.full((n, n), np.inf)
    np.fill_diagonal(least, 0)
    for v in range(n):
        for i in range(rows[0][v], rows[0][v + 1]):
            assert rows[1][i] != v
            assert math.isinf(least[v, rows[1][i]]), "parallel arcs"
            least[v, rows[1][i]] = rows[2][i]
    return closure(least)


def whole(graph: Graph) -> np.ndarray:
    """(N, N) distances between network nodes as a user of the graph works them out."""
    between = graph_distances(graph)
    on = np.flatnonzero(graph.node_arc >= 0)
    found = np.full((len(graph.node_arc),) * 2, np.inf)
    np.fill_diagonal(found, 0)
    arc = graph.node_arc[on]
    with np.errstate(invalid="ignore"):
        from_start, to_start = graph.node_forward_m[on], graph.node_backward_m[on]
        to_end = np.nan_to_num(graph.arc_forward_m[arc] - from_start, nan=np.inf, posinf=np.inf)
        from_end = np.nan_to_num(graph.arc_backward_m[arc] - to_start, nan=np.inf, posinf=np.inf)
        at = {int(v): i for i, v in enumerate(graph.node)}
        for i, v in enumerate(on):
            if int(v) in at:  # a graph node is its own end, whatever arc it is filed under
                to_start[i], from_start[i] = (
                    (0, 0) if graph.arc[arc[i], 0] == at[int(v)] else (to_start[i], from_start[i])
                )
                to_end[i], from_end[i] = (0, 0) if graph.arc[arc[i], 1] == at[int(v)] else (to_end[i], from_end[i])
        leave = [(to_start, graph.arc[arc, 0]), (to_end, graph.arc[arc, 1])]
        enter = [(from_start, graph.arc[arc, 0]), (from_end, graph.arc[arc, 1])]
        best = np.full((len(on), len(on)), np.inf)
        for out_m, out_node in leave:
            for in_m, in_node in enter:
                best = np.fmin(best, out_m[:, None] + between[np.ix_(out_node, in_node)] + in_m[None, :])
        direct = np.fmax(from_start[None, :] - from_start[:, None], to_start[:, None] - to_start[None, :])
        direct[(direct < -1e-9) | (arc[:, None] != arc[None, :])] = np.inf
    found[np.ix_(on, on)] = np.fmin(best, direct)
    np.fill_diagonal(found, 0)
    return found


def network_of(edges: list[Edge], nodes: int) -> Network:
    pairs = np.array([e[:2] for e in edges], np.int32).reshape(-1, 2)
    there = np.array([e[2] for e in edges])
    back = np.array([e[3] for e in edges])
    length = np.minimum(there, back)
    length[np.isinf(length)] = 1
    xy = np.column_stack((np.arange(nodes), np.zeros(nodes))).astype(float)
    return plain_network(pairs, length, xy, forward_m=there, backward_m=None if (there == back).all() else back)


def assert_same(network: Network) -> Graph:
    graph = contract(network)
    want = raw_distances(network)
    np.testing.assert_allclose(whole(graph), want, rtol=0, atol=1e-6)
    kept = want[np.ix_(graph.node, graph.node)]
    np.testing.assert_allclose(graph_distances(graph), kept, rtol=0, atol=1e-6)
    np.testing.assert_allclose(graph_distances(graph, back=True).T, kept, rtol=0, atol=1e-6)
    return graph


METRES = st.one_of(st.just(0.0), st.integers(1, 400).map(float), st.floats(0.01, 1000))


@st.composite
def undirected(draw: st.DrawFn) -> tuple[list[Edge], int]:
    """Sparse, so that chains, rings and scraps abound; loops, parallels and closed edges among them."""
    nodes = draw(st.integers(1, 14))
    ends = st.integers(0, nodes - 1)
    closed = st.integers(0, 9).map(lambda k: k == 0)
    rows = draw(st.lists(st.tuples(ends, ends, METRES, closed), max_size=18))
    return [(u, v, math.inf if shut else m, math.inf if shut else m) for u, v, m, shut in rows], nodes


@st.composite
def directed(draw: st.DrawFn) -> tuple[list[Edge], int]:
    nodes = draw(st.integers(1, 10))
    ends = st.integers(0, nodes - 1)
    cost = st.one_of(METRES, st.just(math.inf))
    return draw(st.lists(st.tuples(ends, ends, cost, cost), max_size=14)), nodes


@given(undirected())
@example(([(0, 0, 5.0, 5.0)], 1))
@example(([(0, 1, 5.0, 5.0), (1, 0, 7.0, 7.0)], 2))
@example(([(0, 1, 5.0, 5.0), (1, 2, 7.0, 7.0), (2, 0, 1.0, 1.0), (3, 4, 1.0, 1.0)], 6))
@settings(max_examples=300, deadline=None)
def test_contraction_keeps_every_distance(drawn: tuple[list[Edge], int]) -> None:
    assert not assert_same(network_of(*drawn)).directed


@given(directed())
@example(([(1, 0, 0.0, math.inf), (2, 1, 0.0, math.inf)], 3))
@example(([(0, 1, 5.0, math.inf), (1, 2, 0.0, math.inf), (2, 0, 1.0, math.inf)], 3))
@settings(max_examples=300, deadline=None)
def test_contraction_keeps_every_distance_of_a_directed_network(drawn: tuple[list[Edge], int]) -> None:
    assert_same(network_of(*drawn))


@given(undirected(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_relabelling_nodes_and_edges_changes_nothing(drawn: tuple[list[Edge], int], random: Any) -> None:
    edges, nodes = drawn
    new = list(range(nodes))
    random.shuffle(new)
    turned = [(new[v], new[u], m, m) if random.random() < 0.5 else (new[u], new[v], m, m) for u, v, m, _ in edges]
    random.shuffle(turned)
    one, two = contract(network_of(edges, nodes)), contract(network_of(turned, nodes))
    np.testing.assert_allclose(whole(two)[np.ix_(new, new)], whole(one), rtol=0, atol=1e-6)
    assert sorted(one.arc_length_m.round(6)) == sorted(two.arc_length_m.round(6))


@given(undirected())
@settings(max_examples=100, deadline=None)
def test_every_open_edge_lies_on_one_arc_and_lengths_add_up(drawn: tuple[list[Edge], int]) -> None:
    network = network_of(*drawn)
    graph = contract(network)
    is_open = np.isfinite(network.forward_m)
    assert ((graph.edge_arc >= 0) == is_open).all()
    np.testing.assert_allclose(
        np.bincount(graph.edge_arc[is_open], network.length_m[is_open], len(graph.arc)), graph.arc_length_m
    )
    for a in range(len(graph.arc)):
        on = np.flatnonzero(graph.edge_arc == a)
        on = on[np.lexsort((graph.edge_forward_m[on] + network.forward_m[on], graph.edge_forward_m[on]))]
        near = graph.edge_forward_m[on]
        np.testing.assert_allclose(near[1:], (near + network.forward_m[on])[:-1], atol=1e-6)
        np.testing.assert_allclose(graph.edge_along_m[on], near, atol=1e-6)
    degree = np.bincount(network.edge[is_open].ravel(), minlength=len(network.node_xy))
    rings = degree[graph.node] == 2
    assert (degree[degree != 2] > 0).sum() + rings.sum() == len(graph.node)


def test_nothing_at_all_and_one_edge() -> None:
    empty = contract(plain_network(np.zeros((0, 2)), np.zeros(0)))
    assert len(empty.node) == len(empty.arc) == 0 and empty.start.tolist() == [0]
    one = contract(plain_network(np.array([[0, 1]]), np.array([100.0])))
    assert one.node.tolist() == [0, 1] and one.cost_m.tolist() == [100.0, 100.0]


def test_the_traps_of_the_golden_file(reference: Reference) -> None:
    cases = {c["name"]: c for c in json.loads(reference("reach/golden_small.json").read_text())}
    for name in ("two_components", "exactly_at_cap", "one_way", "parallel_edges", "zero_length"):
        case = cases[name]
        edges = [(int(u), int(v), m, math.inf if case.get("directed") else m) for u, v, m in case["edges"]]
        network = network_of(edges, 1 + max(max(e[:2]) for e in edges))
        got = whole(contract(network))[case["origin"]["node"], case["facility"]["node"]]
        assert got == (math.inf if case["expect"] is None else case["expect"]), case["trap"]


def test_xicheng_by_scipy_on_the_raw_network(reference: Reference) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    nodes = pq.read_table(reference("xicheng/walk_nodes.parquet"), columns=["id"])["id"].to_numpy()
    table = pq.read_table(reference("xicheng/walk_edges.parquet"), columns=["u", "v", "length_m"])
    order = np.argsort(nodes)
    ends = [order[np.searchsorted(nodes[order], table[c].to_numpy())] for c in ("u", "v")]
    network = plain_network(np.column_stack(ends), table["length_m"].to_numpy().astype(float))
    graph = contract(network)
    key = np.sort(network.edge, axis=1)
    rank = np.lexsort((network.length_m, key[:, 1], key[:, 0]))
    first = rank[np.append(True, (np.diff(key[rank], axis=0) != 0).any(axis=1))]
    size = len(network.node_xy)
    raw = csr_array((network.length_m[first], (key[first, 0], key[first, 1])), (size, size))
    small = csr_array((graph.cost_m, graph.head, graph.start), (len(graph.node),) * 2)
    some = np.arange(0, len(graph.node), len(graph.node) // 7)
    want = dijkstra(raw, directed=False, indices=graph.node[some], limit=5000)[:, graph.node]
    got = dijkstra(small, directed=True, indices=some, limit=5000)
    np.testing.assert_allclose(got, want, atol=1e-6)
    assert len(graph.node) < 0.3 * size
