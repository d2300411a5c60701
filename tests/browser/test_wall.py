"""A wall that runs for days, and the command page by keyboard, on paper and in quiet motion."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.house import House

from .conftest import DESK, Visitor
from .test_pages import serious

WALL = {"width": 1920, "height": 1080}
READY = "html[data-board=ready]"


def body_of(page: Any) -> dict[str, Any]:
    """The board's data as the server tells it now."""
    return dict(page.evaluate("async () => (await fetch(config_url())).json()".replace("config_url()", CONFIG)))


CONFIG = 'JSON.parse(document.getElementById("board-config").textContent).data'


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_wall_hears_again_after_the_server_was_gone(visit: Callable[..., Visitor], language: str) -> None:
    visitor = visit("chief", size=WALL, language=language)
    visitor.go("/command/?wall=1")
    page = visitor.page
    page.wait_for_selector("[data-live-chip][data-state=live]")
    page.wait_for_function("document.querySelectorAll('[data-queue] > li').length > 0")
    assert not serious(page)
    held = page.evaluate("document.body.dataset.liveToken")
    # the server restarts: nothing answers for a while, then a poll and the minute's load find it again
    page.route("**/live/**", lambda route: route.abort())
    page.route("**/data.json**", lambda route: route.abort())
    page.evaluate("(document.body.dataset.before = document.querySelector('[data-value]').textContent)")
    page.wait_for_timeout(1500)
    assert page.locator("[data-value]").first.inner_text() == page.evaluate("document.body.dataset.before")
    page.unroute("**/live/**")
    page.unroute("**/data.json**")
    with page.expect_response(lambda r: "data.json" in r.url and r.ok):
        page.evaluate("document.dispatchEvent(new CustomEvent('linli:changes', {detail: {many: true}}))")
    page.wait_for_function("document.querySelector('[data-live-chip]').dataset.state === 'live'")
    # a day is longer than a token: each load brings a new one
    assert page.evaluate("document.body.dataset.liveToken").split("|")[:2] == held.split("|")[:2]
    assert page.evaluate(f"async () => (await (await fetch({CONFIG})).json()).live").count("|") == 3


def test_a_wall_for_days_and_over_midnight(visit: Callable[..., Visitor]) -> None:
    """Three thousand minutes of the page's own clock: what it keeps does not grow, the date turns, the counts are told."""
    visitor = visit("chief", size=WALL)
    page = visitor.page
    page.clock.install()
    visitor.go("/command/?wall=1")
    page.wait_for_function("document.querySelectorAll('[data-queue] > li').length > 0")
    body = body_of(page)
    day = page.locator("[data-clock]").inner_text()
    said = page.evaluate("document.querySelectorAll('*').length")
    answers = {"loads": 0}

    def later(route: Any) -> None:
        answers["loads"] += 1
        counts = {**body["counts"], "six": {**body["counts"]["six"], "late": ["4321", "一", "#"]}}
        now = body["now"] + 60 * answers["loads"]
        route.fulfill(json={**body, "now": now, "counts": counts})

    page.route("**/data.json**", later)
    page.route("**/live/**", lambda route: route.fulfill(status=304))
    for _turn in range(20):
        before = answers["loads"]
        page.clock.run_for(60_000)
        for _wait in range(250):  # the page's clock ran a minute; its request still takes the machine's time
            if answers["loads"] > before:
                break
            page.wait_for_timeout(20)
        assert answers["loads"] > before  # every minute it asks
    page.clock.fast_forward(2 * 24 * 3600 * 1000)
    page.wait_for_function("document.querySelector('[data-number=late] [data-value]').textContent === '4321'")
    grown = page.evaluate("document.querySelectorAll('*').length")
    assert grown <= said + 40, (said, grown)
    assert page.locator("[data-queue] > li").count() <= 8
    assert re.fullmatch(r"\d\d-\d\d 周. \d\d:\d\d", page.locator("[data-clock]").inner_text()) and day
    assert not [f for f in visitor.faults if f.startswith("error")], visitor.faults


def test_the_command_page_by_keyboard_and_in_quiet_motion(visit: Callable[..., Visitor]) -> None:
    visitor = visit("chief", size={"width": 1000, "height": 800}, reduced_motion="reduce", bypass_csp=True)
    page = visitor.page
    visitor.go("/command/")
    page.wait_for_selector(READY)
    moving = page.evaluate("document.getAnimations().filter((a) => a.playState === 'running').length")
    assert moving == 0
    tab = page.locator("[data-tab=all]")
    tab.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('[data-tab=all]').getAttribute('aria-current') === 'true'")
    assert "tab=all" in page.url
    shown = page.locator("[data-queue] > li").count()
    assert shown == 6  # a narrow screen shows the six most urgent; the rest on request
    page.locator("[data-more]").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.querySelectorAll('[data-queue] > li').length > {shown}")
    page.locator("[data-queue] > li > a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/**")


def test_the_inbox_by_keyboard(house: House, visit: Callable[..., Visitor]) -> None:
    for username in ("operator", "dispatcher", "handler-sanitation", "handler-works", "handler-water"):
        page = visit(username, size=DESK, reduced_motion="reduce").page
        page.goto(house.address + "/inbox/")
        if page.locator("[data-keys] a.row").count():
            break
    else:
        pytest.fail("nobody of the demonstration has anything to do")
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.getAttribute('href')")
    assert first and first.startswith("/cases/")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.getAttribute('href')") == first
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{first}")


def test_the_command_page_fits_one_sheet_across(visit: Callable[..., Visitor]) -> None:
    visitor = visit("chief", size=DESK)
    page = visitor.page
    visitor.go("/command/")
    page.wait_for_selector(READY)
    sheet = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", sheet)
    assert len(boxes) == 1, f"{len(boxes)} sheets"
    width, height = map(float, boxes[0])
    assert width > height and 835 < width < 850
    page.emulate_media(media="print")
    seen = page.evaluate(
        "[...document.querySelectorAll('.kpis, .league, .hours, .queue .rows, .mapbox')].map((e) => e.getClientRects().length > 0)"
    )
    assert seen == [True, True, True, False, True]  # in the order of the page: the map is not on paper
