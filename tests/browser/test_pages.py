"""Every page × {390, 1440} × {Chinese, English}: nothing serious for axe, no console error, no sideways scrolling."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import DESK, PHONE, Visitor

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
BYTES = 300_000  # gzipped, without the map's own files

PAGES = [
    ("", "/"), ("", "/report/"), ("", "/follow/"), ("", "/matters/"), ("", "/around/"), ("", "/privacy/"), ("", "/about/"), ("", "/login/"),
    ("", "/api/"), ("", "/styleguide/"), ("", "/nowhere/"),
    ("operator", "/desk/"), ("operator", "/cases/"), ("operator", "/cases/?due=late"), ("operator", "/inbox/"),
    ("operator", "/cases/?subdistrict=110102018&stage=declined&class_code=0512"),  # empty
    ("grid-niujie", "/field/"), ("grid-niujie", "/inbox/"), ("grid-niujie", "/cases/?view=body"),
    ("chief", "/command/"), ("chief-niujie", "/command/110102018/"), ("operator", "/me/"),
    ("chief", "/command/playback/"), ("chief-niujie", "/command/playback/?day=2020-02-29"), ("chief", "/command/compare/"),
    ("chief-niujie", "/command/compare/"), ("chief", "/command/compare/?from=2026-02-30"), ("chief", "/command/brief/?span=week"),
    ("administrator", "/settings/"), ("administrator", "/settings/accounts/"), ("administrator", "/settings/calendar/"),
    ("administrator", "/settings/boundaries/"), ("administrator", "/settings/bodies/"), ("administrator", "/settings/tokens/"),
    ("administrator", "/settings/routes/"), ("administrator", "/settings/classes/"), ("administrator", "/settings/audit/"),
    ("administrator", "/settings/classes/0102/"), ("administrator", "/settings/classes/0102/edit"), ("administrator", "/settings/limits/"),
    ("administrator", "/settings/routes/coverage"), ("administrator", "/settings/sheets/limits/"), ("administrator", "/settings/sheets/limits/edit"),
    ("administrator", "/settings/sheets/ladder/edit"), ("administrator", "/settings/import/ladder/"), ("administrator", "/knowledge/new/"),
    ("operator", "/knowledge/?q=zzzz"), ("operator", "/callbacks/"), ("verifier", "/checks/"), ("chief", "/shares/"),
    ("dispatcher", "/offers/"), ("claim-volunteers", "/offers/ours/"), ("", "/answers/"),
    ("administrator", "/jobs/"), ("auditor", "/settings/read-log/"), ("administrator", "/cases/"),  # refused, with the reason
    ("analyst", "/evaluation/"), ("analyst", "/evaluation/results/new/"), ("analyst", "/evaluation/compare/"), ("operator", "/evaluation/"),
    ("analyst", "/evaluation/data/"), ("analyst", "/evaluation/data/checks/"), ("analyst", "/evaluation/data/units/"),
    ("analyst", "/evaluation/data/deliveries/"), ("analyst", "/evaluation/data/deliveries/new"),
    ("chief", "/command/together/"), ("chief", "/command/?view=heat"), ("chief-niujie", "/coordination/summons/"),
    ("chief-niujie", "/coordination/summons/new"), ("chief", "/coordination/summons/statistics"), ("chief", "/coordination/consultations/"),
    ("chief", "/coordination/decisions/"), ("chief", "/coordination/topics/?view=all"), ("chief", "/coordination/topics/new/"),
    ("chief", "/coordination/campaigns/"), ("chief", "/coordination/campaigns/new/"), ("dispatcher", "/coordination/roster/"),
    ("handler-sanitation", "/coordination/summons/"), ("planner", "/ground/grids/"), ("planner", "/ground/grids/new/"),
    ("chief", "/ground/changes/"), ("administrator", "/ground/changes/new/"), ("planner", "/ground/nets/"), ("planner", "/ground/nets/new/"),
    ("planner", "/ground/mergers/new/"), ("planner", "/ground/matters/"), ("auditor", "/ground/nets/"),
]  # fmt: skip
MEASURE = """() => ({
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  h1: document.querySelectorAll('h1').length,
  lang: document.documentElement.lang,
  title: document.title,
  small: [...document.querySelectorAll('body *')].filter(e => e.childNodes.length && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
    && e.getClientRects().length && !e.closest('svg, .vh, .maplibregl-map') && parseFloat(getComputedStyle(e).fontSize) < 13).map(e => e.outerHTML.slice(0, 90)),
  bytes: performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
    .filter(r => !/maplibre|\\/tiles\\/|map\\.js/.test(r.name)).reduce((n, r) => n + (r.encodedBodySize || 0), 0),
})"""


def serious(page: Any) -> list[str]:
    """What axe finds of impact serious or critical."""
    page.evaluate(AXE)
    found = page.evaluate(
        "async () => (await axe.run(document, {preload: false, resultTypes: ['violations']})).violations"
    )
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")]


FIRST_OF = [  # (who, list, what the address of one begins with): the first that the list leads to
    ("chief", "/coordination/summons/?view=all", "/coordination/summons/"), ("chief", "/coordination/consultations/", "/coordination/consultations/"),
    ("chief", "/coordination/topics/?view=all", "/coordination/topics/"), ("chief", "/coordination/campaigns/", "/coordination/campaigns/"),
    ("planner", "/ground/nets/", "/ground/nets/"), ("planner", "/ground/nets/", "/ground/mergers/"), ("planner", "/ground/matters/", "/ground/matters/"),
]  # fmt: skip
BY_PERSON = sorted(PAGES, key=lambda page: page[0])  # one after the other in one browser, as a person would


@pytest.mark.parametrize(("who", "path"), BY_PERSON, ids=[f"{w or 'resident'}{p}" for w, p in BY_PERSON])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1440"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_page(stay: Callable[..., Visitor], who: str, path: str, size: dict[str, int], language: str) -> None:
    visitor = stay(who, size=size, language=language)
    look(visitor, visitor.go(path).status, language)


@pytest.mark.parametrize(("who", "path", "begins"), FIRST_OF, ids=[f"{w}{b}" for w, _p, b in FIRST_OF])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1440"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_first_of_a_list(
    stay: Callable[..., Visitor], who: str, path: str, begins: str, size: dict[str, int], language: str
) -> None:
    visitor = stay(who, size=size, language=language)
    visitor.go(path)
    links = visitor.page.locator(f"main a[href^='{begins}']").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    one = next(link for link in links if re.fullmatch(re.escape(begins) + r"\d+/(\w+/)?", link))
    look(visitor, visitor.go(one).status, language)


def look(visitor: Visitor, status: int, language: str) -> None:
    """What every page keeps to."""
    assert status < 500
    page = visitor.page
    page.wait_for_timeout(150)
    seen = page.evaluate(MEASURE)
    faults = [f for f in visitor.faults if not (status >= 400 and "Failed to load resource" in f)]
    assert not faults, faults
    assert seen["wide"] <= 0, f"scrolls sideways by {seen['wide']} px"
    assert seen["h1"] == 1 and seen["title"].strip()
    assert seen["lang"] == ("zh-CN" if language == "zh-hans" else "en")
    assert not seen["small"], f"text under 13 px: {json.dumps(seen['small'][:5], ensure_ascii=False)}"
    assert seen["bytes"] <= BYTES, f"{seen['bytes']} bytes without the map"
    assert not serious(page), serious(page)
