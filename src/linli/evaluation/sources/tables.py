"""A grid and its layout to cells: each with its series, unit, year, value; what cannot be placed is refused or listed."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from linli.exchange.columns import Refused, Wrong, blank, shown

from ..choices import NameKind, ObsStatus
from ..rules import plain_name
from .grids import Grid
from .headings import Meaning, meaning, symbol_of, symbols_of, year_of
from .layout import Layout, is_foot
from .said import Found, How, Reading, Vocabulary
from .values import Value, value_of

NONE_SAID = frozenset("MLNQ")


@dataclass(slots=True)
class _Table:
    """What a row is read against."""

    grid: Grid
    layout: Layout
    vocabulary: Vocabulary
    how: How
    out: Reading
    known: set[str]
    left_out_units: dict[str, int] = field(default_factory=dict)
    columns_refused: set[int] = field(default_factory=set)

    def refuse(self, row: int, column: str, value: object, sentence: str, code: str) -> None:
        place = f"{self.grid.name} · {column}" if self.grid.name and column else column or self.grid.name
        self.out.refuse(Refused(row + 1, place, shown(value), sentence, code))


def read_grid(grid: Grid, layout: Layout, vocabulary: Vocabulary, how: How, out: Reading) -> None:
    """Add to `out` what stands in the table."""
    table = _Table(grid, layout, vocabulary, how, out, symbols_of(vocabulary))
    _tell_columns(table)
    in_foot = False
    before = ""
    for row in range(layout.first, len(grid.rows)):
        if all(map(blank, grid.rows[row])):
            continue
        lead = next((grid.text(row, c) for c in range(len(grid.rows[row])) if grid.text(row, c)), "")
        in_foot = in_foot or is_foot(lead)
        if in_foot and not _has_numbers(table, row):
            out.footer.append(lead)
            continue
        before = _row(table, row, before)
    for text, count in table.left_out_units.items():
        words = {"text": text, "n": count}
        out.tell("unit_left_out", _("按说明没有读“%(text)s”的 %(n)s 格。") % words)


def _has_numbers(table: _Table, row: int) -> bool:
    for column in table.layout.columns:
        try:
            if value_of(table.grid.cell(row, column)).value is not None:
                return True
        except Wrong:
            continue
    return False


def _tell_columns(table: _Table) -> None:
    """Headings that mean nothing known are listed with what stands under them; what says when or where is enough."""
    fixed = table.how.series or table.layout.series
    for column, said in list(table.layout.columns.items()):
        if said.left_out:
            table.out.tell(
                "column_left_out", _("按说明没有读“%(text)s”一列。") % {"text": table.layout.headings[column]}
            )
            del table.layout.columns[column]
        elif said.series is None and said.text and not (fixed and said.unit is None and len(table.layout.columns) == 1):
            count = sum(
                1 for r in range(table.layout.first, len(table.grid.rows)) if not blank(table.grid.cell(r, column))
            )
            if "series" in table.layout.roles and said.unit is not None:
                continue
            if count:
                table.out.unknown_series[said.text] = table.out.unknown_series.get(said.text, 0) + count
            del table.layout.columns[column]
    text = table.layout.series_text
    if text and not fixed and text not in {plain_name(n) for n in table.how.names}:
        n = sum(1 for r in range(table.layout.first, len(table.grid.rows)) if len(table.grid.rows[r]) > 1)
        table.out.unknown_series.setdefault(text, n)


def _row(table: _Table, row: int, before: str) -> str:
    """Read one row; returns the name of its unit, for rows below that leave it blank."""
    roles, grid = table.layout.roles, table.grid
    unit, text = _unit(table, row, before)
    here: dict[str, str] = {
        role: grid.text(row, roles[role]) for role in ("year", "series", "symbol", "status", "note") if role in roles
    }
    by_row = Meaning()
    if "series" in roles:
        by_row = meaning([here["series"]], table.vocabulary, table.how, table.known)
        if by_row.left_out:
            return text
        if by_row.series is None and here["series"] and not table.how.series:
            n = sum(1 for c in table.layout.columns if not blank(grid.cell(row, c)))
            table.out.unknown_series[here["series"]] = table.out.unknown_series.get(here["series"], 0) + n
            return text
    if unit == "":
        return text
    year = year_of(here["year"]) if here.get("year") else None
    if "year" in roles and year is None:
        table.refuse(row, "", here.get("year", ""), _("年份看不懂：应当是四位数的年份，例如 2023。"), "no_year")
        return text
    symbol = symbol_of(here.get("symbol", ""), table.known) or here.get("symbol", "")
    for column, said in table.layout.columns.items():
        _cell(table, row, column, said, by_row, unit, year, symbol, here)
    return text


def _unit(table: _Table, row: int, before: str) -> tuple[str | None, str]:
    """The row's unit: a code; None where the columns or the head of the table say it; "" where the row is not read."""
    roles, grid = table.layout.roles, table.grid
    if "unit" not in roles and "code" not in roles:
        return table.layout.unit or None, before
    code = grid.text(row, roles["code"]) if "code" in roles else ""
    text = grid.text(row, roles["unit"]) if "unit" in roles else code
    if not text and before and "year" in roles:
        text = before
    for candidate in (code, text):
        own = {plain_name(t): c for t, c in table.how.units.items()}
        plain = plain_name(candidate)
        if plain in own:
            if own[plain] == "":
                count = sum(1 for c in table.layout.columns if not blank(grid.cell(row, c)))
                table.left_out_units[text] = table.left_out_units.get(text, 0) + count
            return own[plain], text
        found = table.vocabulary.names.get(plain, []) if plain else []
        if len(found) > 1:
            words = {"n": len(found), "codes": _("、").join(k.code for k in found)}
            sentence = _("这个名称可以是 %(n)s 个地区：%(codes)s。请写明代码。") % words
            table.refuse(row, "", text, sentence, "unit_ambiguous")
            return "", text
        if found:
            _tell_misspelt(table, text, found[0].code, found[0].kind)
            return found[0].code, text
    if not _row_says(table, row):
        if text:
            table.out.tell(
                "row_of_words", _("第 %(row)s 行没有数，没有读：%(text)s") % {"row": row + 1, "text": shown(text)}
            )
        return "", before
    table.out.unknown_units[text] = table.out.unknown_units.get(text, 0) + _row_says(table, row)
    table.refuse(row, "", text, _("不认识这个地区名称。可以说明它是哪个地区，再读一次。"), "unknown_unit")
    return "", text


def _row_says(table: _Table, row: int) -> int:
    return sum(1 for c in table.layout.columns if not blank(table.grid.cell(row, c)))


def _tell_misspelt(table: _Table, text: str, code: str, kind: str) -> None:
    name = table.vocabulary.units[code].name
    if kind == NameKind.MISSPELT:
        table.out.tell("misspelt", _("“%(text)s”是误写，按%(name)s读。") % {"text": text, "name": name})
    elif kind == NameKind.FORMER:
        table.out.tell("former_name", _("“%(text)s”是曾用名，按%(name)s读。") % {"text": text, "name": name})


def _cell(
    table: _Table, row: int, column: int, said: Meaning, by_row: Meaning, unit: str | None, year: int | None, symbol: str,
    here: dict[str, str],
) -> None:  # fmt: skip
    heading = table.layout.headings.get(column, "")
    series = by_row.series or said.series or table.how.series or table.layout.series
    unit = said.unit or unit
    year = year or said.year or table.how.year or table.layout.year
    cell = table.grid.cell(row, column)
    if not series or unit is None or year is None:
        if column not in table.columns_refused and not (blank(cell) or table.layout.series_text):
            table.columns_refused.add(column)
            _refuse_column(table, row, heading, series, unit)
        return
    try:
        value = value_of(cell)
    except Wrong as why:
        table.refuse(row, heading, cell.value, why.sentence, why.code)
        return
    have = value.symbol or symbol or by_row.symbol or said.symbol or table.layout.symbol or table.how.symbol
    status = _status(value, here.get("status", ""))
    if value.value is None and status not in NONE_SAID:
        status = ObsStatus.MISSING
    note = "；".join(n for n in (value.note, here.get("note", "")) if n)[:200]
    table.out.cells.append(
        Found(series, unit, year, value.value, status, value.raw, note, have, row + 1, heading, table.grid.name)
    )


def _status(value: Value, said: str) -> str:
    """The status that a column of its own gives, where it is one of ours."""
    said = said.strip().upper()
    return said if value.status == ObsStatus.NORMAL and said in ObsStatus.values else value.status


def _refuse_column(table: _Table, row: int, heading: str, series: str, unit: str | None) -> None:
    if not series:
        words = _("看不出这一列是哪个指标。请选定指标，再读一次。")
        table.refuse(table.layout.header, heading, "", words, "no_series")
    elif unit is None:
        table.refuse(table.layout.header, heading, "", _("看不出这一列是哪个地区。"), "no_unit")
    else:
        words = _("看不出这一列是哪一年。请填写年份，再读一次。")
        table.refuse(table.layout.header, heading, "", words, "no_year")
