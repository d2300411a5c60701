"""Two numbers of every unit against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .svg import INK2, INK3, LINE, MAIN, SOFT, SURFACE, Drawing, Frame, Scale, number, tick_words, ticks, wide


@dataclass(frozen=True, slots=True)
class Dot:
    name: str
    x: float | None
    y: float | None
    strong: bool = False


def scatter(dots: Sequence[Dot], frame: Frame, *, x: str, y: str, decimals: int = 1, names: bool = True) -> str:
    """Names stand beside the dots as far as they do not run into each other; every dot tells its own."""
    d = Drawing(frame)
    there = [
        (p.name, p.x, p.y, p.strong) for p in dots if p.x is not None and p.y is not None and p.x == p.x and p.y == p.y
    ]
    if not there:
        d.missing(0, d.top + 20)
        return d.svg(d.top + 36, "scatter")
    across, up = ticks(min(p[1] for p in there), max(p[1] for p in there)), ticks(min(p[2] for p in there), max(p[2] for p in there))  # fmt: skip
    left = max(wide(w, 10.5) for w in tick_words(up)) + 10
    height = min(frame.width * 0.62, 420)
    top = d.top + 20
    sx, sy = Scale(across[0], across[-1], left, frame.width - 12), Scale(up[0], up[-1], top + height - 34, top)
    d.text(0, d.top + 11, y, size=11, fill=INK2)
    d.text(frame.width, top + height - 2, x, size=11, anchor="end", fill=INK2)
    for mark, words in zip(across, tick_words(across), strict=True):
        d.line(sx(mark), sy.start, sx(mark), sy.end, stroke=LINE, width=0.8)
        d.text(sx(mark), sy.start + 15, words, size=10.5, anchor="middle", fill=INK3)
    for mark, words in zip(up, tick_words(up), strict=True):
        d.line(sx.start, sy(mark), sx.end, sy(mark), stroke=LINE, width=0.8)
        d.text(left - 6, sy(mark) + 4, words, size=10.5, anchor="end", fill=INK3)
    taken = [(sx(a) - 5, sy(b) - 5, sx(a) + 5, sy(b) + 5) for _n, a, b, _s in there]
    for name, a, b, strong in sorted(there, key=lambda p: p[3]):
        px, py = sx(a), sy(b)
        said = f"{name}: {number(a, decimals)}, {number(b, decimals)}"
        d.circle(px, py, 6 if strong else 4.5, fill=MAIN if strong or not any(p[3] for p in there) else SOFT, stroke=SURFACE, width=1.2, title=said)  # fmt: skip
        w = wide(name, 11)
        for x0 in (px + 7, px - 7 - w):
            box = (x0, py - 6, x0 + w, py + 6)
            if names and left <= x0 and box[2] <= frame.width and not any(_over(box, t) for t in taken):
                taken.append(box)
                d.text(x0, py + 4, name, size=11, fill=INK2, weight=700 if strong else 400)
                break
    return d.svg(top + height, "scatter")


def _over(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
