"""What is written opens as it was meant: texts are texts, headers stay, the sheet 说明 says where it comes from."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pytest
from openpyxl import load_workbook

from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, write_csv, write_xlsx, xlsx_response

COLUMNS = [
    Column("code", "编码", "Code", Kind.CODE, required=True, hint="六位"),
    Column("name", "名称", "Name"),
    Column("n", "数量", "Number", Kind.INTEGER),
    Column("day", "日期", "Day", Kind.DATE),
    Column("at", "时间", "Time", Kind.DATE),
]
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")']


def book(rows: list[dict[str, object]], name: str = "表"):  # type: ignore[no-untyped-def]
    stream = io.BytesIO()
    write_xlsx([Sheet(name, COLUMNS, rows)], stream, about=[("来源", "=cmd|x"), ("可信程度", "暂定")])
    return load_workbook(stream)


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_becomes_a_formula(text: str) -> None:
    cell = book([{"code": text, "name": text}])["表"]["B2"]
    assert cell.data_type == "s" and cell.value.strip() == text.strip()
    line = list(csv.reader(io.StringIO("".join(write_csv(COLUMNS, [{"code": "1", "name": text}])), newline="")))[1]
    assert line[1] == "'" + text


def test_codes_dates_times_and_numbers() -> None:
    at = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
    sheet = book([{"code": "000123", "name": "甲", "n": -3, "day": date(2026, 3, 1), "at": at}])["表"]
    assert [c.data_type for c in sheet[2]] == ["s", "s", "n", "d", "d"]
    assert sheet["A2"].value == "000123" and sheet["A2"].number_format == "@" and sheet["C2"].value == -3
    assert sheet["D2"].value == datetime(2026, 3, 1) and sheet["E2"].value == datetime(2026, 11, 23, 0, 30)
    assert sheet.freeze_panes == "A2" and sheet.column_dimensions["B"].width > 8
    assert "'-3" not in "".join(write_csv(COLUMNS, [{"code": "1", "n": -3}]))


def test_the_sheet_that_explains() -> None:
    about = book([{"code": "1"}])["说明"]
    lines = {row[0].value: row[1].value for row in about.iter_rows()}
    assert lines["可信程度"] == "暂定" and lines["来源"] == "=cmd|x" and "六位" in lines["编码"] and "写出时间" in lines


@pytest.mark.parametrize("name", ["a/b\\c:d*e?f[g]h", "长" * 60, "'", "说明"])
def test_odd_names_of_sheets(name: str) -> None:
    assert len(book([{"code": "1"}], name).sheetnames) == 2


def test_a_very_long_text_is_cut_and_says_so() -> None:
    assert book([{"code": "1", "name": "字" * 40_000}])["表"]["B2"].value.endswith("…")


def test_a_download_has_a_chinese_name() -> None:
    response = xlsx_response("派遣规则", [Sheet("表", COLUMNS, iter([{"code": "1"}]))])
    assert "filename*=utf-8''" in response["Content-Disposition"] and b"".join(response.streaming_content)[:2] == b"PK"
