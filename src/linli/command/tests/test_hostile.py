"""The command centre, asked what it should not answer: other divisions, words without end, pages that stay behind."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from linli.core.actor import RESIDENT
from linli.flow import relay
from linli.response import actions
from linli.site import live, printing
from linli.testing.fixtures import Cast

NIUJIE, DESHENG = "110102018", "110102001"
PAGES = ("home", "data", "cells", "pressed", "geojson", "together", "playback", "playback_data", "compare", "compare_xlsx", "compare_csv",
         "brief")  # fmt: skip
DATA = ("home", "data", "cells", "pressed", "geojson", "playback", "playback_data", "compare", "compare_xlsx", "compare_csv", "brief",
        "brief_pdf", "together")  # fmt: skip
LONG = "邻" * 100_000
ODD = [
    "\0",
    "\u202e起",
    "²",
    "-1",
    "9" * 5000,
    "<script>alert(1)</script>",
    "0001-01-01",
    "9999-12-31",
    "2016-01-01",
    "*/*",
    LONG,
]
pytestmark = pytest.mark.django_db


def report(lon: float, lat: float, words: str = "") -> None:
    actions.report_case(actor=RESIDENT, report=actions.Report("web", "0102", lon, lat, description=words or "x"))


@pytest.mark.parametrize("name", [n for n in DATA if n != "home"])
@pytest.mark.parametrize("division", [DESHENG, "110102", "110101001", "11010201", "110102018001", "x" * 100])
def test_another_division_is_not_there(district: Cast, name: str, division: str) -> None:
    answer = district.client("chief-niujie").get(reverse(f"command:{name}"), {"division": division})
    assert answer.status_code in (403, 404)


def test_nothing_of_a_neighbour_is_in_any_file(district: Cast) -> None:
    report(116.3745, 39.9535, "王五13800138000在家门口")
    report(116.3596, 39.8862, "李四13900139000")
    client = district.client("chief-niujie")
    for name in DATA:
        if name == "brief_pdf" and not printing.available():
            continue
        answer = client.get(
            reverse(f"command:{name}"),
            {"division": NIUJIE, "wall": "1", "rotate": "queue,league,duty,summons,campaign"},
        )
        told = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode("utf-8", "replace")  # type: ignore[attr-defined]
        if name == "home":
            answer = client.get(reverse("command:subdistrict", args=[NIUJIE]), {"wall": "1"})
            told = answer.content.decode()
        assert answer.status_code == 200, name
        assert "13800138000" not in told and "13900139000" not in told and "王五" not in told, name
    features = json.loads(client.get(reverse("command:geojson"), {"division": NIUJIE}).content)["features"]
    assert [f["properties"]["division"][:9] for f in features] == [NIUJIE]


@pytest.mark.parametrize("name", DATA)
def test_nothing_that_was_read_stays_in_the_browser(district: Cast, name: str) -> None:
    """After signing out, the key 'back' and the next person find nothing."""
    if name == "brief_pdf" and not printing.available():
        pytest.skip("no printing here")
    answer = district.client("chief").get(reverse(f"command:{name}"))
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_figure_does_not_stay_either(district: Cast, kind: str) -> None:
    if kind == "png" and not printing.available():
        pytest.skip("no printing here")
    answer = district.client("chief").get(reverse("command:compare_figure", args=["map", kind]))
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("odd", ODD, ids=lambda o: repr(o[:12]))
def test_odd_addresses_are_answered(district: Cast, odd: str) -> None:
    client = district.client("chief")
    names = ("community", "top", "days", "wall", "rotate", "every", "theme", "view", "tab", "class", "day", "span", "from", "to",
             "from2", "to2", "measure", "after")  # fmt: skip
    for name in PAGES:
        for query in (dict.fromkeys(names, odd), {**dict.fromkeys(names, odd), "wall": "1"}):
            answer = client.get(reverse(f"command:{name}"), query)
            assert answer.status_code in (200, 404, 422), (name, answer.status_code)
            assert answer.streaming or b"<script>alert" not in answer.content, name


@pytest.mark.parametrize("after", ["-1", "9" * 20, "9" * 400, "9" * 5000, "²", "1.5", ""])
@pytest.mark.parametrize("scope", ["0:110102", "inbox", "case:1", "summons:1"])
def test_a_poll_from_anywhere_is_answered(district: Cast, after: str, scope: str) -> None:
    report(116.3596, 39.8862)
    relay.stamp()
    reverse("command:home")
    client = district.client("chief")
    token = live.live_token(district.actor("chief"), scope)
    assert client.get(live.PATH, {"after": after, "token": token}).status_code in (200, 304, 422)
    assert Client().get(live.PATH, {"after": after, "token": token}).status_code == 403
    stranger = live.live_token(district.actor("chief-desheng"), scope)
    assert client.get(live.PATH, {"after": after, "token": stranger}).status_code == 403


def test_reading_is_all_that_a_page_of_the_command_centre_does(district: Cast) -> None:
    client = district.client("chief")
    for name in DATA:
        assert client.post(reverse(f"command:{name}")).status_code == 405, name


def test_a_turn_names_boards_that_are_there(district: Cast) -> None:
    client = district.client("chief")
    many = ",".join(["queue:1"] * 5000)
    answer = client.get(reverse("command:home"), {"wall": "1", "rotate": many})
    assert answer.status_code == 200 and answer.content.count(b'data-part="queue"') <= 1
