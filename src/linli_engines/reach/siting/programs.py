"""The mixed integer programs and their proof: linear relaxation, fixing by reduced costs, then HiGHS branch and bound.

scipy cannot hand a starting answer to HiGHS. So the relaxation is solved first, and whoever cannot be part of anything
better than the answer already known is fixed; often nothing is left to prove (Nemhauser & Wolsey 1988, II.5.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np
import scipy.sparse as sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from linli_engines.reach.siting.plan import Float, Index, Limits, Mask
from linli_engines.reach.siting.reduction import Circles

CLOSE = 1e-6
"""HiGHS meets its rows and whole numbers within this; what is fixed or called proven keeps this distance."""


@dataclass(frozen=True)
class Program:
    """Minimise cost @ x for rows @ x <= most and 0 <= x <= 1; the first `whole` variables are 0 or 1.

    integral: every attainable value is a whole number, so that a bound may be rounded up.
    """

    cost: Float
    rows: sparse.csr_array
    most: Float
    whole: int
    integral: bool


@dataclass(frozen=True)
class Proof:
    """open: what the best answer takes of the whole variables, None when the known one was not beaten; bound: no
    answer is below; stopped: by the clock."""

    open: Mask | None
    bound: float
    stopped: bool


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


def prove(program: Program, known: float, deadline: float) -> Proof:
    """Whether anything is below `known`, the value of an answer that is already had."""
    if not program.rows.shape[0]:
        return Proof(None, 0.0, False)  # nothing is asked
    unit = _unit(program.cost, program.integral)
    cost = program.cost * unit
    goal = known * unit
    relaxed = linprog(
        cost, A_ub=program.rows, b_ub=program.most, bounds=(0, 1), method="highs",
        options={"time_limit": max(deadline - monotonic(), 0.01)},
    )  # fmt: skip
    if relaxed.status != 0:
        return Proof(None, -np.inf, True)
    bound = _up(relaxed.fun, program.integral)
    if bound >= goal - _near(goal):
        return Proof(None, known, False)
    lower, upper = np.zeros(len(cost)), np.ones(len(cost))
    at_zero, at_one = relaxed.lower.marginals[: program.whole], -relaxed.upper.marginals[: program.whole]
    step = 1.0 - CLOSE if program.integral else 0.0  # a better answer is better by a whole unit
    upper[: program.whole][relaxed.fun + at_zero > goal - step + _near(goal)] = 0
    lower[: program.whole][relaxed.fun + at_one > goal - step + _near(goal)] = 1
    return _branch(program, cost, goal, bound, Bounds(lower, upper), unit, deadline)


def _branch(
    program: Program, cost: Float, goal: float, bound: float, bounds: Bounds, unit: float, deadline: float
) -> Proof:
    """HiGHS on what is left; an infeasible rest means that nothing is better than what is known."""
    whole = np.zeros(len(cost))
    whole[: program.whole] = 1
    found = milp(
        cost, integrality=whole, bounds=bounds, constraints=LinearConstraint(program.rows, -np.inf, program.most),
        options={"time_limit": max(deadline - monotonic(), 0.01), "mip_rel_gap": 0.0},
    )  # fmt: skip
    if found.status == 2:
        return Proof(None, goal / unit, False)
    ended = found.status == 0
    below = found.mip_dual_bound if found.mip_dual_bound is not None else -np.inf
    bound = min(max(bound, _up(found.fun if ended else below, program.integral)), goal)
    open_ = None if found.x is None else found.x[: program.whole] > 0.5
    return Proof(open_, bound / unit, not ended)


def _unit(cost: Float, integral: bool) -> float:
    """Values of whole numbers stay; others are brought to about a thousand at most, where HiGHS's tolerances fit."""
    largest = float(np.abs(cost).max(initial=0.0))
    return 1.0 if integral or largest == 0 else float(2.0 ** (10 - np.ceil(np.log2(largest))))


def _up(value: float, integral: bool) -> float:
    return (
        float(np.ceil(value - CLOSE * max(1.0, abs(value) * CLOSE)))
        if integral and np.isfinite(value)
        else float(value)
    )


def _near(value: float) -> float:
    return CLOSE + 1e-9 * abs(value)
