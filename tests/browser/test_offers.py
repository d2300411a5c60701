"""Many hands in a browser: a matter that a volunteer team claims, from the offer to the thanks; one that nobody claims."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from linli.response.rules import parse_number
from tests.house import House

from .conftest import DESK, PHONE, Visitor
from .test_journey import press, report

NOTICE = "单元门口需要一支队伍帮忙清理，工具由责任单位提供。"


def offer(visitor: Visitor, number: str, text: str, kinds: tuple[str, ...] = (), verb: str = "offer") -> Any:
    """On the case page open what is folded away, fill the form of the verb and send it."""
    page = visitor.page
    visitor.go(f"/cases/{number}/")
    page.locator("details.others > summary").click()
    form = page.locator(f"form[action$='/{verb}/']")
    form.locator("xpath=ancestor::details[1]").locator("summary").click()
    for kind in kinds:
        form.locator(f"[name=kinds][value={kind}]").check(force=True)
    form.locator("[name=text]").fill(text)
    form.locator("button:not([type])").last.click()
    page.wait_for_load_state()
    return page


def test_a_volunteer_team_claims_it_and_is_thanked(visit: Callable[..., Visitor]) -> None:
    resident = visit(size=PHONE)
    number, private = report(resident)
    press(visit("operator"), number, "accept")
    dispatcher = visit("dispatcher-niujie")
    page = offer(dispatcher, number, "请打 13812345678 联系")
    assert "不能有电话和证件号码" in page.inner_text("main")
    page = offer(dispatcher, number, NOTICE, ("volunteer_team", "social_organisation"))
    assert "待认领" in page.inner_text("main")

    late = visit("claim-care", size=DESK)
    late.go("/offers/")
    late.page.locator(".offer", has_text=NOTICE).locator("h2 a").click()
    late.page.wait_for_load_state()

    team = visit("claim-volunteers", size=PHONE)
    assert team.go(f"/cases/{number}/").status == 404, "the case itself comes with the claim"
    team.faults.clear()
    team.go("/offers/")
    card = team.page.locator(".offer", has_text=NOTICE)
    assert "1 家单位看过" in card.inner_text() and "白广路" not in NOTICE
    card.locator("button", has_text="认领").click()
    team.page.wait_for_url(lambda url: "/cases/" in url)
    assert "处理中" in team.page.inner_text("main")

    with late.page.expect_response(lambda r: "/claim" in r.url) as refused:
        late.page.locator("form.claim button").click()
    assert refused.value.status == 409
    late.page.wait_for_load_state()
    assert "牛街街道志愿服务队（演示）”在" in late.page.inner_text("main")

    press(team, number, "feed_back", text="清理好了，照片附后。")
    checker = visit("verifier")
    press(checker, number, "pass")
    press(checker, number, "close")
    operator = visit("operator")
    press(operator, number, "call_back", outcome="no_contact", satisfaction="not_said")
    offer(operator, number, "谢谢你们伸手帮忙。", verb="thank")
    team.go("/offers/ours/")
    assert "谢谢你们伸手帮忙" in team.page.inner_text("main")
    team.page.locator("a", has_text="感谢信").first.click()
    team.page.wait_for_load_state()
    letter = team.page.inner_text(".letter")
    assert "牛街街道志愿服务队（演示）" in letter and "何静" not in letter
    resident.go(private)
    assert "牛街街道志愿服务队（演示）主动承担" in resident.page.inner_text("main")
    chief = visit("chief")
    chief.go("/shares/")
    assert "志愿服务队" in chief.page.inner_text("main")
    for visitor in (resident, team, operator, chief):
        assert not visitor.faults, visitor.faults


def test_what_nobody_claims_goes_to_the_body_that_owes_it(house: House, visit: Callable[..., Visitor]) -> None:
    resident = visit(size=PHONE)
    number, private = report(resident)
    press(visit("operator"), number, "accept")
    offer(visit("dispatcher-niujie"), number, NOTICE)
    resident.go(private)
    assert "正在邀请社会力量参与" in resident.page.inner_text("main")
    _let_the_time_run_out(house, parse_number(number))
    until = time.monotonic() + 60
    while "到期没有单位认领" not in resident.page.inner_text("main"):
        assert time.monotonic() < until, "the worker rings alarms every twenty seconds"
        time.sleep(2)
        resident.go(private)
    grid = visit("grid-niujie", size=PHONE)
    grid.go(f"/cases/{number}/")
    assert "待签收" in grid.page.inner_text("main")
    press(grid, number, "sign")
    late = visit("claim-volunteers")
    late.go("/offers/")
    assert late.page.locator(f"a[href*='{number}']").count() == 0


def _let_the_time_run_out(house: House, matter_id: int) -> None:
    """As if the invitation had ended a second ago; nothing else of the case is touched."""
    moment = (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
    with sqlite3.connect(house.var / "linli.sqlite3", timeout=20) as file:
        file.execute("UPDATE flow_matter SET alarm_at = ?, due_at = ? WHERE id = ?", (moment, moment, matter_id))
        file.execute("UPDATE response_offer SET claim_by = ? WHERE case_id = ?", (moment, matter_id))
