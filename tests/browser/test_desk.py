"""The desk by keyboard alone: a caller's case from the first letter to the receipt read out, then the next one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .conftest import DESK, Visitor

FOCUS = "() => document.activeElement.id || document.activeElement.name + '=' + document.activeElement.value"


def focus(page: Any) -> str:
    found: str = page.evaluate(FOCUS)
    return found


def say(page: Any, words: str) -> None:
    """Type, wait for the candidates, take the first with Enter."""
    page.keyboard.type(words)
    page.wait_for_selector("[role=option]:visible")
    page.keyboard.press("Enter")


def test_a_case_is_registered_without_the_mouse(visit: Callable[..., Visitor]) -> None:
    visitor = visit("operator", size=DESK)
    page, keys = visitor.page, visitor.page.keyboard
    visitor.go("/desk/")
    assert focus(page) == "id_question", "a call comes in: one can type at once"
    keys.press("Enter")
    assert "/desk/" in page.url and page.locator(".errors").count() == 0, "Enter in an empty form sends nothing"
    keys.press("Alt+KeyC")
    say(page, "bllj")
    assert page.input_value("#id_class_q") == "暴露垃圾" and focus(page) == "id_place_q"
    say(page, "牛街西里")
    assert page.input_value("#id_lon") and focus(page) == "id_address"
    page.wait_for_function("() => document.querySelector('[data-place-said]').textContent.includes('牛街')")
    keys.type("3 号楼东侧")
    keys.press("Enter")
    assert focus(page) == "id_description"
    keys.type("垃圾桶满了\n两天没人清")  # in the long text Enter is a new line
    before = page.locator("[name=channel]:checked").input_value()
    keys.press("Alt+KeyW")
    assert page.locator("[name=channel]:checked").input_value() != before
    keys.press("Alt+KeyW")
    keys.press("Alt+KeyL")
    keys.type("13800138000")
    keys.press("Tab")
    keys.type("王女士")
    keys.press("Tab")
    keys.press("Space")
    assert page.is_checked("#id_agreed")
    keys.press("Control+Enter")
    page.wait_for_selector("#aloud")
    number, code = page.inner_text("#done-number").strip(), page.inner_text("#done-code").strip()
    assert re.fullmatch(r"\d{6}-\d{6,}-\d", number) and len(code) >= 8
    assert page.get_attribute("#aloud", "role") == "status"
    # The next call: the field is ready, and a screen reader hears the receipt from there.
    assert focus(page) == "id_question" and page.input_value("#id_class_q") == ""
    assert "aloud" in str(page.get_attribute("#id_question", "aria-describedby")).split()
    assert page.input_value("#id_phone") == "" and page.input_value("#id_description") == ""

    # The same matter once more: it stands first among those nearby, and 1 opens it beside.
    keys.press("Alt+KeyC")
    say(page, "bllj")
    say(page, "牛街西里")
    page.wait_for_function(f"() => document.querySelector('[data-near] a[href*=\"{number}\"]')")
    place = page.evaluate(
        f"() => [...document.querySelectorAll('[data-near] li')].findIndex((li) => li.querySelector('a[href*=\"{number}\"]')) + 1"
    )
    page.locator(".form-actions button:visible").first.focus()
    with visitor.context.expect_page() as beside:
        keys.press(str(place))
    beside.value.wait_for_load_state()
    assert number in beside.value.url
    beside.value.close()

    # A caller reads out a receipt.
    keys.press("Alt+KeyR")
    assert focus(page) == "id_number"
    keys.type(number)
    keys.press("Tab")
    assert focus(page) == "id_code"
    keys.type(code)
    keys.press("Enter")
    page.wait_for_selector(".earlier")
    assert "暴露垃圾" in page.inner_text("[data-found]")
    assert page.evaluate("() => document.activeElement.classList.contains('earlier')"), "what was found is read first"
    assert page.input_value("#id_class_q") == "暴露垃圾", "the case being written stayed"
    assert not visitor.faults, visitor.faults


def test_tab_walks_the_desk_in_the_order_one_reads(visit: Callable[..., Visitor]) -> None:
    visitor = visit("operator", size=DESK)
    page = visitor.page
    visitor.go("/desk/")
    stops = [focus(page)]
    for _ in range(10):
        page.keyboard.press("Tab")
        stops.append(focus(page))
    order = ["id_question", "id_class_q", "channel=", "id_place_q", "id_address", "id_description", "id_phone", "id_name", "id_agreed", "go=report", "go=accept"]  # fmt: skip
    assert all(at.startswith((want, "id_channel")) for at, want in zip(stops, order, strict=True)), stops
    assert page.evaluate("() => !!document.activeElement.matches(':focus-visible')")


def test_single_keys_and_the_table_of_keys(visit: Callable[..., Visitor]) -> None:
    visitor = visit("operator", size=DESK)
    page, keys = visitor.page, visitor.page.keyboard
    visitor.go("/desk/")
    keys.type("?/")
    assert page.input_value("#id_question") == "?/" and not page.is_visible("#keys"), "in a field they are letters"
    page.locator(".form-actions button:visible").first.focus()
    keys.press("?")
    assert page.is_visible("#keys")
    keys.press("Escape")
    assert page.is_hidden("#keys")
    keys.press("/")
    assert focus(page) == "id_class_q"
    for combination, at in (("Alt+KeyP", "id_place_q"), ("Alt+KeyA", "id_address"), ("Alt+KeyN", "id_description"), ("Alt+KeyL", "id_phone"), ("Alt+KeyR", "id_number"), ("Alt+KeyC", "id_class_q")):  # fmt: skip
        keys.press(combination)
        assert focus(page) == at, combination


def test_what_is_missing_is_said_where_it_is_missing(visit: Callable[..., Visitor]) -> None:
    visitor = visit("operator", size=DESK)
    page, keys = visitor.page, visitor.page.keyboard
    visitor.go("/desk/")
    keys.press("Alt+KeyN")
    keys.type("只有描述")
    keys.press("Control+Enter")
    page.wait_for_selector("[data-error-summary]")
    assert page.evaluate("() => document.activeElement.matches('[data-error-summary]')")
    keys.press("Tab")
    keys.press("Enter")  # the first link of the summary
    assert focus(page) in ("id_class_q", "id_place_q")
    assert page.input_value("#id_description") == "只有描述"
