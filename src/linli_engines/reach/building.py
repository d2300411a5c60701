"""From a drawn network to a clean one in metres. What is dropped, mended or odd is counted, with reasons and examples.

Walking knows no one-way streets: that tag is for cars and is not read. Edges of no length stay, since they connect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from linli_engines.reach.cleaning import Cleaned, clean
from linli_engines.reach.network import Float, Int, Network
from linli_engines.reach.ordering import hilbert_order
from linli_engines.reach.penalties import WalkingFunction, slope_costs, stars
from linli_engines.reach.report import BuildReport, Findings
from linli_engines.reach.source import Source
from linli_engines.reach.walkable import TagRule, tag_rules

NO_SOURCE = -1


@dataclass(frozen=True)
class Build:
    """A network, how it came about, and the way back to the source.

    edge_row (E,): row of each edge in the source, -1 for the rays of a delayed crossing.
    """

    network: Network
    report: BuildReport
    edge_row: Int

    def nodes_of(self, node_id: NDArray[np.int64]) -> Int:
        """Index of each source node, -1 where it is not in the network."""
        found = pc.index_in(pa.array(node_id), value_set=pa.array(self.network.node_id))
        place = np.asarray(found.fill_null(-1), np.int32)
        return np.where(np.asarray(node_id) == NO_SOURCE, np.int32(-1), place)  # the rays' nodes have no source


def build(
    source: Source,
    *,
    crs: str | None = None,
    profile: str = "foot",
    rules: Sequence[TagRule] | None = None,
    delay_m: Mapping[int, float] | None = None,
    slope: WalkingFunction | None = None,
    least_component_m: float = 0.0,
) -> Build:
    """Clean a source and put it into metres.

    crs: a metric projection, by default the UTM zone of the middle. profile: a column of the rules; edges that may be
    walked but not passed so get inf. delay_m: walking metres lost at a node, by its id. slope: used where the source
    has heights, which makes the network directed. Components shorter than least_component_m are dropped, and listed.
    Raises ValueError: a projection not in metres, a profile no rule speaks of, a delay that is no number above zero.
    """
    found = Findings()
    c = clean(source, found, crs, profile, tag_rules() if rules is None else rules, least_component_m)
    forward, backward = c.length_m, c.length_m
    if slope is not None and c.elevation_m is not None:
        forward, backward = slope_costs(c.length_m, c.edge, c.elevation_m, slope)
    if not c.passable.all():
        forward = np.where(c.passable, forward, np.inf)
        backward = forward if slope is None or c.elevation_m is None else np.where(c.passable, backward, np.inf)
    network, edge_row = _with_delays(c, forward, backward, delay_m or {}, found)
    network, edge_row = _ordered(network, edge_row)
    sizes, lengths = _components(network)
    report = BuildReport(
        nodes_read=len(source.node_id),
        edges_read=len(source.from_id),
        nodes=len(network.node_xy),
        edges=len(network.edge),
        length_m=float(network.length_m.sum()),
        crs=network.crs,
        profile=profile,
        findings=tuple(found.rows),
        component_nodes=sizes,
        component_length_m=lengths,
    )
    return Build(_sealed(network), report, edge_row)


def plain_network(
    edge: NDArray[np.integer],
    length_m: Float,
    node_xy: Float | None = None,
    *,
    backward_m: Float | None = None,
    forward_m: Float | None = None,
    crs: str = "EPSG:32650",
) -> Network:
    """A network of what is already clean: edges by node index and metres. For tables that come without a map.

    Without node_xy the nodes lie on a line, a metre apart; without costs they are the lengths. Raises ValueError for a
    node index below zero or beyond node_xy, and for lengths or costs that are negative or no numbers.
    """
    pairs = np.ascontiguousarray(edge, np.int32).reshape(-1, 2)
    least = int(pairs.max()) + 1 if len(pairs) else 0
    xy = np.column_stack((np.arange(least, dtype=np.float64), np.zeros(least))) if node_xy is None else node_xy
    length = np.ascontiguousarray(length_m, np.float64)
    forward = length if forward_m is None else np.ascontiguousarray(forward_m, np.float64)
    backward = forward if backward_m is None else np.ascontiguousarray(backward_m, np.float64)
    if len(pairs) and (int(pairs.min()) < 0 or least > len(xy)):
        raise ValueError("an edge names a node that is not there")
    if not all(len(a) == len(pairs) and bool((a >= 0).all()) for a in (length, forward, backward)):
        raise ValueError("one length and cost per edge, zero or more")
    ids = np.arange(len(xy), dtype=np.int64)
    network = Network(ids, np.asarray(xy, np.float64), pairs, length, forward, backward, None, None, crs, "")
    return _sealed(network)


def _with_delays(
    c: Cleaned, forward: Float, backward: Float, delay_m: Mapping[int, float], found: Findings
) -> tuple[Network, Int]:
    network = Network(c.node_id, c.node_xy, c.edge, c.length_m, forward, backward, c.line_start, c.line_xy, c.crs, "")
    ids = np.array(list(delay_m), np.int64)
    metres = np.array(list(delay_m.values()), np.float64)
    if not (np.isfinite(metres) & (metres > 0)).all():
        raise ValueError("a delay is a number of metres above zero")
    at = np.asarray(pc.index_in(pa.array(ids), value_set=pa.array(c.node_id)).fill_null(-1), np.int32)
    found.add("delay_at_unknown_node", "node", ids[at < 0])
    s = stars(c.edge, len(c.node_xy), at[at >= 0], metres[at >= 0])
    if not len(s.old_node):
        return network, c.row
    line_start, line_xy = c.line_start, c.line_xy
    if line_start is not None and line_xy is not None:
        ray_xy = np.repeat(c.node_xy[s.old_node], 2, axis=0)
        line_start = np.concatenate((line_start, line_start[-1] + 2 * np.arange(1, len(s.ray_m) + 1)))
        line_xy = np.concatenate((line_xy, ray_xy))
    undirected = forward is backward
    forward = np.concatenate((forward, s.ray_m))
    grown = replace(
        network,
        node_id=np.concatenate((c.node_id, np.full(len(s.old_node), NO_SOURCE, np.int64))),
        node_xy=np.concatenate((c.node_xy, c.node_xy[s.old_node])),
        edge=np.concatenate((s.edge, s.ray_edge)),
        length_m=np.concatenate((c.length_m, np.zeros(len(s.ray_m)))),
        forward_m=forward,
        backward_m=forward if undirected else np.concatenate((backward, s.ray_m)),
        line_start=line_start,
        line_xy=line_xy,
    )
    return grown, np.concatenate((c.row, np.full(len(s.ray_m), NO_SOURCE, np.int32)))


def _ordered(network: Network, edge_row: Int) -> tuple[Network, Int]:
    """Nodes along a Hilbert curve, edges by their first node: neighbours on the ground are neighbours in memory."""
    order = hilbert_order(network.node_xy)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    edge = place[network.edge]
    by_node = np.argsort(np.minimum(edge[:, 0], edge[:, 1]), kind="stable")
    line_start, line_xy = network.line_start, network.line_xy
    if line_start is not None and line_xy is not None:
        line_start, line_xy = take_lines(line_start, line_xy, by_node)
    forward = network.forward_m[by_node]
    ordered = Network(
        node_id=network.node_id[order],
        node_xy=network.node_xy[order],
        edge=edge[by_node],
        length_m=network.length_m[by_node],
        forward_m=forward,
        backward_m=forward if network.forward_m is network.backward_m else network.backward_m[by_node],
        line_start=line_start,
        line_xy=line_xy,
        crs=network.crs,
        digest="",
    )
    return ordered, np.asarray(edge_row[by_node])


def take_lines(
    line_start: NDArray[np.int64], line_xy: Float, rows: NDArray[np.integer]
) -> tuple[NDArray[np.int64], Float]:
    """The drawn ways of `rows`, in that order."""
    size = np.diff(line_start)[rows]
    start = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(size, out=start[1:])
    corner = np.arange(start[-1]) + np.repeat(line_start[:-1][rows] - start[:-1], size)
    return start, line_xy[corner]


def _components(network: Network) -> tuple[NDArray[np.int64], Float]:
    """Nodes and length of every component joined by open edges, the longest first; nodes alone are one each."""
    label = component_of(network)
    sizes = np.bincount(label).astype(np.int64)
    lengths = np.bincount(label[network.edge[:, 0]], network.length_m, len(sizes))
    order = np.lexsort((-sizes, -lengths))
    return np.asarray(sizes[order], np.int64), np.asarray(lengths[order], np.float64)


def component_of(network: Network) -> Int:
    """(N,) number of the component each node is in, joined by open edges whatever their direction."""
    nodes = len(network.node_xy)
    tail, head = network.edge[np.isfinite(np.minimum(network.forward_m, network.backward_m))].T
    joined = coo_array((np.ones(len(tail), np.int8), (tail, head)), (nodes, nodes))
    return np.asarray(connected_components(joined, directed=False)[1], np.int32)


def _sealed(network: Network) -> Network:
    """The network with the SHA-256 of everything it holds."""
    digest = hashlib.sha256(network.crs.encode())
    for name in ("node_id", "node_xy", "edge", "length_m", "forward_m", "backward_m", "line_start", "line_xy"):
        values = getattr(network, name)
        if name == "backward_m" and network.forward_m is network.backward_m:
            continue
        digest.update(f"|{name}:{None if values is None else (values.dtype.str, values.shape)}|".encode())
        if values is not None:
            digest.update(np.ascontiguousarray(values).data)
    return replace(network, digest=digest.hexdigest())
