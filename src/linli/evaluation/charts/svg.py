"""The sheet a figure is drawn on: text, marks, scales. Presentation attributes only, so that it stands under a strict CSP."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.html import escape
from django.utils.translation import gettext as _

FONT = "Linli Sans"
"""The family that is bundled for paper (linli.site.printing)."""

INK, INK2, INK3 = "var(--ink,#16202e)", "var(--ink2,#4a5669)", "var(--ink3,#5a6678)"
LINE, SUNK, SURFACE = "var(--line,#d5dbe5)", "var(--sunk,#e9edf3)", "var(--surface,#ffffff)"
MAIN, SOFT = "var(--fig-1,#0b57a4)", "var(--fig-soft,#9fc3e6)"
MINUS, MINUS_SOFT = "var(--fig-2,#b8460b)", "var(--fig-minus-soft,#efb48f)"
HUES = (
    MAIN,
    MINUS,
    "var(--fig-3,#1f7a6e)",
    "var(--fig-4,#7a4a96)",
    "var(--fig-5,#8a6a00)",
    "var(--fig-6,#5a6678)",
)
"""Told apart by lightness too; lines have their names beside them, so no figure hangs on a colour."""

_VARIABLE = re.compile(r"var\(--[a-z0-9-]+,\s*([^()]+)\)")


@dataclass(frozen=True, slots=True)
class Frame:
    """`title` is read out and, with `heading`, drawn; `desc` says in words what the figure shows; `foot` (result, calibre,
    date) is drawn below and goes with the picture wherever it is copied. `width` in points: 720 for a page, 340 for a phone.
    """

    title: str
    desc: str = ""
    foot: str = ""
    width: int = 720
    heading: bool = False

    @property
    def narrow(self) -> bool:
        return self.width < 480


def flat(svg: str) -> str:
    """The same figure without variables, in the bundled font: for paper and for files."""
    return _VARIABLE.sub(r"\1", svg).replace("<svg ", f'<svg font-family="{FONT}, sans-serif" ', 1)


def size(svg: str) -> tuple[int, int]:
    """Width and height of a figure in points."""
    found = re.search(r'width="(\d+)" height="(\d+)"', svg)
    assert found is not None, "a figure says its size"
    return int(found[1]), int(found[2])


def wide(words: str, size: float) -> float:
    """About how wide words are: full-width characters an em, digits a little over half."""
    return size * sum(
        1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.3 if c in " .,:;'|il" else 0.57 for c in words
    )


def cut(words: str, size: float, room: float) -> str:
    """The words, with an ellipsis where they do not fit."""
    if wide(words, size) <= room:
        return words
    while words and wide(words, size) + size > room:
        words = words[:-1]
    return words + "…"


def folded(words: str, size: float, room: float) -> list[str]:
    """The words in lines that fit; broken at a separator where one is near, else between characters."""
    lines, line = [], ""
    for piece in re.findall(r"[A-Za-z0-9%.,:/+-]+|.", words):
        if line and wide(line + piece, size) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece if line or piece != " " else ""
    return [*lines, line] if line else lines


def number(value: float | None, decimals: int = 1, signed: bool = False) -> str:
    """With thousands separators and a true minus; a dash for what is missing."""
    if value is None or not math.isfinite(value):
        return "—"
    text = f"{abs(value):,.{decimals}f}"
    zero = not any(c in "123456789" for c in text)
    mark = "" if zero else "−" if value < 0 else "+" if signed else ""
    return mark + text


def present(values: Sequence[float | None]) -> list[float]:
    return [v for v in values if v is not None and math.isfinite(v)]


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers that cover [low, high]."""
    if not high > low:
        pad = abs(low) * 0.1 or 1.0
        low, high = low - pad, high + pad
    step = 10 ** math.floor(math.log10((high - low) / count))
    for factor in (1, 2, 5, 10):
        if (high - low) / (step * factor) <= count:
            step *= factor
            break
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [k * step for k in range(first, last + 1)]


def tick_words(marks: Sequence[float]) -> list[str]:
    step = abs(marks[1] - marks[0]) if len(marks) > 1 else 1
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 0
    return [number(m, decimals) for m in marks]


@dataclass(frozen=True, slots=True)
class Scale:
    """Values to points, linearly."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high != self.low else 0.5
        return self.start + share * (self.end - self.start)


@dataclass
class Drawing:
    """Marks in the order they are drawn; `svg` closes it with title, description and foot."""

    frame: Frame
    top: float = 0.0
    parts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.frame.heading:
            for words in folded(self.frame.title, 15, self.frame.width):
                self.top += 20
                self.text(0, self.top - 4, words, size=15, weight=700)
            self.top += 6

    def text(self, x: float, y: float, words: str, *, size: float = 12, anchor: str = "start", fill: str = INK,
             weight: int = 400, turn: float = 0) -> None:  # fmt: skip
        where = f' transform="rotate({turn:g} {x:.1f} {y:.1f})"' if turn else ""
        heavy = f' font-weight="{weight}"' if weight != 400 else ""
        side = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{heavy}{side} fill="{fill}"{where}>{escape(words)}</text>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, *, stroke: str = LINE, width: float = 1,
             dash: str = "", cap: str = "") -> None:  # fmt: skip
        how = (f' stroke-dasharray="{dash}"' if dash else "") + (f' stroke-linecap="{cap}"' if cap else "")
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" stroke-width="{width:g}"{how}/>'
        )

    def rect(self, x: float, y: float, w: float, h: float, *, fill: str = MAIN, round: float = 0, stroke: str = "",
             dash: str = "", title: str = "", more: str = "") -> None:  # fmt: skip
        edge = (f' stroke="{stroke}"' if stroke else "") + (f' stroke-dasharray="{dash}"' if dash else "")
        corner = f' rx="{round:g}"' if round else ""
        body = f"><title>{escape(title)}</title></rect>" if title else "/>"
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(w, 0):.1f}" height="{h:.1f}"{corner} fill="{fill}"{edge}{more}{body}'
        )

    def circle(self, x: float, y: float, r: float, *, fill: str = MAIN, stroke: str = "", width: float = 1.5,
               title: str = "") -> None:  # fmt: skip
        edge = f' stroke="{stroke}" stroke-width="{width:g}"' if stroke else ""
        body = f"><title>{escape(title)}</title></circle>" if title else "/>"
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:g}" fill="{fill}"{edge}{body}')

    def path(self, points: Sequence[tuple[float, float]], *, stroke: str = MAIN, width: float = 2) -> None:
        d = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        self.parts.append(
            f'<path d="{d}" fill="none" stroke="{stroke}" stroke-width="{width:g}" stroke-linejoin="round" stroke-linecap="round"/>'
        )

    def missing(self, x: float, y: float, words: str = "") -> None:
        """Said where a mark would be."""
        self.text(x, y, words or _("无数据"), size=11, fill=INK3)

    def svg(self, height: float, kind: str) -> str:
        """The figure; `height` is where the drawing ends, the foot comes below."""
        if self.frame.foot:
            height += 8
            for words in folded(self.frame.foot, 10.5, self.frame.width):
                height += 14
                self.text(0, height - 2, words, size=10.5, fill=INK3)
            height += 4
        width = self.frame.width
        body = "".join(self.parts)
        mark = "fig-" + hashlib.sha256(body.encode()).hexdigest()[:10]
        desc = f'<desc id="{mark}-d">{escape(self.frame.desc)}</desc>' if self.frame.desc else ""
        said = f"{mark}-t {mark}-d" if desc else f"{mark}-t"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="fig fig-{kind}" viewBox="0 0 {width} {height:.0f}" width="{width}" '
            f'height="{height:.0f}" role="img" aria-labelledby="{said}"><title id="{mark}-t">{escape(self.frame.title)}</title>'
            f"{desc}{body}</svg>"
        )
