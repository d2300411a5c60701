"""From a rule to the weights of a node's children; the rules are values of `scenario`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from linli_engines.composite.errors import Problem, Refused, refuse
from linli_engines.composite.framework import Framework
from linli_engines.composite.panel import Floats
from linli_engines.composite.scenario import (
    Ahp,
    BenefitOfDoubt,
    Budget,
    Critic,
    Entropy,
    Equal,
    Factors,
    Given,
    Manual,
    Optimised,
    Rule,
)
from linli_engines.composite.weights.ahp import compare
from linli_engines.composite.weights.doubt import doubt_weights
from linli_engines.composite.weights.factor import analyse
from linli_engines.composite.weights.optimise import optimised
from linli_engines.composite.weights.spread import critic, entropy

SUM_SLACK = 1e-6
FROM_DATA = (Entropy, Critic, Factors, BenefitOfDoubt, Optimised)

__all__ = ["FROM_DATA", "check_rule", "weights_for"]


def check_rule(rule: Rule, node: str, children: Sequence[str]) -> list[Problem]:
    """What is wrong with a rule at a node, seen without data."""
    if isinstance(rule, Manual):
        return _check_points(rule.weights, rule.total, node, children, "")
    if isinstance(rule, Budget):
        if not rule.points:
            return [Problem("WEIGHT_MISSING", "no expert has spent a budget", (node,))]
        return [
            p for name, points in rule.points.items() for p in _check_points(points, rule.total, node, children, name)
        ]
    if isinstance(rule, Optimised):
        problems = _check_points(rule.targets, None, node, children, "")
        if rule.measure not in ("pearson", "square"):
            problems.append(Problem("MEASURE", f"importance is pearson or square, not {rule.measure}", (node,)))
        return problems
    if isinstance(rule, Ahp):
        return _check_ahp(rule, node, children)
    return []


def _check_points(
    points: Mapping[str, float], total: float | None, node: str, children: Sequence[str], who: str
) -> list[Problem]:
    by = f" ({who})" if who else ""
    lost = tuple(code for code in children if code not in points)
    if lost:
        return [Problem("WEIGHT_MISSING", f"no weight under {node}{by}", lost)]
    own = [points[code] for code in children]
    wrong = tuple(code for code, w in zip(children, own, strict=True) if not 0 <= w < float("inf"))
    if wrong:
        return [Problem("WEIGHT", f"a weight is a number from 0 up{by}", wrong)]
    if not sum(own) > 0:
        return [Problem("WEIGHT_SUM", f"all weights under {node} are 0{by}", tuple(children))]
    if total is not None and abs(sum(own) - total) > SUM_SLACK * total:
        return [
            Problem(
                "WEIGHT_SUM", f"the weights under {node} add up to {sum(own):g}, not {total:g}{by}", tuple(children)
            )
        ]
    return []


def _check_ahp(rule: Ahp, node: str, children: Sequence[str]) -> list[Problem]:
    if set(rule.codes) != set(children) or len(rule.codes) != len(rule.matrix):
        return [Problem("WEIGHT_MISSING", f"the comparison does not cover the children of {node}", tuple(children))]
    try:
        result = compare(rule.matrix)
    except Refused as refused:
        return [Problem(p.code, f"{p.text} (comparison at {node})", p.where) for p in refused.problems]
    if result.consistent:
        return []
    text = f"consistency ratio {result.consistency_ratio:.3f} at {node} is 0.1 or more"
    return [Problem("AHP_INCONSISTENT", text, (node,), stops=not rule.accept_inconsistent)]


def weights_for(rule: Rule, node: str, framework: Framework, x: Floats) -> Floats:
    """Weights of the node's children that add up to 1, shape (children); benefit of the doubt: (years, units, children),
    absolute. `x`: the children's scores (years, units, children). Raises Refused, naming the node.
    """
    children = framework.children[node]
    if isinstance(rule, Equal):
        return np.full(len(children), 1 / len(children))
    if isinstance(rule, Given):
        return _shares([framework.weights[c] for c in children], node)
    if isinstance(rule, Manual):
        return _shares([rule.weights[c] for c in children], node)
    if isinstance(rule, Budget):
        spent = np.array([[points[c] for c in children] for points in rule.points.values()])
        return _shares((spent / spent.sum(axis=1, keepdims=True)).mean(axis=0), node)
    if isinstance(rule, Ahp):
        own = dict(zip(rule.codes, compare(rule.matrix).weights, strict=True))
        return _shares([own[c] for c in children], node)
    try:
        return _from_data(rule, children, x)
    except Refused as refused:
        raise Refused(
            Problem(p.code, f"{p.text} (under {node})", p.where or tuple(children)) for p in refused.problems
        ) from None


def _from_data(rule: Rule, children: Sequence[str], x: Floats) -> Floats:
    if isinstance(rule, BenefitOfDoubt):
        return np.stack([doubt_weights(year, rule) for year in x])
    if len(children) == 1:
        return np.ones(1)
    rows = x.reshape(-1, len(children))
    if isinstance(rule, Entropy):
        return entropy(rows)
    if isinstance(rule, Critic):
        return critic(rows)
    if isinstance(rule, Factors):
        return analyse(rows, rule).weights
    assert isinstance(rule, Optimised)
    return optimised(rows, np.array([rule.targets[c] for c in children]), rule.measure)


def _shares(weights: Sequence[float] | Floats, node: str) -> Floats:
    found = np.array(weights, dtype=float)
    if not found.sum() > 0:
        raise refuse("WEIGHT_SUM", f"all weights under {node} are 0")
    return found / found.sum()
