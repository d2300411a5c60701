"""The mixed integer programs and their proof: linear relaxation, fixing by reduced costs, then HiGHS branch and bound.

scipy cannot hand a starting answer to HiGHS. So the relaxation is solved first, and columns that cannot be part of
anything better than the answer already known leave; often little is left to prove (Nemhauser & Wolsey 1988, II.5.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple, Protocol

import numpy as np
import scipy.sparse as sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from linli_engines.reach.siting.plan import Float, Index, Limits
from linli_engines.reach.siting.reduction import Circles

CLOSE = 1e-6
"""HiGHS meets its rows and whole numbers within this; what is fixed or called proven keeps this distance."""


KERNEL_SHARE = 0.3
"""Of the time that is left, what the search among few promising columns may take."""
SHRINKING = 0.9
"""The relaxation is solved again as long as fixing leaves fewer than this share of the columns."""
MOST_ROWS = 40_000
"""Above so many rows HiGHS overlooks its time limit by minutes, and the bound that is known is as good as its first."""
INTERIOR_ROWS = 1_000
"""Above so many rows the interior point method is several times faster than the simplex method."""


@dataclass(frozen=True)
class Program:
    """Minimise cost @ x for rows @ x <= most and 0 <= x <= 1; the first `whole` variables are 0 or 1.

    integral: every attainable value is a whole number, so that a bound may be rounded up. unit: HiGHS gets the costs
    times this power of two, at most about a thousand each, where its tolerances fit.
    """

    cost: Float
    rows: sparse.csr_array
    most: Float
    whole: int
    integral: bool

    @property
    def unit(self) -> float:
        largest = float(np.abs(self.cost).max(initial=0.0))
        return 1.0 if self.integral or largest == 0 else float(2.0 ** (10 - np.ceil(np.log2(largest))))


class Question(Protocol):
    """What is asked of a set of columns; it keeps the best answer that it was shown."""

    def build(self, columns: Index) -> Program:
        """The program of these columns alone."""

    def offer(self, columns: Index, share: Float) -> float:
        """Make an answer out of shares of 0 to 1, keep the better one, and say the value of what is kept."""


class Relaxed(NamedTuple):
    """Of the linear relaxation: its value, the shares of the whole variables, and what raising one from 0 costs."""

    value: float
    share: Float
    at_zero: Float


def most(circles: Circles, limits: Limits, columns: Index) -> Program:
    """Open columns x and reached circles t: maximise worth @ t, t <= t of the parent + x of the further candidates.

    columns: what the columns of `circles.more` are called in `limits.cost`.
    """
    count, size = circles.more.shape
    child = np.flatnonzero(circles.parent >= 0)
    link = sparse.csr_array((np.ones(len(child)), (child, circles.parent[child])), shape=(count, count))
    parts: list[Any] = [sparse.hstack([-circles.more, sparse.eye_array(count) - link])]
    ceilings = [np.zeros(count)]
    if limits.count is not None:
        parts.append(sparse.hstack([sparse.csr_array(np.ones((1, size))), sparse.csr_array((1, count))]))
        ceilings.append(np.array([float(limits.count)]))
    if limits.budget is not None:
        cost, scale = limits.cost[columns], _scale(limits.budget)
        parts.append(sparse.hstack([sparse.csr_array(scale * cost[None, :]), sparse.csr_array((1, count))]))
        whole = bool((cost == np.rint(cost)).all())
        ceilings.append(np.array([scale * (np.floor(limits.budget) if whole else limits.budget)]))
    value = np.concatenate((np.zeros(size), -circles.worth))
    integral = bool((circles.worth == np.rint(circles.worth)).all())
    return Program(value, sparse.csr_array(sparse.vstack(parts)), np.concatenate(ceilings), size, integral)


def all_of(rows: sparse.csr_array, cost: Float) -> Program:
    """Open columns x: minimise cost @ x with at least one of each row."""
    integral = bool((cost == np.rint(cost)).all())
    return Program(cost, sparse.csr_array(-rows), np.full(rows.shape[0], -1.0), len(cost), integral)


def _scale(budget: float) -> float:
    """A power of two that makes the budget about a million, so that HiGHS's tolerance is a millionth of a millionth."""
    return float(2.0 ** (20 - np.ceil(np.log2(budget)))) if budget > 0 else 1.0


def prove(
    question: Question, columns: Index, known: float, deadline: float, bound: float = -np.inf
) -> tuple[float, bool]:
    """(a value below which no answer lies, whether the clock stopped the proof); the answer is with the question.

    known: the value of the best answer so far; columns: all that a better one may contain; bound: what is known not to
    be undercut. Ends when the bound meets the value of the answer kept.
    """
    first = True
    while True:
        if not len(columns):
            return known, False  # nothing better is left
        program = question.build(columns)
        bound = _up(program, bound)
        if bound >= known - _near(program, known):
            return known, False
        if not program.rows.shape[0]:
            return 0.0, False  # nothing is asked
        if program.rows.shape[0] > MOST_ROWS:
            return bound, True
        found = _relax(program, deadline)
        if not isinstance(found, Relaxed):
            return (bound, True) if found is None else (known, False)
        bound = max(bound, _up(program, found.value))
        if bound < known - _near(program, known):
            known = question.offer(columns, found.share)
        if first and bound < known - _near(program, known):
            known = min(known, _kernel(question, columns, found, deadline))
        if bound >= known - _near(program, known):
            return known, False
        step = 1.0 - CLOSE if program.integral else 0.0  # a better answer is better by a whole unit
        keep = found.value + found.at_zero <= known - step + _near(program, known)
        shrunk = keep.sum() < SHRINKING * len(columns)
        columns, first = columns[keep], False
        if not shrunk:
            break
    least, stopped = _branch(question, columns, deadline)
    known = question.offer(columns[:0], np.empty(0))
    return min(max(bound, least), known), stopped


def _kernel(question: Question, columns: Index, found: Relaxed, deadline: float) -> float:
    """The best answer of the columns that the relaxation uses and half as many that it almost uses (kernel search,
    Angelelli, Mansini & Speranza 2010)."""
    used = int((found.share > CLOSE).sum())
    kernel = np.lexsort((found.at_zero, -np.round(found.share, 9)))[: used + used // 2 + 10]
    now = monotonic()
    columns = columns[np.sort(kernel)]
    _branch(question, columns, now + KERNEL_SHARE * (deadline - now))
    return question.offer(columns[:0], np.empty(0))


def _relax(program: Program, deadline: float) -> Relaxed | bool | None:
    """The relaxation; False when even that has no answer, None when the clock stopped it."""
    found = linprog(
        program.cost * program.unit, A_ub=program.rows, b_ub=program.most, bounds=(0, 1),
        method="highs-ipm" if program.rows.shape[0] > INTERIOR_ROWS else "highs-ds",
        options={"time_limit": max(deadline - monotonic(), 0.01)},
    )  # fmt: skip
    if found.status != 0:
        return False if found.status == 2 else None
    whole = slice(program.whole)
    return Relaxed(found.fun / program.unit, found.x[whole], found.lower.marginals[whole] / program.unit)


def _branch(question: Question, columns: Index, deadline: float) -> tuple[float, bool]:
    """HiGHS over these columns: shows the answer to the question; (a bound over them, whether the clock stopped it)."""
    program = question.build(columns)
    whole = np.zeros(len(program.cost))
    whole[: program.whole] = 1
    found = milp(
        program.cost * program.unit, integrality=whole, bounds=Bounds(0, 1),
        constraints=LinearConstraint(program.rows, -np.inf, program.most),
        options={"time_limit": max(deadline - monotonic(), 0.01), "mip_rel_gap": 0.0},
    )  # fmt: skip
    if found.status == 2:
        return np.inf, False  # no answer at all is left, so none is better
    if found.x is not None:
        question.offer(columns, np.rint(found.x[: program.whole]))
    least = found.fun if found.status == 0 else found.mip_dual_bound
    return (-np.inf if least is None else _up(program, least / program.unit)), found.status != 0


def whole_step(values: Float) -> float:
    """By how much a better answer is better at least: 1 where every value is whole, else 0."""
    return 1.0 if bool((values == np.rint(values)).all()) else 0.0


def _up(program: Program, value: float) -> float:
    return float(np.ceil(value - CLOSE)) if program.integral and np.isfinite(value) else float(value)


def _near(program: Program, value: float) -> float:
    return CLOSE / program.unit + 1e-9 * abs(value)
