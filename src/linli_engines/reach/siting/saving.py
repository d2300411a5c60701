"""The most that can be saved within the limits: exchange first, then the proof on the reduced question."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import numpy as np
import scipy.sparse as sparse

from linli_engines.reach.siting import programs, reduction
from linli_engines.reach.siting.exchange import Found, Savings, exchanged, greedy, search, settled
from linli_engines.reach.siting.plan import TOLERANCE, Float, Index, Limits

SEARCH_SHARE = 0.25
"""Of the time limit, what the exchanges may take before the proof begins."""


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
        least, stopped = programs.prove(choice, columns, -value, now + time_limit_s)
        known, bound = choice.chosen, min(ceiling, -least)
    chosen = settled(savings, limits, known)
    value = savings.value_of(chosen)
    return Found(chosen, value, max(bound, value), stopped)


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
