"""The pages and files of the three matrices and the sheet of a community: what they say, who may, what they cost."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from linli.circle.actions import load
from linli.circle.actions import surveys as survey_actions
from linli.circle.models import Answer, Sheet
from linli.circle.queries import catalogue as catalogues
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.jobs.worker import run_until_empty
from linli.site import printing
from linli.territory import queries as territory
from linli.testing.fixtures import Cast

from .conftest import EAST, NIUJIE
from .test_coverage import AREA

pytestmark = pytest.mark.django_db
QUERIES_MOST = 30  # of a page, warm
PAGES = [
    "/circle/",
    f"/circle/?division={NIUJIE}",
    "/circle/?matrix=provided",
    "/circle/?matrix=fulfilled",
    "/circle/matrices/10/",
    "/circle/matrices/10/?sort=yes",
    "/circle/matrices/100102/?sort=100102",
    "/circle/matrices/10/?matrix=provided",
    f"/circle/matrices/100102/{EAST}/",
    f"/circle/matrices/100102/{EAST}/?matrix=fulfilled",
    "/circle/matrices/compare/?a=2020-01-01",
    "/circle/matrices/left-out/",
    f"/circle/communities/{EAST}/sheet/",
]
FILES = ["/circle/matrices.xlsx", "/circle/matrices.csv", "/circle/matrices.geojson"]


@pytest.fixture
def full(facilities: int, streets: str, district: Cast) -> Cast:
    """Homes on four streets, and a survey that one community has answered."""
    load.load_homes(actor=SYSTEM, areas=AREA, source="test")
    catalogue, today = catalogues.catalogue_in_force("services"), clock.today()
    survey = survey_actions.create_survey(
        actor=SYSTEM, year=today.year, name="=年度调查", catalogue_id=catalogue.id, opens_on=date(today.year, 1, 1), closes_on=today
    )  # fmt: skip
    survey_actions.open_survey(actor=SYSTEM, survey_id=survey)
    sheet = Sheet.objects.get(survey=survey, community=EAST)
    Answer.objects.bulk_create(
        Answer(sheet=sheet, item=i.code, offer="suspended" if i.code == "100102" else "offered", fulfilled_pct=95, at=timezone.now(), by="x")
        for i in catalogues.leaf_items(catalogue)
    )  # fmt: skip
    return district


def body(response: Any) -> bytes:
    assert response.status_code == 200
    return bytes(response.getvalue())


@pytest.mark.parametrize("address", PAGES)
def test_pages_stand_within_their_queries(full: Cast, address: str) -> None:
    client = full.client("auditor")
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = client.get(address).content.decode()
    assert len(asked) <= QUERIES_MOST + 10 * ("/sheet/" in address or "compare" in address)
    assert "circle-tabs" in page


def test_the_overview_says_which_matrix_and_by_what_measure(full: Cast) -> None:
    client = full.client("auditor")
    walked, offered = (client.get(f"/circle/?matrix={m}").content.decode() for m in ("reachable", "provided"))
    assert (
        "按步行路网算" in walked and "不按步行算" in walked and "覆盖全部社区的项目" in walked and "怎么算的" in walked
    )
    assert ("按年度调查" in offered and "怎么算的" not in offered and "1 / 1" in offered) or "0 / 1" in offered
    assert "=年度调查" in offered


def test_suspended_is_a_no_and_silence_is_missing(full: Cast) -> None:
    client = full.client("auditor")
    page = client.get(f"/circle/matrices/100102/{EAST}/?matrix=provided").content.decode()
    assert "未提供" in page and "0%" in page
    other = client.get("/circle/matrices/100102/110102018009/?matrix=provided").content.decode()
    assert "还没有填报" in other
    page = client.get(f"/circle/matrices/100102/{EAST}/?matrix=fulfilled").content.decode()
    assert "达到九成" in page and "95%" in page


def test_what_is_no_matrix_item_day_or_place_is_refused(full: Cast) -> None:
    client = full.client("auditor")
    for address, status in [
        ("/circle/?matrix=loved", 404), ("/circle/?on=2026-13-01", 422), ("/circle/?on=2999-01-01", 422),
        ("/circle/?division=110102999", 404), ("/circle/?catalogue=99999", 404), ("/circle/?pace=bird", 404),
        ("/circle/matrices/99/", 404), ("/circle/matrices/100102/110102018999/", 404), ("/circle/?catalogue=x", 422),
        ("/circle/communities/110102018999/sheet/", 404),
    ]:  # fmt: skip
        assert client.get(address).status_code == status, address


def test_residents_are_sent_to_the_door_and_all_staff_read(full: Cast, client: Any) -> None:
    for address in [*PAGES, *FILES, f"/circle/communities/{EAST}/sheet.pdf"]:
        assert client.get(address).status_code in {302, 403}, address
    for who in ("community-niujie", "operator", "administrator"):
        assert full.client(who).get("/circle/").status_code == 200


def test_nothing_loaded_is_an_empty_page_not_a_fault(district: Cast) -> None:
    client = district.client("auditor")
    assert "还没有可以算的数据" in client.get("/circle/").content.decode()
    assert "还没有调查" in client.get("/circle/?matrix=provided").content.decode()
    assert client.get(f"/circle/communities/{EAST}/sheet/").status_code == 200


def test_a_workbook_keeps_text_as_text_and_says_by_what_measure(full: Cast) -> None:
    book = openpyxl.load_workbook(io.BytesIO(body(full.client("auditor").get("/circle/matrices.xlsx?matrix=provided"))))
    assert len(book.sheetnames) == 5
    states = book.worksheets[0]
    assert states.max_row == 262 and states["A2"].value.startswith("110102")
    column = next(c.column for c in states[1] if str(c.value).startswith("100102"))
    row = next(r[0].row for r in states.iter_rows() if r[0].value == EAST)
    assert states.cell(row, column).value == "未提供" and states.cell(row, column + 1).value == "提供"
    said = {str(r[0].value): r[1] for r in book["说明"].iter_rows()}
    assert said["矩阵"].value == "提供" and said["调查"].value == "=年度调查" and said["调查"].data_type == "s"
    assert "数据缺失" in said and "口径" in said


def test_csv_and_geojson_have_every_cell(full: Cast) -> None:
    client = full.client("auditor")
    text = body(client.get(f"/circle/matrices.csv?division={NIUJIE}")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    places = {r["社区代码"] for r in rows}
    assert all(p.startswith(NIUJIE) for p in places) and len(rows) % len(places) == 0
    assert {r["状态"] for r in rows} <= {"yes", "no", "missing"}
    found = json.loads(body(client.get("/circle/matrices.geojson")))
    assert len(found["features"]) == 261 and found["matrix"] == "reachable"
    bare = [f for f in found["features"] if f["geometry"] is None]
    assert len(bare) == 105 and all(set(f["properties"]["states"].values()) == {"missing"} for f in bare)


def test_the_sheet_on_paper_has_a_text_layer(full: Cast) -> None:
    if not printing.available():
        pytest.skip("WeasyPrint or Debian's Pango is not here")
    pypdf = pytest.importorskip("pypdf")
    answer = full.client("auditor").get(f"/circle/communities/{EAST}/sheet.pdf")
    assert answer["Content-Type"] == "application/pdf"
    book = pypdf.PdfReader(io.BytesIO(body(answer)))
    assert 1 <= len(book.pages) <= 2
    text = "".join(p.extract_text() for p in book.pages).replace("\n", "")
    catalogue = catalogues.catalogue_in_force("services")
    for word in ["牛街东里社区", *(i.name for i in catalogue.items if i.depth == 1)]:
        assert word in text, word


def test_without_the_means_the_page_says_how_to_print(full: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "available", lambda: False)
    client = full.client("auditor")
    assert "用浏览器的“打印”" in client.get(f"/circle/communities/{EAST}/sheet/").content.decode()
    assert client.get(f"/circle/communities/{EAST}/sheet.pdf").status_code == 404


def test_a_print_fetches_nothing() -> None:
    if not printing.available():
        pytest.skip("WeasyPrint or Debian's Pango is not here")
    found = printing.pdf('<p>邻里</p><img src="file:///etc/passwd"><img src="http://127.0.0.1:9/x">', "")
    assert found.startswith(b"%PDF") and b"root:" not in found


def test_all_sheets_of_a_subdistrict_come_in_one_zip(full: Cast, settings: Any, tmp_path: Any) -> None:
    if not printing.available():
        pytest.skip("WeasyPrint or Debian's Pango is not here")
    settings.VAR = tmp_path
    client = full.client("planner")
    assert client.post("/circle/sheets/", {"division": ""}).status_code == 422
    started = client.post("/circle/sheets/", {"division": NIUJIE})
    assert started.status_code == 302
    assert client.get(f"{started['Location']}all.zip").status_code == 404
    run_until_empty()
    assert "下载 ZIP" in client.get(started["Location"]).content.decode()
    with zipfile.ZipFile(io.BytesIO(body(client.get(f"{started['Location']}all.zip")))) as packed:
        names = packed.namelist()
        assert len(names) == len(territory.divisions(12, NIUJIE)) and all(packed.read(n)[:4] == b"%PDF" for n in names)
    assert full.client("community-niujie").get(f"{started['Location']}all.zip").status_code == 404
