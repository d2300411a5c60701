"""Replicates: COINr's own uncertainty and sensitivity designs replayed, rank statistics, and what must be refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from composite_reference import STEPS, asem_framework, asem_panel, rows, small, table, two_levels, worst

from linli_engines.composite.build import build
from linli_engines.composite.errors import Refused
from linli_engines.composite.factors import Choice, Factor, Noise, Option, Range, experts, grid
from linli_engines.composite.panel import Panel, Variable
from linli_engines.composite.scenario import (
    Aggregate,
    BenefitOfDoubt,
    Budget,
    Critic,
    Equal,
    Manual,
    Normalise,
    Scenario,
    Weigh,
    patched,
)
from linli_engines.composite.sensitivity import MeanShift, UnitRank, UnitScore, estimated, exact, mean_shift, outcomes
from linli_engines.composite.study import Cloud, Study
from linli_engines.composite.uncertainty import acceptability, beats, rank_table

Find = Callable[[str], Path]
CLOSE = 1e-9
MEANS = Choice("mean", tuple(Option(m, {"aggregate.default": m}) for m in ("arithmetic", "geometric")))


def asem_study(folder: Path, design: str) -> Study:
    noisy = rows(folder / design / "noisy_weights.csv")
    sets = [{row["iCode"]: float(row[head]) for row in noisy} for head in noisy[0] if head.startswith("X")]
    norms = {"minmax": Normalise(scale=(1, 100)), "zscore": Normalise("zscore", (10, 2))}
    factors = (
        Choice("winmax", tuple(Option(str(n), {"treat.winmax": n}) for n in range(1, 6))),
        Choice("norm", tuple(Option(name, {"normalise": how}) for name, how in norms.items())),
        Choice("weights", tuple(Option(str(i), {"weigh": Weigh(Manual(own))}) for i, own in enumerate(sets))),
        MEANS,
    )
    return Study(asem_panel(folder), asem_framework(folder), STEPS, factors)


def replay(folder: Path, design: str, first: int | None = None) -> Cloud:
    columns = ("winmax", "norm", "w", "agg")
    ids = np.array([[int(row[c]) - 1 for c in columns] for row in rows(folder / design / "design.csv")])
    return asem_study(folder, design).run_options(ids[:first])


@pytest.mark.parametrize("design", ["golden_ua1000", "golden_sa250"])
def test_coinr_replicates_are_replayed(reference: Find, design: str) -> None:
    folder = reference("index/coinr_asem")
    cloud = replay(folder, design)
    units, published = table(folder / design / "scores.csv")
    assert tuple(units) == cloud.units
    theirs = np.array([published[f"r_{r + 1}"] for r in range(len(cloud.ranks))])
    ours = cloud.scores["Index"]
    assert np.max(np.abs(ours - theirs) / np.abs(theirs)) < CLOSE
    assert np.array_equal(cloud.ranks, 1 + (theirs[:, None, :] > theirs[:, :, None]).sum(axis=2))
    nominal = np.array([published["Nominal"]])
    assert worst(cloud.nominal.of()[None], nominal) < CLOSE


@pytest.mark.parametrize(("design", "first"), [("golden_ua1000", 1_000), ("golden_sa250", 500)])
def test_coinr_rank_statistics(reference: Find, design: str, first: int) -> None:
    """Of a sensitivity design COINr counts the first two samples alone: the mixed ones are not drawn at random."""
    folder = reference("index/coinr_asem")
    ours = rank_table(replay(folder, design, first))
    units, published = table(folder / design / "rankstats.csv")
    assert tuple(units) == ours.units
    for mine, head in (
        (ours.nominal, "Nominal"),
        (ours.mean, "Mean"),
        (ours.median, "Median"),
        (ours.low, "Q5"),
        (ours.high, "Q95"),
    ):
        assert worst(mine, published[head]) < CLOSE, head


def test_coinr_indices(reference: Find) -> None:
    folder = reference("index/coinr_asem")
    cloud = replay(folder, "golden_sa250")
    published = rows(folder / "golden_sa250" / "sensitivity.csv")
    found = estimated(mean_shift(cloud), 250, [row["Variable"] for row in published], boots=200, centred=False)
    assert found.first[:, 0] == pytest.approx([float(row["Si"]) for row in published], rel=CLOSE)
    assert found.total[:, 0] == pytest.approx([float(row["STi"]) for row in published], rel=CLOSE)
    assert found.first_interval is not None
    assert ((found.first_interval[0] < found.first) & (found.first < found.first_interval[1])).all()


def test_exact_indices_where_the_samples_were_noise(reference: Find) -> None:
    """First order of aggregation: 1.106 and 0.444 by COINr's samples of 250 and 1,000; 0.561 over all 2,000 points."""
    study = asem_study(reference("index/coinr_asem"), "golden_ua1000")
    found = exact(study, [MeanShift(), UnitRank("CHE"), UnitScore("CHE")])
    assert found.runs == 2_000
    assert found.first[3, 0] == pytest.approx(0.561, abs=5e-4)
    assert (found.first <= found.total + 1e-12).all()
    assert found.pairs is not None
    assert (found.first.sum(axis=0) <= 1 + 1e-12).all()


def cube_of(study: Study, count: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).random((count, sum(study.widths)))


def some_panel(units: int = 9, years: tuple[int, ...] = (2020, 2021)) -> Panel:
    rng = np.random.default_rng(11)
    values = rng.uniform(1, 9, (len(years), units, 5))
    return Panel(tuple(f"u{i}" for i in range(units)), years, tuple(map(Variable, "abcde")), values)


def test_a_replicate_is_a_build_of_its_own() -> None:
    """Batched, with choices of every kind and noise of zero effect, as if each scenario had been built alone."""
    panel, tree = some_panel(), two_levels()
    norm = Choice(
        "norm", (Option("mm", {"normalise.scale": (1, 10)}), Option("z", {"normalise": Normalise("zscore", (10, 1))}))
    )
    weigh = Choice(
        "weigh",
        (
            Option("equal", {"weigh.default": Equal()}),
            Option("critic", {"weigh.default": Critic()}),
            Option("doubt", {"weigh.at.x": BenefitOfDoubt()}),
            Option("manual", {"weigh.at.index": Manual({"x": 0.2, "y": 0.8}, total=1)}),
        ),
    )
    scenario = Scenario(normalise=Normalise("minmax", (1, 100), base="pooled"))
    means = Choice(
        "y", tuple(Option(m, {"aggregate.at.y": m}) for m in ("arithmetic", "geometric", "copeland", "topsis"))
    )
    factors: tuple[Choice, ...] = (norm, weigh, means)
    study = Study(panel, tree, scenario, factors, year=2020, nodes=("index", "y"))
    ids = grid(factors)
    cloud = study.run_options(ids)
    for r, own in enumerate(ids):
        one = scenario
        for factor, k in zip(factors, own, strict=True):
            one = patched(one, factor.options[k].patch)
        alone = build(panel, tree, one)
        assert cloud.scores["index"][r] == pytest.approx(alone.of("index", 2020), rel=1e-12)
        assert cloud.scores["y"][r] == pytest.approx(alone.of("y", 2020), rel=1e-12)
        assert np.array_equal(cloud.ranks[r], alone.ranks_of("index", 2020))


def test_noise_and_ranges_move_what_they_name() -> None:
    panel, tree = some_panel(), two_levels()
    factors: tuple[Factor, ...] = (Noise("noise", 0.5, (2,)), Range("power", "aggregate.power", 0.2, 0.9))
    study = Study(panel, tree, Scenario(normalise=Normalise(scale=(1, 9)), aggregate=Aggregate("power")), factors)
    cube = cube_of(study, 40)
    cloud = study.run(cube)
    for r in range(0, 40, 13):
        x, y = 1 + 0.5 * (2 * cube[r, :2] - 1)
        power = 0.2 + 0.7 * cube[r, 2]
        alone = build(
            panel,
            tree,
            Scenario(
                normalise=Normalise(scale=(1, 9)),
                aggregate=Aggregate("power", power=power),
                weigh=Weigh(at={"index": Manual({"x": x, "y": y})}),
            ),
        )
        assert cloud.scores["index"][r] == pytest.approx(alone.of(), rel=1e-12)


def test_rank_acceptability_and_who_stands_before_whom() -> None:
    study = Study(some_panel(), two_levels(), Scenario(), (Noise("noise", 0.9),))
    cloud = study.run(cube_of(study, 500))
    shares, before = acceptability(cloud), beats(cloud)
    assert shares.sum(axis=1) == pytest.approx(np.ones(9))
    off = ~np.eye(9, dtype=bool)
    assert (before + before.T)[off] == pytest.approx(np.ones(72))
    u, v = 2, 5
    counted = np.mean((cloud.ranks[:, u] < cloud.ranks[:, v]) + 0.5 * (cloud.ranks[:, u] == cloud.ranks[:, v]))
    assert before[u, v] == pytest.approx(counted)
    assert shares[u, 3] == pytest.approx(np.mean(cloud.ranks[:, u] == 4))


def test_a_missing_unit_is_not_ranked_and_is_no_outcome() -> None:
    panel, tree = small([[1, 2], [np.nan, 3], [4, 1], [2, 2]])
    study = Study(panel, tree, Scenario(), (Noise("noise", 0.5),))
    cloud = study.run(cube_of(study, 64))
    assert (cloud.ranks[:, 1] == 0).all() and np.isnan(cloud.scores["index"][:, 1]).all()
    ranked = rank_table(cloud)
    assert np.isnan(ranked.mean[1]) and np.isnan(ranked.nominal[1])
    assert np.isnan(beats(cloud)[1, 0]) and acceptability(cloud)[1].sum() == 0
    with pytest.raises(Refused, match="OUTCOME_MISSING"):
        outcomes(cloud, [UnitScore("u1")])


def test_an_impossible_combination_is_refused_before_anything_runs() -> None:
    panel = some_panel()
    norm = Choice("norm", (Option("1", {"normalise.scale": (1, 100)}), Option("0", {"normalise.scale": (0, 100)})))
    study = Study(panel, two_levels(), Scenario(name="nominal is possible"), (norm, MEANS))
    known = len(study.nominal.scores) and set(study.stages.memory)
    with pytest.raises(Refused, match="NOT_POSITIVE_BY_DESIGN"):
        study.run_options(grid((norm, MEANS)))
    assert set(study.stages.memory) == known


def test_cells_that_rule_a_combination_out_are_named_before_a_replicate_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A z-score around 1 may be positive or not: only the numbers tell."""
    panel = some_panel()
    norm = Choice("norm", tuple(Option(str(m), {"normalise": Normalise("zscore", (m, 1))}) for m in (9, 1)))
    study = Study(panel, two_levels(), Scenario(normalise=Normalise(scale=(1, 9))), (norm, MEANS))
    assert study.nominal.of().shape == (9,)
    monkeypatch.setattr("linli_engines.composite.study.climb", lambda *_: pytest.fail("a replicate was run"))
    with pytest.raises(Refused, match=r"NOT_POSITIVE.*u\d, 202\d, [a-e]"):
        study.run_options(grid((norm, MEANS)))


def test_factors_that_cannot_vary_are_refused() -> None:
    panel = some_panel()
    for factors in (
        (),
        (Noise("n", 0.0),),
        (Noise("n", 1.5),),
        (Range("r", "aggregate.power", 1, 1),),
        (Choice("c", ()),),
        (Choice("c", (Option("a", {"tolerance": 0.1}), Option("b", {"tolerance": 0.2}))),),
        (MEANS, MEANS),
    ):
        with pytest.raises(Refused):
            Study(panel, two_levels(), Scenario(), factors)
    wrong = Choice("c", (Option("a", {"normalise.nothing": 1}),))
    with pytest.raises(Refused, match="PATH_UNKNOWN"):
        Study(panel, two_levels(), Scenario(), (wrong,)).run_options(np.zeros((1, 1), dtype=np.int64))


def test_experts_enter_one_by_one() -> None:
    budget = Budget({"甲": {"x": 70, "y": 30}, "乙": {"x": 40, "y": 60}})
    study = Study(
        some_panel(), two_levels(), Scenario(weigh=Weigh(at={"index": budget})), (experts("who", "index", budget),)
    )
    cloud = study.run_options(grid((experts("who", "index", budget),)))
    x, y = (build(study.panel, study.framework, study.scenario).of(code) for code in ("x", "y"))
    assert cloud.scores["index"] == pytest.approx(np.array([0.7 * x + 0.3 * y, 0.4 * x + 0.6 * y]))
    assert cloud.nominal.of() == pytest.approx(0.55 * x + 0.45 * y)


def test_the_digest_knows_points_and_factors_but_not_labels() -> None:
    panel, tree = some_panel(), two_levels()
    study = Study(panel, tree, Scenario(), (Noise("noise", 0.5),))
    other = Study(panel, tree, Scenario(name="another label"), (Noise("same", 0.5),))
    cube = cube_of(study, 16)
    assert study.run(cube).digest == other.run(cube).digest
    assert study.run(cube).digest != study.run(cube_of(study, 16, seed=4)).digest
