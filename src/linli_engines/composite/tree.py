"""From normalised indicators to the scores of every node, for one set of weights or thousands at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from linli_engines.composite.errors import Problem, stop_on
from linli_engines.composite.framework import Framework
from linli_engines.composite.kemeny import kemeny
from linli_engines.composite.means import mean_of, weighted
from linli_engines.composite.outrank import copeland, outranking, topsis
from linli_engines.composite.panel import Floats
from linli_engines.composite.scenario import Aggregate

MEANS = ("arithmetic", "geometric", "harmonic", "power")
BETWEEN = ("topsis", "copeland", "kemeny")

Weights = Mapping[str, Floats]
"""Parent -> (children), (replicates, children) or, absolute and by unit, (years, units, children)."""


@dataclass(frozen=True, eq=False)
class Ground:
    """Normalised values (years, units, indicators) and the names that errors need."""

    framework: Framework
    values: Floats
    units: tuple[str, ...]
    years: tuple[int, ...]

    @property
    def rows(self) -> Floats:
        flat: Floats = self.values.reshape(-1, self.values.shape[2])
        return flat


Resolve = Callable[[str, Floats], Floats]


def climb(ground: Ground, weights: Weights | Resolve, how: Aggregate, wanted: Sequence[str] = ()) -> dict[str, Floats]:
    """Scores (replicates or 1, years x units) of each node, and of `wanted` indicators. `weights` may be a function of a
    node and its children's scores (years, units, children), asked from below upwards. Raises Refused: a value that is
    not positive where the mean asks for it; the cells are named.
    """
    framework, flat = ground.framework, ground.rows
    held: dict[str, Floats] = {code: flat[None, :, i] for i, code in enumerate(framework.leaves)}
    for node in framework.parents:
        children = framework.children[node]
        columns = [held[child] for child in children]
        if callable(weights):
            own = weights(node, np.concatenate(columns).T.reshape(*ground.values.shape[:2], -1))
        else:
            own = weights[node]
        held[node] = combine(ground, node, columns, _shaped(own, how.method(node), len(children)), how)
    return {code: held[code] for code in (*framework.parents, *wanted)}


def _shaped(own: Floats, method: str, children: int) -> Floats:
    if own.ndim == 3:
        return own.reshape(1, -1, children)
    return own.reshape(-1, children)


def combine(ground: Ground, node: str, columns: Sequence[Floats], weights: Floats, how: Aggregate) -> Floats:
    """One node from its children's columns."""
    method = how.method(node)
    if method in BETWEEN:
        return _between(ground, method, columns, weights)
    mean = mean_of(method, how.power)
    if mean.positive:
        stop_on(_not_positive(ground, node, ground.framework.children[node], columns, method))
    return weighted(columns, weights, mean, how.coverage)


def leaves_not_positive(ground: Ground, how: Aggregate) -> list[Problem]:
    """Indicators under a mean that asks for values above 0, seen before anything is added up."""
    framework, flat = ground.framework, ground.rows
    problems: list[Problem] = []
    for node in framework.parents:
        method = how.method(node)
        if method in BETWEEN or not mean_of(method, how.power).positive:
            continue
        own = [child for child in framework.children[node] if child not in framework.children]
        problems += _not_positive(ground, node, own, [flat[None, :, framework.at[c]] for c in own], method)
    return problems


def _not_positive(
    ground: Ground, node: str, children: Sequence[str], columns: Sequence[Floats], method: str
) -> list[Problem]:
    bad = [(column <= 0).any(axis=0) for column in columns]
    if not any(b.any() for b in bad):
        return []
    count = len(ground.units)
    where = tuple(
        f"{ground.units[s % count]}, {ground.years[s // count]}, {child}"
        for child, rows in zip(children, bad, strict=True)
        for s in np.flatnonzero(rows)
    )
    return [Problem("NOT_POSITIVE", f"the {method} mean at {node} asks for values above 0", where)]


def _between(ground: Ground, method: str, columns: Sequence[Floats], weights: Floats) -> Floats:
    """Units are compared within their year. Children that differ between replicates are taken one replicate at a time."""
    years, count = len(ground.years), len(ground.units)
    if all(column.shape[0] == 1 for column in columns):
        x = np.stack([column[0] for column in columns], axis=1).reshape(years, count, -1)
        return np.concatenate([_compare(method, year, weights) for year in x], axis=1)
    replicates = max(len(weights), *(len(column) for column in columns))
    w = np.broadcast_to(weights, (replicates, weights.shape[1]))
    full = np.stack([np.broadcast_to(c, (replicates, c.shape[1])) for c in columns], axis=2)
    full = full.reshape(replicates, years, count, -1)
    return np.stack(
        [np.concatenate([_compare(method, year, w[r : r + 1])[0] for year in full[r]]) for r in range(replicates)]
    )


def _compare(method: str, x: Floats, weights: Floats) -> Floats:
    if method == "topsis":
        return topsis(x, weights)
    matrix = outranking(x, weights)
    if method == "copeland":
        return copeland(matrix)
    return np.stack([_kemeny_scores(m) for m in matrix])


def _kemeny_scores(matrix: Floats) -> Floats:
    """How many units stand behind, averaged over the best orders; the units with gaps are left out."""
    found = np.full(len(matrix), np.nan)
    there = np.flatnonzero(~np.isnan(np.diagonal(matrix)))
    if len(there):
        orders = np.array(kemeny(matrix[np.ix_(there, there)]).orders)
        place = np.argsort(orders, axis=1)
        found[there] = len(there) - 1 - place.mean(axis=0)
    return found
