"""Acting together, looked at with hostile eyes: words of others, own work judged, things sent twice, numbers without end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.urls import reverse

from linli.config import wiring
from linli.coordination.actions import campaigns, roster, topic_finding, topics
from linli.coordination.actions.topic_rules import load_topic_rules
from linli.coordination.actions.upkeep import erase_old_call_texts
from linli.coordination.models import Campaign, DutySlot, Topic
from linli.coordination.queries import meetings, points, topic_rules
from linli.coordination.queries import roster as duty
from linli.coordination.roster_rules import telephone_problem, tidy_telephone
from linli.coordination.rules import TOPIC
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Forbidden, Invalid
from linli.flow import queries as flow
from linli.flow import relay
from linli.flow.models import Journal
from linli.territory import queries as territory
from linli.testing.fixtures import Cast
from linli.workbench import queries as workbench

from .stories import body, call, failed, items, matter, meeting, press, step
from .test_roster import MONDAY, NIUJIE, put, version
from .test_roster import NOW as ROSTER_NOW

pytestmark = pytest.mark.django_db


def both(one: Actor, other: Actor) -> Actor:
    """One person with the posts of two."""
    return replace(one, posts=(*one.posts, *other.posts))


# --- what was said, to whom ----------------------------------------------------------------------------------------
def decided(cast: Cast) -> int:
    """A consultation with a decision about Niujie, led by the commission, and one about Desheng."""
    chief, here, there = cast.actor("chief"), failed(cast), failed(cast, who="chief-desheng", at=(116.3745, 39.9535))
    pk = meeting(cast)
    press(chief, pk, "list_item", summons_id=here)
    press(chief, pk, "list_item", summons_id=there)
    press(chief, pk, "hold")
    day = clock.today() + timedelta(days=10)
    for item in items(pk):
        lead = body("urban-management")
        press(chief, pk, "decide_item", item_id=item.pk, text=f"秘密{item.order}", body_id=lead, due_on=day)
    press(chief, pk, "note", text="会上的秘密")
    return pk


def test_a_second_post_opens_the_words_of_its_own_items_only(district: Cast) -> None:
    pk = decided(district)
    chief = meetings.meeting(district.actor("chief"), pk)
    assert [i.words for i in chief.items] == ["秘密1", "秘密2"] and any(t.texts for t in chief.told)
    auditor, stranger = district.actor("auditor"), district.actor("handler-landscaping")
    seen = meetings.meeting(both(auditor, stranger), pk)
    assert len(seen.items) == 2, "an auditor sees the whole agenda"
    assert [(i.words, i.why, i.done_words) for i in seen.items] == [("", "", "")] * 2, "no body of his is concerned"
    assert not any(t.texts for t in seen.told)
    local = both(auditor, district.actor("chief-niujie"))
    assert [i.words for i in meetings.meeting(local, pk).items] == ["秘密1", ""], "a chief of Niujie"
    assert not any(t.texts for t in meetings.meeting(local, pk).told)
    called = both(auditor, district.actor("handler-enforcement"))
    assert [i.words for i in meetings.meeting(called, pk).items] == ["秘密1", "秘密2"]
    assert [i.words for i in meetings.meeting(district.actor("chief-niujie"), pk).items] == ["秘密1"]


def test_who_serves_the_body_does_not_say_that_it_is_done(district: Cast) -> None:
    pk, chief = decided(district), district.actor("chief")
    one = items(pk)[0]
    lead = next(p for p in district.actor("handler-enforcement").posts if p.body_id)
    for served in (body("urban-management"), body("enforcement")):
        own = replace(chief, posts=(*chief.posts, replace(lead, body_id=served)))
        with pytest.raises(Forbidden) as refused:
            press(own, pk, "do_item", item_id=one.pk, text="我们做完了")
        assert refused.value.code == "own_body" and matter(one.subject_id or 0).stage == "following"
        with pytest.raises(Forbidden):
            press(replace(chief, serves=frozenset({served})), pk, "do_item", item_id=one.pk, text="我们做完了")
    press(chief, pk, "do_item", item_id=one.pk, text="已核实")
    assert matter(one.subject_id or 0).stage == "settled"


def test_words_of_a_topic_go_when_those_of_a_case_do(district: Cast) -> None:
    load_topic_rules(actor=SYSTEM)
    chief = district.actor("chief-niujie")
    wanted = topic_finding.NewTopic("0102", topic_rules.rules()[0].id, 116.3596, 39.8862)
    made = topic_finding.raise_topic(actor=chief, wanted=wanted)
    topics.move_topic(actor=chief, topic=made, step=topics.TopicStep("dismiss", 1, "王五的店已搬走"))
    assert erase_old_call_texts() == 0
    with clock.at(clock.now() + timedelta(days=4000), actor=SYSTEM):
        assert erase_old_call_texts() == 1
    lines = flow.history(Topic.objects.get().matter, TOPIC, personal=True)
    assert [bool(line.personal) for line in lines] == [False] * len(lines) and any(line.erased for line in lines)


# --- what waits, what is told, where it lies -----------------------------------------------------------------------
def test_a_decision_waits_for_the_body_that_leads_it(district: Cast) -> None:
    wiring.wire()
    pk = decided(district)
    lead = replace(district.actor("handler-enforcement"), id=999, posts=())
    post = next(p for p in district.actor("handler-enforcement").posts if p.body_id)
    lead = replace(lead, posts=(replace(post, body_id=body("urban-management")),))

    def waits(actor: Actor) -> list[Any]:
        found = [workbench.inbox(actor, tab).rows for tab in workbench.TABS]
        return [row.line for rows in found for row in rows if row.id == pk]

    (line,) = waits(lead)
    assert line.asked == "请落实议定事项" and clock.local(line.due_at).date() == clock.today() + timedelta(days=10)
    assert not waits(district.actor("handler-landscaping")) and not waits(district.actor("handler-enforcement"))
    assert [line.asked for line in waits(district.actor("chief"))] == [""]
    for item in items(pk):
        press(district.actor("chief"), pk, "do_item", item_id=item.pk, text="已核实")
    assert not waits(lead)


def test_a_summons_tells_its_news_to_who_sees_it(district: Cast) -> None:
    one = call(district)
    relay.stamp()
    after = flow.position()
    step(district.actor("handler-enforcement"), one, "sign", code="enforcement")
    relay.stamp()
    scope = f"summons:{one}"
    for who in ("chief-niujie", "handler-landscaping", "auditor"):
        assert wiring.news(district.actor(who), scope, after) == {"position": after + 1, "ids": [one]}, who
    for who in ("chief-desheng", "handler-sanitation"):
        assert wiring.news(district.actor(who), scope, after)["ids"] == [], who
    assert wiring.news(district.actor("chief-niujie"), "summons:999999", after)["ids"] == []
    assert wiring.news(district.actor("chief-niujie"), scope, 10**30)["ids"] == []


def test_summons_and_topics_say_where_they_lie(district: Cast) -> None:
    load_topic_rules(actor=SYSTEM)
    one, chief, rule = call(district), district.actor("chief-niujie"), topic_rules.rules()[0].id
    round_ = topic_finding.raise_topic(actor=chief, wanted=topic_finding.NewTopic("0102", rule, 116.3596, 39.8862))
    home = next(d.code for d in territory.divisions(12, NIUJIE))
    whole = topic_finding.raise_topic(actor=chief, wanted=topic_finding.NewTopic("0102", rule, community=home))
    lon, lat = points.of_summons(np.array([10**9, one, round_.pk]))
    assert np.isnan(lon[[0, 2]]).all() and (lon[1], lat[1]) == (116.3596, 39.8862)
    lon, _lat = points.of_topics(np.array([whole.pk, round_.pk, one]))
    assert np.isnan(lon[[0, 2]]).all() and lon[1] == 116.3596


# --- the roster ----------------------------------------------------------------------------------------------------
@pytest.fixture
def kept(district: Cast) -> Iterator[Cast]:
    roster.load_shifts(actor=SYSTEM)
    with clock.at(ROSTER_NOW, actor=SYSTEM):
        yield district


@pytest.mark.parametrize(
    "number",
    ["13800138000转1", "138-0013-8000 转 12", "013800138000", "0086 13800138000", "(138)00138000-1", "１３８００１３８０００", "13800138000x9"],
)  # fmt: skip
def test_a_private_number_stays_private_however_it_is_written(number: str) -> None:
    assert telephone_problem(tidy_telephone(number))


@pytest.mark.parametrize(
    "number", ["010-66001234", "010-66001234转8001", "+86 10 6600 1234", "66001234-801", "12345", "96156"]
)
def test_a_desk_keeps_its_number(number: str) -> None:
    assert not telephone_problem(tidy_telephone(number))


def test_what_is_long_past_is_not_undone(kept: Cast) -> None:
    chief = kept.actor("chief-niujie")
    put(kept, telephone="010-66001234")
    with clock.at(ROSTER_NOW + timedelta(days=30), actor=SYSTEM):
        with pytest.raises(Invalid) as refused:
            roster.undo_week(actor=chief, division=NIUJIE, monday=MONDAY, version=version())
        assert refused.value.code == "bad_day" and DutySlot.objects.get().state == "on"
    roster.undo_week(actor=chief, division=NIUJIE, monday=MONDAY, version=version())
    assert DutySlot.objects.get().state == "cancelled"


# --- sent twice, without end ---------------------------------------------------------------------------------------
def plan(**more: Any) -> campaigns.CampaignPlan:
    today = clock.today()
    return campaigns.CampaignPlan(**{"name": "冬季整治", "classes": ("01",), "divisions": (NIUJIE,), "first_day": today,
                                     "last_day": today + timedelta(days=5), **more})  # fmt: skip


def test_a_campaign_sent_twice_is_one(district: Cast) -> None:
    chief = district.actor("chief-niujie")
    one = campaigns.draft_campaign(actor=chief, plan=plan())
    assert campaigns.draft_campaign(actor=chief, plan=plan()).pk == one.pk
    assert campaigns.draft_campaign(actor=district.actor("chief"), plan=plan()).pk != one.pk, "another chief means it"
    assert campaigns.draft_campaign(actor=chief, plan=plan(aim="另一个")).pk != one.pk
    campaigns.cancel_campaign(actor=chief, campaign_id=one.pk, version=1)
    assert campaigns.draft_campaign(actor=chief, plan=plan()).pk != one.pk, "what was let go may be planned again"


@pytest.mark.parametrize("number", [2**31 - 1, 2**31, 2**63 - 1, 2**63, 10**30, -1])
def test_versions_without_end_are_refused(district: Cast, number: int) -> None:
    load_topic_rules(actor=SYSTEM)
    roster.load_shifts(actor=SYSTEM)
    client, chief = district.client("chief-niujie"), district.actor("chief-niujie")
    made = campaigns.draft_campaign(actor=chief, plan=plan())
    data = {"name": "x", "classes": ["01"], "divisions": [NIUJIE], "first_day": f"{clock.today()}",
            "last_day": f"{clock.today()}", "aim": "", "body": "", "version": number}  # fmt: skip
    assert client.post(reverse("coordination:campaign-edit", args=[made.pk]), data).status_code == 422
    wanted = topic_finding.NewTopic("0102", topic_rules.rules()[0].id, 116.3596, 39.8862)
    topic = topic_finding.raise_topic(actor=chief, wanted=wanted)
    step = {"verb": "dismiss", "version": number, "text": "x", "measure": number}
    assert client.post(reverse("coordination:topic-move", args=[topic.pk]), step).status_code in (409, 422)
    office = next(b for b in duty.bodies_for(NIUJIE))
    shift = duty.shifts_of(NIUJIE)[0]
    slot = {"verb": "put", "division": NIUJIE, "version": number, "day": f"{clock.today()}", "shift": shift.id,
            "body": office.id, "telephone": ""}  # fmt: skip
    change = reverse("coordination:roster-change")
    assert client.post(change, slot).status_code in (409, 422)
    assert client.post(change, slot | {"shift": number}).status_code in (409, 422)
    for verb in ("copy", "undo", "cancel", "swap"):
        answer = client.post(
            change, {"verb": verb, "division": NIUJIE, "version": number, "slot": number, "other": number}
        )
        assert answer.status_code in (404, 409, 422), verb
    assert not DutySlot.objects.exists() and Campaign.objects.get().version == 1


LONG = "邻" * 100_000
ODD = ["\0", "a\0b", "\u202e起", "²", "-1", "1e9", "9" * 400, "<script>alert(1)</script>", "=1+1", "%00", "'; --", LONG]
LISTS = (
    "summonses",
    "summons-statistics",
    "consultations",
    "decisions",
    "topics",
    "campaigns",
    "roster",
    "on-call",
    "summons-new",
    "topic-new",
)


@pytest.mark.parametrize("odd", ODD, ids=lambda o: repr(o[:12]))
def test_odd_addresses_are_answered(district: Cast, odd: str) -> None:
    load_topic_rules(actor=SYSTEM)
    client = district.client("chief-niujie")
    names = ("stage", "tab", "view", "subdistrict", "body", "part", "since", "until", "after", "which", "top", "overdue",
             "division", "week", "add", "slot", "case", "lon", "lat", "state")  # fmt: skip
    for name in LISTS:
        answer = client.get(reverse(f"coordination:{name}"), dict.fromkeys(names, odd))
        assert answer.status_code in (200, 404, 422), name
        assert b"<script>alert" not in answer.content
    for name in ("summons-new", "topic-new", "campaign-new", "roster-change"):
        fields = ("kind", "lon", "lat", "question", "body_0", "due_0", "mode_0", "case", "client_key", "pick", "place_q", "verb",
                  "class_code", "rule", "community", "days", "name", "aim", "classes", "divisions", "first_day", "last_day",
                  "body", "version", "division", "week", "slot", "other", "day", "shift", "telephone", "account")  # fmt: skip
        answer = client.post(reverse(f"coordination:{name}"), dict.fromkeys(fields, odd))
        assert 400 <= answer.status_code < 500, name
        assert b"<script>alert" not in answer.content


@pytest.mark.parametrize("odd", ODD, ids=lambda o: repr(o[:12]))
def test_odd_steps_are_refused(district: Cast, odd: str) -> None:
    chief = district.client("chief")
    one, pk = call(district), meeting(district)
    fields = ("version", "seq", "body", "text", "item", "summons", "order", "due_on", "meets_at", "venue", "title")
    for verb in ("sign", "arrive", "answer", "release", "settle", "fail", "withdraw", "note"):
        answer = chief.post(reverse("coordination:summons-move", args=[one, verb]), dict.fromkeys(fields, odd))
        assert 400 <= answer.status_code < 500, verb
    for verb in ("list_item", "drop_item", "reorder", "reschedule", "hold", "cancel", "note", "decide_item", "do_item"):
        answer = chief.post(reverse("coordination:consultation-press", args=[pk, verb]), dict.fromkeys(fields, odd))
        assert 400 <= answer.status_code < 500, verb
    assert Journal.objects.filter(matter_id__in=(one, pk)).count() == 2


def test_no_page_of_another_subdistrict_opens(district: Cast) -> None:
    load_topic_rules(actor=SYSTEM)
    one, stranger = call(district), district.client("chief-desheng")
    wanted = topic_finding.NewTopic("0102", topic_rules.rules()[0].id, 116.3596, 39.8862)
    topic = topic_finding.raise_topic(actor=district.actor("chief-niujie"), wanted=wanted)
    made = campaigns.draft_campaign(actor=district.actor("chief-niujie"), plan=plan())
    pk = meeting(district)
    for name, key in (("summons", one), ("summons-sheet", one), ("topic", topic.pk), ("campaign", made.pk), ("campaign-edit", made.pk),
                      ("campaign-cases", made.pk), ("campaign-xlsx", made.pk), ("consultation", pk), ("consultation-agenda", pk)):  # fmt: skip
        assert stranger.get(reverse(f"coordination:{name}", args=[key])).status_code == 404, name
    for name, one_of, key in (
        ("summonses", "summons", one),
        ("topics", "topic", topic.pk),
        ("campaigns", "campaign", made.pk),
    ):
        page = stranger.get(reverse(f"coordination:{name}"), {"tab": "all", "subdistrict": NIUJIE, "view": "body"})
        assert reverse(f"coordination:{one_of}", args=[key]) not in page.content.decode(), name
    step(district.actor("chief-niujie"), one, "withdraw", text="x")
