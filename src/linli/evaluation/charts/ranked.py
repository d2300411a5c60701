"""Units below one another: scores with intervals, ranks with intervals, bars, shares of variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from .svg import (  # fmt: skip
    INK,
    INK2,
    INK3,
    LINE,
    MAIN,
    MINUS,
    SOFT,
    SURFACE,
    Drawing,
    Frame,
    Scale,
    cut,
    number,
    present,
    tick_words,
    ticks,
    wide,
)

STEP = 23.0
CLOSE = 20.0
"""Between rows where all provinces stand on one page."""


@dataclass(frozen=True, slots=True)
class Row:
    """`low` and `high` bound `value`; `rank` 0: none. `strong` is the one the page is about."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    rank: int = 0
    rank_low: float | None = None
    rank_high: float | None = None
    strong: bool = False
    note: str = ""


def rank_words(low: float | None, high: float | None) -> str:
    """A rank interval as people read it: whole numbers, one where both ends are the same."""
    if low is None or high is None or low != low or high != high:
        return "—"
    a, b = round(low), round(high)
    return f"{a}" if a == b else f"{a}–{b}"


def ranking(rows: Sequence[Row], frame: Frame, *, decimals: int = 1, head: str = "", ranked: bool = True,
            limits: tuple[float, float] | None = None) -> str:  # fmt: skip
    """Scores as dots with their intervals, in the order given; beside each its rank and rank interval. `ranked=False`
    (an experimental result) leaves both out. `limits` fixes the scale.
    """
    d = Drawing(frame)
    step = STEP if len(rows) <= 24 else CLOSE
    intervals = ranked and any(r.rank_low is not None for r in rows)
    left = (30 if ranked else 0) + min(max((wide(r.name, 12.5) for r in rows), default=40) + 10, frame.width * 0.34)
    last = 58 if intervals else 0
    plot = (left + 6, frame.width - last - 58)
    y0 = d.top + 34
    scale = _axis(d, rows, plot, y0, step * len(rows), limits)
    _heads(d, left, last, head or pgettext("figure", "得分"), ranked, intervals)
    for k, row in enumerate(rows):
        y = y0 + step * (k + 0.5)
        if k and k % 5 == 0:
            d.line(0, y - step / 2, frame.width, y - step / 2, stroke=LINE, width=0.8)
        if ranked:
            d.text(22, y + 4.5, str(row.rank) if row.rank else "—", size=12.5, anchor="end", fill=INK2, weight=700 if row.strong else 400)  # fmt: skip
        d.text(left, y + 4.5, cut(row.name, 12.5, left - (30 if ranked else 0)), size=12.5, anchor="end", weight=700 if row.strong else 400)  # fmt: skip
        _dot(d, row, scale, y, decimals)
        d.text(frame.width - last - 8, y + 4.5, number(row.value, decimals), size=12.5, anchor="end", weight=700 if row.strong else 400)  # fmt: skip
        if intervals:
            d.text(frame.width, y + 4.5, rank_words(row.rank_low, row.rank_high), size=12, anchor="end", fill=INK2)
    return d.svg(y0 + step * len(rows) + 6, "ranking")


def _heads(d: Drawing, left: float, last: float, head: str, ranked: bool, intervals: bool) -> None:
    y = d.top + 12
    if ranked:
        d.text(22, y, pgettext("figure", "位次"), size=10.5, anchor="end", fill=INK3)
    d.text(left, y, pgettext("figure", "地区"), size=10.5, anchor="end", fill=INK3)
    d.text(d.frame.width - last - 8, y, head, size=10.5, anchor="end", fill=INK3)
    if intervals:
        d.text(d.frame.width, y, pgettext("figure", "位次区间"), size=10.5, anchor="end", fill=INK3)


def _axis(d: Drawing, rows: Sequence[Row], plot: tuple[float, float], y0: float, height: float,
          limits: tuple[float, float] | None) -> Scale:  # fmt: skip
    """Light upright lines at round numbers; returns the scale."""
    there = present([v for r in rows for v in (r.value, r.low, r.high)])
    low, high = limits or ((min(there), max(there)) if there else (0.0, 1.0))
    marks = ticks(low, high, 3 if d.frame.narrow else 5)
    scale = Scale(marks[0], marks[-1], plot[0], plot[1])
    for mark, words in zip(marks, tick_words(marks), strict=True):
        d.line(scale(mark), y0 - 4, scale(mark), y0 + height, stroke=LINE, width=0.8)
        d.text(scale(mark), y0 - 9, words, size=10.5, anchor="middle", fill=INK3)
    return scale


def _dot(d: Drawing, row: Row, scale: Scale, y: float, decimals: int) -> None:
    if row.value is None or row.value != row.value:
        d.missing(scale.start, y + 4, row.note)
        return
    if row.low is not None and row.high is not None:
        d.line(scale(row.low), y, scale(row.high), y, stroke=SOFT, width=5, cap="round")
    said = f"{row.name} {number(row.value, decimals)}"
    if row.low is not None and row.high is not None:
        said += f" ({number(row.low, decimals)}–{number(row.high, decimals)})"
    d.circle(scale(row.value), y, 5 if row.strong else 4, fill=MAIN, stroke=SURFACE, width=1.2, title=said)


def rank_intervals(rows: Sequence[Row], frame: Frame, *, count: int = 0) -> str:
    """Ranks from 1 at the left; the band holds the replicates, the dot is the nominal rank."""
    d = Drawing(frame)
    count = count or len(rows)
    left = min(max((wide(r.name, 12.5) for r in rows), default=40) + 10, frame.width * 0.34)
    y0 = d.top + 26
    scale = Scale(1, max(count, 2), left + 14, frame.width - 64)
    for mark in sorted({1, *range(5, count + 1, 5), count}):
        if count - 2 < mark < count:
            continue
        d.line(scale(mark), y0 - 4, scale(mark), y0 + STEP * len(rows), stroke=LINE, width=0.8)
        d.text(scale(mark), y0 - 9, str(mark), size=10.5, anchor="middle", fill=INK3)
    for k, row in enumerate(rows):
        y = y0 + STEP * (k + 0.5)
        heavy = 700 if row.strong else 400
        d.text(left, y + 4.5, cut(row.name, 12.5, left), size=12.5, anchor="end", weight=heavy)
        if not row.rank:
            d.missing(scale.start, y + 4, row.note)
            continue
        if row.rank_low is not None and row.rank_high is not None:
            d.line(scale(row.rank_low), y, scale(row.rank_high), y, stroke=SOFT, width=7, cap="round")
        words = rank_words(row.rank_low, row.rank_high)
        d.circle(
            scale(row.rank), y, 4.5, fill=MAIN, stroke=SURFACE, width=1.2, title=f"{row.name} {row.rank} ({words})"
        )
        d.text(frame.width - 34, y + 4.5, str(row.rank), size=12.5, anchor="end", weight=heavy)
        d.text(frame.width, y + 4.5, words, size=11, anchor="end", fill=INK2)
    return d.svg(y0 + STEP * len(rows) + 6, "intervals")


def bars(rows: Sequence[Row], frame: Frame, *, decimals: int = 1, unit: str = "", signed: bool = False) -> str:
    """Bars from zero, to the left where the value is below it; the value stands at the end of its bar."""
    d = Drawing(frame)
    left = min(max((wide(r.name, 12.5) for r in rows), default=40) + 10, frame.width * 0.42)
    there = [0.0, *present([r.value for r in rows])]
    room = max((wide(number(r.value, decimals, signed), 12) for r in rows), default=20) + 12
    low, high = min(there), max(there)
    start = left + 6 + (room if low < 0 else 0)
    scale = Scale(low, high or (1.0 if low == 0 else 0.0), start, frame.width - room)
    y0 = d.top + (16 if unit else 2)
    if unit:
        d.text(frame.width, d.top + 11, _("单位：%(unit)s") % {"unit": unit}, size=10.5, anchor="end", fill=INK3)
    for k, row in enumerate(rows):
        y = y0 + STEP * (k + 0.5)
        heavy = 700 if row.strong else 400
        d.text(left, y + 4.5, cut(row.name, 12.5, left), size=12.5, anchor="end", weight=heavy)
        if row.value is None or row.value != row.value:
            d.missing(scale(0) + 6, y + 4, row.note)
            continue
        a, b = sorted((scale(0), scale(row.value)))
        words = number(row.value, decimals, signed)
        d.rect(a, y - 7, b - a, 14, fill=MINUS if row.value < 0 else MAIN if row.strong or not any(r.strong for r in rows) else SOFT, title=f"{row.name} {words}")  # fmt: skip
        if row.value < 0:
            d.text(a - 6, y + 4.5, words, anchor="end", weight=heavy)
        else:
            d.text(b + 6, y + 4.5, words, weight=heavy)
    d.line(scale(0), y0, scale(0), y0 + STEP * len(rows), stroke=INK3, width=1)
    return d.svg(y0 + STEP * len(rows) + 4, "bars")


def indices(rows: Sequence[tuple[str, float, float]], frame: Frame) -> str:
    """(factor, first order, total): how much of the spread hangs on each choice. The light end is what it does together
    with others.
    """
    d = Drawing(frame)
    left = min(max((wide(name, 12.5) for name, _f, _t in rows), default=40) + 10, frame.width * 0.4)
    top = max([1.0, *(max(f, t) for _n, f, t in rows)])
    scale = Scale(0, top, left + 8, frame.width - 92)
    y0 = d.top + 28
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        d.line(scale(share), y0 - 4, scale(share), y0 + 26 * len(rows), stroke=LINE, width=0.8)
        d.text(scale(share), y0 - 9, f"{share:.0%}", size=10.5, anchor="middle", fill=INK3)
    d.text(frame.width - 46, y0 - 9, pgettext("figure", "单独"), size=10.5, anchor="end", fill=INK3)
    d.text(frame.width, y0 - 9, pgettext("figure", "连同交互"), size=10.5, anchor="end", fill=INK3)
    for k, (name, first, total) in enumerate(rows):
        y = y0 + 26 * (k + 0.5)
        d.text(left, y + 4.5, cut(name, 12.5, left), size=12.5, anchor="end")
        d.rect(scale(0), y - 7, scale(max(total, 0)) - scale(0), 14, fill=SOFT, title=f"{name} {total:.1%}")
        d.rect(scale(0), y - 7, scale(max(first, 0)) - scale(0), 14, fill=MAIN, title=f"{name} {first:.1%}")
        d.text(frame.width - 46, y + 4.5, f"{first:.1%}", anchor="end")
        d.text(frame.width, y + 4.5, f"{total:.1%}", anchor="end", fill=INK2)
    d.line(scale(0), y0 - 4, scale(0), y0 + 26 * len(rows), stroke=INK, width=1)
    return d.svg(y0 + 26 * len(rows) + 4, "indices")
