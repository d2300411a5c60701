"""Pages of topics, campaigns and rosters: what they show, what they refuse with what was typed, who gets in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from linli.coordination.actions import campaigns, roster
from linli.coordination.actions.topic_rules import load_topic_rules
from linli.coordination.models import Campaign, DutySlot, Topic
from linli.coordination.queries.topic_rules import rules
from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM
from linli.organisations import queries as organisations
from linli.response import actions as response
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture
def ready(district: Cast) -> Iterator[Cast]:
    load_topic_rules(actor=SYSTEM)
    roster.load_shifts(actor=SYSTEM)
    with clock.at(NOW, actor=SYSTEM):
        yield district


def said(answer: Any) -> str:
    return str(answer.content.decode())


def set_by_hand(cast: Cast, **more: Any) -> Any:
    data = {
        "class_code": "0102",
        "rule": rules()[0].id,
        "lon": "116.3596",
        "lat": "39.8862",
        "days": 90,
        "community": "",
    }
    return cast.client("chief-niujie").post(reverse("coordination:topic-new"), data | more)


def test_empty_pages_say_so(ready: Cast) -> None:
    for username, name, words in (
        ("chief", "topics", "还没有专题"),
        ("chief", "campaigns", "还没有专项行动"),
        ("chief-niujie", "roster", "这一周还没有编排"),
        ("auditor", "topics", "还没有专题"),
        ("handler-works", "topics", "还没有专题"),
        ("administrator", "topic-rules", "从表格导入"),
    ):
        answer = ready.client(username).get(reverse(f"coordination:{name}"))
        assert (answer.status_code, words in said(answer)) == (200, True), name
    assert ready.client("community-niujie").get(reverse("coordination:topics")).status_code == 403
    assert ready.client("operator").get(reverse("coordination:topic-new")).status_code == 403


def test_a_topic_from_hand_to_measure(ready: Cast) -> None:
    response.report_case(
        actor=RESIDENT, report=response.Report("web", "0102", 116.3596, 39.8862, description="<b>x</b>")
    )
    assert set_by_hand(ready, class_code="9999").status_code == 422
    assert set_by_hand(ready, lon="", lat="").status_code == 422
    assert set_by_hand(ready).status_code == 302
    assert set_by_hand(ready).status_code == 409
    topic = Topic.objects.get()
    chief, move = ready.client("chief-niujie"), reverse("coordination:topic-move", args=[topic.pk])
    page = said(chief.get(reverse("coordination:topic", args=[topic.pk])))
    assert "手工设立" in page
    assert "<b>x</b>" not in page
    bad = chief.post(move, {"verb": "adopt", "version": 1, "text": "我写的话"})
    assert bad.status_code == 422
    assert "我写的话" in said(bad)
    body = organisations.body_by_code("110102-sanitation")
    assert body is not None
    good = {"verb": "adopt", "version": 1, "body": body.id, "day": "2026-12-31", "text": ""}
    assert ready.client("dispatcher-niujie").post(move, good).status_code == 403
    assert ready.client("chief-desheng").post(move, good).status_code == 404
    assert chief.post(move, good).status_code == 302
    late = chief.post(move, good)
    assert late.status_code == 409
    assert chief.post(move, {"verb": "explode", "version": 2}).status_code == 422
    handler = ready.client("handler-sanitation")
    measure = {"verb": "plan_measure", "version": 2, "body": body.id, "day": "2026-12-01", "text": "加装垃圾桶"}
    assert handler.post(move, measure).status_code == 302
    assert "加装垃圾桶" in said(handler.get(reverse("coordination:topic", args=[topic.pk])))
    assert "环卫" in said(chief.get(reverse("coordination:topics") + "?stage=working&top=01"))
    assert "源头治理专题" in said(handler.get(reverse("workbench:inbox") + "?tab=today"))


def test_a_campaign_and_its_cases(ready: Cast) -> None:
    chief = ready.client("chief")
    new = reverse("coordination:campaign-new")
    form = {"name": "整治<script>", "classes": ["01"], "divisions": ["110102018"], "first_day": "2026-11-23",
            "last_day": "2026-12-01", "aim": "", "body": ""}  # fmt: skip
    bad = chief.post(new, form | {"last_day": "2026-11-01"})
    assert bad.status_code == 422
    assert "截止日期在开始日期之前" in said(bad)
    assert "整治&lt;script&gt;" in said(bad)
    assert (
        ready.client("chief-desheng").post(new, form).status_code == 422
    )  # not among the divisions that he may choose
    assert chief.post(new, form).status_code == 302
    made = Campaign.objects.get()
    campaigns.campaigns_take_effect()
    response.report_case(actor=RESIDENT, report=response.Report("web", "0102", 116.3596, 39.8862, description="x"))
    board = said(chief.get(reverse("coordination:campaign", args=[made.pk])))
    assert "截至" in board
    listed = chief.get(reverse("coordination:campaign-cases", args=[made.pk]) + "?state=open&place=110102018")
    assert "暴露垃圾" in said(listed)
    assert (
        chief.get(reverse("coordination:campaign-cases", args=[made.pk]) + "?after=²&day=x&state=y").status_code == 200
    )
    book = chief.get(reverse("coordination:campaign-xlsx", args=[made.pk]))
    assert b"".join(book.streaming_content).startswith(b"PK")  # type: ignore[attr-defined]
    assert ready.client("chief-desheng").get(reverse("coordination:campaign", args=[made.pk])).status_code == 404
    edit = reverse("coordination:campaign-edit", args=[made.pk])
    assert chief.post(edit, form | {"version": 1}).status_code == 422  # somebody turned it meanwhile
    assert chief.post(edit, form | {"version": 2, "name": "新名字"}).status_code == 302
    assert (
        chief.post(reverse("coordination:campaign-turn", args=[made.pk]), {"verb": "end", "version": 3}).status_code
        == 302
    )


def test_a_week_is_written_on_its_page(ready: Cast) -> None:
    chief, change = ready.client("chief-niujie"), reverse("coordination:roster-change")
    office, shift = organisations.body_by_code("110102018"), roster.reads.shifts_of("110102018")[0]
    assert office is not None
    slot = {"verb": "put", "division": "110102018", "week": "2026-11-23", "version": 0, "day": "2026-11-24",
            "shift": shift.id, "body": office.id, "telephone": "010-66001234"}  # fmt: skip
    bad = chief.post(change, slot | {"telephone": "13800138000"})
    assert bad.status_code == 422
    assert "13800138000" in said(bad)
    assert chief.post(change, slot).status_code == 302
    assert chief.post(change, slot | {"day": "2026-11-25"}).status_code == 409
    page = said(chief.get(reverse("coordination:roster") + "?division=110102018&week=2026-11-23"))
    assert "没有人值班" in page
    assert "010-66001234" in page
    row = DutySlot.objects.get()
    opened = said(chief.get(reverse("coordination:roster") + f"?division=110102018&week=2026-11-23&slot={row.pk}"))
    assert "取消这一班" in opened
    again = {"division": "110102018", "week": "2026-11-23", "version": 1, "slot": row.pk}
    assert ready.client("handler-niujie").post(change, again | {"verb": "cancel"}).status_code == 403
    assert ready.client("chief-desheng").post(change, again | {"verb": "cancel"}).status_code == 404
    assert chief.post(change, again | {"verb": "copy"}).status_code == 422
    assert chief.post(change, again | {"verb": "cancel"}).status_code == 302
    assert chief.post(change, again | {"verb": "undo", "version": 2}).status_code == 302
    assert chief.get(reverse("coordination:roster") + "?division=999&week=x").status_code == 404
    at = clock.now() + timedelta(days=1)
    with clock.at(at, actor=SYSTEM):
        assert "010-66001234" in said(chief.get(reverse("coordination:on-call") + "?division=110102018"))


def test_the_wall_shows_who_is_on_call_and_what_runs(ready: Cast) -> None:
    chief = ready.client("chief")
    wall = reverse("command:home") + "?wall=1&rotate=duty,campaign"
    assert "现在没有人值班" in said(chief.get(wall))
    plan = campaigns.CampaignPlan("冬季整治", ("01",), ("110102",), clock.today(), clock.today() + timedelta(days=5))
    campaigns.draft_campaign(actor=ready.actor("chief"), plan=plan)
    campaigns.campaigns_take_effect()
    assert "冬季整治" in said(chief.get(wall))
