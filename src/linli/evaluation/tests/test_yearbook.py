"""Yearbook tables: gaps are gaps, calibres are kept apart, figures leave with their source."""

from __future__ import annotations

import io
from typing import Any

import pytest

from linli.core.actor import SYSTEM
from linli.core.errors import Invalid, Missing
from linli.evaluation.models import Observation, Series, Unit
from linli.evaluation.queries import yearbook as read
from linli.evaluation.tests.conftest import delivery
from linli.evaluation.web.yearbook import Figure
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db(transaction=True)

HELD = (
    ("population_census", "population", "万人", "census", "普查时点", {2010: 124.3}),
    ("population_unstated", "population", "万人", "unstated", "", {2009: 91.2, 2010: 162.2}),
    (
        "disposable_income_per_head",
        "disposable_income",
        "元",
        "residents",
        "居民人均",
        {2015: 67492.0, 2012: None, 2011: 40000.0},
    ),
    ("engel", "engel", "%", "residents", "居民", {2015: 29.0}),
)


@pytest.fixture
def figures(db: None) -> None:
    """What is known of Xicheng here."""
    Unit.objects.create(
        code="110102", level="district", parent="110000", name="西城区", short="西城", provenance="sourced"
    )
    brought = delivery()
    for code, concept, symbol, calibre, words, values in HELD:
        series = Series.objects.create(
            code=code, concept=concept, name=code, symbol=symbol, calibre=calibre, calibre_name=words, origin="public",
            provenance="sourced",
        )  # fmt: skip
        for year, value in values.items():
            status = "A" if value is not None else "M"
            Observation.objects.create(
                delivery=brought, series=series, unit="110102", year=year, value=value, status=status
            )


def figure(code: str, only: tuple[str, ...] = (), together: bool = False) -> Figure:
    return Figure(read.table(SYSTEM, code, only=only), together)


def test_every_table_names_series_that_ship() -> None:
    from django.conf import settings

    text = (settings.PACK.parent / "statistics" / "series.csv").read_text(encoding="utf-8")
    codes = {line.split(",", 1)[0] for line in text.splitlines()[1:]}
    assert {s for t in read.shipped() for s in t.series} <= codes
    assert len({t.code for t in read.shipped()}) == len(read.shipped()) >= 9
    assert all(t.provenance in ("sourced", "provisional") and t.source for t in read.shipped())


def test_a_year_that_is_not_known_is_a_row_of_gaps(figures: None) -> None:
    found = read.table(SYSTEM, "income")
    assert found.years == (2011, 2012, 2013, 2014, 2015)
    assert [found.value("disposable_income_per_head", y) for y in found.years] == [40000.0, None, None, None, 67492.0]
    text = figure("income").sheet(720)
    assert text.count("<circle") == 2 and "<path" not in text, "two points and no line over the years between"


def test_two_calibres_on_one_pair_of_axes_are_refused_and_panels_are_the_way_out(figures: None) -> None:
    with pytest.raises(Invalid) as refused:
        figure("population", together=True).sheet(720)
    assert refused.value.code == "calibres_mixed" and "普查时点" in str(refused.value.message)
    apart = figure("population").sheet(720)
    assert apart.count("单位：万人") == 2 and "口径未注明" in apart
    assert figure("population", ("population_unstated",), together=True).sheet(720).count("<circle") == 2
    with pytest.raises(Invalid, match="units_mixed"):
        figure("living", together=True).sheet(720)


def test_the_foot_says_calibre_source_and_day(figures: None) -> None:
    said = figure("income").caption
    assert "口径：居民人均" in said and "资料来源：统计年鉴" in said and "数据截至" in said


def test_empty_years_in_a_row_stand_in_one_line(figures: None) -> None:
    from linli.evaluation.web.yearbook import _rows

    rows = _rows(read.table(SYSTEM, "income"))
    assert [year for year, _cells in rows] == ["2011", "2012–2014", "2015"]
    assert [cells[0]["text"] for _year, cells in rows] == ["40,000", "—", "67,492"]


def test_what_is_not_there_is_missing(figures: None) -> None:
    for asked in (("nope", "110102", ()), ("income", "999999", ()), ("income", "110102", ("engel",))):
        with pytest.raises(Missing):
            read.table(SYSTEM, *asked)


def test_a_table_without_figures_is_listed_and_says_so(figures: None) -> None:
    listed = {t.code: years for t, years in read.tables(SYSTEM)}
    assert listed["unemployment"] == [] and listed["income"] == [2011, 2015]
    assert read.table(SYSTEM, "unemployment").years == ()


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_pages_and_files(figures: None, cast: Cast) -> None:
    client = cast.client("operator")
    assert "恩格尔系数" in client.get("/evaluation/yearbook/").content.decode()
    page = client.get("/evaluation/yearbook/population/")
    assert page.status_code == 200 and "<svg" in page.content.decode()
    wrong = client.get("/evaluation/yearbook/population/?together=1")
    assert (
        wrong.status_code == 422
        and "分成几幅图" in wrong.content.decode()
        and "<svg xmlns" not in wrong.content.decode()
    )
    assert client.get("/evaluation/yearbook/population.svg?together=1").status_code == 422
    assert client.get("/evaluation/yearbook/nope/").status_code == 404
    assert "还没有数据" in client.get("/evaluation/yearbook/unemployment/").content.decode()
    svg = client.get("/evaluation/yearbook/income.svg")
    assert svg["Content-Type"].startswith("image/svg+xml") and b"var(" not in svg.content
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(io.BytesIO(body(client.get("/evaluation/yearbook/income.xlsx"))))
    rows = [[c.value for c in row] for row in book[book.sheetnames[0]].iter_rows()] + [[c.value for c in row] for row in book[book.sheetnames[-1]].iter_rows()]  # fmt: skip
    flat = [v for row in rows for v in row]
    assert 67492 in flat and 2013 in flat and not any(v == 0 for v in flat)
