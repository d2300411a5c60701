"""Siting: known optima, every subset tried by force on small questions, and the questions that are out of the ordinary."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linli_engines.reach.siting import Siting, cover_all, cover_most, shorten_walks

QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    """Up to eight demands and six facilities: distances with gaps, small whole or odd weights, costs, fixed ones."""
    demands, facilities = draw(st.integers(1, 8)), draw(st.integers(1, 6))
    steps = st.sampled_from([0.0, 1.0, 1.0, 2.0, 2.5, 4.0, np.inf, np.inf])
    distance = np.array([[draw(steps) for _ in range(facilities)] for _ in range(demands)])
    # Not so light that the solver's own tolerance decides: it then rightly calls nothing proven.
    weights = st.sampled_from([0.0, 1.0, 2.0, 3.0]) | st.floats(1e-3, 5)
    return {
        "distance": distance,
        "weight": np.array([draw(weights) for _ in range(demands)]),
        "cost": np.array([draw(st.sampled_from([0.0, 1.0, 2.0, 3.0, 0.7])) for _ in range(facilities)]),
        "fixed": draw(st.sets(st.integers(0, facilities - 1), max_size=2)),
        "count": draw(st.integers(0, facilities + 1)),
        "budget": draw(st.sampled_from([0.0, 1.0, 2.0, 3.7, 5.0])),
    }


def subsets(q: dict[str, Any], priced: bool = True) -> list[list[int]]:
    """Every choice of free columns, within the count and the budget."""
    free = [j for j in range(q["distance"].shape[1]) if j not in q["fixed"]]
    every = [list(c) for size in range(len(free) + 1) for c in itertools.combinations(free, size)]
    return [c for c in every if not priced or (len(c) <= q["count"] and q["cost"][c].sum() <= q["budget"] + 1e-9)]


def sound(answer: Siting, q: dict[str, Any], reach: np.ndarray) -> None:
    """What holds for every answer: the parts agree with each other and with the distances."""
    open_ = sorted({*answer.chosen.tolist(), *q["fixed"]})
    assert not {*answer.chosen.tolist()} & q["fixed"]
    best = reach[:, open_].min(axis=1, initial=np.inf)
    before = reach[:, sorted(q["fixed"])].min(axis=1, initial=np.inf)
    assert ((answer.served_by >= 0) == np.isfinite(best)).all()
    held = np.flatnonzero(answer.served_by >= 0)
    assert (reach[held, answer.served_by[held]] == best[held]).all()
    assert answer.gained.tolist() == np.flatnonzero(best < before).tolist()
    assert answer.proven and answer.gap == 0 and not answer.stopped


@QUIET
@given(questions())
def test_most_covered_is_what_force_finds(q: dict[str, Any]) -> None:
    reach = np.where(q["distance"] <= 2, 0.0, np.inf)
    answer = cover_most(q["distance"] <= 2, q["weight"], count=q["count"], cost=q["cost"], budget=q["budget"], fixed=list(q["fixed"]))  # fmt: skip
    values = [
        q["weight"] @ (reach[:, [*c, *q["fixed"]]].min(axis=1, initial=np.inf) < np.inf) for c in subsets(q)
    ]  # fmt: skip
    assert answer.objective == pytest.approx(max(values), abs=1e-6)
    assert q["cost"][answer.chosen].sum() <= q["budget"] + 1e-9 and len(answer.chosen) <= q["count"]
    sound(answer, q, reach)


@QUIET
@given(questions())
def test_all_covered_is_what_force_finds(q: dict[str, Any]) -> None:
    reach = np.where(q["distance"] <= 2, 0.0, np.inf)
    answer = cover_all(q["distance"] <= 2, cost=q["cost"], fixed=list(q["fixed"]))
    possible = np.isfinite(reach).any(axis=1)
    assert answer.beyond_all.tolist() == np.flatnonzero(~possible).tolist()
    values = [
        q["cost"][c].sum()
        for c in subsets(q, priced=False)
        if np.isfinite(reach[possible][:, [*c, *q["fixed"]]].min(axis=1, initial=np.inf)).all()
    ]
    assert answer.objective == pytest.approx(min(values), abs=1e-6)
    assert (answer.served_by[possible] >= 0).all()
    sound(answer, q, reach)


@QUIET
@given(questions())
def test_shortest_walks_are_what_force_finds(q: dict[str, Any]) -> None:
    far = 3.0
    reach = np.where(q["distance"] <= far, q["distance"], np.inf)
    answer = shorten_walks(q["distance"], q["weight"], count=q["count"], cost=q["cost"], budget=q["budget"], fixed=list(q["fixed"]), beyond_m=far)  # fmt: skip
    values = [
        q["weight"] @ np.minimum(reach[:, [*c, *q["fixed"]]].min(axis=1, initial=np.inf), far) for c in subsets(q)
    ]
    assert answer.objective == pytest.approx(min(values), abs=1e-6)
    sound(answer, q, reach)


def optima() -> list[dict[str, Any]]:
    """The instances, by name only: whether the files are there is asked when one runs."""
    sizes = {("SJC324", 800): 5, ("SJC324", 1200): 3, ("SJC324", 1600): 2, ("SJC500", 800): 8, ("SJC500", 1200): 4,
             ("SJC500", 1600): 3, ("SJC818", 800): 13}  # fmt: skip
    return [{"inst": i, "S": s, "p": p} for (i, s), most in sizes.items() for p in range(1, most + 1)]


@pytest.mark.parametrize("one", optima(), ids=lambda o: "{inst}-{S}-{p}".format(**o))
def test_known_optima_of_sao_jose(reference: Callable[[str], Path], one: dict[str, Any]) -> None:
    folder = reference("reach/mclp_sjc")
    known = {(o["inst"], o["S"], o["p"]): o["opt"] for o in json.loads((folder / "optima.json").read_text())}
    xy = np.loadtxt(folder / f"{one['inst']}.txt", skiprows=1)
    weight = np.loadtxt(folder / f"demand-{one['inst']}.dat")
    apart = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    answer = cover_most(apart <= one["S"], weight, count=one["p"])
    assert answer.objective == known[one["inst"], one["S"], one["p"]]
    assert answer.proven and answer.gap == 0 and answer.bound == answer.objective
    assert weight[answer.served_by >= 0].sum() == answer.objective


def test_every_known_optimum_is_asked_for(reference: Callable[[str], Path]) -> None:
    known = json.loads((reference("reach/mclp_sjc") / "optima.json").read_text())
    assert {(o["inst"], o["S"], o["p"]) for o in known} == {(o["inst"], o["S"], o["p"]) for o in optima()}


def town(seed: int = 5, demands: int = 300, candidates: int = 80) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    homes, sites = chance.random((demands, 2)) * 3_000, chance.random((candidates, 2)) * 3_000
    return np.hypot(*(homes[:, None] - sites[None]).transpose(2, 0, 1)), chance.integers(0, 400, demands).astype(float)


def test_fixed_facilities_help_and_cost_nothing() -> None:
    distance, weight = town()
    alone = cover_most(distance <= 500, weight, count=4)
    helped = cover_most(distance <= 500, weight, count=4, fixed=[0, 1, 2])
    assert helped.objective > alone.objective
    assert not {0, 1, 2} & {*helped.chosen.tolist()} and len(helped.chosen) == 4
    assert cover_all(distance <= 900, fixed=[0, 1, 2]).objective <= cover_all(distance <= 900).objective
    assert (
        shorten_walks(distance, weight, count=3, fixed=[7]).objective
        < shorten_walks(distance, weight, count=3).objective
    )


def test_who_gains_and_what_each_is_worth() -> None:
    covers = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [0, 1, 1, 0], [0, 0, 0, 0]])
    answer = cover_most(covers, [5, 3, 2, 9], count=2, fixed=[0])
    assert answer.chosen.tolist() == [1] and answer.objective == 10  # column 1 suffices, the second place stays free
    assert answer.gained.tolist() == [1, 2] and answer.loss.tolist() == [5]
    assert answer.served_by.tolist() == [0, 1, 1, -1] and answer.beyond_all.tolist() == [3]


def test_covering_all_names_whom_nobody_reaches() -> None:
    covers = sparse.csr_array(np.array([[1, 0], [0, 0], [1, 1], [0, 0]]))
    answer = cover_all(covers)
    assert answer.beyond_all.tolist() == [1, 3] and answer.chosen.tolist() == [0]
    assert cover_all(covers, [1, 0, 1, 1]).served_by.tolist() == [0, -1, 0, -1]
    nobody = cover_all(covers, candidates=[])
    assert nobody.chosen.size == 0 and nobody.beyond_all.tolist() == [0, 1, 2, 3]


def test_ties_go_to_the_lowest_columns_whatever_the_solver_likes() -> None:
    covers = np.kron(np.eye(3), np.ones((2, 4)))  # three circles, each with four equal candidates
    assert cover_most(covers, count=2).chosen.tolist() == [0, 4]
    assert cover_all(covers).chosen.tolist() == [0, 4, 8]
    assert shorten_walks(np.where(covers == 1, 10.0, np.inf), count=3, beyond_m=50).chosen.tolist() == [0, 4, 8]
    distance, weight = town(seed=2)
    again = [cover_most(distance <= 400, weight, count=6) for _ in range(2)]
    assert again[0].chosen.tolist() == again[1].chosen.tolist()


def test_nothing_to_choose_or_nobody_to_serve() -> None:
    distance, weight = town(demands=20, candidates=5)
    for count in (0, 5, 6, 1_000):
        answer = cover_most(distance <= 800, weight, count=count)
        assert answer.proven and len(answer.chosen) <= min(count, 5)
    everything = cover_most(distance <= 800, weight, count=1_000)
    assert everything.objective == weight[(distance <= 800).any(axis=1)].sum()
    nobody = cover_most(distance <= 800, np.zeros(20), count=3)
    assert nobody.objective == 0 and nobody.chosen.size == 0 and nobody.proven
    for shape in ((0, 3), (3, 0), (0, 0)):
        assert cover_most(np.zeros(shape), count=1).chosen.size == 0
        assert cover_all(np.zeros(shape)).beyond_all.size == shape[0]
        assert shorten_walks(np.zeros(shape), count=1, beyond_m=7.0).objective == 7.0 * shape[0] * (shape[1] == 0)
    assert cover_most(distance <= 800, weight, cost=np.full(5, 3.0), budget=2.9).chosen.size == 0


def test_walks_without_a_cap_need_every_distance() -> None:
    distance, weight = town(demands=30, candidates=6)
    assert shorten_walks(distance, weight, count=1).objective == pytest.approx((weight @ distance).min())
    assert shorten_walks(np.full((3, 2), 40.0), count=1).chosen.tolist() == [
        0
    ]  # all equally far: one stands all the same
    gaps = np.where(distance < 2_500, distance, np.inf)
    assert (gaps == np.inf).any()
    with pytest.raises(ValueError, match="beyond_m"):
        shorten_walks(gaps, weight, count=1)
    with pytest.raises(ValueError, match="beyond_m"):
        shorten_walks(distance, weight, count=0)


def test_a_stored_zero_is_a_distance_and_an_absent_one_is_not() -> None:
    near = sparse.csr_array(([0.0, 8.0], ([0, 1], [0, 1])), shape=(2, 2))
    answer = shorten_walks(near, count=2, beyond_m=10)
    assert answer.objective == 8 and answer.served_by.tolist() == [0, 1]


def test_the_clock_leaves_an_answer_with_its_bound() -> None:
    chance = np.random.default_rng(3)
    covers = sparse.random_array((900, 300), density=0.02, rng=chance, format="csr")
    covers.data[:] = 1
    weight = chance.random(900)
    hurried = cover_most(covers, weight, count=40, time_limit_s=0.02)
    assert hurried.stopped and not hurried.proven and hurried.bound > hurried.objective > 0
    assert hurried.gap == pytest.approx((hurried.bound - hurried.objective) / hurried.objective)
    fast = cover_all(covers, weight, time_limit_s=0.001)
    assert fast.bound <= fast.objective and (fast.served_by[np.diff(covers.indptr) > 0] >= 0).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"count": -1}, "whole number"), ({"count": 1.5}, "whole number"), ({}, "how many"),
        ({"budget": -1.0, "cost": [1, 1, 1]}, "budget"), ({"budget": np.nan, "cost": [1, 1, 1]}, "budget"),
        ({"budget": 3.0}, "costs"), ({"count": 1, "cost": [1, -1, 1]}, "cost"), ({"count": 1, "cost": [1]}, "cost"),
        ({"count": 1, "weight": [1, -1]}, "weight"), ({"count": 1, "weight": [1, np.nan]}, "weight"),
        ({"count": 1, "fixed": [3]}, "fixed"), ({"count": 1, "candidates": [-1]}, "candidates"),
        ({"count": 1, "candidates": [0.5]}, "candidates"), ({"count": 1, "time_limit_s": 0}, "time limit"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cover_most(np.ones((2, 3)), **change)


@pytest.mark.parametrize("covers", [[1, 0], [[1, np.nan]], [[-1, 0]], [[1, 350.0]]])
def test_a_matrix_that_is_no_coverage_is_refused(covers: Any) -> None:
    with pytest.raises(ValueError):
        cover_most(np.array(covers), count=1)


def test_an_entry_given_twice_is_refused() -> None:
    twice = sparse.csr_array(([3.0, 4.0], [0, 0], [0, 2]), shape=(1, 2))
    with pytest.raises(ValueError, match="twice"):
        shorten_walks(twice, count=1, beyond_m=9)
