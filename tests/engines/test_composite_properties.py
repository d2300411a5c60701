"""What must hold for any data: observed cells stay, names and units of measure do not matter, better is never worse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from composite_reference import two_levels
from hypothesis import given, settings
from hypothesis import strategies as st

from linli_engines.composite.build import build
from linli_engines.composite.errors import Refused
from linli_engines.composite.framework import Framework
from linli_engines.composite.impute import FILLS
from linli_engines.composite.normalise import METHODS
from linli_engines.composite.panel import Panel, Status, Variable
from linli_engines.composite.ranks import ranks
from linli_engines.composite.scenario import (
    Aggregate,
    Critic,
    Entropy,
    Fill,
    Normalise,
    Rule,
    Scenario,
    Screen,
    Treat,
    Weigh,
)
from linli_engines.composite.whatif import reweighed

SEEDS = st.integers(0, 10**6)
TREE = two_levels((1, 2, 1, 3, 1))
POSTS = Scenario(normalise=Normalise("goalposts", (1, 100)))


def gappy(seed: int, years: int = 4, units: int = 7, share: float = 0.25) -> Panel:
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.1, 9.9, (years, units, 5))
    values[rng.random(values.shape) < share] = np.nan
    values[:, 0] = rng.uniform(0.1, 9.9, (years, 5))  # one unit is whole, so that no column is empty
    values[:, 1] = rng.uniform(0.1, 9.9, (years, 5))
    return Panel(
        tuple(f"u{i}" for i in range(units)),
        tuple(range(2020, 2020 + years)),
        tuple(map(Variable, "abcde")),
        values,
        {"half": tuple("xy"[i % 2] for i in range(units))},
    )


@settings(max_examples=40, deadline=None)
@given(
    SEEDS, st.lists(st.sampled_from(sorted(FILLS)), min_size=1, max_size=3, unique=True), st.sampled_from([None, 1, 2])
)
def test_observed_cells_never_change_and_every_filled_cell_is_marked(
    seed: int, names: list[str], gap: int | None
) -> None:
    panel = gappy(seed)
    steps = tuple(Fill(name, group="half", max_gap=gap, predictors=2) for name in names)
    result = build(panel, TREE, replace(POSTS, impute=steps, aggregate=Aggregate(coverage=0)))
    seen = ~np.isnan(panel.values)
    assert np.array_equal(result.imputed[seen], panel.values[seen])
    assert (result.status[seen] == Status.OBSERVED).all()
    filled = ~seen & ~np.isnan(result.imputed)
    assert {Status(int(k)).name.lower() for k in np.unique(result.status[filled])} <= set(names)
    assert (result.status[np.isnan(result.imputed)] == Status.MISSING).all()
    if "mean" in names:
        assert not np.isnan(result.imputed).any()


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_a_missing_value_never_becomes_zero(seed: int) -> None:
    """A gap gives no score; with weights scaled up it gives the score of what is there, as if the column were not."""
    panel = gappy(seed, years=1)
    strict = build(panel, TREE, POSTS)
    loose = build(panel, TREE, replace(POSTS, aggregate=Aggregate(coverage=0.0)))
    holes = np.isnan(panel.values[0])
    assert np.isnan(strict.of()[holes.any(axis=1)]).all()
    assert (strict.ranks_of()[holes.any(axis=1)] == 0).all()
    for u, unit in enumerate(panel.units):
        gone = [code for code, hole in zip("abcde", holes[u], strict=True) if hole]
        if not gone or len(gone) == 5:
            continue
        one = Panel.single([unit], panel.codes, panel.values[0, [u]])
        rest = build(one, TREE.without(*gone), POSTS)
        assert loose.of()[u] == pytest.approx(rest.of()[0])


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from(sorted(METHODS)), st.sampled_from([None, Entropy(), Critic()]), st.booleans())
def test_the_order_of_units_and_indicators_does_not_matter(
    seed: int, method: str, rule: Rule | None, treated: bool
) -> None:
    rng = np.random.default_rng(seed)
    panel = gappy(seed, years=2, units=9, share=0.0)
    norm = Normalise(method)
    scenario = Scenario(
        treat=Treat(("winsorise",), skew=0.5, kurt=0.0) if treated else None,
        normalise=norm,
        weigh=Weigh(rule) if rule and method not in ("above_below", "categorical") else Weigh(),
    )
    mine = build(panel, TREE, scenario)
    order, columns = rng.permutation(9), rng.permutation(5)
    turned = Panel(
        tuple(panel.units[i] for i in order),
        panel.years,
        tuple(panel.variables[i] for i in columns),
        panel.values[:, order][:, :, columns],
    )
    tree = Framework(
        tuple(TREE.indicators[i] for i in rng.permutation(5)), tuple(TREE.nodes[i] for i in rng.permutation(3))
    )
    other = build(turned, tree, scenario)
    for code in TREE.codes:
        for year in panel.years:
            assert other.of(code, year) == pytest.approx(mine.of(code, year)[order], rel=1e-9, abs=1e-9)
            assert np.array_equal(other.ranks_of(code, year), mine.ranks_of(code, year)[order])


@settings(max_examples=30, deadline=None)
@given(
    SEEDS,
    st.sampled_from(sorted(set(METHODS) - {"goalposts"})),
    st.lists(st.floats(0.001, 1000), min_size=5, max_size=5),
)
def test_units_of_measure_do_not_matter(seed: int, method: str, factors: list[float]) -> None:
    """Yuan or ten thousand yuan: no normalisation by the data hangs on it; goalposts move with the unit."""
    panel = gappy(seed, years=2, units=8)
    scenario = Scenario(
        impute=(Fill("interpolate"), Fill("median")), treat=Treat(skew=0.8, kurt=0.2), normalise=Normalise(method)
    )
    scaled = replace(panel, values=panel.values * np.array(factors))
    try:
        mine = build(panel, TREE, scenario)
    except Refused:  # a column of medians whose few others were winsorised onto them has no spread
        with pytest.raises(Refused, match="NO_SPREAD"):
            build(scaled, TREE, scenario)
        return
    assert build(scaled, TREE, scenario).scores == pytest.approx(mine.scores, rel=1e-7, abs=1e-7)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.lists(st.floats(0.001, 1000), min_size=5, max_size=5))
def test_goalposts_move_with_the_unit(seed: int, factors: list[float]) -> None:
    panel = gappy(seed, years=1, share=0.0)
    tree = replace(
        TREE,
        indicators=tuple(
            replace(i, goalposts=(i.goalposts[0] * f, i.goalposts[1] * f))
            for i, f in zip(TREE.indicators, factors, strict=True)
            if i.goalposts
        ),
    )
    scaled = replace(panel, values=panel.values * np.array(factors))
    assert build(scaled, tree, POSTS).scores == pytest.approx(build(panel, TREE, POSTS).scores, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    SEEDS,
    st.sampled_from(["arithmetic", "geometric", "harmonic", "power"]),
    st.integers(0, 6),
    st.integers(0, 4),
    st.floats(0.01, 9),
    st.booleans(),
)
def test_better_is_never_worse_under_fixed_goalposts(
    seed: int, mean: str, unit: int, column: int, step: float, clip: bool
) -> None:
    """Raising an indicator that counts upwards, or lowering one that counts down, never lowers a score or a place."""
    panel = gappy(seed, years=1, share=0.0)
    norm = Normalise("goalposts", (1, 100), clip=clip)
    scenario = Scenario(normalise=norm, aggregate=Aggregate(mean))
    values = np.clip(panel.values, 0.1, 9.9).copy()
    sign = TREE.indicators[column].direction
    values[0, unit, column] = np.clip(values[0, unit, column] + sign * step, 0.05, 9.95)
    better = build(replace(panel, values=values), TREE, scenario)
    before = build(panel, TREE, scenario)
    assert better.of()[unit] >= before.of()[unit] - 1e-12
    assert better.ranks_of()[unit] <= before.ranks_of()[unit]
    others = np.arange(7) != unit
    assert better.of()[others] == pytest.approx(before.of()[others], rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from(sorted(METHODS)))
def test_every_normalisation_keeps_the_direction(seed: int, method: str) -> None:
    """After it, more is better in every column: the order of the units is that of direction x value, ties apart."""
    panel = gappy(seed, years=1, share=0.0)
    result = build(panel, TREE, Scenario(normalise=Normalise(method)))
    for i, item in enumerate(TREE.indicators):
        raw = panel.values[0, :, i] * item.direction
        done = result.normalised.values[0, :, i]
        order = np.argsort(raw)
        assert (np.diff(done[order]) >= -1e-12).all(), (method, item.code)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.floats(0, 1))
def test_what_if_is_a_build_with_those_weights(seed: int, share: float) -> None:
    panel = gappy(seed, years=2, share=0.0)
    result = build(panel, TREE, POSTS)
    before = result.scores.copy()
    rest = 1 - share
    leaves = {"c": share, "d": rest * 0.75, "e": rest * 0.25}
    tree = replace(TREE, indicators=tuple(replace(i, weight=leaves.get(i.code, i.weight)) for i in TREE.indicators))
    assert reweighed(result, {"c": share}) == pytest.approx(build(panel, tree, POSTS).scores, rel=1e-9)
    assert np.array_equal(result.scores, before)


def test_a_unit_that_is_screened_out_leaves_no_trace() -> None:
    panel = gappy(3, years=1, share=0.0)
    values = panel.values.copy()
    values[0, 4, :3] = np.nan
    values[0, 4, 3] = 99.0
    scenario = Scenario(screen=Screen(unit_share=0.5))
    result = build(replace(panel, values=values), TREE, scenario)
    kept = [i for i in range(7) if i != 4]
    alone = build(Panel.single([panel.units[i] for i in kept], panel.codes, panel.values[0, kept]), TREE, scenario)
    assert result.of()[kept] == pytest.approx(alone.of())
    assert result.ranks_of()[4] == 0 and (result.status[0, 4] == Status.EXCLUDED).all()
    assert [n.where for n in result.notes if n.code == "UNIT_SCREENED"] == [("u4, 2020: 40%",)]


def test_one_year_and_a_panel_take_the_same_path() -> None:
    panel = gappy(9, years=3)
    scenario = Scenario(impute=(Fill("median"),), treat=Treat(skew=0.5, kurt=0.0))
    whole = build(panel, TREE, scenario)
    for y, year in enumerate(panel.years):
        one = Panel.single(panel.units, panel.codes, panel.values[y], year=year)
        assert np.array_equal(build(one, TREE, scenario).scores[0], whole.scores[y])


def test_results_are_locked_and_known_by_their_hash() -> None:
    panel = gappy(5)
    scenario = replace(POSTS, impute=(Fill("mean"),))
    result = build(panel, TREE, scenario)
    for array in (result.scores, result.ranks, result.imputed, result.normalised.values, panel.values):
        with pytest.raises(ValueError):
            array[0, 0, 0] = 1
    again = build(gappy(5), two_levels((1, 2, 1, 3, 1)), replace(scenario, name="another label"))
    assert again.digest == result.digest
    assert np.array_equal(again.scores, result.scores)
    whole = replace(scenario, tolerance=scenario.tolerance, normalise=Normalise("goalposts", (1.0, 100.0)))
    assert build(panel, TREE, whole).digest == result.digest
    values = panel.values.copy()
    values[0, 0, 0] = np.nextafter(values[0, 0, 0], 10)
    others = {
        build(replace(panel, values=values), TREE, scenario).digest,
        build(panel, two_levels((1, 2, 1, 3, 1.5)), scenario).digest,
        build(panel, TREE, replace(scenario, tolerance=1e-8)).digest,
        build(panel, TREE, replace(scenario, normalise=Normalise("goalposts", (1, 100), clip=True))).digest,
    }
    assert len(others | {result.digest}) == 5


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 1.0, 1.0 + 1e-13, 2.5, 2.5 - 1e-12, -3.0, float("nan")]), min_size=1, max_size=12)
)
def test_ranks_share_ties_and_skip_gaps(scores: list[float]) -> None:
    rounded = [None if np.isnan(s) else round(s, 6) for s in scores]
    expected = [0 if s is None else 1 + sum(o is not None and o > s for o in rounded) for s in rounded]
    assert ranks(np.array(scores)).tolist() == expected


@pytest.mark.parametrize("method", ["arithmetic", "geometric", "harmonic", "power", "topsis", "copeland", "kemeny"])
def test_a_unit_with_a_gap_has_no_score_by_any_rule(method: str) -> None:
    panel = gappy(11, years=2, share=0.0)
    values = panel.values.copy()
    values[1, 3, 2] = np.nan
    result = build(replace(panel, values=values), TREE, replace(POSTS, aggregate=Aggregate(at={"y": method})))
    alone = [i for i in range(7) if i != 3]
    assert np.isnan(result.of("y")[3]) and np.isnan(result.of()[3]) and result.ranks_of()[3] == 0
    assert not np.isnan(result.of()[alone]).any() and sorted(result.ranks_of()[alone])[0] == 1
    assert not np.isnan(result.of(year=2022 - 2)).any()
