"""Outliers by rule, column by column, with a line in the log for every column that was looked at and failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from linli_engines.composite.moments import skew_kurt, skew_kurt_one
from linli_engines.composite.panel import Floats
from linli_engines.composite.scenario import Base, Treat

TREATMENTS = ("winsorise", "log", "boxcox")
LIFT = 0.01
"""The log and Box-Cox start this share of the range above the lowest value, so that zero and negative values have one."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rule did to one column: `year` None means all years together. `passed` is the rule after the last step."""

    indicator: str
    year: int | None
    skew_before: float
    kurt_before: float
    steps: tuple[str, ...]
    points: int
    exponent: float | None
    skew_after: float
    kurt_after: float
    passed: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    skew: float
    kurt: float
    winmax: int

    def passes(self, x: Floats) -> bool:
        s, k = skew_kurt_one(x)
        return self.fits(s, k)

    def fits(self, s: float, k: float) -> bool:
        """Also true where the moments are undefined: nothing can be said against the column."""
        return not (abs(s) > self.skew and k > self.kurt)


def treat(
    values: Floats, codes: Sequence[str], years: Sequence[int], how: Treat | None
) -> tuple[Floats, tuple[Decision, ...]]:
    """Shape (years, units, indicators) in and out; NaN stays. A column that fails goes through the methods in order;
    each but the first starts again from the untreated column, and the first that passes is kept, else the last one.
    """
    if how is None:
        return values, ()
    out = values.copy()
    log: list[Decision] = []
    rule = _Rule(how.skew, how.kurt, how.winmax)
    for year, block in _blocks(values, years, how.base):
        flat = values[block].reshape(-1, len(codes))
        skew, kurt = skew_kurt(flat)
        for i in np.flatnonzero((np.abs(skew) > how.skew) & (kurt > how.kurt)).tolist():
            methods = how.at.get(codes[i], how.methods)
            there = ~np.isnan(flat[:, i])
            if not methods:
                continue
            column = flat[:, i].copy()
            new, steps, points, exponent = _through(column[there], methods, rule)
            column[there] = new
            out[block][:, :, i] = column.reshape(out[block].shape[:2])
            after = skew_kurt_one(new)
            log.append(
                Decision(
                    codes[i], year, float(skew[i]), float(kurt[i]), steps, points, exponent, *after, rule.fits(*after)
                )
            )
    return out, tuple(log)


def _blocks(values: Floats, years: Sequence[int], base: Base) -> list[tuple[int | None, slice]]:
    if base == "pooled":
        return [(None, slice(0, len(years)))]
    return [(year, slice(y, y + 1)) for y, year in enumerate(years)]


def _through(x: Floats, methods: Sequence[str], rule: _Rule) -> tuple[Floats, tuple[str, ...], int, float | None]:
    steps: list[str] = []
    new, points, exponent = x, 0, None
    for method in methods:
        steps.append(method)
        new, points, exponent = _ACTS[method](x, rule)
        if rule.passes(new):
            break
    return new, tuple(steps), points, exponent


def winsorise(x: Floats, rule: _Rule) -> tuple[Floats, int, None]:
    """Point after point: the largest (or, if the column leans down, the smallest) value goes to its neighbour."""
    order = np.argsort(x, kind="stable")
    new, low, high = x.copy(), 0, 0
    s, k = skew_kurt_one(new)
    while not rule.fits(s, k) and low + high < min(rule.winmax, len(x) - 2):
        if s > 0:
            high += 1
            new[order[len(x) - high :]] = x[order[len(x) - high - 1]]
        else:
            low += 1
            new[order[:low]] = x[order[low]]
        s, k = skew_kurt_one(new)
    return new, low + high, None


def _lifted(x: Floats) -> tuple[Floats, float]:
    """Positive values, seen from the end the column leans away from, and the sign that turns them back."""
    sign = -1.0 if skew_kurt_one(x)[0] < 0 else 1.0
    y = x * sign
    low, high = y.min(), y.max()
    return y - low + LIFT * (high - low), sign


def log(x: Floats, _rule: _Rule) -> tuple[Floats, int, None]:
    """log(x - min + 0.01 range), mirrored for a column that leans down; the order of the units stays."""
    y, sign = _lifted(x)
    return sign * np.log(y), 0, None


def boxcox(x: Floats, _rule: _Rule) -> tuple[Floats, int, float]:
    """(y^λ - 1) / λ with the λ in [-2, 2] of greatest likelihood, y lifted as for the log."""
    y, sign = _lifted(x)
    y = y / y.max()
    logs = np.log(y)

    def loss(exponent: float) -> float:
        return float(len(y) / 2 * np.log(np.var(special.boxcox(y, exponent))) - (exponent - 1) * logs.sum())

    best = float(optimize.minimize_scalar(loss, bounds=(-2, 2), method="bounded").x)
    return sign * special.boxcox(y, best), 0, best


_ACTS: dict[str, Callable[[Floats, _Rule], tuple[Floats, int, float | None]]] = {
    "winsorise": winsorise,
    "log": log,
    "boxcox": boxcox,
}
