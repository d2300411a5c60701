"""Missing cells filled step by step, each cell with the mark of the way it was filled. Observed cells are never touched."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linli_engines.composite.errors import Problem
from linli_engines.composite.framework import Framework
from linli_engines.composite.panel import Floats, Status
from linli_engines.composite.scenario import Fill, Screen

Marks = NDArray[np.uint8]
GROUPED = ("group_mean", "group_median")


@dataclass(frozen=True, eq=False)
class _Table:
    """Values (years, units, indicators) as they are before this step, and what a way of filling may look at."""

    values: Floats
    years: Sequence[int]
    framework: Framework
    groups: Mapping[str, Sequence[str]]


def screen(
    values: Floats, framework: Framework, years: Sequence[int], units: Sequence[str], how: Screen
) -> tuple[Floats, Marks, list[Problem]]:
    """Cells of units below the share of observed cells become EXCLUDED in that year, the indicators below theirs are
    named. Returns values with NaN there, marks, notes.
    """
    there = ~np.isnan(values)
    marks = there.astype(np.uint8)
    notes: list[Problem] = []
    share = there.mean(axis=2)
    left_out = share < how.unit_share
    if left_out.any():
        where = tuple(f"{units[u]}, {years[y]}: {share[y, u]:.0%}" for y, u in np.argwhere(left_out))
        notes.append(Problem("UNIT_SCREENED", "left out: too few observed cells", where, stops=False))
        values = values.copy()
        values[left_out] = np.nan
        marks[left_out] = Status.EXCLUDED
    kept = ~left_out
    if how.indicator_share > 0 and kept.any():
        by_indicator = there[kept].mean(axis=0)
        thin = tuple(
            f"{c}: {s:.0%}" for c, s in zip(framework.leaves, by_indicator, strict=True) if s < how.indicator_share
        )
        if thin:
            notes.append(Problem("INDICATOR_THIN", "fewer observed cells than asked for", thin, stops=False))
    return values, marks, notes


def impute(
    values: Floats,
    marks: Marks,
    years: Sequence[int],
    framework: Framework,
    groups: Mapping[str, Sequence[str]],
    steps: Sequence[Fill],
) -> tuple[Floats, Marks]:
    """Each step sees what is observed, not what an earlier step has filled, and fills only cells that are still MISSING."""
    table = _Table(values, years, framework, groups)
    out, kinds = values.copy(), marks.copy()
    for step in steps:
        open_cells = kinds == Status.MISSING
        if not open_cells.any():
            break
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing is NaN: the cell stays missing
            offer = FILLS[step.method](table, step)
        use = open_cells & ~np.isnan(offer)
        out[use] = offer[use]
        kinds[use] = Status[step.method.upper()]
    return out, kinds


def _mean(t: _Table, _: Fill) -> Floats:
    return np.broadcast_to(np.nanmean(t.values, axis=1, keepdims=True), t.values.shape)


def _median(t: _Table, _: Fill) -> Floats:
    return np.broadcast_to(np.nanmedian(t.values, axis=1, keepdims=True), t.values.shape)


def _grouped(t: _Table, step: Fill, centre: Callable[..., Floats]) -> Floats:
    labels = np.array(t.groups[step.group])
    offer = np.full_like(t.values, np.nan)
    for label in dict.fromkeys(t.groups[step.group]):
        at = labels == label
        offer[:, at] = centre(t.values[:, at], axis=1, keepdims=True)
    return offer


def _row(t: _Table, step: Fill) -> Floats:
    """The mean of the unit's other indicators, all as oriented min-max values of that year, brought back to the scale."""
    signs = np.array([i.direction for i in t.framework.indicators])
    x = t.values * signs
    low, high = np.nanmin(x, axis=1, keepdims=True), np.nanmax(x, axis=1, keepdims=True)
    y = (x - low) / (high - low)
    if step.among == "siblings":
        mean = np.full_like(y, np.nan)
        parents = np.array([i.parent for i in t.framework.indicators])
        for parent in dict.fromkeys(parents.tolist()):
            at = parents == parent
            mean[..., at] = np.nanmean(y[..., at], axis=2, keepdims=True)
    else:
        mean = np.broadcast_to(np.nanmean(y, axis=2, keepdims=True), y.shape)
    back: Floats = (low + mean * (high - low)) * signs
    return back


def _carry(t: _Table, step: Fill) -> Floats:
    """The last value of an earlier year, no older than `max_gap` years."""
    offer = np.full_like(t.values, np.nan)
    last = np.full(t.values.shape[1:], np.nan)
    when = np.full(t.values.shape[1:], -np.inf)
    for y, year in enumerate(t.years):
        fresh = year - when <= (np.inf if step.max_gap is None else step.max_gap)
        offer[y] = np.where(fresh, last, np.nan)
        there = ~np.isnan(t.values[y])
        last = np.where(there, t.values[y], last)
        when = np.where(there, year, when)
    return offer


def _interpolate(t: _Table, step: Fill) -> Floats:
    """On the straight line between the nearest earlier and later value; both at most `max_gap` years away."""
    limit = np.inf if step.max_gap is None else step.max_gap
    years = np.array(t.years, dtype=float)
    offer = np.full_like(t.values, np.nan)
    gaps = np.isnan(t.values)
    for u, i in np.argwhere(gaps.any(axis=0) & ~gaps.all(axis=0)):
        there = np.flatnonzero(~gaps[:, u, i])
        for y in np.flatnonzero(gaps[:, u, i]):
            k = int(np.searchsorted(there, y))
            if 0 < k < len(there):
                a, b = there[k - 1], there[k]
                if max(years[y] - years[a], years[b] - years[y]) <= limit:
                    part = (years[y] - years[a]) / (years[b] - years[a])
                    offer[y, u, i] = t.values[a, u, i] * (1 - part) + t.values[b, u, i] * part
    return offer


def _regression(t: _Table, step: Fill) -> Floats:
    """Least squares over all unit-years on the indicators that correlate best and are observed where the gap is."""
    flat = t.values.reshape(-1, t.values.shape[2])
    there = ~np.isnan(flat)
    offer = np.full_like(flat, np.nan)
    for i in np.flatnonzero(~there.all(axis=0)).tolist():
        order = _by_correlation(flat, there, i)
        for s in np.flatnonzero(~there[:, i]):
            chosen = [j for j in order if there[s, j]][: step.predictors]
            rows = there[:, i] & there[:, chosen].all(axis=1)
            if chosen and rows.sum() > len(chosen) + 1:
                design = np.column_stack((np.ones(rows.sum()), flat[rows][:, chosen]))
                beta = np.linalg.lstsq(design, flat[rows, i], rcond=None)[0]
                offer[s, i] = beta[0] + flat[s, chosen] @ beta[1:]
    return offer.reshape(t.values.shape)


def _by_correlation(flat: Floats, there: NDArray[np.bool_], i: int) -> list[int]:
    size: dict[int, float] = {}
    for j in range(flat.shape[1]):
        both = there[:, i] & there[:, j]
        if j == i or both.sum() < 4:
            continue
        x, y = flat[both, i], flat[both, j]
        spread = x.std() * y.std()
        if spread > 0:
            size[j] = abs(float(np.mean((x - x.mean()) * (y - y.mean())) / spread))
    return sorted(size, key=lambda j: -size[j])


FILLS: dict[str, Callable[[_Table, Fill], Floats]] = {
    "mean": _mean,
    "median": _median,
    "group_mean": lambda t, step: _grouped(t, step, np.nanmean),
    "group_median": lambda t, step: _grouped(t, step, np.nanmedian),
    "row": _row,
    "carry": _carry,
    "interpolate": _interpolate,
    "regression": _regression,
}
