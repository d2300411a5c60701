"""The steps that take a source apart: broken nodes and edges go, lengths are mended, duplicates and scraps are listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from linli_engines.reach.coordinates import FAULTS, faults, looks_swapped, metres, utm_zone
from linli_engines.reach.network import Float, Int
from linli_engines.reach.report import Findings
from linli_engines.reach.source import Source
from linli_engines.reach.walkable import TagRule, passable

GEODESIC = pyproj.Geod(ellps="WGS84")
BASE_PROFILE = "foot"
SHORT_SHARE, SHORT_M = 0.95, 1.0
"""An edge is called too short beyond 5 % and a metre: spheres, projections and rounded lengths stay within."""
SAME_LINE_M = 0.05
"""Two drawn ways between the same nodes are one way twice if their lengths differ by less."""


@dataclass(frozen=True)
class Cleaned:
    """Nodes and edges that stay, in metres; `row` the source rows of the edges, `passable` for the profile asked."""

    node_id: NDArray[np.int64]
    node_xy: Float
    elevation_m: Float | None
    edge: Int
    length_m: Float
    passable: NDArray[np.bool_]
    row: Int
    line_start: NDArray[np.int64] | None
    line_xy: Float | None
    crs: str


def clean(
    source: Source, found: Findings, crs: str | None, profile: str, rules: Sequence[TagRule], least_component_m: float
) -> Cleaned:
    """All steps in order. Raises ValueError: a projection not in metres, a profile no rule speaks of."""
    source = _upright(source, found)
    lon, lat = source.lon, source.lat
    node = _good_nodes(source.node_id, lon, lat, found)
    row, edge = _joined(source, node, found)
    length = _lengths(source, row, edge, lon[node], lat[node], found)
    good = ~(length < 0)
    found.add("negative_length", "edge", row[~good])
    loop = edge[:, 0] == edge[:, 1]
    scrap = good & loop & (length == 0)
    found.add("loop_without_length", "edge", row[scrap])
    good &= ~scrap
    row, edge, length = row[good], edge[good], length[good]
    row, edge, length, may = _walked(source, row, edge, length, profile, rules, found)
    stays = _unique(source, row, edge, length, may, found)
    row, edge, length, may = row[stays], edge[stays], length[stays], may[stays]
    found.add("zero_length", "edge", row[length == 0], kept=True)
    found.add("loop", "edge", row[edge[:, 0] == edge[:, 1]], kept=True, length_m=length[edge[:, 0] == edge[:, 1]])
    stays = _large(row, edge, length, len(node), least_component_m, found)
    row, edge, length, may = row[stays], edge[stays], length[stays], may[stays]
    used = np.zeros(len(node), np.bool_)
    used[edge] = True
    found.add("node_without_edges", "node", source.node_id[node[~used]])
    edge = (np.cumsum(used, dtype=np.int32) - np.int32(1))[edge]
    node = node[used]
    name = crs or utm_zone(lon[node], lat[node])
    xy = metres(lon[node], lat[node], name)
    heights = None if source.elevation_m is None else source.elevation_m[node]
    _compared(row, edge, length, xy, found)
    cleaned = Cleaned(source.node_id[node], xy, heights, edge, length, may, row, None, None, name)
    return _with_lines(cleaned, source, found)


def _upright(source: Source, found: Findings) -> Source:
    """The source with longitude and latitude in their places."""
    if not source.swapped and looks_swapped(source.lon, source.lat):
        lines = None if source.line_lonlat is None else source.line_lonlat[:, ::-1]
        source = replace(source, lon=source.lat, lat=source.lon, line_lonlat=lines, swapped=True)
    if source.swapped:
        found.add("coordinates_swapped", "node", source.node_id, kept=True)
    return source


def _good_nodes(node_id: NDArray[np.int64], lon: Float, lat: Float, found: Findings) -> Int:
    """Indices of the nodes with a place on earth, the first of each id."""
    fault = faults(lon, lat)
    for number in range(1, len(FAULTS)):
        found.add(f"node_{FAULTS[number]}", "node", node_id[fault == number])
    node = np.flatnonzero(fault == 0).astype(np.int32)
    ids = node_id[node]
    if (ids[1:] > ids[:-1]).all():
        return node
    first = np.unique(ids, return_index=True)[1]
    if len(first) < len(node):
        again = np.ones(len(node), np.bool_)
        again[first] = False
        found.add("node_twice", "node", ids[again])
        node = node[np.sort(first)]
    return node


def _joined(source: Source, node: Int, found: Findings) -> tuple[Int, Int]:
    """(row, edge): edges with both nodes known, by node index."""
    known = pa.array(source.node_id[node])
    ends = [
        np.asarray(pc.index_in(pa.array(ids), value_set=known).fill_null(-1), np.int32)
        for ids in (source.from_id, source.to_id)
    ]
    edge = np.column_stack(ends)
    good = (ends[0] >= 0) & (ends[1] >= 0)
    found.add("unknown_node", "edge", np.flatnonzero(~good))
    return np.flatnonzero(good).astype(np.int32), edge[good]


def _lengths(source: Source, row: Int, edge: Int, lon: Float, lat: Float, found: Findings) -> Float:
    """Lengths as given; where none is given that of the drawn way on the ellipsoid."""
    length = source.length_m[row].astype(np.float64)
    unknown = np.flatnonzero(~np.isfinite(length))
    if len(unknown) < len(length):
        found.add("length_from_map", "edge", row[unknown], kept=True)
    if not len(unknown):
        return length
    if source.line_start is None or source.line_lonlat is None:
        tail, head = edge[unknown].T
        length[unknown] = GEODESIC.inv(lon[tail], lat[tail], lon[head], lat[head])[2]
        return length
    x, y = source.line_lonlat.T
    steps = np.concatenate(([0.0], np.cumsum(np.nan_to_num(GEODESIC.inv(x[:-1], y[:-1], x[1:], y[1:])[2]))))
    start = source.line_start
    length[unknown] = (steps[start[1:] - 1] - steps[start[:-1]])[row[unknown]]
    return length


def _walked(
    source: Source, row: Int, edge: Int, length: Float, profile: str, rules: Sequence[TagRule], found: Findings
) -> tuple[Int, Int, Float, NDArray[np.bool_]]:
    """Edges nobody may walk go, listed by the tag that forbids it; who of the rest may pass in the profile."""
    walked, decided = passable(source.tags, len(source.from_id), BASE_PROFILE, rules)
    may = passable(source.tags, len(source.from_id), profile, rules)[0] if profile != BASE_PROFILE else walked
    closed = ~walked[row]
    for number in np.unique(decided[row[closed]]):
        of_rule = closed & (decided[row] == number)
        rule = rules[number]
        found.add(f"not_walkable:{rule.key}={rule.value}", "edge", row[of_rule], length_m=length[of_rule])
    row, edge, length = row[~closed], edge[~closed], length[~closed]
    barred = ~may[row]
    found.add(f"not_passable:{profile}", "edge", row[barred], kept=True, length_m=length[barred])
    return row, edge, length, may[row]


def _unique(
    source: Source, row: Int, edge: Int, length: Float, may: NDArray[np.bool_], found: Findings
) -> NDArray[np.bool_]:
    """Which edges stay: of edges drawn twice between the same nodes the shortest; parallel ways of other shape stay."""
    stays = np.ones(len(row), np.bool_)
    if not len(row):
        return stays
    low = np.minimum(edge[:, 0], edge[:, 1]).astype(np.int64)
    high = np.maximum(edge[:, 0], edge[:, 1])
    key = (low * (int(edge.max()) + 1) + high) * 2 + may
    order = np.argsort(key, kind="stable")
    same = key[order[1:]] == key[order[:-1]]
    several = np.zeros(len(row), np.bool_)
    several[order[1:][same]] = several[order[:-1][same]] = True
    some = np.flatnonzero(several)
    some = some[np.lexsort((row[some], length[some], key[some]))]
    follows = key[some[1:]] == key[some[:-1]]
    if source.line_start is not None:
        follows &= length[some[1:]] - length[some[:-1]] < SAME_LINE_M
    stays[some[1:][follows]] = False
    found.add("parallel_longer", "edge", np.sort(row[~stays]), length_m=length[~stays])
    rest = several & stays
    if source.line_start is not None:
        found.add("parallel_way", "edge", row[rest], kept=True, length_m=length[rest])
    return stays


def _compared(row: Int, edge: Int, length: Float, xy: Float, found: Findings) -> None:
    """List edges that are shorter than the straight line between their nodes: lengths in another unit, nodes astray."""
    tail, head = edge.T
    straight = np.hypot(xy[tail, 0] - xy[head, 0], xy[tail, 1] - xy[head, 1])
    short = length < straight * SHORT_SHARE - SHORT_M
    found.add("shorter_than_straight", "edge", row[short], kept=True, length_m=length[short])


def _large(row: Int, edge: Int, length: Float, nodes: int, least_m: float, found: Findings) -> NDArray[np.bool_]:
    """Which edges lie in a component of at least `least_m` metres."""
    if least_m <= 0 or not len(row):
        return np.ones(len(row), np.bool_)
    joined = coo_array((np.ones(len(edge), np.int8), (edge[:, 0], edge[:, 1])), (nodes, nodes))
    label = connected_components(joined, directed=False)[1][edge[:, 0]]
    stays = np.bincount(label, length)[label] >= least_m
    found.add("small_component", "edge", row[~stays], length_m=length[~stays])
    return np.asarray(stays, np.bool_)


def _with_lines(c: Cleaned, source: Source, found: Findings) -> Cleaned:
    """The drawn ways in metres, from the first node of each edge to the second, with the nodes as their ends."""
    if source.line_start is None or source.line_lonlat is None:
        return c
    size = np.diff(source.line_start)[c.row]
    start = np.concatenate(([0], np.cumsum(size)))
    corner = np.arange(start[-1]) + np.repeat(source.line_start[:-1][c.row] - start[:-1], size)
    lon, lat = source.line_lonlat[corner].T
    xy = metres(lon, lat, c.crs)
    tail, head = c.node_xy[c.edge[:, 0]], c.node_xy[c.edge[:, 1]]
    first, last = xy[start[:-1]], xy[start[1:] - 1]
    straight = np.hypot(*(first - tail).T) + np.hypot(*(last - head).T)
    turned = np.hypot(*(last - tail).T) + np.hypot(*(first - head).T)
    backwards = turned < straight
    found.add("line_drawn_backwards", "edge", c.row[backwards], kept=True)
    mirrored = np.repeat(start[:-1] + start[1:] - 1, size) - np.arange(start[-1])
    xy = xy[np.where(np.repeat(backwards, size), mirrored, np.arange(start[-1]))]
    xy[start[:-1]], xy[start[1:] - 1] = tail, head
    return replace(c, line_start=start, line_xy=xy)
