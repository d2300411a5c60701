"""One net over another: who covers a cell, by which share, what nobody covers and what is covered twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from linli_engines.ground.lattice import Shape


@dataclass(frozen=True, eq=False)
class Overlay:
    """For each base cell: (layer code, share of the cell's area), largest first; the share that no layer cell covers, and
    the share that two or more cover.
    """

    shares: dict[str, tuple[tuple[str, float], ...]]
    uncovered: dict[str, float]
    doubly: dict[str, float]


@dataclass(frozen=True, eq=False)
class Responsible:
    """`by`: who is responsible for each base cell. `none`, `one`, `several`: base cells by how many that are."""

    by: dict[str, tuple[str, ...]]
    none: tuple[str, ...]
    one: tuple[str, ...]
    several: tuple[str, ...]


def overlay(base: Mapping[str, Shape], layer: Mapping[str, Shape]) -> Overlay:
    """Both nets in whole units; shapes valid, of any kind of area. Raises nothing: an empty layer covers nothing."""
    shares: dict[str, list[tuple[str, float]]] = {code: [] for code in base}
    for code, other, area in pieces_of(base, layer):
        shares[code].append((other, area / base[code].area))
    sums = {code: sum(share for _, share in found) for code, found in shares.items()}
    twice = _overlapping(layer)
    uncovered = {code: max(0.0, 1 - total) for code, total in sums.items()}
    doubly = dict.fromkeys(base, 0.0)
    for code, found in shares.items():
        held = [other for other, _ in found]
        if len(held) > 1 and any(other in twice.get(one, ()) for one in held for other in held):
            covered, more = _covered(base[code], [layer[other] for other in held])
            uncovered[code], doubly[code] = 1 - covered, more
    in_order = {code: tuple(sorted(s, key=lambda pair: (-pair[1], pair[0]))) for code, s in shares.items()}
    return Overlay(in_order, {c: _whole(s) for c, s in uncovered.items()}, {c: _whole(s) for c, s in doubly.items()})


def pieces_of(base: Mapping[str, Shape], layer: Mapping[str, Shape]) -> list[tuple[str, str, float]]:
    """(base code, layer code, common area in square units) of all pairs with common ground."""
    if not base or not layer:
        return []
    names, others = list(base), list(layer)
    a, b, area = _common(np.array(list(base.values()), dtype=object), np.array(list(layer.values()), dtype=object))
    return [(names[i], others[j], s) for i, j, s in zip(a.tolist(), b.tolist(), area.tolist(), strict=True)]


def responsible(
    found: Overlay, threshold: float = 0.1, holders: Mapping[str, Collection[str]] | None = None
) -> Responsible:
    """Who answers for each base cell: all whose share of it is `threshold` or more. `holders`: who stands behind a cell
    of the layer; without it the layer's code stands for itself. One who holds several parts counts once, with their sum.
    """
    by: dict[str, tuple[str, ...]] = {}
    for code, shares in found.shares.items():
        sums: dict[str, float] = {}
        for other, share in shares:
            for who in (other,) if holders is None else set(holders.get(other, ())):
                sums[who] = sums.get(who, 0.0) + share
        by[code] = tuple(sorted(who for who, share in sums.items() if share >= threshold))
    count = {code: len(who) for code, who in by.items()}
    return Responsible(
        by,
        tuple(c for c, n in count.items() if n == 0),
        tuple(c for c, n in count.items() if n == 1),
        tuple(c for c, n in count.items() if n > 1),
    )


def _common(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs with common ground and its area. A shape inside another needs no intersection."""
    i, j = shapely.STRtree(b).query(a, predicate="intersects")
    shapely.prepare(a)
    shapely.prepare(b)
    area = np.zeros(len(i))
    inner, outer = shapely.covers(b[j], a[i]), shapely.covers(a[i], b[j])
    area[outer] = shapely.area(b[j[outer]])
    area[inner] = shapely.area(a[i[inner]])
    rest = ~(inner | outer)
    rest[rest] = ~shapely.touches(a[i[rest]], b[j[rest]])
    area[rest] = shapely.area(shapely.intersection(a[i[rest]], b[j[rest]]))
    keep = area > 0
    return i[keep], j[keep], area[keep]


def _overlapping(layer: Mapping[str, Shape]) -> dict[str, set[str]]:
    """Cells of one net that lie over one another."""
    if not layer or shapely.coverage_is_valid(list(layer.values())):
        return {}
    found: dict[str, set[str]] = {}
    for one, other, _area in pieces_of(layer, layer):
        if one != other:
            found.setdefault(one, set()).add(other)
    return found


def _covered(cell: Shape, over: list[Shape]) -> tuple[float, float]:
    """Shares of the cell that are covered, and covered by two or more."""
    once: shapely.Geometry = shapely.Polygon()
    more: list[shapely.Geometry] = []
    for piece in map(_areas, shapely.intersection(np.array(over, dtype=object), cell).tolist()):
        more.append(_areas(once.intersection(piece)))
        once = _areas(shapely.union(once, piece))
    return once.area / cell.area, shapely.union_all(more).area / cell.area


def _areas(shape: shapely.Geometry) -> shapely.Geometry:
    """Without the lines and points at which shapes only touch: GEOS cannot intersect a mixture."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2]) if len(parts) else shapely.Polygon()


def _whole(share: float) -> float:
    """A share between 0 and 1, free of what rounding leaves of nothing."""
    return 0.0 if share < 1e-9 else min(share, 1.0)
