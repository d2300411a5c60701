"""Mended on the spot, on a phone: before and after in one sending, also without a network; verified by somebody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import PHONE, Visitor
from .test_journey import press

NUMBER = re.compile(r"\d{6}-\d{6,}-\d")


@pytest.fixture
def shots(tmp_path: Path) -> tuple[str, str]:
    """Two photographs: the rubbish, and the swept ground."""
    from PIL import Image

    for name, colour in (("before", (120, 90, 60)), ("after", (150, 170, 150))):
        Image.new("RGB", (640, 480), colour).save(tmp_path / f"{name}.jpg")
    return str(tmp_path / "before.jpg"), str(tmp_path / "after.jpg")


def fill(visitor: Visitor, shots: tuple[str, str], chip: str = "暴露垃圾") -> None:
    """Everything but the last press, as on the street."""
    page = visitor.page
    page.locator("[data-photos]:not([data-after]) [data-shoot]").first.set_input_files(shots[0])
    visitor.choose("#id_place_q", "牛街西里")
    page.locator(".choices label", has_text=chip).first.click()


def mend(visitor: Visitor, shots: tuple[str, str]) -> None:
    page = visitor.page
    page.locator("label", has_text="我已当场处理").click()
    page.locator("[data-after] [data-shoot]").first.set_input_files(shots[1])
    page.fill("#id_result", "已清理干净。")


def send(visitor: Visitor) -> dict[str, Any]:
    with visitor.page.expect_response(re.compile(r"/field/send$")) as answer:
        visitor.page.locator("button.send").click()
    assert answer.value.status == 201, answer.value.text()
    said: dict[str, Any] = answer.value.json()
    return said


def test_mended_and_verified_by_another_person(visit: Callable[..., Visitor], shots: tuple[str, str]) -> None:
    grid = visit("grid-niujie", size=PHONE)
    page = grid.page
    drawn = ""
    for _turn in range(60):  # one in five is drawn: nobody can know which
        grid.go("/field/")
        fill(grid, shots)
        mend(grid, shots)
        said = send(grid)
        page.wait_for_selector("[data-result] a.num")
        if "抽中" in said["said"] and "没有抽中" not in said["said"]:
            drawn = said["number"]
            break
    assert drawn, "none of sixty was drawn at one in five: less than one chance in 600,000"
    grid.go(f"/cases/{drawn}/")
    assert page.locator(".before-after img").count() == 2 and "抽查核查" in page.inner_text("main")
    assert page.locator("form[action$='/pass/']").count() == 0, "who mended never verifies"
    checker = visit("verifier", size=PHONE)
    checker.go("/checks/?drawn=1&subdistrict=110102018")
    assert checker.page.locator(f"a[href*='{drawn}']").count() == 1
    press(checker, drawn, "pass")
    press(checker, drawn, "close")
    checker.go(f"/cases/{drawn}/")
    words = checker.page.inner_text("main")
    assert "自行处置" in words and "核查通过" in words and "已清理干净" in words
    for visitor in (grid, checker):
        assert not visitor.faults, visitor.faults


def test_the_switch_is_offered_only_where_the_class_allows_it(
    visit: Callable[..., Visitor], shots: tuple[str, str]
) -> None:
    grid = visit("grid-niujie", size=PHONE)
    page = grid.page
    grid.go("/field/")
    assert page.locator("[data-onspot]").is_hidden()
    fill(grid, shots)
    assert page.locator("[data-onspot]").is_visible() and page.locator("[data-after]").is_hidden()
    mend(grid, shots)
    page.locator(".choices label", has_text="道路破损").first.click()
    assert page.locator("[data-onspot]").is_hidden()
    said = send(grid)
    assert "处理" not in said["said"], "what was ticked for another class is not sent"
    assert not grid.faults, grid.faults


def test_without_a_network_both_photographs_wait_and_go_once(
    visit: Callable[..., Visitor], shots: tuple[str, str]
) -> None:
    grid = visit("grid-niujie", size=PHONE)
    page = grid.page
    grid.go("/field/")
    fill(grid, shots)
    mend(grid, shots)
    page.wait_for_timeout(600)
    sent: list[Any] = []
    page.on(
        "response", lambda r: sent.append(r.json()) if re.search(r"/field/send$", r.url) and r.status == 201 else None
    )
    grid.context.set_offline(True)
    page.locator("button.send").click()
    page.wait_for_selector("[data-drafts]:not([hidden])")
    assert "2 张照片" in page.inner_text("[data-drafts]")
    grid.context.set_offline(False)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.wait_for_selector("[data-result] a.num")
    page.evaluate("() => { for (let i = 0; i < 3; i++) dispatchEvent(new Event('online')) }")
    page.wait_for_timeout(1200)
    assert len(sent) == 1 and "已上报并处理" in sent[0]["said"]
    grid.go(f"/cases/{sent[0]['number']}/")
    assert page.locator(".before-after img").count() == 2
