"""What arrives in files of statistics: forms, names, cells, calibres. No database: names are given by hand."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import Workbook

from linli.core.errors import Invalid
from linli.evaluation.queries.series import SeriesView
from linli.evaluation.queries.units import Known, UnitView
from linli.evaluation.rules import plain_name
from linli.evaluation.sources import How, Reading, Vocabulary, read_file
from linli.evaluation.sources.values import value_of
from linli.exchange.columns import Cell, Wrong


def unit(code: str, name: str, until: int | None = None) -> UnitView:
    return UnitView(code, "province", "100000", name, name[:2], "", {}, 0, None, until)


def line(code: str, symbol: str, concept: str = "", calibre: str = "usual") -> SeriesView:
    return SeriesView(
        code, concept or code, code, "", symbol, calibre, calibre, "", "public", False, (), 0, "sourced", ""
    )


UNITS = {
    "110000": unit("110000", "北京市"), "120000": unit("120000", "天津市"), "130000": unit("130000", "河北省"),
    "450000": unit("450000", "广西壮族自治区"), "110104": unit("110104", "宣武区", 2010), "110102": unit("110102", "西城区"),
    "100000": unit("100000", "全国"),
}  # fmt: skip
NAMES = {
    "北京": "110000", "北京市": "110000", "天津": "120000", "天津市": "120000", "河北省": "130000", "河北": "130000",
    "广西壮族自治区": "450000", "宣武区": "110104", "西城区": "110102", "全国": "100000", "110000": "110000",
}  # fmt: skip
SERIES = {
    s.code: s
    for s in (
        line("people", "万人"), line("survey", "人", "population", "survey_1_permille"),
        line("survey1", "人", "population", "survey_1_percent"), line("rate", "%"), line("gdp", "亿元"), line("beds", "张"),
    )
}  # fmt: skip
HEADINGS = {
    plain_name(t): c
    for t, c in {
        "年末常住人口": "people", "常住人口": "people", "人口数(人口抽样调查)": "survey", "城镇化率": "rate",
        "地区生产总值": "gdp", "GDP": "gdp", "床位数": "beds", "people": "people", "rate": "rate",
    }.items()
}  # fmt: skip
KNOWN = {plain_name(t): [Known(c, "full")] for t, c in NAMES.items()}
KNOWN[plain_name("广西省")] = [Known("450000", "misspelt")]
WORDS = Vocabulary(KNOWN, UNITS, HEADINGS, SERIES, {"110102": 2010})


def read(text: str | bytes, **how: Any) -> Reading:
    return read_file(text.encode() if isinstance(text, str) else text, WORDS, How(**how))


def values(reading: Reading) -> dict[tuple[str, str, int], float | None]:
    return {(c.series, c.unit, c.year): c.value for c in reading.cells}


def codes(reading: Reading) -> list[str]:
    return [r.code for r in reading.refused]


def book(rows: list[list[Any]], merge: tuple[str, ...] = (), formats: dict[str, str] | None = None) -> bytes:
    made = Workbook()
    for row in rows:
        made.active.append(row)
    for area in merge:
        made.active.merge_cells(area)
    for place, form in (formats or {}).items():
        made.active[place].number_format = form
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


SITE = """数据库：分省年度数据
指标：人口数(人口抽样调查)(人)
时间：最近20年
地区,2016年,2015年,2014年
北京市,18132,335775,17757
天津市,13046,239370,
注：2005年、2015年为1%人口抽样调查样本数据，其他年份为1‰人口变动调查样本数据。
数据来源：国家统计局
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_site_s_export_in_every_encoding(encoding: str) -> None:
    found = read(SITE.encode(encoding))
    assert found.form == "nbs" and not found.refused and not found.unknown_units
    assert values(found)["survey", "110000", 2016] == 18132
    assert ("survey", "120000", 2014) in values(found) and values(found)["survey", "120000", 2014] is None


def test_the_one_per_cent_sample_goes_where_the_foot_note_says() -> None:
    found = read(SITE)
    assert values(found)["survey1", "110000", 2015] == 335775
    assert ("survey", "110000", 2015) not in values(found)
    assert found.routed and "calibre_split" in [n.code for n in found.notes]
    kept = read(SITE, routes={})  # a person may decide otherwise; the check stops that year then
    assert values(kept)["survey", "110000", 2015] == 335775 and not kept.routed


@pytest.mark.parametrize(
    ("text", "value", "status"),
    [
        ("", None, "M"), ("0", 0.0, "A"), ("—", None, "M"), ("-", None, "M"), ("…", None, "N"), ("...", None, "N"),
        ("①", None, "M"), ("12.5①", 12.5, "A"), ("12.5*", 12.5, "A"), ("1,234.5", 1234.5, "A"), ("1 234", 1234.0, "A"),
        ("１２３", 123.0, "A"), ("−3.4", -3.4, "A"), ("..", None, "L"), ("n/a", None, "L"), ("x", None, "Q"),
        ("123p", 123.0, "P"), ("123(预计)", 123.0, "F"), ("123[2]", 123.0, "A"),
    ],
)  # fmt: skip
def test_empty_zero_dash_dots_and_marks_differ(text: str, value: float | None, status: str) -> None:
    said = value_of(Cell(text) if text else Cell())
    assert (said.value, said.status) == (value, status)
    assert said.raw == text.strip()


@pytest.mark.parametrize("text", ["约12", "12个", "2023-01-01x", "十二", "1.2.3", "(12)"])
def test_what_is_no_number_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(Wrong) as refused:
        value_of(Cell(text))
    assert refused.value.code == "not_a_number"


def test_a_cell_that_is_empty_is_not_zero_and_says_which_it_was() -> None:
    found = read("地区,2020年,2021年,2022年,2023年\n北京,0,,—,…\n", series="people")
    said = {c.year: (c.value, c.status, c.raw) for c in found.cells}
    assert said == {2020: (0.0, "A", "0"), 2021: (None, "M", ""), 2022: (None, "M", "—"), 2023: (None, "N", "…")}


def test_unknown_names_are_listed_with_what_stands_behind_them() -> None:
    found = read("地区,2022年,2023年\n北京,1,2\n北京城,3,4\n广西省,5,6\n", series="people")
    assert found.unknown_units == {"北京城": 2} and codes(found) == ["unknown_unit"]
    assert values(found)["people", "450000", 2022] == 5
    assert "misspelt" in [n.code for n in found.notes]
    told = read("地区,2022年,2023年\n北京城,3,4\n", series="people", units={"北京城": "110000"})
    assert values(told)["people", "110000", 2023] == 4 and not told.unknown_units
    left = read("地区,2022年,2023年\n北京,1,2\n北京城,3,4\n", series="people", units={"北京城": ""})
    assert "unit_left_out" in [n.code for n in left.notes] and not left.refused


def test_unknown_headings_are_listed_and_can_be_explained() -> None:
    text = "地区,年份,GDP_亿元,某指标\n北京,2022,41610,7\n"
    found = read(text)
    assert found.unknown_series == {"某指标": 1} and values(found) == {("gdp", "110000", 2022): 41610}
    assert values(read(text, names={"某指标": "beds"}))["beds", "110000", 2022] == 7
    assert not read(text, names={"某指标": ""}).unknown_series


def test_a_merged_unit_is_not_there_afterwards_and_the_one_it_joined_is_told() -> None:
    found = read("地区,2009年,2012年\n宣武区,1,2\n西城区,3,4\n", series="people")
    assert codes(found) == ["unit_not_then"] and found.refused[0].row == 2
    assert "before_merger" in [n.code for n in found.notes]
    assert [c.note for c in found.cells if c.unit == "110102"] == ["合并前的范围", ""]


def test_a_year_twice_counts_once_if_alike_and_never_otherwise() -> None:
    same = read("地区,2022年,2022年\n北京,5,5\n", series="people")
    assert values(same) == {("people", "110000", 2022): 5} and not same.refused
    other = read("地区,2022年,2022年\n北京,5,6\n天津,7,7\n", series="people")
    assert codes(other) == ["cell_twice"] and values(other) == {("people", "120000", 2022): 7}


def test_units_of_measurement_are_converted_or_refused() -> None:
    found = read("单位：千人\n地区,2022年\n北京,21840\n", series="people")
    assert values(found) == {("people", "110000", 2022): 2184.0} and "converted" in [n.code for n in found.notes]
    assert codes(read("单位：亿元\n地区,2022年\n北京,2184\n", series="people")) == ["unit_mismatch"]
    said = read("地区,年份,指标,数值,单位\n北京,2022,常住人口,21840,千人\n天津,2022,常住人口,1363,万人\n")
    assert values(said) == {("people", "110000", 2022): 2184.0, ("people", "120000", 2022): 1363.0}


def test_percent_and_fraction_are_not_mixed() -> None:
    rows = "".join(f"{n},0.{i}5\n" for i, n in enumerate(["北京", "天津", "河北", "广西壮族自治区", "全国"], 5))
    assert codes(read(f"地区,2022年\n{rows}", series="rate")) == ["percent_or_fraction"]
    said = read(f"地区,2022年\n{rows}", series="rate", symbol="fraction")
    assert values(said)["rate", "110000", 2022] == pytest.approx(55.0) and not said.refused
    assert values(read("地区,城镇化率,年份\n北京,87.6%,2022\n"))["rate", "110000", 2022] == 87.6
    shown = read(book([["地区", "2022年"], ["北京", 0.876]], formats={"B2": "0.0%"}), series="rate")
    assert values(shown)["rate", "110000", 2022] == 87.6


def test_a_yearbook_sheet_with_merged_headings_of_two_rows() -> None:
    rows: list[list[Any]] = [
        ["2-6 分地区主要指标", None, None, None, None], ["（2022年）", None, None, None, None],
        ["地  区", "年末常住人口", "床位", "城镇化率", None], [None, "(万人)", "床位数(张)", "(%)", None],
        [" 北  京", 2184, 134000, 87.6, None], ["天  津①", 1363, "—", 85.1, None],
        ["注：①天津为初步数。", None, None, None, None],
    ]  # fmt: skip
    found = read(book(rows, ("A1:E1", "A2:E2", "A3:A4")))
    assert found.form == "yearbook" and not found.unknown_series, found.unknown_series
    assert values(found)["people", "110000", 2022] == 2184 and values(found)["rate", "120000", 2022] == 85.1
    assert values(found)["beds", "120000", 2022] is None
    years: list[list[Any]] = [
        ["Region", "年末常住人口", None, "床位数", None], [None, 2021, 2022, 2021, 2022], ["北京", 2189, 2184, 13.0, 13.4],
    ]  # fmt: skip
    two = read(book(years, ("B1:C1", "D1:E1", "A1:A2")))
    assert values(two)["people", "110000", 2021] == 2189 and values(two)["beds", "110000", 2022] == 13.4


def test_a_title_names_the_series_whatever_years_it_lists() -> None:
    text = "表 2-6 分地区年末常住人口（2021—2022年）\n单位：千人\n地  区,2021年,2022年\n北京,21890,21840\n"
    assert values(read(text)) == {("people", "110000", 2021): 2189.0, ("people", "110000", 2022): 2184.0}


def test_headings_without_a_known_word_are_found_by_the_units_below_them() -> None:
    found = read("表一\n,2021,2022\n全国,10,20\n北京,1,2\n", series="people")
    assert values(found)["people", "110000", 2022] == 2 and values(found)["people", "100000", 2021] == 10


def test_indicators_by_row_of_one_region() -> None:
    text = "数据库：分省年度数据\n地区：北京市\n指标,2022年,2021年\n年末常住人口(万人),2184,2189\n地区生产总值(亿元),41610,40269\n"
    found = read(text)
    assert values(found)["gdp", "110000", 2021] == 40269 and values(found)["people", "110000", 2022] == 2184


def test_our_own_sdmx_csv_comes_back() -> None:
    text = (
        "STRUCTURE,STRUCTURE_ID,FREQ,REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MEASURE\n"
        "dataflow,LINLI:STATISTICS(1.0),A,110000,people,2022,2184,P,万人\n"
        "dataflow,LINLI:STATISTICS(1.0),A,110000,people,2023,,M,万人\n"
    )
    found = read(text)
    assert found.form == "sdmx" and [(c.year, c.value, c.status) for c in found.cells] == [
        (2022, 2184.0, "P"),
        (2023, None, "M"),
    ]


def test_a_column_without_a_year_is_refused_not_dropped() -> None:
    assert "no_year" in codes(read("地区,常住人口\n北京,2184\n"))
    assert values(read("地区,常住人口\n北京,2184\n", year=2022)) == {("people", "110000", 2022): 2184}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512 + "EncryptedPackage".encode("utf-16-le"), "encrypted_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "old_workbook"),
        (b"PK\x03\x04 broken", "not_a_workbook"),
        ("只有一句话".encode(), "no_header"),
        (b"\xff\x00\x81\x00\x00", "not_text"),
    ],
)
def test_files_that_cannot_be_read_say_why(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(data)
    assert refused.value.code == code and refused.value.fields["file"]


def test_a_formula_without_a_value_is_refused() -> None:
    found = read(book([["地区", "2022年"], ["北京", "=1+1"], ["天津", 5]]), series="people")
    assert codes(found) == ["formula_without_value"] and values(found) == {("people", "120000", 2022): 5}
