"""The order of nodes and edges: along a Hilbert curve, so that what is near on the ground is near in memory."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Float = NDArray[np.float64]

SIDE_BITS = 16


def hilbert_order(xy: Float) -> NDArray[np.int64]:
    """(N,) indices of the points along the curve; equal places keep their order."""
    if not len(xy):
        return np.zeros(0, np.int64)
    x, y = xy[:, 0], xy[:, 1]
    west, south = float(x.min()), float(y.min())
    span = max(float(x.max()) - west, float(y.max()) - south, 1e-9)
    keys = _hilbert_keys(np.ascontiguousarray(xy), west, south, ((1 << SIDE_BITS) - 1) / span)
    return np.argsort(keys, kind="stable")


@njit(cache=True)
def _hilbert_keys(xy: Float, west: float, south: float, cells_per_m: float) -> NDArray[np.uint32]:
    """Distance along the curve of a square of 2^16 cells a side (the algorithm of Lam and Shapiro, 1994)."""
    keys = np.empty(len(xy), np.uint32)
    for i in range(len(xy)):
        x, y = np.uint32((xy[i, 0] - west) * cells_per_m), np.uint32((xy[i, 1] - south) * cells_per_m)
        key = np.uint32(0)
        side = np.uint32(1 << (SIDE_BITS - 1))
        while side > 0:
            right, up = np.uint32((x & side) > 0), np.uint32((y & side) > 0)
            key = np.uint32(key * np.uint32(4) + ((np.uint32(3) * right) ^ up))
            if up == 0:
                if right == 1:
                    x, y = np.uint32(side - 1 - (x & (side - 1))), np.uint32(side - 1 - (y & (side - 1)))
                x, y = y, x
            x, y = np.uint32(x & (side - 1)), np.uint32(y & (side - 1))
            side = np.uint32(side >> 1)
        keys[i] = key
    return keys
