"""From one score to another, exactly: what data, weights and framework each did. Two units, two years or two scenarios.

A mean M = g(sum of w f(x)) changes by secants, not slopes: with m = (f(S1) - f(S0)) / (S1 - S0),
S1 - S0 = sum of (mean w) (m_x / m) (x1 - x0) + sum of (mean f) (w1 - w0) / m. For f = x this is the additive method, for
f = log the log-mean Divisia index (Ang 2004); nothing is left over, at any depth of the tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from linli_engines.composite.errors import Problem, refuse, stop_on
from linli_engines.composite.explain import At
from linli_engines.composite.means import Mean
from linli_engines.composite.normalise import METHODS

CLOSE = 1e-7
"""Below this share of the values a secant is taken as the slope in the middle: both differ by the square of it."""


@dataclass(frozen=True, eq=False)
class Change:
    """`data` by indicator, `weights` by child, `framework` by what came or went; they add up to `after` - `before`."""

    before: float
    after: float
    method: str
    data: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    framework: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        return sum((*self.data.values(), *self.weights.values(), *self.framework.values()))


def change(before: At, after: At, method: str = "logmean", node: str = "") -> Change:
    """`method`: "additive" (arithmetic nodes only) or "logmean" (any mean). A child that is in one tree alone, or has a
    value in one state alone, is `framework`: it is weighed against the others of its node. Raises Refused: states on
    different scales (a year normalised by itself against another), a missing score, nodes that differ in their mean.
    """
    if method not in ("additive", "logmean"):
        raise refuse("CHANGE_METHOD", "a change is additive or logmean; see shapley for the third", method)
    stop_on(unlike(before, after, node))
    top = node or before.result.framework.root
    found = Change(before.value(node), after.value(node), method)
    _down(before, after, top, node or after.result.framework.root, 1.0, found, method == "additive")
    return found


def _down(a: At, b: At, code: str, twin: str, slope: float, found: Change, plain: bool) -> None:
    """Adds what happened below a node, times `slope`. `twin` is the node's code in the other tree (roots may differ)."""
    if code not in a.result.framework.children:
        found.data[code] = found.data.get(code, 0.0) + slope * (b.value(twin) - a.value(code))
        return
    mean = a.mean(code)
    if plain and mean.name != "arithmetic":
        raise refuse("NOT_ADDITIVE", f"the {mean.name} mean is no sum: take logmean or shapley", code)
    w0, w1 = a.shares(code), b.shares(twin)
    x0, x1 = {c: a.value(c) for c in w0}, {c: b.value(c) for c in w1}
    both = [c for c in w0 if c in w1]
    m = secant(mean, a.value(code), b.value(twin))
    for c in both:
        part = slope * (w0[c] + w1[c]) / 2 * secant(mean, x0[c], x1[c]) / m
        _down(a, b, c, c, part, found, plain)
    level = {c: (_f(mean, x0[c]) + _f(mean, x1[c])) / 2 for c in both}
    absolute = a.absolute(code)
    base0, base1 = _moved(found, level, w0, w1, both, slope / m, absolute)
    if not both and not absolute:
        base0 = base1 = (_f(mean, a.value(code)) + _f(mean, b.value(twin))) / 2
    for c in w0.keys() - w1.keys():
        found.framework[c] = found.framework.get(c, 0.0) - slope * w0[c] * (_f(mean, x0[c]) - base0) / m
    for c in w1.keys() - w0.keys():
        found.framework[c] = found.framework.get(c, 0.0) + slope * w1[c] * (_f(mean, x1[c]) - base1) / m


def _moved(
    found: Change,
    level: dict[str, float],
    w0: dict[str, float],
    w1: dict[str, float],
    both: Sequence[str],
    slope: float,
    absolute: bool,
) -> tuple[float, float]:
    """Books what the weights did among the children in both states, each against the mean of them, and returns those
    means before and after: what comes and goes is weighed against them.
    """
    if absolute:
        for c in both:
            found.weights[c] = found.weights.get(c, 0.0) + slope * level[c] * (w1[c] - w0[c])
        return 0.0, 0.0
    s0, s1 = sum(w0[c] for c in both), sum(w1[c] for c in both)
    if not (s0 > 0 and s1 > 0):
        return 0.0, 0.0
    base0 = sum(w0[c] / s0 * level[c] for c in both)
    base1 = sum(w1[c] / s1 * level[c] for c in both)
    middle = (base0 + base1) / 2
    for c in both:
        found.weights[c] = found.weights.get(c, 0.0) + slope * (level[c] - middle) * (w1[c] / s1 - w0[c] / s0)
    return base0, base1


def _f(mean: Mean, x: float) -> float:
    return float(mean.forward(np.array([x]))[0])


def secant(mean: Mean, a: float, b: float) -> float:
    """(f(b) - f(a)) / (b - a), or f' in the middle where the two are as good as equal."""
    if abs(b - a) <= CLOSE * max(abs(a), abs(b)):
        return float(mean.slope(np.array([(a + b) / 2]))[0])
    return (_f(mean, b) - _f(mean, a)) / (b - a)


def unlike(a: At, b: At, node: str = "") -> list[Problem]:
    """Why two states cannot be set side by side; empty if they can."""
    problems: list[Problem] = []
    gaps = tuple(
        f"{x.unit}, {x.result.panel.years[x.result.year_at(x.year)]}" for x in (a, b) if np.isnan(x.value(node))
    )
    if gaps:
        problems.append(Problem("OUTCOME_MISSING", "a score is missing", gaps))
    trees = (a.result.framework, b.result.framework)
    nodes = [code for code in trees[0].parents if code in trees[1].children]
    hows = (a.result.scenario.aggregate, b.result.scenario.aggregate)
    other = tuple(c for c in nodes if (hows[0].method(c), hows[0].power) != (hows[1].method(c), hows[1].power))
    if other:
        problems.append(Problem("METHOD_DIFFERS", "a node is another mean in the other state", other))
    mixed = tuple(c for c in nodes if a.absolute(c) != b.absolute(c))
    if mixed:
        problems.append(Problem("METHOD_DIFFERS", "benefit of the doubt in one state only", mixed))
    apart = tuple(leaf for leaf in trees[0].leaves if leaf in trees[1].leaves and not _same_scale(a, b, leaf))
    if apart:
        text = (
            "the two states measure these on different scales: fix goalposts, or take a base year or all years as base"
        )
        problems.append(Problem("SCALES_DIFFER", text, apart))
    return problems


def _same_scale(a: At, b: At, leaf: str) -> bool:
    ra, rb = a.result, b.result
    ia, ib = ra.framework.at[leaf], rb.framework.at[leaf]
    na, nb = ra.normalised, rb.normalised
    method = na.methods[ia]
    one, two = ra.framework.indicators[ia], rb.framework.indicators[ib]
    how, other = ra.scenario.normalise, rb.scenario.normalise
    if (
        method != nb.methods[ib]
        or one.direction != two.direction
        or (how.scale, how.margin) != (other.scale, other.margin)
    ):
        return False
    if _bent(a, leaf) != _bent(b, leaf):
        return False
    if method == "goalposts":
        return one.goalposts == two.goalposts and how.clip == other.clip
    if METHODS[method].ranks:
        return ra is rb and (how.base == "pooled" or ra.year_at(a.year) == rb.year_at(b.year))
    pairs = [(x.low, y.low) for x, y in ((na.anchors, nb.anchors),)] + [
        (getattr(na.anchors, name), getattr(nb.anchors, name)) for name in ("high", "mean", "sd")
    ]
    ends = [
        (x[min(ra.year_at(a.year), len(x) - 1), 0, ia], y[min(rb.year_at(b.year), len(y) - 1), 0, ib]) for x, y in pairs
    ]
    return all(np.isclose(x, y, rtol=1e-12, atol=0, equal_nan=True) for x, y in ends)


def _bent(at: At, leaf: str) -> object:
    """How a log or Box-Cox has bent the indicator's scale for this state, None if not at all."""
    year = at.result.panel.years[at.result.year_at(at.year)]
    for decision in at.result.decisions:
        if decision.indicator == leaf and decision.year in (None, year) and {"log", "boxcox"} & {*decision.steps[-1:]}:
            return (at.result.digest, decision.year)
    return None
