"""A question in one call, by keyboard alone: looked up, read out, answered and closed."""

from __future__ import annotations

import re
from collections.abc import Callable

from .conftest import DESK, PHONE, Visitor
from .test_desk import focus, say


def test_a_question_is_answered_in_one_call(visit: Callable[..., Visitor]) -> None:
    visitor = visit("operator", size=DESK)
    page, keys = visitor.page, visitor.page.keyboard
    visitor.go("/desk/")
    assert focus(page) == "id_question" and page.is_hidden("#id_said")
    say(page, "jzz")  # 居住证
    assert "居住证" in page.input_value("#id_question") and focus(page) == "id_said"
    spoken = page.input_value("#id_said")
    assert len(spoken) > 10 and page.is_hidden("#id_address"), "a question asks for no address"
    assert page.input_value("#id_question_class"), "its class is suggested by the answer"
    keys.press("Control+Enter")
    page.wait_for_selector("#aloud")
    assert "已答复并办结" in page.inner_text("#aloud")
    number = page.inner_text("#done-number").strip()
    assert re.fullmatch(r"\d{6}-\d{6,}-\d", number) and focus(page) == "id_question"
    visitor.go(f"/cases/{number}/")
    text = page.inner_text("main")
    assert spoken in text and "待回访" in text and "没有具体地点" in text
    assert not visitor.faults, visitor.faults


def test_it_was_no_question_after_all(visit: Callable[..., Visitor]) -> None:
    """Other words, or a key, lead back to a matter; nothing of the answer is sent."""
    visitor = visit("operator", size=DESK)
    page, keys = visitor.page, visitor.page.keyboard
    visitor.go("/desk/")
    say(page, "jzz")
    keys.press("Alt+KeyX")
    assert focus(page) == "id_class_q" and page.is_hidden("#id_said") and page.input_value("#id_article") == ""
    keys.press("Alt+KeyQ")
    keys.press("Control+a")
    say(page, "停水")
    assert page.is_visible("#id_said") and page.is_hidden("#id_class_q")
    keys.press("Alt+KeyP")
    assert focus(page) == "id_place_q" and page.is_hidden("#id_said")


def test_on_a_phone_it_fits(visit: Callable[..., Visitor]) -> None:
    visitor = visit("operator", size=PHONE)
    page = visitor.page
    visitor.go("/desk/")
    page.tap("#id_question")
    say(page, "停水")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.is_visible("text=答复并办结")
