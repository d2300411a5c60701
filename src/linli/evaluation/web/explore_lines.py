"""Rows of the ranking as a page draws them: intervals as places on a strip 100 wide, words for what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..charts.ranked import rank_words
from ..charts.svg import number
from ..queries.explore import Ranking, RankingRow
from . import explore_words as words
from .explore_asked import Looking


@dataclass
class Line:
    """`bar`: (from, width, mark) of the interval in hundredths; of ranks where ranks are printed, else of scores."""

    row: RankingRow
    bar: tuple[str, str, str] | None
    interval: str
    why: str
    said: str
    step: int | None = None
    score_place: str = ""
    moved: str = ""
    moved_kind: str = ""
    sure: str = ""


def band(place: float | None) -> str:
    """A place from 0 to 1 as a coordinate from 0 to 100."""
    return "" if place is None else f"{100 * min(max(place, 0.0), 1.0):.1f}"


def lines(found: Ranking, at: Looking) -> list[Line]:
    ranked = at.may_rank(found.node.code)
    count = max(len(at.subject.result.panel.units), 2)
    there = [v for row in found.rows for v in (row.score, row.score_low, row.score_high) if v is not None]
    low, high = (min(there), max(there)) if there else (0.0, 1.0)
    return [_line(row, ranked, count, low, high) for row in found.rows]


def _line(row: RankingRow, ranked: bool, count: int, low: float, high: float) -> Line:
    bar, interval = None, ""

    def of_rank(v: float) -> float:
        return (v - 1) / (count - 1)

    def of_score(v: float) -> float:
        return (v - low) / (high - low) if high > low else 0.5

    if ranked and row.low is not None and row.high is not None:
        bar = _bar(of_rank(row.low), of_rank(row.high), of_rank(row.rank))
        interval = rank_words(row.low, row.high)
    elif not ranked and row.score_low is not None and row.score_high is not None and row.score is not None:
        bar = _bar(of_score(row.score_low), of_score(row.score_high), of_score(row.score))
        interval = f"{number(row.score_low)}–{number(row.score_high)}"
    said = number(row.score) if row.score is not None else _("数据不足")
    why = "" if row.rank else words.why_missing(row)
    place = band(of_score(row.score)) if row.score is not None else ""
    kind = "" if not row.moved else "up" if row.moved > 0 else "down"
    return Line(row, bar, interval, why, said, None, place, moved_words(row.moved), kind, sure_words(row.beats_next))


def moved_words(moved: int | None) -> str:
    """↑3, ↓2, 持平; nothing where there is nothing to compare."""
    if moved is None:
        return ""
    return f"↑{moved}" if moved > 0 else f"↓{-moved}" if moved < 0 else _("持平")


def sure_words(share: float | None) -> str:
    """A probability as a percentage that is never rounded up to certainty."""
    if share is None:
        return ""
    return ">99%" if 0.995 <= share < 1 else "<1%" if 0 < share < 0.005 else f"{100 * share:.0f}%"


def _bar(start: float, end: float, mark: float) -> tuple[str, str, str]:
    width = max(1.2, 100 * (end - start))
    return f"{min(100 * start, 98.8):.1f}", f"{width:.1f}", f"{100 * mark:.1f}"
