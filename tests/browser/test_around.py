"""What a resident reaches on foot: by a tap, by name, at another pace, on paper; with and without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .conftest import DESK, PHONE, Visitor


def test_a_tap_answers_and_no_address_holds_the_point(visit: Callable[..., Visitor]) -> None:
    visitor = visit(size=PHONE)
    page = visitor.page
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    visitor.go("/")
    page.click("a[href='/around/']")
    page.wait_for_selector("#map[data-ready]")
    page.locator("#map canvas").tap(position={"x": 170, "y": 200})
    expect(page.locator(".around-counts")).to_be_visible(timeout=60_000)
    adult = int(page.inner_text(".around-counts li:first-child b"))
    page.locator("label", has_text="儿童").tap()
    expect(page.locator(".around-sum")).to_contain_text("600 米")
    assert int(page.inner_text(".around-counts li:first-child b")) <= adult
    assert page.url.endswith("/around/") and not [u for u in asked if "lon" in u or "116." in u]
    assert page.evaluate("() => document.cookie.includes('116')") is False
    assert not visitor.faults, visitor.faults


def test_a_name_the_list_and_the_keyboard(visit: Callable[..., Visitor]) -> None:
    visitor = visit(size=DESK)
    visitor.go("/around/")
    page = visitor.page
    page.wait_for_selector("#map[data-ready]")
    visitor.choose("#id_q", "牛街东里")
    expect(page.locator(".around-sum h2")).to_contain_text("牛街东里", timeout=60_000)
    expect(page.locator(".around-class").first).to_contain_text("分钟")
    expect(page.locator(".around-not.missing summary")).to_contain_text("不等于没有")
    page.locator("#map canvas").focus()
    page.keyboard.press("Enter")  # the middle of the map
    expect(page.locator(".around-sum h2")).to_contain_text("街道")  # no name was chosen: where it lies
    page.locator(".top button[name=language]").click()  # the place stays
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".around-counts")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".around-drawing svg")).to_be_visible()
    expect(page.locator(".around-form")).to_be_hidden()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_it_works_without_scripts(visit: Callable[..., Visitor], language: str) -> None:
    visitor = visit(size=PHONE, scripts=False, language=language)
    visitor.go("/around/")
    page = visitor.page
    page.fill("#id_q", "牛街东里")
    page.press("#id_q", "Enter")
    page.locator("input[name=pace][value=older]").check()
    page.locator("button[value=show]").click()
    expect(page.locator(".around-drawing svg")).to_be_visible(timeout=60_000)
    assert page.locator(".around-class li").count() > 3
    assert page.locator("input[name=pace][value=older]").is_checked()
