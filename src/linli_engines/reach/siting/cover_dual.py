"""A bound on the cheapest cover within fractions of a second: prices of rows by subgradients (Held & Karp 1971;
for set covering Beasley 1990, Caprara, Fischetti & Toth 1999)."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import numpy as np
from numba import njit

from linli_engines.reach.siting.cover_search import Both
from linli_engines.reach.siting.plan import TOLERANCE, Float, Mask

STEPS_A_CALL = 200
MOST_STEPS = 20_000
PATIENCE = 60
SHORTEST = 1e-3
GROWTH = 1e-7


@dataclass(frozen=True)
class Dual:
    """bound: no cover is cheaper; left (f,): the columns that a cheaper cover than the known one may contain."""

    bound: float
    left: Mask


def bounded(sides: Both, cost: Float, known: float, unit: float, deadline: float) -> Dual:
    """unit: a cheaper cover is cheaper by at least this much (1 for whole costs, else 0). The bound holds at any moment."""
    size = np.diff(sides.column_start)
    share = (cost / np.maximum(size, 1))[sides.column]
    price = np.minimum.reduceat(share, sides.row_start[:-1]) if len(share) else np.zeros(0)
    best_price, slope, rest, best_rest = price.copy(), np.zeros(len(price)), np.zeros(len(cost)), np.zeros(len(cost))
    state = np.array([-np.inf, 1.0, 0.0])  # bound, length of the step, steps in vain
    better = known - unit + TOLERANCE * max(1.0, abs(known))
    for _ in range(MOST_STEPS // STEPS_A_CALL):
        _steps(sides, cost, known, price, best_price, slope, rest, best_rest, state, STEPS_A_CALL)
        if state[0] > better or state[1] < SHORTEST or monotonic() >= deadline:
            break
    return Dual(min(float(state[0]), known), state[0] + np.maximum(best_rest, 0.0) <= better)


@njit(cache=True, nogil=True)
def _steps(
    sides: Both, cost: Float, known: float, price: Float, best_price: Float, slope: Float, rest: Float, best_rest: Float,
    state: Float, turns: int,
) -> None:  # fmt: skip
    """rest: what a column costs beyond the prices of its rows; below 0 the relaxed answer opens it."""
    for _ in range(turns):
        bound = price.sum()
        slope[:] = 1.0
        for j in range(len(rest)):
            rest[j] = cost[j]
            for e in range(sides.column_start[j], sides.column_start[j + 1]):
                rest[j] -= price[sides.row[e]]
            if rest[j] < 0:
                bound += rest[j]
                for e in range(sides.column_start[j], sides.column_start[j + 1]):
                    slope[sides.row[e]] -= 1.0
        state[2] = 0.0 if bound > state[0] + GROWTH * abs(state[0]) or state[0] == -np.inf else state[2] + 1
        if bound > state[0]:
            state[0] = bound
            best_price[:], best_rest[:] = price, rest
        if state[2] >= PATIENCE:
            state[1], state[2] = state[1] / 2, 0.0
            price[:] = best_price
            if state[1] < SHORTEST:
                return
        square = 0.0
        for i in range(len(price)):
            if price[i] <= 0 and slope[i] < 0:
                slope[i] = 0.0
            square += slope[i] * slope[i]
        if square == 0:
            return
        for i in range(len(price)):
            price[i] = max(0.0, price[i] + state[1] * (known - bound) / square * slope[i])
