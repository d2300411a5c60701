"""What the replicates say about each unit: intervals, how often it takes each rank, how often it stands before another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linli_engines.composite.errors import refuse
from linli_engines.composite.panel import Floats
from linli_engines.composite.study import Cloud


@dataclass(frozen=True, eq=False)
class RankTable:
    """One entry for each unit; NaN where a unit is never ranked. `low` and `high` are the quantiles asked for."""

    units: tuple[str, ...]
    nominal: Floats
    mean: Floats
    median: Floats
    low: Floats
    high: Floats
    score_low: Floats
    score_high: Floats


def rank_table(cloud: Cloud, level: float = 0.9) -> RankTable:
    """Intervals that hold `level` of the replicates, between quantiles by linear interpolation."""
    if not 0 < level < 1:
        raise refuse("LEVEL", "an interval holds a share between 0 and 1")
    ends = ((1 - level) / 2, (1 + level) / 2)
    ranked = cloud.ranks > 0
    scores = cloud.scores[cloud.node]
    if ranked.all():
        places = cloud.ranks.astype(float)
        low, median, high = np.quantile(places, (ends[0], 0.5, ends[1]), axis=0)
        mean = places.mean(axis=0)
        score_low, score_high = np.quantile(scores, ends, axis=0)
    else:
        columns = [
            _column(cloud.ranks[ranked[:, u], u], scores[ranked[:, u], u], ends) for u in range(len(cloud.units))
        ]
        mean, low, median, high, score_low, score_high = np.array(columns).T
    nominal = np.where(cloud.nominal_ranks > 0, cloud.nominal_ranks, np.nan)
    return RankTable(cloud.units, nominal, mean, median, low, high, score_low, score_high)


def _column(places: Floats, scores: Floats, ends: tuple[float, float]) -> list[float]:
    if not len(places):
        return [np.nan] * 6
    low, median, high = np.quantile(places, (ends[0], 0.5, ends[1]))
    return [float(v) for v in (places.mean(), low, median, high, *np.quantile(scores, ends))]


def acceptability(cloud: Cloud) -> Floats:
    """(units, ranks): share of the replicates in which the unit takes the rank; ties share the lower number. The rows
    of units that are always ranked add up to 1 (Lahdelma and Salminen 2001).
    """
    count = len(cloud.units)
    key = np.arange(count) * (count + 1) + cloud.ranks
    found = np.bincount(key.ravel(), minlength=count * (count + 1)).reshape(count, count + 1)
    shares: Floats = found[:, 1:] / len(cloud.ranks)
    return shares


def beats(cloud: Cloud) -> Floats:
    """(units, units): share of the replicates in which the row's unit has the better rank; a tie gives half to each.
    NaN where the two are never ranked together, and on the diagonal.
    """
    ranks = cloud.ranks.astype(np.int32)
    count = ranks.shape[1]
    wins = np.zeros((count, count))
    for u in range(count):
        own = ranks[:, [u]]
        both = (own > 0) & (ranks > 0)
        better = ((own < ranks) & both).sum(axis=0) + 0.5 * ((own == ranks) & both).sum(axis=0)
        together = both.sum(axis=0)
        wins[u] = np.where(together > 0, better / np.maximum(together, 1), np.nan)
    np.fill_diagonal(wins, np.nan)
    return wins
