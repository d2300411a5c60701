"""Two subdistricts become one: drafted, previewed, approved by another person, carried out by the worker, and undone.

In a house of its own: the borders of the shared one stay for the others.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from tests.house import House, lived_in, running

from .conftest import MATTERS, PHONE, Visitor, door

FROM, INTO = "110102018", "110102017"
PATIENCE_S = 240


@pytest.fixture(scope="module")
def own_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    var = tmp_path_factory.mktemp("borders") / "var"
    lived_in(var, tmp_path_factory, matters=MATTERS)
    with running(var, matters=MATTERS) as started:
        yield started


@pytest.fixture
def visit(own_house: House, chromium: Any) -> Iterator[Callable[..., Visitor]]:
    with door(own_house, chromium) as opened:
        yield opened


def matters_in(house: House, division: str) -> int:
    with sqlite3.connect(house.var / "linli.sqlite3", timeout=30) as database:
        row = database.execute("SELECT count(*) FROM flow_matter WHERE subdistrict = ?", (division,)).fetchone()
    database.close()
    return int(row[0])


def until(house: House, page: Any, words: str) -> None:
    """The page asks by itself while the work goes on; here it is asked anew."""
    ends = time.monotonic() + PATIENCE_S
    while words not in page.inner_text("main"):
        beats = [path.read_text() for path in house.var.glob("worker-*.json")]
        assert time.monotonic() < ends, (
            page.inner_text("main")[:400],
            beats,
            (house.var / "house.log").read_text()[-2000:],
        )
        time.sleep(1)
        page.reload()


def test_two_subdistricts_become_one_and_two_again(own_house: House, visit: Callable[..., Visitor]) -> None:
    before, there = matters_in(own_house, FROM), matters_in(own_house, INTO)
    assert before
    planner = visit("administrator")
    page = planner.page
    planner.go("/ground/changes/new/")
    page.fill("[name=name]", "牛街并入广安门内 〔2026〕1号")
    page.click("main button.primary")
    page.wait_for_selector("#border-form")
    page.click("summary:has-text('合并两个街道')")
    page.select_option("#id_merge_code", FROM)
    page.select_option("#id_merge_into", INTO)
    page.click("button[value=op-merge]")
    page.wait_for_selector("#h-impact")
    assert "会有什么跟着变" in page.inner_text("main") and FROM in page.inner_text("#h-codes >> xpath=../..")
    page.wait_for_selector("#border-map[data-drawn]", state="attached")
    page.fill("[name=effective_on]", _today(page))
    page.click("section:has(#h-submit) button.primary")
    page.wait_for_selector("#h-approve")
    assert "自己提请的改动须由另一人批准" in page.inner_text("main")
    address = page.url.replace(planner.address, "")

    chief = visit("chief", size=PHONE)
    chief.go("/inbox/?tab=soon")
    chief.page.click("a.row:has-text('牛街并入广安门内')")
    chief.page.wait_for_selector("#h-approve")
    assert chief.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    chief.page.click("section:has(#h-approve) button.primary")
    until(own_house, chief.page, "改划的结果")  # its day is today: the clock begins it by itself
    assert matters_in(own_house, FROM) == 0 and matters_in(own_house, INTO) == before + there

    planner.go("/ground/changes/?state=in_force")
    assert "牛街并入广安门内" in page.inner_text("main")
    chief.go(address)
    chief.page.click("summary:has-text('撤销这次改动')")
    chief.page.click("section:has(#h-undo) button.danger")
    chief.page.wait_for_selector("[data-error-summary]")
    chief.page.fill("#id_begin_undo_reason", "试点结束")
    chief.page.click("section:has(#h-undo) button.danger")
    until(own_house, chief.page, "已撤销：")
    assert matters_in(own_house, FROM) == before and matters_in(own_house, INTO) == there
    assert not [f for f in planner.faults + chief.faults if "422" not in f], (planner.faults, chief.faults)


def _today(page: Any) -> str:
    said = page.evaluate("() => new Intl.DateTimeFormat('sv-SE', {timeZone: 'Asia/Shanghai'}).format(new Date())")
    return date.fromisoformat(said).isoformat()
