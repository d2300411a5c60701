"""An analyst's way: ask for a run, read the scores, one province, other weights, take the figures away."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import DESK, PHONE, Visitor
from .test_pages import MEASURE, serious

RESULT = re.compile(r"/evaluation/results/[0-9a-f-]{36}/")


def computed(visitor: Visitor) -> Any:
    """The page of a run of the provinces, once it is done."""
    visitor.go("/evaluation/results/new/")
    page = visitor.page
    page.get_by_role("button", name="先检查").click()
    expect(page.get_by_text("检查过了，可以测算。")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="测算", exact=True).click()
    page.wait_for_url(RESULT, timeout=60_000)
    for _ in range(60):
        if page.locator(".result-tabs").count():
            return page
        page.wait_for_timeout(1_000)
        page.reload()
    raise AssertionError("the run did not end")


def test_from_a_run_to_the_figures(visit: Callable[..., Visitor], tmp_path: Any) -> None:
    analyst = visit("analyst", size=DESK, accept_downloads=True)
    page = computed(analyst)
    expect(page.locator(".rank-table tbody tr")).to_have_count(31)
    short = page.locator(".result-said a").inner_text()
    if page.get_by_text("这是实验性结果，不作总排名。").count():
        expect(page.locator(".rank-table td.rank")).to_have_count(0)

    page.get_by_role("link", name="北京", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("北京")
    first = page.locator("details.from").first
    first.locator("summary").press("Enter")
    expect(first).to_contain_text("公布")

    page.locator(".result-tabs").get_by_role("link", name="调权重").click()
    page.wait_for_selector("#what-if[data-ready]", state="attached")
    slider, said, checked = page.locator("input[type=range]").first, page.locator("[data-said]"), page.locator("[data-checked]")  # fmt: skip
    before = page.locator("output").first.inner_text()
    slider.focus()
    for _ in range(4):
        page.keyboard.press("PageUp")
    expect(said).to_contain_text("名次变了")
    assert page.locator("output").first.inner_text() != before
    expect(checked).to_have_text("与服务器核对一致", timeout=20_000)
    moved = said.inner_text()
    page.reload()
    expect(said).to_have_text(moved)  # the address restores it
    page.wait_for_selector("#what-if[data-ready]", state="attached")
    page.locator("[data-reset]").click()
    expect(said).to_have_text("名次没有变化")

    page.locator(".result-tabs").get_by_role("link", name="地图").click()
    names = []
    for button in ("SVG", "PNG", "XLSX"):
        with page.expect_download() as event:
            page.locator(".fig-files").get_by_text(button, exact=True).click()
        names.append(event.value.suggested_filename)
        event.value.save_as(tmp_path / names[-1])
    assert all(short in name for name in names)
    svg, png, xlsx = ((tmp_path / name).read_bytes() for name in names)
    assert short.encode() in svg and png.startswith(b"\x89PNG") and len(png) > 20_000
    assert zipfile.is_zipfile(tmp_path / names[2]) and xlsx
    assert not analyst.faults, analyst.faults


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1440"])
def test_every_page_of_a_result(visit: Callable[..., Visitor], size: dict[str, int]) -> None:
    analyst = visit("analyst", size=size, bypass_csp=False)
    page = computed(analyst)
    addresses = page.locator(".result-tabs a").evaluate_all("links => links.map(l => l.getAttribute('href'))")
    result = addresses[0].split("?")[0]
    addresses += [f"{result}side-by-side/?unit=110000&unit=310000", f"/evaluation/compare/?a={result.split('/')[3]}&unit=110000"]  # fmt: skip
    for address in addresses:
        analyst.faults.clear()
        assert analyst.go(address).status == 200
        seen = page.evaluate(MEASURE)
        assert not analyst.faults and seen["wide"] <= 0 and seen["h1"] == 1 and not seen["small"], (address, seen)
        assert not serious(page), (address, serious(page))


def test_other_weights_without_a_script(visit: Callable[..., Visitor]) -> None:
    page = computed(visit("analyst", size=DESK))
    result = RESULT.search(page.url)
    plain = visit("analyst", size=DESK, scripts=False)
    assert result is not None
    plain.go(f"{result.group()}what-if/")
    before = plain.page.locator("[data-score]").first.inner_text()
    code = plain.page.locator("input[type=range]").first.get_attribute("name")
    plain.go(f"{result.group()}what-if/?{code}=100")
    assert plain.page.locator("[data-score]").first.inner_text() != before
    expect(plain.page.get_by_role("button", name="重算")).to_be_visible()
