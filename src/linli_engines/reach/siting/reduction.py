"""Smaller questions with the same answer: dominated candidates leave, equal circles of candidates become one row.

For covering all also: demands that are covered whenever another one is, and candidates without which one stays bare.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from linli_engines.reach.siting.plan import Float, Index, Mask

MOST_PAIRS = 40_000_000
"""Beyond so many pairs of entries (about a second) comparing all with all costs more than it saves, and is left out."""


@dataclass(frozen=True)
class Circles:
    """K distinct circles of candidates and what having one of them open is worth.

    worth (K,); parent (K,): the next smaller circle of the same demand, -1 for none, always an earlier number;
    more: (K, f) with a 1 for the candidates that the circle has beyond its parent.
    """

    worth: Float
    parent: Index
    more: sparse.csr_array


def undominated(savings: sparse.csc_array, cost: Float) -> Mask:
    """(f,) False where another column saves every demand as much and costs no more (of equals the first stays)."""
    size = np.diff(savings.indptr)
    keep = size > 0
    rows = sparse.csr_array(savings)
    if (np.diff(rows.indptr).astype(np.float64) ** 2).sum() > MOST_PAIRS:
        return keep
    ones = sparse.csc_array((np.ones(savings.nnz, dtype=np.int32), savings.indices, savings.indptr), savings.shape)
    common = sparse.coo_array(ones.T @ ones)
    one, other = common.row.astype(np.int64), common.col.astype(np.int64)
    total = np.bincount(np.repeat(np.arange(len(size)), size), savings.data, len(size))
    twins = (size[one] == size[other]) & (total[one] == total[other]) & (cost[one] == cost[other])
    inside = (common.data == size[one]) & (one != other) & (cost[other] <= cost[one]) & ~(twins & (one < other))
    one, other = one[inside], other[inside]
    if np.all(savings.data == savings.data[:1]):
        keep[one] = False
        return keep
    order = np.argsort(one, kind="stable")
    one, other = one[order], other[order]
    bounds = np.searchsorted(one, np.arange(len(size) + 1))
    for j in np.unique(one):
        of = slice(savings.indptr[j], savings.indptr[j + 1])
        rivals = other[bounds[j] : bounds[j + 1]]
        theirs = rows[savings.indices[of]][:, rivals].toarray()
        keep[j] = not (theirs >= savings.data[of][:, None]).all(axis=0).any()
    return keep


def circles(savings: sparse.csr_array, weight: Float) -> Circles:
    """Each demand's candidates in order of what they save make nested circles; equal circles of all demands are one.

    The circle of the l-th largest saving is worth the weight times what that saving is above the next smaller one
    (García, Labbé & Marín 2011). Circles are told apart by 128 random bits a candidate, joined by XOR.
    """
    demand = np.repeat(np.arange(savings.shape[0]), np.diff(savings.indptr))
    order = np.lexsort((savings.indices, -savings.data, demand))
    demand, column, value = demand[order], savings.indices[order].astype(np.int64), savings.data[order]
    if not len(demand):
        return Circles(np.empty(0), np.empty(0, dtype=np.int64), sparse.csr_array((0, savings.shape[1])))
    new_row = np.append(True, demand[1:] != demand[:-1])
    new = new_row | np.append(True, value[1:] != value[:-1])
    level = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(demand)) - 1
    starts_row = new_row[first]
    lower = np.append(np.where(starts_row[1:], 0.0, value[first[1:]]), 0.0)
    worth = weight[demand[first]] * (value[first] - lower)
    name, found, same = np.unique(
        _names(column, new_row, savings.shape[1])[last], axis=0, return_index=True, return_inverse=True
    )
    same = same.reshape(-1)
    rank = np.argsort(np.argsort(found, kind="stable"), kind="stable")  # numbers in order of first appearance
    number = rank[same]
    found = np.sort(found)
    parent = np.where(starts_row[found], -1, number[found - 1])
    kept = np.isin(level, found)
    more = sparse.csr_array(
        (np.ones(int(kept.sum())), (number[level[kept]], column[kept])), shape=(len(name), savings.shape[1])
    )
    return Circles(np.bincount(number, worth, len(name)).astype(np.float64), parent, more)


def _names(column: Index, new_row: Mask, size: int) -> NDArray[np.uint64]:
    """(entries, 2) the name of the circle that ends at each entry: XOR over its candidates since the row began."""
    bits = np.random.default_rng(20261122).integers(0, 2**64, (size, 2), dtype=np.uint64)
    running = np.bitwise_xor.accumulate(bits[column], axis=0)
    before = np.concatenate((np.zeros((1, 2), dtype=np.uint64), running[:-1]))
    return running ^ before[np.flatnonzero(new_row)][np.cumsum(new_row) - 1]


def binding(covered: sparse.csr_array) -> sparse.csr_array:
    """The distinct rows whose candidates contain no other row's candidates: covering these covers all."""
    ones = sparse.csr_array((np.ones(covered.nnz), covered.indices, covered.indptr), covered.shape)
    rows = circles(ones, np.ones(covered.shape[0])).more
    size = np.diff(rows.indptr)
    by_column = np.diff(sparse.csc_array(rows).indptr).astype(np.float64)
    if (by_column**2).sum() > MOST_PAIRS:
        return rows
    common = sparse.coo_array(rows @ rows.T)
    larger = common.row[(common.data == size[common.col]) & (common.row != common.col)]
    return rows[np.setdiff1d(np.arange(rows.shape[0]), larger)]
