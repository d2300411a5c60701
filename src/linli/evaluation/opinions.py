"""What an expert says about weights, as numbers: points that are spent, comparisons with their consistency. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from linli_engines.composite import compare, pooled

Matrix = list[list[float | None]]
CR_LIMIT = 0.1
DEGREES = range(2, 10)
"""How much more important the one is than the other, on Saaty's scale; 1 is alike."""
CHILDREN_MOST = {"budget": 15, "ahp": 9}
BINS = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """`ratio` is CR; `worst` the pair that fits least (i, j) and `fitting` what would fit: i over j, on the scale."""

    weights: tuple[float, ...]
    ratio: float
    worst: tuple[int, int] | None
    fitting: float

    @property
    def consistent(self) -> bool:
        return self.ratio < CR_LIMIT


def pairs(n: int) -> list[tuple[int, int]]:
    """Every pair of n children, in the order of the questions."""
    return list(combinations(range(n), 2))


def matrix_of(n: int, said: Mapping[tuple[int, int], float]) -> Matrix:
    """The comparison table of what was said of pairs (i, j), i < j; a pair nobody spoke of stays empty."""
    table: Matrix = [[1.0 if i == j else None for j in range(n)] for i in range(n)]
    for (i, j), value in said.items():
        table[i][j], table[j][i] = value, 1 / value
    return table


def is_whole(matrix: Matrix) -> bool:
    """Whether every pair was compared."""
    return all(value is not None for row in matrix for value in row)


def judged(matrix: Matrix) -> Judged:
    """Weights and consistency of a whole table."""
    values = np.array(matrix, dtype=float)
    found = compare(values)
    worst, far = None, 1e-6
    for i, j in pairs(len(values)):
        off = abs(math.log(found.misfit[i, j]))
        if off > far:
            worst, far = (i, j), off
    fitting = 1.0
    if worst is not None:
        fitting = on_scale(float(found.weights[worst[0]] / found.weights[worst[1]]))
    return Judged(tuple(float(w) for w in found.weights), float(found.consistency_ratio), worst, fitting)


def on_scale(ratio: float) -> float:
    """The judgement of the scale 1/9 … 9 that is nearest to a ratio."""
    if ratio >= 1:
        return float(min(9, max(1, round(ratio))))
    return 1.0 / min(9, max(1, round(1 / ratio)))


def together(matrices: Sequence[Matrix]) -> Matrix:
    """Several whole tables as one, judgement by judgement; exactly reciprocal."""
    found = pooled([np.array(m, dtype=float) for m in matrices])
    n = len(found)
    return matrix_of(n, {(i, j): float(found[i, j]) for i, j in pairs(n)})


def spent(points: Mapping[str, float], children: Sequence[str]) -> float:
    return sum(points.get(c, 0.0) for c in children)


def shares(points: Mapping[str, float], children: Sequence[str]) -> tuple[float, ...]:
    """Points as shares of what was spent."""
    total = spent(points, children)
    return tuple(points.get(c, 0.0) / total for c in children)


@dataclass(frozen=True, slots=True)
class Spread:
    """How experts see one child: mean, lowest, highest and standard deviation (n - 1) of its share, and a histogram of
    BINS equal steps up to the highest share of all children.
    """

    mean: float
    low: float
    high: float
    deviation: float | None
    histogram: tuple[int, ...]


def spread(found: Sequence[Sequence[float]]) -> list[Spread]:
    """One of each child, from the shares that every expert gave."""
    table = np.array(found, dtype=float)
    top = max(float(table.max()), 1e-9)
    out = []
    for column in table.T:
        counts, _edges = np.histogram(column, bins=BINS, range=(0.0, top))
        deviation = float(column.std(ddof=1)) if len(column) > 1 else None
        out.append(
            Spread(
                float(column.mean()), float(column.min()), float(column.max()), deviation, tuple(int(n) for n in counts)
            )
        )
    return out


def random_index(n: int) -> float:
    """Saaty's random index of a table of n rows, for pages that follow the ratio while one compares."""
    from linli_engines.composite.weights.ahp import random_index as table

    return table()[n]
