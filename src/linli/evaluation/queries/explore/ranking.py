"""The order of units at one node in one year, with what the order hangs on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .subject import NodeLook, Subject, UnitLook, number

REASON_SHOWN = 4
SORTS = ("rank", "name", "low", "high", "change")


@dataclass(frozen=True, slots=True)
class RankingRow:
    """`rank` 0: no score, and `lacks` or `left_out` say why. `low` to `high`: 90 % of the replicates.

    `beats_next`: share of the replicates in which the unit stands before the one below it. `moved`: ranks gained since
    the year before (positive: up), None where there is none to compare.
    """

    unit: UnitLook
    rank: int
    tied: bool
    score: float | None
    low: float | None = None
    high: float | None = None
    median: float | None = None
    score_low: float | None = None
    score_high: float | None = None
    beats_next: float | None = None
    moved: int | None = None
    filled: int = 0
    lacks: tuple[NodeLook, ...] = ()
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """`intervals`: the study ranked this node, so that rows have them."""

    rows: tuple[RankingRow, ...]
    node: NodeLook
    year: int
    ranked: int
    intervals: bool
    top: float | None
    bottom: float | None
    unsure: int = 0

    @property
    def missing(self) -> int:
        return len(self.rows) - self.ranked


def ranking(subject: Subject, node: str = "", year: int | None = None, sort: str = "rank", label: str = "") -> Ranking:
    """All units, those without a score last. `label` "region:东部" keeps the units that carry it; ranks stay those
    among all.
    """
    r = subject.result
    code = node or r.framework.root
    year = r.panel.years[-1] if year is None else year
    scores, places = r.of(code, year), r.ranks_of(code, year)
    before = places_before(subject, code, year)
    spread = subject.spreads.get(year) if code == r.framework.root else None
    order = sorted(range(len(places)), key=lambda u: (places[u] == 0, places[u], u))
    below = {a: b for a, b in pairwise(order) if places[b] > 0}
    rows = []
    for u in order:
        unit, at = r.panel.units[u], spread.at(r.panel.units[u]) if spread else None
        rank = int(places[u])
        missing = subject.missing_under(unit, code, year) if not rank else ()
        known = spread is not None and at is not None and rank > 0
        rows.append(
            RankingRow(
                unit=subject.unit(unit),
                rank=rank,
                tied=rank > 0 and int((places == rank).sum()) > 1,
                score=number(scores[u]),
                low=number(spread.low[at]) if known else None,  # type: ignore[union-attr,index]
                high=number(spread.high[at]) if known else None,  # type: ignore[union-attr,index]
                median=number(spread.median[at]) if known else None,  # type: ignore[union-attr,index]
                score_low=number(spread.score_low[at]) if known else None,  # type: ignore[union-attr,index]
                score_high=number(spread.score_high[at]) if known else None,  # type: ignore[union-attr,index]
                beats_next=spread.beats_of(unit, r.panel.units[below[u]]) if spread and u in below else None,
                moved=before[unit] - rank if rank and before.get(unit) else None,
                filled=filled_under(subject, unit, code, year),
                lacks=tuple(subject.node(c) for c in missing[:REASON_SHOWN]),
                left_out=not rank and subject.left_out(unit, year),
            )
        )
    ranked = int((places > 0).sum())
    there = scores[~np.isnan(scores)]
    kept = [row for row in rows if has_label(row.unit, label)]
    return Ranking(
        tuple(sorted_rows(kept, sort)),
        subject.node(code),
        year,
        ranked,
        spread is not None,
        float(there.max()) if len(there) else None,
        float(there.min()) if len(there) else None,
        sum(1 for row in rows if row.beats_next is not None and row.beats_next < 0.9),
    )


def places_before(subject: Subject, code: str, year: int) -> dict[str, int]:
    """Ranks in the year before in the same result; empty for the first."""
    r = subject.result
    y = r.year_at(year)
    if y == 0:
        return {}
    places = r.ranks_of(code, r.panel.years[y - 1])
    return {unit: int(p) for unit, p in zip(r.panel.units, places, strict=True) if p > 0}


def filled_under(subject: Subject, unit: str, code: str, year: int) -> int:
    """How many of the indicators below a node were filled, not observed, for the unit."""
    r = subject.result
    marks = r.status[r.year_at(year), r.unit_at(unit)]
    under = set(r.framework.under(code))
    return sum(1 for i, leaf in enumerate(r.framework.leaves) if leaf in under and marks[i] >= 10)


def has_label(unit: UnitLook, label: str) -> bool:
    if not label:
        return True
    name, _, value = label.partition(":")
    return unit.labels.get(name) == value


def labels(subject: Subject) -> dict[str, list[str]]:
    """Label names with their values, in the order in which units bring them."""
    found: dict[str, dict[str, None]] = {}
    for unit in subject.result.panel.units:
        for name, value in subject.unit(unit).labels.items():
            if value:
                found.setdefault(name, {})[value] = None
    return {name: list(values) for name, values in found.items() if len(values) > 1}


def sorted_rows(rows: list[RankingRow], sort: str) -> list[RankingRow]:
    """Units without a score stay last, whatever the order."""
    if sort == "name":
        return sorted(rows, key=lambda row: (row.rank == 0, row.unit.code))
    if sort == "low":
        return sorted(rows, key=lambda row: (row.rank == 0, row.low or row.rank, row.rank))
    if sort == "high":
        return sorted(rows, key=lambda row: (row.rank == 0, row.high or row.rank, row.rank))
    if sort == "change":
        return sorted(rows, key=lambda row: (row.rank == 0, -(row.moved or 0), row.rank))
    return rows
