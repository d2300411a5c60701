"""Good answers fast: greedy choice, then exchanges of one facility for another until none helps (Teitz & Bart 1968).

Everything is a saving: s[i, j] > 0 is what demand i gains from candidate j, and of all open ones the best counts.
Maximal covering is the case of savings that are all 1. Ties go to the lowest column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

import numpy as np
import scipy.sparse as sparse

from linli_engines.reach.siting.interchange import swapped
from linli_engines.reach.siting.plan import TOLERANCE, Float, Index, Limits

TURNS = 20
"""Between so many exchanges the clock is read."""


@dataclass(frozen=True)
class Savings:
    """Entries of the (n, f) savings by column: row, column, value; weight (n,) of the demands; candidates to choose
    from; weighted: value times weight."""

    row: Index
    column: Index
    value: Float
    start: Index
    weight: Float
    candidates: Index
    size: int
    weighted: Float

    @classmethod
    def of(cls, savings: sparse.csc_array, weight: Float, candidates: Index) -> Savings:
        column = np.repeat(np.arange(savings.shape[1]), np.diff(savings.indptr))
        row = savings.indices.astype(np.int64)
        return cls(
            row, column, savings.data, savings.indptr.astype(np.int64), weight, candidates, savings.shape[1],
            savings.data * weight[row],
        )  # fmt: skip

    def gains(self, have: Float) -> Float:
        """(f,) what each column would add when the demands already have `have` (n,)."""
        more = np.maximum(self.value - have[self.row], 0.0) * self.weight[self.row]
        gains: Float = np.bincount(self.column, more, self.size).astype(np.float64)
        return gains

    def value_of(self, chosen: Index) -> float:
        return float(self.weight @ self.best(chosen))

    def best(self, chosen: Index) -> Float:
        """(n,) the best saving among the chosen."""
        have = np.zeros(len(self.weight))
        for j in chosen:
            of = slice(self.start[j], self.start[j + 1])
            have[self.row[of]] = np.maximum(have[self.row[of]], self.value[of])
        return have

    def losses(self, chosen: Index) -> Float:
        """(len(chosen),) what the value loses when that one alone is closed."""
        first, second = np.zeros(len(self.weight)), np.zeros(len(self.weight))
        for j in chosen:
            of = slice(self.start[j], self.start[j + 1])
            rows, value = self.row[of], self.value[of]
            second[rows] = np.maximum(second[rows], np.minimum(first[rows], value))
            first[rows] = np.maximum(first[rows], value)
        lost = np.zeros(len(chosen))
        for place, j in enumerate(chosen):
            of = slice(self.start[j], self.start[j + 1])
            rows = self.row[of]
            alone = np.where(self.value[of] >= first[rows], first[rows] - second[rows], 0.0)
            lost[place] = float(self.weight[rows] @ alone)
        return lost


@dataclass(frozen=True)
class Found:
    """Columns, what they are worth (or cost), the bound that was proven, and whether the clock stopped the proof."""

    chosen: Index
    value: float
    bound: float
    stopped: bool


def search(savings: Savings, limits: Limits, deadline: float) -> Index:
    """The best of greedy by gain and, under a budget, greedy by gain for the money, after exchanges."""
    starts = [greedy(savings, limits, by_cost=False)]
    if limits.budget is not None:
        starts.append(greedy(savings, limits, by_cost=True))
    found = [exchanged(savings, limits, start, deadline) for start in starts]
    return max(found, key=savings.value_of)  # of equals the first


def greedy(savings: Savings, limits: Limits, by_cost: bool, start: Sequence[int] | Index = ()) -> Index:
    """From `start` on, always the candidate that adds most (or most for its cost) and still fits."""
    open_ = [int(j) for j in start]
    have = savings.best(np.array(open_, dtype=np.int64))
    allowed = np.zeros(savings.size, dtype=bool)
    allowed[savings.candidates] = True
    allowed[open_] = False
    spent = float(limits.cost[open_].sum())
    while limits.count is None or len(open_) < limits.count:
        gains = np.where(allowed & (limits.cost <= limits.room(spent)), savings.gains(have), 0.0)
        if not gains.any():
            break
        merit = gains
        if by_cost:
            merit = np.divide(gains, limits.cost, where=limits.cost > 0, out=np.where(gains > 0, np.inf, 0.0))
        j = int(np.argmax(merit))
        open_.append(j)
        allowed[j] = False
        spent += float(limits.cost[j])
        of = slice(savings.start[j], savings.start[j + 1])
        have[savings.row[of]] = np.maximum(have[savings.row[of]], savings.value[of])
    return np.sort(np.array(open_, dtype=np.int64))


def exchanged(savings: Savings, limits: Limits, chosen: Index, deadline: float) -> Index:
    """One place for another, or one more into a free place, always what helps most, until nothing does or the deadline."""
    allowed = np.zeros(savings.size, dtype=bool)
    allowed[savings.candidates] = True
    most = len(savings.candidates) if limits.count is None else min(limits.count, len(savings.candidates))
    places = np.zeros(max(most, len(chosen)), dtype=np.int64)
    places[: len(chosen)] = chosen
    filled, more = len(chosen), True
    while more and monotonic() < deadline:
        filled, more = swapped(
            savings.start, savings.row, savings.weighted, len(savings.weight), limits.cost, allowed, most,
            limits.room(0.0), places, filled, TURNS,
        )  # fmt: skip
    return np.sort(places[:filled])


def settled(savings: Savings, limits: Limits, chosen: Index) -> Index:
    """The same value with what is not needed closed and each place taken by its lowest equal column that costs no more."""
    for j in chosen[::-1]:
        rest = chosen[chosen != j]
        if _same(savings.value_of(rest), savings.value_of(chosen)):
            chosen = rest
    for j in chosen.copy():
        rest = chosen[chosen != j]
        value = savings.value_of(chosen)
        gains = _fitting(savings, limits, rest, savings.gains(savings.best(rest)))
        fit = (gains + savings.value_of(rest) >= value - TOLERANCE * max(1.0, value)) & (limits.cost <= limits.cost[j])
        fit[j:] = False
        if fit.any():
            chosen = np.sort(np.append(rest, int(np.argmax(fit))))
    return chosen


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= TOLERANCE * max(1.0, abs(a), abs(b))


def _fitting(savings: Savings, limits: Limits, rest: Index, gains: Float) -> Float:
    """Gains of candidates which are not open yet and which the budget allows; -1 for all others."""
    allowed = np.zeros(savings.size, dtype=bool)
    allowed[savings.candidates] = True
    allowed[rest] = False
    allowed &= limits.cost <= limits.room(float(limits.cost[rest].sum()))
    return np.where(allowed, gains, -1.0)
