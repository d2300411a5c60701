"""Rings of degrees become unique integer segments, each with the polygons that use it. No raster here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Ring = ArrayLike

UNITS_PER_DEGREE = 10_000_000
SPAN_LIMIT = 1 << 30
"""Largest extent of the raster in units (107 degrees). It keeps all sums below 2**62: docs/methods/locate.md."""


@dataclass(frozen=True, slots=True)
class Segments:
    """Unique segments u → v with (uy, ux) < (vy, vx), and who uses them.

    `use_seg` is sorted; `use_rank` is the polygon's place in the text order of codes; `use_toggles` is False where one
    polygon runs along a segment an even number of times: its inside does not change there, yet it is touched there.
    """

    ux: Ints
    uy: Ints
    vx: Ints
    vy: Ints
    use_seg: Ints
    use_rank: Ints
    use_toggles: NDArray[np.bool_]
    use_start: Ints


def rings_of(geometry: Mapping[str, Any]) -> list[Ring]:
    """The rings of a GeoJSON Polygon or MultiPolygon: exteriors and holes of all parts in one flat list."""
    kind = geometry.get("type")
    if kind == "Polygon":
        return list(geometry["coordinates"])
    if kind == "MultiPolygon":
        return [ring for part in geometry["coordinates"] for ring in part]
    raise ValueError(f"not a Polygon or MultiPolygon: {kind!r}")


def quantised(ring: Ring) -> Ints:
    """The corners of a ring as integers of 1e-7 degree, shape (n, 2). Raises ValueError for what is no lon/lat."""
    corners = np.asarray(ring, dtype=np.float64)
    if corners.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    if corners.ndim != 2 or corners.shape[1] < 2:
        raise ValueError(f"a ring is a list of lon, lat pairs, not an array of shape {corners.shape}")
    corners = corners[:, :2]
    if not (np.abs(corners) <= (180.0, 90.0)).all():
        raise ValueError("a corner is not a longitude within ±180 and a latitude within ±90 degrees")
    return np.rint(corners * UNITS_PER_DEGREE).astype(np.int64)


def segments_of(polygons: Sequence[Sequence[Ring]], rank_of: Ints) -> Segments:
    """Every edge once, in absolute units. Edges of no length vanish; a ring may be closed or left open."""
    heads: list[Ints] = [np.empty((0, 2), dtype=np.int64)]
    tails: list[Ints] = [np.empty((0, 2), dtype=np.int64)]
    ranks: list[int] = []
    for index, rings in enumerate(polygons):
        for ring in rings:
            corners = quantised(ring)
            heads.append(corners)
            tails.append(np.concatenate((corners[1:], corners[:1])))
            ranks.append(int(rank_of[index]))
    head, tail = np.concatenate(heads), np.concatenate(tails)
    rank = np.repeat(np.asarray(ranks, dtype=np.int64), [len(corners) for corners in heads[1:]])
    real = (head != tail).any(axis=1)
    head, tail, rank = head[real], tail[real], rank[real]
    swap = (head[:, 1] > tail[:, 1]) | ((head[:, 1] == tail[:, 1]) & (head[:, 0] > tail[:, 0]))
    u, v = np.where(swap[:, None], tail, head), np.where(swap[:, None], head, tail)
    return _unique(u, v, rank)


def _unique(u: Ints, v: Ints, rank: Ints) -> Segments:
    order = np.lexsort((rank, v[:, 1], v[:, 0], u[:, 1], u[:, 0]))
    u, v, rank = u[order], v[order], rank[order]
    new_seg = np.ones(len(rank), dtype=bool)
    new_seg[1:] = (u[1:] != u[:-1]).any(axis=1) | (v[1:] != v[:-1]).any(axis=1)
    new_use = new_seg.copy()
    new_use[1:] |= rank[1:] != rank[:-1]
    first_use = np.flatnonzero(new_use)
    times = np.diff(np.append(first_use, len(rank)))
    use_seg = (np.cumsum(new_seg) - 1)[first_use]
    u, v = u[new_seg], v[new_seg]
    return Segments(
        ux=np.ascontiguousarray(u[:, 0]),
        uy=np.ascontiguousarray(u[:, 1]),
        vx=np.ascontiguousarray(v[:, 0]),
        vy=np.ascontiguousarray(v[:, 1]),
        use_seg=use_seg,
        use_rank=rank[first_use],
        use_toggles=times % 2 == 1,
        use_start=np.searchsorted(use_seg, np.arange(len(u) + 1)),
    )
