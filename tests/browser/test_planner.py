"""The planner's map: choose an item, drag a facility, see the number change, undo, place, save, share, export."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from .conftest import DESK, PHONE, Visitor

SUPERMARKETS = "/circle/planner/?item=100203"
SHOP = "牛街清真超市"
SEARCH_MS = 300_000  # a search is a job among others; how long it may take is measured elsewhere


def opened(visitor: Visitor, address: str) -> Any:
    """The page, once it has counted and drawn."""
    visitor.go(address)
    page = visitor.page
    expect(page.locator("[data-homes] b")).to_contain_text(
        "%", timeout=SEARCH_MS
    )  # the first question warms the network
    page.wait_for_selector("#map[data-ready]")
    return page


def percent(said: str) -> float:
    """Of "72.2%", or of "至少 72.2%" where data is missing."""
    return float(re.findall(r"[\d.]+", said)[0])


def at_shop(page: Any) -> tuple[float, float]:
    """Bring a facility to the middle of the map; where that is on the screen."""
    page.fill("[data-filter]", SHOP)
    page.locator("[data-facilities] .go", has_text=SHOP).click()
    page.wait_for_timeout(600)  # the map glides there
    page.locator("#map").scroll_into_view_if_needed()
    box = page.locator("#map").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_plan_from_the_first_drag_to_the_workbook(visit: Callable[..., Visitor]) -> None:
    planner = visit("planner", size=DESK, accept_downloads=True)
    page = opened(planner, "/circle/planner/")
    page.select_option("#item", "100203")
    expect(page.locator("[data-item-name]")).to_have_text("超市")
    before, change, checked = (
        page.inner_text("[data-homes] b"),
        page.locator("[data-homes] i"),
        page.locator("[data-checked]"),
    )

    x, y = at_shop(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 2, y + 1)  # a trembling hand moves nothing
    expect(page.locator(".tag.move")).to_have_count(0)
    page.mouse.move(x + 120, y + 90, steps=6)
    page.mouse.move(x + 330, y + 160, steps=6)
    page.mouse.up()
    expect(change).not_to_be_empty()
    expect(page.locator(".tag.move")).to_have_count(1)
    expect(checked).to_contain_text("核对一致")
    page.click("[data-undo]")
    expect(page.locator("[data-homes] b")).to_have_text(before)
    expect(change).to_be_empty()
    page.click("[data-redo]")
    expect(change).not_to_be_empty()
    page.keyboard.press("Control+z")
    expect(change).to_be_empty()

    page.locator("[data-facilities] .go", has_text=SHOP).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".tag.move")).to_have_count(1)
    page.keyboard.press("Delete")  # a moved one stands again
    expect(page.locator(".tag.move")).to_have_count(0)

    page.fill("[data-site-n]", "2")
    page.click("[data-site]")
    expect(page.locator("[data-status]")).to_contain_text("已证明是最优", timeout=SEARCH_MS)
    expect(change).to_contain_text("+")
    expect(page.locator("[data-yes] > i, [data-missing] > i, [data-no] > i").filter(has_text=re.compile("[+−]"))).not_to_have_count(0)  # fmt: skip
    expect(page.locator("[data-yes] .key, [data-missing] .key, [data-no] .key")).to_have_text(["", "", ""])
    expect(page.locator(".tag.add")).to_have_count(2)
    expect(checked).to_contain_text("核对一致")
    covered = page.inner_text("[data-homes] b")
    with page.expect_download() as unsaved:  # what is shown leaves, saved or not
        page.locator("[data-export]", has_text="XLSX").click()
    assert unsaved.value.suggested_filename.endswith(".xlsx")

    page.locator("summary", has_text="存成方案").click()
    page.fill("[data-save] input[name=name]", "牛街添两处超市")
    page.locator("[data-save] button").click()
    page.wait_for_url(re.compile(r"/circle/plans/\d+/"))
    expect(page.locator("[data-homes] b")).to_have_text(covered, timeout=SEARCH_MS)
    page.locator("form[action$='/share'] button").click()
    address = page.locator("#share-address").text_content()
    with page.expect_download() as kept:
        page.locator("[data-export]", has_text="XLSX").click()
    assert kept.value.suggested_filename.endswith(".xlsx")
    assert not planner.faults, planner.faults

    path = address.removeprefix(planner.address)
    chief = opened(visit("chief", size=DESK), path)
    expect(chief.locator("h1")).to_contain_text("牛街添两处超市")
    expect(chief.locator("[data-homes] b")).to_have_text(covered)
    expect(chief.locator("form[action$='/share']")).to_have_count(0)
    chief.locator("[data-save] button").click()  # "另存一份" is open, with the name in it
    chief.wait_for_url(re.compile(r"/circle/plans/\d+/"))
    assert chief.url.split("?")[0] != page.url.split("?")[0]
    auditor = opened(visit("auditor", size=DESK), path)
    expect(auditor.locator("[data-add]")).to_have_count(0)
    expect(auditor.locator("[data-homes] b")).to_have_text(covered)
    stranger = visit(size=DESK)
    stranger.go(path)
    assert "/login/" in stranger.page.url


def test_a_finger_drags_a_facility(visit: Callable[..., Visitor]) -> None:
    page = opened(visit("planner", size=PHONE), SUPERMARKETS)
    x, y = at_shop(page)
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, *at: tuple[float, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in at]})

    finger("touchStart", (x + 6, y - 5))  # a finger is not a needle
    for n in range(1, 9):
        finger("touchMove", (x + 18 * n, y + 12 * n))
    finger("touchEnd")
    expect(page.locator(".tag.move")).to_have_count(1)
    expect(page.locator("[data-checked]")).to_contain_text("核对一致")


def test_the_wheelchair_counts_on_its_own_streets_with_the_edits_kept(visit: Callable[..., Visitor]) -> None:
    page = opened(visit("planner", size=DESK), SUPERMARKETS)
    adult = page.inner_text("[data-homes] b")
    page.fill("[data-site-n]", "1")
    page.click("[data-site]")
    expect(page.locator(".tag.add")).to_have_count(1, timeout=SEARCH_MS)
    page.locator("[data-pace=wheelchair]").click()
    expect(page.locator("[data-item-note]")).to_contain_text("轮椅")
    expect(page.locator("[data-checked]")).to_contain_text("核对一致", timeout=SEARCH_MS)
    assert percent(page.inner_text("[data-homes] b")) < percent(adult)
    page.select_option("#item", "010101")  # nothing is known of it
    expect(page.locator("[data-facilities]")).to_contain_text("还没有设施资料")
