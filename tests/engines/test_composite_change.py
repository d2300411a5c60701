"""Why a score is what it is and what moved it: every way of taking a score apart must add up exactly."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from composite_reference import STEPS, asem_framework, asem_panel, small, table, two_levels, worst
from hypothesis import given, settings
from hypothesis import strategies as st

from linli_engines.composite.build import Result, build
from linli_engines.composite.change import change, secant
from linli_engines.composite.compare import difference, without_each
from linli_engines.composite.errors import Refused
from linli_engines.composite.explain import At, contributions
from linli_engines.composite.framework import Framework, Indicator, Node
from linli_engines.composite.means import mean_of
from linli_engines.composite.panel import Panel, Variable
from linli_engines.composite.scenario import (
    Aggregate,
    BenefitOfDoubt,
    Equal,
    Manual,
    Normalise,
    Scenario,
    Treat,
    Weigh,
)
from linli_engines.composite.shapley import shapley

Find = Callable[[str], Path]
POSTS = Scenario(normalise=Normalise("goalposts", (1, 100)))
METHODS = st.sampled_from(["arithmetic", "geometric", "harmonic", "power"])
WEIGHTS = st.tuples(*[st.floats(0.05, 5)] * 5)


def panel_of(seed: int, years: int = 2, gap: bool = False) -> Panel:
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.5, 9.5, (years, 4, 5))
    if gap:
        values[0, 0, 3] = np.nan
    return Panel(("p", "q", "r", "s"), tuple(range(2020, 2020 + years)), tuple(map(Variable, "abcde")), values)


def mixed(scenario: Scenario, x: str, y: str, index: str) -> Scenario:
    return replace(scenario, aggregate=Aggregate(at={"x": x, "y": y, "index": index}, coverage=0.0))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), METHODS, METHODS, METHODS, WEIGHTS, st.booleans())
def test_contributions_add_up_to_the_score(
    seed: int, x: str, y: str, index: str, own: tuple[float, ...], gap: bool
) -> None:
    result = build(panel_of(seed, gap=gap), two_levels(own), mixed(POSTS, x, y, index))
    for unit in result.panel.units:
        at = At(result, unit, 2020)
        parts = contributions(at)
        assert sum(parts.values()) == pytest.approx(at.value("index"), rel=1e-12)
        assert ("d" in parts) == (not (gap and unit == "p"))


def test_contributions_in_an_arithmetic_tree_are_weight_times_value() -> None:
    result = build(panel_of(1), two_levels((3, 1, 1, 1, 2)), POSTS)
    parts = contributions(At(result, "q", 2021))
    value = {code: result.of(code, 2021)[1] for code in "abcde"}
    assert parts["a"] == pytest.approx(0.5 * 0.75 * value["a"])
    assert parts["e"] == pytest.approx(0.5 * 0.5 * value["e"])


def test_contributions_under_benefit_of_the_doubt() -> None:
    result = build(panel_of(2), two_levels(), replace(POSTS, weigh=Weigh(at={"y": BenefitOfDoubt(0.1, 0.6)})))
    at = At(result, "r", 2020)
    assert sum(contributions(at).values()) == pytest.approx(at.value("index"), rel=1e-12)
    assert sum(contributions(at, "y").values()) == pytest.approx(at.value("y"), rel=1e-12)
    moved = change(at, At(result, "s", 2021))
    assert moved.total == pytest.approx(moved.after - moved.before, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), METHODS, METHODS, METHODS, WEIGHTS, WEIGHTS, st.booleans())
def test_a_change_of_data_and_weights_comes_apart_exactly(
    seed: int, x: str, y: str, index: str, own: tuple[float, ...], new: tuple[float, ...], gap: bool
) -> None:
    panel = panel_of(seed, gap=gap)
    scenario = mixed(POSTS, x, y, index)
    one, two = build(panel, two_levels(own), scenario), build(panel, two_levels(new), scenario)
    moved = change(At(one, "p", 2020), At(two, "p", 2021))
    assert moved.total == pytest.approx(moved.after - moved.before, rel=1e-9, abs=1e-9)
    assert set(moved.framework) == ({"d"} if gap else set())
    parts = shapley(At(one, "p", 2020), At(two, "p", 2021), {"x": ("x",), "y": ("y",)})
    assert sum(parts.values()) == pytest.approx(moved.after - moved.before, rel=1e-9, abs=1e-9)


def other_tree() -> Framework:
    """Without e, with f under y and a new branch z over g."""
    leaves = tuple(i for i in two_levels((1, 2, 1, 3, 1)).indicators if i.code != "e")
    new = (Indicator("f", "y", goalposts=(0.0, 10.0), weight=2), Indicator("g", "z", goalposts=(0.0, 10.0)))
    nodes = (Node("index"), Node("x", "index", 2), Node("y", "index"), Node("z", "index"))
    return Framework((*leaves, *new), nodes)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), METHODS, METHODS, METHODS)
def test_a_change_of_the_tree_comes_apart_exactly(seed: int, x: str, y: str, index: str) -> None:
    rng = np.random.default_rng(seed)
    panel = Panel(("p", "q"), (2020, 2021), tuple(map(Variable, "abcdefg")), rng.uniform(0.5, 9.5, (2, 2, 7)))
    scenario = mixed(POSTS, x, y, index)
    one, two = build(panel, two_levels(), scenario), build(panel, other_tree(), scenario)
    for first, second in ((one, two), (two, one)):
        a, b = At(first, "p", 2020), At(second, "p", 2021)
        moved = change(a, b)
        assert moved.total == pytest.approx(moved.after - moved.before, rel=1e-9, abs=1e-9)
        assert set(moved.framework) == {"e", "f", "z"}
        parts = shapley(a, b)
        assert sum(parts.values()) == pytest.approx(moved.after - moved.before, rel=1e-9, abs=1e-9)


def test_additive_by_hand_and_equal_to_shapley() -> None:
    """0.25 · 40 + 0.75 · 80 = 70 becomes 0.5 · 60 + 0.5 · 80 = 70: data + 7.5, weights - 7.5."""
    panel = Panel(("p",), (1, 2), (Variable("a"), Variable("b")), np.array([[[40.0, 80.0]], [[60.0, 80.0]]]))
    leaves = tuple(Indicator(code, "index", goalposts=(0.0, 100.0)) for code in "ab")
    tree = Framework(leaves, (Node("index"),))
    scenario = Scenario(normalise=Normalise("goalposts"))
    one, two = (
        build(panel, tree, replace(scenario, weigh=Weigh(Manual({"a": w, "b": 1 - w}, total=1)))) for w in (0.25, 0.5)
    )
    a, b = At(one, "p", 1), At(two, "p", 2)
    moved = change(a, b, "additive")
    assert moved.data == pytest.approx({"a": 7.5, "b": 0})
    # a lies 18.75 below the node's middle of 68.75 and gains 0.25; b lies 11.25 above it and loses 0.25
    assert moved.weights == pytest.approx({"a": -18.75 * 0.25, "b": -11.25 * 0.25})
    assert shapley(a, b) == pytest.approx({"data": 7.5, "weights": -7.5, "framework": 0})


def test_logmean_is_the_divisia_index_of_a_geometric_node() -> None:
    """L(S1, S0) · w · ln(x1 / x0) with the logarithmic mean L (Ang 2004)."""
    panel = Panel(("p",), (1, 2), (Variable("a"), Variable("b")), np.array([[[40.0, 80.0]], [[60.0, 50.0]]]))
    leaves = tuple(Indicator(code, "index", goalposts=(0.0, 100.0)) for code in "ab")
    scenario = Scenario(normalise=Normalise("goalposts"), aggregate=Aggregate("geometric"))
    result = build(panel, Framework(leaves, (Node("index"),)), scenario)
    s0, s1 = result.of(year=1)[0], result.of(year=2)[0]
    size = (s1 - s0) / np.log(s1 / s0)
    moved = change(At(result, "p", 1), At(result, "p", 2))
    assert moved.data["a"] == pytest.approx(size * 0.5 * np.log(60 / 40))
    assert moved.data["b"] == pytest.approx(size * 0.5 * np.log(50 / 80))
    with pytest.raises(Refused, match="NOT_ADDITIVE"):
        change(At(result, "p", 1), At(result, "p", 2), "additive")


def test_a_secant_of_nothing_is_a_slope() -> None:
    log = mean_of("geometric", 0)
    assert secant(log, 5.0, 5.0) == pytest.approx(0.2)
    assert secant(log, 5.0, 5.0 * (1 + 1e-9)) == pytest.approx(0.2, rel=1e-8)
    assert secant(log, 1.0, np.e) == pytest.approx(1 / (np.e - 1))


@pytest.mark.parametrize(
    ("scenario", "fine"),
    [
        (POSTS, True),
        (Scenario(), False),
        (Scenario(normalise=Normalise(base="pooled")), True),
        (Scenario(normalise=Normalise(base=2020)), True),
        (Scenario(normalise=Normalise("rank")), False),
        (Scenario(normalise=Normalise("rank", base="pooled")), True),
        (Scenario(normalise=Normalise(base="pooled"), treat=Treat(("log",), skew=0.0, kurt=-9.0)), False),
        (Scenario(normalise=Normalise(base="pooled"), treat=Treat(("log",), skew=0.0, kurt=-9.0, base="pooled")), True),
    ],
)
def test_years_are_compared_on_one_scale_only(scenario: Scenario, fine: bool) -> None:
    result = build(panel_of(5), two_levels(), scenario)
    warned = "YEARS_NOT_COMPARABLE" in [note.code for note in result.notes]
    assert warned is not fine
    a, b = At(result, "p", 2020), At(result, "p", 2021)
    if fine:
        assert change(a, b).total == pytest.approx(b.value("index") - a.value("index"))
    else:
        with pytest.raises(Refused, match="SCALES_DIFFER"):
            change(a, b)
        with pytest.raises(Refused, match="SCALES_DIFFER"):
            shapley(a, b)
    assert change(a, At(result, "q", 2020)).total == pytest.approx(
        result.of(year=2020)[1] - result.of(year=2020)[0]
    )  # units of one year always stand on one scale


def test_what_does_not_come_apart_is_said() -> None:
    panel = panel_of(6)
    between = build(panel, two_levels(), replace(POSTS, aggregate=Aggregate(at={"index": "topsis"})))
    plain = build(panel, two_levels(), POSTS)
    with pytest.raises(Refused, match="NO_MEAN"):
        contributions(At(between, "p"))
    with pytest.raises(Refused, match="METHOD_DIFFERS"):
        change(At(between, "p"), At(plain, "p"))
    with pytest.raises(Refused, match="CHANGE_METHOD"):
        change(At(plain, "p"), At(plain, "q"), "guess")
    with pytest.raises(Refused, match="GROUPS"):
        shapley(At(plain, "p"), At(plain, "q"), {"x": ("x",)})
    hole = build(panel_of(6, gap=True), two_levels(), POSTS)
    assert contributions(At(hole, "p", 2020)) == {}
    with pytest.raises(Refused, match="OUTCOME_MISSING"):
        change(At(hole, "p", 2020), At(hole, "p", 2021))


@pytest.fixture
def asem(reference: Find) -> Result:
    folder = reference("index/coinr_asem")
    return build(asem_panel(folder), asem_framework(folder), STEPS)


def test_leaving_out_each_part_as_published(asem: Result, reference: Find) -> None:
    golden = reference("index/coinr_asem/golden")
    _, scores = table(golden / "remove_L2_scores.csv")
    shifts = json.loads((golden / "remove_L2_MeanAbsDiff.json").read_text())
    parts = [code for code in shifts if code != "Nominal"]
    assert len(parts) == 8
    for code, other in without_each(asem, parts).items():
        assert worst(other.of(), scores[code]) < 1e-10
        assert difference(asem, other).mean_shift == pytest.approx(shifts[code], rel=1e-10)


def test_a_difference_knows_who_moved() -> None:
    panel, tree = small([[1, 9], [5, 5], [9, 2]])
    one = build(panel, tree, Scenario(weigh=Weigh(Manual({"a": 1, "b": 0}))))
    two = build(panel, tree, Scenario(weigh=Weigh(Manual({"a": 0, "b": 1}))))
    moved = difference(one, two)
    assert moved.shift.tolist() == [-2, 0, 2]
    assert moved.mean_shift == pytest.approx(4 / 3)
    assert moved.rank_correlation == pytest.approx(-1)


def test_leaving_out_keeps_the_rest_in_proportion() -> None:
    scenario = replace(
        POSTS,
        weigh=Weigh(Equal(), {"y": Manual({"c": 50, "d": 30, "e": 20}, total=100)}),
        treat=Treat(("winsorise",), at={"e": ()}),
    )
    result = build(panel_of(8), two_levels(), scenario)
    other = without_each(result, ["e"])["e"]
    assert other.weights["y"] == pytest.approx([50 / 80, 30 / 80])
