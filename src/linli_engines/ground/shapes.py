"""Reading polygons of any origin: what can be mended is mended and noted, what cannot is refused by code.

The result is a valid area of whole units, outer rings counterclockwise. Every step is linear or n log n in the corners; what
would cost more (a tangle of crossings) is refused. Nothing moves by more than a unit, but for spikes, which are cut off.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry, MultiPolygon, Polygon

from linli_engines.ground.arrangement import UNITS_PER_DEGREE, Floats, faces, holders, lines_of
from linli_engines.ground.design import VERTICES_MOST
from linli_engines.ground.errors import Refused
from linli_engines.ground.lattice import Shape

Ints = NDArray[np.int64]
Part = list[Floats]
MANY = 10_000
"""Corners from which on those in the middle of a straight line are left away."""
SPIKE = np.cos(np.radians(0.5))
SPIKE_UNITS = 100
"""A corner of less than half a degree between two sides of more than a metre is a spike, not a corner of ground."""
MOVED = 0.1
"""Cutting spikes off changes the area by no more than this share, or they were no spikes."""
TANGLE = 2
"""Crossings a segment, on average, above which a polygon of many segments is no drawing of an area."""
FAR_X, FAR_Y = 180 * UNITS_PER_DEGREE, 90 * UNITS_PER_DEGREE


@dataclass(frozen=True, slots=True)
class Note:
    """What was found and mended. `count`: how many corners, rings or parts."""

    code: str
    count: int


def cleaned(shape: Geometry | Sequence[Any], *, scale: float = 1.0) -> tuple[Shape, tuple[Note, ...]]:
    """A valid area of whole units and what was mended.

    `shape`: a geometry, or the coordinates of a polygon (rings) or of several (polygons of rings) as in GeoJSON; `scale`:
    units in one of its own units, UNITS_PER_DEGREE for degrees.

    Notes: HEIGHT, UNCLOSED, DUPLICATES, SPIKES, SIMPLIFIED, DROPPED (rings without ground and what is no area), WRONG_ORIENTATION,
    SELF_CROSSING, HOLES_WRONG, PARTS_OVERLAP; and PARTS, HOLES, which mend nothing: there are several, there are any.
    Raises Refused: EMPTY, NOT_AN_AREA, NOT_NUMBERS, NOT_LONLAT, TOO_FEW, NO_AREA, TOO_LARGE, TANGLED.
    """
    notes: Counter[str] = Counter()
    parts = _parts(shape, notes)
    if not parts:
        raise Refused("EMPTY", "there is nothing")
    count = sum(len(ring) for part in parts for ring in part)
    if count > VERTICES_MOST:
        raise Refused("TOO_LARGE", "too many corners", count=count, most=VERTICES_MOST)
    polygons = [p for p in (_polygon([r * scale for r in part], notes, count) for part in parts) if p is not None]
    if not polygons:
        distinct = max(len(np.unique(np.rint(part[0] * scale), axis=0)) for part in parts)
        raise Refused("NO_AREA" if distinct > 2 else "TOO_FEW", "no ground lies inside", corners=distinct)
    whole: Shape = polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)
    if not whole.is_valid:
        whole = _untangled(whole, notes)
    return _told(whole, notes)


def _told(whole: Shape, notes: Counter[str]) -> tuple[Shape, tuple[Note, ...]]:
    parts = shapely.get_parts(whole)
    if len(parts) > 1:
        notes["PARTS"] = len(parts)
    holes = int(shapely.get_num_interior_rings(parts).sum())
    if holes:
        notes["HOLES"] = holes
    return shapely.orient_polygons(whole), tuple(Note(code, count) for code, count in sorted(notes.items()) if count)


def _parts(shape: Geometry | Sequence[Any], notes: Counter[str]) -> list[Part]:
    """Rings of all parts as they came, (n, 2)."""
    if not isinstance(shape, Geometry):
        return _read(shape, notes)
    if shape.is_empty:
        return []
    if shapely.has_z(shape):
        notes["HEIGHT"] = 1
    areas = [g for g in _flat(shape) if g.geom_type == "Polygon" and not g.is_empty]
    others = len(_flat(shape)) - len(areas)
    if not areas:
        raise Refused("NOT_AN_AREA", "no area", kind=shape.geom_type)
    notes["DROPPED"] += others
    return [[shapely.get_coordinates(r) for r in (p.exterior, *p.interiors)] for p in areas]


def _flat(shape: Geometry) -> list[Geometry]:
    if shape.geom_type != "GeometryCollection":
        found: list[Geometry] = shapely.get_parts(shape).tolist()
        return found
    return [g for part in shape.geoms for g in _flat(part)]


def _read(shape: Sequence[Any], notes: Counter[str]) -> list[Part]:
    depth, inner = 0, shape
    while isinstance(inner, (list, tuple, np.ndarray)):
        if not len(inner):
            return []
        depth, inner = depth + 1, inner[0]
    if depth not in (3, 4):
        raise Refused("NOT_AN_AREA", "coordinates of a polygon are rings of points", depth=depth)
    return [[_ring(ring, notes) for ring in part] for part in (shape if depth == 4 else [shape]) if len(part)]


def _ring(points: Sequence[Any], notes: Counter[str]) -> Floats:
    try:
        at = np.array([[float(p[0]), float(p[1])] for p in points], dtype=np.float64).reshape(-1, 2)
        high = any(len(p) > 2 for p in points)
    except (TypeError, ValueError, IndexError, OverflowError) as wrong:
        raise Refused("NOT_NUMBERS", "a coordinate is no number") from wrong
    notes["HEIGHT"] |= high
    if len(at) > 1 and (at[0] != at[-1]).any():
        notes["UNCLOSED"] += 1
        at = np.vstack((at, at[:1]))
    return at


def _polygon(rings: Part, notes: Counter[str], count: int) -> Polygon | None:
    """One part; None if its outer ring encloses nothing."""
    kept: list[Ints] = []
    for k, ring in enumerate(rings):
        clean = _clean(ring, notes, count > MANY)
        if not _is_line(clean):
            kept.append(clean)
        else:
            notes["DROPPED"] += 1
            if k == 0:
                return None
    notes["WRONG_ORIENTATION"] += (_turn(kept[0]) < 0) + sum(_turn(r) > 0 for r in kept[1:])
    return Polygon(kept[0], kept[1:])


def _clean(ring: Floats, notes: Counter[str], many: bool) -> Ints:
    """The open ring on whole units without repetitions and spikes."""
    if not np.isfinite(ring).all():
        raise Refused("NOT_NUMBERS", "a coordinate is no number")
    if len(ring) and (np.abs(ring).max(axis=0) > (FAR_X, FAR_Y)).any():
        raise Refused("NOT_LONLAT", "a corner lies outside the globe")
    at: Ints = np.rint(ring).astype(np.int64)[:-1]
    same = (at == np.roll(at, 1, axis=0)).all(axis=1) if len(at) > 1 else np.zeros(len(at), dtype=bool)
    notes["DUPLICATES"] += int(same.sum())
    at = at[~same]
    if len(at) > 3 and _spiky(at).any():
        at, cut = _best(at)
        notes["SPIKES"] += cut
    if many and len(at) > 3:
        before, after = at - np.roll(at, 1, axis=0), np.roll(at, -1, axis=0) - at
        straight = (before[:, 0] * after[:, 1] == before[:, 1] * after[:, 0]) & ((before * after).sum(axis=1) > 0)
        notes["SIMPLIFIED"] += int(straight.sum())
        at = at[~straight]
    return at


def _spiky(at: Ints) -> NDArray[np.bool_]:
    back = (np.roll(at, 1, axis=0) - at).astype(np.float64)
    on = (np.roll(at, -1, axis=0) - at).astype(np.float64)
    a, b = np.hypot(*back.T), np.hypot(*on.T)
    dot, cross = (back * on).sum(axis=1), back[:, 0] * on[:, 1] - back[:, 1] * on[:, 0]
    found: NDArray[np.bool_] = ((cross == 0) & (dot > 0)) | ((dot > SPIKE * a * b) & (np.minimum(a, b) > SPIKE_UNITS))
    return found


def _best(at: Ints) -> tuple[Ints, int]:
    """Without spikes, and how many corners went. Where they were the ground itself, only what has no width goes."""
    found = _despiked(at, SPIKE)
    before = abs(_turn(at))
    if len(found) < 3 or abs(abs(_turn(found)) - before) > MOVED * before:
        found = _despiked(at, 2.0)
    return found, len(at) - len(found)


def _despiked(at: Ints, limit: float) -> Ints:
    """One pass with a stack, begun where no spike is: where cutting one off shows another, that one goes as well."""
    calm = np.flatnonzero(~_spiky(at))
    turned = np.roll(at, -int(calm[0] if len(calm) else 0), axis=0).tolist()
    stack: list[list[int]] = []
    for p in [*turned, turned[0]]:
        while len(stack) > 1 and _is_spike(stack[-2], stack[-1], p, limit):
            stack.pop()
        if not stack or stack[-1] != p:
            stack.append(p)
    ring = stack[:-1]
    while len(ring) > 2 and _is_spike(ring[-1], ring[0], ring[1], limit):
        ring = ring[1:]
    return np.array(ring, dtype=np.int64).reshape(-1, 2)


def _is_spike(a: list[int], b: list[int], c: list[int], limit: float) -> bool:
    """`limit`: cosine of the angle below which a corner is one; above 1 only where the way goes straight back."""
    ux, uy, vx, vy = a[0] - b[0], a[1] - b[1], c[0] - b[0], c[1] - b[1]
    dot, cross = ux * vx + uy * vy, ux * vy - uy * vx
    if cross == 0:
        return dot > 0
    u, v = math.hypot(ux, uy), math.hypot(vx, vy)
    return dot > limit * u * v and min(u, v) > SPIKE_UNITS


def _is_line(ring: Ints) -> bool:
    """All corners on one line; a ring that crosses itself may have no area by sign, and ground all the same."""
    at = ring - ring[:1]
    far = at[(at**2).sum(axis=1).argmax()] if len(at) else at
    return len(at) < 3 or not (at[:, 0] * far[1] - at[:, 1] * far[0]).any()


def _turn(ring: Ints) -> int:
    """Twice the area, positive counterclockwise, exact."""
    at = ring - ring[0]
    x, y = at.T
    return int((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())


REASONS = {"Self": "SELF_CROSSING", "Ring": "SELF_CROSSING", "Interior": "SELF_CROSSING", "Hole": "HOLES_WRONG"}


def _untangled(whole: Shape, notes: Counter[str]) -> Shape:
    """What crosses itself, as the area it encloses: holes taken out, parts joined, all on whole units."""
    reason = shapely.is_valid_reason(whole).split()[0].rstrip("s")
    notes[next((c for r, c in REASONS.items() if reason.startswith(r)), "PARTS_OVERLAP")] += 1
    _not_tangled(whole)
    made = shapely.make_valid(whole, method="structure", keep_collapsed=False)
    found = np.array(faces(lines_of([g for g in _flat(made) if g.geom_type == "Polygon"])), dtype=object)
    kept = holders(list(shapely.point_on_surface(found)), [made]) == 0 if len(found) else np.zeros(0, dtype=bool)
    areas = [g for g in _flat(shapely.coverage_union_all(found[kept])) if g.geom_type == "Polygon" and g.area > 0]
    if not areas:
        raise Refused("NO_AREA", "no ground lies inside")
    return areas[0] if len(areas) == 1 else MultiPolygon(areas)


def _not_tangled(whole: Shape) -> None:
    """Refuses what has far more crossings than corners, by a sample of its segments: making it valid could take hours."""
    at, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(whole)), return_index=True)
    here = ring[:-1] == ring[1:]
    segments = shapely.linestrings(np.stack((at[:-1][here], at[1:][here]), axis=1))
    if len(segments) < 2_000:
        return
    tree = shapely.STRtree(segments)
    for sample, limit in ((5, 50 * TANGLE), (200, TANGLE)):  # the few find the worst, before the many take long
        some = segments[np.linspace(0, len(segments) - 1, sample).astype(np.int64)]
        met, _ = tree.query(some, predicate="crosses")
        if len(met) > limit * sample:
            raise Refused("TANGLED", "it crosses itself far too often", crossings=len(met) // sample)
