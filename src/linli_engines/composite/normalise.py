"""Columns on one scale. Direction is applied here, once, before anything else is done to a column.

Orientation: `sign` methods see direction x value; `reciprocal` methods see value or 1 / value. After that, more is better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linli_engines.composite.errors import Problem, refuse, stop_on
from linli_engines.composite.framework import Framework
from linli_engines.composite.panel import Floats
from linli_engines.composite.scenario import Base, Normalise


@dataclass(frozen=True, slots=True)
class Anchors:
    """Reference values of a column, shapes (years or 1, 1, columns), oriented."""

    low: Floats
    high: Floats
    mean: Floats
    sd: Floats


@dataclass(frozen=True, slots=True)
class Method:
    """`orient`: sign or reciprocal. `spread`: undefined where all values are equal. `ranks`: needs the units beside it."""

    orient: str
    scale: tuple[float, float] | None
    spread: bool = False
    ranks: bool = False
    can_be_zero: bool = False


METHODS: dict[str, Method] = {
    "minmax": Method("sign", (0.0, 100.0), spread=True, can_be_zero=True),
    "goalposts": Method("sign", (0.0, 100.0), can_be_zero=True),
    "zscore": Method("sign", (0.0, 1.0), spread=True, can_be_zero=True),
    "rank": Method("sign", None, ranks=True),
    "borda": Method("sign", None, ranks=True, can_be_zero=True),
    "percentile": Method("sign", (0.0, 100.0), ranks=True),
    "percentrank": Method("sign", (0.0, 1.0), ranks=True, can_be_zero=True),
    "categorical": Method("sign", None, ranks=True, can_be_zero=True),
    "above_below": Method("reciprocal", None, can_be_zero=True),
    "ratio_mean": Method("reciprocal", (0.0, 1.0)),
    "ratio_best": Method("reciprocal", (0.0, 1.0)),
    "ratio_worst": Method("reciprocal", (0.0, 1.0)),
    "diff_mean": Method("reciprocal", (0.0, 1.0), can_be_zero=True),
    "diff_worst": Method("reciprocal", (0.0, 1.0), can_be_zero=True),
}
CATEGORIES = ((0.05, 0.0), (0.15, 20.0), (0.35, 40.0), (0.65, 50.0), (0.85, 60.0), (0.95, 80.0), (1.0, 100.0))
"""Share of units up to here, score: the Handbook's example of a categorical scale (table 15)."""


@dataclass(frozen=True, eq=False)
class Normalised:
    """`values` (years, units, indicators) with more always better; `anchors` in oriented units; the method by column."""

    values: Floats
    anchors: Anchors
    methods: tuple[str, ...]
    orientation: tuple[str, ...]


def oriented(values: Floats, directions: NDArray[np.int64], ways: Sequence[str]) -> Floats:
    """The one place where a direction acts: -x for a sign method, 1 / x for a reciprocal one, x where more is better."""
    out = values.copy()
    down = directions < 0
    by_sign = down & (np.array(ways) == "sign")
    by_ratio = down & (np.array(ways) == "reciprocal")
    out[..., by_sign] = -values[..., by_sign]
    out[..., by_ratio] = 1.0 / values[..., by_ratio]
    return out


def methods_of(framework: Framework, how: Normalise) -> tuple[str, ...]:
    return tuple(how.at.get(code, how.method) for code in framework.leaves)


def normalise(
    values: Floats, framework: Framework, years: Sequence[int], how: Normalise, units: Sequence[str] = ()
) -> Normalised:
    """Raises Refused: all values of a column equal where the method needs spread, a value that is not positive where it
    needs ratios; both name the columns.
    """
    methods = methods_of(framework, how)
    ways = tuple(METHODS[m].orient for m in methods)
    stop_on(_unfit(values, framework, methods, ways, years, units))
    directions = np.array([i.direction for i in framework.indicators])
    x = oriented(values, directions, ways)
    anchors = anchors_of(x, years, how.base)
    _need_spread(anchors, methods, framework)
    out = np.empty_like(x)
    for name in dict.fromkeys(methods):
        at = np.array([m == name for m in methods])
        part = Anchors(*(a[..., at] for a in (anchors.low, anchors.high, anchors.mean, anchors.sd)))
        if name == "goalposts":
            posts = [i.goalposts for i in framework.indicators if how.at.get(i.code, how.method) == name]
            part = _posts([p for p in posts if p], directions[at], part)
        out[..., at] = _scaled(name, x[..., at], part, how, years)
    return Normalised(out, anchors, methods, ways)


def anchors_of(x: Floats, years: Sequence[int], base: Base) -> Anchors:
    """Low, high, mean and standard deviation (n - 1) of each column over the base."""
    block = _base(x, years, base)
    gaps = np.isnan(block)
    count = np.sum(~gaps, axis=1, keepdims=True)
    whole = not gaps.any()
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (block if whole else np.where(gaps, 0.0, block)).sum(axis=1, keepdims=True) / count
        square = (block - mean) ** 2
        sd = np.sqrt((square if whole else np.where(gaps, 0.0, square)).sum(axis=1, keepdims=True) / (count - 1))
    low = np.where(gaps, np.inf, block).min(axis=1, keepdims=True)
    high = np.where(gaps, -np.inf, block).max(axis=1, keepdims=True)
    low[count == 0] = high[count == 0] = np.nan
    return Anchors(low, high, mean, sd)


def _base(x: Floats, years: Sequence[int], base: Base) -> Floats:
    if base == "each":
        return x
    if base == "pooled":
        return x.reshape(1, -1, x.shape[2])
    if base not in years:
        raise refuse("BASE_YEAR", "the base year is not in the panel", str(base))
    y = list(years).index(int(base))
    return x[y : y + 1]


def _unfit(
    values: Floats,
    framework: Framework,
    methods: Sequence[str],
    ways: Sequence[str],
    years: Sequence[int],
    units: Sequence[str],
) -> list[Problem]:
    bad = (values <= 0) & (np.array(ways) == "reciprocal")
    if not bad.any():
        return []
    names = units or [str(u) for u in range(values.shape[1])]
    where = tuple(f"{names[u]}, {years[y]}, {framework.leaves[i]}" for y, u, i in np.argwhere(bad))
    used = ", ".join(dict.fromkeys(m for m, way in zip(methods, ways, strict=True) if way == "reciprocal"))
    return [Problem("RATIO_NOT_POSITIVE", f"{used} asks for values above 0", where)]


def _need_spread(anchors: Anchors, methods: Sequence[str], framework: Framework) -> None:
    level: list[bool] = np.any(anchors.high <= anchors.low, axis=(0, 1)).tolist()
    flat = [c for c, m, same in zip(framework.leaves, methods, level, strict=True) if same and METHODS[m].spread]
    if flat:
        raise refuse("NO_SPREAD", "all values are equal (or there is one): this normalisation is undefined", *flat)


def _posts(posts: list[tuple[float, float]], directions: NDArray[np.int64], anchors: Anchors) -> Anchors:
    ends = np.array(posts).T
    low, high = np.where(directions > 0, ends, -ends[::-1])
    return Anchors(low[None, None], high[None, None], anchors.mean, anchors.sd)


def _scaled(name: str, x: Floats, a: Anchors, how: Normalise, years: Sequence[int]) -> Floats:
    if METHODS[name].ranks:
        y = _by_rank(name, x, how)
    else:
        y = _FORMULAS[name](x, a, how)
    scale = how.scale or METHODS[name].scale
    if scale is None or METHODS[name].scale is None:
        return y
    if name == "zscore":
        return scale[0] + scale[1] * y
    return scale[0] + (scale[1] - scale[0]) * y if scale != (0.0, 1.0) else y


def _goalposts(x: Floats, a: Anchors, how: Normalise) -> Floats:
    y: Floats = (x - a.low) / (a.high - a.low)
    return np.clip(y, 0.0, 1.0) if how.clip else y


def _above_below(x: Floats, a: Anchors, how: Normalise) -> Floats:
    ratio = x / a.mean
    sign = np.where(ratio > 1 + how.margin, 1.0, np.where(ratio < 1 - how.margin, -1.0, 0.0))
    return np.where(np.isnan(x), np.nan, sign)


_FORMULAS: dict[str, Callable[[Floats, Anchors, Normalise], Floats]] = {
    "minmax": lambda x, a, _: (x - a.low) / (a.high - a.low),
    "goalposts": _goalposts,
    "zscore": lambda x, a, _: (x - a.mean) / a.sd,
    "above_below": _above_below,
    "ratio_mean": lambda x, a, _: x / a.mean,
    "ratio_best": lambda x, a, _: x / a.high,
    "ratio_worst": lambda x, a, _: x / a.low,
    "diff_mean": lambda x, a, _: (x - a.mean) / a.mean,
    "diff_worst": lambda x, a, _: (x - a.low) / a.low,
}


def _by_rank(name: str, x: Floats, how: Normalise) -> Floats:
    """Rank 1 is the worst; equal values share the lower rank."""
    flat = x.reshape(1, -1, x.shape[2]) if how.base == "pooled" else x
    from scipy import stats  # slow to load

    rank = stats.rankdata(flat, method="min", axis=1, nan_policy="omit")
    rank = np.where(np.isnan(flat), np.nan, rank)
    count = np.sum(~np.isnan(flat), axis=1, keepdims=True)
    share = rank / count
    if name == "rank":
        y = rank
    elif name == "borda":
        y = rank - 1
    elif name == "percentrank":
        y = (rank - 1) / np.maximum(count - 1, 1)
    elif name == "percentile":
        y = share
    else:
        cuts = np.array([cut for cut, _ in CATEGORIES])
        marks = np.array([mark for _, mark in CATEGORIES])
        y = np.where(np.isnan(share), np.nan, marks[np.minimum(np.searchsorted(cuts, share - 1e-12), len(cuts) - 1)])
    return y.reshape(x.shape)
