"""Many replicates of one index: each distinct prefix of choices is computed once, weights and means in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from linli_engines.composite.build import KEPT, Result, Stages, build
from linli_engines.composite.check import check_doubt, check_stages, check_weigh
from linli_engines.composite.digest import digest
from linli_engines.composite.errors import Problem, refuse, stop_on
from linli_engines.composite.factors import (
    SECTIONS,
    Choice,
    Factor,
    Noise,
    Range,
    check_factors,
    chosen,
    touched,
    width,
)
from linli_engines.composite.framework import Framework
from linli_engines.composite.panel import Floats, Panel
from linli_engines.composite.ranks import Ints, ranks
from linli_engines.composite.scenario import Aggregate, BenefitOfDoubt, Scenario, Weigh, patched
from linli_engines.composite.tree import Ground, climb, leaves_not_positive
from linli_engines.composite.weights import FROM_DATA, weights_for

BLOCK = 256


@dataclass(frozen=True, eq=False)
class Cloud:
    """Replicates of one year: `scores[node]` (replicates, units), `ranks` of the first node, and the nominal result."""

    nominal: Result
    year: int
    units: tuple[str, ...]
    scores: dict[str, Floats]
    ranks: Ints
    nominal_ranks: Ints
    study: Study
    design: Floats | Ints

    @property
    def node(self) -> str:
        return next(iter(self.scores))

    @cached_property
    def digest(self) -> str:
        """Of the nominal result, the factors without their labels, and the points."""
        factors = [_unlabelled(factor) for factor in self.study.factors]
        return digest(self.nominal.digest, factors, np.asarray(self.design), list(self.scores), self.year)


@dataclass(frozen=True)
class _Draws:
    """`ids` (replicates, choices and ranges), the numbers of ranges, and a factor for every weight or None."""

    ids: Ints
    values: dict[int, Floats]
    noise: Floats | None


@dataclass(frozen=True, eq=False)
class Study:
    """`scenario` is the nominal one; each replicate is it with patches. `nodes`: whose scores are kept, the first is
    ranked; default the root. What is impossible among the combinations asked for is refused before any of them runs.
    """

    panel: Panel
    framework: Framework
    scenario: Scenario
    factors: tuple[Factor, ...]
    year: int | None = None
    nodes: tuple[str, ...] = ()
    stages: Stages = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_factors(self.factors, self.framework)
        object.__setattr__(self, "stages", Stages(self.panel, self.framework))

    @cached_property
    def nominal(self) -> Result:
        return build(self.panel, self.framework, self.scenario, self.stages)

    @property
    def widths(self) -> list[int]:
        return [width(factor, self.framework) for factor in self.factors]

    def run(self, cube: Floats) -> Cloud:
        """Replicates for points (replicates, sum of `widths`) of the unit cube. Raises Refused."""
        if cube.ndim != 2 or cube.shape[1] != sum(self.widths):
            raise refuse("POINTS", f"points of shape {cube.shape} for {sum(self.widths)} columns")
        ids: list[Ints] = []
        values: dict[int, Floats] = {}
        noise: Floats | None = None
        start = 0
        for factor, size in zip(self.factors, self.widths, strict=True):
            part = cube[:, start : start + size]
            start += size
            if isinstance(factor, Noise):
                noise = np.ones((len(cube), len(self.framework.codes))) if noise is None else noise
                at = [self.framework.at[code] for code in factor.codes(self.framework)]
                noise[:, at] *= 1 + factor.size * (2 * part - 1)
            elif isinstance(factor, Range):
                values[len(ids)] = factor.low + (factor.high - factor.low) * part[:, 0]
                ids.append(np.arange(len(cube)))
            else:
                ids.append(chosen(factor, part[:, 0]))
        table = np.column_stack(ids) if ids else np.zeros((len(cube), 0), dtype=np.int64)
        return self._run(_Draws(table, values, noise), cube)

    def run_options(self, ids: Ints) -> Cloud:
        """Replicates for option numbers (replicates, factors), where all factors are choices."""
        if not all(isinstance(factor, Choice) for factor in self.factors) or ids.shape[1] != len(self.factors):
            raise refuse("POINTS", "option numbers need choices only, a column for each")
        sizes = [len(factor.options) for factor in self.factors if isinstance(factor, Choice)]
        if (ids < 0).any() or (ids >= sizes).any():
            raise refuse("POINTS", "an option number that no option has")
        return self._run(_Draws(ids, {}, None), ids)

    def _run(self, draws: _Draws, design: Floats | Ints) -> Cloud:
        nominal = self.nominal
        sections = {name: _section(self, name, draws) for name in SECTIONS}
        groups = list(_groups(sections, len(draws.ids)))
        self._refuse(sections, groups)
        self._refuse_cells(groups)
        y = nominal.year_at(self.year)
        wanted = self.nodes or (self.framework.root,)
        scores = {node: np.empty((len(draws.ids), len(self.panel.units))) for node in wanted}
        table = _WeightTable(self, sections["weigh"].values)
        for scenario, members in groups:
            values = self.stages.normalised(scenario).values
            whole = Ground(self.framework, values, self.panel.units, self.panel.years)
            ground = Ground(self.framework, values[y : y + 1], self.panel.units, self.panel.years[y : y + 1])
            for cut in range(0, len(members), BLOCK):
                at = members[cut : cut + BLOCK]
                for rows, weights in table.weights(whole, y, scenario, sections["weigh"].index[at], draws, at):
                    found = climb(ground, weights, scenario.aggregate)
                    for node in wanted:
                        scores[node][at[rows]] = found[node]
        tolerance = self.scenario.tolerance
        return Cloud(
            nominal,
            self.panel.years[y],
            self.panel.units,
            scores,
            ranks(scores[wanted[0]], tolerance),
            nominal.ranks_of(wanted[0], self.panel.years[y]),
            self,
            design,
        )

    def _refuse(self, sections: dict[str, _Section], groups: Sequence[tuple[Scenario, Ints]]) -> None:
        """Every distinct combination that will run is checked; what stops one stops all, with the combination named."""
        found: dict[tuple[str, str, tuple[str, ...]], Problem] = {}
        weighs: list[Weigh] = sections["weigh"].values
        problems = [p for weigh in weighs for p in check_weigh(self.framework, weigh)]
        doubting = [w for w in weighs if any(isinstance(r, BenefitOfDoubt) for r in (w.default, *w.at.values()))]
        for scenario, _ in groups:
            problems += check_stages(self.panel, self.framework, scenario)
            problems += [p for weigh in doubting for p in check_doubt(self.framework, weigh, scenario.aggregate)]
        for problem in problems:
            found.setdefault((problem.code, problem.text, problem.where), problem)
        stop_on(found.values())

    def _refuse_cells(self, groups: Sequence[tuple[Scenario, Ints]]) -> None:
        """What the numbers rule out is looked up beforehand too, as far as normalised values can be kept for the run."""
        problems: list[Problem] = []
        for scenario, _ in groups[: KEPT // 2]:
            values = self.stages.normalised(scenario).values
            ground = Ground(self.framework, values, self.panel.units, self.panel.years)
            problems += leaves_not_positive(ground, scenario.aggregate)
        stop_on(dict.fromkeys(problems))


def _unlabelled(factor: Factor) -> Any:
    """A factor without its labels: they do not change a result."""
    if isinstance(factor, Choice):
        return replace(factor, name="", options=tuple(replace(o, label="") for o in factor.options))
    return replace(factor, name="")


@dataclass(frozen=True)
class _Section:
    """The distinct values of one part of the scenario, and which of them each replicate has."""

    values: list[Any]
    index: Ints


def _section(study: Study, name: str, draws: _Draws) -> _Section:
    start = getattr(study.scenario, name)
    factors = [factor for factor in study.factors if not isinstance(factor, Noise)]
    touching = [k for k, factor in enumerate(factors) if name in touched(factor)]
    if not touching:
        return _Section([start], np.zeros(len(draws.ids), dtype=np.int64))
    key = np.zeros(len(draws.ids), dtype=np.int64)
    for k in touching:
        key = key * (int(draws.ids[:, k].max()) + 1) + draws.ids[:, k]
    _, first, index = np.unique(key, return_index=True, return_inverse=True)
    values = []
    for r in first:
        scenario = study.scenario
        for k in touching:
            scenario = patched(scenario, _patch(factors[k], int(draws.ids[r, k]), draws.values.get(k)))
        values.append(getattr(scenario, name))
    return _Section(values, index.astype(np.int64))


def _patch(factor: Choice | Range, number: int, values: Floats | None) -> dict[str, Any]:
    if isinstance(factor, Choice):
        return dict(factor.options[number].patch)
    assert values is not None
    return {factor.path: float(values[number])}


def _groups(sections: dict[str, _Section], count: int) -> Iterator[tuple[Scenario, Ints]]:
    """Replicates that share everything but weights."""
    shared = [name for name in SECTIONS if name != "weigh"]
    key = np.zeros(count, dtype=np.int64)
    for name in shared:
        key = key * len(sections[name].values) + sections[name].index
    order = np.argsort(key, kind="stable")
    cuts = np.flatnonzero(np.diff(key[order])) + 1
    for members in np.split(order, cuts):
        if len(members):
            parts = {name: sections[name].values[sections[name].index[members[0]]] for name in shared}
            yield Scenario(**parts), members


class _WeightTable:
    """Weights of every replicate; rules that look at data are asked once for each prefix and kept apart."""

    def __init__(self, study: Study, weighs: Sequence[Weigh]) -> None:
        self.study = study
        self.weighs = weighs
        framework = study.framework
        self.needs_data = np.array([any(isinstance(w.rule(n), FROM_DATA) for n in framework.parents) for w in weighs])
        self.shares = np.ones((len(weighs), len(framework.codes)))
        nothing = np.empty((0, 0, 0))
        for k in np.flatnonzero(~self.needs_data).tolist():
            for node in framework.parents:
                own = weights_for(weighs[k].rule(node), node, framework, nothing)
                self.shares[k, [framework.at[c] for c in framework.children[node]]] = own

    def weights(
        self, ground: Ground, y: int, scenario: Scenario, index: Ints, draws: _Draws, at: Ints
    ) -> Iterator[tuple[Any, dict[str, Floats]]]:
        """(rows of the block, weights by parent): first all that need no data, then one rule after another."""
        plain = np.flatnonzero(~self.needs_data[index])
        if len(plain):
            yield plain, self._columns(self.shares[index[plain]], draws, at[plain], {})
        for k in np.unique(index[self.needs_data[index]]).tolist():
            rows = np.flatnonzero(index == k)
            own = self._from_data(ground, self.weighs[k], scenario.aggregate)
            fixed = {node: w[y : y + 1] for node, w in own.items() if w.ndim == 3}
            shares = np.ones((1, self.shares.shape[1]))
            for node, w in own.items():
                if w.ndim == 1:
                    shares[0, [ground.framework.at[c] for c in ground.framework.children[node]]] = w
            yield rows, self._columns(np.repeat(shares, len(rows), axis=0), draws, at[rows], fixed)

    def _columns(self, shares: Floats, draws: _Draws, at: Ints, fixed: dict[str, Floats]) -> dict[str, Floats]:
        framework = self.study.framework
        noisy = shares if draws.noise is None else shares * draws.noise[at]
        plain = {
            node: noisy[:, [framework.at[c] for c in framework.children[node]]]
            for node in framework.parents
            if node not in fixed
        }
        return {**plain, **fixed}

    def _from_data(self, ground: Ground, weigh: Weigh, aggregate: Aggregate) -> dict[str, Floats]:
        key = ("weights", id(ground.values), id(weigh), id(aggregate))
        memory = self.study.stages.memory
        if key not in memory:
            found: dict[str, Floats] = {}

            def resolve(node: str, x: Floats) -> Floats:
                found[node] = weights_for(weigh.rule(node), node, ground.framework, x)
                return found[node]

            climb(ground, resolve, aggregate)
            memory[key] = (found, ground.values, weigh, aggregate)  # the ids stay taken as long as they are keys
        kept: dict[str, Floats] = memory[key][0]
        return kept
