"""Weighted quasi-arithmetic means over many replicates at once, with gaps handled by weight and never as zero."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from linli_engines.composite.panel import Floats

SLACK = 1e-12


@dataclass(frozen=True, slots=True)
class Mean:
    """M = inverse(sum of w f(x)); `positive`: f needs x > 0; `slope` is f'."""

    name: str
    forward: Callable[[Floats], Floats]
    inverse: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    positive: bool


def mean_of(method: str, power: float) -> Mean:
    """The mean of that name; a power of 1, 0 and -1 is the arithmetic, geometric and harmonic one."""
    if method == "arithmetic" or (method == "power" and power == 1):
        return Mean("arithmetic", lambda x: x, lambda x: x, np.ones_like, False)
    if method == "geometric" or (method == "power" and power == 0):
        return Mean("geometric", np.log, np.exp, lambda x: 1 / x, True)
    if method == "harmonic":
        power = -1.0
    return Mean(
        "power",
        lambda x: x**power,
        lambda y: y ** (1 / power),
        lambda x: power * x ** (power - 1),
        True,
    )


def weighted(columns: Sequence[Floats], weights: Floats, mean: Mean, coverage: float) -> Floats:
    """Columns of shape (replicates or 1, rows), weights (replicates or 1, children) or, absolute and for each row,
    (1, rows, children). Returns (replicates or 1, rows); NaN where less than `coverage` of the weight is present.
    """
    if weights.ndim == 3:
        return _absolute(columns, weights, coverage)
    share = weights / weights.sum(axis=1, keepdims=True)
    if all(column.shape[0] == 1 for column in columns):
        return _fixed(np.stack([column[0] for column in columns], axis=1), share, mean, coverage)
    total: Floats | None = None
    held: Floats | None = None
    for j, column in enumerate(columns):
        w = share[:, j : j + 1]
        term = w * mean.forward(column)
        gap = np.isnan(term)
        if held is not None or gap.any():
            if held is None:
                held = np.broadcast_to(share[:, :j].sum(axis=1, keepdims=True), term.shape).copy()
            there = ~np.isnan(column)
            term = np.where(there, term, 0.0)
            held = held + w * there
        total = term if total is None else total + term
    assert total is not None
    return _closed(total, held, mean, coverage)


def _fixed(x: Floats, share: Floats, mean: Mean, coverage: float) -> Floats:
    """All children the same in every replicate: one matrix product."""
    gaps = np.isnan(x)
    y = mean.forward(x)
    if not gaps.any():
        return _closed(share @ y.T, None, mean, coverage)
    return _closed(share @ np.where(gaps, 0.0, y).T, share @ (~gaps).T.astype(float), mean, coverage)


def _closed(total: Floats, held: Floats | None, mean: Mean, coverage: float) -> Floats:
    if held is None:
        return mean.inverse(total)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = mean.inverse(total / held)
    enough = (held >= coverage - SLACK) & (held > 0)
    return np.where(enough, found, np.nan)


def _absolute(columns: Sequence[Floats], weights: Floats, coverage: float) -> Floats:
    """Benefit of the doubt: the weights are each row's own and are not brought to a sum of one. A gap has weight NaN."""
    x = np.stack(np.broadcast_arrays(*columns), axis=2)
    gaps = np.isnan(x)
    total = np.where(gaps, 0.0, x * weights).sum(axis=2)
    lost = gaps.mean(axis=2)
    enough = (1 - lost >= coverage - SLACK) & (lost < 1)
    return np.where(enough & ~np.isnan(weights).all(axis=2), total, np.nan)
