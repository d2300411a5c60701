"""Where a table stands on a sheet: what is said above it, its header, the role of each column, its first row."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from linli.exchange.columns import blank

from ..rules import plain_name
from .grids import Grid
from .headings import Meaning, meaning, role_of, symbol_of, symbols_of, title_series, year_of
from .said import How, Vocabulary

HEADER_WITHIN, HEADER_MOST = 30, 5
_PRELUDE = re.compile(r"^\s*(数据库|指标|地区|时间|单位|计量单位|频度)\s*[:：]\s*(.*?)\s*$")
_FOOT = re.compile(
    r"^\s*(?:注|说明|备注|数据来源|资料来源|来源|note|source)s?\s*[:：]|^\s*(?:[①-⑳*※]|\d+[.、])\s*\D", re.I
)


@dataclass(slots=True)
class Layout:
    """`roles`: role -> column. `columns`: data column -> what its headings say. `first`: first row of the body."""

    header: int
    first: int
    form: str
    roles: dict[str, int] = field(default_factory=dict)
    columns: dict[int, Meaning] = field(default_factory=dict)
    headings: dict[int, str] = field(default_factory=dict)
    series: str = ""
    series_text: str = ""
    unit: str = ""
    year: int | None = None
    symbol: str = ""


def is_foot(text: str) -> bool:
    return bool(_FOOT.match(text))


def find(grid: Grid, vocabulary: Vocabulary, how: How) -> Layout | None:
    """The table of a sheet, or None where there is none."""
    header = _role_row(grid, how)
    if header is None:
        header = _row_above_units(grid, vocabulary, how)
    if header is None:
        return None
    roles = _roles(grid, header, how)
    key = roles.get("unit", roles.get("code", roles.get("series", 0)))
    first = _first_row(grid, header, key, how)
    layout = Layout(header, first, "plain", roles)
    _above(grid, layout, vocabulary, how)
    known = symbols_of(vocabulary)
    if "value" not in roles:
        taken = set(roles.values())
        for column in range(grid.width):
            if column in taken:
                continue
            pieces = _pieces(grid, layout, column)
            if pieces:
                layout.headings[column] = " / ".join(pieces)
                layout.columns[column] = meaning(pieces, vocabulary, how, known)
    else:
        layout.headings[roles["value"]] = grid.text(header, roles["value"])
        layout.columns[roles["value"]] = Meaning()
    return layout


def _role_row(grid: Grid, how: How) -> int | None:
    """The first row in which a column of units or of indicators is named beside others."""
    for row in range(min(HEADER_WITHIN, len(grid.rows))):
        texts = [grid.text(row, c) for c in range(len(grid.rows[row]))]
        roles = {role_of(t, how) for t in texts if t}
        if roles & {"unit", "code", "series"} and sum(1 for t in texts if t) > 1:
            return row
    return None


def _row_above_units(grid: Grid, vocabulary: Vocabulary, how: How) -> int | None:
    """Headings change with every edition; the names of provinces below them do not."""
    own = {plain_name(t) for t in how.units}
    for row in range(1, min(HEADER_WITHIN + HEADER_MOST, len(grid.rows))):
        plain = plain_name(grid.text(row, 0))
        if plain and (plain in vocabulary.names or plain in own) and len(grid.rows[row]) > 1:
            top = row - 1
            while top > 0 and top > row - HEADER_MOST and _is_heading(grid, top - 1):
                top -= 1
            return top
    return None


def _is_heading(grid: Grid, row: int) -> bool:
    texts = {grid.text(row, c) for c in range(len(grid.rows[row]))} - {""}
    return len(texts) > 1 and not any(_PRELUDE.match(t) for t in texts)


def _roles(grid: Grid, row: int, how: How) -> dict[str, int]:
    roles: dict[str, int] = {}
    for column in range(grid.width):
        role = role_of(grid.text(row, column), how)
        if role and role not in roles:
            roles[role] = column
    if not {"unit", "code", "series"} & set(roles):
        roles["unit"] = 0
    return roles


def _first_row(grid: Grid, header: int, key: int, how: How) -> int:
    """Headers take several rows where the column of names is blank, merged, or says again what it is."""
    for row in range(header + 1, min(header + 1 + HEADER_MOST, len(grid.rows))):
        if (row, key) in grid.merged and grid.merged[row, key][0] <= header:
            continue
        text = grid.text(row, key)
        if text and not role_of(text, how) and not symbol_of(text, ()):
            return row
        if not text and any(_number(grid, row, c) for c in range(grid.width)):
            return row
    return header + 1


def _number(grid: Grid, row: int, column: int) -> bool:
    cell = grid.cell(row, column)
    if isinstance(cell.value, int | float):
        return year_of(str(cell.value).split(".")[0]) is None
    return bool(re.fullmatch(r"[+-]?[\d,]*\d(?:\.\d+)?", str(cell.value or "").strip())) and not year_of(
        str(cell.value)
    )


def _pieces(grid: Grid, layout: Layout, column: int) -> list[str]:
    """The headings above a column, each once; in a CSV a merged heading is blank to its right."""
    pieces: list[str] = []
    for row in range(layout.header, layout.first):
        text = grid.text(row, column)
        if not text and row < layout.first - 1 and not grid.merged:
            taken = set(layout.roles.values())
            left = next((c for c in range(column, -1, -1) if grid.text(row, c)), None)
            text = grid.text(row, left) if left is not None and left not in taken else ""
        if text and text not in pieces:
            pieces.append(text)
    return pieces


def _above(grid: Grid, layout: Layout, vocabulary: Vocabulary, how: How) -> None:
    """What stands above the header holds for the whole table: indicator, region, unit of measurement, year."""
    known = symbols_of(vocabulary)
    names = {plain_name(text): code for text, code in how.names.items() if code}
    for row in range(layout.header):
        for column, cell in enumerate(grid.rows[row]):
            if blank(cell):
                continue
            text = grid.text(row, column)
            match = _PRELUDE.match(text)
            key, said = (match.group(1), match.group(2)) if match else ("", text)
            if key == "数据库":
                layout.form = "nbs"
            elif key == "指标":
                layout.form = "nbs"
                layout.series_text = said
                found = meaning([said], vocabulary, how, known)
                layout.series, layout.symbol = found.series or "", found.symbol or layout.symbol
            elif key == "地区":
                units = vocabulary.names.get(plain_name(said), [])
                layout.unit = units[0].code if len(units) == 1 else ""
            elif key in {"单位", "计量单位"}:
                layout.symbol = symbol_of(said, known) or said
            elif not key:
                layout.year = year_of(text) if layout.year is None else layout.year
                layout.series = layout.series or title_series(text, vocabulary, names) or ""
    if layout.form == "plain" and (grid.merged or layout.header > 0 or layout.first - layout.header > 1):
        layout.form = "yearbook"
    if any(plain_name(grid.text(layout.header, c)) == "obs_value" for c in range(grid.width)):
        layout.form = "sdmx"
