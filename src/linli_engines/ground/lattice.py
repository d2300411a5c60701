"""Polygons of whole units as chains of directed edges: what makes an edit exact, and what proves that it was.

A point is a pair of integers, an edge a pair of points with the polygon on its left. The rim of a group of polygons is
what is left of their edges once those that run both ways have cancelled. If a group of valid polygons has the same rim
before and after an edit, it covers the same ground the same number of times: no gap and no overlap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry, MultiPolygon, Polygon

from linli_engines.ground.arrangement import UNITS_PER_DEGREE

Point = tuple[int, int]
Edge = tuple[Point, Point]
Ring = list[Point]
Shape: TypeAlias = Polygon | MultiPolygon
Bends = dict[Edge, list[Point]]
"""Edges, both ways, and the points put into them in the order of the way."""


def to_degrees(shape: Geometry) -> Geometry:
    """Whole units as longitude and latitude; `from_degrees` gives the same units back, exactly."""
    return shapely.transform(shape, _down)


def from_degrees(shape: Geometry) -> Geometry:
    """Longitude and latitude as whole units, rounded; may need `cleaned` where the corners were finer than a unit."""
    return shapely.transform(shape, _up)


def _down(at: NDArray[np.float64]) -> NDArray[np.float64]:
    return at / UNITS_PER_DEGREE


def _up(at: NDArray[np.float64]) -> NDArray[np.float64]:
    whole: NDArray[np.float64] = np.rint(at * UNITS_PER_DEGREE)
    return whole


def points(line: Geometry) -> list[Point]:
    """The corners of one line or ring, rounded, without repetition in a row."""
    at = [(round(x), round(y)) for x, y in shapely.get_coordinates(line).tolist()]
    return [p for k, p in enumerate(at) if k == 0 or p != at[k - 1]]


def rings(shape: Shape) -> Iterator[Ring]:
    """Open rings with the ground on their left: outer ones counterclockwise, holes clockwise."""
    for part in shapely.get_parts(shapely.orient_polygons(shape)).tolist():
        for ring in (part.exterior, *part.interiors):
            yield points(ring)[:-1]


def edges(shape: Shape) -> Iterator[Edge]:
    """Directed edges of all rings."""
    for ring in rings(shape):
        yield from zip(ring, ring[1:] + ring[:1], strict=True)


def rim(shapes: Iterable[Shape]) -> Counter[Edge]:
    """Directed edges whose way back is no edge of the group."""
    left: Counter[Edge] = Counter()
    for shape in shapes:
        for edge in edges(shape):
            back = edge[::-1]
            if left[back] > 0:
                left[back] -= 1
            else:
                left[edge] += 1
    return +left


def bent_rim(found: Counter[Edge], bends: Bends) -> Counter[Edge]:
    """The rim once the bends are in it."""
    out: Counter[Edge] = Counter()
    for (a, b), count in found.items():
        chain = [a, *bends.get((a, b), ()), b]
        for edge in pairwise(chain):
            out[edge] += count
    return out


def remade(shape: Shape, change: Callable[[Ring], Ring]) -> Shape:
    """The shape with every ring changed; may be invalid. Rings that keep fewer than three corners make it empty."""
    parts = []
    for part in shapely.get_parts(shapely.orient_polygons(shape)).tolist():
        new = [change(points(ring)[:-1]) for ring in (part.exterior, *part.interiors)]
        if min(map(len, new)) < 3:
            return Polygon()
        parts.append(Polygon(new[0], new[1:]))
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def with_bends(shape: Shape, bends: Mapping[Edge, Sequence[Point]]) -> Shape:
    """The shape with the points put into its edges; the very same object where it has none of these edges."""
    if not any(edge in bends for edge in edges(shape)):
        return shape

    def change(ring: Ring) -> Ring:
        out: Ring = []
        for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
            out.append(a)
            out += bends.get((a, b), ())
        return out

    return remade(shape, change)


def bends_between(before: Shape, after: Shape) -> Bends:
    """What was put into the edges of `before` to make `after`: the same rings in the same order, with more corners."""
    found: Bends = {}
    for old, new in zip(rings(before), rings(after), strict=True):
        at = new.index(old[0])
        turned = new[at:] + new[:at]
        corners = old[1:] + old[:1]
        k, a, between = 0, old[0], list[Point]()
        for p in turned[1:] + turned[:1]:
            if p != corners[k]:
                between.append(p)
                continue
            if between:
                found[a, p] = between
                found[p, a] = between[::-1]
            a, between, k = p, [], k + 1
    return found
