"""Cheap covers fast: one column out, others in, and rows that stay bare weigh more the longer they do.

Row weighting local search for set covering (Gao, Weise & Li 2014; Gao, Yao, Weise & Li 2015), compiled. The same seed
gives the same cover.
"""

from __future__ import annotations

from time import monotonic
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sparse
from numba import njit
from numpy.typing import NDArray

from linli_engines.reach.siting.plan import TOLERANCE, Float, Index, Mask

TURNS_A_CALL = 5_000
CALLS_IN_VAIN = 4
"""After so many calls without a cheaper cover the search ends; each begins at the best cover with equal weights."""
FREE = 1e-9
"""What a column without cost counts where a gain is compared with the cost."""


class Both(NamedTuple):
    """The columns of every row, and the rows of every column."""

    row_start: Index
    column: Index
    column_start: Index
    row: Index


def both(rows: sparse.csc_array) -> Both:
    by_row = sparse.csr_array(rows)
    return Both(*(a.astype(np.int64) for a in (by_row.indptr, by_row.indices, rows.indptr, rows.indices)))


def searched(sides: Both, cost: Float, chosen: Index, enough: float, deadline: float) -> Index:
    """A cover that costs no more than `chosen`; ends when one costs `enough`, nothing helps, or at the deadline."""
    best, vain, seed = chosen, 0, 1
    count = np.maximum(cost, FREE)
    while vain < CALLS_IN_VAIN and cost[best].sum() > enough + TOLERANCE * max(1.0, enough) and monotonic() < deadline:
        found = np.flatnonzero(_walked(sides, count, best, TURNS_A_CALL, seed)).astype(np.int64)
        vain, seed = vain + 1, seed + 1
        if cost[found].sum() < cost[best].sum() - TOLERANCE * max(1.0, float(cost[best].sum())):
            best, vain = found, 0
    return best


@njit(cache=True, nogil=True)
def _walked(sides: Both, cost: Float, start: Index, turns: int, seed: int) -> Mask:
    """The cheapest cover that was passed in `turns` turns, as a mask of the columns.

    score: of a column outside the weight of bare rows that it would cover, of one inside that of rows it alone covers.
    may: a column comes in again only after something changed beside it. A number of its own, since numba's is shared.
    """
    rows, columns = len(sides.row_start) - 1, len(sides.column_start) - 1
    inside, may = np.zeros(columns, np.bool_), np.ones(columns, np.bool_)
    covered, weight, score = np.zeros(rows, np.int64), np.ones(rows), np.zeros(columns)
    bare, place, count = np.empty(rows, np.int64), np.full(rows, -1, np.int64), 0
    since = np.zeros(columns, np.int64)
    for i in range(rows):
        place[i], bare[i] = i, i
        for e in range(sides.row_start[i], sides.row_start[i + 1]):
            score[sides.column[e]] += 1.0
    count, spent, chance = rows, 0.0, np.uint64(seed * 2654435761 + 88172645463325252)
    for j in start:
        count = _in(sides, j, inside, may, covered, weight, score, bare, place, count)
        spent += cost[j]
    best, best_cost, last = inside.copy(), spent, -1
    for turn in range(1, turns + 1):
        while count == 0:
            if spent < best_cost:
                best[:], best_cost = inside, spent
            j = _least(inside, score, cost, since, -1)
            if j < 0:
                return best
            count = _out(sides, j, inside, may, covered, weight, score, bare, place, count)
            spent, since[j] = spent - cost[j], turn
        j = _least(inside, score, cost, since, last)
        if j >= 0:
            count = _out(sides, j, inside, may, covered, weight, score, bare, place, count)
            spent, since[j] = spent - cost[j], turn
        while count > 0:
            chance ^= chance << np.uint64(13)
            chance ^= chance >> np.uint64(7)
            chance ^= chance << np.uint64(17)
            i = bare[np.int64(chance % np.uint64(count))]
            j = _largest(sides, i, may, score, cost, since)
            if spent + cost[j] >= best_cost * (1 - 1e-12):
                break
            count = _in(sides, j, inside, may, covered, weight, score, bare, place, count)
            spent, since[j], last = spent + cost[j], turn, j
        for x in range(count):
            weight[bare[x]] += 1.0
            for e in range(sides.row_start[bare[x]], sides.row_start[bare[x] + 1]):
                score[sides.column[e]] += 1.0
    return best


@njit(cache=True, nogil=True)
def _least(inside: Mask, score: Float, cost: Float, since: Index, spared: int) -> int:
    """The column inside whose leaving bares least weight for its cost; of equals the one that was moved longest ago."""
    found = -1
    for j in range(len(inside)):
        if inside[j] and j != spared:
            if found < 0:
                found = j
                continue
            one, other = score[j] * cost[found], score[found] * cost[j]
            if one < other or (one == other and since[j] < since[found]):
                found = j
    return found


@njit(cache=True, nogil=True)
def _largest(sides: Both, i: int, may: Mask, score: Float, cost: Float, since: Index) -> int:
    """The column of a bare row that covers most bare weight for its cost; one that may not come in only if all may not."""
    found = -1
    for e in range(sides.row_start[i], sides.row_start[i + 1]):
        j = sides.column[e]
        if found < 0 or (may[j] and not may[found]):
            found = j
        elif may[j] == may[found]:
            one, other = score[j] * cost[found], score[found] * cost[j]
            if one > other or (one == other and since[j] < since[found]):
                found = j
    return found


@njit(cache=True, nogil=True)
def _in(
    sides: Both, j: int, inside: Mask, may: Mask, covered: Index, weight: Float, score: Float, bare: Index, place: Index,
    count: int,
) -> int:  # fmt: skip
    """Open a column; how many rows are bare now."""
    inside[j] = True
    for e in range(sides.column_start[j], sides.column_start[j + 1]):
        i = sides.row[e]
        covered[i] += 1
        if covered[i] == 1:
            count -= 1
            bare[place[i]] = bare[count]
            place[bare[count]] = place[i]
        for x in range(sides.row_start[i], sides.row_start[i + 1]):
            k = sides.column[x]
            if k != j:
                may[k] = True
                if covered[i] == 1 or (covered[i] == 2 and inside[k]):
                    score[k] -= weight[i]
    return count


@njit(cache=True, nogil=True)
def _out(
    sides: Both, j: int, inside: Mask, may: Mask, covered: Index, weight: Float, score: Float, bare: Index, place: Index,
    count: int,
) -> int:  # fmt: skip
    """Close a column; how many rows are bare now."""
    inside[j] = False
    for e in range(sides.column_start[j], sides.column_start[j + 1]):
        i = sides.row[e]
        covered[i] -= 1
        if covered[i] == 0:
            bare[count], place[i] = i, count
            count += 1
        for x in range(sides.row_start[i], sides.row_start[i + 1]):
            k = sides.column[x]
            if k != j:
                may[k] = True
                if covered[i] == 0 or (covered[i] == 1 and inside[k]):
                    score[k] += weight[i]
    may[j] = False
    return count


def parts_of(rows: sparse.csr_array) -> list[tuple[Index, Index]]:
    """(rows, columns) of the parts that share nothing: each is a question of its own."""
    links: Any = sparse.csr_array(rows.T @ rows)
    count, part = sparse.csgraph.connected_components(links, directed=False)
    of_row: NDArray[np.int32] = part[rows.indices[rows.indptr[:-1]]]
    by_row, by_column = np.argsort(of_row, kind="stable"), np.argsort(part, kind="stable")
    row_cut = np.searchsorted(of_row[by_row], np.arange(count + 1))
    column_cut = np.searchsorted(part[by_column], np.arange(count + 1))
    return [
        (by_row[row_cut[k] : row_cut[k + 1]], by_column[column_cut[k] : column_cut[k + 1]]) for k in range(count)
    ]  # fmt: skip
