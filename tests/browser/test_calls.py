"""The telephone by keyboard: nobody answers, later it is solved; not solved, so it begins anew; the page gives back what it held."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.house import ROOT, House

from .conftest import DESK, PHONE, Visitor

NUMBER = re.compile(r"\d{6}-\d{6,}-\d")


# The demonstration may have called everybody: these cases wait for their call-back, moved there by the real steps.
CLOSED = """
import django; django.setup()
from linli.organisations import queries as organisations
from linli.response import actions
from linli.response.models import Case
from linli.testing import cast
team = organisations.body_by_code("110102018-grid").id
for n in range(4):
    receipt = actions.report_case(actor=cast.actor("operator"), report=actions.Report(
        "phone", "0102", 116.3596, 39.8862, description=f"第 {n + 1} 堆垃圾没有清。", phone="13800138000",
        consent="case_contact_spoken-1"))
    for who, verb, more in (("operator", "accept", {}), ("dispatcher-niujie", "dispatch", {"body_id": team}),
                            ("grid-niujie", "sign", {}), ("grid-niujie", "feed_back", {"text": "清走了。"}),
                            ("verifier", "pass", {}), ("verifier", "close", {})):
        case = Case.objects.select_related("matter").get(pk=receipt.matter_id)
        actions.move_case(actor=cast.actor(who), case=case, step=actions.Step(verb, case.matter.version, **more))
"""


@pytest.fixture(scope="module", autouse=True)
def waiting(house: House) -> None:
    """Four cases that wait for their call-back."""
    environment = {**house.environment, "DJANGO_SETTINGS_MODULE": "linli.config.settings"}
    subprocess.run([sys.executable, "-c", CLOSED], env=environment, cwd=ROOT, check=True, timeout=120)


def let_time_pass(house: House, number: str) -> None:
    """The hour at which a case may be called again comes at once."""
    matter = int("".join(c for c in number if c.isdigit())[6:-1])
    found = [p for p in house.var.rglob("*.sqlite3") if p.stat().st_size] or list(house.var.rglob("*.db"))
    with sqlite3.connect(found[0], timeout=20) as database:
        database.execute("UPDATE response_case SET next_call_at = NULL WHERE matter_id = ?", [matter])
    database.close()


def in_hand(visitor: Visitor) -> str:
    """The number of the case on the page, "" for none."""
    link = visitor.page.locator(".call-about header a.num")
    return link.inner_text() if link.count() else ""


def take(visitor: Visitor) -> str:
    """The next case in hand, by keyboard; outside the hours for telephoning one says that one means it."""
    visitor.go("/callbacks/")
    page = visitor.page
    if not in_hand(visitor):
        button = page.locator("button[name=anyway]")
        (button if button.count() else page.locator("form[action$='/take'] button.primary")).focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-calls]")
    return in_hand(visitor)


def dial(visitor: Visitor) -> None:
    """Enter shows the number, and the first answer has the focus."""
    page = visitor.page
    page.wait_for_selector(".reveal button")
    assert page.evaluate("() => document.activeElement.closest('.reveal') !== null"), "Enter alone must show the number"
    page.keyboard.press("Enter")
    page.wait_for_selector(".contact-seen")
    assert re.search(r"\d{11}", page.inner_text(".contact-seen"))
    page.wait_for_function("() => document.activeElement.name === 'result'")


def stop(visitor: Visitor) -> None:
    """Write down and stop, so that the next test finds nothing in hand."""
    visitor.page.locator("button[value=stop]").focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url(re.compile(r"/callbacks/$"))


def test_nobody_answers_and_later_it_is_solved(house: House, visit: Callable[..., Visitor]) -> None:
    operator = visit("operator", size=DESK)
    page = operator.page
    number = take(operator)
    assert NUMBER.fullmatch(number)
    dial(operator)
    page.keyboard.press("2")
    stop(operator)
    assert f"{number} 已记下" in page.inner_text("body")
    assert take(operator) != number, "not before its time"
    page.locator("button[form=release]").click()
    page.wait_for_url(re.compile(r"/callbacks/$"))
    let_time_pass(house, number)
    assert take(operator) == number
    assert "无人接听" in page.inner_text(".tried")
    dial(operator)
    for key in ("1", "1", "2"):
        page.keyboard.press(key)
    assert page.evaluate("() => document.activeElement.value") == "next"
    page.fill("textarea[name=text]", "都清走了，谢谢。")
    stop(operator)
    assert "回访完成" in page.inner_text("body")
    operator.go(f"/cases/{number}/")
    history = page.inner_text("main")
    for word in ("拨打回访电话", "无人接听", "已解决", "基本满意", "都清走了", "已归档"):
        assert word in history, word
    assert not operator.faults, operator.faults


def test_not_solved_begins_anew(visit: Callable[..., Visitor]) -> None:
    operator = visit("operator", size=PHONE)
    page = operator.page
    number = take(operator)
    dial(operator)
    page.keyboard.press("1")
    assert page.locator(".when-answered").is_hidden(), "nobody is asked whether he is satisfied before it is known"
    page.keyboard.press("3")
    page.wait_for_function("() => document.activeElement.name === 'text'")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".errors")
    assert "哪里没有解决" in page.inner_text(".errors") and in_hand(operator) == number
    page.fill("textarea[name=text]", "又堆上了。")
    stop(operator)
    assert "已重开" in page.inner_text("body")
    operator.go(f"/cases/{number}/")
    assert "待派遣" in page.inner_text(".case-head") and "又堆上了" in page.inner_text(".history")
    faults = [f for f in operator.faults if "422" not in f]
    assert not faults, faults


def test_a_case_in_hand_is_nobody_elses_until_the_page_is_left(visit: Callable[..., Visitor]) -> None:
    operator, desk = visit("operator", size=DESK), visit("desk", size=DESK)
    mine = take(operator)
    desk.go("/callbacks/")
    theirs = take(desk) if desk.page.locator("form[action$='/take']").count() else ""
    assert mine and mine != theirs
    operator.go("/inbox/")  # left without a word: the page gives the case back
    operator.page.wait_for_timeout(600)
    operator.go("/callbacks/")
    assert not in_hand(operator)
    faults: list[Any] = operator.faults + desk.faults
    assert not faults, faults
