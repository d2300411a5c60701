"""Two residents report the same thing: joined from the hint, each follows to the end on their own page."""

from __future__ import annotations

from collections.abc import Callable

from .conftest import DESK, PHONE, Visitor
from .test_journey import press, report


def test_two_reporters_one_matter(visit: Callable[..., Visitor]) -> None:
    first, second = visit(size=PHONE), visit(size=PHONE)
    one, one_page = report(first)
    other, other_page = report(second)
    assert one != other
    operator = visit("operator", size=DESK)
    press(operator, one, "accept")
    operator.go(f"/cases/{other}/")
    page = operator.page
    hint = page.locator(f".alike form:has(input[name=parent][value='{one}']) button")
    assert hint.count() == 1, page.inner_text("main")[:600]
    hint.click()
    page.wait_for_load_state()
    assert "已并案" in page.inner_text(".case-head") and one in page.inner_text("main"), "it names its main case"
    operator.go(f"/cases/{one}/")
    assert other in page.inner_text("main") and "2 人反映" in page.inner_text("main"), "and the main case names it"
    second.go(other_page)
    text = second.page.inner_text("main")
    assert "合在一起办理" in text and one not in text

    press(visit("dispatcher-niujie", size=DESK), one, "dispatch")
    worker = visit("grid-niujie", size=DESK)
    press(worker, one, "sign")
    second.go(other_page)
    assert "已接手" in second.page.inner_text("main"), "one progress for both"
    press(worker, one, "feed_back", text="清走了")
    verifier = visit("verifier", size=DESK)
    press(verifier, one, "pass")
    press(verifier, one, "close")
    first.go(one_page)
    assert "请您评价" in first.page.inner_text("main")
    for _try in range(40):  # the worker lets the merged ones follow
        second.go(other_page)
        if "请您评价" in second.page.inner_text("main"):
            break
        second.page.wait_for_timeout(500)
    second.page.locator("input[name=outcome][value=unsolved]").check(force=True)
    second.page.locator("input[name=satisfaction][value=dissatisfied]").check(force=True)
    second.page.fill("textarea[name=comment]", "还在原处")
    second.page.locator("#answer button.primary").click()
    second.page.wait_for_load_state()
    assert "您说没有解决，重新办理" in second.page.inner_text("main"), "the second one's own case goes on alone"
    first.go(one_page)
    assert "请您评价" in first.page.inner_text("main")
    assert not first.faults and not second.faults and not operator.faults
