"""The one path from a panel to scores and ranks, for one year and for twenty; stages are kept for who asks again."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linli_engines.composite.check import check
from linli_engines.composite.denominate import denominate
from linli_engines.composite.digest import canonical, digest
from linli_engines.composite.errors import Problem, refuse, stop_on
from linli_engines.composite.framework import Framework
from linli_engines.composite.impute import Marks, impute, screen
from linli_engines.composite.normalise import Normalised, normalise
from linli_engines.composite.panel import Floats, Panel, Status
from linli_engines.composite.ranks import Ints, ranks
from linli_engines.composite.scenario import Normalise, Scenario
from linli_engines.composite.treat import Decision, treat
from linli_engines.composite.tree import Ground, climb
from linli_engines.composite.weights import weights_for


@dataclass(frozen=True, eq=False)
class Result:
    """All stages of one build. Tables are (years, units, indicators); `scores` and `ranks` (years, units, codes of the
    framework: indicators, then nodes, the root last). NaN is a missing score, rank 0 stands beside it. `weights`: parent
    -> shares of its children, or each unit's own under benefit of the doubt (years, units, children). Arrays are locked.
    """

    panel: Panel
    framework: Framework
    scenario: Scenario
    denominated: Floats
    imputed: Floats
    status: Marks
    treated: Floats
    decisions: tuple[Decision, ...]
    normalised: Normalised
    weights: dict[str, Floats]
    scores: Floats
    ranks: Ints
    notes: tuple[Problem, ...]

    @cached_property
    def digest(self) -> str:
        """Equal inputs and choices have equal digests; the same digest gives the same result."""
        return result_digest(self.panel, self.framework, self.scenario)

    @property
    def ground(self) -> Ground:
        return Ground(self.framework, self.normalised.values, self.panel.units, self.panel.years)

    def of(self, node: str = "", year: int | None = None) -> Floats:
        """Scores of a node (default the root) over units in a year (default the last)."""
        found: Floats = self.scores[self.year_at(year), :, self.code_at(node)]
        return found

    def ranks_of(self, node: str = "", year: int | None = None) -> Ints:
        found: Ints = self.ranks[self.year_at(year), :, self.code_at(node)]
        return found

    def year_at(self, year: int | None) -> int:
        if year is None:
            return len(self.panel.years) - 1
        if year not in self.panel.years:
            raise refuse("YEAR_UNKNOWN", "not in the panel", str(year))
        return self.panel.years.index(year)

    def unit_at(self, unit: str) -> int:
        if unit not in self.panel.units:
            raise refuse("UNIT_UNKNOWN", "not in the panel", unit)
        return self.panel.units.index(unit)

    def code_at(self, node: str) -> int:
        code = node or self.framework.root
        if code not in self.framework.at:
            raise refuse("NODE_UNKNOWN", "not in the tree", code)
        return self.framework.at[code]


def result_digest(panel: Panel, framework: Framework, scenario: Scenario) -> str:
    return digest(panel.digest, framework.digest, scenario.digest)


KEPT = 256
"""Stages in memory; the oldest go first. A study over a continuous range has more, and never asks for one again."""


@dataclass
class Stages:
    """Panel and tree with memory: each stage runs once for each distinct prefix of choices."""

    panel: Panel
    framework: Framework
    memory: dict[Hashable, Any] = field(default_factory=dict)

    def _once(self, key: tuple[Any, ...], make: Any) -> Any:
        if key not in self.memory:
            while len(self.memory) >= KEPT:
                del self.memory[next(iter(self.memory))]
            self.memory[key] = make()
        return self.memory[key]

    def denominated(self) -> Floats:
        found: Floats = self._once(("denominate",), lambda: denominate(self.panel, self.framework))
        return found

    def imputed(self, scenario: Scenario) -> tuple[Floats, Marks, list[Problem]]:
        key = ("impute", canonical([scenario.screen, scenario.impute]))
        found: tuple[Floats, Marks, list[Problem]] = self._once(key, lambda: self._impute(scenario))
        return found

    def _impute(self, scenario: Scenario) -> tuple[Floats, Marks, list[Problem]]:
        panel, framework = self.panel, self.framework
        kept, marks, notes = screen(self.denominated(), framework, panel.years, panel.units, scenario.screen)
        values, kinds = impute(kept, marks, panel.years, framework, panel.groups, scenario.impute)
        return values, kinds, notes

    def treated(self, scenario: Scenario) -> tuple[Floats, tuple[Decision, ...]]:
        key = ("treat", canonical([scenario.screen, scenario.impute, scenario.treat]))
        found: tuple[Floats, tuple[Decision, ...]] = self._once(
            key, lambda: treat(self.imputed(scenario)[0], self.framework.leaves, self.panel.years, scenario.treat)
        )
        return found

    def normalised(self, scenario: Scenario) -> Normalised:
        found: Normalised = self._once(self.prefix(scenario), lambda: self._normalise(scenario))
        return found

    def prefix(self, scenario: Scenario) -> tuple[str, str]:
        """What normalised values hang on: everything but weights and aggregation."""
        return ("normalise", canonical([scenario.screen, scenario.impute, scenario.treat, scenario.normalise]))

    def _normalise(self, scenario: Scenario) -> Normalised:
        values = self.treated(scenario)[0]
        return normalise(values, self.framework, self.panel.years, scenario.normalise, self.panel.units)


def build(panel: Panel, framework: Framework, scenario: Scenario, stages: Stages | None = None) -> Result:
    """Raises Refused: everything `check` finds that stops, or what the numbers do not allow, with the cells named."""
    problems = check(panel, framework, scenario)
    stop_on(problems)
    held = stages or Stages(panel, framework)
    values, status, notes = held.imputed(scenario)
    treated, decisions = held.treated(scenario)
    normalised = held.normalised(scenario)
    ground = Ground(framework, normalised.values, panel.units, panel.years)
    weights: dict[str, Floats] = {}

    def resolve(node: str, children: Floats) -> Floats:
        weights[node] = weights_for(scenario.weigh.rule(node), node, framework, children)
        return weights[node]

    scores = table(ground, climb(ground, resolve, scenario.aggregate))
    places = np.moveaxis(ranks(np.moveaxis(scores, 1, 2), scenario.tolerance), 2, 1)
    left = status == Status.MISSING
    if left.any():
        where = panel.cells(left, framework.leaves)
        notes = [*notes, Problem("STILL_MISSING", "no value after imputation", where, stops=False)]
    if len(panel.years) > 1 and not comparable(scenario):
        text = "each year has its own scale: scores of different years must not be compared; fix goalposts or the base"
        notes = [*notes, Problem("YEARS_NOT_COMPARABLE", text, stops=False)]
    _lock(held.denominated(), values, status, treated, normalised.values, scores, places, *weights.values())
    return Result(
        panel,
        framework,
        scenario,
        held.denominated(),
        values,
        status,
        treated,
        decisions,
        normalised,
        weights,
        scores,
        places,
        (*problems, *notes),
    )


def _lock(*arrays: NDArray[Any]) -> None:
    for array in arrays:
        array.flags.writeable = False


def table(ground: Ground, held: dict[str, Floats]) -> Floats:
    """One replicate's nodes beside the indicators: (years, units, codes)."""
    shape = ground.values.shape[:2]
    nodes = np.stack([held[node][0].reshape(shape) for node in ground.framework.parents], axis=2)
    return np.concatenate((ground.values, nodes), axis=2)


def comparable(scenario: Scenario) -> bool:
    """Whether scores of different years stand on one scale: fixed goalposts, a base year or a pooled base throughout."""
    how: Normalise = scenario.normalise
    fixed = how.method == "goalposts" and all(m == "goalposts" for m in how.at.values())
    treat = scenario.treat
    bent = (
        treat is not None
        and treat.base == "each"
        and any({"log", "boxcox"} & {*m} for m in (treat.methods, *treat.at.values()))
    )
    return (fixed or how.base != "each") and not bent
