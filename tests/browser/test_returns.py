"""A body says that a case is not its own: answered by the subdistrict twice, by the district the third time."""

from __future__ import annotations

from collections.abc import Callable

from .conftest import PHONE, Visitor
from .test_journey import press, report


def dispatched(visit: Callable[..., Visitor]) -> str:
    """A case reported on a phone, filed and sent to the body that the table suggests; its number."""
    number, _private = report(visit(size=PHONE))
    press(visit("operator"), number, "accept")
    press(visit("dispatcher-niujie"), number, "dispatch", body="")
    return number


def test_a_return_is_granted_and_the_case_goes_elsewhere(visit: Callable[..., Visitor]) -> None:
    number = dispatched(visit)
    grid, dispatcher = visit("grid-niujie", size=PHONE), visit("dispatcher-niujie")
    press(grid, number, "ask_return", text="这一段归环卫中心。")
    dispatcher.go(f"/cases/{number}/")
    page = dispatcher.page.inner_text("main")
    assert "退单待审" in page and "这一段归环卫中心。" in page
    press(dispatcher, number, "grant_return")
    dispatcher.go(f"/cases/{number}/")
    assert "待派遣" in dispatcher.page.inner_text(".case-head")
    assert grid.go(f"/cases/{number}/").status == 200  # a grid worker sees his community's cases
    assert grid.page.locator("form[action$='/sign/']").count() == 0
    assert not dispatcher.faults and not grid.faults, (dispatcher.faults, grid.faults)


def test_the_third_return_is_the_districts(visit: Callable[..., Visitor]) -> None:
    number = dispatched(visit)
    grid, near, district = visit("grid-niujie", size=PHONE), visit("dispatcher-niujie"), visit("dispatcher")
    for _time in range(2):
        press(grid, number, "ask_return", text="不归我们。")
        press(near, number, "refuse_return", text="归你们，请办理。")
    press(grid, number, "ask_return", text="真的不归我们。")
    near.go(f"/cases/{number}/")
    page = near.page.inner_text("main")
    assert "这件事已提到区一级，由区里办理。" in page and "退单 3 次" in page and "提级" in page
    assert near.page.locator("form[action$='/grant_return/'], form[action$='/refuse_return/']").count() == 0
    press(district, number, "grant_return")
    district.go(f"/cases/{number}/")
    assert "待派遣" in district.page.inner_text(".case-head")
    assert district.page.locator("form[action$='/dispatch/']").count() == 1
    near.go(f"/cases/{number}/")
    assert near.page.locator("form[action$='/dispatch/']").count() == 0
    for visitor in (grid, near, district):
        assert not visitor.faults, visitor.faults
