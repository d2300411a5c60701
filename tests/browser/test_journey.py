"""The story of one leaking pile of rubbish: reported on a phone, seen on the command page, mended, verified, called back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from .conftest import DESK, PHONE, Visitor


def report(visitor: Visitor) -> tuple[str, str]:
    """Three steps on a phone; (number, path of the private page)."""
    page = visitor.page
    visitor.go("/report/")
    page.fill("#q, input[name=q]", "牛街西里")
    page.locator("[role=option]").first.click()
    page.wait_for_timeout(500)
    page.locator("button.primary[type=submit], .dock .primary").last.click()
    page.wait_for_load_state()
    page.locator("label", has_text="暴露垃圾").first.click()
    page.fill("textarea", "单元门口的垃圾两天没清。")
    page.locator(".dock .primary, button.primary[type=submit]").last.click()
    page.wait_for_load_state()
    page.locator(".dock .primary, button.primary[type=submit]").last.click()
    page.wait_for_url(re.compile(r"/follow/"))
    text = page.inner_text("main")
    number = re.search(r"\d{6}-\d{6,}-\d", text)
    assert number, text
    return number.group(), re.sub(r"^https?://[^/]+", "", page.url).split("?")[0]


def press(visitor: Visitor, number: str, verb: str, **fields: Any) -> None:
    """On the case page fill the form of a verb and send it."""
    page = visitor.page
    visitor.go(f"/cases/{number}/")
    form = page.locator(f"form[action$='/{verb}/']")
    assert form.count() == 1, f"no form for {verb}: {page.inner_text('main')[:800]}"
    details = form.locator("xpath=ancestor::details[not(@open)]")
    if details.count():
        details.first.locator("summary").click()
    for name, value in fields.items():
        control = form.locator(f"[name={name}]")
        if control.first.get_attribute("type") == "radio":
            form.locator(f"[name={name}][value={value}]").check(force=True)
        elif control.first.evaluate("e => e.tagName") == "SELECT":
            control.select_option(value) if value else None
        else:
            control.fill(value)
    form.locator("button[type=submit], button:not([type])").last.click()
    page.wait_for_load_state()


def test_the_whole_story(visit: Callable[..., Visitor]) -> None:
    wall = visit("chief", size=DESK)
    wall.go("/command/?tab=all")
    wall.page.wait_for_timeout(1500)
    resident = visit(size=PHONE)
    number, private = report(resident)
    began = time.monotonic()
    wall.page.wait_for_function("(n) => document.body.innerHTML.includes(n)", arg=number, timeout=10_000)
    assert time.monotonic() - began < 4, "the command page learned of it too late"
    press(visit("operator"), number, "accept")
    press(visit("dispatcher-niujie"), number, "dispatch", body="")
    grid = visit("grid-niujie", size=PHONE)
    press(grid, number, "sign")
    press(grid, number, "feed_back", text="已清理干净，照片附后。")
    grid.go(f"/cases/{number}/")
    assert grid.page.locator("form[action$='/pass/']").count() == 0
    checker = visit("verifier")
    press(checker, number, "pass")
    press(checker, number, "close")
    resident.go(private)
    assert "请评价" in resident.page.inner_text("main")
    operator = visit("operator")
    press(operator, number, "call_back", outcome="solved", satisfaction="satisfied")
    operator.go(f"/cases/{number}/")
    history = operator.page.inner_text("main")
    for word in ("上报", "立案", "派遣", "签收", "反馈", "核查通过", "结案", "回访", "已清理干净"):
        assert word in history, word
    resident.go(private)
    assert "已完成" in resident.page.inner_text("main")
    for visitor in (resident, grid, operator, wall):
        assert not visitor.faults, visitor.faults


def test_a_report_without_scripts(visit: Callable[..., Visitor]) -> None:
    """Place from a list, class from a list, no JavaScript at all."""
    visitor = visit(size=PHONE, scripts=False)
    assert visitor.go("/report/").status == 200
    assert visitor.page.locator("select, input[type=radio]").count() > 0
