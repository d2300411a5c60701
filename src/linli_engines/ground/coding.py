"""The order of unit grids: rows from north to south, in a row from west to east (DB11/T 2157)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from shapely import Geometry

WIDTH = 3
MOST = 10**WIDTH - 1


def serials(shapes: Sequence[Geometry], row_height: float) -> list[str]:
    """Three digits for each shape, 001 for the one furthest north-west; `row_height` in the shapes' own measure.

    Raises ValueError for more than 999 shapes: three digits hold no more.
    """
    if len(shapes) > MOST:
        raise ValueError(f"{len(shapes)} grids in one community, three digits hold {MOST}")
    if not shapes:
        return []
    middle = np.array([[s.centroid.x, s.centroid.y] for s in shapes])
    row = np.floor((middle[:, 1].max() - middle[:, 1]) / row_height)
    order = np.lexsort((middle[:, 1], middle[:, 0], row))
    found = [""] * len(shapes)
    for n, k in enumerate(order.tolist(), 1):
        found[k] = f"{n:0{WIDTH}d}"
    return found
