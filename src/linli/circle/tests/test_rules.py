"""Three states, shares and statements, without a database."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from linli.circle import rules
from linli.circle.rules import APART, MISSING, NO, YES, Matrix


def test_a_community_is_weighed_by_residents_only_where_all_are_known() -> None:
    reached = np.array([[True], [False], [True], [False]])
    community = np.array([0, 0, 1, 1], np.int32)
    share = rules.shares(reached, community, np.array([300.0, 100.0, np.nan, 100.0]), 3)
    assert share[0, 0] == 0.75 and share[1, 0] == 0.5 and np.isnan(share[2, 0])


def test_a_community_whose_residents_are_zero_counts_its_homes() -> None:
    share = rules.shares(np.array([[True], [False]]), np.array([0, 0], np.int32), np.zeros(2), 1)
    assert share[0, 0] == 0.5


def test_missing_data_is_never_a_no() -> None:
    share = np.array([[1.0, 0.2, 0.2, np.nan, 0.0]])
    complete = np.array([[False, False, True, True, True]])
    walked = np.array([True, True, True, True, False])
    assert rules.reachable_states(share, complete, walked, 0.9).tolist() == [[YES, MISSING, NO, MISSING, APART]]


def test_statements_say_what_could_not_be_judged() -> None:
    state = np.array([[YES, YES, MISSING, APART], [YES, NO, YES, APART], [YES, MISSING, YES, APART]], np.int8)
    covering = rules.covering_all(state, key="all", matrix=Matrix.PROVIDED)
    assert (covering.number, covering.among, covering.missing) == (1, 2, 1)
    having = rules.having_all(state, key="all", matrix=Matrix.PROVIDED)
    assert (having.number, having.among, having.missing) == (0, 1, 2)
    assert covering.percent == 50.0 and covering.bounds == (100 / 3, 200 / 3)


def test_nothing_judged_has_no_percent() -> None:
    empty = rules.covering_all(np.full((2, 2), MISSING, np.int8), key="all", matrix=Matrix.PROVIDED)
    assert empty.percent is None and empty.among == 0 and empty.missing == 2
    assert rules.covering_all(np.zeros((0, 0), np.int8), key="all", matrix=Matrix.PROVIDED).bounds is None


def test_fulfilment_is_the_mean_of_what_was_reported() -> None:
    percent = np.array([[100.0, 95.0, 80.0, np.nan], [100.0, 85.0, np.nan, np.nan]])
    at_90, at_100 = (rules.fulfilled_at(percent, n, key=str(n)) for n in (90, 100))
    assert (at_90.number, at_90.among, at_90.missing) == (2, 3, 1) and at_100.number == 1


def test_suspended_is_not_provided_and_unanswered_is_missing() -> None:
    assert rules.provided_states(np.array([[1, 0, 2, -1]], np.int8)).tolist() == [[YES, NO, NO, MISSING]]


@given(arrays(np.int8, (4, 5), elements=st.sampled_from([MISSING, NO, YES])), st.integers(0, 3), st.integers(0, 4))
def test_learning_a_fact_never_leaves_the_bounds(state: np.ndarray, row: int, column: int) -> None:
    before = rules.covering_all(state, key="all", matrix=Matrix.PROVIDED)
    for fact in (NO, YES):
        if state[row, column] != MISSING:
            continue
        learned = state.copy()
        learned[row, column] = fact
        after = rules.covering_all(learned, key="all", matrix=Matrix.PROVIDED)
        assert before.bounds[0] <= after.bounds[0] + 1e-9 and after.bounds[1] <= before.bounds[1] + 1e-9


@given(arrays(np.bool_, (6, 3)), arrays(np.int32, 6, elements=st.integers(-1, 2)), st.integers(1, 9))
def test_a_home_more_that_reaches_never_lowers_a_share(reached: np.ndarray, community: np.ndarray, w: int) -> None:
    weight = np.full(6, float(w))
    before = rules.shares(reached, community, weight, 3)
    more = rules.shares(
        np.vstack([reached, np.ones((1, 3), bool)]),
        np.append(community, 0).astype(np.int32),
        np.append(weight, float(w)),
        3,
    )
    known = np.isfinite(before[0])
    assert (more[0][known] >= before[0][known] - 1e-12).all()


# --- several items as one ----------------------------------------------------------------------------------
ROWS = [list(r) for r in itertools.product((rules.MISSING, rules.NO, rules.YES, rules.APART), repeat=3)]


@pytest.mark.parametrize("reading", list(rules.Reading))
@pytest.mark.parametrize("least", [0.34, 0.5, 0.9])
def test_a_state_is_said_when_no_gap_could_change_it(reading: rules.Reading, least: float) -> None:
    """Filled in every possible way, what is missing must not change a yes or a no, and must be able to change a missing."""
    found = rules.together(np.array(ROWS, np.int8), reading, least).tolist()
    for row, said in zip(ROWS, found, strict=True):
        measured = [s for s in row if s != rules.APART]
        if not measured:
            assert said == rules.APART
            continue
        choices = [(s,) if s != rules.MISSING else (rules.NO, rules.YES) for s in measured]
        possible = {_as_one([s == rules.YES for s in filled], reading, least) for filled in itertools.product(*choices)}
        expected = rules.MISSING if len(possible) == 2 else rules.YES if possible == {True} else rules.NO
        assert said == expected, (row, reading)


def _as_one(has: list[bool], reading: rules.Reading, least: float) -> bool:
    enough = {"all": all(has), "any": any(has), "share": sum(has) / len(has) >= least}
    return enough[reading.value]


def test_the_share_belongs_to_the_reading_and_a_gap_makes_it_a_lower_bound() -> None:
    nan = float("nan")
    share = np.array([[1.0, 0.5, 0.95], [nan, nan, nan]])
    state = np.array([[rules.YES, rules.MISSING, rules.YES], [rules.MISSING] * 3], np.int8)
    said = {r: rules.share_together(share, state, r).tolist() for r in rules.Reading}
    assert [s[0] for s in said.values()] == [0.5, 1.0, pytest.approx(2 / 3)] and all(
        np.isnan(s[1]) for s in said.values()
    )
    low, high = rules.yes_share(state)
    assert low.tolist() == [pytest.approx(2 / 3), 0.0] and high.tolist() == [1.0, 1.0]
