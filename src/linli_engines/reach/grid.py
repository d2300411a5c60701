"""Straight pieces in the cells of a square grid: which lie near a point, and which a straight walk would cross."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from linli_engines.reach.network import Float, Int

LEAST_CELL_M = 60.0
MOST_CELLS = 4_000_000


@dataclass(frozen=True)
class Grid:
    """S pieces: segment (S, 4) as x, y, x, y. frame: west, south, side of a cell, columns, rows.

    start (cells + 1,) and item: the pieces of each cell, row by row from the south-west; a piece is in every cell it
    meets, and may be in one that it narrowly misses.
    """

    segment: Float
    frame: Float
    start: Int
    item: Int


def grid_of(segment: Float) -> Grid:
    """A grid of cells of 60 m or, over a large country, of four million larger ones. Raises ValueError: not finite."""
    west, south, east, north = _bounds(segment)
    if not np.isfinite(east - west + north - south):
        raise ValueError("a piece of a line without coordinates")
    side = LEAST_CELL_M
    while ((east - west) // side + 1) * ((north - south) // side + 1) > MOST_CELLS:
        side *= 1.25
    frame = np.array([west, south, side, (east - west) // side + 1, (north - south) // side + 1])
    start, item = _cells(segment, frame)
    return Grid(segment, frame, start, item)


@njit(cache=True)
def _bounds(segment: Float) -> Any:
    """West, south, east, north; NaN where a piece is not finite, zeros without any."""
    if len(segment) == 0:
        return 0.0, 0.0, 0.0, 0.0
    west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
    for s in range(len(segment)):
        ax, ay, bx, by = segment[s, 0], segment[s, 1], segment[s, 2], segment[s, 3]
        if not np.isfinite(ax + ay + bx + by):
            return np.nan, np.nan, np.nan, np.nan
        west, east = min(west, min(ax, bx)), max(east, max(ax, bx))
        south, north = min(south, min(ay, by)), max(north, max(ay, by))
    return west, south, east, north


@njit(cache=True)
def _cells(segment: Float, frame: Float) -> Any:
    """Counted, then filled: column by column the rows that a piece runs through, with a hair's breadth to spare."""
    west, south, side = frame[0], frame[1], frame[2]
    columns, rows = int(frame[3]), int(frame[4])
    hair = 1e-6 * side
    fill = np.zeros(columns * rows + 1, np.int32)
    item = np.empty(0, np.int32)
    for step in range(2):
        for s in range(len(segment)):
            ax, ay, bx, by = segment[s, 0] - west, segment[s, 1] - south, segment[s, 2] - west, segment[s, 3] - south
            if ax > bx:
                ax, ay, bx, by = bx, by, ax, ay
            first = max(int((ax - hair) / side), 0)
            last = min(int((bx + hair) / side), columns - 1)
            rise = (by - ay) / (bx - ax) if bx > ax else 0.0
            for column in range(first, last + 1):
                left, right = ay, by
                if last > first:
                    left = ay + rise * (max(ax, column * side) - ax)
                    right = ay + rise * (min(bx, (column + 1) * side) - ax)
                low = max(int((min(left, right) - hair) / side), 0)
                high = min(int((max(left, right) + hair) / side), rows - 1)
                for row in range(low, high + 1):
                    cell = row * columns + column
                    if step == 0:
                        fill[cell + 1] += 1
                    else:
                        item[fill[cell]] = s
                        fill[cell] += 1
        if step == 0:
            for cell in range(columns * rows):
                fill[cell + 1] += fill[cell]
            item = np.empty(fill[columns * rows], np.int32)
    for cell in range(columns * rows, 0, -1):  # every cell has been filled up to where the next one begins
        fill[cell] = fill[cell - 1]
    fill[0] = 0
    return fill, item


@njit(cache=True)
def crosses(px: float, py: float, qx: float, qy: float, segment: Float, frame: Float, start: Int, item: Int) -> bool:
    """Whether the straight way from p to q passes from one side of a piece to the other.

    To begin or end on a piece is not to cross it. A way through a corner where two pieces meet crosses one of them.
    """
    west, south, side = frame[0], frame[1], frame[2]
    columns, rows = int(frame[3]), int(frame[4])
    first = max(int(np.floor((min(px, qx) - west) / side)), 0)
    last = min(int(np.floor((max(px, qx) - west) / side)), columns - 1)
    low = max(int(np.floor((min(py, qy) - south) / side)), 0)
    high = min(int(np.floor((max(py, qy) - south) / side)), rows - 1)
    dx, dy = qx - px, qy - py
    for row in range(low, high + 1):
        for column in range(first, last + 1):
            cell = row * columns + column
            for i in range(start[cell], start[cell + 1]):
                s = np.uint32(item[i])
                ax, ay, bx, by = segment[s, 0], segment[s, 1], segment[s, 2], segment[s, 3]
                if (dx * (ay - py) - dy * (ax - px) > 0) == (dx * (by - py) - dy * (bx - px) > 0):
                    continue
                p_side = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
                q_side = (bx - ax) * (qy - ay) - (by - ay) * (qx - ax)
                if (p_side > 0 and q_side < 0) or (p_side < 0 and q_side > 0):
                    return True
    return False
