"""A dispatcher fills the night that has nobody, sees it on a phone, and takes it back."""

from __future__ import annotations

from collections.abc import Callable

from .conftest import PHONE, Visitor

ROSTER = "/coordination/roster/?division=110102018"


def test_a_gap_is_filled_and_taken_back(visit: Callable[..., Visitor]) -> None:
    desk = visit("dispatcher-niujie")
    desk.go(ROSTER)
    assert "个班次没有人值班" in desk.page.inner_text("main")
    desk.page.locator("table.roster td.gap a.add").first.click()
    desk.page.wait_for_load_state()
    desk.page.locator("#edit input[role=combobox]").fill("牛街网格")
    desk.page.locator("#edit [role=option]").first.click()
    desk.page.fill("#edit input[name=telephone]", "13800138000")
    desk.page.locator("#edit button.primary").click()
    desk.page.wait_for_load_state()
    assert "不能填个人手机" in desk.page.inner_text("[data-error-summary]")
    assert desk.page.input_value("#edit input[name=telephone]") == "13800138000"
    desk.page.fill("#edit input[name=telephone]", "010-0000 1899")
    desk.page.locator("#edit button.primary").click()
    desk.page.wait_for_load_state()
    assert "班班有人" in desk.page.inner_text("main")
    phone = visit("handler-niujie", size=PHONE)
    phone.go(ROSTER)
    assert phone.page.locator(".day-list .slot").count() > 20
    assert phone.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    assert phone.page.locator("button[value=undo], a.add").count() == 0
    desk.page.locator("button[value=undo]").click()
    desk.page.wait_for_load_state()
    assert "个班次没有人值班" in desk.page.inner_text("main")
    assert not [f for f in desk.faults + phone.faults if "422" not in f], (desk.faults, phone.faults)
