"""Places on the graph from places on edges and nodes: what it costs to the ends of their arcs, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from linli_engines.reach.network import Float, Graph, Int, Places


def main_arcs(graph: Graph) -> NDArray[np.bool_]:
    """(m,) whether an arc is in the component of the greatest length, directions aside."""
    n = len(graph.node)
    if not len(graph.arc):
        return np.zeros(0, np.bool_)
    # int8 ones: a cost of zero joins as well
    rows = csr_array((np.ones(len(graph.head), np.int8), graph.head, graph.start), (n, n))
    label = connected_components(rows, directed=False)[1][graph.arc[:, 0]]
    return np.asarray(label == np.bincount(label, graph.arc_length_m).argmax(), np.bool_)


def places_on_edges(graph: Graph, edge: ArrayLike, offset_m: ArrayLike, *, snap_m: ArrayLike | None = None) -> Places:
    """Places at given edges, `offset_m` along `length_m` from edge[:, 0]; -1 is no place, as is a closed edge.

    Without snap_m the places lie on the network. Their points lie on the straight line between the edge's ends.
    """
    e, offset = np.asarray(edge, np.int32), np.asarray(offset_m, np.float64)
    network = graph.network
    length = np.append(network.length_m, 0.0)[e]
    share = np.clip(np.divide(offset, length, out=np.zeros(len(e)), where=length > 0), 0.0, 1.0)
    ends = np.concatenate((network.edge, [[0, 0]]))[e]
    xy = np.full((len(e), 2), np.nan)
    on = e >= 0
    tail, head = network.node_xy[ends[on, 0]], network.node_xy[ends[on, 1]]
    xy[on] = tail + share[on, None] * (head - tail)
    return places_at(graph, e, share, np.zeros(len(e)) if snap_m is None else np.asarray(snap_m, np.float64), xy)


def places_at_nodes(graph: Graph, node: ArrayLike) -> Places:
    """Places at nodes of the network; -1, and nodes without an open edge, are no place."""
    wanted = np.asarray(node, np.int32)
    network = graph.network
    is_open = np.flatnonzero(graph.edge_arc >= 0)
    edge_at, is_head = np.full(len(network.node_xy) + 1, -1, np.int32), np.zeros(len(network.node_xy) + 1, np.bool_)
    for side in (1, 0):
        edge_at[network.edge[is_open, side]] = is_open
        is_head[network.edge[is_open, side]] = side == 1
    xy = np.concatenate((network.node_xy, [[np.nan, np.nan]]))[wanted]
    return places_at(graph, edge_at[wanted], is_head[wanted].astype(np.float64), np.zeros(len(wanted)), xy)


def places_at(graph: Graph, edge: Int, share: Float, snap_m: Float, xy: Float, point_xy: Float | None = None) -> Places:
    """Places at a share (0 to 1) of the cost of edges, from edge[:, 0]; -1 is no place, as is a closed edge."""
    network = graph.network
    arc = np.where(edge >= 0, np.append(graph.edge_arc, -1)[edge], -1).astype(np.int32)
    on = np.flatnonzero(arc >= 0)
    e, a = edge[on], arc[on]
    length, against = network.length_m[e], graph.edge_reversed[e]
    walked = np.where(against, 1 - share[on], share[on])
    there = np.where(against, network.backward_m[e], network.forward_m[e])
    back = np.where(against, network.forward_m[e], network.backward_m[e])
    along, offset = np.zeros(len(edge)), np.zeros(len(edge))
    along[on] = graph.edge_along_m[e] + walked * np.where(length > 0, length, np.minimum(there, back))
    offset[on] = share[on] * length
    whole = graph.arc_length_m[a]
    # on an arc of no length only the share tells its ends apart
    at_start = (along[on] <= 0) & ((whole > 0) | (walked <= 0))
    at_end = (along[on] >= whole) & ((whole > 0) | (walked >= 1))
    there_m = _both_ends(graph.edge_forward_m[e], there, walked, graph.arc_forward_m[a], at_start, at_end)
    from_start, to_end = (_spread(m, on, len(edge)) for m in there_m)
    to_start, from_end = from_start, to_end
    if graph.directed:
        back_m = _both_ends(graph.edge_backward_m[e], back, walked, graph.arc_backward_m[a], at_start, at_end)
        to_start, from_end = (_spread(m, on, len(edge)) for m in back_m)
    found = np.where(arc >= 0, edge, -1).astype(np.int32)
    points = xy if point_xy is None else point_xy
    return Places(arc, to_start, to_end, from_start, from_end, snap_m, along, found, offset, xy, points)


def _both_ends(
    near: Float, whole: Float, walked: Float, arc: Float, at_start: NDArray[np.bool_], at_end: NDArray[np.bool_]
) -> tuple[Float, Float]:
    """Cost between a place and the arc's start, and its end, in one direction; inf where that direction is closed."""
    is_open = np.isfinite(arc)
    start = np.full(len(arc), np.inf)
    start[is_open] = near[is_open] + walked[is_open] * whole[is_open]
    end = np.full(len(arc), np.inf)
    end[is_open] = np.maximum(arc[is_open] - start[is_open], 0.0)
    start[at_start & ~is_open], end[at_end & ~is_open] = 0.0, 0.0
    return start, end


def _spread(values: Float, on: NDArray[np.int64], size: int) -> Float:
    filled = np.full(size, np.inf)
    filled[on] = values
    return filled
