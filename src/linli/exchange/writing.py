"""Rows out: XLSX with XlsxWriter, CSV line by line. A text stays a text: nothing that is written is ever a formula."""

from __future__ import annotations

import csv
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from django.http import FileResponse, StreamingHttpResponse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from linli.core import clock

from .columns import Column, Kind, said

CELL_MOST = 32_767  # characters, the format's own limit
ROWS_MOST = 1_048_575
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: rows are mappings by column key, or sequences in the columns' order. `rows` may be a generator."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Mapping[str, Any] | Sequence[Any]]


def write_xlsx(sheets: Sequence[Sheet], stream: IO[bytes], *, about: Sequence[tuple[Any, Any]] = ()) -> int:
    """Write a workbook with a sheet 说明 (`about`: what it is, where it comes from, what holds). Returns the rows written.

    Codes and texts are texts, dates dates, times those of Shanghai; headers are frozen. Memory does not grow with the
    rows. Raises ValueError for more rows than a sheet holds.
    """
    from xlsxwriter import Workbook

    book = Workbook(
        stream,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "remove_timezone": True,
        },
    )
    try:
        forms = _forms(book)
        taken: set[str] = set()
        total = 0
        for sheet in sheets:
            page = book.add_worksheet(_sheet_name(sheet.name, taken))
            _head(page, sheet.columns, forms)
            total += _fill(page, sheet, forms)
        _about(book.add_worksheet(_sheet_name(_("说明"), taken)), sheets, about, forms)
    finally:
        book.close()
    return total


def _forms(book: Any) -> dict[str, Any]:
    ground = {"valign": "top"}
    return {
        "head": book.add_format({"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "valign": "vcenter"}),
        "text": book.add_format({**ground, "num_format": "@", "text_wrap": False}),
        "risky": book.add_format({**ground, "num_format": "@", "quote_prefix": True}),
        "integer": book.add_format({**ground, "num_format": "0"}),
        "decimal": book.add_format({**ground, "num_format": "General"}),
        "date": book.add_format({**ground, "num_format": "yyyy-mm-dd"}),
        "time": book.add_format({**ground, "num_format": "yyyy-mm-dd hh:mm"}),
        "wrap": book.add_format({**ground, "num_format": "@", "text_wrap": True}),
    }


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name that the format allows: 31 characters, none of []:*?/\\, no second of the same."""
    plain = re.sub(r"[\[\]:*?/\\]", " ", str(name)).strip("' ")[:28] or "1"
    found, n = plain, 2
    while found.casefold() in taken:
        found, n = f"{plain} {n}", n + 1
    taken.add(found.casefold())
    return found


def display_width(text: str) -> int:
    """Columns that a text takes on a screen: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


_WIDTH = {Kind.INTEGER: 10, Kind.DECIMAL: 12, Kind.DATE: 12, Kind.YES_NO: 8, Kind.CODE: 16, Kind.CHOICE: 14}


def _head(page: Any, columns: Sequence[Column], forms: Mapping[str, Any]) -> None:
    page.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        width = column.width or max(_WIDTH.get(column.kind, 24), display_width(column.heading) + 2)
        page.set_column(place, place, min(width, 80))
        page.write_string(0, place, column.heading, forms["head"])


def _fill(page: Any, sheet: Sheet, forms: Mapping[str, Any]) -> int:
    number = 0
    for number, row in enumerate(sheet.rows, 1):
        if number > ROWS_MOST:
            raise ValueError("more rows than a sheet holds")
        for place, column in enumerate(sheet.columns):
            value = row.get(column.key) if isinstance(row, Mapping) else row[place]
            _put(page, number, place, column, value, forms)
    if number:
        page.autofilter(0, 0, number, len(sheet.columns) - 1)
    return number


def _put(page: Any, row: int, place: int, column: Column, value: Any, forms: Mapping[str, Any]) -> None:
    if value is None or value == "" or value == ():
        return
    numeric = column.kind in (Kind.INTEGER, Kind.DECIMAL) and isinstance(value, int | float | Decimal)
    if numeric and not isinstance(value, bool):
        page.write_number(row, place, value, forms["integer" if isinstance(value, int) else "decimal"])
    elif isinstance(value, datetime):
        wall = clock.local(value).replace(tzinfo=None) if value.tzinfo else value
        page.write_datetime(row, place, wall, forms["time"])
    elif isinstance(value, date):
        page.write_datetime(row, place, value, forms["date"])
    else:
        text = said(column, value).replace("\r\n", "\n").replace("\r", "\n")
        text = text if len(text) <= CELL_MOST else text[: CELL_MOST - 1] + "…"
        page.write_string(row, place, text, forms["risky" if text.startswith(RISKY) else "text"])


def _about(page: Any, sheets: Sequence[Sheet], about: Sequence[tuple[Any, Any]], forms: Mapping[str, Any]) -> None:
    """The sheet 说明: provenance first, then what each column may hold."""
    page.set_column(0, 0, 22)
    page.set_column(1, 1, 90)
    lines = [*about, (_("写出时间"), f"{clock.local(clock.now()):%Y-%m-%d %H:%M}")]
    for sheet in sheets:
        lines += [(c.heading, _rule(c)) for c in sheet.columns if _rule(c)]
    for row, (label, text) in enumerate(lines):
        for place, words in enumerate((str(label), str(text))):
            form = "risky" if words.startswith(RISKY) else "head" if place == 0 else "wrap"
            page.write_string(row, place, words[:CELL_MOST], forms[form])


def _rule(column: Column) -> str:
    """In a sentence what a column may hold; empty where nothing is special."""
    said_so = [str(column.hint)] if column.hint else []
    if column.choices:
        words = (str(w[0]) if w else token for token, w in column.choices.items())
        said_so.append(_("可以填：%(words)s。") % {"words": _("、").join(words)})
    if column.many:
        said_so.append(_("可以填几个，用顿号分开。"))
    if column.required:
        said_so.append(_("必填。"))
    return " ".join(said_so)


def xlsx_response(filename: str, sheets: Sequence[Sheet], *, about: Sequence[tuple[Any, Any]] = ()) -> FileResponse:
    """A workbook as a download; `filename` without its ending may be Chinese."""
    stream = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    write_xlsx(sheets, stream, about=about)
    stream.seek(0)
    return FileResponse(stream, as_attachment=True, filename=f"{filename}.xlsx", content_type=XLSX)


# --- CSV ----------------------------------------------------------------------------------------------
class _Line:
    """What csv.writer writes to: hands each line on."""

    def write(self, text: str) -> str:
        return text


def csv_cell(column: Column, value: Any) -> str:
    """Text of a cell. What a spreadsheet would take for a formula gets a quote in front; numbers stay numbers."""
    if isinstance(value, datetime) and value.tzinfo:
        value = clock.local(value)
    text = said(column, value)
    number = isinstance(value, int | float | Decimal) and column.kind in (Kind.INTEGER, Kind.DECIMAL)
    return f"'{text}" if text.startswith(RISKY) and not number else text


def write_csv(
    columns: Sequence[Column], rows: Iterable[Mapping[str, Any] | Sequence[Any]], *, last: Iterable[str] = ()
) -> Iterator[str]:
    """Lines of a CSV with a BOM, header first, in the language of the caller; `last` are closing sentences."""
    writer = csv.writer(_Line())
    language = get_language() or "zh-hans"  # a generator runs when the request's language is gone
    with override(language):
        head = "\ufeff" + writer.writerow([c.heading for c in columns])
    yield head
    for row in rows:
        with override(language):
            line = writer.writerow(
                [csv_cell(c, row.get(c.key) if isinstance(row, Mapping) else row[i]) for i, c in enumerate(columns)]
            )
        yield line
    for sentence in last:
        yield writer.writerow([sentence])


def csv_response(filename: str, lines: Iterable[str]) -> StreamingHttpResponse:
    """The lines of `write_csv` as a download, streamed."""
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}.csv"'
    return response
