"""Lists of official days as people have them, and what is said about each bad line."""

from __future__ import annotations

from datetime import date

import pytest

from linli.worktime import shipped, table

NOTICE = """日期,节日,类型
2027-01-01 至 2027-01-03,元旦,放假
2027年2月5日,春节,放假
2027/2/20,春节,上班
"""


def test_reads_a_pasted_notice() -> None:
    found = table.read(NOTICE, 2027)
    assert not found.problems
    assert [(d.date.isoformat(), d.name, d.kind) for d in found.days] == [
        ("2027-01-01", "元旦", "holiday"),
        ("2027-01-02", "元旦", "holiday"),
        ("2027-01-03", "元旦", "holiday"),
        ("2027-02-05", "春节", "holiday"),
        ("2027-02-20", "春节", "makeup_workday"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_reads_what_excel_writes(encoding: str) -> None:
    assert table.read(NOTICE.replace("\n", "\r\n").encode(encoding), 2027) == table.read(NOTICE, 2027)


def test_gb18030_with_its_own_bom() -> None:
    assert table.read(("\ufeff" + NOTICE).encode("gb18030"), 2027).days == table.read(NOTICE, 2027).days


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("2027-13-01,元旦,放假", "日期看不懂"),
        ("元旦,放假", "三项"),
        ("2027-01-01,元旦,也许", "类型须写"),
        ("2027-01-01,放假,放假", "类型须写"),
        ("2026-12-01,元旦,放假", "不属于 2027 年"),
        ("2028-01-01,元旦,放假", "不属于 2027 年"),
        ("2027-01-03 至 2027-01-01,元旦,放假", "颠倒"),
        ("2027-01-01 至 2027-06-01,元旦,放假", "31 天"),
        ("2027-01-01,\x00元旦,放假", "读不出的字符"),
        (f"2027-01-01,{'长' * 61},放假", "60 个字"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_kept(line: str, says: str) -> None:
    found = table.read(NOTICE + line + "\n", 2027)
    assert [(p.line, says in str(p.reason)) for p in found.problems] == [(5, True)]
    assert len(found.days) >= 5


def test_one_day_twice_and_no_day_at_all() -> None:
    twice = table.read(NOTICE + "2027-01-02,元旦,上班\n", 2027)
    assert "两次" in str(twice.problems[0].reason)
    assert "没有读到" in str(table.read(" \n", 2027).problems[0].reason)
    assert "太长" in str(table.read("x" * 300_000, 2027).problems[0].reason)
    assert any("400" in str(p.reason) for p in table.read("2027-01-01,元旦,放假\n" * 500, 2027).problems)


def test_doubts_are_said_but_do_not_stop() -> None:
    found = table.read(NOTICE + "2027-03-01,元旦,上班\n", 2027)
    said = [str(d) for d in table.doubts(found.days, shipped.statutory()[2027])]
    assert any("2027-03-01" in s and "调休" in s for s in said)
    assert any("国庆节" in s and "10-01、10-02、10-03" in s for s in said)
    assert not any("补假" in s for s in said)


def test_every_shipped_year_would_be_accepted() -> None:
    for notice in shipped.notices():
        assert table.check(notice.days, notice.year) == []
        lines = "\n".join(f"{d.date},{d.name},{d.kind}" for d in notice.days)
        again = table.read(lines, notice.year)
        assert not again.problems
        assert again.days == tuple(sorted(notice.days, key=lambda d: d.date))


def test_statutory_file_is_what_the_library_says() -> None:
    kept = [(d.date.isoformat(), d.name) for y in range(2027, 2051) for d in shipped.statutory()[y]]
    assert kept == shipped.statutory_rows(2027, 2050)
    assert date(2027, 2, 5) in {d.date for d in shipped.statutory()[2027]}
