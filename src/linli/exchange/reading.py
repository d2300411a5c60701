"""Bytes of an XLSX or CSV file to typed rows, with a refusal for every cell that cannot be taken. Nothing is dropped."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from linli.core.errors import Invalid

from .columns import Cell, Column, Refused, Wrong, blank, plain, shown, typed
from .packed import check_workbook, holds_formulas, links_outside, refuse

BYTES_MOST = 10 * 1024 * 1024
ROWS_MOST = 200_000
COLUMNS_MOST = 120
HEADER_WITHIN = 20  # rows from the top
SHEETS_MOST = 60
REFUSALS_LISTED = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row that can be taken: its number in the file (from 1, as a spreadsheet counts) and its typed values.

    A column that the file does not have is not among them: it says nothing, which is not the same as nothing.
    """

    number: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """What a file says. `refused` lists the first REFUSALS_LISTED refusals, `refused_count` counts them all.

    `notes` are sentences about what was left unread: hidden sheets, other sheets, unknown columns, links, formulas.
    """

    name: str
    sheet: str
    header_row: int
    columns: tuple[Column, ...]
    found: tuple[str, ...]
    rows: tuple[Row, ...]
    refused: tuple[Refused, ...]
    refused_count: int
    refused_rows: int
    notes: tuple[str, ...] = ()


Line = tuple[int, list[Cell]]


@dataclass(frozen=True, slots=True)
class _Header:
    row: int
    places: Mapping[int, Column]
    unknown: tuple[str, ...]
    twice: tuple[str, ...]


def read_table(data: bytes, name: str, columns: Sequence[Column], *, rows_most: int = ROWS_MOST) -> Table:
    """Read `data` (XLSX by its first bytes, else CSV). Raises Invalid (field `file`) when no row can be read at all.

    Codes: empty_file, file_too_large, too_many_rows, not_a_workbook, locked_file, file_unpacks_too_large, not_text,
    bad_csv, no_header, missing_columns, column_twice.
    """
    if not data.strip():
        raise refuse("empty_file", _("文件是空的。"))
    if len(data) > BYTES_MOST:
        raise refuse("file_too_large", _("文件太大：最多 %(n)s MB。") % {"n": BYTES_MOST >> 20})
    if data[:4] == b"PK\x03\x04":
        return _read_workbook(data, name, columns, rows_most)
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise refuse("locked_file", _("这是旧的 .xls 文件，或者有密码的文件。请去掉密码，另存为 .xlsx。"))
    return _read_csv(data, name, columns, rows_most)


# --- the header ---------------------------------------------------------------------------------------
def _name(text: Any) -> str:
    """A header reduced to what it says: no case, spaces, stars or brackets."""
    return re.sub(r"[\s*_\-]|\(.*?\)|【.*?】", "", plain(str(text))).casefold()


def _names(columns: Sequence[Column]) -> dict[str, Column]:
    names: dict[str, Column] = {}
    for language in ("zh-hans", "en"):
        with override(language):
            for column in columns:
                for word in (column.label, column.english, column.key, *column.aliases):
                    names.setdefault(_name(word), column)
    return names


def _header(line: Line, names: Mapping[str, Column]) -> _Header:
    number, cells = line
    places: dict[int, Column] = {}
    unknown, twice = [], []
    for place, cell in enumerate(cells):
        if blank(cell):
            continue
        column = names.get(_name(cell.value))
        if column is None:
            unknown.append(shown(cell.value))
        elif column in places.values():
            twice.append(column.heading)
        else:
            places[place] = column
    return _Header(number, places, tuple(unknown), tuple(twice))


def _best(lines: Iterable[Line], names: Mapping[str, Column]) -> _Header | None:
    found = [h for h in (_header(line, names) for line in lines) if h.places]
    return max(found, key=lambda h: (len(h.places), -h.row), default=None)


def _accept(header: _Header | None, columns: Sequence[Column]) -> _Header:
    wanted = [c for c in columns if c.required]
    if header is None or len(header.places) < min(2, len(columns)):
        raise refuse(
            "no_header",
            _("前 %(n)s 行里没有找到表头。表头要有这些列：%(columns)s。")
            % {"n": HEADER_WITHIN, "columns": _("、").join(c.heading for c in wanted or columns)},
        )
    if header.twice:
        raise refuse("column_twice", _("有重复的列：%(columns)s。") % {"columns": _("、").join(header.twice)})
    if missing := [c.heading for c in wanted if c not in header.places.values()]:
        raise refuse("missing_columns", _("缺少列：%(columns)s。") % {"columns": _("、").join(missing)})
    return header


# --- the rows -----------------------------------------------------------------------------------------
def _table(
    lines: Iterable[Line],
    name: str,
    sheet: str,
    columns: Sequence[Column],
    header: _Header,
    notes: list[str],
    rows_most: int,
) -> Table:
    rows: list[Row] = []
    refused: list[Refused] = []
    count = bad_rows = 0
    for number, cells in lines:
        if number <= header.row or all(map(blank, cells)):
            continue
        if number - header.row > rows_most:
            raise refuse("too_many_rows", _("行数太多：最多 %(n)s 行。请分成几个文件。") % {"n": f"{rows_most:,}"})
        values: dict[str, Any] = {}
        wrong = 0
        for place, column in header.places.items():
            cell = cells[place] if place < len(cells) else Cell()
            try:
                values[column.key] = typed(column, cell)
            except Wrong as why:
                wrong += 1
                if len(refused) < REFUSALS_LISTED:
                    refused.append(Refused(number, column.heading, shown(cell.value), why.sentence, why.code))
        count += wrong
        if wrong:
            bad_rows += 1
        else:
            rows.append(Row(number, values))
    if header.unknown:
        notes.append(_("没有读这些列：%(columns)s。") % {"columns": _("、").join(header.unknown[:20])})
    found = tuple(c.key for c in header.places.values())
    return Table(
        name, sheet, header.row, tuple(columns), found, tuple(rows), tuple(refused), count, bad_rows, tuple(notes)
    )


# --- CSV ----------------------------------------------------------------------------------------------
def decode(data: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16 with their marks, UTF-8, GB18030 with or without its mark. Raises Invalid."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        tries = ["utf-16"]
    elif data.startswith(b"\x84\x31\x95\x33"):
        tries, data = ["gb18030"], data[4:]
    else:
        tries = ["utf-8-sig", "gb18030"]
    for encoding in tries:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.lstrip("\ufeff")
    raise refuse("not_text", _("这不是 XLSX 表格，也不是 UTF-8 或 GB18030 编码的文字。"))


def _csv_lines(text: str, delimiter: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            yield number, [Cell(c) for c in cells[:COLUMNS_MOST]]
    except csv.Error:
        raise refuse(
            "bad_csv", _("第 %(row)s 行以后读不下去：引号没有成对，或一格太长。") % {"row": number + 1}
        ) from None


def _read_csv(data: bytes, name: str, columns: Sequence[Column], rows_most: int) -> Table:
    text = decode(data)
    names = _names(columns)
    best: tuple[int, str, _Header | None] = (0, ",", None)
    broken: Invalid | None = None
    for delimiter in (",", "\t", ";", "，"):
        try:
            header = _best(islice(_csv_lines(text, delimiter), HEADER_WITHIN), names)
        except Invalid as refused:
            broken = broken or refused
            continue
        if header and len(header.places) > best[0]:
            best = (len(header.places), delimiter, header)
    if best[2] is None and broken:
        raise broken
    return _table(_csv_lines(text, best[1]), name, "", columns, _accept(best[2], columns), [], rows_most)


# --- XLSX ---------------------------------------------------------------------------------------------
def _read_workbook(data: bytes, name: str, columns: Sequence[Column], rows_most: int) -> Table:
    from openpyxl import load_workbook  # a tenth of a second that only reading a workbook needs

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_workbook(archive)
            formulas, links = holds_formulas(archive), links_outside(archive)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            sheet, found, notes = _choose_sheet(book, columns)
            header = _accept(found, columns)
            width, written = max(header.places) + 1, None
            if formulas:
                plain_book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
                written = _sheet_lines(plain_book[sheet.title], width)
                notes.append(_("有的格是公式：只取文件里存的值，不重新计算。"))
            if links:
                notes.append(_("文件引用了其他文件：引用的内容没有读取。"))
            lines = _with_troubles(_sheet_lines(sheet, width), written)
            return _table(lines, name, sheet.title, columns, header, notes, rows_most)
        finally:
            book.close()
    except Invalid:
        raise
    except Exception as error:  # a broken workbook breaks its reader in many ways; all mean the same to the person
        raise refuse("not_a_workbook", _("文件损坏或不是 XLSX 表格。请在表格软件里另存一份再上传。")) from error


def _choose_sheet(book: Any, columns: Sequence[Column]) -> tuple[Any, _Header | None, list[str]]:
    """The visible sheet whose header fits best, and what is said about the others."""
    names, notes = _names(columns), []
    sheets = [s for s in book.worksheets[:SHEETS_MOST] if s.sheet_state == "visible"]
    hidden = [s.title for s in book.worksheets if s.sheet_state != "visible"]
    if hidden:
        notes.append(_("没有读隐藏的工作表：%(sheets)s。") % {"sheets": _("、").join(shown(t) for t in hidden[:20])})
    if not sheets:
        raise refuse("no_header", _("文件里没有可见的工作表。"))
    tried = [(s, _best(islice(_sheet_lines(s), HEADER_WITHIN), names)) for s in sheets]
    sheet, header = max(tried, key=lambda t: len(t[1].places) if t[1] else 0)
    others = [s.title for s in sheets if s is not sheet]
    if others:
        notes.append(_("没有读其他工作表：%(sheets)s。") % {"sheets": _("、").join(shown(t) for t in others[:20])})
    return sheet, header, notes


def _sheet_lines(sheet: Any, width: int = COLUMNS_MOST) -> Iterator[Line]:
    """Rows of a sheet; the size that the file claims is not believed, and what lies too far right or below is not read."""
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(max_col=width), 1):
        if number > ROWS_MOST + HEADER_WITHIN + 1:
            yield number, [Cell("…")]  # told as too many rows by whoever counts
            return
        yield number, [read_cell(c) for c in cells]


NOTHING = Cell()


def read_cell(cell: Any) -> Cell:
    """A workbook's cell as it is typed later; an error of the workbook is one, not text."""
    value = cell.value
    if value is None:
        return NOTHING
    if cell.data_type == "e":
        return Cell(value, trouble="error")
    return Cell(value, cell.number_format or "" if isinstance(value, int | float) else "")


def _with_troubles(lines: Iterator[Line], written: Iterator[Line] | None) -> Iterator[Line]:
    """Mark formulas for which the file keeps no value: empty cells that are not empty."""
    if written is None:
        yield from lines
        return
    for (number, cells), (_number, formulas) in zip(lines, written, strict=False):
        yield (
            number,
            [
                Cell(f.value, trouble="formula") if c is NOTHING and f is not NOTHING else c
                for c, f in zip(cells, formulas, strict=False)
            ],
        )
