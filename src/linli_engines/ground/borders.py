"""Where the borders of one net do not run along those of another: how long, how far off, and how much ground lies between.

Everything is measured in metres on a plane; borders are taken segment by segment, so the cost grows with their number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry

from linli_engines.ground.arrangement import Floats
from linli_engines.ground.edits import plane_of
from linli_engines.ground.lattice import Shape
from linli_engines.ground.overlay import pieces_of

Ints = NDArray[np.int64]
STEP_M = 10.0
"""Distances are taken every so many metres of a border that runs elsewhere."""
ALONG = np.cos(np.radians(30.0))
"""A border that meets another at more than 30 degrees crosses it, it does not run along it."""
OUTSIDE = ""


@dataclass(frozen=True, eq=False)
class Stretch:
    """The border between two cells of the layer (`""`: nobody on the other side). `off_m` of its `length_m` do not run
    along a border of the base; there it is `mean_m` and at most `max_m` from the nearest one. `area_m2`: ground of base
    cells that would change sides if each went to the layer cell that has most of it. `line`: the parts off, in units.
    """

    pair: tuple[str, str]
    length_m: float
    off_m: float
    mean_m: float
    max_m: float
    area_m2: float
    line: Geometry


@dataclass(frozen=True, eq=False)
class Borders:
    """`stretches`: where the borders disagree, the longest first."""

    stretches: tuple[Stretch, ...]
    length_m: float
    agreeing_m: float

    @property
    def agreeing(self) -> float:
        """The share of the layer's border that runs along borders of the base; 1 where the layer has none."""
        return self.agreeing_m / self.length_m if self.length_m else 1.0


@dataclass(frozen=True, eq=False)
class _Segments:
    """Ends in metres (n, 2), the two cells beside each (-1: none), and how much of its length counts."""

    start: Floats
    end: Floats
    owners: Ints
    weight: Floats

    @property
    def length(self) -> Floats:
        found: Floats = np.hypot(*(self.end - self.start).T)
        return found


def borders(base: Mapping[str, Shape], layer: Mapping[str, Shape], *, tolerance_m: float = 5.0) -> Borders:
    """Compare the layer's borders with the base's. A point of them agrees where a base border runs within `tolerance_m` in
    about the same direction. Of layers whose neighbours do not share corners, both sides count by half.
    """
    if not layer or not base:
        return Borders((), 0.0, 0.0)
    x, y = plane_of(base).unit_m
    origin = np.array(next(iter(base.values())).bounds[:2])
    scale = np.array([x, y])
    mine, other = _segments(layer, origin, scale, tolerance_m), _segments(base, origin, scale, 0.0)
    segment, low, high = _off(mine, other, tolerance_m)
    length = (high - low) * mine.length[segment] * mine.weight[segment]
    mean, most = _far(mine, other, segment, low, high)
    total = float(mine.length @ mine.weight)
    stretches = _stretches(base, layer, mine, (segment, low, high), (length, mean, most), (origin, scale))
    return Borders(stretches, total, total - float(length.sum()))


def _segments(net: Mapping[str, Shape], origin: Floats, scale: Floats, within_m: float) -> _Segments:
    """Every segment of the net once. `within_m`: how near another cell counts as the neighbour where corners differ."""
    shapes = np.array(list(net.values()), dtype=object)
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    at, ring = shapely.get_coordinates(rings, return_index=True)
    here = ring[:-1] == ring[1:]
    a, b = at[:-1][here], at[1:][here]
    owner = of_part[of_ring[ring[:-1][here]]]
    turned = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    a, b = np.where(turned[:, None], b, a), np.where(turned[:, None], a, b)
    order = np.lexsort((owner, b[:, 1], b[:, 0], a[:, 1], a[:, 0]))
    a, b, owner = a[order], b[order], owner[order]
    first = np.append(True, (a[1:] != a[:-1]).any(axis=1) | (b[1:] != b[:-1]).any(axis=1))
    start = np.flatnonzero(first)
    last = np.append(start[1:], len(owner)) - 1
    owners = np.column_stack((owner[start], np.where(last > start, owner[last], -1)))
    found = _Segments((a[start] - origin) * scale, (b[start] - origin) * scale, owners, np.ones(len(start)))
    alone = np.flatnonzero(owners[:, 1] < 0)
    if within_m and len(alone):
        _facing(found, alone, shapely.transform(shapes, lambda c: (c - origin) * scale), within_m)
    return found


def _facing(found: _Segments, alone: Ints, shapes: np.ndarray, within_m: float) -> None:
    """Neighbours that share no corners: the cell that lies beside the middle and both ends; each side counts by half."""
    middle = shapely.points((found.start[alone] + found.end[alone]) / 2)
    at, who = shapely.STRtree(shapes).query(middle, predicate="dwithin", distance=within_m)
    at, who = alone[at], who
    for end in (found.start, found.end):
        beside = shapely.dwithin(shapes[who], shapely.points(end[at]), within_m) & (who != found.owners[at, 0])
        at, who = at[beside], who[beside]
    found.owners[at, 1] = who
    found.owners[at] = np.sort(found.owners[at], axis=1)
    found.weight[at] = 0.5


def _off(mine: _Segments, other: _Segments, tolerance_m: float) -> tuple[Ints, Floats, Floats]:
    """(segment, from, to) in shares of the segment: the parts of the layer's segments that no base segment runs along."""
    tree = shapely.STRtree(_lines(other))
    i, j = tree.query(_lines(mine), predicate="dwithin", distance=tolerance_m)
    d, e = mine.end[i] - mine.start[i], other.end[j] - other.start[j]
    far = np.hypot(*e.T)
    turn = np.abs((d * e).sum(axis=1))
    keep = (turn >= ALONG * far * np.hypot(*d.T)) | (far <= 2 * tolerance_m)  # the teeth of a border have no direction
    i, j = i[keep], j[keep]
    low, high = _beside(mine.start[i], d[keep], other.start[j], other.end[j], tolerance_m)
    met = low < high
    count = len(mine.start)
    every = np.arange(count)
    segment = np.concatenate((i[met], every, every))
    low = np.concatenate((low[met], np.zeros(count), np.ones(count)))
    high = np.concatenate((high[met], np.zeros(count), np.ones(count)))
    order = np.lexsort((low, segment))
    segment, low, high = segment[order], low[order], high[order]
    reached = np.maximum.accumulate(2.0 * segment + high) - 2.0 * segment
    gap = np.flatnonzero((segment[1:] == segment[:-1]) & (low[1:] > reached[:-1] + 1e-9))
    return segment[gap], reached[gap], low[gap + 1]


def _beside(p: Floats, d: Floats, a: Floats, b: Floats, r: float) -> tuple[Floats, Floats]:
    """From where to where, in shares of 0..1, p + t d lies within r of the segment a-b: the line through a stadium."""
    low, high = np.full(len(p), np.inf), np.full(len(p), -np.inf)
    square = (d * d).sum(axis=1)
    for c in (a, b):  # the round ends
        half = ((c - p) * d).sum(axis=1) / square
        rest = half**2 - (((c - p) ** 2).sum(axis=1) - r * r) / square
        hit = rest > 0
        root = np.sqrt(np.maximum(rest, 0))
        low = np.where(hit, np.minimum(low, half - root), low)
        high = np.where(hit, np.maximum(high, half + root), high)
    e = b - a
    far = np.hypot(*e.T)
    e = e / far[:, None]
    one = _slab(((p - a) * e).sum(axis=1), (d * e).sum(axis=1), 0.0, far)
    normal = np.column_stack((-e[:, 1], e[:, 0]))
    two = _slab(((p - a) * normal).sum(axis=1), (d * normal).sum(axis=1), -r, np.full(len(p), r))
    inner, outer = np.maximum(one[0], two[0]), np.minimum(one[1], two[1])
    hit = inner < outer
    low, high = np.where(hit, np.minimum(low, inner), low), np.where(hit, np.maximum(high, outer), high)
    return np.maximum(low, 0.0), np.minimum(high, 1.0)


def _slab(at: Floats, step: Floats, least: float, most: Floats) -> tuple[Floats, Floats]:
    """From where to where least <= at + t step <= most."""
    still = np.abs(step) < 1e-12
    safe = np.where(still, 1.0, step)
    one, two = (least - at) / safe, (most - at) / safe
    inside = (at >= least) & (at <= most)
    low = np.where(still, np.where(inside, -np.inf, np.inf), np.minimum(one, two))
    high = np.where(still, np.where(inside, np.inf, -np.inf), np.maximum(one, two))
    return low, high


def _far(mine: _Segments, other: _Segments, segment: Ints, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Mean and greatest distance from the base's borders, for each part that runs elsewhere."""
    if not len(segment):
        return np.zeros(0), np.zeros(0)
    count = np.maximum(1, np.ceil((high - low) * mine.length[segment] / STEP_M)).astype(np.int64)
    part = np.repeat(np.arange(len(segment)), count)
    step = np.arange(len(part)) - np.repeat(np.cumsum(count) - count, count)
    t = low[part] + (high - low)[part] * (step + 0.5) / count[part]
    at = mine.start[segment[part]] + t[:, None] * (mine.end - mine.start)[segment[part]]
    found, distance = shapely.STRtree(_lines(other)).query_nearest(
        shapely.points(at), return_distance=True, all_matches=False
    )
    away = np.zeros(len(part))
    away[found[0]] = distance
    most = np.zeros(len(segment))
    np.maximum.at(most, part, away)
    return np.bincount(part, away, len(segment)) / count, most


def _lines(found: _Segments) -> np.ndarray:
    lines: np.ndarray = shapely.linestrings(np.stack((found.start, found.end), axis=1))
    return lines


def _stretches(
    base: Mapping[str, Shape],
    layer: Mapping[str, Shape],
    mine: _Segments,
    off: tuple[Ints, Floats, Floats],
    measured: tuple[Floats, Floats, Floats],
    frame: tuple[Floats, Floats],
) -> tuple[Stretch, ...]:
    segment, low, high = off
    length, mean, most = measured
    origin, scale = frame
    names = [*layer, OUTSIDE]
    pairs, which = np.unique(mine.owners, axis=0, return_inverse=True)
    which = which.ravel()
    whole = np.bincount(which, mine.length * mine.weight, len(pairs))
    way = mine.end - mine.start
    ends = np.stack(
        (mine.start[segment] + low[:, None] * way[segment], mine.start[segment] + high[:, None] * way[segment])
    )
    lines = shapely.linestrings(ends.transpose(1, 0, 2) / scale + origin) if len(segment) else np.empty(0, dtype=object)
    between = _between(base, layer, float(scale[0] * scale[1]))
    order = np.argsort(which[segment], kind="stable")
    found = []
    for k in np.split(order, np.flatnonzero(np.diff(which[segment[order]])) + 1) if len(order) else ():
        p = int(which[segment[k[0]]])
        pair = (names[pairs[p, 0]], names[pairs[p, 1]])
        sum_m = float(length[k].sum())
        found.append(
            Stretch(
                pair,
                float(whole[p]),
                sum_m,
                float(mean[k] @ length[k]) / sum_m,
                float(most[k].max()),
                between.get(frozenset(pair), 0.0),
                shapely.line_merge(shapely.multilinestrings(lines[k])),
            )
        )
    return tuple(sorted(found, key=lambda s: (-s.off_m, s.pair)))


def _between(base: Mapping[str, Shape], layer: Mapping[str, Shape], metre: float) -> dict[frozenset[str], float]:
    """Square metres of base cells that lie in another layer cell than most of the cell does, by the two layer cells."""
    most: dict[str, tuple[float, str]] = {}
    pieces = pieces_of(base, layer)
    inside = dict.fromkeys(layer, 0.0)
    left = {code: shape.area for code, shape in base.items()}
    for code, name, area in pieces:
        most[code] = max(most.get(code, (0.0, "")), (area, name))
        inside[name] += area
        left[code] -= area
    found: dict[frozenset[str], float] = {}
    parts = [(most[code][1], name, area) for code, name, area in pieces if most[code][1] != name]
    parts += [(most[code][1], OUTSIDE, max(0.0, left[code])) for code in most]
    parts += [(name, OUTSIDE, max(0.0, shape.area - inside[name])) for name, shape in layer.items()]
    for one, two, area in parts:
        pair = frozenset((one, two))
        found[pair] = found.get(pair, 0.0) + area * metre
    return found
