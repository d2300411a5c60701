"""The pages of summons and consultations: who may open them, what they show, nothing typed is lost."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from linli.coordination.actions.answers import ring_summons
from linli.coordination.actions.kinds import load_kinds
from linli.coordination.queries import meetings, summonses
from linli.coordination.queries.summonses import PARTS, SummonsFilter
from linli.coordination.web import summons_wall
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.response import actions as response
from linli.site import printing
from linli.testing.fixtures import Cast
from linli.workbench import queries as workbench

from .stories import DESHENG, NIUJIE, answered, body, call, failed, items, matter, meeting, part, press, step

pytestmark = pytest.mark.django_db
NOT_OURS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
OF_THE_ACTOR = 3  # session, account, posts
BUDGETS = json.loads((Path(settings.ROOT) / "tests" / "query_budgets.json").read_text(encoding="utf-8"))


def text(answer: Any) -> str:
    return str(answer.content.decode())


def form(**more: Any) -> dict[str, Any]:
    return {
        "kind": "enforcement", "lon": NIUJIE[0], "lat": NIUJIE[1], "place_source": "map", "question": "请到场",
        "client_key": "k1", "body_0": body("enforcement"), "body_2": body("landscaping"), "mode_2": "in_writing", **more,
    }  # fmt: skip


@pytest.fixture
def chief(district: Cast) -> Client:
    load_kinds(actor=SYSTEM)
    return district.client("chief-niujie")


NEW = "/coordination/summons/new"


def test_calling_by_form(chief: Client) -> None:
    assert "现在吹哨" in text(chief.get(NEW))
    answer = chief.post(NEW, form())
    assert answer.status_code == 303
    again = chief.post(NEW, form())
    assert again.url == answer.url, "a double click is one whistle"
    page = text(chief.get(answer.url))
    assert "请到场" in page and "西城区园林绿化局" in page and "书面答复" in page


@pytest.mark.parametrize(
    ("more", "field", "words"),
    [
        ({"kind": ""}, "id_kind", "请选择吹哨的类别"),
        ({"lon": "", "lat": ""}, "id_place_q", "请选择地点"),
        ({"lon": "", "lat": "", "place_q": "没有这个地方啊"}, "id_place_q", "没有找到这个地点"),
        ({"lon": "nan", "lat": "nan"}, "id_place_q", "请选择地点"),
        ({"body_0": "", "body_2": ""}, "id_body_0", "请至少选一个单位"),
        ({"body_2": body}, "id_body_2", "选了两次"),
        ({"due_2": "2001-01-01T08:00"}, "id_due_2", "响应时间要在"),
        ({"due_0": "明天"}, "id_due_0", "时间要写成"),
        ({"question": " "}, "id_question", "请填写内容"),
        ({"question": "长" * 100_000}, "id_question", "最多 2000 字"),
        ({"question": "\u202e\0"}, "id_question", "请填写内容"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(chief: Client, more: dict[str, Any], field: str, words: str) -> None:
    if more.get("body_2") is body:
        more = {"body_2": body("enforcement")}
    answer = chief.post(NEW, form(**more))
    page = text(answer)
    assert answer.status_code == 422 and words in page and f'href="#{field}' in page, page[:3000]
    assert 'name="question"' in page and ("请到场" in page or "question" in more), "nothing typed is lost"


def test_words_that_fit_several_places_offer_them(chief: Client) -> None:
    answer = chief.post(NEW, form(lon="", lat="", place_q="牛街"))
    assert answer.status_code in (303, 422)
    if answer.status_code == 422:
        assert 'name="pick"' in text(answer)


def test_outside_the_own_subdistrict_is_refused_with_the_reason(chief: Client) -> None:
    answer = chief.post(NEW, form(lon=DESHENG[0], lat=DESHENG[1]))
    assert answer.status_code == 403 and "只有本街道的值班长可以吹哨" in text(answer)


def test_from_a_case_the_place_is_there_already(chief: Client, district: Cast) -> None:
    made = response.report_case(actor=SYSTEM, report=response.Report("web", "0102", *NIUJIE, description="垃圾"))
    page = text(chief.get(f"/cases/{made.number}/"))
    assert f"{NEW}?case={made.number}" in page
    assert f"{NEW}?case=" not in text(district.client("dispatcher-niujie").get(f"/cases/{made.number}/"))
    page = text(chief.get(f"{NEW}?case={made.number}"))
    assert f'name="lon" value="{NIUJIE[0]}"' in page and made.number in page
    answer = chief.post(NEW, form(case=made.number))
    assert made.number in text(chief.get(answer.url))
    stranger = district.client("chief-desheng")
    assert stranger.get(f"{NEW}?case={made.number}").status_code == 404
    assert stranger.get(f"{NEW}?case=%00").status_code == 200, "that says no case at all"


def test_the_way_through_the_inbox(chief: Client, district: Cast) -> None:
    pk = call(district)
    handler, actor = district.client("handler-enforcement"), district.actor("handler-enforcement")
    (row,) = [r for r in workbench.inbox(actor, "today").rows + workbench.inbox(actor, "soon").rows if r.id == pk]
    assert row.line.asked == "请您单位到场" and row.line.due_at == part(pk, "enforcement").due_at
    url = reverse("coordination:summons", args=[pk])
    assert row.line.url == url
    said = {"version": matter(pk).version, "body": body("enforcement")}
    assert handler.post(f"{url}arrive/", said).status_code == 303
    bad = handler.post(f"{url}answer/", {**said, "text": " "})
    assert bad.status_code == 422 and "请填写内容" in text(bad)
    assert handler.post(f"{url}answer/", {**said, "text": "已处置"}).status_code == 303
    twice = handler.post(f"{url}answer/", {**said, "text": "又来一次"})
    assert twice.status_code == 409 and "又来一次" in text(twice), "what was typed is still there"
    assert not workbench.inbox(actor, "today").rows


def test_judging_by_form(chief: Client, district: Cast) -> None:
    pk = call(district)
    answered(district, pk, "enforcement", "landscaping")
    url, now = reverse("coordination:summons", args=[pk]), matter(pk)
    said = {"version": now.version, "seq": now.seq, f"verdict_{body('enforcement')}": "done"}
    bad = chief.post(f"{url}settle/", said)
    assert bad.status_code == 422 and "请给每个单位一个评定" in text(bad)
    assert chief.post(f"{url}settle/", {**said, f"verdict_{body('landscaping')}": "partly"}).status_code == 303
    late = district.client("chief").post(f"{url}withdraw/", {"version": now.version, "text": "晚了"})
    assert late.status_code == 409 and "先做了“评定为已解决”" in text(late) and "晚了" in text(late)


def test_out_of_scope_is_not_there_and_a_wrong_post_is_refused(district: Cast) -> None:
    pk = call(district)
    url = reverse("coordination:summons", args=[pk])
    for who in ("chief-desheng", "handler-water"):
        for path in (url, f"{url}sheet"):
            assert district.client(who).get(path).status_code == 404
        assert district.client(who).post(f"{url}sign/", {"version": 1}).status_code == 404
    assert district.client("planner").get(url).status_code == 403
    assert district.client("auditor").post(f"{url}withdraw/", {"version": 1, "text": "x"}).status_code == 403
    assert district.client("chief-niujie").post(f"{url}lapse/", {"version": 1}).status_code == 404
    assert Client().get(url).status_code == 302


def test_words_are_for_chiefs_and_called_bodies(district: Cast) -> None:
    pk = call(district, question="绝密的请求")
    url = reverse("coordination:summons", args=[pk])
    for who in ("chief-niujie", "chief", "handler-landscaping"):
        assert "绝密的请求" in text(district.client(who).get(url))
    for who in ("auditor", "dispatcher-niujie", "verifier"):
        page = text(district.client(who).get(url))
        assert "绝密的请求" not in page and "您的岗位看不到内容" in page


def test_every_number_of_the_statistics_is_its_list(district: Cast) -> None:
    one = call(district, "enforcement", "landscaping", "sanitation")
    answered(district, one, "enforcement")
    step(district.actor("chief-niujie"), one, "release", code="sanitation", text="不用了")
    call(district, "enforcement")
    gone = call(district, "enforcement")
    step(district.actor("chief-niujie"), gone, "withdraw", text="吹错")
    with clock.at(clock.now() + timedelta(days=9), actor=SYSTEM):
        ring_summons()
        actor = district.actor("chief-niujie")
        for tally in summonses.by_body(actor, SummonsFilter()):
            shares = [tally.counts[p] for p in ("on_time", "late", "missed", "waiting")]
            assert sum(shares) == tally.counts["called"]
            for kind in PARTS:
                listed = summonses.page(actor, SummonsFilter(tab="all", body=str(tally.body_id), part=kind)).rows
                assert len(listed) == tally.counts[kind], (tally.body, kind)
        page = text(district.client("chief-niujie").get("/coordination/summons/statistics"))
        assert f"body={body('enforcement')}" in page and "按时率" in page
    assert not summonses.by_body(district.actor("chief-desheng"), SummonsFilter())
    only = summonses.by_body(district.actor("handler-landscaping"), SummonsFilter())
    assert [t.body_id for t in only] == [body("landscaping")]


def test_filters_stay_in_the_address(chief: Client, district: Cast) -> None:
    call(district)
    base = "/coordination/summons/"
    today = clock.today().isoformat()
    page = text(chief.get(f"{base}?since={today}&until={today}&body={body('landscaping')}"))
    assert "西城区园林绿化局" in page and f"tab=judging&amp;body={body('landscaping')}" in page
    assert "没有符合这些条件" in text(chief.get(f"{base}?body={body('water')}"))
    bad = chief.get(f"{base}?since=2026-13-40&tab=nonsense&body=%00&part=x&after=y&subdistrict=z")
    assert bad.status_code == 422 and "日期要写成" in text(bad)
    assert "没有符合" in text(chief.get(f"{base}?since=2099-01-01"))


def test_a_consultation_by_its_pages(district: Cast) -> None:
    chief, one = district.client("chief"), failed(district)
    when = clock.local(clock.now() + timedelta(days=2))
    assert chief.post("/coordination/consultations/new", {"meets_at": ""}).status_code == 422
    made = chief.post("/coordination/consultations/new", {"meets_at": f"{when:%Y-%m-%dT%H:%M}", "venue": "三层"})
    assert made.status_code == 303
    url = made.url
    assert "列入议程" in text(chief.get(url)) and "一家解决不了" in text(chief.get(url))
    pk = int(url.strip("/").split("/")[-1])
    assert chief.post(f"{url}list_item/", {"version": 1, "summons": one}).status_code == 303
    again = chief.post(f"{url}list_item/", {"version": 1, "summons": one})
    assert again.status_code == 409 and "先做了“列入议程”" in text(again)
    assert chief.post(f"{url}list_item/", {"version": 1, "title": ""}).status_code == 422
    assert chief.post(f"{url}hold/", {"version": 1}).status_code == 303
    item = items(pk)[0].pk
    bad = chief.post(f"{url}decide_item/", {"version": 2, "item": item, "text": "由城管委办", "due_on": "x"})
    assert bad.status_code == 422 and "由城管委办" in text(bad)
    said = {
        "version": 2,
        "item": item,
        "text": "由城管委办",
        "body": body("urban-management"),
        "due_on": str(clock.today()),
    }
    assert chief.post(f"{url}decide_item/", said).status_code == 303
    assert "由城管委办" in text(chief.get(url))
    assert "在落实" in text(chief.get("/coordination/decisions/?which=open"))
    with clock.at(clock.now() + timedelta(days=5), actor=SYSTEM):
        assert "逾期 5 天" in text(chief.get("/coordination/decisions/"))


def test_who_sees_which_consultation(district: Cast) -> None:
    one, other = failed(district), failed(district, "chief-desheng", at=DESHENG)
    pk, actor = meeting(district), district.actor("chief")
    press(actor, pk, "list_item", summons_id=one)
    url = reverse("coordination:consultation", args=[pk])
    assert district.client("chief-niujie").get(url).status_code == 200
    assert district.client("handler-enforcement").get(url).status_code == 200
    for who in ("chief-desheng", "handler-water"):
        assert district.client(who).get(url).status_code == 404
    assert district.client("chief-niujie").post(f"{url}note/", {"version": 1, "text": "x"}).status_code == 403
    press(actor, pk, "list_item", summons_id=other)
    mine = meetings.meeting(district.actor("chief-desheng"), pk)
    assert [i.row.subject_id for i in mine.items] == [other] and mine.partial and not mine.told
    assert "与您有关的 1 项" in text(district.client("chief-desheng").get(url))


@pytest.mark.skipif(not printing.available(), reason="no Pango here")
def test_papers_are_real_chinese(district: Cast) -> None:
    import pypdfium2

    one, pk, actor = failed(district), meeting(district), district.actor("chief")
    press(actor, pk, "list_item", summons_id=one)
    for n in range(12):
        press(actor, pk, "list_item", title=f"第 {n} 个临时议题")
    url, client = reverse("coordination:consultation", args=[pk]), district.client("chief")
    assert client.get(f"{url}minutes.pdf").status_code == 409
    agenda = pypdfium2.PdfDocument(client.get(f"{url}agenda.pdf").content)
    words = "".join(page.get_textpage().get_text_range() for page in agenda)
    assert len(agenda) > 1 and "区街民生问题共商议程" in words and "一家解决不了" in words and "综合执法" in words
    press(actor, pk, "hold")
    press(actor, pk, "decide_item", item_id=items(pk)[0].pk, text="由环卫牵头清理", body_id=body("sanitation"),
          due_on=clock.today())  # fmt: skip
    minutes = pypdfium2.PdfDocument(client.get(f"{url}minutes.pdf").content)
    words = "".join(page.get_textpage().get_text_range() for page in minutes)
    assert "由环卫牵头清理" in words and "西城区环境卫生服务中心" in words


@pytest.mark.parametrize("name", ["summonses", "summons", "summons-statistics", "consultations", "consultation"])
def test_query_budgets(district: Cast, name: str) -> None:
    pk, plan = failed(district), meeting(district)
    for _n in range(3):
        call(district)
    press(district.actor("chief"), plan, "list_item", summons_id=failed(district))
    args = {"summons": [pk], "consultation": [plan]}.get(name, [])
    client, url = district.client("chief"), reverse(f"coordination:{name}", args=args)
    client.get(url)
    found = []
    for _turn in range(3):  # a revision is asked for once a second
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        found.append(sum(not q["sql"].startswith(NOT_OURS) for q in seen.captured_queries))
    assert min(found) - OF_THE_ACTOR <= BUDGETS[f"coordination:{name}"], found


def test_the_board_of_the_wall_shows_what_waits(district: Cast) -> None:
    pk = call(district)
    over = call(district)
    step(district.actor("chief-niujie"), over, "withdraw", text="吹错")
    rows = summonses.on_board(district.actor("chief"), "110102")
    assert [r.id for r in rows] == [pk]
    assert not summonses.on_board(district.actor("chief"), "110102010")
    assert not summonses.on_board(district.actor("chief-desheng"), "110102")
    html = render_to_string(
        "coordination/walls/summons.html", dict(summons_wall.board(district.actor("chief"), "110102"))
    )
    assert "城管执法局" in html and json.dumps(summons_wall.data(district.actor("chief"), "110102"))
