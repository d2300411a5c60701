"""A chief blows the whistle from a case; the bodies come and answer; what fails is decided together and followed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from linli.core import clock

from .conftest import DESK, PHONE, Visitor
from .test_journey import report


def press(visitor: Visitor, key: str, **fields: str) -> None:
    """Open a step of a summons, fill it and send it."""
    page = visitor.page
    step = page.locator(f"[id^='do-{key}']").first
    if step.get_attribute("open") is None:
        step.locator("summary").click()
    for name, value in fields.items():
        step.locator(f"[name={name}]").fill(value)
    with page.expect_navigation():
        step.locator("form button.block").click()


def summoned(chief: Visitor, number: str, *bodies: str) -> str:
    """From the page of a case to the page of the summons."""
    chief.go(f"/cases/{number}/")
    chief.page.get_by_role("link", name="吹哨", exact=True).click()
    chief.page.wait_for_load_state()
    for n, words in enumerate(bodies):
        field = chief.page.locator(f"#id_body_{n}")
        field.fill(words)
        field.press("Enter")
    chief.page.fill("[name=question]", "占道经营反复出现，请到场一起解决。")
    chief.page.locator("#call .form-actions button").click()
    chief.page.wait_for_url(lambda url: re.search(r"/summons/\d+/$", url))
    return chief.page.url.removeprefix(chief.address)


def test_from_a_case_to_a_decision(visit: Callable[..., Visitor]) -> None:
    number, _page = report(visit(size=PHONE))
    chief = visit("chief-niujie", size=DESK)
    path = summoned(chief, number, "cgzfj", "园林绿化")
    text = chief.page.inner_text("main")
    assert "西城区城市管理综合行政执法局" in text and "西城区园林绿化局" in text and number in text, text[:800]

    for who, phone in (("handler-enforcement", PHONE), ("handler-landscaping", DESK)):
        handler = visit(who, size=phone)
        handler.go("/inbox/?tab=today")
        if not handler.page.locator(f"a.row[href='{path}']").count():
            handler.go("/inbox/?tab=soon")
        row = handler.page.locator(f"a.row[href='{path}']")
        assert "请您单位到场" in row.inner_text()
        row.click()
        handler.page.wait_for_load_state()
        press(handler, "sign")
        press(handler, "arrive")
        press(handler, "answer", text="已到场，本单位的部分处理完了。")
        assert "本单位的部分处理完了" in handler.page.inner_text("main")
        assert not handler.faults, handler.faults

    chief.go(path)
    assert "待评定" in chief.page.inner_text(".case-head"), "by itself, when the last one has answered"
    with chief.page.expect_navigation():
        chief.page.locator("#do-settle form button.block").click()
    assert "请给每个单位一个评定" in chief.page.inner_text(".errors")
    press(chief, "fail", text="路口归三家管，一家办不了。")
    assert "待共商" in chief.page.inner_text(".case-head")
    chief.faults[:] = [f for f in chief.faults if "422" not in f]

    district = visit("chief", size=DESK)
    decided(district, path)
    chief.go(path)
    assert "落实中" in chief.page.inner_text(".case-head") and "由城管委牵头" in chief.page.inner_text("main")
    assert not chief.faults and not district.faults, (chief.faults, district.faults)


def decided(chief: Visitor, path: str) -> None:
    """Plan, list, order by keyboard, hold, decide."""
    page, when = chief.page, clock.local(clock.now() + timedelta(days=1))
    chief.go("/coordination/consultations/new")
    page.fill("[name=meets_at]", f"{when:%Y-%m-%dT%H:%M}")
    page.fill("[name=venue]", "区政府三层会议室")
    page.locator(".form-actions button").click()
    page.wait_for_url(lambda url: re.search(r"/consultations/\d+/$", url))
    summons = path.strip("/").split("/")[-1]
    with page.expect_navigation():
        page.locator(f"button[name=summons][value='{summons}']").click()
    step = page.locator(".verb:has([name=title])")
    if step.get_attribute("open") is None:
        step.locator("summary").click()
    step.locator("[name=title]").fill("老楼加装电梯的管线")
    with page.expect_navigation():
        step.locator("button.block").click()
    assert page.locator(".agenda > li").count() == 2
    up = page.locator(".agenda > li").nth(1).get_by_role("button", name="上移")
    up.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "老楼加装电梯" in page.locator(".agenda > li").first.inner_text()
    with page.expect_navigation():
        page.locator(".verb:has(form[action$='/hold/']) button.block").click()
    item = page.locator(f".agenda > li:has(a[href$='/summons/{summons}/'])")
    item.locator(".verb:has(form[action$='/decide_item/']) summary").click()
    item.locator("form[action$='/decide_item/'] [name=text]").fill("由城管委牵头，两周内拿出方案。")
    lead = item.locator("form[action$='/decide_item/'] input[role=combobox]")
    lead.fill("城市管理委员会")
    lead.press("Enter")
    item.locator("form[action$='/decide_item/'] [name=due_on]").fill(f"{when:%Y-%m-%d}")
    with page.expect_navigation():
        item.locator("form[action$='/decide_item/'] button.primary").click()
    assert "由城管委牵头" in page.inner_text(".agenda"), page.inner_text("main")[:800]
