"""Two states of the same units: left before, right after, a line between; who moved most is drawn strongest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .svg import INK, INK2, INK3, LINE, MAIN, MINUS, Drawing, Frame, cut, number, wide

STEP = 21.0


@dataclass(frozen=True, slots=True)
class Pair:
    """`before` and `after` are places in the two orders from 1; 0: none, told by a dash."""

    name: str
    before: int
    after: int
    score_before: float | None = None
    score_after: float | None = None

    @property
    def gained(self) -> int:
        return self.before - self.after if self.before and self.after else 0


def slopes(
    pairs: Sequence[Pair], frame: Frame, *, before: str, after: str, numbered: bool = True, strong: int = 5
) -> str:
    """`numbered=False` (an experimental result) draws the order without its numbers. `strong`: so many of those who
    moved most stand out; up in one hue, down in another, and each says by how many places.
    """
    d = Drawing(frame)
    there = [p for p in pairs if p.before and p.after]
    rows = max((max(p.before, p.after) for p in there), default=0)
    name = min(max((wide(p.name, 12) for p in there), default=40), frame.width * 0.26)
    side = name + (26 if numbered else 6)
    left, right = side + 8, frame.width - side - 34
    d.text(side, d.top + 12, cut(before, 11, side), size=11, anchor="end", fill=INK2, weight=700)
    d.text(right + 8, d.top + 12, cut(after, 11, side + 30), size=11, fill=INK2, weight=700)
    if not there:
        d.missing(0, d.top + 34)
        return d.svg(d.top + 44, "slopes")
    top = d.top + 32
    least = sorted((abs(p.gained) for p in there), reverse=True)[: max(strong, 1)][-1]
    loud = {p.name for p in there if p.gained and abs(p.gained) >= least}
    taken: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for p in sorted(there, key=lambda p: (p.name in loud, p.after)):
        y1, y2 = top + STEP * (p.before - 1), top + STEP * (p.after - 1)
        shift = taken[0].get(p.before, 0), taken[1].get(p.after, 0)
        taken[0][p.before], taken[1][p.after] = shift[0] + 1, shift[1] + 1
        y1, y2 = y1 + shift[0] * STEP, y2 + shift[1] * STEP
        hue = (MAIN if p.gained > 0 else MINUS) if p.name in loud else INK3
        d.line(left, y1, right, y2, stroke=hue if p.name in loud else LINE, width=2.2 if p.name in loud else 1.2)
        for x, y, score in ((left, y1, p.score_before), (right, y2, p.score_after)):
            d.circle(x, y, 3.4, fill=hue, title=f"{p.name} {number(score)}" if score is not None else p.name)
        weight = 700 if p.name in loud else 400
        ink = INK if p.name in loud else INK2
        d.text(side - (20 if numbered else 0), y1 + 4, cut(p.name, 12, name), anchor="end", fill=ink, weight=weight)
        d.text(right + 10 + (20 if numbered else 0), y2 + 4, cut(p.name, 12, name), fill=ink, weight=weight)
        if numbered:
            d.text(side, y1 + 4, str(p.before), size=11, anchor="end", fill=INK3)
            d.text(right + 10, y2 + 4, str(p.after), size=11, fill=INK3)
        if p.gained:
            said = f"↑{p.gained}" if p.gained > 0 else f"↓{-p.gained}"
            d.text(frame.width, y2 + 4, said, size=11, anchor="end", fill=hue if p.name in loud else INK3)
    return d.svg(top + STEP * rows, "slopes")
