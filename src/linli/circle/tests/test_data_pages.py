"""The pages of facilities, files and catalogues: what stands on them, what they write, who may."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from linli.circle.models import Catalogue, Completeness, Duplicate, Facility, FacilityImport, Item
from linli.circle.queries import facility_list
from linli.circle.web import facilities as pages
from linli.core import clock
from linli.territory import queries as territory
from linli.testing.fixtures import Cast

from .conftest import EAST, spot

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(district: Cast, facilities: int) -> Cast:
    return district


def form(**more: object) -> dict[str, object]:
    lon, lat = spot()
    return {
        "name": "牛街新药店", "klass": "city:药店", "address": "牛街 1 号", "opening_hours": "", "wheelchair": "yes",
        "source": "实地看过", "provenance": "sourced", "opened_on": "2024-05-01", "lon": lon, "lat": lat,
    } | more  # fmt: skip


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/circle/facilities/", "医院"),
        ("/circle/facilities/?place=beyond&state=all&item=0401&q=%E5%8C%BB%E9%99%A2", "医院"),
        ("/circle/facilities/?q=nothing-is-called-so", "不等于实际没有"),
        ("/circle/facilities/?page=9999999999&class=osm:amenity=hospital&import=x", "医院"),
        ("/circle/catalogue/", "186"),
        ("/circle/catalogue/?kind=living", "初中"),
        ("/circle/class-rules/", "amenity=pharmacy"),
        ("/circle/class-rules/?kind=living", "1507*"),
        ("/circle/paces/", "轮椅"),
        ("/circle/completeness/", "还没有登记任何一项"),
    ],
)
def test_pages_say_what_is_known(here: Cast, address: str, words: str) -> None:
    for who in ("planner", "auditor"):
        page = here.client(who).get(address)
        assert page.status_code == 200 and words in page.content.decode(), (who, address)


def test_filters_find_by_what_is_provided(here: Cast) -> None:
    page = here.client("auditor").get("/circle/facilities/?item=040103&place=110102")
    codes = {r.class_key for r, _place in page.context["rows"]}
    assert codes == {"amenity=hospital"} and page.context["total"] > 5


@pytest.mark.parametrize("kind", ["xlsx", "csv", "geojson"])
def test_downloads_hold_what_the_filters_find(here: Cast, kind: str) -> None:
    answer = here.client("auditor").get(f"/circle/facilities/export.{kind}?class=osm:amenity=hospital&place=110102")
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    n = Facility.objects.filter(class_key="amenity=hospital", community__startswith="110102").count()
    if kind == "xlsx":
        found = load_workbook(io.BytesIO(data)).worksheets[0].max_row - 1
    else:
        found = data.count(b"amenity=hospital")
    assert found == n > 5


def test_a_download_is_whole_or_says_that_it_is_not(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client, address = here.client("auditor"), "/circle/facilities/export."
    monkeypatch.setattr(pages, "EXPORT_MOST", 3)
    total = client.get("/circle/facilities/").context["total"]
    assert total > 20
    rows = list(csv.reader(io.StringIO(content(client.get(f"{address}csv")).decode("utf-8-sig"))))
    assert len(rows) == total + 1 and len({r[0] for r in rows}) == total + 1
    assert len(json.loads(content(client.get(f"{address}geojson")))["features"]) == total
    book = load_workbook(io.BytesIO(content(client.get(f"{address}xlsx"))))
    assert book.worksheets[0].max_row == 4
    assert any("只写了前 3 处" in str(r[1]) for r in book.worksheets[1].iter_rows(values_only=True))
    assert "XLSX 只写前 3 处" in client.get("/circle/facilities/").content.decode()


def test_a_streamed_download_goes_on_where_the_part_before_ended(here: Cast) -> None:
    rows = facility_list.in_parts(Facility.objects.all(), at_once=7)
    assert [f.pk for f in rows] == list(Facility.objects.order_by("pk").values_list("pk", flat=True))
    assert (
        json.loads(content(here.client("auditor").get("/circle/facilities/export.geojson?q=没有这个名字")))["features"]
        == []
    )


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_a_facility_from_its_first_day_to_its_last(here: Cast) -> None:
    client = here.client("planner")
    lon, _lat = spot()
    assert client.get("/circle/facilities/new/").status_code == 200
    bad = client.post("/circle/facilities/new/", form(lon=0, lat=0, name=""))
    assert bad.status_code == 422
    client.post("/circle/facilities/new/", form())
    row = Facility.objects.get(name="牛街新药店")
    address = f"/circle/facilities/{row.pk}/"
    assert (row.community, row.scheme, row.class_key) == (EAST, "city", "药店")
    moved = client.post(f"{address}edit/", form(version=1, lon=lon + 0.002, name="牛街老药店"))
    assert moved.status_code == 302
    stale = client.post(f"{address}edit/", form(version=1, name="别人的名字"))
    assert stale.status_code == 409
    row.refresh_from_db()
    assert (row.version, row.name) == (3, "牛街老药店")
    early = client.post(f"{address}close", {"version": 3, "on": "2020-01-01"})
    assert early.status_code == 422 and "开放日期之前" in early.content.decode()
    assert client.post(f"{address}close", {"version": 3, "on": "2025-01-01", "note": "搬走"}).status_code == 302
    page = client.get(address).content.decode()
    for words in ("现在不开放", "2024-05-01 — 2025-01-01", "迁址", "搬走", "零售药店"):
        assert words in page
    assert client.post(f"{address}open", {"version": 4, "on": "2026-01-01"}).status_code == 302
    client.post(f"{address}items", {"version": 5, "plus": ["100202"], "minus": ["040201"]})
    page = client.get(address).content.decode()
    assert "便利店" in page and "单为这一处" in page
    assert [c.verb for c in row.changes.order_by("pk")] == ["added", "changed", "moved", "closed", "opened", "changed"]


def test_pairs_are_decided_and_taken_back(here: Cast) -> None:
    client = here.client("planner")
    client.post("/circle/facilities/new/", form())
    client.post("/circle/facilities/new/", form(name="牛街新药店（总店）", klass="osm:amenity=pharmacy"))
    a, b = Facility.objects.filter(name__startswith="牛街新药店").order_by("pk")
    page = client.get("/circle/facilities/doubles/")
    assert page.context["total"] >= 1 and "牛街新药店（总店）" in page.content.decode()
    client.post("/circle/facilities/doubles/decide", {"first": a.pk, "second": b.pk, "answer": "first"})
    b.refresh_from_db()
    assert b.merged_into_id == a.pk and b.changes.filter(verb="merged").exists() and b.spans.exists()
    again = client.post(
        "/circle/facilities/doubles/decide", {"first": a.pk, "second": b.pk, "answer": "different"}, follow=True
    )
    assert "已经并入" in again.content.decode()
    client.post("/circle/facilities/doubles/decide", {"first": a.pk, "second": b.pk, "answer": "undo"})
    b.refresh_from_db()
    assert b.merged_into_id is None and not Duplicate.objects.exists()
    client.post("/circle/facilities/doubles/decide", {"first": b.pk, "second": a.pk, "answer": "different"})
    assert Duplicate.objects.get().same is False
    assert (a.pk, b.pk) not in {
        (p.first, p.second) for p, _rows in client.get("/circle/facilities/doubles/").context["pairs"]
    }


def test_a_file_through_its_pages(here: Cast, as_csv: Callable[..., bytes]) -> None:
    client = here.client("planner")
    lon, lat = spot()
    rows = [{"店": "牛街甲店", "东": lon, "北": lat}, {"店": "牛街乙店", "东": "", "北": ""}]
    upload = {"file": SimpleUploadedFile("单.csv", as_csv(rows)), "datum": "wgs84", "scheme": "city"}
    bad = client.post("/circle/facilities/import/", {**upload, "source": "清单", "provenance": "nobody"})
    assert bad.status_code == 422
    upload["file"] = SimpleUploadedFile("单.csv", as_csv(rows))
    there = client.post("/circle/facilities/import/", {**upload, "source": "清单", "provenance": "sourced"})
    page = client.get(there.url)
    assert "没有一行可以导入" in page.content.decode() and len(page.context["refused"]) == 2
    said = {"column-name": "店", "column-lon": "东", "column-lat": "北", "datum": "wgs84", "scheme": "city"}
    assert client.post(f"{there.url}columns", said | {"column-lat": "东"}).status_code == 422
    client.post(f"{there.url}columns", said | {"fixed_class": "便利店"})
    page = client.get(there.url)
    assert page.context["found"].taken == 1 and page.context["refused"][0][4] == "no_coordinates"
    assert client.post(f"{there.url}confirm", {"expected": "7"}).status_code == 409
    client.post(f"{there.url}confirm", {"expected": "1"})
    assert Facility.objects.filter(name="牛街甲店", community=EAST).count() == 1
    assert "整批撤销" in client.get(there.url).content.decode()
    book = b"".join(client.get(f"{there.url}refused.xlsx").streaming_content)  # type: ignore[attr-defined]
    assert load_workbook(io.BytesIO(book)).worksheets[0].max_row == 2
    client.post(f"{there.url}undo")
    assert not Facility.objects.filter(name="牛街甲店").exists() and FacilityImport.objects.get().state == "undone"


def test_a_new_version_is_taken_in_compared_published_and_the_old_one_stays(here: Cast) -> None:
    client = here.client("planner")
    old = Catalogue.objects.get(kind="services")
    table = b"".join(client.get("/settings/import/circle-services/table.xlsx").streaming_content)  # type: ignore[attr-defined]
    book = load_workbook(io.BytesIO(table))
    sheet = book.worksheets[0]
    names = [c.value for c in sheet[1]]
    sheet.cell(2, names.index("名称") + 1).value = "社区就业促进服务"
    sheet.delete_rows(sheet.max_row)
    sheet.append(["1007", "10", "社区托管服务", *[None] * (len(names) - 3)])
    out = io.BytesIO()
    book.save(out)
    there = client.post("/settings/import/circle-services/", {"file": SimpleUploadedFile("新.xlsx", out.getvalue())})
    page = client.get(there.url)
    plan = page.context["plan"]
    assert (len(plan.new), len(plan.changed), len(plan.retired)) == (1, 1, 1), page.context["refused"]
    client.post(f"{there.url}confirm", {"expected": page.context["found"].expected})
    draft = Catalogue.objects.get(kind="services", state="draft")
    compared = client.get(f"/circle/catalogue/{old.pk}/{draft.pk}/").content.decode()
    assert "社区就业促进服务" in compared and "社区托管服务" in compared and "社区之家" in compared
    said = {"name": "目录 2027", "name_en": "", "provenance": "provisional", "source": "区民政局"}
    assert client.post(f"/circle/catalogue/{draft.pk}/publish", said | {"valid_from": "2015-01-01"}).status_code == 422
    tomorrow = clock.today() + timedelta(days=1)
    client.post(f"/circle/catalogue/{draft.pk}/publish", said | {"valid_from": tomorrow.isoformat()})
    draft.refresh_from_db()
    old.refresh_from_db()
    assert (draft.state, old.valid_to, old.state) == ("published", tomorrow, "published")
    assert draft.class_rules.filter(item="040201").exists() and not draft.class_rules.filter(item="100604").exists()
    assert client.post(f"/circle/catalogue/{old.pk}/retire", {"on": clock.today().isoformat()}).status_code == 302
    assert client.get(f"/circle/catalogue/{old.pk}/").status_code == 200
    assert Item.objects.filter(catalogue=old).count() == 256


def test_completeness_is_said_in_bulk(here: Cast) -> None:
    client = here.client("planner")
    said = {"items": ["040201", "0402"], "communities": ["110102018"], "state": "complete", "source": "街道清单"}
    day = clock.today()
    late = client.post("/circle/completeness/", said | {"as_of": (day + timedelta(days=1)).isoformat()})
    assert late.status_code == 422 and not Completeness.objects.exists()
    client.post("/circle/completeness/", said | {"as_of": day.isoformat()})
    assert Completeness.objects.count() == 2 * len(territory.divisions(12, "110102018"))
    page = client.get("/circle/completeness/").content.decode()
    assert 'class="complete"' in page and "还没有登记任何一项" not in page
    auditor = here.client("auditor")
    assert auditor.post("/circle/completeness/", said | {"as_of": day.isoformat()}).status_code == 403


def test_only_keepers_write(here: Cast) -> None:
    row = Facility.objects.first()
    assert row is not None
    for who in ("auditor", "operator"):
        client = here.client(who)
        for address in ("/circle/facilities/new/", "/circle/facilities/import/", "/circle/facilities/doubles/"):
            assert client.get(address).status_code == 403
        assert client.post(f"/circle/facilities/{row.pk}/close", {"version": 1, "on": "2026-01-01"}).status_code == 403
    assert here.client("planner").get("/circle/facilities/999999/").status_code == 404
    assert here.client("planner").get("/circle/catalogue/999999/").status_code == 404
