"""Provinces as equal squares, about where they lie: no boundary is drawn, and the figure says so."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from .levels import Levels, quintiles
from .svg import INK, INK2, INK3, LINE, SUNK, SURFACE, Drawing, Frame, number, wide

FILE = Path(__file__).resolve().parent.parent / "data" / "province_tiles.csv"
LARGEST = 74.0


@dataclass(frozen=True, slots=True)
class Tile:
    """`scope`: "evaluated", or "outside" for tiles that make the map whole and have no data here."""

    code: str
    short: str
    column: int
    row: int
    scope: str


@cache
def tiles() -> tuple[Tile, ...]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Tile(r["code"], r["short"], int(r["column"]), int(r["row"]), r["scope"]) for r in csv.DictReader(file)
        )


def tile_codes() -> frozenset[str]:
    """The units that this map can show."""
    return frozenset(t.code for t in tiles())


def tile_note() -> str:
    """What must stand beside every such map."""
    return _("一地一格，按相对方位排列，不表示边界、面积和准确位置。台湾、香港、澳门不在评价范围，无数据。")


def tile_map(values: Mapping[str, float | None], frame: Frame, *, decimals: int = 1, levels: Levels | None = None,
             strong: str = "", names: Mapping[str, str] | None = None) -> str:  # fmt: skip
    """Values by the six digits of a province; `strong` is outlined. `names` replaces the short names."""
    steps = levels or quintiles(list(values.values()), decimals)
    d = Drawing(frame)
    columns, rows = max(t.column for t in tiles()) + 1, max(t.row for t in tiles()) + 1
    beside = 0 if frame.narrow else 132
    cell = min((frame.width - beside) / columns, LARGEST)
    gap = 3.0
    for tile in sorted(tiles(), key=lambda t: t.code == strong):
        x, y = tile.column * cell, d.top + tile.row * cell
        name = (names or {}).get(tile.code) or tile.short
        value = values.get(tile.code)
        gone = value is None or value != value
        outside = tile.scope == "outside"
        words = (_("不在评价范围") if outside else _("无数据")) if value is None or gone else number(value, decimals)
        fill, ink = ("none" if outside else SUNK, INK2) if value is None or gone else (steps.fill(value), steps.ink(value))  # fmt: skip
        edge = {"stroke": LINE, "dash": "3 2"} if gone else {}
        if tile.code == strong:
            edge = {"stroke": INK}
        d.rect(x + gap / 2, y + gap / 2, cell - gap, cell - gap, fill=fill, round=3, title=f"{name} {words}", **edge)
        if tile.code == strong:
            d.rect(x + gap / 2 + 1.5, y + gap / 2 + 1.5, cell - gap - 3, cell - gap - 3, fill="none", round=2, stroke=SURFACE)  # fmt: skip
        big = min(14.0, (cell - gap - 4) / max(wide(name, 1), 1))
        d.text(x + cell / 2, y + cell / 2 - (1 if cell > 30 else -4), name, size=round(big, 1), anchor="middle", fill=ink, weight=700)  # fmt: skip
        if cell > 30:
            small = min(12.0, cell * 0.25)
            said = "—" if gone else words
            d.text(x + cell / 2, y + cell / 2 + small + 3, said, size=round(small, 1), anchor="middle", fill=ink)
    bottom = d.top + rows * cell
    if frame.narrow:
        bottom = _legend(d, steps, 0, bottom + 8)
    else:
        _legend(d, steps, columns * cell + 22, d.top + 4)
    return d.svg(bottom, "tiles")


def _legend(d: Drawing, steps: Levels, x: float, y: float) -> float:
    """The steps from the highest down, and what the other looks mean; returns where it ends."""
    keys = [(fill, words, "") for fill, words in reversed(steps.words())]
    keys += [(SUNK, pgettext("figure", "无数据"), LINE), ("none", pgettext("figure", "不在评价范围"), LINE)]
    for fill, words, edge in keys:
        d.rect(x, y, 14, 14, fill=fill, round=2, stroke=edge, dash="3 2" if edge else "")
        d.text(x + 21, y + 11.5, words, size=11.5, fill=INK2 if edge == "" else INK3)
        y += 20
    return y
