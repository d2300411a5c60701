"""The list of cases and its CSV: scope, filters in the address, pages by key, budgets, nothing personal."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from linli.accounts.models import Audit
from linli.response import queries
from linli.response.models import Case
from linli.response.web import cases as page
from linli.response.web import export
from linli.testing.fixtures import Cast

from .conftest import NIUJIE, Press

pytestmark = pytest.mark.django_db
BUDGETS = json.loads((Path(settings.ROOT) / "tests" / "query_budgets.json").read_text(encoding="utf-8"))
OF_THE_ACTOR = 3  # session, account, posts
DESHENG = (116.3773, 39.9535)


def sql_of(client: Client, address: str) -> int:
    """Statements of the page itself. The least of three: once a second a process also asks for a revision."""
    client.get(address)  # caches of the process are warm, as they are for all but the first request
    found = []
    for _turn in range(3):
        with CaptureQueriesContext(connection) as sql:
            answer = client.get(address)
        assert answer.status_code == 200
        found.append(sum(not q["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")) for q in sql))
    return min(found) - OF_THE_ACTOR


def numbers(text: str) -> list[str]:
    return re.findall(r'<a href="(\d{6}-\d{6}-\d)/">', text)


@pytest.fixture
def two(reported: Callable[..., Case]) -> tuple[Case, Case]:
    """One case in Niujie, one in Desheng."""
    return reported(), reported(lon=DESHENG[0], lat=DESHENG[1], class_code="0404")


def test_each_post_sees_its_own_divisions(two: tuple[Case, Case], district: Cast) -> None:
    here, there = (queries.number_of_case(c) for c in two)
    assert two[1].matter.subdistrict == "110102010"
    seen = {
        "operator": {here, there},
        "auditor": {here, there},
        "chief": {here, there},
        "desk": {here},
        "dispatcher-niujie": {here},
        "dispatcher-desheng": {there},
        "grid-shichahai": set(),
        "handler-works": set(),
    }
    for username, wanted in seen.items():
        answer = district.client(username).get("/cases/")
        assert answer.status_code == 200
        assert set(numbers(answer.content.decode())) == wanted, username


def test_administrators_and_strangers_stay_outside(two: tuple[Case, Case], district: Cast) -> None:
    refused = district.client("administrator").get("/cases/")
    assert refused.status_code == 403 and "受理员" in refused.content.decode()
    assert Client().get("/cases/").url.startswith("/login/?next=")


def test_a_handler_sees_the_list_of_the_body(two: tuple[Case, Case], district: Cast, press: Press) -> None:
    from linli.organisations import queries as organisations

    body = organisations.body_by_code("110102-drainage")
    assert body is not None
    press("operator", two[1], "accept")
    press("dispatcher-desheng", two[1], "dispatch", body_id=body.id)
    text = district.client("handler-drainage").get("/cases/").content.decode()
    assert numbers(text) == [queries.number_of_case(two[1])]
    assert numbers(district.client("grid-desheng").get("/cases/?view=body").content.decode()) == []


@pytest.mark.parametrize(
    ("query", "which"),
    [
        ("stage=reported", (0, 1)),
        ("stage=accepted", ()),
        ("top=04", (1,)),
        ("class_code=0102", (0,)),
        ("subdistrict=110102010", (1,)),
        ("channel=web", (0, 1)),
        ("channel=phone", ()),
        ("due=late", ()),
        ("since=2001-01-01&until=2001-12-31", ()),
        ("opened=today", (0, 1)),
        ("closed=today", ()),
        ("open=1", (0, 1)),
        ("nonsense=1", (0, 1)),
    ],
)
def test_filters_live_in_the_address(
    two: tuple[Case, Case], district: Cast, query: str, which: tuple[int, ...]
) -> None:
    answer = district.client("operator").get(f"/cases/?{query}")
    assert answer.status_code == 200
    assert set(numbers(answer.content.decode())) == {queries.number_of_case(two[i]) for i in which}


def test_a_mistyped_date_is_said_and_the_list_still_stands(two: tuple[Case, Case], district: Cast) -> None:
    answer = district.client("operator").get("/cases/?since=gestern&top=04")
    text = answer.content.decode()
    assert answer.status_code == 422 and "<title>错误：" in text and "2026-11-22" in text
    assert numbers(text) == [queries.number_of_case(two[1])]


def test_each_filter_that_is_on_can_be_taken_off(two: tuple[Case, Case], district: Cast) -> None:
    text = district.client("operator").get("/cases/?stage=reported&top=04&class_code=0404").content.decode()
    links = re.findall(r'class="chip" href="([^"]+)"', text)
    assert links == ["?top=04&amp;class_code=0404", "?stage=reported", "?stage=reported&amp;top=04"]


def test_pages_go_by_key(reported: Callable[..., Case], district: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE", 2)
    made = [queries.number_of_case(reported()) for _n in range(5)]
    client, seen, address = district.client("operator"), [], "/cases/?stage=reported"
    for _turn in range(3):
        text = client.get(address).content.decode()
        seen += numbers(text)
        following = re.search(r'href="([^"]+)" rel="next"', text)
        address = "/cases/" + following[1].replace("&amp;", "&") if following else ""
    assert seen == made[::-1] and not address


def test_a_list_of_fifty_stays_in_its_budget(reported: Callable[..., Case], district: Cast) -> None:
    for n in range(50):
        reported(class_code=("0102", "0404", "0505")[n % 3])
    client = district.client("operator")
    assert sql_of(client, "/cases/") <= BUDGETS["response:cases"]
    assert sql_of(client, "/cases/?subdistrict=110102018&top=04&due=soon&channel=web") <= BUDGETS["response:cases"]
    assert len(numbers(client.get("/cases/").content.decode())) == 50


def test_empty_lists_say_why(district: Cast) -> None:
    client = district.client("operator")
    assert "还没有案件" in client.get("/cases/").content.decode()
    assert "没有符合这些条件的案件" in client.get("/cases/?stage=handling").content.decode()


# --- CSV ------------------------------------------------------------------------------------------------
def exported(client: Client, query: str = "") -> list[list[str]]:
    answer = client.get(f"/cases/export.csv{query}")
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/csv")
    body = b"".join(answer.streaming_content)
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


def test_csv_has_the_rows_of_the_list_and_nothing_personal(reported: Callable[..., Case], district: Cast) -> None:
    first = reported(phone="13800138000", name="王芳", consent="case_contact-1", address="3 号楼 2 单元")
    reported(lon=DESHENG[0], lat=DESHENG[1])
    rows = exported(district.client("dispatcher-niujie"))
    assert len(rows) == 2 and rows[0][0] == "编号"
    said = dict(zip(rows[0], rows[1], strict=True))
    assert said["编号"] == queries.number_of_case(first) and said["问题类型"] == "暴露垃圾"
    assert said["街道"] == "牛街街道" and said["来源"] == "网络" and said["环节"] == "待立案"
    text = str(rows)
    assert not any(word in text for word in ("13800138000", "王芳", "3 号楼", "垃圾两天没清"))
    assert len(exported(district.client("operator"), "?subdistrict=110102010")) == 2


def test_taking_a_csv_is_recorded_and_not_for_everybody(reported: Callable[..., Case], district: Cast) -> None:
    reported()
    exported(district.client("auditor"), "?stage=reported")
    line = Audit.objects.get(verb="export_cases")
    assert line.actor == f"person:{district.id('auditor')}" and "待立案" in line.body
    for username in ("desk", "verifier", "grid-niujie", "handler-works"):
        assert district.client(username).get("/cases/export.csv").status_code == 403
        assert "导出 CSV" not in district.client(username).get("/cases/").content.decode()
    assert Audit.objects.filter(verb="export_cases").count() == 1


def test_csv_says_where_it_was_cut(
    reported: Callable[..., Case], district: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "EXPORT_ROWS", 3)
    monkeypatch.setattr(export, "EXPORT_BATCH", 2)
    for _n in range(4):
        reported()
    rows = exported(district.client("operator"))
    assert len(rows) == 5 and "3" in rows[-1][0]
    assert "最多 3 件" in district.client("operator").get("/cases/").content.decode()


def test_the_workbook_says_the_same_and_where_it_comes_from(reported: Callable[..., Case], district: Cast) -> None:
    case = reported()
    answer = district.client("auditor").get("/cases/export.xlsx?stage=reported")
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    sheet, about = book.worksheets
    said = dict(zip(*([c.value for c in row] for row in sheet.iter_rows()), strict=True))
    assert said["编号"] == queries.number_of_case(case) and isinstance(said["受理时间"], datetime)
    assert said["退单次数"] == 0 and said["演示数据"] == "否" and sheet.freeze_panes == "A2"
    assert "待立案" in {row[1].value for row in about.iter_rows()}
    assert Audit.objects.filter(verb="export_cases").count() == 1
    assert district.client("desk").get("/cases/export.xlsx").status_code == 403


# --- look-ups of the forms ---------------------------------------------------------------------------------
def test_classes_are_found_by_initials_words_and_code(district: Cast, client: Client) -> None:
    for text in ("bllj", "暴露垃圾", "0102", "装修垃圾"):
        found = client.get("/classes/search", {"q": text}).json()["results"]
        assert "0102" in [c["code"] for c in found], text
    item = client.get("/classes/search?q=bllj").json()["results"][0]
    assert item["code"] == "0102" and item["name"] == "暴露垃圾" and "前办结" in item["due"]
    assert client.get("/classes/search?q=").json() == {"results": []}


def test_nearby_is_for_who_registers(reported: Callable[..., Case], district: Cast) -> None:
    case, other = reported(), reported(class_code="0404")
    query = {"lon": NIUJIE[0], "lat": NIUJIE[1], "class": "0404"}
    found = district.client("operator").get("/cases/nearby", query).json()["results"]
    assert [n["number"] for n in found] == [queries.number_of_case(other), queries.number_of_case(case)]
    assert [n["same"] for n in found] == [True, False] and found[0]["url"]
    assert Client().get("/cases/nearby", query).status_code == 302
    assert district.client("operator").get("/cases/nearby?lon=x&lat=1").status_code == 422


def test_a_case_elsewhere_is_told_without_a_link(reported: Callable[..., Case], district: Cast) -> None:
    reported(lon=DESHENG[0], lat=DESHENG[1])
    query = {"lon": DESHENG[0], "lat": DESHENG[1]}
    found = district.client("desk").get("/cases/nearby", query).json()["results"]
    assert all(n["url"] == "" for n in found)
