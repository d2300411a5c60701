"""The pages of the past: bad questions, who may ask, what a number opens, one sheet of paper, budgets."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from linli.command import brief, comparison, drawings, forms, playback
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Invalid
from linli.response import actions
from linli.response import queries as response
from linli.response.models import Case
from linli.response.queries import CaseFilter
from linli.response.queries.happened import Ground, day, midnight
from linli.site import printing
from linli.testing.fixtures import Cast

DISTRICT, NIUJIE, DESHENG = "110102", "110102018", "110102010"
PLACES = {NIUJIE: (116.3596, 39.8862), DESHENG: (116.3793, 39.9585)}
NOW = datetime(2026, 11, 18, 4, 30, tzinfo=UTC)
WEEK = {"from": "2026-11-12", "to": "2026-11-18", "from2": "2026-11-05", "to2": "2026-11-11"}


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.at(NOW, actor=SYSTEM):
        yield


@pytest.fixture
def fortnight(district: Cast, noon: None) -> Cast:
    """A case every half day in two subdistricts; some declined, some accepted."""
    for n in range(28):
        place = (NIUJIE, DESHENG)[n % 3 == 0]
        lon, lat = PLACES[place]
        with clock.at(NOW - timedelta(hours=12 * n + 1), actor=SYSTEM):
            report = actions.Report("phone", ("0102", "0101", "0201")[n % 3], lon, lat, "垃圾没清。")
            made = actions.report_case(actor=district.actor("operator"), report=report)
        case = Case.objects.select_related("matter").get(pk=made.matter_id)
        verb = ("accept", "decline", "")[n % 3]
        if verb:
            with clock.at(NOW - timedelta(hours=12 * n), actor=SYSTEM):
                step = actions.Step(verb, case.matter.version, text="重复" if verb == "decline" else "")
                actions.move_case(actor=district.actor("operator"), case=case, step=step)
    return district


def get(client: Client, page: str, **query: str) -> Any:
    return client.get(f"/command/{page}", query)


def listed(actor: Actor, url: str) -> int:
    return response.cases(actor, CaseFilter.from_mapping(dict(parse_qsl(urlsplit(url).query)))).count()


# --- what is asked --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"from": "2026-02-30"}, "from"), ({"to": "heute"}, "to"), ({"from2": "1999-12-31"}, "from2"),
        ({"to2": "2026-11-19"}, "to2"), ({"from": "2026-11-18", "to": "2026-11-17"}, "to"),
        ({"from2": "2016-11-18", "to2": "2026-11-17"}, "to2"), ({"from": "２０２６-11-01"}, "from"),
        ({"from": "2026-W47-1"}, "from"), ({"to": "\0" * 10}, "to"),
    ],
)  # fmt: skip
def test_impossible_periods_are_refused_at_their_field(noon: None, said: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        forms.two_periods(WEEK | said)
    assert list(refused.value.fields) == [field]


def test_all_that_is_wrong_is_said_at_once(noon: None) -> None:
    with pytest.raises(Invalid) as refused:
        forms.two_periods({"from": "x", "to": "2030-01-01", "from2": "2026-11-10", "to2": "2026-11-01"})
    assert list(refused.value.fields) == ["from", "to", "to2"]


def test_a_year_is_the_longest(noon: None) -> None:
    now, _before = forms.two_periods(WEEK | {"from": "2025-11-18"})
    assert now.days == 366
    with pytest.raises(Invalid):
        forms.two_periods(WEEK | {"from": "2025-11-17"})


def test_presets_are_pairs_of_as_many_days() -> None:
    for today in (date(2026, 3, 31), date(2028, 2, 29), date(2026, 1, 1), date(2026, 11, 16), date(2026, 12, 31)):
        with clock.at(midnight(today) + timedelta(hours=9), actor=SYSTEM):
            for preset in forms.presets():
                assert preset.before.last < preset.now.first and preset.now.last <= today
                assert forms.two_periods(preset.as_query()) == (preset.now, preset.before)
                if "month" not in preset.key and preset.key != "year":
                    assert preset.now.days == preset.before.days
    assert forms.months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert forms.months_before(date(2026, 1, 31), 12) == date(2025, 1, 31)


@pytest.mark.parametrize(("page", "field"), [("playback/", "day"), ("brief/", "day"), ("compare/", "from")])
@pytest.mark.parametrize("text", ["2026-02-30", "2031-01-01", "<script>", "1066-10-14"])
def test_a_page_says_what_is_wrong_and_keeps_the_rest(
    district: Cast, noon: None, page: str, field: str, text: str
) -> None:
    answer = get(district.client("chief"), page, division=NIUJIE, **{"class": "01", field: text})
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "data-error-summary" in body and f'href="#f-{field}"' in body and f'id="f-{field}"' in body
    assert f'value="{NIUJIE}" selected' in body and 'value="01" selected' in body
    assert "<script>" not in body.split("<main", 1)[1].split("</main>")[0].replace('<script id="', "")


def test_an_unknown_class_and_span_are_said(district: Cast, noon: None) -> None:
    client = district.client("chief")
    assert get(client, "compare/", **{"class": "77"}).status_code == 422
    assert get(client, "brief/", span="decade").status_code == 422
    assert get(client, "playback/data.json", **{"class": "77"}).status_code == 422
    assert get(client, "compare/table.csv", **{"from": "2031-01-01"}).status_code == 422
    assert get(client, "compare/roses.svg").status_code == 404


PAGES = ("playback/", "playback/data.json", "compare/", "compare/table.xlsx", "compare/table.csv", "compare/map.svg", "brief/", "brief/brief.pdf")  # fmt: skip


def test_who_may_look(fortnight: Cast) -> None:
    for page in PAGES:
        assert get(fortnight.client("chief"), page, division=NIUJIE).status_code == 200, page
        assert get(fortnight.client("chief-niujie"), page, division=NIUJIE).status_code == 200, page
        for division in (DISTRICT, DESHENG, "110102999", "x"):
            assert get(fortnight.client("chief-niujie"), page, division=division).status_code == 404, (page, division)
        assert get(fortnight.client("grid-niujie"), page, division=NIUJIE).status_code == 403, page
        assert Client().get(f"/command/{page}").status_code == 302, page
    own = get(fortnight.client("chief-niujie"), "playback/data.json", day="2026-11-17").json()
    assert own["lines"] and not any("德胜" in name for name in own["names"])
    choice = get(fortnight.client("chief-niujie"), "compare/").content.decode()
    assert DESHENG not in choice


# --- playback -----------------------------------------------------------------------------------------------------
def test_a_day_is_told_in_short_arrays(fortnight: Cast) -> None:
    actor = fortnight.actor("chief")
    _day, text = playback.told(actor, Ground(DISTRICT), date(2026, 11, 17))
    said = json.loads(text)
    lines = day(actor, Ground(DISTRICT), date(2026, 11, 17)).lines
    assert len(said["lines"]) == len(lines) >= 3
    assert said["lines"] == sorted(said["lines"], key=lambda line: line[0])
    for (second, case, verb), line in zip(said["lines"], lines, strict=True):
        number, lon, _lat, kind, place, _near = said["cases"][case]
        assert response.case_for(actor, number).pk == line.id
        assert abs(lon - line.lon) < 1e-4 and 0 <= second < 86400
        assert said["names"][kind] and said["names"][place].startswith(("牛街", "德胜"))
        assert said["verbs"][verb][1] in {"opened", "closed", "moved"}
    for person in ("operator", "周敏"):
        assert person not in text


def test_a_busy_day_fits(fortnight: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three thousand moves of as many cases, the longest places: under 300 KB."""
    found = day(fortnight.actor("chief"), Ground(DISTRICT), date(2026, 11, 17))
    line = found.lines[0]
    many = [
        line._replace(id=line.id + n, near=f"很长的街名第{n % 500}条胡同东口", lon=116.3 + n * 1e-5)
        for n in range(3000)
    ]
    steps = [(n * 28, 10_000 + n, n) for n in range(3000)]
    monkeypatch.setattr(playback.happened, "day", lambda *_a: dataclasses.replace(found, lines=many, steps=steps))
    _day, text = playback.told(fortnight.actor("chief"), Ground(DISTRICT), date(2026, 11, 17))
    assert len(text.encode()) < 300_000


def test_an_empty_day_and_today(district: Cast, noon: None) -> None:
    body = get(district.client("chief"), "playback/", day="2020-02-29").content.decode()
    assert "这一天没有案件走动" in body
    today = get(district.client("chief"), "playback/data.json").json()
    assert today["last"] == 12.5 * 3600 and today["lines"] == []


# --- two periods ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("username", "ground"), [("chief", Ground(DISTRICT)), ("chief-niujie", Ground(NIUJIE)), ("auditor", Ground(DISTRICT, "01")), ("desk", Ground(NIUJIE, "0101"))])  # fmt: skip
def test_every_number_opens_its_cases(fortnight: Cast, username: str, ground: Ground) -> None:
    actor = fortnight.actor(username)
    found = comparison.compare(actor, ground, *forms.two_periods(WEEK))
    pairs = [p for p in found.heads if not p.share]
    pairs += [p for r in (*found.places, *found.kinds) for p in (r.opened, r.closed, r.open, r.late)]
    assert found.now.all.opened + found.before.all.opened > 0
    for pair in pairs:
        assert listed(actor, pair.now_url) == pair.now, (pair.label, pair.now_url)
        assert listed(actor, pair.before_url) == pair.before, (pair.label, pair.before_url)
    assert sum(r.opened.now or 0 for r in found.places) == found.now.all.opened


def test_differences_in_words() -> None:
    def pair(now: float | None, before: float | None, share: bool = False) -> comparison.Pair:
        return comparison.Pair("opened", "", now, before, "", "", "", share)

    assert (pair(12, 10).difference, pair(12, 10).percent, pair(12, 10).step) == ("+2", "+20.0%", 1)
    assert (pair(0, 4).difference, pair(0, 4).percent) == ("−4", "−100.0%")
    assert (pair(4, 0).difference, pair(4, 0).percent) == ("+4", "—")
    assert (pair(3, 3).difference, pair(3, 3).percent) == ("0", "0%")
    assert pair(None, 5, True).difference == "—" and pair(None, 5, True).step == 0
    assert pair(99.96, 100.0, True).step == 0 and pair(99.96, 100.0, True).difference == "0"
    assert pair(50.0, 40.0, True).difference.startswith("+10.0 ")
    steps = {drawings.step_of(*p) for p in ((0, 0), (9, 10), (8, 10), (11, 10), (12, 10), (1, 0), (0, 1))}
    assert drawings.step_of(8, 10) == -2 and drawings.step_of(9, 10) == -1 and drawings.step_of(1, 0) == 2
    assert steps == {-2, -1, 0, 1, 2}


def test_the_tables_and_figures_as_files(fortnight: Cast) -> None:
    client = fortnight.client("chief")
    page = get(client, "compare/", **WEEK)
    text = page.content.decode()
    assert page.status_code == 200 and "截至 2026-11-18 12:30" in text and "按现在负责的街道、社区" in text
    table = b"".join(get(client, "compare/table.csv", **WEEK)).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table)))
    opened = next(r for r in rows if r[0] == "总体" and r[3] == "受理")
    assert opened[4] == str(
        comparison.compare(fortnight.actor("chief"), Ground(DISTRICT), *forms.two_periods(WEEK)).now.all.opened
    )
    assert "截至：2026-11-18 12:30" in table
    book = b"".join(get(client, "compare/table.xlsx", **WEEK).streaming_content)
    from openpyxl import load_workbook

    sheet = load_workbook(io.BytesIO(book)).worksheets
    assert any("截至" in str(c.value) for s in sheet for row in s.iter_rows() for c in row if c.value)
    for key in ("map", "hours", "weekdays"):
        svg = get(client, f"compare/{key}.svg", **WEEK).content.decode()
        assert svg.startswith("<svg ") and "var(" not in svg and "style=" not in svg
    if printing.available():
        assert get(client, "compare/map.png", **WEEK).content.startswith(b"\x89PNG")
    assert "＝" in get(client, "compare/map.svg", **WEEK).content.decode()


def test_a_map_says_change_in_three_ways(fortnight: Cast) -> None:
    svg = drawings.change_map(DISTRICT, {NIUJIE: (10, 4), DESHENG: (3, 9)}, "变化")
    assert re.search(r"<title>牛街 增 20% 以上 \+6（10 / 4）</title>", svg)
    assert re.search(r"<title>德胜 减 20% 以上 −6（3 / 9）</title>", svg)
    assert svg.count("<path") == 15


# --- the brief ---------------------------------------------------------------------------------------------------------
def pages_of(content: bytes) -> list[str]:
    pypdf = pytest.importorskip("pypdf")
    return [p.extract_text() for p in pypdf.PdfReader(io.BytesIO(content)).pages]


def paper(actor: Actor, ground: Ground, span: str, on: str) -> str:
    if not printing.available():
        pytest.skip("no Pango")
    sheet = brief.brief(actor, ground, *forms.brief_period({"span": span, "day": on}))
    pages = pages_of(brief.paper(brief.context(sheet, ground, "")))
    assert len(pages) == 1
    return pages[0].replace("\n", "")


@pytest.mark.parametrize("span", ["day", "week", "month"])
def test_the_brief_is_one_page_of_real_text(fortnight: Cast, span: str) -> None:
    text = paper(fortnight.actor("chief"), Ground(DISTRICT), span, "2026-11-17")
    words = {"day": "每日", "week": "每周", "month": "每月"}[span]
    for said in (
        f"西城区{words}简报",
        "按期结案率",
        "超期最久",
        "受理最多的类别",
        "正在督办",
        "牛街",
        "德胜",
        "界线为近似",
        "截至2026-11-1",
    ):
        assert said in text.replace(" ", ""), said


@pytest.mark.parametrize("ground", [Ground(DISTRICT), Ground(NIUJIE), Ground(NIUJIE, "0102")])
def test_an_empty_brief_is_one_page(district: Cast, noon: None, ground: Ground) -> None:
    text = paper(district.actor("chief"), ground, "day", "2020-02-29")
    assert "没有超期的案件" in text and "这段时间没有受理案件" in text


def test_the_longest_brief_is_one_page(fortnight: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every list full, every name far too long, every number large."""
    actor, ground = fortnight.actor("chief"), Ground(DISTRICT)
    name = "新疆维吾尔自治区驻京办事处家属院第二社区居民委员会"
    pair = comparison.Pair("opened", name, 1_234_567, 234_567, "", "")
    rows = [comparison.PlaceRow(f"{n}", name, pair, pair, pair, pair, pair) for n in range(40)]
    item = brief.Item(
        "261122-1234567-1", "/", brief.cut(name, 14), brief.cut(name * 3, brief.LINE), "督办 12 次，催办 12 次"
    )
    sheet = brief.brief(actor, ground, *forms.brief_period({"span": "day", "day": "2026-11-17"}))
    found = dataclasses.replace(
        sheet.found, heads=[dataclasses.replace(p, now=1_234_567, before=76_543) for p in sheet.found.heads]
    )
    full = dataclasses.replace(
        sheet, found=found, places=rows[: brief.PLACES], others=(25, 99_999, 9_999), kinds=rows[: brief.KINDS],
        late=[item] * brief.LATE, pressed=[item] * brief.PRESSED, notes=[*sheet.notes, brief.notes(sheet.found, "day")[1]],
    )  # fmt: skip
    if not printing.available():
        pytest.skip("no Pango")
    pages = pages_of(brief.paper(brief.context(full, ground, name)))
    assert len(pages) == 1
    assert "生成" in pages[0].replace("\n", ""), "the last line is on the sheet as well"


def test_no_text_of_a_case_and_no_person_on_the_sheet(fortnight: Cast) -> None:
    body = get(fortnight.client("chief"), "brief/", day="2026-11-17").content.decode().split("<article", 1)[1]
    for word in ("垃圾没清", "周敏", "operator", "重复"):
        assert word not in body


# --- what it costs ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("page", "most"), [("playback/", 2), ("playback/data.json", 2), ("compare/", 10), ("brief/", 21)]
)
def test_statements_do_not_grow(fortnight: Cast, page: str, most: int) -> None:
    client = fortnight.client("chief")
    get(client, page)  # what a process reads once
    with CaptureQueriesContext(connection) as captured:
        assert get(client, page).status_code == 200
    asked = [q["sql"] for q in captured if 'FROM "flow_matter"' in q["sql"] or 'FROM "flow_journal"' in q["sql"]]
    assert len(asked) <= most, asked


def test_the_pages_lead_to_each_other(district: Cast, noon: None, client: Client, settings: Any) -> None:
    make: Callable[..., Client] = district.client
    body = get(make("chief"), "playback/", division=NIUJIE).content.decode()
    for page in ("compare", "brief"):
        assert f"/command/{page}/?division={NIUJIE}" in body
