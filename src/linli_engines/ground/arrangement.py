"""Exact tilings: lines noded on a grid of whole units, the faces between them, and unions of faces.

All cells come out of one arrangement, so two neighbours share every vertex of their border: no gap and no overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, radians

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry, MultiPolygon, Polygon
from shapely.affinity import affine_transform

UNITS_PER_DEGREE = 10_000_000
METRES_PER_DEGREE = 111_320.0
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plane:
    """Whole units around a latitude, and metres: x of a unit is shorter than y by the cosine of the latitude."""

    latitude: float

    @property
    def unit_m(self) -> tuple[float, float]:
        """Metres of one unit eastwards and northwards."""
        y = METRES_PER_DEGREE / UNITS_PER_DEGREE
        return y * cos(radians(self.latitude)), y

    def metres(self, shape: Geometry) -> Geometry:
        """A geometry of units in metres (areas and lengths are right to 0.3 %; nothing is drawn from them)."""
        x, y = self.unit_m
        return affine_transform(shape, [x, 0, 0, y, 0, 0])

    def units(self, shape: Geometry) -> Geometry:
        """A geometry of metres in units, not yet whole."""
        x, y = self.unit_m
        return affine_transform(shape, [1 / x, 0, 0, 1 / y, 0, 0])

    def area_m2(self, shapes: Sequence[Geometry]) -> Floats:
        x, y = self.unit_m
        found: Floats = shapely.area(np.asarray(shapes, dtype=object)) * x * y
        return found


def lines_of(shapes: Iterable[Geometry]) -> list[Geometry]:
    """Every line of the geometries: borders of polygons with their holes, and lines as they are."""
    found: list[Geometry] = []
    for shape in shapes:
        line = shapely.boundary(shape) if shape.geom_type in ("Polygon", "MultiPolygon") else shape
        found += [part for part in shapely.get_parts(line) if not part.is_empty]
    return found


def faces(lines: Sequence[Geometry]) -> list[Polygon]:
    """The faces of the arrangement of the lines, on whole units. Raises nothing: lines that close nothing give none."""
    if not lines:
        return []
    noded = shapely.union_all(np.asarray(lines, dtype=object), grid_size=1.0)
    return [face for face in shapely.get_parts(shapely.polygonize([noded])) if face.area > 0]


def tiles(faces_: Sequence[Polygon], owner: Sequence[int], count: int) -> list[Polygon | MultiPolygon]:
    """Unions of faces by owner (-1: nobody's); vertices in the middle of a side stay, where a neighbour has a corner."""
    found: list[Polygon | MultiPolygon] = []
    owners = np.asarray(owner)
    shapes = np.asarray(faces_, dtype=object)
    for k in range(count):
        found.append(shapely.coverage_union_all(shapes[owners == k]))
    return found


def holders(points: Sequence[Geometry], shapes: Sequence[Geometry]) -> NDArray[np.int64]:
    """For each point the first shape that holds it, -1 for none."""
    tree = shapely.STRtree(np.asarray(shapes, dtype=object))
    found = np.full(len(points), -1, dtype=np.int64)
    at, who = tree.query(np.asarray(points, dtype=object), predicate="intersects")
    order = np.lexsort((who, at))[::-1]
    found[at[order]] = who[order]
    return found


def neighbours(shapes: Sequence[Geometry]) -> list[tuple[int, int, float]]:
    """Pairs of shapes of one tiling with the length of the border they share, in the shapes' own measure."""
    held = np.asarray(shapes, dtype=object)
    tree = shapely.STRtree(held)
    a, b = tree.query(held, predicate="intersects")
    keep = a < b
    a, b = a[keep], b[keep]
    shared = shapely.length(shapely.intersection(held[a], held[b]))
    return [(int(i), int(j), float(s)) for i, j, s in zip(a, b, shared, strict=True) if s > 0]
