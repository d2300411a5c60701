"""A scenario fitted to the part of a tree for which there are data: what names the rest is left out, shares kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from linli_engines.composite import (
    Ahp,
    Budget,
    Choice,
    Fill,
    Framework,
    Manual,
    Noise,
    Optimised,
    Option,
    Range,
    Scenario,
    Weigh,
)

T = TypeVar("T")
Factor = Choice | Range | Noise


def present(tree: Framework, known: Sequence[str]) -> Framework | None:
    """The tree over the indicators of `known`; None if nothing is left."""
    gone = [leaf for leaf in tree.leaves if leaf not in set(known)]
    if len(gone) == len(tree.leaves):
        return None
    return tree.without(*gone) if gone else tree


def fitted(scenario: Scenario, tree: Framework) -> Scenario:
    """The scenario without what is not in the tree. Experts' points become their mean over what is left."""
    treat = scenario.treat
    return replace(
        scenario,
        treat=treat and replace(treat, at=_kept(treat.at, tree.leaves)),
        normalise=replace(scenario.normalise, at=_kept(scenario.normalise.at, tree.leaves)),
        weigh=Weigh(
            scenario.weigh.default,
            {
                node: _rule(rule, tree.children[node])
                for node, rule in scenario.weigh.at.items()
                if node in tree.children
            },
        ),
        aggregate=replace(scenario.aggregate, at=_kept(scenario.aggregate.at, tree.parents)),
    )


def fitted_factors(factors: Sequence[Factor], tree: Framework) -> tuple[Factor, ...]:
    """Factors without what is not in the tree; one whose options thereby become the same goes."""
    found: list[Factor] = []
    for factor in factors:
        if isinstance(factor, Choice):
            options = tuple(replace(o, patch=_patch(o, tree)) for o in factor.options)
            if options == factor.options or _different(options) > 1 or _different(factor.options) < 2:
                found.append(replace(factor, options=options))
        elif isinstance(factor, Range):
            if _there(factor.path, tree):
                found.append(factor)
        elif factor.codes(tree):
            found.append(factor)
    return tuple(found)


def _different(options: Sequence[Option]) -> int:
    return len({repr(sorted(o.patch.items(), key=lambda pair: pair[0])) for o in options})


OVER_TIME = ("carry", "interpolate")


def over_time(scenario: Scenario) -> bool:
    """Whether gaps are filled from other years."""
    return any(step.method in OVER_TIME for step in scenario.impute)


def of_one_year(scenario: Scenario) -> Scenario:
    """The scenario without what fills gaps from other years: a single year has none."""
    return replace(scenario, impute=_within(scenario.impute))


def factor_of_one_year(factor: Factor) -> Factor:
    """A factor whose options fill gaps within the year only."""
    if not isinstance(factor, Choice):
        return factor
    fill = {o.label: _within(o.patch["impute"]) for o in factor.options if "impute" in o.patch}
    options = (replace(o, patch={**o.patch, "impute": fill[o.label]}) if o.label in fill else o for o in factor.options)
    return replace(factor, options=tuple(options))


def _within(steps: Sequence[Fill]) -> tuple[Fill, ...]:
    return tuple(step for step in steps if step.method not in OVER_TIME)


def _kept(named: Mapping[str, T], known: Sequence[str]) -> dict[str, T]:
    return {code: value for code, value in named.items() if code in set(known)}


def _there(path: str, tree: Framework) -> bool:
    section, _dot, rest = path.partition(".at.")
    return not rest or rest.split(".")[0] in (tree.parents if section in ("weigh", "aggregate") else tree.leaves)


def _patch(option: Option, tree: Framework) -> dict[str, Any]:
    found = {}
    for path, value in option.patch.items():
        if _there(path, tree):
            node = path.removeprefix("weigh.at.") if path.startswith("weigh.at.") else ""
            found[path] = _rule(value, tree.children[node]) if node else value
    return found


def _rule(rule: Any, children: Sequence[str]) -> Any:
    if isinstance(rule, Manual):
        kept = _kept(rule.weights, children)
        return Manual(kept, rule.total if len(kept) == len(rule.weights) else None)
    if isinstance(rule, Budget):
        if all(set(points) <= set(children) for points in rule.points.values()):
            return rule
        shares = [_shares(points, children) for points in rule.points.values()]
        return Manual({c: sum(s[c] for s in shares) / len(shares) for c in children})
    if isinstance(rule, Ahp):
        kept_at = [i for i, code in enumerate(rule.codes) if code in set(children)]
        matrix = tuple(tuple(rule.matrix[i][j] for j in kept_at) for i in kept_at)
        return replace(rule, codes=tuple(rule.codes[i] for i in kept_at), matrix=matrix)
    if isinstance(rule, Optimised):
        return replace(rule, targets=_kept(rule.targets, children))
    return rule


def _shares(points: Mapping[str, float], children: Sequence[str]) -> dict[str, float]:
    total = sum(points.get(c, 0.0) for c in children)
    return {c: points.get(c, 0.0) / total if total > 0 else 1 / len(children) for c in children}
