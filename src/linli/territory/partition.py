"""Partitions of the plane that share their vertices exactly: noding, shared borders, recutting. Geometry only.

All faces come from one noding of all lines on a lattice of 1e-7 degree (about 1 cm), so neighbours share
their vertices: no gap, no overlap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians

import numpy as np
import shapely
from shapely import Geometry

PRECISION = 1e-7  # degrees


@dataclass(frozen=True, slots=True)
class Face:
    """A polygon without inner lines, the code that owns it in each layer ("" = none) and a point inside it."""

    geometry: Geometry
    owners: tuple[str, ...]
    lon: float
    lat: float


def faces(layers: Sequence[Mapping[str, Geometry]], lines: Iterable[Geometry] = ()) -> list[Face]:
    """Every face between the borders of `layers` and `lines` that somebody owns, in a stable order."""
    borders = [shapely.boundary(g) for layer in layers for g in layer.values()]
    noded = shapely.union_all(np.array([*lines, *borders], dtype=object), grid_size=PRECISION)
    parts = shapely.normalize(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))))
    points = shapely.point_on_surface(parts)
    owners = np.full((len(parts), len(layers)), "", dtype=object)
    for column, layer in enumerate(layers):
        codes = sorted(layer, reverse=True)  # the lowest code is written last and wins
        which, owner = shapely.STRtree([layer[c] for c in codes]).query(points, predicate="intersects")
        for face, code in sorted(zip(which.tolist(), owner.tolist(), strict=True)):
            owners[face, column] = codes[code]
    found = [
        Face(part, tuple(own), float(x), float(y))
        for part, own, x, y in zip(parts, owners, shapely.get_x(points), shapely.get_y(points), strict=True)
        if any(own)
    ]
    return sorted(found, key=lambda f: (f.owners, f.geometry.wkb))


def shared_borders(polygons: Sequence[Geometry], groups: Sequence[str]) -> dict[int, dict[int, float]]:
    """Length of the border that two noded polygons of one group share (degrees, east shrunk by latitude)."""
    seen: dict[tuple[tuple[float, float], tuple[float, float]], int] = {}
    borders: dict[int, dict[int, float]] = defaultdict(dict)
    for index, polygon in enumerate(polygons):
        for ring in (polygon.exterior, *polygon.interiors):  # type: ignore[attr-defined]
            corners = [(round(x, 7), round(y, 7)) for x, y in ring.coords]
            for a, b in pairwise(corners):
                other = seen.setdefault((a, b) if a < b else (b, a), index)
                if other != index and groups[other] == groups[index]:
                    length = hypot((a[0] - b[0]) * cos(radians(a[1])), a[1] - b[1])
                    borders[index][other] = borders[index].get(other, 0.0) + length
                    borders[other][index] = borders[other].get(index, 0.0) + length
    return borders


def merge(polygons: Iterable[Geometry]) -> Geometry:
    """One geometry of noded neighbours: vertices kept, exterior counter-clockwise, always the same bytes."""
    return shapely.orient_polygons(shapely.normalize(shapely.coverage_union_all(list(polygons))))


def dissolve(children: Mapping[str, Geometry], digits: int) -> dict[str, Geometry]:
    """The parents of noded children, by the first `digits` of their codes."""
    parts: dict[str, list[Geometry]] = defaultdict(list)
    for code, geometry in children.items():
        parts[code[:digits]].append(geometry)
    return {code: merge(parts[code]) for code in sorted(parts)}


def recut(children: Mapping[str, Geometry], parents: Mapping[str, Geometry]) -> dict[str, Geometry]:
    """Fit approximate children to new parents: a face goes to its own child if the codes agree, else to the child
    of its parent with the longest shared border. Children without a parent disappear; parents without children stay
    uncut. The result is a partition of every parent that has children.
    """
    kept = {c: g for c, g in children.items() if any(c.startswith(p) for p in parents)}
    if not kept:
        return {}
    found = [f for f in faces([parents, kept]) if f.owners[0]]
    borders = shared_borders([f.geometry for f in found], [f.owners[0] for f in found])
    owner = [f.owners[1] if f.owners[1].startswith(f.owners[0]) else "" for f in found]
    waiting = {i for i, code in enumerate(owner) if not code}
    while waiting:
        ready: dict[int, str] = {}
        for index in sorted(waiting):
            by_child: dict[str, float] = defaultdict(float)
            for neighbour, length in borders[index].items():
                if owner[neighbour]:
                    by_child[owner[neighbour]] += length
            if by_child:
                ready[index] = min(by_child, key=lambda c: (-round(by_child[c], 9), c))
        if not ready:
            break  # an island of a parent without any child
        for index, code in ready.items():
            owner[index] = code
        waiting -= ready.keys()
    parts: dict[str, list[Geometry]] = defaultdict(list)
    for face, code in zip(found, owner, strict=True):
        if code:
            parts[code].append(face.geometry)
    return {code: merge(parts[code]) for code in sorted(parts)}
