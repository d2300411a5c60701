"""Set covering (Toregas et al. 1971): the cheapest columns that cover every row, by reduction, greedy choice and proof."""

from __future__ import annotations

from time import monotonic

import numpy as np
import scipy.sparse as sparse

from linli_engines.reach.siting import programs, reduction
from linli_engines.reach.siting.exchange import Found
from linli_engines.reach.siting.plan import TOLERANCE, Float, Index


def fewest(rows: sparse.csr_array, cost: Float, deadline: float) -> Found:
    """Columns of `rows` (n, f), a 1 where a column covers a row; no row may be empty. `Found.value` is their cost."""
    bind, columns = reduced(rows, cost)
    part, price = sparse.csc_array(bind[:, columns]), cost[columns]
    known = exchanged(part, price, greedy(part, price), deadline)
    spent = float(price[known].sum())
    proof = programs.prove(programs.all_of(bind[:, columns], price), spent, deadline)
    if proof.open is not None:
        better = np.flatnonzero(proof.open)
        if covers(part, better) and price[better].sum() < spent - TOLERANCE * max(1.0, spent):
            known = better
    known = needed(part, price, known)
    chosen = settled(sparse.csc_array(bind), cost, columns[known])
    value = float(cost[chosen].sum())
    return Found(chosen, value, min(max(proof.bound, 0.0), value), proof.stopped)


def reduced(rows: sparse.csr_array, cost: Float) -> tuple[sparse.csr_array, Index]:
    """Rows that bind and columns that may be needed, in turns until neither shrinks. Raises nothing."""
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


def greedy(rows: sparse.csc_array, cost: Float) -> Index:
    """Always the column that covers most of what is bare for its cost (Chvátal 1979)."""
    bare = np.ones(rows.shape[0])
    chosen: list[int] = []
    while bare.any():
        gains = bare @ rows
        merit = np.divide(gains, cost, where=cost > 0, out=np.where(gains > 0, np.inf, 0.0))
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
    """Two for one that costs less, one for a cheaper one, as long as any helps."""
    improved = True
    while improved and monotonic() < deadline:
        improved = False
        pairs = [(a, b) for a in range(len(chosen)) for b in range(a, len(chosen))]
        for a, b in pairs:
            rest = np.delete(chosen, [a, b])
            bare = _bare(rows, rest)
            fit = (bare.astype(float) @ rows >= bare.sum()) & (cost < cost[chosen].sum() - cost[rest].sum() - TOLERANCE)
            if fit.any():
                j = int(np.argmin(np.where(fit, cost, np.inf)))
                chosen, improved = needed(rows, cost, np.unique(np.append(rest, j))), True
                break
            if monotonic() >= deadline:
                break
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
