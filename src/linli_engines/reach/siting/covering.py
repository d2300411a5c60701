"""Set covering (Toregas et al. 1971): the cheapest columns that cover every row, by reduction, greedy choice and proof."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import numpy as np
import scipy.sparse as sparse

from linli_engines.reach.siting import programs, reduction
from linli_engines.reach.siting.exchange import Found
from linli_engines.reach.siting.plan import TOLERANCE, Float, Index

PATIENCE = 0.05
"""Of the time limit, what the exchanges may take after each start."""


@dataclass
class Cover:
    """The question for `programs.prove`; `chosen` is the cheapest answer shown so far, in columns of `rows`."""

    rows: sparse.csc_array
    cost: Float
    chosen: Index
    patience_s: float

    def build(self, columns: Index) -> programs.Program:
        return programs.all_of(sparse.csr_array(self.rows[:, columns]), self.cost[columns])

    def offer(self, columns: Index, share: Float) -> float:
        kept = float(self.cost[self.chosen].sum())
        if len(columns):
            favour = np.full(len(self.cost), programs.CLOSE)
            favour[columns] += share
            start = greedy(self.rows, self.cost, favour)
            better = exchanged(self.rows, self.cost, start, monotonic() + self.patience_s)
            if self.cost[better].sum() < kept - TOLERANCE * max(1.0, kept):
                self.chosen, kept = better, float(self.cost[better].sum())
        return kept


def fewest(rows: sparse.csr_array, cost: Float, deadline: float) -> Found:
    """Columns of `rows` (n, f), a 1 where a column covers a row; no row may be empty. `Found.value` is their cost."""
    bind, columns = reduced(rows, cost)
    part, price = sparse.csc_array(bind[:, columns]), cost[columns]
    span = PATIENCE * max(deadline - monotonic(), 0.0)
    known = exchanged(part, price, greedy(part, price, np.ones(len(price))), monotonic() + span)
    cover = Cover(part, price, known, span)
    bound, stopped = programs.prove(cover, np.arange(len(columns)), float(price[known].sum()), deadline)
    chosen = settled(sparse.csc_array(bind), cost, columns[needed(part, price, cover.chosen)])
    value = float(cost[chosen].sum())
    return Found(chosen, value, min(max(bound, 0.0), value), stopped)


def reduced(rows: sparse.csr_array, cost: Float) -> tuple[sparse.csr_array, Index]:
    """Rows that bind and columns that may be needed, in turns until neither shrinks."""
    columns = np.arange(rows.shape[1])
    while True:
        shape = rows.shape[0], len(columns)
        rows = reduction.binding(rows)
        keep = reduction.undominated(sparse.csc_array(rows[:, columns]), cost[columns])
        columns = columns[keep]
        mask = np.zeros(rows.shape[1])
        mask[columns] = 1.0
        narrowed = sparse.csr_array(rows @ sparse.diags_array(mask))
        narrowed.eliminate_zeros()
        if (rows.shape[0], len(columns)) == shape:
            return rows, columns
        rows = narrowed


def greedy(rows: sparse.csc_array, cost: Float, favour: Float) -> Index:
    """Always the column that covers most of what is bare for its cost (Chvátal 1979), times its favour."""
    bare = np.ones(rows.shape[0])
    chosen: list[int] = []
    while bare.any():
        gains = bare @ rows
        merit = np.divide(gains * favour, cost, where=cost > 0, out=np.where(gains > 0, np.inf, 0.0))
        j = int(np.argmax(np.where(gains > 0, merit, -1.0)))
        chosen.append(j)
        bare[rows.indices[rows.indptr[j] : rows.indptr[j + 1]]] = 0
    return needed(rows, cost, np.array(sorted(chosen), dtype=np.int64))


def needed(rows: sparse.csc_array, cost: Float, chosen: Index) -> Index:
    """Without the columns whose rows the others cover too, the dearest first."""
    for j in chosen[np.lexsort((-chosen, -cost[chosen]))]:
        rest = chosen[chosen != j]
        if covers(rows, rest):
            chosen = rest
    return chosen


def covers(rows: sparse.csc_array, chosen: Index) -> bool:
    return not _bare(rows, chosen).any()


def exchanged(rows: sparse.csc_array, cost: Float, chosen: Index, deadline: float) -> Index:
    """One for a cheaper one, or two neighbours for one that costs less than both, as long as any helps."""
    cheapest = float(cost.min(initial=np.inf))
    a = 0
    while a < len(chosen) and monotonic() < deadline:
        kin = np.diff((rows[:, chosen].T @ rows[:, [chosen[a]]]).tocsr().indptr)  # whoever shares a row with it
        for b in [a, *(int(b) for b in np.flatnonzero(kin) if b > a)]:
            rest = np.delete(chosen, [a, b])
            price = float(cost[np.unique(chosen[[a, b]])].sum())
            if cheapest >= price:
                continue
            bare = _bare(rows, rest)
            fit = (bare.astype(float) @ rows >= bare.sum()) & (cost < price - TOLERANCE * max(1.0, price))
            if fit.any():
                j = int(np.argmin(np.where(fit, cost, np.inf)))
                chosen, a = needed(rows, cost, np.unique(np.append(rest, j))), -1
                break
        a += 1
    return chosen


def settled(rows: sparse.csc_array, cost: Float, chosen: Index) -> Index:
    """Each place taken by its lowest column that covers as well and costs no more: ties do not depend on the solver."""
    for j in chosen.copy():
        rest = chosen[chosen != j]
        bare = _bare(rows, rest)
        fit = (bare.astype(float) @ rows >= bare.sum()) & (cost <= cost[j])
        fit[j:] = False
        fit[rest] = False
        if fit.any():
            chosen = np.sort(np.append(rest, int(np.argmax(fit))))
    return np.sort(chosen)


def _bare(rows: sparse.csc_array, chosen: Index) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    bare = np.ones(rows.shape[0], dtype=bool)
    for j in chosen:
        bare[rows.indices[rows.indptr[j] : rows.indptr[j + 1]]] = False
    return bare
