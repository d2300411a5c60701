"""Pages of the statistics: every page answers, a file goes from upload to undo, exports read back, measures stay apart."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid
from linli.evaluation.actions import load, measures
from linli.evaluation.choices import Origin
from linli.evaluation.models import Delivery, Observation, Ruling, UnitName
from linli.evaluation.queries import deliveries as read
from linli.evaluation.queries import observations as obs
from linli.evaluation.queries import series as series_reads
from linli.evaluation.sources import How, read_file
from linli.response.models import Case
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db
STATISTICS = Path(settings.PACK).parent / "statistics"
ODD = "地区,2023年,2022年\n北京城,1,2\n天津市,3,约4\n河北省,—,\n".encode("gb18030")


@pytest.fixture
def here(district: Cast) -> Cast:
    """Units, series and the smallest three of the shipped files."""
    load.load_units(actor=SYSTEM, folder=STATISTICS)
    load.load_series(actor=SYSTEM, folder=STATISTICS)
    load.load_publications(actor=SYSTEM, folder=STATISTICS)
    from linli.evaluation.actions import deliveries

    for name, about in {
        "nbs_gdp_2020_first.csv": {
            "publication": "nbs_site",
            "vintage": "2020-02-28",
            "series": "gdp",
            "symbol": "亿元",
        },
        "nbs_gdp.csv": {"publication": "nbs_site", "vintage": "2025-12-31"},
        "nbs_population_survey.csv": {"publication": "nbs_site", "vintage": "2025-12-31", "routes": {}},
    }.items():
        deliveries.apply_shipped(actor=SYSTEM, path=STATISTICS / "files" / name, about=about)
    return district


def page(here: Cast, who: str, name: str, **args: object) -> str:
    query = args.pop("query", "")
    answer = here.client(who).get(reverse(f"evaluation:{name}", kwargs=args) + str(query))
    assert answer.status_code == 200, (name, answer.status_code)
    return answer.content.decode()


def test_every_page_says_what_is_there_and_what_is_not(here: Cast) -> None:
    overview = page(here, "dispatcher", "data")
    assert "地区生产总值" in overview and "未经裁定不使用" in overview and "采用数据" not in overview
    assert "这一层还没有数据" in page(here, "dispatcher", "data", query="?level=subdistrict")
    one = page(here, "dispatcher", "series", code="gdp")
    assert "37,767" in one and "当年价格" in one and "GDP指数" not in one
    cell = page(here, "dispatcher", "series-cell", code="gdp", unit="110000", year=2019)
    assert "37,767" in cell and "35,371.28" in cell and cell.index("37,767") < cell.index("35,371.28")
    assert "广西省" in page(here, "dispatcher", "data-units") and "国函〔2010〕55号" in page(
        here, "auditor", "data-units"
    )
    assert "1% 人口抽样" in page(here, "dispatcher", "data-checks", query="?code=calibre_break")
    assert "nbs_gdp.csv" in page(here, "dispatcher", "deliveries")
    for code, unit, year in (("nothing", "110000", 2019), ("gdp", "999999", 2019), ("gdp", "110000", 1990)):
        url = reverse("evaluation:series-cell", kwargs={"code": code, "unit": unit, "year": year})
        assert here.client("dispatcher").get(url).status_code == 404


def test_a_file_from_upload_to_undo(here: Cast) -> None:
    client = here.client("analyst")
    sent = {
        "file": SimpleUploadedFile("gdp.csv", ODD), "publication": "nbs_site", "vintage": "2026-01-31", "series": "gdp",
    }  # fmt: skip
    answer = client.post(reverse("evaluation:delivery-new"), sent)
    row = Delivery.objects.get(state="staged")
    at = reverse("evaluation:delivery", kwargs={"id": row.id})
    assert answer.status_code == 302 and answer["Location"] == at
    seen = client.get(at).content.decode()
    assert "北京城" in seen and "约4" in seen and "请说明" in seen
    assert here.client("dispatcher").get(at).status_code == 404
    told = {"unit-text-1": "北京城", "unit-1": "110000", "keep": "1"}
    assert client.post(reverse("evaluation:delivery-explain", kwargs={"id": row.id}), told).status_code == 302
    assert UnitName.objects.filter(plain="北京城").exists()
    stamp = read.preview(actor=here.actor("analyst"), id=row.id).stamp
    assert (
        client.post(reverse("evaluation:delivery-confirm", kwargs={"id": row.id}), {"seen": stamp}).status_code == 302
    )
    assert "约4" in client.get(at).content.decode()
    book = client.get(reverse("evaluation:delivery-refused", kwargs={"id": row.id}))
    assert load_workbook(io.BytesIO(b"".join(book))).active["E2"].value == "not_a_number"
    again = client.post(reverse("evaluation:delivery-new"), {**sent, "file": SimpleUploadedFile("gdp.csv", ODD)})
    assert again.status_code == 302 and again["Location"] == at
    undo = reverse("evaluation:delivery-undo", kwargs={"id": row.id})
    assert client.post(undo, {"why": ""}).status_code == 422
    assert client.post(undo, {"why": "不是官方的数"}).status_code == 302
    assert "不是官方的数" in here.client("dispatcher").get(at).content.decode()


def test_a_bad_file_is_told_on_the_form(here: Cast) -> None:
    sent = {"file": SimpleUploadedFile("a.xlsx", b"PK\x03\x04x"), "publication": "nbs_site", "vintage": "2026-01-31"}
    answer = here.client("analyst").post(reverse("evaluation:delivery-new"), sent)
    assert (
        answer.status_code == 422
        and "文件损坏" in answer.content.decode()
        and not Delivery.objects.filter(state="staged")
    )


def test_a_ruling_from_the_page(here: Cast) -> None:
    client = here.client("analyst")
    told = {"series": "population_survey", "year": "2015", "unit": "", "finding": "calibre_break", "kind": "exclude"}
    assert client.post(reverse("evaluation:data-rule"), told).status_code == 422
    assert client.post(reverse("evaluation:data-rule"), {**told, "reason": "1% 抽样"}).status_code == 302
    made = Ruling.objects.get()
    assert here.client("dispatcher").post(reverse("evaluation:data-rule"), {**told, "reason": "x"}).status_code == 403
    assert client.post(reverse("evaluation:data-ruling-end", kwargs={"id": made.pk})).status_code == 302
    made.refresh_from_db()
    assert made.ended_at is not None


def test_exports_carry_their_source_and_can_be_read_back(here: Cast) -> None:
    client = here.client("dispatcher")
    book = client.get(reverse("evaluation:data-xlsx") + "?series=gdp&from=2019&to=2019")
    sheet = load_workbook(io.BytesIO(b"".join(book))).worksheets[0]
    assert sheet.max_row == 32 and sheet["A2"].value == "gdp" and sheet["G2"].value == 37767
    sdmx = b"".join(client.get(reverse("evaluation:data-sdmx") + "?series=gdp&from=2019&to=2020"))
    assert sdmx.startswith(
        b"STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MEASURE"
    )
    back = read_file(sdmx, read.vocabulary(), How())
    assert not back.refused and not back.unknown_series
    stated = {(c.unit, c.year): c.value for c in obs.cells(series=["gdp"], units=None, years=[2019, 2020])}
    assert {(c.unit, c.year): c.value for c in back.cells} == stated and len(stated) == 62
    old = b"".join(client.get(reverse("evaluation:data-sdmx") + "?series=gdp&version=1"))
    assert old.startswith(b"DATAFLOW,FREQ,")


def test_the_platform_counts_places_and_never_passes_for_public(here: Cast) -> None:
    analyst = here.actor("analyst")
    year = clock.today().year
    with pytest.raises(Forbidden):
        measures.take_measures(actor=here.actor("dispatcher"), year=year)
    with pytest.raises(Invalid) as nothing:
        measures.take_measures(actor=analyst, year=year)
    assert nothing.value.code == "no_measures" and not Case.objects.exists()
    with pytest.raises(Invalid):
        measures.take_measures(actor=analyst, year=year + 1)


def test_measures_are_shares_of_enough_cases(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from linli.response.queries.shares import Count4, Part, Shares

    analyst, now = here.actor("analyst"), clock.now()
    parts = (
        Part("110102018", "牛街", by_kind={"department": Count4(40, 36, 25, 20)}),
        Part("110102010", "德胜", by_kind={"department": Count4(5, 5, 1, 1)}),
    )

    def counted(actor: object, *, division: str, since: object, until: object) -> Shares:
        return Shares(division, now, now, Part(division, ""), parts, ())

    monkeypatch.setattr(measures, "shares", counted)
    year = clock.today().year - 1
    id = measures.take_measures(actor=analyst, year=year)
    got = {(c.series, c.unit): c for c in obs.cells(series=measures.MEASURES, units=None, years=[year])}
    assert got["platform_cases", "110102018"].value == 40 and got["platform_on_time_share", "110102018"].value == 90.0
    assert got["platform_satisfaction", "110102018"].value == 80.0
    few = got["platform_on_time_share", "110102010"]
    assert few.value is None and few.status == "M" and "不足 20 件" in few.note
    assert got["platform_cases", "110102001"].value is None  # no case is not the number nought
    assert got["platform_reach_share", "110102018"].value is None and got["platform_reach_share", "110102018"].note
    row = Delivery.objects.get(pk=id)
    assert row.form == "platform" and row.publication.code == "platform"
    kinds = {
        series_reads.series([o.series.code])[o.series.code].origin for o in Observation.objects.filter(delivery=row)
    }
    assert kinds == {Origin.PLATFORM}
    with pytest.raises(Conflict):
        measures.take_measures(actor=analyst, year=year)
    refused = read_file("地区,2024年\n牛街街道,3\n".encode(), read.vocabulary(), How(names={}))
    assert not refused.cells  # a file cannot speak for the platform
    assert "platform_cases" not in read.vocabulary().series


def test_a_vintage_of_tomorrow_is_refused(here: Cast) -> None:
    sent = {
        "file": SimpleUploadedFile("a.csv", ODD), "publication": "nbs_site", "series": "gdp",
        "vintage": (clock.today() + timedelta(days=2)).isoformat(),
    }  # fmt: skip
    answer = here.client("analyst").post(reverse("evaluation:delivery-new"), sent)
    assert answer.status_code == 422 and "不能晚于今天" in answer.content.decode()
