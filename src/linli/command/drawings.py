"""Small figures as SVG text: the district coloured by change, columns side by side. Presentation attributes only.

Colours are variables of the site with a fallback; `flat` puts the fallbacks in for paper and files. No figure hangs on
its colours: change has a sign, a shape and a word.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from django.utils.html import escape
from django.utils.translation import gettext as _

from linli.core.errors import Missing
from linli.site import printing
from linli.territory import queries as territory

INK, INK2, LINE, SUNK, SURFACE = (
    "var(--ink,#16202e)", "var(--ink2,#4a5669)", "var(--line,#d5dbe5)", "var(--sunk,#e9edf3)", "var(--surface,#ffffff)",
)  # fmt: skip
NOW, BEFORE = "var(--brand,#0b57a4)", "var(--past-2,#d08a3c)"
_VARIABLE = re.compile(r"var\(--[a-z0-9-]+,\s*([^()]+)\)")


@dataclass(frozen=True, slots=True)
class Step:
    """A step of change: its fill and ink, its shape and its word."""

    fill: str
    ink: str
    shape: str
    word: str


def steps() -> dict[int, Step]:
    """From a strong fall to a strong rise. What is good is not said: fewer cases may be fewer reports."""
    return {
        -2: Step("#2166ac", "#ffffff", "▼▼", _("减 20% 以上")),
        -1: Step("#a6cbe3", "#16202e", "▼", _("减")),
        0: Step("#e9edf3", "#16202e", "＝", _("持平")),
        1: Step("#f6c59b", "#16202e", "▲", _("增")),
        2: Step("#b8460b", "#ffffff", "▲▲", _("增 20% 以上")),
    }


def step_of(now: int, before: int) -> int:
    """Which step a change is: 20 per cent or more is strong, from nought too."""
    if now == before:
        return 0
    strong = abs(now - before) * 5 >= before
    return (2 if strong else 1) * (1 if now > before else -1)


def flat(svg: str) -> str:
    """The same figure without variables, in the bundled font: for paper and for files."""
    return _VARIABLE.sub(r"\1", svg).replace("<svg ", f'<svg font-family="{printing.FAMILY}, sans-serif" ', 1)


# --- the ground --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Area:
    """A division as a path on the sheet, with the place of its label."""

    code: str
    name: str
    path: str
    x: float
    y: float
    wide: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """Divisions drawn `width` wide: metres east and north become points, north is up."""

    areas: tuple[Area, ...]
    width: int
    height: int
    west: float
    north: float
    scale: float  # points a degree of latitude
    squeeze: float  # a degree of longitude over one of latitude

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a position lies on the sheet."""
        return (lon - self.west) * self.squeeze * self.scale, (self.north - lat) * self.scale


def sheet(division: str, width: int, highest: int = 10_000) -> Sheet:
    """The parts of a division that have a boundary, no higher than `highest`."""
    return _sheet(territory.revision(), division, width, highest)


@lru_cache(maxsize=64)
def _sheet(revision: str, division: str, width: int, highest: int) -> Sheet:
    level = 12 if len(division) == 9 else 9
    known = json.loads(territory.boundaries_geojson(level, division))["features"]
    west, south, east, north = territory.bounds(division)
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = min((width - 4) / ((east - west) * squeeze), (highest - 4) / (north - south))
    height = math.ceil((north - south) * scale + 4)
    beside = (width / scale / squeeze - (east - west)) / 2  # in the middle of the sheet
    empty = Sheet((), width, height, west - beside, north + 2 / scale, scale, squeeze)
    return replace(empty, areas=tuple(_area(f, empty) for f in known))


def _area(feature: dict[str, object], on: Sheet) -> Area:
    about, shape = feature["properties"], feature["geometry"]
    assert isinstance(about, dict) and isinstance(shape, dict)
    polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    rings = [[on.at(*point[:2]) for point in ring] for polygon in polygons for ring in polygon]
    xs = [x for ring in rings for x, _y in ring]
    label = on.at(about["lon"], about["lat"]) if about["lon"] is not None else rings[0][0]
    path = "".join(_path(ring) for ring in rings)
    return Area(about["code"], about["short_name"], path, *label, max(xs) - min(xs))


def _path(ring: Sequence[tuple[float, float]]) -> str:
    """Points nearer than half a point to the last one are left out."""
    kept = [ring[0]]
    for x, y in ring[1:]:
        if abs(x - kept[-1][0]) + abs(y - kept[-1][1]) > 0.5:
            kept.append((x, y))
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in kept) + "Z"


# --- figures -------------------------------------------------------------------------------------------------
def _svg(width: int, height: float, kind: str, title: str, body: str, extra: str = "") -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="fig fig-{kind}" viewBox="0 0 {width} {height:.0f}" width="{width}" '
        f'height="{height:.0f}" role="img" aria-label="{escape(title)}"{extra}>{body}</svg>'
    )


def _text(x: float, y: float, words: str, size: float = 12, fill: str = INK, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{fill}"{more}>{escape(words)}</text>'


MIDDLE = ' text-anchor="middle"'


def change_map(division: str, counts: Mapping[str, tuple[int, int]], title: str, width: int = 640) -> str:
    """Divisions coloured by change: `counts` by code are now and before. Signs stand on it, names where there is room."""
    drawn, said = sheet(division, width, 620), steps()
    parts, labels = [], []
    for area in drawn.areas:
        now, before = counts.get(area.code, (0, 0))
        step = said[step_of(now, before)]
        sign = f"{now - before:+d}".replace("-", "−") if now != before else ""
        told = f"{area.name} {step.word} {sign}（{now} / {before}）"
        parts.append(f'<path d="{area.path}" fill="{step.fill}" stroke="{SURFACE}" stroke-width="1.2" fill-rule="evenodd"><title>{escape(told)}</title></path>')  # fmt: skip
        mark = f"{step.shape} {sign}".strip()
        named = area.wide > len(area.name) * 14
        if named:
            labels.append(_text(area.x, area.y - 2, area.name, 13, step.ink, MIDDLE))
        labels.append(_text(area.x, area.y + (14 if named else 4), mark, 13, step.ink, MIDDLE + ' font-weight="700"'))
    y = drawn.height + 10.0
    x, keys = 0.0, []
    for key in (-2, -1, 0, 1, 2):
        step = said[key]
        room = 66 + 14 * len(step.word) * (0.62 if step.word.isascii() else 1)
        if x + room > width:
            x, y = 0.0, y + 22
        keys.append(f'<rect x="{x:.0f}" y="{y:.0f}" width="34" height="16" rx="2" fill="{step.fill}"/>')
        keys.append(
            _text(x + 17, y + 12, step.shape, 13, step.ink, MIDDLE) + _text(x + 40, y + 12.5, step.word, 13, INK2)
        )
        x += room
    return _svg(width, y + 22, "change", title, "".join(parts + labels + keys))


def point_map(division: str, marks: Sequence[tuple[float, float, str]], counts: Mapping[str, int], title: str, width: int, highest: int) -> str:  # fmt: skip
    """Divisions with their counts, and marks: (lon, lat, late | new)."""
    drawn = sheet(division, width, highest)
    parts = [
        f'<path d="{a.path}" fill="{SUNK}" stroke="{INK2}" stroke-width=".7" fill-rule="evenodd"/>' for a in drawn.areas
    ]
    for lon, lat, kind in sorted(marks, key=lambda m: m[2] == "late"):
        x, y = drawn.at(lon, lat)
        if kind == "late":
            parts.append(f'<path d="M{x:.1f} {y - 4.2:.1f}L{x + 4:.1f} {y + 3:.1f}H{x - 4:.1f}Z" fill="#b3161b" stroke="#fff" stroke-width=".6"/>')  # fmt: skip
        else:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.1" fill="#0b57a4" fill-opacity=".75"/>')
    taken: list[tuple[float, float]] = []
    for area in sorted(drawn.areas, key=lambda a: (a.y, a.code)):
        if area.wide > len(area.name) * 8.5:
            y = area.y
            while any(abs(y - v) < 9.5 and abs(area.x - u) < 9.5 * len(area.name) for u, v in taken):
                y += 2
            taken.append((area.x, y))
            halo = f'{MIDDLE} paint-order="stroke" stroke="#ffffff" stroke-width="2.4" stroke-linejoin="round"'
            said = f"{area.name} {counts.get(area.code, 0)}"
            parts.append(_text(area.x, y, said, 8.5, "none", halo) + _text(area.x, y, said, 8.5, INK, MIDDLE))
    return _svg(width, drawn.height, "points", title, "".join(parts))


def columns(now: Sequence[int], before: Sequence[int], labels: Sequence[str], title: str, names: tuple[str, str], width: int = 560) -> str:  # fmt: skip
    """Two series side by side: now filled, before hollow and hatched by its outline; each column says its number."""
    top, left, high = 26.0, 42.0, 130.0
    most = max((*now, *before), default=0) or 1
    size = 10 ** math.floor(math.log10(most))
    end = next(m * size for m in (1, 2, 5, 10) if m * size >= most)
    room = (width - left - 4) / len(labels)
    wide = min(room * 0.36, 22.0)
    ticks = (0, end // 2, end) if end % 2 == 0 else (0, end)
    parts = [f'<rect x="{left}" y="6" width="14" height="10" fill="{NOW}"/>', _text(left + 19, 15, names[0], 13, INK2)]
    second = left + 42 + 8.2 * len(names[0])
    parts += [f'<rect x="{second + 0.7:.1f}" y="6.7" width="12.6" height="8.6" fill="{SURFACE}" stroke="{BEFORE}" stroke-width="1.6"/>', _text(second + 19, 15, names[1], 13, INK2)]  # fmt: skip
    for tick in ticks:
        y = top + high * (1 - tick / end)
        parts.append(f'<path d="M{left} {y:.1f}H{width}" stroke="{LINE}"/>' + _text(left - 5, y + 4, f"{tick:,}", 13, INK2, ' text-anchor="end"'))  # fmt: skip
    for n, label in enumerate(labels):
        middle = left + room * (n + 0.5)
        for value, x, look in (
            (now[n], middle - wide - 0.5, f'fill="{NOW}"'),
            (before[n], middle + 0.5, f'fill="{SURFACE}" stroke="{BEFORE}" stroke-width="1.6"'),
        ):
            tall = high * value / end
            parts.append(f'<rect x="{x:.1f}" y="{top + high - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}" {look}><title>{escape(label)} {value}</title></rect>')  # fmt: skip
        if len(labels) <= 12 or n % (3 if width > 400 else 6) == 0:
            parts.append(_text(middle, top + high + 16, label, 13, INK2, MIDDLE))
    return _svg(width, top + high + 22, "columns", title, "".join(parts))


def png(svg: str) -> bytes:
    """A figure as PNG at twice its size, by way of a PDF page. Raises Missing (no_printing) where the server cannot."""
    printing.check()
    try:
        import pypdfium2
    except ImportError:
        raise Missing("no_printing", _("这台服务器没有装 PDF 组件，请下载 SVG。")) from None
    size = re.search(r'width="(\d+)" height="(\d+)"', svg)
    assert size is not None, "a figure says its size"
    css = f"@page {{ size: {size[1]}px {size[2]}px; margin: 0 }} body {{ margin: 0 }} svg {{ display: block }}"
    press = printing.Press(css)
    press.add(f"<!doctype html><body>{flat(svg)}</body>")
    document = pypdfium2.PdfDocument(press.pdf())
    try:
        out = io.BytesIO()
        document[0].render(scale=2 * 96 / 72).to_pil().save(out, "PNG")
        return out.getvalue()
    finally:
        document.close()
