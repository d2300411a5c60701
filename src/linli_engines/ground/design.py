"""A design: parcels (communities) cut by barriers into blocks, slivers absorbed, large blocks halved, all coded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Geometry, LineString, MultiPolygon, Polygon

from linli_engines.ground.arrangement import Plane, faces, holders, lines_of, neighbours, tiles
from linli_engines.ground.coding import serials
from linli_engines.ground.errors import Refused
from linli_engines.ground.regions import Regions
from linli_engines.ground.splitting import pieces

VERTICES_MOST = 200_000
STRENGTHS = {"main": 1.0, "rail": 1.0, "water": 1.0, "minor": 0.4}
"""How much a kind of barrier keeps grids apart: nobody crosses rails or water on foot, everybody crosses a lane."""


@dataclass(frozen=True, slots=True)
class Barrier:
    """A line that grids should not cross, in whole units. `strength` 1: never if it can be helped; 0: as good as none."""

    line: Geometry
    kind: str = ""
    strength: float = 1.0

    @classmethod
    def of(cls, line: Geometry, kind: str) -> Barrier:
        """A barrier of the strength of its kind. `line` may be an area (a lake, a yard of rails): its shores count.

        Raises Refused: KIND_UNKNOWN.
        """
        if kind not in STRENGTHS:
            raise Refused("KIND_UNKNOWN", "no such kind of barrier", kind)
        return cls(line, kind, STRENGTHS[kind])


@dataclass(frozen=True, slots=True)
class Settings:
    """`target_m2`: the area aimed at. Regions below `smallest` x target join a neighbour, the sum below `largest` x
    target where that can be had; so does a face of less than `width_m` in the mean. `near_m`: how close a border runs to
    a barrier to count as lying on it.
    """

    target_m2: float = 20_000.0
    smallest: float = 0.35
    largest: float = 1.75
    near_m: float = 3.0
    width_m: float = 30.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One unit grid: a polygon of whole units without parts, `code` its 15 digits where the parcel's are 12."""

    code: str
    parcel: str
    shape: Polygon


@dataclass(frozen=True, eq=False)
class Design:
    """Cells in the order of their codes. `outline`: their union, the given border with the corners of cells put in."""

    cells: tuple[Cell, ...]
    outline: Geometry
    plane: Plane

    @property
    def shapes(self) -> dict[str, Polygon | MultiPolygon]:
        """Shapes by code, as edits take them."""
        return {cell.code: cell.shape for cell in self.cells}


def design(parcels: Mapping[str, Geometry], barriers: Sequence[Barrier], settings: Settings | None = None) -> Design:
    """Divide each parcel (code -> polygon of whole units; they may not overlap) into cells. Raises Refused."""
    how = settings or Settings()
    _check(parcels)
    codes = sorted(parcels)
    grounds = [parcels[c] for c in codes]
    whole = shapely.union_all(grounds)
    plane = Plane(whole.centroid.y / 1e7)
    walls = _inside(barriers, whole)
    lines = [*lines_of(grounds), *(b.line for b in walls)]
    blocks, owner = _faces(lines, grounds)
    regions = _grown(blocks, owner, walls, plane, how, how.largest)
    held = tiles(blocks, regions, max(regions, default=-1) + 1)
    parts, cuts = _split(held, plane, how)
    if cuts:
        blocks, owner = _faces([*lines, *cuts], grounds)
    final = _cells(blocks, owner, parts, walls, plane, how)
    return _coded(final, codes, grounds, plane, how)


def _check(parcels: Mapping[str, Geometry]) -> None:
    if not parcels:
        raise Refused("EMPTY", "nothing to divide")
    flat = [c for c, s in parcels.items() if s.geom_type not in ("Polygon", "MultiPolygon") or s.is_empty]
    if flat:
        raise Refused("NOT_AN_AREA", "no area", *flat)
    broken = [c for c, s in parcels.items() if not s.is_valid]
    if broken:
        raise Refused("NOT_VALID", "a border crosses itself", *broken)
    vertices = sum(int(shapely.get_num_coordinates(s)) for s in parcels.values())
    if vertices > VERTICES_MOST:
        raise Refused("TOO_LARGE", f"{vertices} vertices, the limit is {VERTICES_MOST}")
    names, shapes = list(parcels), list(parcels.values())
    tree = shapely.STRtree(shapes)
    a, b = tree.query(np.asarray(shapes, dtype=object), predicate="intersects")
    for i, j in zip(a.tolist(), b.tolist(), strict=True):
        if i < j and shapely.intersection(shapes[i], shapes[j]).area > 1e4:  # of square units: a square of 1 m
            raise Refused("OVERLAP", "two parcels overlap", names[i], names[j])


def _inside(barriers: Sequence[Barrier], whole: Geometry) -> list[Barrier]:
    """Barriers as far as they lie inside, in parts; of areas their shores."""
    parts = [Barrier(line, b.kind, b.strength) for b in barriers for line in lines_of([b.line])]
    if not parts:
        return []
    shapely.prepare(whole)
    cut = shapely.intersection(np.array([b.line for b in parts], dtype=object), whole)
    return [
        Barrier(part, b.kind, b.strength)
        for b, line in zip(parts, cut, strict=True)
        for part in shapely.get_parts(line)
        if part.geom_type == "LineString" and part.length > 0
    ]


def _faces(lines: Sequence[Geometry], grounds: Sequence[Geometry]) -> tuple[list[Polygon], np.ndarray]:
    found = faces(lines)
    points = shapely.point_on_surface(np.asarray(found, dtype=object))
    return found, holders(list(points), grounds)


def _ties(
    blocks: Sequence[Polygon], walls: Sequence[Barrier], plane: Plane, how: Settings
) -> list[tuple[int, int, float]]:
    """Neighbours and how much they belong together: metres of shared border, next to nothing where a barrier runs."""
    pairs = neighbours(blocks)
    if not pairs:
        return []
    x, y = plane.unit_m
    metre = (x + y) / 2
    if not walls:
        return [(a, b, s * metre) for a, b, s in pairs]
    held = np.asarray(blocks, dtype=object)
    a = np.array([p[0] for p in pairs])
    b = np.array([p[1] for p in pairs])
    border = shapely.intersection(held[a], held[b])
    middle = shapely.point_on_surface(border)
    tree = shapely.STRtree([w.line for w in walls])
    strength = np.array([w.strength for w in walls])
    at, which = tree.query(middle, predicate="dwithin", distance=how.near_m / metre)
    blocked = np.zeros(len(pairs))
    np.maximum.at(blocked, at, strength[which])
    return [(i, j, s * metre * (1.02 - k)) for (i, j, s), k in zip(pairs, blocked.tolist(), strict=True)]


def _grown(
    blocks: Sequence[Polygon], owner: np.ndarray, walls: Sequence[Barrier], plane: Plane, how: Settings, largest: float
) -> list[int]:
    area = plane.area_m2(blocks)
    around = shapely.length(np.array([plane.metres(b) for b in blocks], dtype=object))
    thin = np.flatnonzero(2 * area < how.width_m * around).tolist()
    regions = Regions(area.tolist(), owner.tolist(), _ties(blocks, walls, plane, how), thin)
    regions.absorb(how.smallest * how.target_m2, largest * how.target_m2)
    return regions.numbered()


def _split(held: Sequence[Geometry], plane: Plane, how: Settings) -> tuple[list[Geometry], list[LineString]]:
    """Blocks above one and a half targets in pieces; all pieces in units, and the new cuts, a little longer."""
    parts: list[Geometry] = []
    cuts: list[LineString] = []
    for region in held:
        for block in shapely.get_parts(region):
            if plane.area_m2([block])[0] < 1.5 * how.target_m2:
                parts.append(block)
                continue
            found, lines = pieces(plane.metres(block), how.target_m2, how.smallest * how.target_m2)
            parts += [plane.units(p) for p in found]
            cuts += [_reaching(plane.units(line)) for line in lines]
    return parts, cuts


def _reaching(line: LineString, by: float = 1.5) -> LineString:
    """The line longer by `by` units at both ends: rounding must not leave it short of what it ends at."""
    (x0, y0), (x1, y1) = line.coords[0], line.coords[-1]
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    dx, dy = (x1 - x0) / length * by, (y1 - y0) / length * by
    return LineString([(x0 - dx, y0 - dy), (x1 + dx, y1 + dy)])


def _cells(
    blocks: Sequence[Polygon],
    owner: np.ndarray,
    parts: Sequence[Geometry],
    walls: Sequence[Barrier],
    plane: Plane,
    how: Settings,
) -> list[tuple[int, Polygon]]:
    """(parcel, cell): faces by the piece they lie in; small ones absorbed; each cell in one piece."""
    points = list(shapely.point_on_surface(np.asarray(blocks, dtype=object)))
    piece = holders(points, parts)
    ties = _ties(blocks, walls, plane, how)
    regions = Regions(plane.area_m2(blocks).tolist(), owner.tolist(), ties)
    for a, b, _tie in ties:
        if piece[a] == piece[b] >= 0 and owner[a] == owner[b] >= 0:
            first, second = regions.find(a), regions.find(b)
            if first != second:
                regions.join(first, second)
    regions.absorb(how.smallest * how.target_m2, how.largest * how.target_m2)
    number = regions.numbered()
    shapes = tiles(blocks, number, max(number, default=-1) + 1)
    parcel = {n: int(owner[face]) for face, n in enumerate(number) if n >= 0}
    return [(parcel[n], part) for n, shape in enumerate(shapes) for part in shapely.get_parts(shape)]


def _coded(
    found: Sequence[tuple[int, Polygon]], codes: Sequence[str], grounds: Sequence[Geometry], plane: Plane, how: Settings
) -> Design:
    cells: list[Cell] = []
    height = math.sqrt(how.target_m2) / plane.unit_m[1]
    for k, code in enumerate(codes):
        mine = [shape for owner, shape in found if owner == k]
        if not mine:
            raise Refused("LOST", "nothing is left of a parcel", code)
        cells += [Cell(code + serial, code, shape) for shape, serial in zip(mine, serials(mine, height), strict=True)]
    cells.sort(key=lambda c: c.code)
    outline = shapely.coverage_union_all(np.array([c.shape for c in cells], dtype=object))
    return Design(tuple(cells), outline, plane)
