"""How far one gets from a place within a cap: parts of edges, exact to where the metres end, and an outline for display.

The outline is a drawing. Whether something is covered is told by network distances, never by a polygon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from linli_engines.reach.attached import Streets, hang, streets_of
from linli_engines.reach.metres import limit_of
from linli_engines.reach.network import Float, Graph, Int, Network, Places
from linli_engines.reach.search import BUCKETS, FROM, TOWARDS, arriving, leaving, room_of, seed, spread

TOUCHING = 1e-9
ROUND = 4
"""Corners of a quarter circle of the outline."""


@dataclass(frozen=True)
class Reached:
    """Parts of edges: edge (s,), from_share and to_share (s,), shares of the drawn edge from edge[:, 0]; each edge's
    parts are apart and in order.
    """

    edge: Int
    from_share: Float
    to_share: Float

    def length_m(self, network: Network) -> float:
        """Metres of street that are reached."""
        return float((network.length_m[self.edge] * (self.to_share - self.from_share)).sum())


@dataclass(frozen=True)
class _Way:
    """Costs in the direction of the walk: along its arc to an edge and over it (there), and against the arc (back)."""

    near: Float
    over: Float
    far: Float
    over_back: Float


def reached(
    graph: Graph, places: Places, which: int, cap_m: float, *, towards: bool = False, streets: Streets | None = None
) -> Reached:
    """What is reached from the place, or with `towards` from where the place is reached, within `cap_m`.

    The way between the place and the network counts. streets: `streets_of(graph)`, if it is at hand. A place that found
    no network reaches nothing. Raises ValueError for a cap of zero or less.
    """
    limit = limit_of(cap_m)
    arc = int(places.arc[which])
    if arc < 0 or places.snap_m[which] > cap_m:
        return Reached(np.zeros(0, np.int32), np.zeros(0), np.zeros(0))
    away = _away(streets_of(graph) if streets is None else streets, places, which, limit, towards)
    touched = np.zeros(len(graph.arc) + 1, np.bool_)  # the last place is read by -1: outside the graph
    touched[:-1] = np.isfinite(away[graph.arc]).any(axis=1)
    touched[arc] = True
    edge = np.flatnonzero(touched[graph.edge_arc]).astype(np.int32)
    way = _way(graph, edge, towards)
    tail, head = graph.arc[graph.edge_arc[edge]].T
    zero, one = np.zeros(len(edge)), np.ones(len(edge))
    parts = [
        _ahead(zero, away[tail] + way.near, way.over, cap_m),
        _behind(one, away[head] + way.far, way.over_back, cap_m),
        *_direct(graph, places, which, edge, way, cap_m, towards),
    ]
    low, high = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    many = np.tile(edge, len(parts))
    against = graph.edge_reversed[many]
    low, high = np.where(against, 1 - high, low), np.where(against, 1 - low, high)
    return _joined(many, low, high)


def lines_of(network: Network, found: Reached) -> NDArray[np.object_]:
    """The parts as shapely lines in metres, one each."""
    ends = network.node_xy[network.edge[found.edge]]
    if network.line_start is None or network.line_xy is None:
        way = ends[:, 1] - ends[:, 0]
        corner = np.stack((ends[:, 0] + found.from_share[:, None] * way, ends[:, 0] + found.to_share[:, None] * way), 1)
        return np.asarray(shapely.linestrings(corner))
    lines = np.empty(len(found.edge), object)
    for i, (e, low, high) in enumerate(zip(found.edge, found.from_share, found.to_share, strict=True)):
        line = shapely.linestrings(network.line_xy[network.line_start[e] : network.line_start[e + 1]])
        lines[i] = line if (low, high) == (0, 1) else substring(line, low, high, normalized=True)
    return lines


def outline(network: Network, found: Reached, width_m: float) -> shapely.Geometry:
    """The streets that are reached, `width_m` to either side, as one area in metres. Raises ValueError: no width."""
    if not width_m > 0:
        raise ValueError("an outline needs a width above zero")
    if not len(found.edge):
        return shapely.Polygon()
    streets = shapely.line_merge(shapely.multilinestrings(shapely.get_parts(lines_of(network, found))))
    return shapely.simplify(shapely.buffer(streets, width_m, quad_segs=ROUND), width_m / 20)


def _away(streets: Streets, places: Places, which: int, limit: float, towards: bool) -> Float:
    """(n,) cost between the place and each node of the graph, its way to the network included; inf beyond the limit."""
    points, room = hang(streets, places), room_of(streets.nodes)
    per_m = BUCKETS / limit
    column = FROM if towards else TOWARDS
    arc = int(points.arc[which])
    labelled = seed(room, 0, streets.arc, points.way[which], arc, column, limit, per_m)
    spread(room, arriving(streets) if towards else leaving(streets), labelled, limit, per_m)
    return room.dist_m


def _way(graph: Graph, edge: Int, towards: bool) -> _Way:
    network, arc, against = graph.network, graph.edge_arc[edge], graph.edge_reversed[edge]
    there = np.where(against, network.backward_m[edge], network.forward_m[edge])
    back = np.where(against, network.forward_m[edge], network.backward_m[edge])
    before, before_back = graph.edge_forward_m[edge], graph.edge_backward_m[edge]
    whole, whole_back = graph.arc_forward_m[arc], graph.arc_backward_m[arc]
    if towards:
        there, back, before, before_back, whole_back = back, there, before_back, before, whole
    with np.errstate(invalid="ignore"):
        after_back = np.nan_to_num(whole_back - before_back - back, nan=np.inf, posinf=np.inf)
    return _Way(before, there, np.maximum(after_back, 0.0), back)


def _ahead(start: Float, spent: Float, over: Float, cap: float) -> tuple[Float, Float]:
    """From `start` on as far as the rest of the cap reaches, at `over` for the whole edge."""
    return start, np.minimum(start + _share(spent, over, cap), 1.0)


def _behind(start: Float, spent: Float, over: Float, cap: float) -> tuple[Float, Float]:
    return np.maximum(start - _share(spent, over, cap), 0.0), start


def _share(spent: Float, over: Float, cap: float) -> Float:
    rest = cap - np.nan_to_num(spent, nan=np.inf, posinf=np.inf)
    share = np.where(rest >= 0, 1.0, 0.0)  # what costs nothing is reached as a whole
    costly = over > 0
    with np.errstate(invalid="ignore"):
        share[costly] = np.clip(rest[costly] / over[costly], 0.0, 1.0)
    share[~np.isfinite(over)] = 0.0
    return share


def _direct(
    graph: Graph, places: Places, which: int, edge: Int, way: _Way, cap: float, towards: bool
) -> list[tuple[Float, Float]]:
    """The parts of the place's own arc that are reached without leaving it, ahead of the place and behind it."""
    snap, own_edge = float(places.snap_m[which]), int(places.edge[which])
    network = graph.network
    length = network.length_m[own_edge]
    share = places.offset_m[which] / length if length > 0 else 0.0
    share = 1 - share if graph.edge_reversed[own_edge] else share
    on_arc = graph.edge_arc[edge] == places.arc[which]
    own = edge == own_edge
    along = graph.edge_along_m[edge]
    later = on_arc & ~own & (along >= places.along_m[which])
    sooner = on_arc & ~own & ~later
    at, at_back = places.from_start_m[which], places.to_start_m[which]
    before_back = graph.edge_forward_m[edge] if towards else graph.edge_backward_m[edge]
    if towards:
        at, at_back = at_back, at
    with np.errstate(invalid="ignore"):
        ahead = np.where(own, snap, np.where(later, snap + np.maximum(way.near - at, 0.0), np.inf))
        behind = np.where(
            own, snap, np.where(sooner, snap + np.maximum(at_back - before_back - way.over_back, 0.0), np.inf)
        )
    return [
        _ahead(np.where(own, share, 0.0), ahead, way.over, cap),
        _behind(np.where(own, share, 1.0), behind, way.over_back, cap),
    ]


def _joined(edge: Int, low: Float, high: Float) -> Reached:
    """Parts of one edge that touch become one; parts of no length go."""
    real = high > low
    edge, low, high = edge[real], low[real], high[real]
    order = np.lexsort((low, edge))
    edge, low, high = edge[order], low[order], high[order]
    lane = 2.0 * np.cumsum(np.append(0, np.diff(edge) != 0)[: len(edge)])
    furthest = np.maximum.accumulate(high + lane)
    new = np.ones(len(edge), np.bool_)
    new[1:] = low[1:] + lane[1:] > furthest[:-1] + TOUCHING
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(edge)) - 1 if len(edge) else first
    return Reached(edge[first], low[first], np.minimum((furthest - lane)[last], 1.0))
