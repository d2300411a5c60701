"""A problem that comes back: the rule finds it, a chief adopts it, a body works on it, and it is handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from .conftest import PHONE, Visitor


def found(visit: Callable[..., Visitor]) -> tuple[Visitor, str]:
    """The chief of Niujie with the topic that the rule found there; its path."""
    chief = visit("chief-niujie")
    chief.go("/coordination/topics/?stage=found")
    link = chief.page.locator("table.topics tbody th a").first
    return chief, str(link.get_attribute("href"))


def step(visitor: Visitor, path: str, verb: str, *, body: str = "", day: str = "", text: str = "") -> None:
    """Take a step of a topic on its page."""
    visitor.go(path)
    form = visitor.page.locator(f".verbs form:has(input[name=verb][value={verb}])")
    details = visitor.page.locator(f".verbs details:has(input[name=verb][value={verb}])")
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    if body:
        form.locator("input[role=combobox]").fill(body)
        form.locator("[role=option]").first.click()
    if day:
        form.locator("input[name=day]").fill(day)
    if text:
        form.locator("[name=text]").fill(text)
    form.locator("button.btn").last.click()
    visitor.page.wait_for_load_state()


def test_from_the_rule_to_the_assessment(visit: Callable[..., Visitor]) -> None:
    chief, path = found(visit)
    later = (date.today() + timedelta(days=40)).isoformat()
    step(chief, path, "adopt", body="环卫", day=later, text="请加派保洁。")
    page = chief.page.inner_text("main")
    assert "治理中" in page and "请加派保洁。" in page
    body = visit("handler-sanitation", size=PHONE)
    body.go("/inbox/")
    body.go(path)
    assert body.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    step(body, path, "plan_measure", body="环卫", day=later, text="加装两个垃圾桶")
    body.page.locator(".measures summary").first.click()
    body.page.locator(".measures details[open] button.btn").click()
    body.page.wait_for_load_state()
    step(body, path, "hand_in", text="都装好了。")
    assert "待评估" in body.page.inner_text("main")
    chief.go(path)
    chief.page.locator(".verbs details:has(input[value=cure]) summary").click()
    chief.page.locator(".verbs form:has(input[value=cure]) button.btn").click()
    chief.page.wait_for_load_state()
    assert "才能评估为见效" in chief.page.inner_text("[data-error-summary]")  # it was adopted today
    step(chief, path, "send_back", text="再看一个月。")
    assert "治理中" in chief.page.inner_text("main")
    real = [f for f in chief.faults + body.faults if "409" not in f]
    assert not real, real
