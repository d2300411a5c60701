"""The wall as it hangs there: its boards in turn, its two themes, without a network, after signing out; and heat on the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import DESK, Visitor
from .test_pages import serious

WALL = {"width": 1920, "height": 1080}
READY = "html[data-board=ready]"
ALL = "numbers,map,league,queue,pressed"
SMALL = """() => [...document.querySelectorAll('.wall-board:not([hidden]) *, .bar *, .wall-foot *')].filter(e =>
  [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && e.getClientRects().length
  && !e.closest('svg, .vh, .maplibregl-map') && parseFloat(getComputedStyle(e).fontSize) < 28).map(e => e.outerHTML.slice(0, 90))"""
STORES = "async () => (await caches.keys()).filter((n) => n.startsWith('wall-')).length"
KEPT = """async () => { const s = await caches.open('wall-shell'); const keys = (await s.keys()).map((r) => r.url);
  return keys.some((u) => u === location.href) && keys.some((u) => u.endsWith('wall.js')) && keys.some((u) => u.endsWith('wall.css'))
    && Boolean((await navigator.serviceWorker.getRegistration('/command/'))?.active); }"""


def board_of(page: Any) -> str:
    """Which board is seen."""
    return str(page.evaluate("document.querySelector('[data-board]:not(html):not([hidden])').dataset.board"))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_board_reads_from_five_metres(visit: Callable[..., Visitor], language: str, theme: str) -> None:
    visitor = visit("chief", size=WALL, language=language)
    page = visitor.page
    visitor.go(f"/command/?wall=1&theme={theme}&every=600&rotate={ALL}")
    page.wait_for_selector(READY)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    seen = []
    for _turn in range(5):
        page.wait_for_timeout(600)  # it has faded in
        seen.append(board_of(page))
        assert not page.evaluate(SMALL), (seen[-1], page.evaluate(SMALL)[:4])
        assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
        assert not serious(page), (seen[-1], serious(page))
        page.keyboard.press("ArrowRight")
    assert seen == ALL.split(",") and board_of(page) == "numbers"
    assert not visitor.faults, visitor.faults
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0  # it remembers nothing
    assert not [c for c in visitor.context.cookies() if c["name"] == "linli_theme"]


@pytest.mark.parametrize("size", [(1440, 900), (3840, 2160)])
def test_it_grows_with_the_screen(visit: Callable[..., Visitor], size: tuple[int, int]) -> None:
    visitor = visit("chief", size={"width": size[0], "height": size[1]})
    visitor.go("/command/?wall=1&rotate=league")
    page = visitor.page
    page.wait_for_selector("[data-live-chip][data-state=live]")
    rem = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    assert rem == pytest.approx(min(size[0] / 120, size[1] / 67.5), rel=0.01)
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0


def test_boards_take_turns_and_stand_still_when_asked(visit: Callable[..., Visitor]) -> None:
    visitor = visit("chief", size=WALL, service_workers="block")
    page = visitor.page
    page.clock.install()
    visitor.go("/command/?wall=1&rotate=league:10,queue,nonsense,queue&every=30")
    assert page.locator("[data-turn]").count() == 2
    assert board_of(page) == "league"
    page.clock.run_for(11_000)
    assert board_of(page) == "queue"
    page.clock.run_for(20_000)
    assert board_of(page) == "queue"
    page.keyboard.press("Space")
    assert page.locator("[data-paused]").is_visible()
    page.clock.run_for(120_000)
    assert board_of(page) == "queue"
    page.mouse.click(900, 400)  # a click goes on where it stood
    page.clock.run_for(12_000)
    assert board_of(page) == "league"
    page.keyboard.press("ArrowLeft")
    assert board_of(page) == "queue"
    page.locator("[data-turn=league]").click()
    assert board_of(page) == "league"
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"/command/$"))


def test_in_quiet_motion_nothing_moves(visit: Callable[..., Visitor]) -> None:
    visitor = visit("chief", size=WALL, reduced_motion="reduce")
    visitor.go("/command/?wall=1&rotate=league,queue")
    visitor.page.wait_for_selector("[data-live-chip][data-state=live]")
    assert visitor.page.evaluate("document.getAnimations().filter((a) => a.playState === 'running').length") == 0


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_without_a_network_it_says_how_old_it_is_and_survives_a_reload(
    visit: Callable[..., Visitor], language: str
) -> None:
    visitor = visit("chief", size=WALL, language=language)
    page = visitor.page
    visitor.go("/command/?wall=1&rotate=numbers,queue")
    page.wait_for_selector(READY)
    page.wait_for_function(KEPT)
    figures = page.locator("[data-value]").all_inner_texts()
    visitor.context.set_offline(True)
    band = page.locator("p[data-lost]")
    band.wait_for()
    said = band.inner_text()
    assert re.search(r"\d\d:\d\d", said)
    assert float(page.evaluate("getComputedStyle(document.querySelector('p[data-lost]')).fontSize.slice(0, -2)")) >= 44
    assert page.locator("[data-value]").all_inner_texts() == figures
    assert not serious(page)
    page.reload()
    band.wait_for()
    assert page.locator("[data-value]").all_inner_texts() == figures
    assert page.locator("[data-queue] > li").count() > 0
    assert re.findall(r"\d\d:\d\d", band.inner_text()) == re.findall(r"\d\d:\d\d", said)
    visitor.context.set_offline(False)
    band.wait_for(state="hidden", timeout=20_000)
    page.wait_for_selector("[data-live-chip][data-state=live]")


def test_who_signs_out_takes_what_was_kept(visit: Callable[..., Visitor]) -> None:
    visitor = visit("chief-niujie", size=WALL)  # a person of its own: the session ends
    page = visitor.page
    visitor.go("/command/?wall=1")
    assert "/110102018/?wall=1" in page.url
    page.wait_for_selector(READY)
    page.wait_for_function(KEPT)
    wall = page.url
    visitor.go("/me/")
    assert page.evaluate(STORES) == 2
    page.locator("details.menu summary").last.click()
    page.locator("form[data-sign-out] button").click()
    page.wait_for_url("**/login/**")
    page.wait_for_function("async () => !(await caches.keys()).some((n) => n.startsWith('wall-'))")
    visitor.context.set_offline(True)
    with pytest.raises(Exception, match="ERR_"):
        page.goto(wall)
    visitor.context.set_offline(False)


def test_a_session_that_ended_elsewhere_clears_the_wall(visit: Callable[..., Visitor]) -> None:
    visitor = visit("chief", size=WALL)
    page = visitor.page
    visitor.go("/command/?wall=1&rotate=queue")
    page.wait_for_selector("[data-live-chip][data-state=live]")
    page.wait_for_function(KEPT)
    visitor.context.clear_cookies()
    page.evaluate("document.dispatchEvent(new CustomEvent('linli:changes', {detail: {many: true}}))")
    page.wait_for_url("**/login/**")
    page.wait_for_function("async () => !(await caches.keys()).some((n) => n.startsWith('wall-'))")


def test_heat_stands_in_the_address_and_the_copied_link_brings_it_back(visit: Callable[..., Visitor]) -> None:
    visitor = visit("chief", size=DESK)
    page = visitor.page
    visitor.go("/command/?top=01")
    page.wait_for_selector(READY)
    with page.expect_response(lambda r: "cells.json" in r.url and r.ok):
        page.locator("[data-view=heat]").click()
    assert "view=heat" in page.url and page.locator("[data-ramp]").is_visible()
    page.locator("[data-tab=pressed]").click()
    address = page.locator("#address").text_content()
    assert address == page.url and {"top=01", "view=heat", "tab=pressed"} <= set(page.url.split("?")[1].split("&"))
    again = visit("chief", size=DESK)
    again.page.goto(address)
    again.page.wait_for_selector(READY)
    for chosen in ("[data-view=heat]", "[data-tab=pressed]"):
        assert again.page.locator(chosen).get_attribute("aria-current") == "true"
    assert again.page.locator("#f-top").input_value() == "01"
    again.page.locator(".wall-menu summary").click()
    again.page.locator("[data-wall-board][value=queue]").check()
    assert not serious(again.page)
    again.page.locator(".wall-menu button").click()
    again.page.wait_for_url(re.compile("wall=1"))
    assert {"rotate=numbers%2Cqueue", "view=heat", "top=01", "wall=1"} <= set(again.page.url.split("?")[1].split("&"))
    assert not again.faults, again.faults


def test_the_map_can_be_taken_away(visit: Callable[..., Visitor]) -> None:
    visitor = visit("chief", size=DESK)
    page = visitor.page
    visitor.go("/command/")
    page.wait_for_selector(READY)
    page.locator(".take summary").click()
    with page.expect_download() as picture:
        page.locator("[data-picture]").click()
    assert picture.value.suggested_filename == "cases-110102.png"
    assert picture.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    if not page.locator(".take a").is_visible():
        page.locator(".take summary").click()
    with page.expect_download() as points:
        page.locator(".take a").click()
    assert points.value.suggested_filename.endswith(".geojson")
