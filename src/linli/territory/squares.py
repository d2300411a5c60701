"""The provisional base grid: plain squares cut along community borders. Geometry in, geometry out; no database."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import floor

import numpy as np
import shapely
from shapely import Geometry

from .partition import faces, merge, shared_borders

STEP_LON = 0.00193  # 165 m at 39.92 degrees north
STEP_LAT = 0.00149  # 165 m
MERGE_BELOW = 0.20  # of a full square


@dataclass(frozen=True, slots=True)
class Square:
    """One cell of the base grid: 15 digits and its polygon."""

    code: str
    geometry: Geometry


@dataclass(slots=True)
class _Piece:
    community: str
    row: int
    column: int
    area: float  # in squares
    faces: list[Geometry]


def square_grid(communities: Mapping[str, Geometry], *, merge_below: float = MERGE_BELOW) -> list[Square]:
    """Squares clipped to each community; slivers join the neighbour of the same community with the longest border.

    Codes are the community's 12 digits and a serial counted from the north row to the south one, west to east
    within a row (DB11/T 2157-2023: west to east, north to south inside the community).
    """
    if not communities:
        return []
    pieces = _cut(communities)
    borders = shared_borders([p.faces[0] for p in pieces], [p.community for p in pieces])
    kept = _merge_slivers(pieces, borders, merge_below)
    by_community: dict[str, list[_Piece]] = defaultdict(list)
    for piece in kept:
        by_community[piece.community].append(piece)
    squares: list[Square] = []
    for community in sorted(by_community):
        inside = sorted(by_community[community], key=_reading_order)
        if len(inside) > 999:
            raise ValueError(f"{community}: {len(inside)} cells do not fit three digits")
        for serial, piece in enumerate(inside, start=1):
            squares.append(Square(f"{community}{serial:03d}", merge(piece.faces)))
    return squares


def _reading_order(piece: _Piece) -> tuple[int, int, float]:
    point = shapely.point_on_surface(piece.faces[0])
    return (-piece.row, piece.column, shapely.get_x(point))


def _cut(communities: Mapping[str, Geometry]) -> list[_Piece]:
    """Every face between the community borders and the lattice lines, with its community and square."""
    west, south, east, north = shapely.total_bounds(np.array(list(communities.values()), dtype=object))
    columns = range(floor(west / STEP_LON) - 1, floor(east / STEP_LON) + 3)
    rows = range(floor(south / STEP_LAT) - 1, floor(north / STEP_LAT) + 3)
    left, right = columns[0] * STEP_LON, columns[-1] * STEP_LON
    low, high = rows[0] * STEP_LAT, rows[-1] * STEP_LAT
    lines = [shapely.LineString([(c * STEP_LON, low), (c * STEP_LON, high)]) for c in columns]
    lines += [shapely.LineString([(left, r * STEP_LAT), (right, r * STEP_LAT)]) for r in rows]
    pieces = [
        _Piece(
            face.owners[0],
            floor(face.lat / STEP_LAT),
            floor(face.lon / STEP_LON),
            shapely.area(face.geometry) / (STEP_LON * STEP_LAT),
            [face.geometry],
        )
        for face in faces([communities], lines)
    ]
    pieces.sort(key=lambda p: (p.community, -p.row, p.column, -p.area, p.faces[0].wkb))
    return pieces


def _merge_slivers(pieces: list[_Piece], borders: dict[int, dict[int, float]], below: float) -> list[_Piece]:
    """Join the smallest piece first, again and again, until none below the limit has a neighbour."""
    alive = dict(enumerate(pieces))
    queue = [(p.area, i) for i, p in alive.items() if p.area < below]
    heapq.heapify(queue)
    while queue:
        area, index = heapq.heappop(queue)
        if index not in alive or alive[index].area != area or not borders[index]:
            continue
        target = max(borders[index], key=lambda n: (round(borders[index][n], 9), alive[n].area, -n))
        small, big = alive.pop(index), alive[target]
        big.faces.extend(small.faces)
        if small.area > big.area:
            big.row, big.column = small.row, small.column
        big.area += small.area
        for neighbour, length in borders.pop(index).items():
            del borders[neighbour][index]
            if neighbour != target:
                borders[neighbour][target] = borders[neighbour].get(target, 0.0) + length
                borders[target][neighbour] = borders[target].get(neighbour, 0.0) + length
        if big.area < below:
            heapq.heappush(queue, (big.area, target))
    return [alive[i] for i in sorted(alive)]
