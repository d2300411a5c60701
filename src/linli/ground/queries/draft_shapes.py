"""Shapes of a draft and of the ground it stands on, in whole units of 1e-7 degree."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry

from linli.territory import queries as territory
from linli_engines.ground import Plane, from_degrees

from ..models import DraftCell, DraftEdit, GroundChange

Shapes = dict[str, Geometry]
HALVING_REACH = 1.2


def draft_shapes(change_id: int) -> Shapes:
    """The cells of the draft by code (1 SQL)."""
    rows = list(DraftCell.objects.filter(draft_id=change_id).order_by("code").values_list("code", "shape"))
    shapes = shapely.from_wkb([bytes(shape) for _code, shape in rows])
    return dict(zip([code for code, _shape in rows], shapes, strict=True))


def live_shapes(scope: str) -> Shapes:
    """The cells in force under a prefix; none of a ground of its own (scope "")."""
    if not scope:
        return {}
    return {code: from_degrees(shape) for code, shape in sorted(territory.cells(scope).items())}


def digest(shapes: Mapping[str, Geometry]) -> str:
    """Says whether the grid in force is still the one a draft began from."""
    said = hashlib.sha256()
    for code, shape in sorted(shapes.items()):
        said.update(code.encode() + shapely.to_wkb(shape, byte_order=1))
    return said.hexdigest()[:32]


def parcels(scope: str) -> Shapes:
    """The communities of a division as its cells draw them, so that a new grid fits those beside it; of a community
    without cells its own border."""
    groups: dict[str, list[Geometry]] = defaultdict(list)
    for code, shape in live_shapes(scope).items():
        groups[code[:12]].append(shape)
    found = {c: shapely.coverage_union_all(np.array(g, dtype=object)) for c, g in groups.items()}
    borders = {scope: territory.division_boundary(scope)} if len(scope) == 12 else territory.division_boundaries(12, scope)  # fmt: skip
    for code, border in borders.items():
        if code not in found and border is not None:
            found[code] = from_degrees(border)
    return dict(sorted(found.items()))


def plane_of(shapes: Sequence[Geometry]) -> Plane:
    """Metres at the middle of the shapes."""
    _x0, y0, _x1, y1 = shapely.total_bounds(np.asarray(shapes, dtype=object)).tolist()
    return Plane((y0 + y1) / 2e7)


def areas_m2(shapes: Sequence[Geometry]) -> NDArray[np.float64]:
    """Square metres of each."""
    return plane_of(shapes).area_m2(shapes) if len(shapes) else np.empty(0)


def compactness(shapes: Sequence[Geometry]) -> NDArray[np.float64]:
    """4 pi area / perimeter² of each: 1 for a circle."""
    if not len(shapes):
        return np.empty(0)
    plane = plane_of(shapes)
    around = shapely.length(np.array([plane.metres(s) for s in shapes], dtype=object))
    found: NDArray[np.float64] = 4 * np.pi * plane.area_m2(shapes) / around**2
    return found


def halving(shape: Geometry) -> Geometry:
    """The line across the middle of the long side of the smallest rectangle around a cell."""
    plane = plane_of([shape])
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(plane.metres(shape)))[:4]
    a, b, c, d = corners
    if np.hypot(*(b - a)) < np.hypot(*(c - b)):
        a, b, c, d = b, c, d, a
    first, second = (a + b) / 2, (c + d) / 2
    middle = (first + second) / 2
    ends = [middle + (p - middle) * HALVING_REACH for p in (first, second)]
    return plane.units(shapely.LineString(ends))


def codes_ever(change: GroundChange) -> set[str]:
    """Codes that live, were taken away by an earlier change, or stood in this draft once: none is given to other ground."""
    scope = change.draft.scope
    found = set(live_shapes(scope))
    for said in GroundChange.objects.exclude(turn="").values_list("said", flat=True):
        found.update(c for c in said.get("codes", {}) if len(c) == 15 and c.startswith(scope))
    for codes in DraftEdit.objects.filter(draft_id=change.pk).values_list("codes", flat=True):
        found.update(codes.split())
    return found
