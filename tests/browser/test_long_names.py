"""Names of 80 characters, Chinese and one English word without a break, in every place where a name may stand."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import DESK, PHONE, Visitor

CHINESE = "北京市西城区牛街街道东里社区居民委员会老旧小区综合整治与适老化改造工程协调推进办公室" * 2
LONG = (CHINESE[:80], "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaf")
# What stands in the demonstration as a name of a class, a place, a body or a person, longest first.
NAMES = re.compile(
    r"暴露垃圾|道路破损|非机动车乱停放|机动车乱停放|擅自饲养家禽家畜|店外经营|道路积水|油烟污染"
    r"|牛街西里二区社区|广安东里社区|牛街西里二区|(?:展览路|牛街|天桥|陶然亭|德胜|什刹海)(?=[ \"，,<&(（])"
    r"|[\u4e00-\u9fff]{2,9}(?:集团|中心|支队|环卫中心|网格队)(?=[\"<，,&]|\\u)|周敏（演示）|李卫东（演示）"
)
PAGES = [("operator", "/cases/"), ("operator", "/inbox/"), ("operator", "case"), ("chief", "/command/"),
         ("grid-niujie", "/field/"), ("operator", "/desk/"), ("", "/matters/"), ("", "/")]  # fmt: skip
MEASURE = """() => {
  const root = document.documentElement, wide = root.clientWidth;
  const inScroller = (e) => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) { const s = getComputedStyle(p); if (/(auto|scroll|hidden|clip)/.test(s.overflowX)) return true; } return false; };
  const out = [...document.querySelectorAll('body *')].filter((e) => { const b = e.getBoundingClientRect(); return b.width && e.checkVisibility() && b.right > wide + 1 && !e.closest('svg, .vh, .maplibregl-map') && !inScroller(e); });
  const seen = (e) => { const b = e.getBoundingClientRect(); for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) { const q = p.getBoundingClientRect(); if (getComputedStyle(p).overflowY !== 'visible' && (b.top < q.top || b.top + 8 > q.bottom || b.left + 8 > q.right)) return false; } return true; };
  // Buttons and links that another one covers cannot be pressed.
  const covered = [...document.querySelectorAll('main a, main button')].filter((e) => {
    const b = e.getBoundingClientRect(); if (!b.width || !e.checkVisibility() || b.top < 60 || b.bottom > innerHeight - 90 || !seen(e) || e.closest('.map, .vh, .dock')) return false;
    const at = document.elementFromPoint(b.left + Math.min(b.width / 2, wide / 2), b.top + Math.min(8, b.height / 2));
    return at && !e.contains(at) && !at.contains(e);
  });
  const told = (list) => list.slice(0, 4).map((e) => e.outerHTML.slice(0, 140));
  return { sideways: root.scrollWidth - wide, out: told(out), covered: told(covered) };
}"""


def lengthen(told: list[int], turn: int) -> Callable[[Any], None]:
    """A handler that fetches, exchanges every name for one of the long ones by turns, and tells how many there were."""

    def exchange(route: Any) -> None:
        answer = route.fetch()
        turns = itertools.cycle(LONG[turn:] + LONG[:turn])
        text, times = NAMES.subn(lambda _found: next(turns), answer.text())
        told.append(times)
        route.fulfill(response=answer, body=text)

    return exchange


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1440"])
def test_long_names_break_no_page(visit: Callable[..., Visitor], size: dict[str, int]) -> None:
    """The server's own pages and data, with every name exchanged on its way to the browser."""
    problems: dict[str, Any] = {}
    visitors: dict[str, Visitor] = {}
    for turn, (who, path) in enumerate(PAGES):
        visitor = visitors.setdefault(who, visitors.get(who) or visit(who, size=size))
        if path == "case":
            visitor.go("/cases/")
            link = visitor.page.locator("main table a[href*='-']").first.get_attribute("href")
            path = f"/cases/{link}"
        told: list[int] = []
        visitor.page.route(
            lambda url, p=path: url.split("?")[0].endswith(p) or "/data" in url, lengthen(told, turn % 2)
        )
        visitor.go(path)
        visitor.page.wait_for_timeout(400)
        seen = visitor.page.evaluate(MEASURE)
        visitor.page.unroute_all(behavior="wait")
        assert sum(told) or path in ("/field/", "/desk/"), f"{path} held no name that we know"
        if seen["sideways"] > 0 or seen["out"] or seen["covered"]:
            problems[path] = seen
    assert not problems, problems
