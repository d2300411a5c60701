"""Ranks that know ties, bands with fixed cuts, levels by spread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linli_engines.composite.errors import refuse
from linli_engines.composite.panel import Floats

Ints = NDArray[np.int64]
SMALLEST = 1e-300


def ranks(scores: Floats, tolerance: float = 1e-9) -> Ints:
    """Rank 1 is the highest; 0 stands for a missing score. Shape (..., units) in and out.

    In falling order, a score within `tolerance` x the row's largest absolute score of the one before it shares its rank:
    the order of equal units then does not hang on the last bit.
    """
    flat = np.asarray(scores, dtype=float).reshape(-1, np.shape(scores)[-1])
    order = np.argsort(-flat, axis=1)  # NaN last
    falling = np.take_along_axis(flat, order, axis=1)
    gaps = np.isnan(falling)
    holes = bool(gaps.any())
    size = (
        np.where(gaps, 0.0, np.abs(falling)).max(axis=1, keepdims=True)
        if holes
        else np.abs(falling[:, [0, -1]]).max(axis=1, keepdims=True)
    )
    new = np.ones(flat.shape, dtype=bool)
    with np.errstate(invalid="ignore"):
        new[:, 1:] = falling[:, :-1] - falling[:, 1:] > tolerance * np.maximum(size, SMALLEST)
    place = np.where(new, np.arange(1, flat.shape[1] + 1, dtype=np.int64), 0)
    np.maximum.accumulate(place, axis=1, out=place)
    if holes:
        place[gaps] = 0
    out = np.empty_like(place)
    np.put_along_axis(out, order, place, axis=1)
    return out.reshape(np.shape(scores))


def bands(scores: Floats, cuts: Sequence[float]) -> Ints:
    """Band 0 below the first cut, 1 from it up to the second, and so on; -1 for a missing score."""
    if list(cuts) != sorted(set(cuts)):
        raise refuse("CUTS", "cuts must rise")
    found = np.searchsorted(np.asarray(cuts, dtype=float), scores, side="right")
    return np.where(np.isnan(scores), -1, found).astype(np.int64)


def levels(scores: Floats, count: int = 4, how: str = "quantile") -> tuple[Ints, Floats]:
    """Levels from 0 (lowest) and the cuts between them, over a row of scores. `how`: "quantile" (as many units in each),
    "width" (equal steps from lowest to highest), "spread" (mean and standard deviations around it).
    """
    there = scores[~np.isnan(scores)]
    if count < 2 or not len(there):
        raise refuse("LEVELS", "levels need two steps and one score")
    if how == "quantile":
        cuts = np.quantile(there, np.arange(1, count) / count)
    elif how == "width":
        cuts = np.linspace(there.min(), there.max(), count + 1)[1:-1]
    elif how == "spread":
        cuts = there.mean() + there.std() * (np.arange(1, count) - count / 2)
    else:
        raise refuse("LEVELS", "levels are by quantile, width or spread", how)
    cuts = np.unique(cuts)
    return bands(scores, cuts.tolist()), cuts
