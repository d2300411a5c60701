"""What one reaches on foot from a place: the page without scripts, what it refuses, what it keeps to itself."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

import pyarrow
import pytest
from django.test import Client
from pyarrow import parquet

from linli.circle.actions import catalogue, load
from linli.circle.tests.conftest import catalogues  # noqa: F401  the shipped catalogues and paces
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.portal.drawing import drawing
from linli.portal.hours import said
from linli.territory.queries import check_point
from linli.testing.fixtures import Cast

from .resident import SPOT

pytestmark = pytest.mark.django_db
ADDRESS = "/around/"
HERE = {"go": "show", "lon": str(SPOT[0]), "lat": str(SPOT[1])}


@pytest.fixture
def streets(district: Cast, catalogues: None) -> Client:  # noqa: F811
    """A street through the spot, and a resident's browser."""
    lon, lat = SPOT
    nodes: dict[str, list[Any]] = {"id": [1, 2], "lon": [lon - 0.02, lon + 0.02], "lat": [lat, lat]}
    files = {
        "walk_nodes.parquet": _parquet(nodes),
        "walk_edges.parquet": _parquet({"u": [1], "v": [2], "length_m": [3416.0]}), "crossings.csv": b"id\n",
    }  # fmt: skip
    load.load_network(actor=SYSTEM, files=files, as_of=date(2024, 3, 1), source="test", provenance="sourced")
    return Client()


def _parquet(columns: dict[str, list[Any]]) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), out)
    return out.getvalue()


def test_without_a_network_the_page_says_so(district: Cast) -> None:
    page = Client().get(ADDRESS)
    assert page.status_code == 200 and "还不能计算" in page.content.decode()
    assert Client().post(ADDRESS, HERE).status_code == 200


def test_a_point_is_answered_with_a_drawing_and_is_in_no_address(streets: Client) -> None:
    page = streets.post(ADDRESS, HERE)
    text = page.content.decode()
    assert (
        page.status_code == 200 and 'class="around-drawing"' in text and "不等于没有" in text and "上门的服务" in text
    )
    assert "no-store" in page["Cache-Control"] and str(SPOT[0]) not in " ".join(
        re.findall(r'(?:href|src|action)="([^"]*)"', text)
    )
    nothing = streets.get(ADDRESS, {"lon": str(SPOT[0]), "lat": str(SPOT[1])})  # an address is never read
    assert "around-counts" not in nothing.content.decode()


def test_a_name_then_one_of_the_places_then_another_pace(streets: Client) -> None:
    found = streets.post(ADDRESS, {"go": "search", "q": "牛街"}).content.decode()
    picks = re.findall(r'name="pick" value="([^"]+)"', found)
    assert picks and streets.post(ADDRESS, {"go": "show", "pick": picks[0]}).status_code in {200, 422}
    older = streets.post(ADDRESS, HERE | {"pace": "older"}).content.decode()
    assert "900 米" in older and re.search(r'value="older" checked', older)
    community = streets.post(ADDRESS, {"go": "show", "division": "110102018001"}).content.decode()
    assert "牛街东里" in community


@pytest.mark.parametrize(
    "body",
    [
        {"go": "show"}, HERE | {"lon": "nan"}, HERE | {"lat": "1e999"}, HERE | {"lon": "0", "lat": "0"}, HERE | {"lon": "121.5", "lat": "31.2"},
        {"go": "show", "pick": "x,y,\0z"}, {"go": "show", "division": "999"},
    ],
)  # fmt: skip
def test_what_is_no_place_of_the_district_is_refused_in_words(streets: Client, body: dict[str, str]) -> None:
    page = streets.post(ADDRESS, body)
    assert page.status_code == 422 and 'role="alert"' in page.content.decode()


def test_another_language_keeps_the_place(streets: Client) -> None:
    page = streets.post(ADDRESS, HERE | {"language": "en"})
    text = page.content.decode()
    assert 'lang="en"' in text and f'name="lon" value="{SPOT[0]:.6f}"' in text and "around-counts" in text
    assert page.cookies["linli_language"].value == "en"


@pytest.mark.parametrize("simulated", [True, False])
def test_what_is_beyond_says_whether_a_demonstration_made_that_up(streets: Client, simulated: bool) -> None:
    catalogue.set_completeness(
        actor=SYSTEM, kind="services", items=["0501"], communities=[check_point(*SPOT).community], state="complete",
        as_of=clock.today(), source="普查", simulated=simulated,
    )  # fmt: skip
    text = streets.post(ADDRESS, HERE).content.decode()
    assert "不是事实" in text if simulated else "这些设施已经查全" in text and "不是事实" not in text
    assert text.count("演示数据") > 1 if simulated else "演示数据" not in text


def test_a_program_that_asks_for_every_house_is_stopped(streets: Client, settings: Any) -> None:
    settings.PORTAL_LIMITS = {"around": [[2, 600]]}
    assert [streets.post(ADDRESS, HERE).status_code for _n in range(3)] == [200, 200, 429]
    assert streets.get(ADDRESS).status_code == 200


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("24/7", "全天"), ("Mo-Su 10:00-22:00", "每天 10:00–22:00"), ("Mo-Fr 09:00-17:00", "周一至周五 09:00–17:00"),
        ("Tu-Su 11:30-13:30, 17:00-22:30", "周二至周日 11:30–13:30、17:00–22:30"), ("Mo,We 09:00-12:00", "周一、周三 09:00–12:00"),
        ("Mo-Fr 09:00-17:00; Sa 09:00-12:00", "周一至周五 09:00–17:00；周六 09:00–12:00"),
        ("sunrise-sunset", "sunrise-sunset"), ("PH off", "PH off"), ("Xx-Yy 09:00-12:00", "Xx-Yy 09:00-12:00"), ("", ""),
    ],
)  # fmt: skip
def test_opening_hours_are_said_or_left_as_they_are(text: str, words: str) -> None:
    assert said(text) == words


def test_a_drawing_is_in_metres_north_up() -> None:
    lon, lat = SPOT
    line = [[lon, lat], [lon, lat + 0.001], [lon, lat + 0.001], [lon + 0.001, lat + 0.001]]
    shape = {"features": [{"geometry": {"type": "MultiLineString", "coordinates": [line]}}]}
    drawn = drawing(lon, lat, shape, [(1, lon, lat + 0.001)])
    assert drawn is not None and drawn.streets == "M0 0l0 -111l85 0" and drawn.marks == ((1, 0, -111),)
    assert drawing(lon, lat, {"features": []}, []) is None
