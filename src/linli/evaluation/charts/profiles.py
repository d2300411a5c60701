"""One unit among all: a strip for each part, every unit a hair line, this one a dot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import pgettext

from .svg import (  # fmt: skip
    INK,
    INK2,
    INK3,
    LINE,
    MAIN,
    SOFT,
    SUNK,
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

STEP = 30.0


@dataclass(frozen=True, slots=True)
class Strip:
    """`others`: the values of all units; `rank` of `count`, 0 where none is given. `own_scale`: the strip runs from the
    lowest to the highest of the others (indicators in their own units), not over the common scale.
    """

    name: str
    value: float | None
    others: tuple[float | None, ...]
    rank: int = 0
    count: int = 0
    better: bool = True
    words: str = ""


def profile(strips: Sequence[Strip], frame: Frame, *, decimals: int = 1, limits: tuple[float, float] | None = None,
            own_scale: bool = False, ranked: bool = True) -> str:  # fmt: skip
    """`better` False turns a strip of its own scale around, so that right is always better."""
    d = Drawing(frame)
    left = min(max((wide(s.name, 12.5) for s in strips), default=40) + 10, frame.width * 0.36)
    values = [s.words or number(s.value, decimals) for s in strips]
    room = max((wide(v, 12.5) for v in values), default=30) + 12
    last = 50 if ranked else 0
    start, end = left + 10, frame.width - room - last - 4
    y0 = d.top + 26
    d.text(frame.width - last, y0 - 10, pgettext("figure", "数值") if own_scale else pgettext("figure", "得分"), size=10.5, anchor="end", fill=INK3)  # fmt: skip
    if ranked:
        d.text(frame.width, y0 - 10, pgettext("figure", "位次"), size=10.5, anchor="end", fill=INK3)
    if own_scale:
        d.text(start, y0 - 10, pgettext("figure", "较差"), size=10.5, fill=INK3)
        d.text(end, y0 - 10, pgettext("figure", "较好"), size=10.5, anchor="end", fill=INK3)
    else:
        there = present([v for s in strips for v in (*s.others, s.value)]) or [0.0, 1.0]
        marks = ticks(*(limits or (min(there), max(there))), 3 if frame.narrow else 5)
        limits = (marks[0], marks[-1])
        for mark, words in zip(marks, tick_words(marks), strict=True):
            x = Scale(*limits, start, end)(mark)
            d.line(x, y0 - 5, x, y0 + STEP * len(strips), stroke=LINE, width=0.8)
            d.text(x, y0 - 10, words, size=10.5, anchor="middle", fill=INK3)
    for k, strip in enumerate(strips):
        y = y0 + STEP * (k + 0.5)
        d.text(left, y + 4.5, cut(strip.name, 12.5, left), size=12.5, anchor="end")
        _strip(d, strip, y, start, end, None if own_scale else limits, decimals)
        d.text(frame.width - last, y + 4.5, values[k], size=12.5, anchor="end", weight=700)
        if ranked:
            words = f"{strip.rank}/{strip.count}" if strip.rank else "—"
            d.text(frame.width, y + 4.5, words, size=11.5, anchor="end", fill=INK2)
    return d.svg(y0 + STEP * len(strips) + 2, "profile")


def _strip(d: Drawing, strip: Strip, y: float, start: float, end: float, limits: tuple[float, float] | None,
           decimals: int) -> None:  # fmt: skip
    there = sorted(present(strip.others))
    if limits is None:
        ends = present([*strip.others, strip.value])
        limits = (min(ends), max(ends)) if ends else (0.0, 1.0)
        if not strip.better:
            limits = (limits[1], limits[0])
    scale = Scale(*limits, start, end)
    d.rect(start, y - 7, end - start, 14, fill=SUNK)
    for value in there:
        d.line(scale(value), y - 6, scale(value), y + 6, stroke=SOFT, width=1.2)
    if there:
        middle = scale(there[len(there) // 2] if len(there) % 2 else (there[len(there) // 2 - 1] + there[len(there) // 2]) / 2)  # fmt: skip
        d.line(middle, y - 9, middle, y + 9, stroke=INK, width=1.6)
    if strip.value is None or strip.value != strip.value:
        d.missing(start + 6, y + 4)
        return
    d.circle(scale(strip.value), y, 5.5, fill=MAIN, stroke=SURFACE, width=1.5, title=f"{strip.name} {number(strip.value, decimals)}")  # fmt: skip
