"""The walkable network, and its contracted graph: what every other module of the engine takes and gives.

Only shapes live here. Reading is in `reading`, cleaning in `building`, contraction in `contraction`.
All metres are walking metres in a metric projection; an undirected network holds one array of costs twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int32]


@dataclass(frozen=True)
class Network:
    """N nodes and E edges in metres.

    node_id (N,) source ids as int64; node_xy (N, 2); edge (E, 2) node indices; length_m (E,) length of the drawn way;
    forward_m, backward_m (E,) walking cost from edge[:, 0] to edge[:, 1] and back, penalties included, inf where
    nobody may pass (the same array twice when undirected); line_start (E + 1,) and line_xy (M, 2): the drawn way of
    each edge with both its ends, or None when every edge is straight; crs: what pyproj calls the projection;
    digest: SHA-256 of the content, the name under which anything derived is cached.
    """

    node_id: NDArray[np.int64]
    node_xy: Float
    edge: Int
    length_m: Float
    forward_m: Float
    backward_m: Float
    line_start: NDArray[np.int64] | None
    line_xy: Float | None
    crs: str
    digest: str


@dataclass(frozen=True)
class Graph:
    """The network without its nodes of degree two: n nodes and m arcs, each arc a chain of edges.

    node (n,) index in the network; arc (m, 2) ends; arc_forward_m, arc_backward_m (m,) cost along the whole chain,
    arc_length_m (m,) its length, in which an edge without length (a delay) counts by its cost.
    Where an edge lies: edge_arc (E,), -1 outside the graph; edge_forward_m (E,) cost from arc[:, 0] to that end of the
    edge which is nearer the start of the arc; edge_backward_m (E,) cost from that same end back to arc[:, 0];
    edge_along_m (E,) length from arc[:, 0] to it; edge_reversed (E,) whether the edge is drawn against its arc.
    Where a node lies: node_arc (N,), node_forward_m, node_backward_m (N,) likewise (a graph node lies at the end of
    one of its arcs; -1 for a node without open edges, which is no node of the graph).
    For searches, of parallel arcs the cheapest and no loops: start (n + 1,), head, cost_m, arcs leaving each node.
    `back_*` the same for arcs that arrive (the same arrays when undirected).
    """

    network: Network
    node: Int
    arc: Int
    arc_forward_m: Float
    arc_backward_m: Float
    arc_length_m: Float
    edge_arc: Int
    edge_forward_m: Float
    edge_backward_m: Float
    edge_along_m: Float
    edge_reversed: NDArray[np.bool_]
    node_arc: Int
    node_forward_m: Float
    node_backward_m: Float
    start: Int
    head: Int
    cost_m: Float
    back_start: Int
    back_head: Int
    back_cost_m: Float
    directed: bool


@dataclass(frozen=True)
class Places:
    """k points put onto the graph, in the order they came.

    arc (k,), -1 where a point found no network; to_start_m, to_end_m (k,) cost from the place to arc[:, 0] and to
    arc[:, 1]; from_start_m, from_end_m (k,) cost from those ends to the place (the same arrays when undirected); all
    four without the way to the network, which is snap_m (k,), walked at the start and at the end. along_m (k,) length
    from the start of the arc, for places on the same arc. edge (k,) and offset_m (k,): where on the original network.
    xy (k, 2) the foot point; point_xy (k, 2) the point itself, by which a home across the street is told from a place
    at home (the foot point where nothing else is known).
    """

    arc: Int
    to_start_m: Float
    to_end_m: Float
    from_start_m: Float
    from_end_m: Float
    snap_m: Float
    along_m: Float
    edge: Int
    offset_m: Float
    xy: Float
    point_xy: Float


@dataclass(frozen=True)
class Reach:
    """The answer for R places and K items within a cap.

    nearest_m, second_m (R, K) float32 walking metres, inf beyond the cap; count (R, K) uint16 facilities within the
    cap. A place that found no network has inf everywhere and is listed by its `Places.arc` of -1.
    """

    nearest_m: NDArray[np.float32]
    second_m: NDArray[np.float32]
    count: NDArray[np.uint16]
    cap_m: float
