"""A day played back: play, pause, seek by keyboard, choose what happened on either side; two periods and the brief from there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import DESK, PHONE, Visitor
from .test_pages import MEASURE, serious

READY = "html[data-playback=ready]"


def a_day_with_moves(visitor: Visitor) -> Any:
    """Back from today until something happened."""
    visitor.go("/command/")
    page = visitor.page
    page.locator(".past-menu summary").click()
    page.get_by_role("link", name="回放一天").click()
    for _day in range(40):
        page.wait_for_selector(READY)
        if not page.locator("[data-so-far]").inner_text().endswith("/ 0"):
            return page
        page.get_by_role("link", name="前一天").click()
        page.wait_for_load_state()
    pytest.fail("the demonstration has no day on which anything happened")


def minutes(page: Any) -> int:
    hours, rest = page.locator("[data-moment]").inner_text().split(":")
    return int(hours) * 60 + int(rest)


def so_far(page: Any) -> int:
    return int(page.locator("[data-so-far]").inner_text().split("/")[0].replace(",", ""))


def test_a_day_is_played_paused_and_sought(visit: Callable[..., Visitor]) -> None:
    visitor = visit("chief", size=DESK)
    page = a_day_with_moves(visitor)
    whole, last = so_far(page), minutes(page)
    seek, play = page.locator("[data-seek]"), page.locator("[data-play]")
    assert whole > 0

    seek.focus()
    page.keyboard.press("Home")
    assert minutes(page) == 0 and seek.get_attribute("aria-valuetext") == "00:00"
    page.keyboard.press("ArrowRight")
    assert minutes(page) == 1
    page.keyboard.press("PageUp")
    assert minutes(page) == 61
    page.keyboard.press("PageDown")
    assert minutes(page) == 1

    page.locator("[data-speed]").select_option("60")
    seek.focus()
    page.keyboard.press("Space")
    page.wait_for_selector("html[data-playing='1']")
    page.wait_for_function("() => parseInt(document.querySelector('[data-moment]').textContent) >= 1")
    expect(play).to_contain_text("暂停")
    page.keyboard.press("Space")
    page.wait_for_selector("html[data-playing='0']")
    stopped = minutes(page)
    page.wait_for_timeout(400)
    assert minutes(page) == stopped < last

    page.keyboard.press("Home")
    page.keyboard.press("]")  # on to the first move
    assert so_far(page) >= 1
    one = so_far(page)
    page.keyboard.press("]")
    assert so_far(page) >= one
    page.keyboard.press("[")
    assert so_far(page) <= max(one, 1)

    page.keyboard.press("End")
    play.click()  # the end is where it begins again
    page.wait_for_function(
        f"() => document.querySelector('[data-so-far]').textContent.startsWith('{whole} ')", timeout=60_000
    )
    page.wait_for_selector("html[data-playing='0']", timeout=60_000)
    assert so_far(page) == whole
    assert not visitor.faults and not serious(page)


def test_what_happened_is_chosen_in_the_list_and_on_the_map(visit: Callable[..., Visitor]) -> None:
    visitor = visit("chief", size=DESK)
    page = a_day_with_moves(visitor)
    first = page.locator("[data-minutes] button").first
    first.focus()
    page.keyboard.press("Enter")
    expect(first).to_have_attribute("aria-current", "true")
    said = page.locator("[data-chosen]").inner_text()
    assert first.locator("b").inner_text() in said
    link = page.locator("[data-minutes] a").first
    assert link.get_attribute("href").startswith("/cases/")
    link.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert not visitor.faults


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1440"])
def test_from_there_to_two_periods_and_the_sheet(visit: Callable[..., Visitor], size: dict[str, int]) -> None:
    visitor = visit("chief-niujie", size=size)
    visitor.go("/command/playback/")
    page = visitor.page
    for name, heading in (("对比", "两个时段对比"), ("简报", "一页简报"), ("回放", "一天怎么过的")):
        page.locator(".past-head nav").get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        seen = page.evaluate(MEASURE)
        assert seen["wide"] <= 0 and not seen["small"] and not serious(page), (name, seen)
    assert not visitor.faults


def test_a_period_the_wrong_way_round_is_said_and_focused(visit: Callable[..., Visitor]) -> None:
    visitor = visit("chief", size=DESK)
    visitor.go("/command/compare/")
    page = visitor.page
    page.fill("#f-from", "2026-03-05")
    page.fill("#f-to", "2026-03-01")
    page.locator(".past-form button").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    page.locator("[data-error-summary] a").first.click()
    expect(page.locator("#f-to")).to_be_focused()
    expect(page.locator("#f-from")).to_have_value("2026-03-05")
