"""Pages that live: the network goes and comes back, marks on the map lead to their cases."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from linli.config import proxy
from tests.house import House

from .conftest import DESK, PHONE, Visitor
from .test_journey import report

STATE = "() => document.querySelector('[data-live-chip]').dataset.state"


def until(page: Any, state: str) -> None:
    """Wait in this process: the page may have no clock of its own, and lets nobody evaluate text."""
    for _ in range(150):
        if page.evaluate(STATE) == state:
            return
        time.sleep(0.1)
    raise AssertionError((state, page.inner_text("[data-live-chip]")))


def test_a_lost_connection_is_said_and_the_board_catches_up(visit: Callable[..., Visitor]) -> None:
    wall = visit("chief", size=DESK)
    page = wall.page
    wall.go("/command/?tab=all")
    until(page, "live")
    page.wait_for_selector("html[data-board=ready]")
    wall.context.set_offline(True)
    until(page, "lost")
    chip = page.locator("[data-live-chip]:visible")
    assert "断线" in chip.inner_text()
    assert "断线了" in page.inner_text("[data-live-say]"), "a screen reader hears it once"
    number, _private = report(visit(size=PHONE))  # meanwhile life goes on
    page.wait_for_timeout(1500)
    assert number not in page.content()
    wall.context.set_offline(False)
    until(page, "live")
    page.wait_for_function("(n) => document.querySelector('[data-queue]').innerHTML.includes(n)", arg=number)
    assert "断线" not in chip.inner_text() and "已恢复" in page.inner_text("[data-live-say]")


def test_a_server_that_does_not_answer_is_noticed_too(visit: Callable[..., Visitor]) -> None:
    """The network is there, the server is not: after half a minute of silence, on the phone's inbox as well."""
    visitor = visit("operator", size=PHONE)
    page = visitor.page
    page.clock.install()
    visitor.go("/inbox/")
    page.clock.run_for(1200)
    until(page, "live")
    page.route(re.compile("/live/"), lambda route: route.abort())
    page.clock.run_for(20_000)
    assert page.evaluate(STATE) == "live", "one answer that is late is not yet a lost connection"
    page.clock.run_for(20_000)
    until(page, "lost")
    chip = page.locator("[data-live-chip]")
    assert chip.is_visible() and "断线" in chip.inner_text()
    page.unroute(re.compile("/live/"))
    page.clock.run_for(3_000)
    until(page, "live")


def test_a_mark_on_the_map_leads_to_its_case(visit: Callable[..., Visitor]) -> None:
    """The first click points at the row in the queue, the second opens the case; Enter on the row does the same."""
    visitor = visit("chief", size=DESK)
    page = visitor.page
    visitor.go("/command/?tab=late")
    page.wait_for_selector("html[data-board=ready]")
    page.wait_for_timeout(600)
    box = page.locator("#map").bounding_box()
    assert box is not None
    hit = None
    for y in range(60, int(box["height"]) - 60, 12):
        for x in range(40, int(box["width"]) - 60, 12):
            page.mouse.move(box["x"] + x, box["y"] + y)
            if page.evaluate("() => document.querySelector('#map canvas').style.cursor === 'pointer'"):
                hit = (box["x"] + x, box["y"] + y)
                break
        if hit:
            break
    assert hit, "no mark on the map"
    page.mouse.click(*hit)
    row = page.locator("[data-queue] a[aria-current=true]")
    row.wait_for()
    address = row.get_attribute("href")
    assert page.evaluate("() => document.activeElement.matches('[data-queue] a[aria-current=true]')"), "Enter opens it"
    page.mouse.click(*hit)
    page.wait_for_url(f"**{address}")
    assert page.locator("[data-case]").count() == 1
    assert not visitor.faults, visitor.faults


def test_without_a_proxy_the_doctor_says_so(house: House) -> None:
    """The web server hands a request on before its body is there: that is why a proxy must stand in front."""
    assert proxy.ask(house.address) == proxy.Front(proxy.STREAMED)
