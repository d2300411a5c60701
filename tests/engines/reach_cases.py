"""Random networks with places and facilities, and what an oracle says of them: scipy on the raw edges, cut at every point."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from linli_engines.reach.building import plain_network
from linli_engines.reach.contraction import contract
from linli_engines.reach.network import Graph, Network, Places
from linli_engines.reach.places import places_on_edges

NOTHING_M = 1e-9
"""Sparse graphs take a cost of zero for no edge."""


@dataclass(frozen=True)
class Spots:
    """Where points lie on the raw edges: edge (k,), share (k,) of the way along it, snap_m (k,)."""

    edge: np.ndarray
    share: np.ndarray
    snap_m: np.ndarray

    def on(self, graph: Graph) -> Places:
        length = np.append(graph.network.length_m, 0.0)[self.edge]
        return places_on_edges(graph, self.edge, self.share * length, snap_m=self.snap_m)

    def only(self, chosen: object) -> Spots:
        return Spots(self.edge[chosen], self.share[chosen], self.snap_m[chosen])  # type: ignore[index]

    def __add__(self, other: Spots) -> Spots:
        return Spots(*(np.concatenate((getattr(self, f.name), getattr(other, f.name))) for f in fields(self)))


@dataclass(frozen=True)
class Case:
    network: Network
    graph: Graph
    homes: Spots
    facilities: Spots
    item: np.ndarray
    items: int
    cap_m: float


def random_case(seed: int, *, nodes: int = 30, homes: int = 25, facilities: int = 40, items: int = 6) -> Case:
    """Loops, parallel edges, chains, zero lengths, closed edges, several components; every second one is directed."""
    rng = np.random.default_rng(seed)
    nodes = int(rng.integers(1, nodes + 1))
    network = random_network(rng, nodes, directed=seed % 2 == 1)
    spots = random_spots(rng, network, homes), random_spots(rng, network, facilities)
    spots[1].edge[:3], spots[1].share[:3], spots[1].snap_m[:3] = (
        spots[0].edge[:3],
        spots[0].share[:3],
        spots[0].snap_m[:3],
    )
    item = rng.integers(0, max(items - 1, 1), facilities)  # the last item has no facility
    return Case(network, contract(network), *spots, item, items, float(rng.uniform(30, 900)))


def random_network(rng: np.random.Generator, nodes: int, *, directed: bool) -> Network:
    size = int(rng.integers(1, 2 * nodes + 2))
    chain = np.column_stack((np.arange(size), np.arange(1, size + 1))) % nodes
    edge = np.where(rng.random((size, 1)) < 0.5, chain, rng.integers(0, nodes, (size, 2))).astype(np.int32)
    length = rng.uniform(1, 300, size).round(2)
    length[rng.random(size) < 0.08] = 0
    there = length * rng.uniform(1, 1.5, size) if directed else length.copy()
    back = length * rng.uniform(1, 1.5, size) if directed else there
    if directed:
        there[(rng.random(size) < 0.15) & (length > 0)] = math.inf
        back[(rng.random(size) < 0.15) & (length > 0)] = math.inf
    else:
        there[rng.random(size) < 0.05] = math.inf
    xy = rng.uniform(0, 1000, (nodes, 2))
    return plain_network(edge, length, xy, forward_m=there, backward_m=back if directed else None)


def random_spots(rng: np.random.Generator, network: Network, count: int) -> Spots:
    edge = rng.integers(0, len(network.edge), count)
    share = rng.random(count)
    share[rng.random(count) < 0.1], share[rng.random(count) < 0.1] = 0, 1
    share[network.length_m[edge] == 0] = 0
    edge[rng.random(count) < 0.04] = -1
    return Spots(edge, share, rng.uniform(0, 40, count))


def walked(network: Network, homes: Spots, facilities: Spots) -> np.ndarray:
    """(homes, facilities) float64 metres, inf where there is no way."""
    both = homes + facilities
    nodes, cost = len(network.node_xy), {}

    def join(u: int, v: int, metres: float) -> None:
        if math.isfinite(metres):
            cost[u, v] = min(cost.get((u, v), math.inf), max(metres, NOTHING_M))

    for e, (u, v) in enumerate(network.edge.tolist()):
        on = np.flatnonzero(both.edge == e)
        on = on[np.argsort(both.share[on], kind="stable")]
        stops = [(u, 0.0), *((nodes + int(i), float(both.share[i])) for i in on), (v, 1.0)]
        for (a, low), (b, high) in pairwise(stops):
            # one spot is one spot, whichever way the edge is closed
            join(a, b, network.forward_m[e] * (high - low) if high > low else 0.0)
            join(b, a, network.backward_m[e] * (high - low) if high > low else 0.0)
    size = nodes + len(both.edge)
    pairs = np.array(list(cost), np.int64).reshape(-1, 2)
    rows = csr_array((np.array(list(cost.values())), (pairs[:, 0], pairs[:, 1])), (size, size))
    at = nodes + np.arange(len(both.edge))
    least = dijkstra(rows, indices=at[: len(homes.edge)])[:, at[len(homes.edge) :]]
    least = least + homes.snap_m[:, None] + facilities.snap_m[None, :]
    same = (homes.edge[:, None] == facilities.edge) & (homes.share[:, None] == facilities.share)
    least[same & (homes.snap_m[:, None] == facilities.snap_m)] = 0
    open_edge = np.append(np.isfinite(network.forward_m) | np.isfinite(network.backward_m), False)
    least[~open_edge[homes.edge]] = np.inf
    least[:, ~open_edge[facilities.edge]] = np.inf
    return least


def expected(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nearest, second and count by sorting the oracle's metres."""
    metres = walked(case.network, case.homes, case.facilities)
    metres = np.where(metres <= case.cap_m, metres, np.inf)
    ranked = [
        np.sort(np.pad(metres[:, case.item == k], ((0, 0), (0, 2)), constant_values=np.inf)) for k in range(case.items)
    ]
    nearest, second = (np.column_stack([rows[:, i] for rows in ranked]) for i in (0, 1))
    return nearest, second, np.column_stack([np.isfinite(rows).sum(axis=1) for rows in ranked])
