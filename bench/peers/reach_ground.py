"""The networks, facilities and homes that `bench/reach.py` measures on, and the same numbers for its peers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from linli_engines.reach.building import build
from linli_engines.reach.contraction import contract
from linli_engines.reach.network import Graph, Network, Places
from linli_engines.reach.places import places_at_nodes
from linli_engines.reach.reading import read_tables

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "packs" / "xicheng"
REFERENCE = Path(os.environ.get("LINLI_REFERENCE") or ROOT.parent / "shared" / "data")
ITEMS, EACH, CAP_M, HOMES = 180, 500, 1_200.0, 7_000

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Ground:
    """A network with `EACH` facilities of every item at nodes of its largest component, and homes at other nodes."""

    name: str
    network: Network
    graph: Graph
    node: Ints
    item: Ints
    home: Ints

    @property
    def facilities(self) -> Places:
        return places_at_nodes(self.graph, self.node)

    def some(self, items: int) -> tuple[Places, Ints]:
        """The facilities of the first items alone."""
        keep = self.item < items
        return places_at_nodes(self.graph, self.node[keep]), self.item[keep]


def sources() -> dict[str, tuple[Path, Path]]:
    """Nodes and edges of each network that is there."""
    named = {
        "Xicheng": (PACK / "walk_nodes.parquet", PACK / "walk_edges.parquet"),
        "Beijing": (
            REFERENCE / "beijing" / "region_walk_nodes.parquet", REFERENCE / "beijing" / "region_walk_edges.parquet",
        ),
    }  # fmt: skip
    return {name: files for name, files in named.items() if all(file.is_file() for file in files)}


def network_of(name: str) -> Network:
    nodes, edges = sources()[name]
    return build(read_tables(nodes, edges)).network


def ground_on(name: str, network: Network, graph: Graph | None = None, items: int = ITEMS) -> Ground:
    """The same places on every machine: drawn from nodes of the largest component by a fixed seed."""
    chance = np.random.default_rng(180)
    _, part = sparse.csgraph.connected_components(matrix_of(network), directed=False)
    main = np.flatnonzero(part == np.bincount(part).argmax()).astype(np.int32)
    node = main[chance.integers(0, len(main), items * EACH)]
    item = np.repeat(np.arange(items, dtype=np.int32), EACH)
    home = main[chance.integers(0, len(main), HOMES)]
    return Ground(name, network, contract(network) if graph is None else graph, node, item, home)


def clipped(network: Network, share: float) -> Network:
    """About that share of the nodes: those nearest the middle, with the edges between them."""
    from linli_engines.reach.building import plain_network

    middle = np.median(network.node_xy, axis=0)
    far = np.hypot(*(network.node_xy - middle).T)
    inside = far <= np.quantile(far, share)
    number = np.cumsum(inside) - 1
    keep = inside[network.edge].all(axis=1) & np.isfinite(network.forward_m)
    return plain_network(number[network.edge[keep]], network.length_m[keep], node_xy=network.node_xy[inside])


def matrix_of(network: Network) -> sparse.csr_array:
    """Metres between nodes for scipy: the shortest of parallel edges, no loops, a nanometre where there is no length."""
    u, v = network.edge.T.astype(np.int64)
    keep = (u != v) & np.isfinite(network.forward_m)
    low, high, metres = np.minimum(u, v)[keep], np.maximum(u, v)[keep], np.maximum(network.forward_m[keep], 1e-9)
    order = np.lexsort((metres, high, low))
    low, high, metres = low[order], high[order], metres[order]
    first = np.append(True, (low[1:] != low[:-1]) | (high[1:] != high[:-1]))
    n = len(network.node_xy)
    return sparse.csr_array((metres[first], (low[first], high[first])), shape=(n, n))
