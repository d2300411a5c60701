"""Search as you type when the network is slow, loses an answer or is gone: asked again, then told in words how to go on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import DESK, PHONE, Visitor

PLACES = re.compile(r"/places/search\?")
MAP = re.compile(r"/vendor/maplibre-gl\.mjs")
BUSY = {"status": 503, "headers": {"Retry-After": "1"}, "json": {"code": "busy", "message": "忙"}}


def answered(page: Any, *answers: dict[str, Any] | None) -> list[str]:
    """The searches for places get these answers in turn: None the server's, {} none; the last stands for all later ones.

    A page asked this way has no service worker: once one has taken the page over, its requests pass by Playwright's routes.
    """
    asked: list[str] = []

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        chosen = answers[min(len(asked), len(answers)) - 1]
        route.continue_() if chosen is None else route.abort() if not chosen else route.fulfill(**chosen)

    page.route(PLACES, answer)
    return asked


@pytest.mark.parametrize(
    "lost",
    [BUSY, {"status": 429, "json": {}}, {}, {"status": 200, "body": "<p>"}],
    ids=["busy", "often", "gone", "garbled"],
)
def test_a_lost_answer_is_asked_again(visit: Callable[..., Visitor], lost: dict[str, Any]) -> None:
    visitor = visit(size=PHONE, service_workers="block")
    visitor.go("/report/")
    asked = answered(visitor.page, lost, lost, None)
    visitor.page.fill("#id_q", "牛街西里")
    visitor.page.locator("[role=option]").first.wait_for()
    assert len(asked) == 3 and len(set(asked)) == 1
    assert visitor.page.locator(".suggest .none").count() == 0


def test_a_search_that_does_not_answer_says_how_to_go_on(visit: Callable[..., Visitor]) -> None:
    visitor = visit(size=PHONE, service_workers="block")
    visitor.go("/report/")
    page = visitor.page
    asked = answered(page, {}, {}, {}, None)
    page.fill("#id_q", "牛街西里")
    page.locator(".suggest .none", has_text="搜索暂时没有回应").wait_for()
    assert "从列表里选社区" in page.inner_text(".suggest .none")
    assert page.locator(".suggest [role=status]").text_content() == page.inner_text(".suggest .none")
    assert len(asked) == 3
    page.press("#id_q", "Enter")  # asked again, and the form stays
    page.locator("[role=option]").first.click()
    assert page.locator(".suggest .none").count() == 0
    assert float(page.input_value("[name=lon]")) > 116


def test_a_refusal_is_not_asked_again(visit: Callable[..., Visitor]) -> None:
    visitor = visit(size=PHONE, service_workers="block")
    visitor.go("/report/")
    asked = answered(visitor.page, {"status": 400, "json": {}})
    visitor.page.fill("#id_q", "牛街西里")
    visitor.page.locator(".suggest .none", has_text="搜索暂时没有回应").wait_for()
    visitor.page.wait_for_timeout(600)
    assert len(asked) == 1


def test_an_answer_that_comes_after_the_reader_left_is_owed(visit: Callable[..., Visitor]) -> None:
    """No list opens over what somebody does now; it is there when they come back to the words."""
    visitor = visit(size=PHONE, service_workers="block")
    visitor.go("/report/")
    page = visitor.page
    page.evaluate(
        "() => { const f = window.fetch; window.fetch = async (...a) => { const r = await f(...a);"
        " if (String(a[0]).includes('/places/search')) await new Promise((d) => setTimeout(d, 400)); return r; }; }"
    )
    with page.expect_response(PLACES):
        page.fill("#id_q", "牛街西里")
    page.locator("[data-locate]").focus()
    page.wait_for_timeout(700)
    assert page.locator("[role=option]").count() == 0
    page.focus("#id_q")
    page.locator("[role=option]").first.wait_for()


def test_words_typed_before_the_script_came_are_searched(visit: Callable[..., Visitor]) -> None:
    visitor = visit(size=PHONE, service_workers="block")
    page = visitor.page
    held: list[Any] = []
    page.route(re.compile(r"/site/suggest\.js"), lambda route: held.append(route))
    page.goto(visitor.address + "/report/", wait_until="commit")
    page.fill("#id_q", "牛街西里")
    page.wait_for_timeout(300)
    assert held and page.locator("#id_q[role=combobox]").count() == 0
    for route in held:
        route.continue_()
    page.locator("[role=option]").first.click()
    assert float(page.input_value("[name=lon]")) > 116


def test_the_search_does_not_wait_for_the_map(visit: Callable[..., Visitor]) -> None:
    """What was chosen while the map is on its way stays chosen when it comes."""
    visitor = visit(size=PHONE, service_workers="block")
    page = visitor.page
    held: list[Any] = []
    page.route(MAP, lambda route: held.append(route))
    page.goto(visitor.address + "/report/", wait_until="domcontentloaded")
    page.fill("#id_q", "牛街西里")
    page.locator("[role=option]").first.click()
    name = page.input_value("#id_q")
    assert held and float(page.input_value("[name=lon]")) > 116
    for route in held:
        route.continue_()
    page.wait_for_selector("#map[data-ready]")
    page.wait_for_timeout(400)
    assert page.input_value("[name=chosen]") == name


def test_a_report_goes_on_when_the_map_never_comes(visit: Callable[..., Visitor]) -> None:
    visitor = visit(size=PHONE, service_workers="block")
    page = visitor.page
    page.route(MAP, lambda route: route.abort())
    visitor.go("/report/")
    page.locator("#map .failed").wait_for()
    visitor.choose("#id_q", "牛街西里")
    page.click(".dock button[value=next]")
    page.wait_for_selector("#id_description")


@pytest.mark.parametrize(
    ("who", "path", "many"),
    [("", "/report/", 1), ("", "/answers/", 1), ("operator", "/desk/", 3), ("operator", "/knowledge/", 1),
     ("grid-niujie", "/field/", 2)],
)  # fmt: skip
def test_every_search_has_its_words(visit: Callable[..., Visitor], who: str, path: str, many: int) -> None:
    visitor = visit(who, size=DESK if who == "operator" else PHONE, service_workers="block")
    visitor.go(path)
    page = visitor.page
    boxes = page.locator("[data-suggest]")
    assert boxes.count() == many
    for box in boxes.all():
        address = box.get_attribute("data-suggest")
        page.route(lambda url, a=address: a in url, lambda route: route.abort())
        box.locator("input[role=combobox]").fill("牛街西里")
        box.locator(".none", has_text="搜索暂时没有回应。").wait_for()
