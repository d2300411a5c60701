"""Set covering (Toregas et al. 1971): the cheapest columns that cover every row, by reduction, greedy choice and proof."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import numpy as np
import scipy.sparse as sparse

from linli_engines.reach.siting import cover_dual as dual
from linli_engines.reach.siting import programs, reduction
from linli_engines.reach.siting.cover_search import Both, both, parts_of, searched
from linli_engines.reach.siting.exchange import Found
from linli_engines.reach.siting.plan import TOLERANCE, Float, Index

PATIENCE = 0.1
"""Of the time that is left, what the search may take after each start."""


@dataclass
class Cover:
    """The question for `programs.prove`; `chosen` is the cheapest answer shown so far, in columns of `rows`."""

    rows: sparse.csc_array
    cost: Float
    chosen: Index
    sides: Both
    patience_s: float

    def build(self, columns: Index) -> programs.Program:
        return programs.all_of(sparse.csr_array(self.rows[:, columns]), self.cost[columns])

    def offer(self, columns: Index, share: Float) -> float:
        kept = float(self.cost[self.chosen].sum())
        if len(columns):
            favour = np.full(len(self.cost), programs.CLOSE)
            favour[columns] += share
            start = greedy(self.rows, self.cost, favour)
            better = searched(self.sides, self.cost, start, 0.0, monotonic() + self.patience_s)
            if self.cost[better].sum() < kept - TOLERANCE * max(1.0, kept):
                self.chosen, kept = better, float(self.cost[better].sum())
        return kept


def fewest(rows: sparse.csr_array, cost: Float, deadline: float) -> Found:
    """Columns of `rows` (n, f), a 1 where a column covers a row; no row may be empty. `Found.value` is their cost."""
    bind, columns = reduced(rows, cost)
    whole, price = sparse.csr_array(bind[:, columns]), cost[columns]
    parts = sorted(parts_of(whole), key=lambda part: len(part[1]))  # the largest gets all the time that is left
    chosen, bound, stopped = [np.empty(0, dtype=np.int64)], 0.0, False
    for of_rows, of_columns in parts:
        found = _part(sparse.csc_array(whole[of_rows][:, of_columns]), price[of_columns], deadline)
        chosen.append(columns[of_columns[found.chosen]])
        bound, stopped = bound + found.bound, stopped or found.stopped
    settled_ = settled(sparse.csc_array(bind), cost, np.sort(np.concatenate(chosen)))
    value = float(cost[settled_].sum())
    return Found(settled_, value, min(max(bound, 0.0), value), stopped)


def _part(rows: sparse.csc_array, cost: Float, deadline: float) -> Found:
    """One question that falls apart no further: search, the dual, search again, and the proof on the columns left."""
    if rows.shape[0] == 1:
        least = int(np.argmin(cost))
        return Found(np.array([least]), float(cost[least]), float(cost[least]), False)
    sides, unit = both(rows), programs.whole_step(cost)
    span = PATIENCE * max(deadline - monotonic(), 0.0)
    known = searched(sides, cost, greedy(rows, cost, np.ones(len(cost))), 0.0, monotonic() + span)
    value = float(cost[known].sum())
    found = dual.bounded(sides, cost, value, unit, monotonic() + 2 * span)
    cover = Cover(rows, cost, known, sides, span)
    bound, stopped = programs.prove(cover, np.flatnonzero(found.left), value, deadline, found.bound)
    chosen = needed(rows, cost, cover.chosen)
    value = float(cost[chosen].sum())
    return Found(chosen, value, min(bound, value), stopped)


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
