"""Bad input is refused whole, before anything runs, with the code of the fault and the names of columns, nodes and cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from composite_reference import small, two_levels

from linli_engines.composite.build import Stages, build
from linli_engines.composite.check import check
from linli_engines.composite.errors import Problem, Refused
from linli_engines.composite.framework import Framework, Indicator, Node, flat
from linli_engines.composite.panel import Panel, Variable
from linli_engines.composite.scenario import (
    Aggregate,
    Ahp,
    BenefitOfDoubt,
    Budget,
    Entropy,
    Factors,
    Fill,
    Manual,
    Normalise,
    Optimised,
    Rule,
    Scenario,
    Screen,
    Treat,
    Weigh,
    patched,
)
from linli_engines.composite.whatif import reweighed

X = np.array([[1.0, 2, 3, 4, 5], [2, 7, 1, 3, 9], [3, 3, 8, 2, 2], [9, 1, 4, 6, 7]])
PANEL = Panel.single(["p", "q", "r", "s"], list("abcde"), X, year=2020)
TREE = two_levels()


def refused(code: str, panel: Panel = PANEL, tree: Framework = TREE, **changes: object) -> Problem:
    """The problem of that code; nothing may have been computed where it is found without the numbers."""
    with pytest.raises(Refused) as caught:
        build(panel, tree, replace(Scenario(), **changes))  # type: ignore[arg-type]
    assert code in caught.value.codes, str(caught.value)
    return next(p for p in caught.value.problems if p.code == code)


# the tree


def test_a_cycle() -> None:
    with pytest.raises(Refused, match="CYCLE") as caught:
        Framework((Indicator("a", "x"),), (Node("index"), Node("x", "y"), Node("y", "x")))
    assert set(caught.value.problems[0].where) == {"x", "y"}


def test_two_parents() -> None:
    with pytest.raises(Refused, match=r"TWO_PARENTS.*'x' and 'y'"):
        Framework((Indicator("a", "x"), Indicator("a", "y")), (Node("index"), Node("x", "index"), Node("y", "index")))


@pytest.mark.parametrize(
    ("leaves", "nodes", "code"),
    [
        ((Indicator("a", "index"), Indicator("a", "index")), (Node("index"),), "CODE_TWICE"),
        ((Indicator("a", "elsewhere"),), (Node("index"),), "PARENT_UNKNOWN"),
        ((Indicator("a", ""),), (Node("index"),), "PARENT_UNKNOWN"),
        ((Indicator("a", "index"),), (Node("index"), Node("other")), "ROOT"),
        ((Indicator("a", "index"),), (Node("index"), Node("x", "index")), "NODE_EMPTY"),
        ((Indicator("a", "index", 0),), (Node("index"),), "DIRECTION"),
        ((Indicator("a", "index", weight=-1),), (Node("index"),), "WEIGHT"),
        ((Indicator("a", "index", weight=float("nan")),), (Node("index"),), "WEIGHT"),
        ((Indicator("a", "index", goalposts=(3.0, 3.0)),), (Node("index"),), "GOALPOSTS"),
    ],
)
def test_other_faults_of_a_tree(leaves: tuple[Indicator, ...], nodes: tuple[Node, ...], code: str) -> None:
    with pytest.raises(Refused, match=code):
        Framework(leaves, nodes)


def test_a_leaf_without_data() -> None:
    found = refused("LEAF_WITHOUT_DATA", tree=flat(["a", "zz"]))
    assert found.where == ("zz",)
    empty = X.copy()
    empty[:, 2] = np.nan
    panel = Panel.single(PANEL.units, PANEL.codes, empty)
    assert refused("LEAF_WITHOUT_DATA", panel=panel).where == ("c",)


# the panel


def test_a_year_twice_two_vintages_and_strangers() -> None:
    variables = [Variable("a")]
    rows = [("p", 2020, "a", 1.0), ("p", 2020, "a", 1.1)]
    with pytest.raises(Refused, match=r"CELL_TWICE.*p, 2020, a"):
        Panel.from_rows(rows, variables)
    with pytest.raises(Refused, match=r"VARIABLE_UNKNOWN.*b"):
        Panel.from_rows([("p", 2020, "b", 1.0)], variables)
    with pytest.raises(Refused, match="YEAR_TWICE"):
        Panel(("p",), (2020, 2020), (Variable("a"),), np.ones((2, 1, 1)))
    with pytest.raises(Refused, match="YEARS_ORDER"):
        Panel(("p",), (2021, 2020), (Variable("a"),), np.ones((2, 1, 1)))
    with pytest.raises(Refused, match=r"UNIT_TWICE.*p"):
        Panel(("p", "p"), (2020,), (Variable("a"),), np.ones((1, 2, 1)))
    with pytest.raises(Refused, match=r"INFINITE.*q, 2020, a"):
        Panel(("p", "q"), (2020,), (Variable("a"),), np.array([[[1.0], [np.inf]]]))
    with pytest.raises(Refused, match=r"NOT_A_NUMBER.*p, 2020, a: '—'"):
        Panel.from_rows([("p", 2020, "a", "—")], variables)  # type: ignore[list-item]
    with pytest.raises(Refused, match="EMPTY"):
        Panel.from_rows([], variables)
    with pytest.raises(Refused, match="SHAPE"):
        Panel(("p", "q"), (2020,), (Variable("a"),), np.ones((1, 1, 1)))
    with pytest.raises(Refused, match=r"GROUP_LENGTH.*region"):
        Panel(("p", "q"), (2020,), (Variable("a"),), np.ones((1, 2, 1)), {"region": ("east",)})


def test_an_empty_cell_is_not_a_zero() -> None:
    rows = [("p", 2020, "a", 0.0), ("q", 2020, "a", None), ("r", 2020, "a", 4.0), ("s", 2019, "a", 1.0)]
    panel = Panel.from_rows(rows, [Variable("a")])
    assert panel.column("a")[1, 0] == 0
    assert np.isnan(panel.column("a")[1, 1]) and np.isnan(panel.column("a")[1, 3])


def test_percent_against_fraction() -> None:
    tree = flat("a")
    fraction = Panel.single(["p", "q", "r"], [Variable("a", "fraction")], [[0.2], [0.4], [37.0]], year=2020)
    assert refused("PERCENT_AS_FRACTION", fraction, tree).where == ("r, 2020, a",)
    values = np.array([[[20.0], [41.0], [30.0]], [[0.21], [0.4], [0.3]]])
    both = Panel(("p", "q", "r"), (2020, 2021), (Variable("a", "%"),), values)
    assert refused("PERCENT_AND_FRACTION", both, tree).where == ("a, 2020 and 2021",)
    spreading = np.array([[[0.5], [0.1], [0.3]], [[50.0], [30.0], [9.0]]])  # a network that is being built
    assert check(Panel(("p", "q", "r"), (2020, 2021), (Variable("a", "%"),), spreading), tree, Scenario()) == []
    small_percent = Panel.single(["p", "q", "r"], [Variable("a", "%")], [[0.2], [0.4], [0.7]])
    notes = check(small_percent, tree, Scenario())
    assert [(n.code, n.stops) for n in notes] == [("FRACTION_AS_PERCENT", False)]
    asked = replace(tree, indicators=(replace(tree.indicators[0], unit="fraction"),))
    done = build(Panel.single(["p", "q", "r"], [Variable("a", "%")], [[20], [40], [70]]), asked, Scenario())
    assert done.denominated[0, :, 0] == pytest.approx([0.2, 0.4, 0.7])


def test_a_sample_twenty_times_too_large_is_noticed() -> None:
    column = (
        np.array([17_700.0, 17_500, 17_900, 335_775, 17_600])[:, None, None] * np.array([1.0, 2.0, 3.0])[None, :, None]
    )
    panel = Panel(("p", "q", "r"), (2012, 2013, 2014, 2015, 2016), (Variable("a"),), column)
    result = build(panel, flat("a"), Scenario())
    assert [n.where for n in result.notes if n.code == "JUMP"] == [("a, 2015",)]


# denominators and units


def denominated(
    variable: Variable, below: Variable, item: Indicator, x: object = ((10.0, 5.0), (20.0, 4.0))
) -> tuple[Panel, Framework]:
    return Panel.single(["p", "q"], [variable, below], np.array(x), year=2020), Framework((item,), (Node("index"),))


def test_units_are_brought_together_or_refused() -> None:
    item = Indicator("a", "index", unit="元", denominator="n", denominator_unit="人")
    panel, tree = denominated(Variable("a", "亿元"), Variable("n", "万人"), item)
    assert build(panel, tree, Scenario()).denominated[0, :, 0] == pytest.approx([10e8 / 5e4, 20e8 / 4e4])
    panel, tree = denominated(Variable("a", "亿元"), Variable("n", "km²"), item)
    assert refused("UNIT_MISMATCH", panel, tree).where == ("a",)
    panel, tree = denominated(Variable("a", "bushel"), Variable("n", "人"), item)
    assert refused("UNIT_MISMATCH", panel, tree).where == ("a",)


def test_what_is_a_share_already_is_not_divided_again() -> None:
    panel, tree = denominated(Variable("a", "%"), Variable("n", "人"), Indicator("a", "index", denominator="n"))
    assert refused("INTENSIVE", panel, tree).where == ("a",)


def test_denominators_that_are_missing_zero_or_of_another_calibre() -> None:
    item = Indicator("a", "index", denominator="n", denominator_calibre="census")
    panel, tree = denominated(Variable("a"), Variable("n", "万人", calibre="census"), item, ((1, 0), (2, 3)))
    assert refused("DENOMINATOR_NOT_POSITIVE", panel, tree).where == ("p, 2020, n",)
    panel, tree = denominated(Variable("a"), Variable("n", "万人", calibre="registered"), item)
    assert refused("CALIBRE", panel, tree).where == ("n",)
    lost = Framework((replace(item, denominator="m"),), (Node("index"),))
    assert refused("DENOMINATOR_UNKNOWN", panel, lost).where == ("a",)
    panel, tree = denominated(Variable("a"), Variable("n", calibre="census"), item, ((1, 2), (2, np.nan)))
    result = build(panel, tree, Scenario(normalise=Normalise("rank")))
    assert np.isnan(result.denominated[0, 1, 0]) and np.isnan(result.of()[1])


# the numbers


def test_all_values_equal_and_one_unit() -> None:
    level = X.copy()
    level[:, 3] = 4
    panel = Panel.single(PANEL.units, PANEL.codes, level)
    for method in ("minmax", "zscore"):
        assert refused("NO_SPREAD", panel=panel, normalise=Normalise(method)).where == ("d",)
    one = Panel.single(["p"], PANEL.codes, X[:1])
    assert set(refused("NO_SPREAD", panel=one).where) == set("abcde")
    fixed = build(one, TREE, Scenario(normalise=Normalise("goalposts")))
    assert fixed.of()[0] == pytest.approx(((10 + 80) / 2 + (30 + 40 + 50) / 3) / 2)
    assert fixed.ranks_of().tolist() == [1]


def test_a_negative_value_under_the_geometric_mean_names_its_cells() -> None:
    tree = replace(TREE, indicators=tuple(replace(i, direction=1) for i in TREE.indicators))
    x = X.copy()
    x[1, 2], x[3, 4] = -2, 0
    panel = Panel.single(PANEL.units, PANEL.codes, x, year=2020)
    how = Aggregate(at={"y": "geometric"})
    found = refused("NOT_POSITIVE", panel, tree, normalise=Normalise("goalposts"), aggregate=how)
    assert set(found.where) == {"q, 2020, c", "s, 2020, e"}
    assert build(panel, tree, Scenario(normalise=Normalise("goalposts"))).of().shape == (4,)


@pytest.mark.parametrize("method", ["geometric", "harmonic", "power"])
@pytest.mark.parametrize(
    "how",
    [
        Normalise(),
        Normalise("zscore"),
        Normalise("borda"),
        Normalise("percentrank"),
        Normalise("diff_mean"),
        Normalise("above_below"),
    ],
)
def test_scales_that_reach_zero_are_refused_before_a_run(method: str, how: Normalise) -> None:
    stages = Stages(PANEL, TREE)
    with pytest.raises(Refused, match="NOT_POSITIVE_BY_DESIGN"):
        build(PANEL, TREE, Scenario(normalise=how, aggregate=Aggregate(method)), stages)
    assert not stages.memory


def test_ratios_ask_for_values_above_zero() -> None:
    x = X.copy()
    x[2, 0] = 0
    panel = Panel.single(PANEL.units, PANEL.codes, x, year=2020)
    assert refused("RATIO_NOT_POSITIVE", panel, normalise=Normalise("ratio_best")).where == ("r, 2020, a",)


# weights


def test_weights_that_sum_to_99() -> None:
    rule = Manual({"c": 50, "d": 30, "e": 19}, total=100)
    found = refused("WEIGHT_SUM", weigh=Weigh(at={"y": rule}))
    assert "under y add up to 99, not 100" in found.text and found.where == ("c", "d", "e")
    free = build(PANEL, TREE, Scenario(weigh=Weigh(at={"y": replace(rule, total=None)})))
    assert free.weights["y"] == pytest.approx(np.array([50, 30, 19]) / 99)


def test_an_inconsistent_comparison_must_be_accepted() -> None:
    circle = Ahp(("c", "d", "e"), ((1, 3, 1 / 3), (1 / 3, 1, 3), (3, 1 / 3, 1)))
    found = refused("AHP_INCONSISTENT", weigh=Weigh(at={"y": circle}))
    assert found.where == ("y",) and "consistency ratio 1.149" in found.text
    accepted = build(PANEL, TREE, Scenario(weigh=Weigh(at={"y": replace(circle, accept_inconsistent=True)})))
    assert accepted.weights["y"] == pytest.approx([1 / 3] * 3)
    assert [n.stops for n in accepted.notes if n.code == "AHP_INCONSISTENT"] == [False]  # it stays written down


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (Manual({"c": 1, "d": 1}), "WEIGHT_MISSING"),
        (Manual({"c": 1, "d": 1, "e": -1}), "WEIGHT"),
        (Manual({"c": 0, "d": 0, "e": 0}), "WEIGHT_SUM"),
        (Budget({}), "WEIGHT_MISSING"),
        (Budget({"甲": {"c": 50, "d": 30, "e": 10}}), "WEIGHT_SUM"),
        (Ahp(("c", "d"), ((1, 2), (0.5, 1))), "WEIGHT_MISSING"),
        (Ahp(("c", "d", "e"), ((1, 2, 1), (2, 1, 1), (1, 1, 1))), "AHP_RECIPROCAL"),
        (Ahp(("c", "d", "e"), ((1, 2, 1), (0.5, 1, -1), (1, -1, 1))), "AHP_POSITIVE"),
        (BenefitOfDoubt(0.4, 0.5), "DOUBT_BOUNDS"),
        (BenefitOfDoubt(of="nothing"), "DOUBT_BOUNDS"),
        (Optimised({"c": 1, "d": 1, "e": 1}, measure="guess"), "MEASURE"),
        (Factors(), "TOO_FEW_ROWS"),
    ],
)
def test_rules_that_cannot_be(rule: Rule, code: str) -> None:
    panel = PANEL if code != "TOO_FEW_ROWS" else Panel.single(["p", "q", "r"], PANEL.codes, X[:3])
    refused(code, panel=panel, weigh=Weigh(at={"y": rule}))


def test_data_that_carries_no_weights_names_the_node() -> None:
    panel = Panel.single(["p", "q"], PANEL.codes, X[:2])
    assert "under y" in refused("TOO_FEW_ROWS", panel=panel, weigh=Weigh(at={"y": Entropy()})).text


# the scenario


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("IMPUTE_UNKNOWN", {"impute": (Fill("guess"),)}),
        ("GROUP_UNKNOWN", {"impute": (Fill("group_mean", group="region"),)}),
        ("ONE_YEAR", {"impute": (Fill("carry"),)}),
        ("ROW_AMONG", {"impute": (Fill("row", among="none"),)}),
        ("PREDICTORS", {"impute": (Fill("regression", predictors=0),)}),
        ("TREAT_UNKNOWN", {"treat": Treat(("cut",))}),
        ("TREAT_LIMITS", {"treat": Treat(winmax=-1)}),
        ("BASE", {"treat": Treat(base=2020)}),
        ("NODE_UNKNOWN", {"treat": Treat(at={"zz": ()})}),
        ("NORMALISE_UNKNOWN", {"normalise": Normalise("magic")}),
        ("NORMALISE_UNKNOWN", {"normalise": Normalise(at={"a": "magic"})}),
        ("SCALE", {"normalise": Normalise(scale=(100, 0))}),
        ("SCALE", {"normalise": Normalise("zscore", scale=(10, 0))}),
        ("BASE_YEAR", {"normalise": Normalise(base=1999)}),
        ("BASE", {"normalise": Normalise(base="all")}),
        ("BASE_OF_RANKS", {"normalise": Normalise("rank", base=2020)}),
        ("AGGREGATE_UNKNOWN", {"aggregate": Aggregate("median")}),
        ("NODE_UNKNOWN", {"aggregate": Aggregate(at={"zz": "geometric"})}),
        ("NODE_UNKNOWN", {"weigh": Weigh(at={"zz": Entropy()})}),
        ("DOUBT_NOT_ARITHMETIC", {"weigh": Weigh(BenefitOfDoubt()), "aggregate": Aggregate("geometric")}),
        ("NOT_POSITIVE_BY_DESIGN", {"aggregate": Aggregate(at={"x": "copeland", "index": "geometric"})}),
        ("GOALPOSTS_TREATED", {"normalise": Normalise("goalposts"), "treat": Treat(("winsorise", "log"))}),
        ("SHARE", {"screen": Screen(unit_share=1.2)}),
        ("SHARE", {"aggregate": Aggregate(coverage=-0.1)}),
        ("TOLERANCE", {"tolerance": -1.0}),
    ],
)
def test_an_impossible_scenario_is_refused_before_it_runs(code: str, changes: dict[str, object]) -> None:
    stages = Stages(PANEL, TREE)
    with pytest.raises(Refused) as caught:
        build(PANEL, TREE, replace(Scenario(), **changes), stages)  # type: ignore[arg-type]
    assert code in caught.value.codes
    assert not stages.memory


def test_goalposts_must_be_in_the_tree() -> None:
    assert refused("GOALPOSTS_MISSING", tree=flat("ab"), normalise=Normalise("goalposts")).where == ("a", "b")


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(Refused) as caught:
        build(
            PANEL, TREE, Scenario(impute=(Fill("guess"),), normalise=Normalise("magic"), aggregate=Aggregate("median"))
        )
    assert {"IMPUTE_UNKNOWN", "NORMALISE_UNKNOWN", "AGGREGATE_UNKNOWN"} <= set(caught.value.codes)
    assert "[IMPUTE_UNKNOWN]" in str(caught.value)


def test_a_patch_names_its_place_or_is_refused() -> None:
    assert patched(Scenario(), {"treat": Treat()}).treat == Treat()
    assert patched(Scenario(treat=Treat()), {"treat.winmax": 2}).treat.winmax == 2
    assert patched(Scenario(), {"aggregate.at.x": "power"}).aggregate.at == {"x": "power"}
    for path in ("treat.winmax", "nothing", "normalise.method.deep"):
        with pytest.raises(Refused, match="PATH_UNKNOWN"):
            patched(Scenario(), {path: 1})


def test_what_if_keeps_to_shares() -> None:
    result = build(PANEL, TREE, Scenario())
    for wrong in ({"x": 1.2}, {"x": -0.1}, {"c": 0.7, "d": 0.7}, {"x": 0.2, "y": 0.2}, {"index": 0.5}, {"zz": 0.5}):
        with pytest.raises(Refused):
            reweighed(result, wrong)
    doubt = build(PANEL, TREE, Scenario(weigh=Weigh(at={"y": BenefitOfDoubt()})))
    with pytest.raises(Refused, match="DOUBT_FIXED"):
        reweighed(doubt, {"c": 0.5})


def test_names_that_a_result_does_not_have() -> None:
    panel, tree = small([[1, 2], [3, 1]])
    result = build(panel, tree, Scenario())
    for ask in (lambda: result.of("zz"), lambda: result.of(year=1999), lambda: result.unit_at("nobody")):
        with pytest.raises(Refused):
            ask()
