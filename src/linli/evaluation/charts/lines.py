"""Years along the bottom, one line for each series, its name at its end. A year without a value is a gap in the line.

Two definitions on one line, or of one thing on one sheet, are refused: they are drawn as panels below one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core.errors import Invalid

from .svg import HUES, INK2, INK3, LINE, SURFACE, Drawing, Frame, Scale, cut, number, present, tick_words, ticks, wide

HEIGHT = 230.0
APART = 15.0
"""Points between two names at the ends of lines."""

MIXED = gettext_lazy("两种口径不能画在一条线上：%(calibres)s。请只选一种口径，或分成两幅图。")
UNITS = gettext_lazy("计量单位不同（%(units)s），不能用同一根纵轴。请分成两幅图。")


@dataclass(frozen=True, slots=True)
class Point:
    """`firm` False: estimated, forecast or preliminary, drawn hollow. `calibre`: by what definition it is counted."""

    year: int
    value: float | None
    calibre: str = ""
    firm: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """`concept` is what is measured, whatever the calibre: two lines of one concept must have one calibre."""

    name: str
    points: tuple[Point, ...]
    unit: str = ""
    concept: str = ""

    @property
    def calibres(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(p.calibre for p in self.points if p.value is not None))


def check_calibres(shown: Sequence[Line]) -> None:
    """Raises Invalid (calibres_mixed, units_mixed) for what must not share a line or an axis."""
    by_concept: dict[str, list[str]] = {}
    for n, line in enumerate(shown):
        held = by_concept.setdefault(line.concept or f"line {n}", [])
        held += [c for c in line.calibres if c not in held]
    for held in by_concept.values():
        if len(held) > 1:
            words = _("、").join(c or _("未注明口径") for c in held)
            raise Invalid("calibres_mixed", MIXED % {"calibres": words}, calibres=held)
    units = tuple(dict.fromkeys(line.unit for line in shown))
    if len(units) > 1:
        raise Invalid(
            "units_mixed", UNITS % {"units": _("、").join(u or _("无单位") for u in units)}, units=list(units)
        )


def lines(
    shown: Sequence[Line], frame: Frame, *, decimals: int = 1, years: Sequence[int] = (), height: float = HEIGHT
) -> str:
    """Raises Invalid (calibres_mixed, units_mixed). `years` fixes the span of the axis."""
    check_calibres(shown)
    d = Drawing(frame)
    bottom = _panel(d, shown, frame, d.top, decimals, years, height)
    return d.svg(bottom, "lines")


def line_panels(panels: Sequence[tuple[str, Sequence[Line]]], frame: Frame, *, decimals: int = 1) -> str:
    """(heading, lines) below one another over the same years: the way out where calibres differ. Raises Invalid as above."""
    for _heading, shown in panels:
        check_calibres(shown)
    span = sorted({p.year for _heading, shown in panels for line in shown for p in line.points if p.value is not None})
    years = range(span[0], span[-1] + 1) if span else ()
    d = Drawing(frame)
    y = d.top
    for heading, shown in panels:
        d.text(0, y + 13, cut(heading, 12.5, frame.width), size=12.5, weight=700)
        y = _panel(d, shown, frame, y + 20, decimals, years, HEIGHT * 0.72) + 12
    return d.svg(y - 12, "lines")


def _panel(d: Drawing, shown: Sequence[Line], frame: Frame, top: float, decimals: int, years: Sequence[int],
           height: float) -> float:  # fmt: skip
    """Draws one set of axes and returns where it ends."""
    values = present([p.value for line in shown for p in line.points])
    held = [p.year for line in shown for p in line.points if p.value is not None]
    if not values:
        d.missing(0, top + 24)
        return top + 40
    marks = _marks(values)
    words = tick_words(marks)
    left = max(wide(w, 10.5) for w in words) + 10
    right = frame.width - min(max(wide(_end(line, decimals), 12) for line in shown) + 14, frame.width * 0.42)
    first, last = (min(years), max(years)) if years else (min(held), max(held))
    pad = 6 if last > first else (right - left) / 2
    x = Scale(first, max(last, first + 1), left + pad, right - pad if last > first else right)
    y = Scale(marks[0], marks[-1], top + height - 24, top + 24)
    if shown[0].unit:
        d.text(0, top + 10, _("单位：%(unit)s") % {"unit": shown[0].unit}, size=10.5, fill=INK3)
    if marks[0] != 0:
        d.text(right, top + 10, _("纵轴不从零起"), size=10.5, anchor="end", fill=INK3)
    for mark, said in zip(marks, words, strict=True):
        d.line(left, y(mark), right, y(mark), stroke=INK3 if mark == 0 else LINE, width=0.8)
        d.text(left - 6, y(mark) + 4, said, size=10.5, anchor="end", fill=INK3)
    for year in _years(first, last, right - left):
        d.line(x(year), y(marks[0]), x(year), y(marks[0]) + 4, stroke=INK3, width=0.8)
        d.text(x(year), y(marks[0]) + 17, str(year), size=10.5, anchor="middle", fill=INK2)
    for k, line in enumerate(shown):
        _line(d, line, HUES[k % len(HUES)], x, y, decimals)
    _names(d, shown, x, y, right, top, height, decimals)
    return top + height


def _marks(values: Sequence[float]) -> list[float]:
    """From zero where the values come near it; else around them."""
    low, high = min(values), max(values)
    if low >= 0 and (low < 0.4 * high or low == high):
        low = 0.0
    return ticks(low, high if high > low else low + 1, 4)


def _years(first: int, last: int, room: float) -> list[int]:
    step = next((s for s in (1, 2, 5, 10, 20, 50) if (last - first) / s * 38 <= room), 100)
    return [y for y in range(first, last + 1) if y % step == 0 or step == 1] or [first]


def _line(d: Drawing, line: Line, hue: str, x: Scale, y: Scale, decimals: int) -> None:
    runs: list[list[tuple[float, float]]] = [[]]
    before: int | None = None
    points = sorted(line.points, key=lambda p: p.year)
    for p in points:
        if p.value is None or (before is not None and p.year != before + 1):
            runs.append([])
        if p.value is not None:
            runs[-1].append((x(p.year), y(p.value)))
            before = p.year
    for run in runs:
        if len(run) > 1:
            d.path(run, stroke=hue)
    for p in points:
        if p.value is not None:
            said = f"{line.name} {p.year} {number(p.value, decimals)}{line.unit}" + (
                "" if p.firm else _("（初步或估计）")
            )
            d.circle(x(p.year), y(p.value), 3.2, fill=hue if p.firm else SURFACE, stroke=SURFACE if p.firm else hue, width=1.2 if p.firm else 1.6, title=said)  # fmt: skip


def _end(line: Line, decimals: int) -> str:
    there = [p for p in line.points if p.value is not None]
    last = max(there, key=lambda p: p.year) if there else None
    return f"{line.name} {number(last.value, decimals)}".strip() if last else line.name


def _names(d: Drawing, shown: Sequence[Line], x: Scale, y: Scale, right: float, top: float, height: float,
           decimals: int) -> None:  # fmt: skip
    """Each line's name and last value beside its end, pushed apart where ends are close; the hair line leads back."""
    ends = []
    for k, line in enumerate(shown):
        there = [p for p in line.points if p.value is not None]
        if there:
            last = max(there, key=lambda p: p.year)
            ends.append((y(last.value or 0.0), x(last.year), k, line))
    ends.sort(key=lambda e: e[0])
    places: list[float] = []
    for at, *_rest in ends:
        places.append(max(at, places[-1] + APART) if places else at)
    low = top + height - 18
    for k in range(len(places) - 1, -1, -1):
        places[k] = min(places[k], low)
        low = places[k] - APART
    for (at, end, k, line), place in zip(ends, places, strict=True):
        hue = HUES[k % len(HUES)]
        words = _end(line, decimals)
        if right - end > wide(words, 12) + 14 and abs(place - at) <= 3:  # it ended early: its name stands where it ends
            d.text(end + 9, at + 4, words, fill=hue, weight=700)
            continue
        if abs(place - at) > 3 or right - end > 14:
            d.line(end + 5, at, right + 6, place, stroke=hue, width=0.6, dash="1 3")
        d.text(right + 9, place + 4, cut(words, 12, d.frame.width - right - 8), fill=hue, weight=700)
