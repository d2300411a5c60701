"""Exchanging one place for another, compiled: the best pair of all in one pass over the entries.

Fast interchange (Whitaker 1983; Resende & Werneck 2007): with the best and second best saving of every demand at hand,
one pass says for each candidate what it brings, and for each open place how much less its leaving would then cost.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Float = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]

LEAST = 1e-9
"""An exchange helps when it adds more than this share of the value: sums in another order differ by less."""


@njit(cache=True, nogil=True)
def swapped(
    start: Index, row: Index, value: Float, demands: int, cost: Float, allowed: Mask, most: int, room: float,
    places: Index, filled: int, turns: int,
) -> tuple[int, bool]:  # fmt: skip
    """Make up to `turns` exchanges in places[:filled], which has room for `most`; (places filled, whether more may help).

    value: weighted savings by column. An open place goes for a candidate, or a candidate comes into a free place,
    whatever adds most and keeps the cost within `room`; ties go to the lowest column and the first place.
    """
    columns = len(start) - 1
    open_ = np.zeros(columns, np.bool_)
    spent = 0.0
    for r in range(filled):
        open_[places[r]] = True
        spent += cost[places[r]]
    first, second, by = np.zeros(demands), np.zeros(demands), np.full(demands, -1, np.int64)
    loss, less = np.zeros(len(places)), np.zeros(len(places))
    for _ in range(turns):
        held = _ranked(start, row, value, places, filled, first, second, by, loss)
        best, come, go = LEAST * max(1e-300, held), -1, -1
        for j in range(columns):
            if open_[j] or not allowed[j]:
                continue
            gain = 0.0
            less[:filled] = 0.0
            for e in range(start[j], start[j + 1]):
                i = row[e]
                if value[e] > first[i]:
                    gain += value[e] - first[i]
                    if by[i] >= 0:
                        less[by[i]] += first[i] - second[i]
                elif value[e] > second[i]:
                    less[by[i]] += value[e] - second[i]
            if filled < most and spent + cost[j] <= room and gain > best:
                best, come, go = gain, j, filled
            for r in range(filled):
                if gain - loss[r] + less[r] > best and spent - cost[places[r]] + cost[j] <= room:
                    best, come, go = gain - loss[r] + less[r], j, r
        if come < 0:
            return filled, False
        if go < filled:
            open_[places[go]] = False
            spent -= cost[places[go]]
        else:
            filled += 1
        places[go] = come
        open_[come] = True
        spent += cost[come]
    return filled, True


@njit(cache=True, nogil=True)
def _ranked(
    start: Index, row: Index, value: Float, places: Index, filled: int, first: Float, second: Float, by: Index, loss: Float
) -> float:  # fmt: skip
    """Fill the best and second best of every demand, whose the best is, and what each place alone is worth; the value."""
    first[:], second[:], by[:], loss[:] = 0.0, 0.0, -1, 0.0
    for r in range(filled):
        for e in range(start[places[r]], start[places[r] + 1]):
            i = row[e]
            if value[e] > first[i]:
                second[i], first[i], by[i] = first[i], value[e], r
            elif value[e] > second[i]:
                second[i] = value[e]
    for i in range(len(by)):
        if by[i] >= 0:
            loss[by[i]] += first[i] - second[i]
    return float(first.sum())
