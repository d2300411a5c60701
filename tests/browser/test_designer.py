"""The designer: a subdistrict divided, a cell halved, two merged, a step back; approved by another, put in force, undone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from .conftest import DESK, PHONE, Visitor

SCOPE = "110102018"
READY = "html[data-designer=ready]"
WORK_MS = 240_000  # a job among others; how long it may take is measured elsewhere


def drafted(planner: Visitor, name: str, scope: str = SCOPE) -> str:
    """A new draft; its path."""
    page = planner.page
    planner.go("/ground/grids/new/")
    page.fill("[name=name]", name)
    page.select_option("[name=scope]", scope)
    page.get_by_role("button", name="建草稿").click()
    page.wait_for_selector(READY)
    return str(page.url.removeprefix(planner.address))


def divided(planner: Visitor, path: str) -> None:
    """The draft once its job is through."""
    page = planner.page
    page.locator("summary", has_text="自动划分").click()
    page.get_by_role("button", name="开始划分").click()
    expect(page.locator("#job strong")).to_have_text("已完成", timeout=WORK_MS)
    planner.go(path)
    page.wait_for_selector(READY)


def count(page: Any) -> int:
    return int(page.inner_text("[data-count]").replace(",", ""))


def pressed(visitor: Visitor, path: str, button: str, stage: str, **said: str) -> None:
    """A step of the change, and the stage that it comes to."""
    visitor.go(path)
    page = visitor.page
    for name, words in said.items():
        page.locator("summary", has_text=re.compile(button)).first.click()
        page.locator(f"[name={name}]:visible").fill(words)
    there = page.get_by_role("button", name=re.compile(button))
    if there.count():  # what is due begins by itself
        with page.expect_navigation():
            there.last.click()
    page.goto("about:blank")  # a page that shows progress loads itself anew: asked for at that moment it would be lost
    for _n in range(60):
        if f">{stage}</span>" in page.request.get(visitor.address + path).text():
            break
        page.wait_for_timeout(2_000)
    visitor.go(path)
    expect(page.locator(".page-head .tag").first).to_have_text(stage)


def test_from_a_draft_to_its_day_and_back(visit: Callable[..., Visitor]) -> None:
    planner, chief = visit("planner", size=DESK), visit("chief", size=DESK)
    page = planner.page
    path = drafted(planner, "牛街网格（试）")
    divided(planner, path)
    first = count(page)
    page.locator("[data-rows] button").nth(2).click()
    page.get_by_role("button", name="按长边对半").click()
    expect(page.locator("[data-said]")).to_contain_text("已改")
    assert count(page) == first + 1
    expect(page.locator("[data-chosen] button")).to_have_count(2)
    page.get_by_role("button", name="合并所选").click()
    expect(page.locator("[data-count]")).to_have_text(str(first))
    page.get_by_role("button", name="合并所选").click()
    expect(page.locator("[data-error]")).to_contain_text("请先选两个")
    page.locator("[data-undo]").click()
    expect(page.locator("[data-count]")).to_have_text(str(first + 1))
    change = path.replace("/designs/", "/changes/")
    page.get_by_role("button", name="提请批准").click()
    page.wait_for_url(lambda url: "/changes/" in url)
    chief.go(change)
    chief.page.get_by_role("button", name="批准", exact=True).click()
    pressed(chief, change, "现在就改划", "已生效")
    live = planner.page.request.get(f"{planner.address}{path}files/geojson/").json()
    assert len(live["features"]) == first + 1
    planner.go("/ground/grids/")
    pressed(chief, change, "撤销", "已撤销", reason="试过了")
    assert not [f for f in planner.faults if "422" not in f]


def test_two_editors_and_a_phone(visit: Callable[..., Visitor]) -> None:
    planner, other = visit("planner", size=DESK), visit("administrator", size=DESK)
    path = drafted(planner, "两人改", "110102018001")
    other.go(path)
    other.page.wait_for_selector(READY)
    for visitor in (planner, other):
        visitor.page.locator("[data-rows] button").nth(1).click()
    planner.page.get_by_role("button", name="按长边对半").click()
    expect(planner.page.locator("[data-said]")).to_contain_text("已改")
    other.page.get_by_role("button", name="按长边对半").click()
    expect(other.page.locator("[data-error]")).to_contain_text("刚才有人改过")
    expect(other.page.locator("[data-chosen] button")).to_have_count(1)
    other.page.get_by_role("button", name="按长边对半").click()
    expect(other.page.locator("[data-said]")).to_contain_text("已改")
    phone = visit("planner", size=PHONE)
    phone.go(path)
    phone.page.wait_for_selector(READY)
    expect(phone.page.locator(".small-only")).to_be_visible()
    assert phone.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
