"""The most that can be saved within the limits: exchange first, then the proof on the reduced question."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import numpy as np
import scipy.sparse as sparse

from linli_engines.reach.siting import dual, programs, reduction
from linli_engines.reach.siting.exchange import Found, Savings, exchanged, greedy, search, settled
from linli_engines.reach.siting.plan import TOLERANCE, Float, Index, Limits

SEARCH_SHARE = 0.25
"""Of the time limit, what the exchanges may take before the proof begins."""
DUAL_SHARE = 0.6
"""Of the time limit, when the prices of the dual have to be good enough."""


@dataclass
class Choice:
    """The question for `programs.prove`: minus the saving, over columns; `chosen` is the best answer shown so far."""

    entries: sparse.csr_array
    savings: Savings
    limits: Limits
    chosen: Index
    patience_s: float

    def build(self, columns: Index) -> programs.Program:
        circles = reduction.circles(sparse.csr_array(self.entries[:, columns]), self.savings.weight)
        return programs.most(circles, self.limits, columns)

    def offer(self, columns: Index, share: Float) -> float:
        kept = self.savings.value_of(self.chosen)
        if len(columns):
            start = rounded(self.savings, self.limits, columns, share)
            better = exchanged(self.savings, self.limits, start, monotonic() + self.patience_s)
            if self.savings.value_of(better) > kept:
                self.chosen, kept = better, self.savings.value_of(better)
        return -kept

    def start_from(self, picked: Index, deadline: float) -> float:
        """Exchange from these columns, as far as they fit, keep the better answer, and say what the kept one is worth."""
        spent = np.cumsum(self.limits.cost[picked])
        better = exchanged(self.savings, self.limits, picked[spent <= self.limits.room(0.0)], deadline)
        value, kept = self.savings.value_of(better), self.savings.value_of(self.chosen)
        if value > kept:
            self.chosen = better
        return max(value, kept)


def most(entries: sparse.csc_array, weight: Float, limits: Limits, free: Index, time_limit_s: float) -> Found:
    """Columns out of `free` whose best saving, weighted, is largest over all demands."""
    now = monotonic()
    affordable = free[limits.cost[free] <= limits.room(0.0)] if limits.count != 0 else free[:0]
    savings = Savings.of(entries, weight, affordable)
    known = search(savings, limits, now + SEARCH_SHARE * time_limit_s)
    value, ceiling = savings.value_of(known), savings.value_of(affordable)
    bound, stopped = ceiling, False
    if value < ceiling - TOLERANCE * max(1.0, ceiling):
        columns = affordable[reduction.undominated(sparse.csc_array(entries[:, affordable]), limits.cost[affordable])]
        choice = Choice(sparse.csr_array(entries), savings, limits, known, SEARCH_SHARE * time_limit_s)
        columns, bound = _narrowed(choice, columns, now + DUAL_SHARE * time_limit_s)
        least, stopped = programs.prove(
            choice, columns, -savings.value_of(choice.chosen), now + time_limit_s, -min(bound, ceiling)
        )
        known, bound = choice.chosen, min(ceiling, -least)
    chosen = settled(savings, limits, known)
    value = savings.value_of(chosen)
    return Found(chosen, value, max(bound, value), stopped)


def _narrowed(choice: Choice, columns: Index, deadline: float) -> tuple[Index, float]:
    """(the columns that something better than the answer kept may contain, what no answer exceeds)."""
    savings, limits = choice.savings, choice.limits
    allowed = np.zeros(savings.size, dtype=bool)
    allowed[columns] = True
    priced = dual.Priced(
        savings.start, savings.row, savings.weighted, len(savings.weight), limits.cost, allowed, limits
    )
    held = savings.best(choice.chosen) * savings.weight
    found = dual.bounded(
        priced, held, float(held.sum()), programs.whole_step(savings.weighted), deadline,
        lambda picked: choice.start_from(picked, deadline),
    )  # fmt: skip
    return np.flatnonzero(found.left), found.bound


def rounded(savings: Savings, limits: Limits, columns: Index, share: Float) -> Index:
    """The columns with the largest shares in the relaxation that fit, then whatever adds most."""
    chosen: list[int] = []
    spent = 0.0
    for j in columns[np.argsort(-np.round(share, 9), kind="stable")][: np.count_nonzero(share > programs.CLOSE)]:
        full = limits.count is not None and len(chosen) >= limits.count
        if not full and limits.cost[j] <= limits.room(spent):
            chosen.append(int(j))
            spent += float(limits.cost[j])
    return greedy(savings, limits, by_cost=False, start=chosen)
