"""Everything that can be said against a scenario before it runs; nothing is skipped and nobody is asked."""

from __future__ import annotations

from collections.abc import Mapping

from linli_engines.composite.denominate import check_columns, jumps
from linli_engines.composite.errors import Problem
from linli_engines.composite.framework import Framework
from linli_engines.composite.impute import FILLS, GROUPED
from linli_engines.composite.means import mean_of
from linli_engines.composite.normalise import METHODS, methods_of
from linli_engines.composite.panel import Panel
from linli_engines.composite.scenario import Aggregate, BenefitOfDoubt, Given, Scenario, Weigh
from linli_engines.composite.treat import TREATMENTS
from linli_engines.composite.tree import BETWEEN, MEANS
from linli_engines.composite.weights import check_rule


def check(panel: Panel, framework: Framework, scenario: Scenario) -> list[Problem]:
    """All problems, those that stop (`stops`) and those to be shown. An empty list says that `build` can only still fail
    on what the numbers themselves turn out to be (no spread, a value that is not positive); it then names the cells.
    """
    return [*check_columns(panel, framework), *jumps(panel), *check_scenario(panel, framework, scenario)]


def check_scenario(panel: Panel, framework: Framework, scenario: Scenario) -> list[Problem]:
    return [
        *check_stages(panel, framework, scenario),
        *check_weigh(framework, scenario.weigh),
        *check_doubt(framework, scenario.weigh, scenario.aggregate),
    ]


def check_stages(panel: Panel, framework: Framework, scenario: Scenario) -> list[Problem]:
    """Everything but the weights."""
    return [
        *_shares(scenario),
        *_fills(panel, scenario),
        *_treatment(framework, scenario),
        *_normalisation(panel, framework, scenario),
        *_aggregation(framework, scenario),
    ]


def _shares(scenario: Scenario) -> list[Problem]:
    named = {
        "screen.unit_share": scenario.screen.unit_share,
        "screen.indicator_share": scenario.screen.indicator_share,
        "aggregate.coverage": scenario.aggregate.coverage,
    }
    wrong = tuple(name for name, value in named.items() if not 0 <= value <= 1)
    problems = [Problem("SHARE", "a share lies between 0 and 1", wrong)] if wrong else []
    if not 0 <= scenario.tolerance < 1:
        problems.append(Problem("TOLERANCE", "the tolerance of ranks lies between 0 and 1", ("tolerance",)))
    return problems


def _strangers(names: Mapping[str, object], known: object, what: str) -> list[Problem]:
    lost = tuple(code for code in names if code not in known)  # type: ignore[operator]
    return [Problem("NODE_UNKNOWN", f"{what} names what is not in the tree", lost)] if lost else []


def _method(code: str, text: str, used: set[str], known: object) -> list[Problem]:
    wrong = tuple(sorted(name for name in used if name not in known))  # type: ignore[operator]
    return [Problem(code, text, wrong)] if wrong else []


def _fills(panel: Panel, scenario: Scenario) -> list[Problem]:
    problems = _method("IMPUTE_UNKNOWN", "no such way to fill", {s.method for s in scenario.impute}, FILLS)
    for step in scenario.impute:
        if step.method in GROUPED and step.group not in panel.groups:
            problems.append(Problem("GROUP_UNKNOWN", f"{step.method} asks for a group of the panel", (step.group,)))
        if step.method in ("carry", "interpolate") and len(panel.years) < 2:
            problems.append(Problem("ONE_YEAR", f"{step.method} needs more than one year", (step.method,)))
        if step.method == "row" and step.among not in ("all", "siblings"):
            problems.append(Problem("ROW_AMONG", "a row is filled among all or siblings", (step.among,)))
        if step.predictors < 1:
            problems.append(Problem("PREDICTORS", "a regression needs a predictor", (step.method,)))
    return problems


def _treatment(framework: Framework, scenario: Scenario) -> list[Problem]:
    how = scenario.treat
    if how is None:
        return []
    used = {*how.methods, *(name for methods in how.at.values() for name in methods)}
    problems = _method("TREAT_UNKNOWN", "no such treatment", used, TREATMENTS)
    problems += _strangers(how.at, framework.leaves, "the treatment")
    if how.winmax < 0 or how.skew < 0:
        problems.append(Problem("TREAT_LIMITS", "limits of the treatment lie at 0 or above", ("winmax", "skew")))
    if how.base not in ("each", "pooled"):
        problems.append(Problem("BASE", "outliers are treated within each year or pooled", (str(how.base),)))
    posted = [
        code
        for code, method in zip(framework.leaves, methods_of(framework, scenario.normalise), strict=True)
        if method == "goalposts" and {"log", "boxcox"} & set(how.at.get(code, how.methods))
    ]
    if posted:
        text = "goalposts are in the indicator's unit: a log or Box-Cox before them changes it; winsorise only, or leave alone"
        problems.append(Problem("GOALPOSTS_TREATED", text, tuple(posted)))
    return problems


def _normalisation(panel: Panel, framework: Framework, scenario: Scenario) -> list[Problem]:
    how = scenario.normalise
    methods = methods_of(framework, how)
    problems = _method("NORMALISE_UNKNOWN", "no such normalisation", {how.method, *methods}, METHODS)
    problems += _strangers(how.at, framework.leaves, "the normalisation")
    if problems:
        return problems
    if how.scale is not None and not how.scale[0] < how.scale[1] and how.method != "zscore":
        problems.append(Problem("SCALE", "the scale must rise from worst to best", ("normalise.scale",)))
    if how.method == "zscore" and how.scale is not None and not how.scale[1] > 0:
        problems.append(
            Problem("SCALE", "a z-score is scaled to a mean and a standard deviation above 0", ("normalise.scale",))
        )
    bare = tuple(
        i.code for i, m in zip(framework.indicators, methods, strict=True) if m == "goalposts" and i.goalposts is None
    )
    if bare:
        problems.append(Problem("GOALPOSTS_MISSING", "no goalposts in the tree", bare))
    if isinstance(how.base, int) and how.base not in panel.years:
        problems.append(Problem("BASE_YEAR", "the base year is not in the panel", (str(how.base),)))
    elif isinstance(how.base, str) and how.base not in ("each", "pooled"):
        problems.append(Problem("BASE", "the base is each, pooled or a year", (how.base,)))
    ranked = tuple(c for c, m in zip(framework.leaves, methods, strict=True) if METHODS[m].ranks)
    if isinstance(how.base, int) and ranked:
        problems.append(
            Problem("BASE_OF_RANKS", "ranks are taken within each year or pooled, not in a base year", ranked)
        )
    return problems


def check_weigh(framework: Framework, weigh: Weigh) -> list[Problem]:
    problems = _strangers(weigh.at, framework.parents, "weighing")
    for node in framework.parents:
        children = framework.children[node]
        rule = weigh.rule(node)
        problems += check_rule(rule, node, children)
        if isinstance(rule, Given) and not sum(framework.weights[c] for c in children) > 0:
            problems.append(Problem("WEIGHT_SUM", f"all weights under {node} are 0", children))
    return problems


def check_doubt(framework: Framework, weigh: Weigh, aggregate: Aggregate) -> list[Problem]:
    problems: list[Problem] = []
    for node in framework.parents:
        rule, children = weigh.rule(node), len(framework.children[node])
        if not isinstance(rule, BenefitOfDoubt):
            continue
        if aggregate.method(node) != "arithmetic":
            text = "benefit of the doubt is a sum: the node must be arithmetic"
            problems.append(Problem("DOUBT_NOT_ARITHMETIC", text, (node,)))
        if rule.of not in ("score", "weights"):
            problems.append(Problem("DOUBT_BOUNDS", "bounds are of score or of weights", (node,)))
        if not 0 <= rule.low <= rule.high or rule.low * children > 1 + 1e-12 or rule.high * children < 1 - 1e-12:
            text = f"shares of {rule.low:g} to {rule.high:g} cannot add up to 1 over {children} children"
            problems.append(Problem("DOUBT_BOUNDS", text, (node,)))
    return problems


def _aggregation(framework: Framework, scenario: Scenario) -> list[Problem]:
    how = scenario.aggregate
    methods = {node: how.method(node) for node in framework.parents}
    problems = _method("AGGREGATE_UNKNOWN", "no such aggregation", {how.default, *methods.values()}, (*MEANS, *BETWEEN))
    problems += _strangers(how.at, framework.parents, "aggregation")
    if problems:
        return problems
    by_leaf = dict(zip(framework.leaves, methods_of(framework, scenario.normalise), strict=True))
    scale = scenario.normalise.scale
    for node, method in methods.items():
        if method in BETWEEN:
            continue
        if not mean_of(method, how.power).positive:
            continue
        zero = tuple(c for c in framework.children[node] if c in by_leaf and _reaches_zero(by_leaf[c], scale))
        if zero:
            text = f"the {method} mean at {node} asks for values above 0, which this normalisation does not give: choose a scale above 0"
            problems.append(Problem("NOT_POSITIVE_BY_DESIGN", text, zero))
        low = tuple(c for c in framework.children[node] if c in methods and methods[c] in BETWEEN)
        if low:
            text = f"the {method} mean at {node} asks for values above 0: topsis, copeland and kemeny reach 0 and below"
            problems.append(Problem("NOT_POSITIVE_BY_DESIGN", text, low))
    return problems


def _reaches_zero(method: str, scale: tuple[float, float] | None) -> bool:
    """Whether the worst unit is bound to get 0 or less, whatever the data; goalposts and z-scores hang on the data."""
    if method in ("borda", "above_below", "diff_mean", "diff_worst"):
        return True
    if method in ("minmax", "percentrank"):
        return (scale or METHODS[method].scale or (0.0, 0.0))[0] <= 0
    return method == "zscore" and (scale or (0.0, 1.0))[0] <= 0
