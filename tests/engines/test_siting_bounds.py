"""What lies under the proofs of siting: bounds that no answer crosses, columns that a better answer may contain, searches."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from linli_engines.reach.siting import cover_all, cover_dual, cover_most, cover_search, covering, dual, shorten_walks
from linli_engines.reach.siting.exchange import Savings, exchanged
from linli_engines.reach.siting.plan import Limits

FOREVER = float("inf")
SEEDS = settings(max_examples=60, deadline=None)


def savings_of(seed: int, demands: int = 30, columns: int = 9) -> tuple[sparse.csc_array, np.ndarray, np.ndarray]:
    """Random savings with gaps, weights and costs; every third seed whole numbers."""
    chance = np.random.default_rng(seed)
    entries = sparse.random_array((demands, columns), density=0.4, rng=chance, format="csc")
    weight, cost = chance.random(demands) * 5, chance.random(columns) * 4
    if seed % 3 == 0:
        entries.data, weight, cost = np.ceil(entries.data * 5), np.ceil(weight), np.ceil(cost)
    return sparse.csc_array(entries), weight, cost


def every(columns: int, limits: Limits) -> list[np.ndarray]:
    """All choices within the limits."""
    most = columns if limits.count is None else min(limits.count, columns)
    found = [np.array(c, dtype=np.int64) for n in range(most + 1) for c in itertools.combinations(range(columns), n)]
    return [c for c in found if limits.cost[c].sum() <= limits.room(0.0)]


@SEEDS
@given(st.integers(0, 10_000), st.sampled_from([None, 0, 1, 2, 4]), st.sampled_from([None, 0.0, 3.0, 7.5]))
def test_no_choice_is_worth_more_than_the_dual_says(seed: int, count: int | None, budget: float | None) -> None:
    if count is None and budget is None:
        return
    entries, weight, cost = savings_of(seed)
    limits = Limits(count, cost, budget)
    savings = Savings.of(entries, weight, np.arange(len(cost)))
    values = {tuple(c): savings.value_of(c) for c in every(len(cost), limits)}
    best, poor = max(values.values()), 0.6 * max(values.values())
    free = np.ones(len(cost), bool)
    priced = dual.Priced(savings.start, savings.row, savings.weighted, len(weight), cost, free, limits)
    for known in (best, poor):

        def offer(_picked: object, value: float = known) -> float:
            return value

        found = dual.bounded(priced, np.zeros(len(weight)), known, 0.0, FOREVER, offer)
        assert found.bound >= best - 1e-9 * max(1.0, best)
        for chosen, value in values.items():
            assert value <= known * (1 + 1e-9) or found.left[list(chosen)].all()
    assert free.all()  # what was asked is not changed


@SEEDS
@given(st.integers(0, 10_000), st.sampled_from([None, 1, 3]), st.sampled_from([None, 4.0]))
def test_after_exchanges_no_single_one_helps(seed: int, count: int | None, budget: float | None) -> None:
    if count is None and budget is None:
        return
    entries, weight, cost = savings_of(seed)
    limits = Limits(count, cost, budget)
    savings = Savings.of(entries, weight, np.arange(len(cost)))
    chosen = exchanged(savings, limits, np.empty(0, dtype=np.int64), FOREVER)
    allowed = {tuple(c) for c in every(len(cost), limits)}
    assert tuple(chosen) in allowed
    value = savings.value_of(chosen)
    for other in allowed:
        gone, come = set(chosen) - set(other), set(other) - set(chosen)
        if len(gone) <= 1 and len(come) <= 1:
            assert savings.value_of(np.array(other, dtype=np.int64)) <= value + 1e-6


def rows_of(seed: int, rows: int = 14, columns: int = 9) -> tuple[sparse.csr_array, np.ndarray]:
    chance = np.random.default_rng(seed)
    dense = (chance.random((rows, columns)) < 0.25).astype(float)
    dense[np.arange(rows), chance.integers(0, columns, rows)] = 1.0  # no row is empty
    cost = chance.random(columns) * 3 if seed % 2 else chance.integers(0, 4, columns).astype(float)
    return sparse.csr_array(dense), cost


@SEEDS
@given(st.integers(0, 10_000))
def test_no_cover_is_cheaper_than_the_dual_says_and_the_search_finds_covers(seed: int) -> None:
    rows, cost = rows_of(seed)
    dense, columns = rows.toarray(), np.arange(len(cost))
    covers = [
        np.array(c)
        for n in range(1, len(cost) + 1)
        for c in itertools.combinations(columns, n)
        if dense[:, list(c)].any(axis=1).all()
    ]
    best = min(cost[c].sum() for c in covers)
    second = min((cost[c].sum() for c in covers if cost[c].sum() > best + 1e-6), default=best)
    sides = cover_search.both(sparse.csc_array(rows))
    for known in (best, second, 1.4 * best + 1):
        found = cover_dual.bounded(sides, cost, known, 0.0, FOREVER)
        assert found.bound <= best + 1e-9
        assert all(found.left[c].all() for c in covers if cost[c].sum() < known - 1e-6)
    start = covering.greedy(sparse.csc_array(rows), cost, np.ones(len(cost)))
    met = cover_search.searched(sides, cost, start, 0.0, FOREVER)
    assert dense[:, met].any(axis=1).all() and best - 1e-9 <= cost[met].sum() <= cost[start].sum() + 1e-9
    again = cover_search.searched(sides, cost, start, 0.0, FOREVER)
    assert met.tolist() == again.tolist()


def test_the_search_finds_the_cheapest_cover_nearly_always() -> None:
    found = 0
    for seed in range(40):
        rows, cost = rows_of(seed, rows=40, columns=25)
        best = milp(cost, integrality=np.ones(25), bounds=Bounds(0, 1), constraints=LinearConstraint(rows, 1)).fun
        start = covering.greedy(sparse.csc_array(rows), cost, np.ones(25))
        met = cover_search.searched(cover_search.both(sparse.csc_array(rows)), cost, start, 0.0, FOREVER)
        found += cost[met].sum() <= best + 1e-6
    assert found >= 36


def test_parts_that_share_nothing_are_told_apart() -> None:
    one, other = np.array([[1, 1, 0], [0, 1, 1]]), np.array([[1, 1]])
    rows = sparse.csr_array(sparse.block_diag([one, other, np.ones((2, 1))]))
    order = np.random.default_rng(4).permutation(rows.shape[1])
    parts = cover_search.parts_of(sparse.csr_array(rows[:, order]))
    assert sorted((r.tolist(), sorted(order[c].tolist())) for r, c in parts) == [
        ([0, 1], [0, 1, 2]),
        ([2], [3, 4]),
        ([3, 4], [5]),
    ]
    answer = cover_all(rows)
    assert answer.chosen.tolist() == [1, 3, 5] and answer.proven and answer.bound == 3


def town(seed: int, demands: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    homes, sites = chance.random((demands, 2)) * 2_000, chance.random((columns, 2)) * 2_000
    return np.hypot(*(homes[:, None] - sites[None]).transpose(2, 0, 1)), chance.random(demands) * 100


def textbook(far: np.ndarray, weight: np.ndarray, count: int, beyond_m: float) -> float:
    """The p-median as books write it (a variable a pair), by HiGHS alone; one more column is what nothing reaches."""
    n, f = far.shape
    costs = np.column_stack((np.where(far <= beyond_m, far, 4 * beyond_m), np.full(n, beyond_m))) * weight[:, None]
    once = sparse.hstack([sparse.kron(sparse.eye_array(n), np.ones((1, f + 1))), sparse.csr_array((n, f))])
    pair = sparse.kron(sparse.eye_array(n), sparse.eye_array(f, f + 1))
    opened = sparse.hstack([pair, -sparse.kron(np.ones((n, 1)), sparse.eye_array(f))])
    places = sparse.hstack([sparse.csr_array((1, n * (f + 1))), sparse.csr_array(np.ones((1, f)))])
    rows: Any = sparse.csr_array(sparse.vstack([once, opened, places]))
    low = np.concatenate((np.ones(n), np.full(n * f, -np.inf), [-np.inf]))
    high = np.concatenate((np.ones(n), np.zeros(n * f), [float(count)]))
    whole = np.concatenate((np.zeros(n * (f + 1)), np.ones(f)))
    found = milp(
        np.concatenate((costs.ravel(), np.zeros(f))), integrality=whole, bounds=Bounds(0, 1),
        constraints=LinearConstraint(rows, low, high), options={"mip_rel_gap": 0.0},
    )  # fmt: skip
    return float(found.fun)


@pytest.mark.parametrize("seed", range(6))
def test_shortest_walks_are_those_of_the_textbook_program(seed: int) -> None:
    far, weight = town(seed, 50, 25)
    count, beyond_m = 2 + seed, 600.0
    answer = shorten_walks(far, weight, count=count, beyond_m=beyond_m)
    assert answer.proven and answer.objective == pytest.approx(textbook(far, weight, count, beyond_m), rel=1e-7)


def test_whenever_the_clock_stops_it_the_bound_holds() -> None:
    far, weight = town(9, 150, 60)
    walk, most, all_ = (
        shorten_walks(far, weight, count=5, beyond_m=700),
        cover_most(far <= 400, weight, count=5),
        cover_all(far <= 500),
    )
    assert walk.proven and most.proven and all_.proven
    for limit_s in (0.0005, 0.01, 0.1):
        soon = shorten_walks(far, weight, count=5, beyond_m=700, time_limit_s=limit_s)
        assert soon.bound * (1 - 1e-9) <= walk.objective <= soon.objective * (1 + 1e-9)
        soon = cover_most(far <= 400, weight, count=5, time_limit_s=limit_s)
        assert soon.objective * (1 - 1e-9) <= most.objective <= soon.bound * (1 + 1e-9)
        soon = cover_all(far <= 500, time_limit_s=limit_s)
        assert soon.bound <= all_.objective <= soon.objective
