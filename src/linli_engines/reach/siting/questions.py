"""The three questions: checked, turned into savings or rows to cover, and the answer told in their own terms."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import ArrayLike

from linli_engines.reach.siting import plan, programs
from linli_engines.reach.siting.covering import fewest
from linli_engines.reach.siting.exchange import Found, Savings
from linli_engines.reach.siting.plan import TOLERANCE, Float, Index, Siting
from linli_engines.reach.siting.saving import most

Columns = Sequence[int] | Index


def cover_most(
    covers: Any,
    weight: ArrayLike | None = None,
    *,
    count: int | None = None,
    cost: ArrayLike | None = None,
    budget: float | None = None,
    fixed: Columns = (),
    candidates: Columns | None = None,
    time_limit_s: float = 60.0,
) -> Siting:
    """Maximal covering (Church & ReVelle 1974): as much weight of demand as possible within reach of a facility.

    covers (n, f): dense or sparse, 1 (True) where facility f reaches demand n. weight (n,): residents of each demand,
    1 when not given. At most `count` candidates and, with cost (f,), at most `budget` together; both may be given.
    fixed: columns that stand already and cost nothing; candidates: columns to choose from, all others when not given.
    Raises ValueError for what cannot be meant: negative numbers, NaN, columns that are not there.
    """
    given = plan.coverage(covers)
    heads, price = plan.numbers(weight, given.shape[0], "weight"), plan.numbers(cost, given.shape[1], "cost")
    rules = plan.limits(count, price, budget, cost is not None)
    there, free = _sides(given.shape[1], fixed, candidates)
    already = np.isfinite(_nearest(given, there, there)[1])
    savings = _rows(given, (heads > 0) & ~already)
    savings.data[:] = 1.0
    found = most(savings, heads, rules, free, plan.seconds(time_limit_s))
    base = float(heads[already].sum())
    loss = Savings.of(savings, heads, free).losses(found.chosen)
    return _siting(given, there, free, found, base + found.value, base + found.bound, loss)


def cover_all(
    covers: Any,
    weight: ArrayLike | None = None,
    *,
    cost: ArrayLike | None = None,
    fixed: Columns = (),
    candidates: Columns | None = None,
    time_limit_s: float = 60.0,
) -> Siting:
    """Covering all (Toregas et al. 1971): the fewest, or with cost (f,) the cheapest, facilities that reach everybody.

    Arguments as in `cover_most`; a demand of weight 0 needs no facility. Whom nobody can reach is in `beyond_all`: then
    the question has no answer, and the one returned covers all others. Raises ValueError as `cover_most`.
    """
    given = plan.coverage(covers)
    heads, price = plan.numbers(weight, given.shape[0], "weight"), plan.numbers(cost, given.shape[1], "cost")
    there, free = _sides(given.shape[1], fixed, candidates)
    bare = (heads > 0) & ~np.isfinite(_nearest(given, there, there)[1])
    possible = np.zeros(given.shape[0], dtype=bool)
    possible[np.flatnonzero(np.diff(given[:, free].indptr))] = True
    rows = _rows(given, bare & possible)
    rows.data[:] = 1.0
    asked = sparse.csr_array(sparse.csr_array(rows)[bare & possible][:, free])
    found = fewest(asked, price[free], monotonic() + plan.seconds(time_limit_s))
    found = Found(free[found.chosen], found.value, found.bound, found.stopped)
    loss = Savings.of(rows, np.ones(given.shape[0]), free).losses(found.chosen)
    return _siting(given, there, free, found, found.value, found.bound, loss)


def shorten_walks(
    distance_m: Any,
    weight: ArrayLike | None = None,
    *,
    count: int | None = None,
    cost: ArrayLike | None = None,
    budget: float | None = None,
    fixed: Columns = (),
    candidates: Columns | None = None,
    beyond_m: float | None = None,
    time_limit_s: float = 60.0,
) -> Siting:
    """p-median (Hakimi 1964): the least weighted sum of walks to the nearest facility.

    distance_m (n, f): dense with inf, or sparse with only the pairs within reach (a stored 0 is a distance of 0).
    beyond_m: what a demand counts that nothing reaches within beyond_m; without it every demand has to reach a fixed
    facility or every candidate. Other arguments as in `cover_most`. Raises ValueError as `cover_most`, and when a
    demand could be left without any distance.
    """
    given = plan.matrix(distance_m, "distance_m")
    heads, price = plan.numbers(weight, given.shape[0], "weight"), plan.numbers(cost, given.shape[1], "cost")
    rules = plan.limits(count, price, budget, cost is not None)
    there, free = _sides(given.shape[1], fixed, candidates)
    if beyond_m is not None:
        plan.numbers([beyond_m], 1, "beyond_m")
        given = _kept(given, given.data <= beyond_m)
    before = _nearest(given, there, there)[1]
    base = np.minimum(before, np.inf if beyond_m is None else beyond_m)
    affordable = free[price[free] <= rules.room(0.0)] if rules.count != 0 else free[:0]
    bare = ~np.isfinite(base) & (heads > 0)
    if bare.any():
        base[bare] = plan.worst(given[bare][:, affordable])
    base[~np.isfinite(base)] = 0.0
    savings = _savings(given, base, heads > 0)
    found = most(savings, heads, rules, free, plan.seconds(time_limit_s))
    if bare.any() and not len(found.chosen):  # all are equally far, and one has to stand
        found = Found(affordable[:1], found.value, found.bound, found.stopped)
    total = float(heads @ base)
    loss = Savings.of(savings, heads, free).losses(found.chosen)
    return _siting(given, there, free, found, total - found.value, total - found.bound, loss)


def _sides(size: int, fixed: Columns, candidates: Columns | None) -> tuple[Index, Index]:
    """(columns that stand, columns to choose from); a fixed column is no candidate."""
    there = plan.columns(fixed, size, "fixed")
    free = np.arange(size) if candidates is None else plan.columns(candidates, size, "candidates")
    return there, np.setdiff1d(free, there)


def _kept(given: sparse.csr_array, keep: plan.Mask) -> sparse.csr_array:
    """Only those entries; what is stored as 0 stays stored."""
    row = np.repeat(np.arange(given.shape[0]), np.diff(given.indptr))
    return sparse.csr_array((given.data[keep], (row[keep], given.indices[keep])), shape=given.shape)


def _rows(given: sparse.csr_array, wanted: plan.Mask) -> sparse.csc_array:
    return sparse.csc_array(_kept(given, np.repeat(wanted, np.diff(given.indptr))))


def _savings(given: sparse.csr_array, base: Float, wanted: plan.Mask) -> sparse.csc_array:
    """What each pair saves against `base`, where that is something."""
    row = np.repeat(np.arange(given.shape[0]), np.diff(given.indptr))
    saved = base[row] - given.data
    keep = (saved > 0) & wanted[row]
    return sparse.csc_array((saved[keep], (row[keep], given.indices[keep])), shape=given.shape)


def _nearest(given: sparse.csr_array, open_: Index, first: Index) -> tuple[Index, Float]:
    """(n,) the nearest open column and its distance; of equals one of `first`, then the lowest; -1 and inf for none."""
    part = sparse.coo_array(given[:, open_])
    column = open_[part.col]
    order = np.lexsort((column, ~np.isin(column, first), part.data, part.row))
    rows, place = np.unique(part.row[order], return_index=True)
    by, far = np.full(given.shape[0], -1), np.full(given.shape[0], np.inf)
    by[rows], far[rows] = column[order][place], part.data[order][place]
    return by, far


def _siting(
    given: sparse.csr_array, there: Index, free: Index, found: Found, objective: float, bound: float, loss: Float
) -> Siting:
    served_by, after = _nearest(given, np.union1d(there, found.chosen), there)
    before = _nearest(given, there, there)[1]
    some = np.diff(sparse.csr_array(given[:, np.union1d(there, free)]).indptr) > 0
    apart = abs(bound - objective)
    most_apart = TOLERANCE if found.stopped else programs.CLOSE  # HiGHS ends within its own tolerance
    proven = apart <= most_apart * max(abs(objective), abs(bound))
    return Siting(
        chosen=found.chosen,
        objective=objective,
        bound=objective if proven else bound,
        gap=0.0 if proven else apart / max(abs(objective), TOLERANCE),
        proven=proven,
        served_by=served_by,
        gained=np.flatnonzero(after < before),
        loss=loss,
        beyond_all=np.flatnonzero(~some),
        stopped=found.stopped,
    )
