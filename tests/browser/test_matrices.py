"""The matrices: choose one, a day and a reading, go through an item to a community and its homes, take it along as a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from openpyxl import load_workbook
from playwright.sync_api import expect

from .conftest import DESK, PHONE, Visitor


def chosen(page: Any, **values: str) -> None:
    """Set fields of the bar and look."""
    for name, value in values.items():
        field = page.locator(f"form[role=search] [name={name}]")
        field.select_option(value) if name != "on" else field.fill(value)
    page.locator("form[role=search] button").click()
    page.wait_for_load_state()


def yes_of(page: Any) -> list[int]:
    return [int(t) for t in page.locator("tr.klass td:nth-child(3)").all_inner_texts()]


def test_from_the_whole_district_to_one_home_and_a_workbook(visit: Callable[..., Visitor]) -> None:
    planner = visit("planner", size=DESK, accept_downloads=True)
    planner.go("/circle/")
    page = planner.page
    expect(page.locator(".kpi")).to_have_count(4)
    expect(page.locator("main")).to_contain_text("是模拟的")  # what makes a no in the demonstration
    every = yes_of(page)
    chosen(page, reading="any")
    some = yes_of(page)
    assert (
        "reading=any" in page.url and len(some) == len(every) and all(a <= b for a, b in zip(every, some, strict=True))
    )
    assert sum(some) > sum(every)

    chosen(page, on="2020-01-01")
    expect(page.locator("main")).to_contain_text("2020-01-01 早于数据日期")
    page.locator(".matrix-tabs a", has_text="提供").click()
    expect(page.locator(".matrix-tabs [aria-current]")).to_have_text("提供")
    assert "reading=any" in page.url
    page.locator(".matrix-tabs a", has_text="走得到").click()
    chosen(page, on="", reading="share")

    page.locator("tr.klass a", has_text="社区便利服务").click()
    page.locator(".grid thead a.mini", has_text="100203").click()
    expect(page.locator("h1")).to_contain_text("超市")
    assert "reading=share" in page.url
    for state in ("yes", "missing"):
        expect(page.locator(f".grid td.{state}").first).to_be_visible()
    page.locator(".grid td.yes a").first.click()
    expect(page.locator("#h-homes")).to_have_text("每一处住处")
    expect(page.locator(".cell-state")).to_contain_text("走得到")
    page.locator(".crumbs a", has_text="超市").click()
    page.locator(".crumbs a", has_text="覆盖").first.click()
    with page.expect_download() as fetched:
        page.locator(".actions a", has_text="XLSX").click()
    book = load_workbook(io.BytesIO(fetched.value.path().read_bytes()), read_only=True)
    about = {str(r[0]): str(r[1]) for r in book.worksheets[-1].iter_rows(values_only=True) if r and r[0]}
    assert "九成项目有" in about["几项合成一行"] and "下限" in about["比例"] and len(book.worksheets) == 5
    assert not planner.faults, planner.faults


def test_the_map_reads_a_class_as_the_matrix_does(visit: Callable[..., Visitor]) -> None:
    planner = visit("planner", size=DESK)
    page = planner.page
    for reading in ("all", "any", "share"):
        planner.go(f"/circle/?reading={reading}")
        cells = page.locator("tr.klass", has_text="社区便利服务").locator("td.n")
        matrix = [cells.nth(k).inner_text() for k in range(3)]
        planner.go(f"/circle/planner/?item=10&reading={reading}")
        expect(page.locator("[data-homes] b")).to_contain_text("%", timeout=60_000)
        assert [page.inner_text(f"[data-{s}] b") for s in ("yes", "no", "missing")] == matrix
        expect(page.locator("[data-floor]")).to_contain_text("下限")
        expect(page.locator(f"[data-reading={reading}]")).to_have_attribute("aria-pressed", "true")
    page.click("[data-reading=any]")
    assert "reading=any" in page.url
    assert not planner.faults, planner.faults


def test_a_matrix_fits_a_phone(visit: Callable[..., Visitor]) -> None:
    planner = visit("planner", size=PHONE)
    for address in (
        "/circle/?reading=share",
        "/circle/matrices/10/",
        "/circle/matrices/compare/?a=2020-01-01",
        "/circle/matrices/left-out/",
    ):
        planner.go(address)
        assert planner.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
    assert not planner.faults, planner.faults
