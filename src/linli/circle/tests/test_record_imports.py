"""Circles, records and designations by workbook: preview, refusals by row, undo as a whole."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from linli.circle.actions.kinds import load_kinds
from linli.circle.queries import records as read
from linli.core.actor import SYSTEM
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db
EAST, WEST = "110102018001", "110102018009"


@pytest.fixture
def planner(district: Cast) -> Any:
    load_kinds(actor=SYSTEM)
    return district.client("planner")


def taken(client: Any, kind: str, rows: list[list[Any]]) -> tuple[str, str]:
    """Upload a workbook; (address of its preview, its text)."""
    book, data = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(data)
    answer = client.post(f"/settings/import/{kind}/", {"file": SimpleUploadedFile("t.xlsx", data.getvalue())})
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    return answer.url, client.get(answer.url).content.decode()


def confirm(client: Any, address: str) -> int:
    """Press the button of the preview as it stands; the status."""
    page = client.get(address).content.decode()
    found = re.search(r'name="expected" value="([^"]*)"', page)
    return int(client.post(address + "confirm", {"expected": found.group(1) if found else ""}).status_code)


def test_circles_are_taken_in_and_taken_back(planner: Any) -> None:
    head = ["编号", "名称", "社区代码", "年份", "状态", "级别"]
    first, _page = taken(planner, "circles", [head, ["a-1", "东圈", f"{EAST}、{WEST}", 2024, "已建成", "市级示范"]])
    assert confirm(planner, first) == 302
    assert read.built(actor=SYSTEM).covered == 2
    second, page = taken(
        planner,
        "circles",
        [head, ["a-1", "改名圈", EAST, 2024, "已建成", ""], ["a-2", "新圈", WEST, 2025, "计划中", ""]],
    )
    assert "改名圈" in page
    assert confirm(planner, second) == 302
    assert {c.name for c in read.circles(actor=SYSTEM)} == {"改名圈", "新圈"}
    assert planner.post(second + "undo").status_code == 302
    (left,) = read.circles(actor=SYSTEM)
    assert left.name == "东圈" and left.communities.count() == 2 and left.level == "municipal"


def test_a_row_that_cannot_be_is_refused_by_its_number(planner: Any) -> None:
    head = ["编号", "名称", "社区代码", "年份", "状态"]
    address, page = taken(
        planner,
        "circles",
        [head, ["a-1", "东圈", "110102018999", 2024, "已建成"], ["a-2", "西圈", EAST, 2024, "建好了"]],
    )
    assert "没有这些社区" in page
    assert confirm(planner, address) == 422
    assert not read.circles(actor=SYSTEM)


def test_records_are_taken_in_once_and_taken_back(planner: Any) -> None:
    head = ["社区代码", "台账", "截至", "数值", "依据"]
    rows = [
        head,
        [EAST, "办公和服务用房", date(2026, 1, 1), 360, "不动产登记"],
        [EAST, "社区工作经费", date(2026, 1, 1), 1200.5, "预算批复"],
    ]
    address, _page = taken(planner, "records", rows)
    assert confirm(planner, address) == 302
    said = {k: e.amount for (k, _c), e in read.newest("").items()}
    assert said == {"premises": 360, "budget": 120_050}
    again, _page = taken(planner, "records", rows)
    assert confirm(planner, again) == 422
    assert len(read.entries()) == 2
    assert planner.post(address + "undo").status_code == 302
    assert not read.entries()


def test_designations(planner: Any, district: Cast) -> None:
    head = ["项目", "社区代码", "年份", "结果", "达到的标准", "依据"]
    address, _page = taken(planner, "designations", [head, ["智慧社区", EAST, 2025, "试点", "network、life", "通知"]])
    assert confirm(planner, address) == 302
    (row,) = read.designations()
    assert row["met"] == ("network", "life")
    assert planner.post(address + "undo").status_code == 302
    assert not read.designations()
    assert district.client("community-niujie").get("/settings/import/designations/").status_code == 403
