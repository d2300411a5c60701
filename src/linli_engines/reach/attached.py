"""Points hung onto the graph: which points a search meets at each node, which lie on each arc, and the way between two on one arc."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linli_engines.reach.metres import exact, exact_one
from linli_engines.reach.network import Graph, Places

Float = NDArray[np.float64]
Int = NDArray[np.int32]
WAY = 8


@dataclass(frozen=True)
class Points:
    """k points in exact metres, and where a search finds them.

    arc (k,), -1 for none; way (k, 8): cost to the start and to the end of the arc, from the start and from the end,
    length along the arc, the way to the network, and x and y of the point. Points of node v: at[at_start[v]:at_start[v + 1]], each twice, as
    point index * 2 + end (0 start, 1 end). Points of an arc a: on[on_start[a]:on_start[a + 1]].
    """

    arc: Int
    way: Float
    at_start: Int
    at: Int
    on_start: Int
    on: Int


@dataclass(frozen=True)
class Streets:
    """A graph in exact metres: arcs leaving each node, arcs arriving, and the two ends of every arc."""

    start: Int
    head: Int
    cost_m: Float
    back_start: Int
    back_head: Int
    back_cost_m: Float
    arc: Int

    @property
    def nodes(self) -> int:
        return len(self.start) - 1


def streets_of(graph: Graph) -> Streets:
    """The searchable part of a graph. Raises ValueError for a cost below zero or not a number."""
    cost = exact(graph.cost_m)
    back = cost if graph.back_cost_m is graph.cost_m else exact(graph.back_cost_m)
    numbers = [np.ascontiguousarray(a, dtype=np.int32) for a in (graph.start, graph.head, graph.back_start)]
    return Streets(
        start=numbers[0],
        head=numbers[1],
        cost_m=cost,
        back_start=numbers[2],
        back_head=np.ascontiguousarray(graph.back_head, dtype=np.int32),
        back_cost_m=back,
        arc=np.ascontiguousarray(graph.arc, dtype=np.int32).reshape(-1, 2),
    )


def ways_of(places: Places) -> Float:
    """The numbers of each point that a search needs, metres exact (see `Points.way`). A point without arc has inf."""
    columns = (places.to_start_m, places.to_end_m, places.from_start_m, places.from_end_m, places.along_m)
    way = np.empty((len(places.arc), WAY))
    way[:, 6:] = places.point_xy
    lost = np.asarray(places.arc) < 0
    for number, column in enumerate((*columns, places.snap_m)):
        way[:, number] = exact(np.where(lost, np.inf, column))
    return way


def way_of(place: Places) -> Float:
    """The same for the only point of `place`, without the overhead of arrays: edits are counted in microseconds."""
    if place.arc[0] < 0:
        return np.full(WAY, np.inf)
    columns = (place.to_start_m, place.to_end_m, place.from_start_m, place.from_end_m, place.along_m, place.snap_m)
    x, y = place.point_xy[0]
    return np.array([*(exact_one(float(column[0])) for column in columns), x, y])


def hang(streets: Streets, places: Places) -> Points:
    """Places as points of the graph. Raises ValueError when one lies on an arc that the graph does not have."""
    arc = np.ascontiguousarray(places.arc, dtype=np.int32)
    arcs = len(streets.arc)
    if arc.size and (int(arc.max()) >= arcs or int(arc.min()) < -1):
        raise ValueError("a place lies on an arc that this graph does not have")
    at_start, at, on_start, on = _listed(arc, streets.arc, streets.nodes)
    return Points(arc=arc, way=ways_of(places), at_start=at_start, at=at, on_start=on_start, on=on)


def nobody(streets: Streets) -> Points:
    """No points, for a search that only looks at nodes."""
    none = np.empty(0, np.int32)
    starts = np.zeros(streets.nodes + 1, np.int32), np.zeros(len(streets.arc) + 1, np.int32)
    return Points(arc=none, way=np.empty((0, WAY)), at_start=starts[0], at=none, on_start=starts[1], on=none)


@njit(cache=True, nogil=True)
def _listed(arc: Int, ends: Int, nodes: int) -> tuple[Int, Int, Int, Int]:
    """Counting sort of the points by node (twice each) and by arc, in the order they came."""
    at_start = np.zeros(nodes + 1, np.int32)
    on_start = np.zeros(len(ends) + 1, np.int32)
    for a in arc:
        if a >= 0:
            on_start[a + 1] += 1
            at_start[ends[a, 0] + 1] += 1
            at_start[ends[a, 1] + 1] += 1
    for v in range(nodes):
        at_start[v + 1] += at_start[v]
    for a in range(len(ends)):
        on_start[a + 1] += on_start[a]
    at = np.empty(at_start[nodes], np.int32)
    on = np.empty(on_start[len(ends)], np.int32)
    at_next, on_next = at_start[:-1].copy(), on_start[:-1].copy()
    for point in range(len(arc)):
        a = arc[point]
        if a >= 0:
            on[on_next[a]] = point
            on_next[a] += 1
            for end in range(2):
                v = ends[a, end]
                at[at_next[v]] = 2 * point + end
                at_next[v] += 1
    return at_start, at, on_start, on


@njit(cache=True, nogil=True)
def direct_m(p: Float, f: Float) -> float:
    """Metres from point p to point f of the same arc along that arc, ways to the network included; inf against a one-way.

    Forwards the cost is what is left to the end at p less what is left at f; where the end cannot be reached, the same
    from the start. `along` only decides who comes first. A point is no distance from itself, not twice its way to the
    network; a point across the street is.
    """
    if p[4] == f[4] and p[5] == f[5] and p[6] == f[6] and p[7] == f[7]:
        return 0.0
    best = np.inf
    if p[4] <= f[4]:
        ahead = p[1] - f[1] if f[1] < np.inf else f[2] - p[2]
        if ahead >= 0:
            best = ahead
    if p[4] >= f[4]:
        behind = p[0] - f[0] if f[0] < np.inf else f[3] - p[3]
        if 0 <= behind < best:
            best = behind
    return best + p[5] + f[5]
