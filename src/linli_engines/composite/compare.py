"""Two results side by side: scores, ranks and who moved; and what leaving out each part of the tree does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from linli_engines.composite.build import Result, Stages, build
from linli_engines.composite.errors import refuse
from linli_engines.composite.framework import Framework
from linli_engines.composite.panel import Floats
from linli_engines.composite.ranks import Ints
from linli_engines.composite.scenario import Manual, Rule, Scenario, Weigh
from linli_engines.composite.weights import FROM_DATA

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Difference:
    """Second less first over the units that both have; `shift` is rank lost (positive: further down), NaN where one of
    the two has no score. `mean_shift`: mean |shift| of the units ranked in both.
    """

    units: tuple[str, ...]
    score: Floats
    shift: Floats
    mean_shift: float
    rank_correlation: float


def difference(first: Result, second: Result, node: str = "", year: int | None = None) -> Difference:
    """Raises Refused: no unit in common, a node or year that one of them lacks."""
    units = tuple(u for u in first.panel.units if u in second.panel.units)
    if not units:
        raise refuse("UNIT_UNKNOWN", "the two results have no unit in common")
    scores, places = zip(*(_rows(result, units, node, year) for result in (first, second)), strict=True)
    both = (places[0] > 0) & (places[1] > 0)
    shift = np.where(both, places[1] - places[0], np.nan)
    a, b = places[0][both].astype(float), places[1][both].astype(float)
    level = not len(a) or not (np.ptp(a) > 0 and np.ptp(b) > 0)
    correlation = float("nan") if level else float(np.corrcoef(a, b)[0, 1])
    return Difference(
        units,
        scores[1] - scores[0],
        shift,
        float(np.abs(shift[both]).mean()) if both.any() else float("nan"),
        correlation,
    )


def _rows(result: Result, units: Sequence[str], node: str, year: int | None) -> tuple[Floats, Ints]:
    at = [result.unit_at(unit) for unit in units]
    return result.of(node, year)[at], result.ranks_of(node, year)[at]


def without_each(result: Result, codes: Sequence[str]) -> dict[str, Result]:
    """The result built anew without each of the codes in turn; the weights of its siblings grow to fill the place."""
    found: dict[str, Result] = {}
    for code in codes:
        tree = result.framework.without(code)
        found[code] = build(result.panel, tree, _fitted(result, tree), Stages(result.panel, tree))
    return found


def _fitted(result: Result, tree: Framework) -> Scenario:
    """The scenario without what is no longer there; weights that do not come from data stay in proportion."""
    scenario = result.scenario
    at: dict[str, Rule] = {}
    for parent in tree.parents:
        rule = scenario.weigh.rule(parent)
        shares = dict(zip(result.framework.children[parent], result.weights[parent].tolist(), strict=True))
        at[parent] = rule if isinstance(rule, FROM_DATA) else Manual({c: shares[c] for c in tree.children[parent]})
    treat = scenario.treat
    return replace(
        scenario,
        treat=treat and replace(treat, at=_kept(treat.at, tree)),
        normalise=replace(scenario.normalise, at=_kept(scenario.normalise.at, tree)),
        weigh=Weigh(at=at),
        aggregate=replace(scenario.aggregate, at=_kept(scenario.aggregate.at, tree)),
    )


def _kept(named: Mapping[str, T], tree: Framework) -> dict[str, T]:
    return {code: value for code, value in named.items() if code in tree.at}
