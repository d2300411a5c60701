"""What is uncertain: choices between options, numbers in a range, noise on weights; and the points that try them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linli_engines.composite.errors import Problem, refuse, stop_on
from linli_engines.composite.framework import Framework
from linli_engines.composite.panel import Floats
from linli_engines.composite.ranks import Ints
from linli_engines.composite.scenario import Budget, Manual


@dataclass(frozen=True, slots=True)
class Option:
    """`patch`: dotted places of the scenario and what stands there, {"treat.winmax": 3}; `share`: relative probability."""

    label: str
    patch: Mapping[str, Any]
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several options."""

    name: str
    options: tuple[Option, ...]

    @property
    def shares(self) -> Floats:
        share = np.array([option.share for option in self.options], dtype=float)
        return share / share.sum()


@dataclass(frozen=True, slots=True)
class Range:
    """A number at a place of the scenario, uniform between `low` and `high`."""

    name: str
    path: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Noise:
    """Every weight of these levels times its own uniform number in 1 - `size` ... 1 + `size`; one factor of many columns.
    Level 1 are the indicators; `levels` () means all.
    """

    name: str
    size: float
    levels: tuple[int, ...] = ()

    def codes(self, framework: Framework) -> tuple[str, ...]:
        return tuple(
            c for c in framework.codes if c != framework.root and (not self.levels or framework.level[c] in self.levels)
        )


Factor = Choice | Range | Noise
SECTIONS = ("screen", "impute", "treat", "normalise", "weigh", "aggregate")
"""The parts of a scenario that may vary."""


def touched(factor: Choice | Range) -> set[str]:
    """The parts of the scenario that a factor changes."""
    paths = [factor.path] if isinstance(factor, Range) else [path for option in factor.options for path in option.patch]
    return {path.split(".")[0] for path in paths}


def experts(name: str, node: str, budget: Budget) -> Choice:
    """Each expert's own weights instead of their mean: the spread of opinion as a factor."""
    return Choice(
        name, tuple(Option(who, {f"weigh.at.{node}": Manual(points)}) for who, points in budget.points.items())
    )


def check_factors(factors: Sequence[Factor], framework: Framework) -> None:
    """Raises Refused: names twice, no options, shares or ranges that are none, noise that reaches below zero."""
    problems = []
    names = [factor.name for factor in factors]
    if len(set(names)) < len(names) or not names:
        problems.append(Problem("FACTOR_NAMES", "factors need names, each its own", tuple(names)))
    for factor in factors:
        if isinstance(factor, Choice):
            bad = not factor.options or any(not option.share > 0 for option in factor.options)
        elif isinstance(factor, Range):
            bad = not factor.low < factor.high
        else:
            bad = not 0 < factor.size <= 1 or not factor.codes(framework)
        if not isinstance(factor, Noise) and touched(factor) - set(SECTIONS):
            where = tuple(sorted(touched(factor) - set(SECTIONS)))
            problems.append(Problem("PATH_UNKNOWN", f"{factor.name} changes what cannot vary", where))
        if bad:
            problems.append(Problem("FACTOR", "a factor that cannot vary", (factor.name,)))
    stop_on(problems)


def width(factor: Factor, framework: Framework) -> int:
    """Columns of the unit cube that a factor uses."""
    return len(factor.codes(framework)) if isinstance(factor, Noise) else 1


def chosen(factor: Choice, u: Floats) -> Ints:
    """Numbers in [0, 1) to options, by their shares."""
    edges = np.cumsum(factor.shares)
    return np.minimum(np.searchsorted(edges, u, side="right"), len(edges) - 1).astype(np.int64)


def points(n: int, columns: int, seed: int) -> Floats:
    """`n` scrambled Sobol points in [0, 1) (Owen's scrambling); a power of two keeps their balance."""
    if n < 2 or n & (n - 1):
        raise refuse("POWER_OF_TWO", f"Sobol points come in powers of two, not {n}")
    from scipy.stats import qmc  # slow to load, and most who build an index sample nothing

    found: Floats = qmc.Sobol(columns, scramble=True, rng=np.random.default_rng(seed)).random(n)
    return found


def saltelli(n: int, widths: Sequence[int], seed: int) -> Floats:
    """A, B and, for each factor, A with that factor's columns from B: n (factors + 2) rows (Saltelli 2010)."""
    total = sum(widths)
    both = points(n, 2 * total, seed)
    a, b = both[:, :total], both[:, total:]
    blocks = [a, b]
    start = 0
    for size in widths:
        mixed = a.copy()
        mixed[:, start : start + size] = b[:, start : start + size]
        blocks.append(mixed)
        start += size
    return np.concatenate(blocks)


def grid(factors: Sequence[Choice]) -> NDArray[np.int64]:
    """Every combination of options, the last factor turning fastest."""
    return np.indices([len(factor.options) for factor in factors]).reshape(len(factors), -1).T.astype(np.int64)
