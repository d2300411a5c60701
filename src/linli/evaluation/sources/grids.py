"""Files to grids of cells: CSV in the encodings that offices send, the visible sheets of a workbook, merged cells kept."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from linli.core.errors import Invalid
from linli.exchange.columns import Cell, blank, shown
from linli.exchange.packed import check_workbook, holds_formulas, refuse
from linli.exchange.reading import BYTES_MOST, NOTHING, decode, read_cell

ROWS_MOST = 100_000
COLUMNS_MOST = 300
CELLS_MOST = 600_000
SHEETS_MOST = 60
MERGED_MOST = 5_000  # cells of one merged range; a larger one is decoration
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')


@dataclass(slots=True)
class Grid:
    """Rows of one sheet. `merged`: place -> the place whose content a merged cell shows."""

    name: str
    rows: list[list[Cell]]
    merged: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    def cell(self, row: int, column: int) -> Cell:
        """The cell as a reader sees it: a merged one shows its first cell."""
        row, column = self.merged.get((row, column), (row, column))
        line = self.rows[row] if 0 <= row < len(self.rows) else []
        return line[column] if column < len(line) else NOTHING

    def text(self, row: int, column: int) -> str:
        """The cell as one line of text, without padding between characters of a name ("地  区" stays)."""
        value = self.cell(row, column).value
        if value is None:
            return ""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return " ".join(str(value).split())

    @property
    def width(self) -> int:
        return max((len(r) for r in self.rows), default=0)


def open_file(data: bytes) -> tuple[list[Grid], list[str]]:
    """The grids of a file, and sentences about what was left unread.

    Raises Invalid (field `file`): empty_file, file_too_large, encrypted_file, old_workbook, not_a_workbook, locked_file,
    file_unpacks_too_large, too_many_rows, not_text, bad_csv.
    """
    if not data.strip():
        raise refuse("empty_file", _("文件是空的。"))
    if len(data) > BYTES_MOST:
        raise refuse("file_too_large", _("文件太大：最多 %(n)s MB。") % {"n": BYTES_MOST >> 20})
    if data[:8] == OLE:
        if _ENCRYPTED in data:
            raise refuse("encrypted_file", _("工作簿设了打开密码，内容是加密的。请去掉密码，另存为 .xlsx 后再上传。"))
        raise refuse("old_workbook", _("这是旧的 .xls 文件。请在表格软件里另存为 .xlsx 后再上传。"))
    if data[:4] == b"PK\x03\x04":
        return _workbook(data)
    return [Grid("", list(_csv_rows(decode(data))))], []


def _csv_rows(text: str) -> Iterator[list[Cell]]:
    head = text[:20_000]
    delimiter = max((",", "\t", ";"), key=head.count)
    number = cells = 0
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1):
            cells += len(row)
            _bearable(number, cells)
            yield [Cell(c) if c else NOTHING for c in row[:COLUMNS_MOST]]
    except csv.Error:
        words = {"row": number + 1}
        raise refuse("bad_csv", _("第 %(row)s 行以后读不下去：引号没有成对，或一格太长。") % words) from None


def _bearable(rows: int, cells: int) -> None:
    if rows > ROWS_MOST or cells > CELLS_MOST:
        raise refuse("too_many_rows", _("表太大：最多 %(n)s 行。请分成几个文件。") % {"n": f"{ROWS_MOST:,}"})


def _workbook(data: bytes) -> tuple[list[Grid], list[str]]:
    from openpyxl import load_workbook  # a tenth of a second that only reading a workbook needs

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_workbook(archive)
            formulas = holds_formulas(archive)
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            written = load_workbook(io.BytesIO(data), read_only=True, keep_links=False) if formulas else None
            notes = [_("有的格是公式：只取文件里存的值，不重新计算。")] if formulas else []
            grids = []
            for sheet in book.worksheets[:SHEETS_MOST]:
                if sheet.sheet_state != "visible":
                    notes.append(_("没有读隐藏的工作表：%(sheets)s。") % {"sheets": shown(sheet.title)})
                    continue
                rows = _rows(sheet, written[sheet.title] if written else None)
                grids.append(Grid(sheet.title, rows, _merged(archive, sheet._worksheet_path)))
            return grids, notes
    except Invalid:
        raise
    except Exception as error:  # a broken workbook breaks its reader in many ways; all mean the same to the person
        raise refuse("not_a_workbook", _("文件损坏或不是 XLSX 表格。请在表格软件里另存一份再上传。")) from error


def _rows(sheet: Any, written: Any) -> list[list[Cell]]:
    sheet.reset_dimensions()  # the size that a file claims is not believed
    rows: list[list[Cell]] = []
    count = 0
    for number, row in enumerate(sheet.iter_rows(max_col=COLUMNS_MOST), 1):
        line = [read_cell(c) for c in row]
        while line and blank(line[-1]):
            line.pop()
        count += len(line)
        _bearable(number, count)
        rows.append(line)
    if written is not None:
        written.reset_dimensions()
        for line, row in zip(rows, written.iter_rows(max_col=COLUMNS_MOST), strict=False):
            for place, cell in enumerate(row):
                if cell.value is not None and (place >= len(line) or line[place].value is None):
                    line.extend([NOTHING] * (place + 1 - len(line)))
                    line[place] = Cell(cell.value, trouble="formula")
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _merged(archive: zipfile.ZipFile, part: str) -> dict[tuple[int, int], tuple[int, int]]:
    """Merged ranges of a sheet; they stand behind its rows, so only the end of the part is looked at closely."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    count = 0
    with archive.open(part.lstrip("/")) as stream:
        content = stream.read()
    at = content.rfind(b"mergeCells")
    for left, top, right, bottom in _MERGED.findall(content[max(0, content.find(b"mergeCell")) :] if at >= 0 else b""):
        first = (int(top) - 1, _column(left))
        last = (int(bottom) - 1, _column(right))
        size = (last[0] - first[0] + 1) * (last[1] - first[1] + 1)
        count += max(size, 1) if size <= MERGED_MOST else 1
        _bearable(0, count)
        if size > MERGED_MOST:
            continue
        for row in range(first[0], last[0] + 1):
            for column in range(first[1], last[1] + 1):
                if (row, column) != first:
                    found[row, column] = first
    return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
