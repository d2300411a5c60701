"""Edits of a grid in force: split, merge, move a border, move a corner. Pure and exact; method: docs/methods/ground.md.

Cells are a mapping from codes of 15 digits to shapes of whole units that share every corner of their borders, as `design`
makes them. An edit gives back what changed; cells it does not name keep code and shape. Borders of communities and of the
district stay where they are: at most they get a corner, within a unit (a centimetre) of the old line, on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import Geometry, Polygon
from shapely.geometry.base import BaseGeometry

from linli_engines.ground.arrangement import Plane
from linli_engines.ground.coding import MOST, WIDTH, serials
from linli_engines.ground.cutting import cut
from linli_engines.ground.errors import Refused
from linli_engines.ground.lattice import (
    Bends,
    Edge,
    Point,
    Ring,
    Shape,
    bent_rim,
    edges,
    remade,
    rim,
    with_bends,
)

Cells = Mapping[str, Shape]
PARCEL = 12
REACH = 100.0
"""Units (about a metre) that a drawn line may end short of a border."""


@dataclass(frozen=True, eq=False)
class Edited:
    """`changed`: new shapes by code, those of new codes included; `neighbours`: shapes that got corners and lost or won
    less than a unit beside a border; `corners`: the corners that went into edges, for other layers with these borders.
    """

    changed: dict[str, Shape]
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    neighbours: dict[str, Shape] = field(default_factory=dict)
    corners: tuple[Point, ...] = ()

    def apply(self, cells: Cells) -> dict[str, Shape]:
        """All cells after the edit, in the order of their codes."""
        after = {**cells, **self.changed, **self.neighbours}
        return {code: after[code] for code in sorted(after) if code not in self.gone}


def split(
    cells: Cells,
    code: str,
    line: Geometry,
    taken_codes: Collection[str] = (),
    *,
    least_m2: float = 200.0,
    reach: float = REACH,
) -> Edited:
    """Cut a cell by a line of units. The largest part keeps the code; the others get serials that neither `cells` nor
    `taken_codes` (codes ever used) hold, in rows from north to south, in a row from west to east.

    Raises Refused: UNKNOWN, LINE_INVALID, LINE_CROSSES_ITSELF, LINE_DOES_NOT_CUT, SLIVER, FULL, TOO_FINE.
    """
    shape = _known(cells, code)[0]
    found = cut(shape, line, reach)
    parts = sorted(found.parts, key=lambda p: (-p.area, p.bounds))
    _no_sliver(parts, least_m2, code)
    fresh = _fresh(parts[1:], code[:PARCEL], {*cells, *taken_codes})
    return _exact(cells, {code: parts[0], **fresh}, (code,), found.bends)


def merge(cells: Cells, codes: Collection[str]) -> Edited:
    """Make one cell of two or more of one community that touch along lines. The largest keeps its code (of equals the
    lowest).

    Raises Refused: UNKNOWN, TOO_FEW, OTHER_COMMUNITY, NOT_TOUCHING.
    """
    names = sorted(set(codes))
    if len(names) < 2:
        raise Refused("TOO_FEW", "one cell cannot be merged", *names)
    shapes = _known(cells, *names)
    _one_community(names)
    whole = _union(shapes, names)
    kept = max(zip(names, shapes, strict=True), key=lambda pair: pair[1].area)[0]
    return _exact(cells, {kept: whole}, names, {})


def move_border(
    cells: Cells, code_a: str, code_b: str, line: Geometry, *, least_m2: float = 200.0, reach: float = REACH
) -> Edited:
    """Replace the border between two touching cells of one community by a line: their union is cut anew, each keeps the
    part that has more of it.

    Raises Refused: as `merge` and `split`, and NOT_TWO_PARTS where the line leaves more than two pieces.
    """
    names = sorted({code_a, code_b})
    if len(names) < 2:
        raise Refused("TOO_FEW", "a border has two sides", *names)
    shapes = _known(cells, *names)
    _one_community(names)
    found = cut(_union(shapes, names), line, reach)
    if len(found.parts) != 2:
        raise Refused("NOT_TWO_PARTS", "the line leaves more than two pieces", *names, count=len(found.parts))
    _no_sliver(found.parts, least_m2, *names)
    first, second = found.parts
    straight = first.intersection(shapes[0]).area + second.intersection(shapes[1]).area
    crossed = second.intersection(shapes[0]).area + first.intersection(shapes[1]).area
    if crossed > straight:
        first, second = second, first
    return _exact(cells, {names[0]: first, names[1]: second}, names, found.bends)


def move_vertex(cells: Cells, at: Point, to: Point, *, least_m2: float = 200.0) -> Edited:
    """Move a corner of cells of one community, for all of them at once. Onto the next corner of a border: it goes away.

    Raises Refused: NO_VERTEX, FIXED_BORDER (it lies on a border of a community or of the district), CROSSES, SLIVER.
    """
    old, new = _point(at), _point(to)
    names = [c for c in _near(cells, shapely.Point(old)) if any(old in edge for edge in edges(cells[c]))]
    if not names:
        raise Refused("NO_VERTEX", "no cell has a corner there")
    _movable(cells, names, [e for c in names for e in edges(cells[c]) if old in e])

    def change(ring: Ring) -> Ring:
        return _without_repeats([new if p == old else p for p in ring])

    return _moved(cells, names, change, least_m2)


def bend_border(cells: Cells, between: tuple[Point, Point], to: Point, *, least_m2: float = 200.0) -> Edited:
    """Put a corner into the straight border between two neighbouring corners and drag it to `to`.

    Raises Refused: as `move_vertex`; NO_VERTEX where these two are not the ends of one edge.
    """
    a, b, new = _point(between[0]), _point(between[1]), _point(to)
    near = _near(cells, shapely.LineString([a, b]))
    names = [c for c in near if any(set(edge) == {a, b} for edge in edges(cells[c]))]
    if not names or a == b:
        raise Refused("NO_VERTEX", "no cell has that border")
    _movable(cells, names, [e for c in names for e in edges(cells[c]) if set(e) == {a, b}])
    bends: Bends = {(a, b): [new], (b, a): [new]}

    def change(ring: Ring) -> Ring:
        pairs = zip(ring, ring[1:] + ring[:1], strict=True)
        return _without_repeats([p for x, y in pairs for p in (x, *bends.get((x, y), ()))])

    return _moved(cells, names, change, least_m2)


def with_corners(shapes: Mapping[str, Shape], corners: Sequence[Point], within: float = 1.0) -> dict[str, Shape]:
    """Shapes of another layer (communities, the district) that have the borders of cells, with the corners of an edit
    put into their edges; those that change only. A corner goes into the nearest edge within `within` units.
    """
    found: dict[str, Shape] = {}
    for code, shape in shapes.items():
        bends: Bends = {}
        near = [c for c in corners if shape.distance(shapely.Point(c)) <= within]
        for edge in edges(shape) if near else ():
            at = np.subtract(edge[1], edge[0])
            mine = [c for c in near if c not in edge and shapely.LineString(edge).distance(shapely.Point(c)) <= within]
            mine = [c for c in mine if 0 < int(np.dot(np.subtract(c, edge[0]), at)) < int(np.dot(at, at))]
            if mine:
                order = sorted(mine, key=lambda c: int(np.dot(np.subtract(c, edge[0]), at)))
                bends[edge] = order
        if bends:
            found[code] = with_bends(shape, bends)
    return found


def plane_of(shapes: Mapping[str, Shape]) -> Plane:
    """Metres at the middle of the shapes."""
    low, high = np.array([s.bounds for s in shapes.values()])[:, (1, 3)].T
    return Plane(float(low.min() + high.max()) / 2e7)


def _known(cells: Cells, *codes: str) -> list[Shape]:
    lost = [c for c in codes if c not in cells]
    if lost:
        raise Refused("UNKNOWN", "no such cell", *lost)
    return [cells[c] for c in codes]


def _one_community(codes: Sequence[str]) -> None:
    if len({c[:PARCEL] for c in codes}) > 1:
        raise Refused("OTHER_COMMUNITY", "cells of different communities", *codes)


def _union(shapes: Sequence[Shape], codes: Sequence[str]) -> Polygon:
    whole = shapely.coverage_union_all(np.asarray(shapes, dtype=object))
    if len(shapely.get_parts(whole)) > 1 or not whole.is_valid:
        raise Refused("NOT_TOUCHING", "the cells do not touch along a line", *codes)
    return shapely.get_parts(whole)[0]


def _no_sliver(parts: Sequence[Shape], least_m2: float, *codes: str) -> None:
    areas = Plane(parts[0].centroid.y / 1e7).area_m2(parts)
    if areas.min() < least_m2:
        raise Refused("SLIVER", "a part is too small", *codes, area_m2=round(float(areas.min()), 1), least_m2=least_m2)


def _fresh(parts: Sequence[Polygon], parcel: str, used: Collection[str]) -> dict[str, Shape]:
    """New codes: above the highest serial ever used while there are any, then the gaps."""
    mine = {int(c[PARCEL:]) for c in used if c[:PARCEL] == parcel and c[PARCEL:].isdigit()}
    top = max(mine, default=0)
    free = [*range(top + 1, MOST + 1), *(n for n in range(1, top) if n not in mine)]
    if len(free) < len(parts):
        raise Refused("FULL", "the community has no codes left", parcel, most=MOST)
    lowest = min((p.bounds[3] - p.bounds[1] for p in parts), default=2.0)
    rows = serials(parts, lowest / 2)  # what lies one above the other is never one row
    return {f"{parcel}{free[int(row) - 1]:0{WIDTH}d}": part for part, row in zip(parts, rows, strict=True)}


def _near(cells: Cells, shape: BaseGeometry) -> list[str]:
    """Codes of cells whose box meets the box of the shape, a unit of play included."""
    codes = list(cells)
    x0, y0, x1, y1 = shape.bounds
    box = shapely.bounds(np.array([cells[c] for c in codes], dtype=object)).T
    meets = (box[0] <= x1 + 2) & (box[2] >= x0 - 2) & (box[1] <= y1 + 2) & (box[3] >= y0 - 2)
    return [codes[k] for k in np.flatnonzero(meets).tolist()]


def _point(at: Point) -> Point:
    return round(at[0]), round(at[1])


def _without_repeats(ring: Ring) -> Ring:
    return [p for k, p in enumerate(ring) if p != ring[k - 1]]


def _movable(cells: Cells, names: Sequence[str], way: Sequence[Edge]) -> None:
    """Edges may move if each runs both ways and all are of one community."""
    if len({c[:PARCEL] for c in names}) > 1 or any(way.count(edge[::-1]) != 1 for edge in way):
        raise Refused("FIXED_BORDER", "a border of a community or of the district would move", *names)


def _moved(cells: Cells, names: Sequence[str], change: Callable[[Ring], Ring], least_m2: float) -> Edited:
    changed = {c: remade(cells[c], change) for c in names}
    for code, shape in changed.items():
        if shape.is_empty or not shape.is_valid or not _same_way(cells[code], change):
            raise Refused("CROSSES", "a cell would cross itself, turn over or fall apart", code)
    found = _exact(cells, changed, names, {})
    _no_sliver(list(changed.values()), least_m2, *names)
    return found


def _same_way(shape: Shape, change: Callable[[Ring], Ring]) -> bool:
    """No ring turns over: outer rings keep the ground on their left, holes too."""

    def turn(ring: Ring) -> int:
        return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))

    def check(ring: Ring) -> Ring:
        if turn(ring) * turn(change(ring)) <= 0:
            turned.append(ring)
        return ring

    turned: list[Ring] = []
    remade(shape, check)
    return not turned


def _exact(cells: Cells, changed: dict[str, Shape], old: Collection[str], bends: Bends) -> Edited:
    """The edit, proven: all shapes valid, and the rim of all that changed as it was but for the bends in it."""
    around = shapely.union_all([cells[c].envelope for c in old])
    near = [c for c in _near(cells, around) if c not in old]
    neighbours = {c: new for c in near if (new := with_bends(cells[c], bends)) is not cells[c]}
    before = bent_rim(rim([cells[c] for c in (*old, *neighbours)]), bends)
    after = rim([*changed.values(), *neighbours.values()])
    if before != after or not all(s.is_valid for s in (*changed.values(), *neighbours.values())):
        raise Refused("TOO_FINE", "the edit leaves less than a unit between two borders", *changed)
    beside = [cells[c] for c in near if c not in neighbours]
    if not shapely.coverage_is_valid([*changed.values(), *neighbours.values(), *beside]):
        tiled = shapely.coverage_is_valid([*(cells[c] for c in old), *(cells[c] for c in near)])
        raise Refused(*(("CROSSES", "a cell would lie over another") if tiled else ("NOT_TILED", "cells overlap here")))
    gone = tuple(sorted(set(old) - set(changed)))
    new = tuple(sorted(set(changed) - set(cells)))
    corners = tuple(sorted({p for put in bends.values() for p in put}))
    return Edited(dict(sorted(changed.items())), gone, new, dict(sorted(neighbours.items())), corners)
