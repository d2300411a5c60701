"""The most that can be saved within the limits: exchange first, then the proof on the reduced question."""

from __future__ import annotations

from time import monotonic

import scipy.sparse as sparse

from linli_engines.reach.siting import programs, reduction
from linli_engines.reach.siting.exchange import Found, Savings, search, settled
from linli_engines.reach.siting.plan import TOLERANCE, Float, Index, Limits

SEARCH_SHARE = 0.25
"""Of the time limit, what the exchanges may take before the proof begins."""


def most(entries: sparse.csc_array, weight: Float, limits: Limits, free: Index, time_limit_s: float) -> Found:
    """Columns out of `free` whose best saving, weighted, is largest over all demands."""
    now = monotonic()
    affordable = free[limits.cost[free] <= limits.room(0.0)] if limits.count != 0 else free[:0]
    savings = Savings.of(entries, weight, affordable)
    known = search(savings, limits, now + SEARCH_SHARE * time_limit_s)
    value = savings.value_of(known)
    ceiling = savings.value_of(affordable)
    bound, stopped = ceiling, False
    if value < ceiling - TOLERANCE * max(1.0, ceiling):
        part = sparse.csc_array(entries[:, affordable])
        keep = reduction.undominated(part, limits.cost[affordable])
        columns = affordable[keep]
        program = programs.most(reduction.circles(sparse.csr_array(part[:, keep]), weight), limits, columns)
        proof = programs.prove(program, -value, now + time_limit_s)
        bound, stopped = min(ceiling, -proof.bound), proof.stopped
        if proof.open is not None:
            better = columns[proof.open]
            if fits(limits, better) and savings.value_of(better) > value:
                known = better
    chosen = settled(savings, limits, known)
    value = savings.value_of(chosen)
    return Found(chosen, value, max(bound, value), stopped)


def fits(limits: Limits, chosen: Index) -> bool:
    """HiGHS meets a row within a tolerance; a budget is met exactly or the answer is not taken."""
    return (limits.count is None or len(chosen) <= limits.count) and float(limits.cost[chosen].sum()) <= limits.room(0)
