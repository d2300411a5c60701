"""The uncertainty and sensitivity of a result: which replicates run, and what is kept of them as JSON. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linli_engines.composite import (
    Choice,
    Cloud,
    Indices,
    MeanShift,
    Noise,
    Range,
    Result,
    Study,
    UnitRank,
    acceptability,
    beats,
    indices,
    patched,
    rank_table,
)
from linli_engines.composite.factors import chosen, points
from linli_engines.composite.sensitivity import Target

Factor = Choice | Range | Noise
REPLICATES = 8_192  # a power of two keeps the balance of Sobol points
SEED = 20_110_901
SAMPLED = 1_024
LEVEL = 0.9
ENOUGH = 64
"""Replicates that an interval of scores needs at least."""
DIGITS = 10
"""Kept numbers are rounded to so many significant digits: enough to print, the rest differs between processors."""


def study_of(result: Result, factors: Sequence[Factor]) -> Study:
    """The replicates of the last year of a result. Raises Refused: an impossible combination, before any runs."""
    return Study(result.panel, result.framework, result.scenario, tuple(factors), result.panel.years[-1])


def cloud_of(study: Study, replicates: int = REPLICATES) -> Cloud:
    """All replicates (a power of two). Raises Refused."""
    return study.run(points(replicates, sum(study.widths), SEED))


def summary(cloud: Cloud) -> dict[str, Any]:
    """Intervals, acceptability and pairs, by unit; null where a unit is never ranked.

    Intervals of scores come from the replicates that keep the nominal normalisation: a z-score and a min-max value have
    no scale in common. `same_scale` says how many those are; below ENOUGH there is no interval.
    """
    table = rank_table(cloud, LEVEL)
    alike = same_scale(cloud)
    ends = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    scores = cloud.scores[cloud.node][alike] if alike.sum() >= ENOUGH else np.full((1, len(cloud.units)), np.nan)
    seen = ~np.isnan(scores).all(axis=0)
    spread = np.full((2, len(cloud.units)), np.nan)
    spread[:, seen] = np.nanquantile(scores[:, seen], ends, axis=0)
    return {
        "year": cloud.year,
        "replicates": len(cloud.ranks),
        "seed": SEED,
        "level": LEVEL,
        "units": list(table.units),
        "nominal": _list(table.nominal),
        "mean": _list(table.mean),
        "median": _list(table.median),
        "low": _list(table.low),
        "high": _list(table.high),
        "score_low": _list(spread[0]),
        "score_high": _list(spread[1]),
        "same_scale": int(alike.sum()),
        "acceptability": [_list(row) for row in acceptability(cloud)],
        "beats": [_list(row) for row in beats(cloud)],
    }


def same_scale(cloud: Cloud) -> NDArray[np.bool_]:
    """Which replicates are normalised as the nominal result is."""
    study, start = cloud.study, 0
    found = np.ones(len(cloud.ranks), dtype=bool)
    for factor, width in zip(study.factors, study.widths, strict=True):
        column = cloud.design[:, start]
        start += width
        if isinstance(factor, Range):
            found &= not factor.path.startswith("normalise")
        elif isinstance(factor, Choice):
            kept = [
                patched(study.scenario, option.patch).normalise == study.scenario.normalise for option in factor.options
            ]
            found &= np.array(kept)[chosen(factor, np.asarray(column, dtype=float))]
    return found


def sensitivity(study: Study, cloud: Cloud) -> dict[str, Any]:
    """Sobol indices of the factors: of the mean shift of ranks, and of every unit that is always ranked.

    Raises Refused.
    """
    always = [u for i, u in enumerate(cloud.units) if (cloud.ranks[:, i] > 0).all()]
    targets: list[Target] = [MeanShift(), *(UnitRank(u) for u in always)]
    found = indices(study, targets, n=SAMPLED, seed=SEED)
    return {"targets": ["", *always], **_indices(found)}


def _indices(found: Indices) -> dict[str, Any]:
    """Arrays as nested lists [factor][target]; intervals [low, high]."""
    body: dict[str, Any] = {
        "factors": list(found.names),
        "exact": found.exact,
        "runs": found.runs,
        "first": [_list(row) for row in found.first],
        "total": [_list(row) for row in found.total],
        "variance": _list(found.variance),
    }
    if found.first_interval is not None and found.total_interval is not None:
        body["first_interval"] = [[_list(row) for row in end] for end in found.first_interval]
        body["total_interval"] = [[_list(row) for row in end] for end in found.total_interval]
    return body


def _list(values: Any) -> list[float | None]:
    return [_rounded(float(v)) for v in np.asarray(values, dtype=float)]


def _rounded(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return float(f"{value:.{DIGITS}g}")
