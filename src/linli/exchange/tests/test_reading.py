"""Files of people: every encoding and every accident of a spreadsheet; what cannot be taken is refused with its place."""

from __future__ import annotations

import io
import random
import zipfile
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from linli.core.errors import Invalid
from linli.exchange.columns import Column, Kind
from linli.exchange.reading import COLUMNS_MOST, read_table
from linli.exchange.writing import Sheet, write_csv, write_xlsx

COLUMNS = [
    Column("code", "区划编码", "Division code", Kind.CODE, required=True),
    Column("name", "名称", "Name", most=20),
    Column("people", "户数", "Households", Kind.INTEGER, low=0),
    Column("money", "金额", "Amount", Kind.DECIMAL),
    Column("day", "日期", "Day", Kind.DATE),
    Column("open", "启用", "Open", Kind.YES_NO),
    Column("kind", "类别", "Kind", Kind.CHOICE, choices={"street": ("街道",), "yard": ("院落", "小区")}),
    Column("tags", "标签", "Tags", Kind.CODE, many=True),
]
HEAD = "区划编码,名称,户数,金额,日期,启用,类别,标签\n"


def values(data: bytes | str, **more: Any) -> list[dict[str, Any]]:
    table = read_table(data.encode() if isinstance(data, str) else data, "a", COLUMNS)
    assert table.refused == (), table.refused
    return [dict(r.values) for r in table.rows]


def codes(text: str) -> list[tuple[int, str, str]]:
    return [(r.row, r.column, r.code) for r in read_table(text.encode(), "a.csv", COLUMNS).refused]


DECLARED = "文件里有不该出现的内容，不能读取。请在表格软件里另存一份。"


def workbook(rows: list[list[Any]], **more: Any) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for name, state in more.get("sheets", {}).items():
        book.create_sheet(name).sheet_state = state
    for cell, form in more.get("forms", {}).items():
        sheet[cell].number_format = form
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


TEXT = HEAD + '001,"牛街\n街道","１，２３４",1.5万,2026年3月1日,是,小区,"01、02"\n'
READ = {
    "code": "001", "name": "牛街\n街道", "people": 1234, "money": Decimal(15000), "day": date(2026, 3, 1), "open": True,
    "kind": "yard", "tags": ("01", "02"),
}  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(), TEXT.encode("utf-8-sig"), TEXT.encode("gb18030"), b"\x84\x31\x95\x33" + TEXT.encode("gb18030"),
        TEXT.encode("utf-16"), TEXT.replace("\n0", "\r\n0").encode(), b"\xef\xbb\xbf" + TEXT.encode("utf-8-sig"),
        TEXT.replace(",", "\t").replace("１，２３４", "1234").replace('"01、02"', "01、02").encode(),
        ("某区统计表\n2026 年\n\n" + TEXT).encode(),
    ],
)  # fmt: skip
def test_encodings_and_delimiters(data: bytes) -> None:
    assert values(data) == [READ]


def test_headers_are_found_by_either_name_in_any_order() -> None:
    text = "Name, division CODE（必填） \n甲,000123\n"
    assert values(text)[0]["code"] == "000123" and values(text)[0]["name"] == "甲"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1.0E+11", "code_became_number"), ("1.10102E+11", "code_became_number"), ("110102.0", "code_became_number"),
        ("", "required"), ("１.1e11", "code_became_number"),
    ],
)  # fmt: skip
def test_codes_that_a_spreadsheet_has_spoilt(cell: str, code: str) -> None:
    assert codes(HEAD + f"{cell},甲,,,,,,\n") == [(2, "区划编码", code)]


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        (2, "1.5", "not_whole"), (2, "-1", "too_small"), (2, "约300", "not_a_number"), (2, "1e5", "not_a_number"),
        (2, '"1,23"', "not_a_number"), (3, "nan", "not_a_number"), (3, "12%", "not_a_number"), (4, "2026-02-30", "no_such_day"),
        (4, "3月1日", "not_a_date"), (4, "0001-01-01", "no_such_day"), (5, "也许", "not_yes_or_no"), (6, "镇", "not_a_choice"),
        (1, "长" * 21, "too_long"), (1, "a\u202eb", "bad_character"),
    ],
)  # fmt: skip
def test_each_refusal_has_its_place_and_code(column: int, cell: str, code: str) -> None:
    cells = ["001", *[""] * 7]
    cells[column] = cell
    assert codes(HEAD + ",".join(cells) + "\n") == [(2, HEAD.strip().split(",")[column], code)]


def test_a_row_number_counts_rows_not_lines() -> None:
    text = HEAD + '001,"a\nb",,,,,,\n\n002,,x,,,,,\n'
    assert codes(text) == [(4, "户数", "not_a_number")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"), (b"   \n", "empty_file"), (b"\xff\xfe\x00\xd8", "not_text"), (b"\x00\x01\x02", "not_text"),
        ("甲,乙\n1,2\n".encode(), "no_header"), ("名称,户数\n甲,1\n".encode(), "missing_columns"),
        ("区划编码,名称,名称\n1,2,3\n".encode(), "column_twice"), (HEAD.encode() + b'001,"never closed\n1,2\n', "bad_csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "locked_file"), (b"PK\x03\x04nonsense", "not_a_workbook"),
        (b"x" * (10 * 1024 * 1024 + 1), "file_too_large"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_table(data, "a", COLUMNS)
    assert refused.value.code == code and refused.value.fields["file"]


def test_too_many_rows() -> None:
    with pytest.raises(Invalid) as refused:
        read_table((HEAD + "1,,,,,,,\n" * 12).encode(), "a", COLUMNS, rows_most=10)
    assert refused.value.code == "too_many_rows"


# --- workbooks ----------------------------------------------------------------------------------------
HEADER = HEAD.strip().split(",")


def test_numbers_in_a_column_of_codes() -> None:
    rows = [HEADER, [110102001, "甲"], [7, "乙"], [1.5, "丙"], [1234567890123456, "丁"], [True, "戊"]]
    table = read_table(workbook(rows, forms={"A3": "000000"}), "a.xlsx", COLUMNS)
    assert [r.values["code"] for r in table.rows] == ["110102001", "000007"]
    assert [(r.row, r.code) for r in table.refused] == [
        (4, "code_lost_digits"), (5, "code_lost_digits"), (6, "not_a_code"),
    ]  # fmt: skip


def test_formulas_are_never_evaluated() -> None:
    table = read_table(workbook([HEADER, ["001", "甲", "=1+1"], ["002", "乙", 3]]), "a.xlsx", COLUMNS)
    assert [(r.row, r.column, r.code) for r in table.refused] == [(2, "户数", "formula_without_value")]
    assert [r.values["people"] for r in table.rows] == [3] and any("公式" in n for n in table.notes)


def test_hidden_and_other_sheets_are_said() -> None:
    data = workbook([HEADER, ["001"]], sheets={"底稿": "hidden", "说明": "visible"})
    notes = " ".join(read_table(data, "a.xlsx", COLUMNS).notes)
    assert "底稿" in notes and "说明" in notes


def test_unknown_columns_are_said() -> None:
    table = read_table("区划编码,名称,备案人\n1,甲,乙\n".encode(), "a.csv", COLUMNS)
    assert "备案人" in " ".join(table.notes) and "备案人" not in str(table.rows)


def rebuilt(data: bytes, change: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), *change}:
            new.writestr(name, change.get(name, old.read(name) if name in old.namelist() else b""))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"xl/worksheets/sheet1.xml": b"<a>" + b" " * 40_000_000 + b"</a>"}, "file_unpacks_too_large"),
        ({f"xl/media/{i}.bin": b"" for i in range(2_100)}, "file_unpacks_too_large"),
        ({"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}, "not_a_workbook"),
        ({"xl/workbook.xml": b"<broken"}, "not_a_workbook"),
        ({"xl/sharedStrings.xml": b"<sst/>", "xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row r='x'/>"}, "not_a_workbook"),
    ],
)  # fmt: skip
def test_hostile_workbooks(change: dict[str, bytes], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_table(rebuilt(workbook([HEADER, ["001"]]), change), "a.xlsx", COLUMNS)
    assert refused.value.code == code


@pytest.mark.parametrize("before", [0, 70_000, (1 << 20) - 45, 1_500_000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
def test_a_declaration_is_refused_wherever_it_stands(before: int, encoding: str, part: str) -> None:
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz", k=before))
    text = f'<!--{noise}--><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'
    with pytest.raises(Invalid) as refused:
        read_table(rebuilt(workbook([HEADER, ["001"]]), {part: text.encode(encoding)}), "a.xlsx", COLUMNS)
    assert (refused.value.code, refused.value.message) == ("not_a_workbook", DECLARED)


def test_a_cell_at_the_end_of_the_world_costs_nothing() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for place, name in enumerate(HEADER, 1):
        sheet.cell(1, place, name)
    sheet.cell(2, 1, "001")
    sheet.cell(2, 16384, "far")
    stream = io.BytesIO()
    book.save(stream)
    assert COLUMNS_MOST < 16384 and len(read_table(stream.getvalue(), "a.xlsx", COLUMNS).rows) == 1
    sheet.cell(1048576, 1, "002")
    stream = io.BytesIO()
    book.save(stream)
    with pytest.raises(Invalid) as refused:
        read_table(stream.getvalue(), "a.xlsx", COLUMNS)
    assert refused.value.code == "too_many_rows"


# --- out and in again ---------------------------------------------------------------------------------
WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Co", "Cn", "Zl", "Zp", "Zs")), min_size=1, max_size=12
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.text("0123456789", min_size=1, max_size=15),
            "name": st.one_of(WORDS, st.sampled_from(["=1+1", "+cmd", "-2", "@SUM(A1)", "=HYPERLINK(x)"])),
            "people": st.one_of(st.none(), st.integers(0, 10**9)),
            "money": st.one_of(st.none(), st.integers(-(10**6), 10**6).map(lambda n: Decimal(n) / 100)),
            "day": st.one_of(st.none(), st.dates(date(1901, 1, 1), date(2199, 1, 1))),
            "open": st.one_of(st.none(), st.booleans()),
            "kind": st.sampled_from(["", "street", "yard"]),
            "tags": st.lists(st.text("0123456789", min_size=1, max_size=4), max_size=3, unique=True).map(tuple),
        }
    ),
    min_size=1,
    max_size=5,
)


@given(ROWS)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_again(rows: list[dict[str, Any]]) -> None:
    import unicodedata

    wanted = [r | {"name": unicodedata.normalize("NFC", r["name"])} for r in rows]
    stream = io.BytesIO()
    assert write_xlsx([Sheet("表", COLUMNS, rows)], stream, about=[("来源", "=试")]) == len(rows)
    assert values(stream.getvalue()) == wanted
    assert values("".join(write_csv(COLUMNS, rows))) == wanted


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for candidate in (data, b"PK\x03\x04" + data, HEAD.encode() + data):
        with suppress(Invalid):
            assert read_table(candidate, "x", COLUMNS).header_row >= 1
