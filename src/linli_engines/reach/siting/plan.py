"""What a siting question takes and gives: the checked question, and the answer with its proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]

TOLERANCE = 1e-9
"""Two values nearer than this, relative to the larger, are the same: sums of floats in another order differ by less."""


@dataclass(frozen=True)
class Siting:
    """The answer for n demands and f facilities.

    chosen: columns to open, ascending, without the fixed ones. objective: covered weight, spent cost or weighted metres.
    bound: no answer is better (larger for `cover_most`, smaller for the others); gap: |bound - objective| relative to
    the objective; proven: they meet. served_by (n,): the column that serves each demand, the nearest (first at ties),
    fixed ones before chosen ones when nothing tells them apart, -1 for nobody. gained: demands that are better off than
    with the fixed facilities alone. loss (len(chosen),): by how much the objective worsens when that one alone is left
    out (weight not covered, weighted metres, or for `cover_all` the number of demands uncovered again).
    beyond_all: demands which no candidate and no fixed facility reaches; not empty means that covering all is
    infeasible, and the rest of the answer covers all others. stopped: the time limit ended the search.
    """

    chosen: Index
    objective: float
    bound: float
    gap: float
    proven: bool
    served_by: Index
    gained: Index
    loss: Float
    beyond_all: Index
    stopped: bool


@dataclass(frozen=True)
class Limits:
    """At most `count` candidates of at most `budget` together; cost (f,) in any unit, exact when whole."""

    count: int | None
    cost: Float
    budget: float | None

    def room(self, spent: float) -> float:
        """What may still be spent; infinite without a budget."""
        if self.budget is None:
            return np.inf
        return self.budget - spent + TOLERANCE * max(1.0, self.budget)


def matrix(values: Any, name: str) -> sparse.csr_array:
    """A sparse (n, f) array without repeated entries. Raises ValueError for another shape, NaN or negative values."""
    if sparse.issparse(values):
        found = sparse.csr_array(values, dtype=np.float64, copy=True)
        if found.has_canonical_format is False:
            entries = found.nnz
            found.sum_duplicates()
            if found.nnz != entries:
                raise ValueError(f"{name} holds an entry twice")
    else:
        dense = np.asarray(values, dtype=np.float64)
        if dense.ndim != 2:
            raise ValueError(f"{name} must have a row per demand and a column per facility")
        rows, columns = np.nonzero(~(np.isinf(dense) & (dense > 0)))
        found = sparse.csr_array((dense[rows, columns], (rows, columns)), shape=dense.shape)
    if np.isnan(found.data).any() or (found.data < 0).any():
        raise ValueError(f"{name} holds NaN or negative values")
    return found


def numbers(values: ArrayLike | None, size: int, name: str) -> Float:
    """(size,) finite values of 0 or more, ones when not given. Raises ValueError otherwise."""
    if values is None:
        return np.ones(size)
    found = np.asarray(values, dtype=np.float64)
    if found.shape != (size,):
        raise ValueError(f"{name} must have {size} values, not the shape {found.shape}")
    if not np.isfinite(found).all() or (found < 0).any():
        raise ValueError(f"{name} must be finite and not negative")
    return found


def columns(values: Sequence[int] | Index, size: int, name: str) -> Index:
    """Ascending column numbers, each once. Raises ValueError for one that is not a column."""
    given = np.asarray(values)
    if given.size == 0:
        return np.empty(0, dtype=np.int64)
    if given.ndim != 1 or not np.issubdtype(given.dtype, np.integer):
        raise ValueError(f"{name} must be a list of column numbers")
    found = np.unique(given).astype(np.int64)
    if found[0] < 0 or found[-1] >= size:
        raise ValueError(f"{name} names a column that is not there")
    return found


def limits(count: int | None, cost: Float, budget: float | None, priced: bool) -> Limits:
    """Raises ValueError when neither is given, for a negative one, and for a budget without costs."""
    if count is None and budget is None:
        raise ValueError("say how many facilities, or how large the budget is")
    if count is not None and (count != int(count) or count < 0):
        raise ValueError("the number of facilities must be a whole number of 0 or more")
    if budget is not None:
        if not priced:
            raise ValueError("a budget needs the costs of the candidates")
        if not np.isfinite(budget) or budget < 0:
            raise ValueError("the budget must be finite and not negative")
    return Limits(None if count is None else int(count), cost, None if budget is None else float(budget))


def coverage(values: Any) -> sparse.csr_array:
    """A sparse (n, f) array of ones. Raises ValueError for entries other than 0 and 1, as distances would be."""
    found = matrix(values, "covers")
    found.eliminate_zeros()
    if (found.data != 1).any():
        raise ValueError("covers must hold 0 and 1: compare distances with the cap first")
    found.data[:] = 0.0  # every covered demand is equally near
    return found


def worst(distance_m: sparse.csr_array) -> Float:
    """The largest distance of each row. Raises ValueError where one is missing: the walk would be unknown."""
    if not distance_m.shape[1]:
        raise ValueError("nothing stands and nothing may be opened: say with beyond_m what such a walk counts")
    if (np.diff(distance_m.indptr) < distance_m.shape[1]).any():
        raise ValueError("some demand does not reach every candidate: say with beyond_m what such a walk counts")
    largest: Float = np.maximum.reduceat(distance_m.data, distance_m.indptr[:-1])
    return largest


def seconds(limit_s: float) -> float:
    """Raises ValueError for a time limit that is no positive number."""
    if not limit_s > 0:
        raise ValueError("the time limit must be positive")
    return float(limit_s)
