"""Other weights, at once: what the page needs to compute by itself, and the engine's own answer to check it by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linli_engines.composite import Result, ranks, reweighed
from linli_engines.composite.tree import BETWEEN

from .subject import Subject, UnitLook, number

DIGITS = 12


@dataclass(frozen=True, slots=True)
class Moved:
    unit: UnitLook
    rank: int
    rank_before: int
    score: float | None
    score_before: float | None

    @property
    def gained(self) -> int | None:
        return self.rank_before - self.rank if self.rank and self.rank_before else None

    @property
    def lost(self) -> int | None:
        return None if self.gained is None else -self.gained


@dataclass(frozen=True)
class WhatIf:
    """`shares`: parent -> child -> share, as they would be. Nothing of it is stored."""

    rows: tuple[Moved, ...]
    shares: dict[str, dict[str, float]]
    changed: dict[str, float]


def what_if(subject: Subject, weights: Mapping[str, float], year: int | None = None, node: str = "") -> WhatIf:
    """Scores and ranks of a node with some shares changed. Raises Refused."""
    r = subject.result
    y = r.year_at(year)
    asked = dict(weights)
    table = reweighed(r, asked) if asked else r.scores
    column = r.code_at(node)
    scores = table[y, :, column]
    places = ranks(scores, r.scenario.tolerance)
    old, old_places = r.scores[y, :, column], r.ranks[y, :, column]
    rows = [
        Moved(subject.unit(unit), int(places[u]), int(old_places[u]), number(scores[u]), number(old[u]))
        for u, unit in enumerate(r.panel.units)
    ]
    rows.sort(key=lambda m: (m.rank == 0, m.rank))
    return WhatIf(tuple(rows), shares(r, asked), asked)


def shares(r: Result, weights: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Every parent's shares after the change; a parent under benefit of the doubt is not among them."""
    found: dict[str, dict[str, float]] = {}
    for parent in r.framework.parents:
        own = r.weights[parent]
        if own.ndim == 3:
            continue
        children = r.framework.children[parent]
        held = dict(zip(children, own.tolist(), strict=True))
        changed = {c: weights[c] for c in children if c in weights}
        rest = sum(w for c, w in held.items() if c not in changed)
        left = 1 - sum(changed.values())
        found[parent] = {c: changed.get(c, w / rest * left if rest > 0 else 0.0) for c, w in held.items()}
    return found


def linear(r: Result) -> bool:
    """Whether a page can compute it alone: means of the children everywhere, one set of weights for all units."""
    how = r.scenario.aggregate
    return all(how.method(n) not in BETWEEN and r.weights[n].ndim == 1 for n in r.framework.parents)


def payload(subject: Subject, year: int | None = None) -> dict[str, Any]:
    """The tree, its means and weights and the year's normalised values, for the arithmetic in the page. None is a gap."""
    r = subject.result
    y = r.year_at(year)
    how = r.scenario.aggregate
    values = [[None if math.isnan(v) else round(v, DIGITS) for v in row] for row in r.normalised.values[y].tolist()]
    return {
        "hash": r.digest,
        "year": r.panel.years[y],
        "linear": linear(r),
        "tolerance": r.scenario.tolerance,
        "coverage": how.coverage,
        "power": how.power,
        "units": [{"code": u, "name": subject.unit(u).name} for u in r.panel.units],
        "leaves": list(r.framework.leaves),
        "values": values,
        "nodes": [
            {
                "code": parent,
                "name": subject.node(parent).name,
                "mean": how.method(parent),
                "children": list(r.framework.children[parent]),
                "weights": r.weights[parent].tolist() if r.weights[parent].ndim == 1 else None,
            }
            for parent in r.framework.parents
        ],
        "ranks": r.ranks[y, :, r.code_at("")].tolist(),
    }
