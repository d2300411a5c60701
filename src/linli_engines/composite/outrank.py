"""Rules that compare units with units: outranking matrix, Copeland, Borda, TOPSIS."""

from __future__ import annotations

import numpy as np

from linli_engines.composite.panel import Floats


def outranking(x: Floats, weights: Floats) -> Floats:
    """Weight of the children in which the row's unit beats the column's; ties give half to each; 0 on the diagonal.

    `x` (units, children) with more always better, `weights` (children) of any sum above 0, or (replicates, children).
    A unit with a gap has NaN in its row and column, on the diagonal too.
    """
    share = np.atleast_2d(weights) / np.atleast_2d(weights).sum(axis=1, keepdims=True)
    beats = (x[:, None] > x[None]) + 0.5 * (x[:, None] == x[None])
    n = len(x)
    matrix = (beats.reshape(n * n, -1) @ share.T).T.reshape(-1, n, n)
    gap = np.isnan(x).any(axis=1)
    matrix[:, np.arange(n), np.arange(n)] = 0.0
    matrix[:, gap] = np.nan
    matrix[:, :, gap] = np.nan
    found: Floats = matrix if weights.ndim == 2 else matrix[0]
    return found


def dominances(matrix: Floats) -> int:
    """Pairs in which one unit is better in everything (weight 1)."""
    return int(np.sum(matrix >= 1 - 1e-12))


def copeland(matrix: Floats) -> Floats:
    """Units beaten less units lost to, from (..., units, units); a tie counts nothing; NaN for a unit with a gap."""
    with np.errstate(invalid="ignore"):
        margin = matrix - np.swapaxes(matrix, -1, -2)
        sign = np.where(np.isnan(margin), 0.0, np.where(np.abs(margin) < 1e-12, 0.0, np.sign(margin)))
    gap = np.isnan(np.diagonal(matrix, axis1=-2, axis2=-1))
    return np.where(gap, np.nan, sign.sum(axis=-1))


def profile_matrix(profile: dict[str, float], names: str) -> Floats:
    """Votes for the row over the column, from orders such as {"abcd": 3, "bdca": 7}."""
    votes = np.zeros((len(names), len(names)))
    for order, count in profile.items():
        for i, better in enumerate(order):
            for worse in order[i + 1 :]:
                votes[names.index(better), names.index(worse)] += count
    return votes


def borda(votes: Floats) -> Floats:
    """n - 1 points for a first place down to 0 for the last: the row sums of the matrix of votes."""
    found: Floats = np.asarray(votes).sum(axis=1)
    return found


def topsis(x: Floats, weights: Floats) -> Floats:
    """Closeness to the best and away from the worst of each child, in [0, 1] (Hwang and Yoon 1981), by vector norms.

    `x` (units, children), more always better; `weights` (children) or (replicates, children). NaN for a unit with a gap;
    0.5 for all if the units are the same.
    """
    share = np.atleast_2d(weights) / np.atleast_2d(weights).sum(axis=1, keepdims=True)
    norm = np.sqrt(np.nansum(x * x, axis=0))
    y = x / np.where(norm > 0, norm, 1.0)
    whole = ~np.isnan(y).any(axis=1)
    found = np.full((len(share), len(x)), np.nan)
    if whole.any():
        top, low = y[whole].max(axis=0), y[whole].min(axis=0)
        square = share * share
        far = np.sqrt(square @ ((top - y[whole]) ** 2).T)
        near = np.sqrt(square @ ((y[whole] - low) ** 2).T)
        span = far + near
        found[:, whole] = np.where(span > 0, near / np.where(span > 0, span, 1.0), 0.5)
    result: Floats = found if weights.ndim == 2 else found[0]
    return result
