"""A pause: asked by the body, previewed and granted by the chief, and its arithmetic on the screen of everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from linli.core import clock

from .conftest import PHONE, Visitor
from .test_journey import press
from .test_returns import dispatched


def why(visitor: Visitor, number: str) -> str:
    """The card of the time limits with its arithmetic unfolded."""
    visitor.go(f"/cases/{number}/")
    visitor.page.locator("section[aria-labelledby=due-title] details.why > summary").click()
    return str(visitor.page.inner_text("section[aria-labelledby=due-title]"))


def test_a_pause_and_its_arithmetic(visit: Callable[..., Visitor]) -> None:
    number = dispatched(visit)
    grid, chief = visit("grid-niujie", size=PHONE), visit("chief-niujie")
    press(grid, number, "sign")
    # long enough to hold working time, whatever day it is
    until = clock.local(clock.now() + timedelta(days=20)).replace(second=0, microsecond=0)
    press(grid, number, "ask_time", time_kind="pause", until=f"{until:%Y-%m-%dT%H:%M}", text="等配件到货。")

    chief.go("/inbox/")
    row = chief.page.locator("a.row", has_text=number)
    if not row.count():  # in another tab than the one that opens
        for tab in ("soon", "today"):
            chief.go(f"/inbox/?tab={tab}")
            row = chief.page.locator("a.row", has_text=number)
            if row.count():
                break
    assert f"等您审批：暂停到 {until:%m-%d %H:%M}" in row.inner_text()
    row.click()
    chief.page.wait_for_url(f"**/cases/{number}/")
    asked = chief.page.inner_text("section.asked")
    assert "等待审批：暂停" in asked and "等配件到货。" in asked and "现在同意的话" in asked
    press(chief, number, "grant_time")
    chief.go(f"/cases/{number}/")
    assert "计时停着" in chief.page.inner_text(".case-head") and chief.page.locator("section.asked").count() == 0

    paused = why(grid, number)
    assert "停着" in paused and "原定到" in paused and "暂停" in paused and "不计，改到" in paused
    press(grid, number, "resume")
    resumed = why(grid, number)
    assert "停着" not in resumed and "原定到" in resumed
    grid.go(f"/cases/{number}/")
    assert "恢复计时" in grid.page.inner_text("section.history")
    for visitor in (grid, chief):
        assert not visitor.faults, visitor.faults
