"""A result with the names of what is in it, as all pages look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from linli_engines.composite import Result, Status

Numbers = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class UnitLook:
    """A unit as a row shows it. `labels`: name -> value ({"region": "东部"})."""

    code: str
    name: str
    full: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeLook:
    """A row of the tree. `symbol` is the unit of an indicator's own value."""

    code: str
    name: str
    kind: str = ""
    parent: str = ""
    symbol: str = ""
    direction: int = 1
    calibre: str = ""
    provenance: str = "sourced"
    source: str = ""
    definition: str = ""
    numerator: str = ""
    denominator: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """What the replicates of one year say of the total: rows follow `units`. NaN or None: never ranked."""

    units: tuple[str, ...]
    low: Numbers
    high: Numbers
    median: Numbers
    score_low: Numbers
    score_high: Numbers
    acceptability: tuple[Numbers, ...] = ()
    beats: tuple[Numbers, ...] = ()

    def at(self, unit: str) -> int | None:
        return self.units.index(unit) if unit in self.units else None

    def beats_of(self, unit: str, other: str) -> float | None:
        """Share of the replicates in which `unit` stands before `other`; None where it is not known."""
        i, j = self.at(unit), self.at(other)
        return None if i is None or j is None or not self.beats else number(self.beats[i][j])


@dataclass(frozen=True)
class Subject:
    """`spreads`: year -> what the replicates said. `digest` is the hash that every number carries."""

    result: Result
    units: Mapping[str, UnitLook]
    nodes: Mapping[str, NodeLook]
    spreads: Mapping[int, Spread] = field(default_factory=dict)
    experimental: bool = False

    @property
    def digest(self) -> str:
        return self.result.digest

    @property
    def years(self) -> tuple[int, ...]:
        return self.result.panel.years

    def unit(self, code: str) -> UnitLook:
        return self.units.get(code) or UnitLook(code, code)

    def node(self, code: str) -> NodeLook:
        return self.nodes.get(code) or NodeLook(code, code)

    def tree(self) -> list[tuple[int, str]]:
        """(depth, code) from the root down, children in their order."""
        found: list[tuple[int, str]] = []

        def down(code: str, depth: int) -> None:
            found.append((depth, code))
            for child in self.result.framework.children.get(code, ()):
                down(child, depth + 1)

        down(self.result.framework.root, 0)
        return found

    def missing_under(self, unit: str, code: str, year: int) -> tuple[str, ...]:
        """Indicators below a node for which the unit has no value, filled or not."""
        r = self.result
        y, u = r.year_at(year), r.unit_at(unit)
        leaves = r.framework.leaves
        under = set(r.framework.under(code))
        return tuple(c for i, c in enumerate(leaves) if c in under and np.isnan(r.normalised.values[y, u, i]))

    def left_out(self, unit: str, year: int) -> bool:
        """Whether the unit was screened out of the year: too little was observed."""
        r = self.result
        return bool((r.status[r.year_at(year), r.unit_at(unit)] == Status.EXCLUDED).any())


def number(value: Any) -> float | None:
    """A float, or None for NaN and nothing: a page never shows a missing value as a number."""
    if value is None:
        return None
    found = float(value)
    return None if np.isnan(found) else found
