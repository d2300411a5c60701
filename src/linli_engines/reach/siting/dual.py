"""A bound within fractions of a second: the Lagrangian dual of the largest saving, by subgradients (Held & Karp 1971).

Every demand may count one open column only. That rule is given up for a price a demand: what is left falls apart by
column (Cornuéjols, Fisher & Nemhauser 1977), and any prices give a bound. At the best prices it is that of the linear
relaxation of the strong formulation, which the simplex method needs minutes for where this needs a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linli_engines.reach.siting.plan import TOLERANCE, Float, Index, Limits, Mask

STEPS_A_CALL = 100
"""Between so many steps the clock is read and the columns of the relaxed answer are tried as a start."""
MOST_STEPS = 6_000
PATIENCE = 40
"""After so many steps without a better bound the step is halved, from the best prices on."""
SHORTEST = 1e-4
"""The step, as a share of the one that would reach the known value, below which the search ends."""
GROWTH = 1e-7
BISECTIONS = 30


@dataclass(frozen=True)
class Dual:
    """bound: no saving is larger; left (f,): the columns that an answer better than the known one may contain."""

    bound: float
    left: Mask


@dataclass(frozen=True)
class Priced:
    """Weighted savings by column, and the candidates with their limits; what the compiled steps need."""

    start: Index
    row: Index
    value: Float
    demands: int
    cost: Float
    allowed: Mask
    limits: Limits

    @property
    def most(self) -> int:
        there = int(self.allowed.sum())
        return there if self.limits.count is None else min(self.limits.count, there)

    @property
    def room(self) -> float:
        return self.limits.room(0.0)


def bounded(
    priced: Priced, held: Float, known: float, unit: float, deadline: float, offer: Callable[[Index], float]
) -> Dual:
    """The dual of the question whose best known answer gives each demand `held` (n,), worth `known` in all.

    unit: a better answer is better by at least this much (1 for whole weights, else 0). offer(columns) may make a
    better answer of the columns of a relaxed one, and says the best known value. Ends when the bound meets it, when
    steps have become short, or at the deadline: whatever the moment, the bound holds.
    """
    price, best_price, left = 0.9 * held, 0.9 * held, priced.allowed.copy()
    slope, saved = np.zeros(priced.demands), np.zeros(len(priced.cost))
    best_saved, picked = np.zeros(len(priced.cost)), np.zeros(len(priced.cost), bool)
    # bound, length of the step, steps in vain, price of the budget, and the smallest saving picked at the bound
    state = np.array([np.inf, 1.5, 0.0, 0.0, 0.0])
    tried: set[bytes] = set()
    for _ in range(MOST_STEPS // STEPS_A_CALL):
        _steps(
            priced.start, priced.row, priced.value, priced.cost, left, priced.most, priced.room, known, price,
            best_price, slope, saved, best_saved, picked, state, STEPS_A_CALL,
        )  # fmt: skip
        if picked.tobytes() not in tried:
            tried.add(picked.tobytes())
            known = max(known, offer(np.flatnonzero(picked)))
        better = known + unit - TOLERANCE * max(unit, abs(known))
        left &= state[0] - state[4] + np.minimum(best_saved, state[4]) >= better  # what it would be with that column
        if state[0] < better or state[1] < SHORTEST or monotonic() >= deadline:
            break
    return Dual(max(float(state[0]), known), left)


@njit(cache=True, nogil=True)
def _steps(
    start: Index, row: Index, value: Float, cost: Float, allowed: Mask, most: int, room: float, known: float, price: Float,
    best_price: Float, slope: Float, saved: Float, best_saved: Float, picked: Mask, state: Float, turns: int,
) -> None:  # fmt: skip
    for _ in range(turns):
        for j in range(len(saved)):
            saved[j] = 0.0
            if allowed[j]:
                for e in range(start[j], start[j + 1]):
                    saved[j] += max(value[e] - price[row[e]], 0.0)
        if room < np.inf:
            state[3] = _budget_price(saved, cost, most, room)
            for j in range(len(saved)):
                saved[j] -= state[3] * cost[j]
        least = _picked(saved, most, picked)
        bound = price.sum() + (state[3] * room if room < np.inf else 0.0)
        slope[:] = 1.0
        for j in range(len(saved)):
            if picked[j]:
                bound += saved[j]
                for e in range(start[j], start[j + 1]):
                    if value[e] > price[row[e]]:
                        slope[row[e]] -= 1.0
        state[2] = 0.0 if bound < state[0] * (1 - GROWTH) or state[0] == np.inf else state[2] + 1
        if bound < state[0]:
            state[0], state[4] = bound, least
            best_price[:], best_saved[:] = price, saved
        if state[2] >= PATIENCE:
            state[1], state[2] = state[1] / 2, 0.0
            price[:] = best_price
            if state[1] < SHORTEST:
                return
        _moved(price, slope, state[1] * (bound - known))


@njit(cache=True, nogil=True)
def _moved(price: Float, slope: Float, length: float) -> None:
    """Along the slope, never below 0: what would lead there is no slope."""
    square = 0.0
    for i in range(len(price)):
        if price[i] <= 0 and slope[i] > 0:
            slope[i] = 0.0
        square += slope[i] * slope[i]
    if square > 0:
        for i in range(len(price)):
            price[i] = max(0.0, price[i] - length / square * slope[i])


@njit(cache=True, nogil=True)
def _picked(saved: Float, most: int, picked: NDArray[np.bool_]) -> float:
    """Mark the `most` largest that save anything; the smallest of them where all places are taken, else 0."""
    picked[:] = False
    if most <= 0:
        return 0.0
    least = max(0.0, np.partition(saved, len(saved) - most)[len(saved) - most])
    left = most
    for j in range(len(saved)):
        if saved[j] > least:
            picked[j] = True
            left -= 1
    for j in range(len(saved)):
        if left > 0 and saved[j] == least and least > 0:
            picked[j] = True
            left -= 1
    return least


@njit(cache=True, nogil=True)
def _budget_price(saved: Float, cost: Float, most: int, room: float) -> float:
    """The price of the budget at which the columns that are still worth it just fit: any price gives a bound."""
    low, high = 0.0, 0.0
    for j in range(len(saved)):
        if cost[j] > 0:
            high = max(high, saved[j] / cost[j])
    net, picked = np.empty(len(saved)), np.empty(len(saved), np.bool_)
    for turn in range(BISECTIONS):
        middle = (low + high) / 2 if turn else 0.0
        spent = 0.0
        for j in range(len(saved)):
            net[j] = saved[j] - middle * cost[j]
        _picked(net, most, picked)
        for j in range(len(saved)):
            if picked[j]:
                spent += cost[j]
        if spent <= room:
            high = middle
            if not turn:
                return 0.0
        else:
            low = middle
    return high
