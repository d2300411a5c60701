"""Recurring problems, campaigns and duty rosters as a district would have them: simulated, by the real actions.

Six places where one class comes back again and again are reported and worked on in the last months; what the rule finds
there goes all the ways that a topic can go.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from linli.coordination.actions.campaigns import CampaignPlan, campaigns_take_effect, draft_campaign
from linli.coordination.actions.roster import NewSlot, copy_week, write_slots
from linli.coordination.actions.topic_finding import find_topics
from linli.coordination.actions.topics import TopicStep, move_topic
from linli.coordination.models import Measure, Topic
from linli.coordination.queries import campaigns as campaign_reads
from linli.coordination.queries import roster as roster_reads
from linli.coordination.queries import topics as reads
from linli.coordination.roster_rules import monday_of
from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM, Actor
from linli.core.errors import Refusal
from linli.organisations import queries as organisations
from linli.response import actions as response
from linli.response.models import Case
from linli.territory import queries as territory

from . import cast, script

SEED = 20261122
NIUJIE, DESHENG, SHICHAHAI = "110102018", "110102010", "110102012"
SANITATION, WORKS, ENFORCEMENT = "110102-sanitation", "110102-urban-management", "110102-enforcement"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place: class, subdistrict, days ago on which something was reported there, how far its topic gets, its owner."""

    code: str
    subdistrict: str
    ago: Sequence[int]
    way: str
    owner: str = SANITATION
    measures: Sequence[str] = ()


SPOTS = (
    Spot("0102", NIUJIE, (84, 82, 80, 77, 75, 74, 71, 30), "cured", SANITATION,
         ("胡同口加装两个带盖垃圾桶", "每天傍晚加清一次")),
    Spot("0102", DESHENG, (68, 65, 64, 61, 60, 58, 20, 9), "checking", SANITATION, ("投放点移到小区北门",)),
    Spot("0103", NIUJIE, (50, 48, 46, 44, 41, 40, 22, 12, 4), "working", WORKS,
         ("查清产权，确定由谁清理", "围挡空地，加装照明")),
    Spot("0501", SHICHAHAI, (40, 38, 35, 33, 31), "dismissed"),
    Spot("0501", NIUJIE, (24, 20, 15, 11, 6, 3), "found"),
    Spot("0104", DESHENG, (26, 21, 17, 9, 5), "found"),
)  # fmt: skip


def play(*, actor: Actor = SYSTEM, seed: int = SEED) -> dict[str, int]:
    """Places, topics, campaigns and rosters. Returns how many of each; nothing where there is a topic already."""
    if Topic.objects.exists() or campaign_reads.campaigns(actor):
        return {}
    chance, people, now = random.Random(seed), cast.cast_for_load(actor=actor), clock.now()
    for spot in SPOTS:
        _report(people, chance, spot, now)
    _topics(people, now)
    return {"topics": Topic.objects.count(), "campaigns": _campaigns(people, now), "slots": _rosters(actor, now)}


# --- cases --------------------------------------------------------------------------------------------------
def _report(people: cast.LoadCast, chance: random.Random, spot: Spot, now: datetime) -> None:
    """The same thing at the same place, again and again; the latest are still being worked on."""
    lon, lat = _place(chance, spot.subdistrict)
    known = [s for s in script.stories()[0] if s.class_code == spot.code]
    for ago in spot.ago:
        text = chance.choice(known).text if known else "又发生了"
        at = now - ago * DAY - timedelta(hours=chance.randint(0, 9), minutes=chance.randint(0, 59))
        with clock.at(at, actor=SYSTEM):
            report = response.Report(
                "web", spot.code, lon + chance.uniform(-3e-4, 3e-4), lat + chance.uniform(-3e-4, 3e-4),
                description=text, simulated=True,
            )  # fmt: skip
            pk = response.report_case(actor=RESIDENT, report=report).matter_id
        if ago > 5:
            _settle(people, pk, at, organisations.body_by_code(spot.owner))


def _place(chance: random.Random, subdistrict: str) -> tuple[float, float]:
    """A point well inside one community of the subdistrict."""
    while True:
        lon, lat = territory.grid_center(chance.choice(territory.grid_codes()))
        here = territory.locate(lon, lat)
        if here is not None and here.community and here.subdistrict == subdistrict:
            return lon, lat


def _settle(people: cast.LoadCast, pk: int, at: datetime, body: organisations.BodyView | None) -> None:
    """Through the chain to its end, within a day."""
    assert body is not None
    case = Case.objects.select_related("matter").get(pk=pk)
    team = people.handler(body.id)
    steps: tuple[tuple[float, Actor, str, dict[str, Any]], ...] = (
        (0.2, people.operator(), "accept", {}),
        (0.5, people.dispatcher(), "dispatch", {"body_id": body.id}),
        (1.0, team, "sign", {}),
        (4.0, team, "feed_back", {"text": "已清理，现场干净。"}),
        (6.0, people.verifier(), "pass", {}),
        (7.0, people.operator(), "close", {}),
    )
    for hours, who, verb, more in steps:
        with clock.at(at + timedelta(hours=hours), actor=SYSTEM):
            try:
                step = response.Step(verb, case.matter.version, **more)  # type: ignore[arg-type]
                response.move_case(actor=who, case=case, step=step)
            except Refusal:  # a step that this class goes without
                continue
    if case.matter.stage == "closed" and case.matter.due_at is not None:
        with clock.at(case.matter.due_at + timedelta(minutes=1), actor=SYSTEM):
            said = {"outcome": "no_contact", "satisfaction": "not_said"}
            step = response.Step("call_back", case.matter.version, **said)  # type: ignore[arg-type]
            response.move_case(actor=people.operator(), case=case, step=step)


# --- topics -------------------------------------------------------------------------------------------------
def _topics(people: cast.LoadCast, now: datetime) -> None:
    for spot in SPOTS:
        with clock.at(_found_at(spot, now), actor=SYSTEM):
            find_topics()
        topic = _of(spot)
        if topic is not None and spot.way != "found":
            _go(people, topic, spot, _found_at(spot, now))
    find_topics()


def _found_at(spot: Spot, now: datetime) -> datetime:
    """When enough had come together: at the fifth or sixth."""
    return now - spot.ago[min(5, len(spot.ago) - 1)] * DAY + timedelta(hours=12)


def _of(spot: Spot) -> Topic | None:
    rows = Topic.objects.filter(class_code=spot.code, matter__subdistrict=spot.subdistrict, matter__stage="found")
    found = rows.order_by("-case_count").first()
    return reads.topic_for(SYSTEM, found.pk) if found else None


def _go(people: cast.LoadCast, topic: Topic, spot: Spot, found_at: datetime) -> None:
    """As far as it gets."""
    chief, body = people.chief(spot.subdistrict), organisations.body_by_code(spot.owner)
    assert body is not None
    if spot.way == "dismissed":
        _step(topic, chief, found_at + DAY, TopicStep("dismiss", 1, "旁边工地施工引起，已经完工。"))
        return
    owner, day = people.handler(body.id), clock.local(found_at + DAY).date()
    adopt = TopicStep("adopt", 1, "请一个月内见效。", body.id, day + timedelta(days=45))
    _step(topic, chief, found_at + DAY, adopt)
    for n, words in enumerate(spot.measures):
        due = day + timedelta(days=7 * (n + 1))
        _step(topic, owner, found_at + (2 + n) * DAY, TopicStep("plan_measure", 1, words, body.id, due))
    planned = list(Measure.objects.filter(topic=topic).order_by("pk"))
    for n, measure in enumerate(planned if spot.way != "working" else planned[:1]):
        done = TopicStep("do_measure", 1, "已按计划完成。", measure_id=measure.pk)
        _step(topic, owner, found_at + (6 + 4 * n) * DAY, done)
    if spot.way == "working":
        return
    _step(topic, owner, found_at + 14 * DAY, TopicStep("hand_in", 1, "措施都已落实，现场保持干净。"))
    if spot.way == "cured":
        _step(topic, chief, found_at + 34 * DAY, TopicStep("cure", 1, "近一个月只有零星反映。"))


def _step(topic: Topic, actor: Actor, at: datetime, step: TopicStep) -> None:
    with clock.at(at, actor=SYSTEM):
        seen = TopicStep(step.verb, topic.matter.version, step.text, step.body_id, step.day, step.measure_id)
        move_topic(actor=actor, topic=topic, step=seen)


# --- campaigns and rosters --------------------------------------------------------------------------------------
def _campaigns(people: cast.LoadCast, now: datetime) -> int:
    """One of the whole district that runs, one of a subdistrict that is over."""
    today = clock.local(now).date()
    works = organisations.body_by_code(WORKS)
    plans = (
        (20, people.chief(), CampaignPlan(
            "冬季市容环境整治", ("01",), (cast.DISTRICT,), today - timedelta(days=18), today + timedelta(days=24),
            "Winter street environment", "主要街巷没有暴露垃圾和乱堆物料。", works.id if works else None, True)),
        (62, people.chief(NIUJIE), CampaignPlan(
            "牛街街面秩序月", ("05",), (NIUJIE,), today - timedelta(days=60), today - timedelta(days=31),
            "Niujie street order month", "店外经营和游商明显减少。", None, True)),
    )  # fmt: skip
    for ago, who, plan in plans:
        with clock.at(now - ago * DAY, actor=SYSTEM):
            draft_campaign(actor=who, plan=plan)
    campaigns_take_effect()
    return len(plans)


def _rosters(actor: Actor, now: datetime) -> int:
    """This week and the next, of the district and of Niujie; one night has nobody, as it happens."""
    monday, made = monday_of(clock.local(now).date()), 0
    wanted = {
        cast.DISTRICT: ((WORKS, "010-0000 6601"), (SANITATION, "010-0000 6602"), (ENFORCEMENT, "010-0000 6603")),
        NIUJIE: ((NIUJIE, "010-0000 1801"), (f"{NIUJIE}-grid", "010-0000 1802")),
    }
    for division, bodies in wanted.items():
        known = [(b.id, tel) for code, tel in bodies if (b := organisations.body_by_code(code)) is not None]
        shifts = roster_reads.shifts_of(division)
        slots = []
        for n in range(7):
            for k, shift in enumerate(shifts):
                if (n, k) == (6, len(shifts) - 1):
                    continue
                on = known if k == 0 else known[(n + k) % len(known) :][:1]
                slots += [NewSlot(monday + n * DAY, shift.id, body, tel, None, True) for body, tel in on]
        write_slots(actor=actor, division=division, slots=slots)
        version = roster_reads.week(actor, division, monday + 7 * DAY).version
        made += len(slots) + copy_week(actor=actor, division=division, monday=monday + 7 * DAY, version=version)
    return made
