"""What there is to say about a design: spread of areas, compactness, grids that a barrier still crosses, gaps, overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from linli_engines.ground.arrangement import lines_of
from linli_engines.ground.design import Barrier, Design, Settings

CUT_OFF = 0.15
"""A barrier crosses a grid if it cuts off more than this share of it; a strip beside a carriageway is no crossing."""


@dataclass(frozen=True, slots=True)
class Report:
    """Areas in square metres. `compactness`: 4 pi area / perimeter², 1 for a circle. `crossed`: codes by kind of barrier.

    `tiles`: no gap and no overlap between neighbours.
    """

    count: int
    smallest_m2: float
    median_m2: float
    largest_m2: float
    spread: float
    compactness: float
    least_compact: float
    slivers: tuple[str, ...]
    crossed: dict[str, tuple[str, ...]]
    tiles: bool


def report(found: Design, barriers: Sequence[Barrier], settings: Settings | None = None) -> Report:
    """Raises nothing: an empty design has zeros. `spread` is the standard deviation over the mean."""
    how = settings or Settings()
    shapes = np.array([c.shape for c in found.cells], dtype=object)
    if not len(shapes):
        return Report(0, 0, 0, 0, 0, 0, 0, (), {}, True)
    area = found.plane.area_m2(list(shapes))
    around = shapely.length(np.array([found.plane.metres(s) for s in shapes], dtype=object))
    round_ = 4 * np.pi * area / around**2
    small = area < how.smallest * how.target_m2
    return Report(
        len(shapes),
        float(area.min()),
        float(np.median(area)),
        float(area.max()),
        float(area.std() / area.mean()),
        float(np.median(round_)),
        float(round_.min()),
        tuple(c.code for c, s in zip(found.cells, small, strict=True) if s),
        _crossed(found, barriers),
        bool(shapely.coverage_is_valid(shapes)),
    )


def _crossed(found: Design, barriers: Sequence[Barrier]) -> dict[str, tuple[str, ...]]:
    """Codes by kind of barrier: grids of which the barriers of one kind cut off a real part."""
    shapes = np.array([c.shape for c in found.cells], dtype=object)
    by: dict[str, tuple[str, ...]] = {}
    for kind in sorted({b.kind for b in barriers}):
        lines = _pieces(lines_of([b.line for b in barriers if b.kind == kind]))
        tree = shapely.STRtree(lines)
        a, b = tree.query(shapes, predicate="intersects")
        cut = [k for k in np.unique(a).tolist() if _cut_off(shapes[k], lines[b[a == k]]) > CUT_OFF]
        by[kind] = tuple(found.cells[k].code for k in cut)
    return by


def _pieces(lines: Sequence[shapely.Geometry]) -> np.ndarray:
    """Single segments: a grid is then compared with what is near it, not with the whole of a road."""
    found: list[np.ndarray] = []
    for line in shapely.get_parts(np.asarray(lines, dtype=object)):
        at = shapely.get_coordinates(line)
        found.append(shapely.linestrings(np.stack((at[:-1], at[1:]), axis=1)))
    return np.concatenate(found) if found else np.empty(0, dtype=object)


def _cut_off(shape: shapely.Geometry, lines: np.ndarray) -> float:
    """The share of a grid that lies outside its largest piece once the lines have cut it."""
    noded = shapely.union_all(np.append(lines, shapely.boundary(shape)))
    parts = [p for p in shapely.get_parts(shapely.polygonize([noded])) if shape.contains(p.point_on_surface())]
    areas = sorted((p.area for p in parts), reverse=True)
    return float(1 - areas[0] / shape.area) if len(areas) > 1 else 0.0
