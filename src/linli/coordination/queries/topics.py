"""Reads of topics: lists in the actor's scope, one with its cases and measures, what may be pressed, the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import Decision, no
from linli.core.errors import Missing
from linli.flow import queries as flow
from linli.flow.queries import Line
from linli.flow.rules import Move
from linli.response import queries as response
from linli.response.queries.recurring import Part, counted

from .. import permissions
from ..models import Measure, Topic, TopicCase
from ..rules import TOPIC
from .calls import can_read_words

VIEWS = ("area", "body")
CHIEF_VERBS = frozenset({"adopt", "dismiss", "change_owner"})
OWNER_VERBS = frozenset({"plan_measure", "drop_measure", "hand_in"})
ASSESSING = frozenset({"send_back", "cure"})
SHARE_DAYS = 90
LISTED = 50
SHOWN_CASES = 500


def division_of(topic: Topic) -> str:
    """The division whose chief steers it."""
    return topic.matter.subdistrict or topic.matter.area


def bodies_of(topic: Topic) -> frozenset[int]:
    """Its owner and the bodies of its measures (1 SQL)."""
    named = set(Measure.objects.filter(topic_id=topic.pk).values_list("body_id", flat=True))
    return frozenset(named | ({topic.matter.body_id} if topic.matter.body_id else set()))


def topic_for(actor: Actor, topic_id: int) -> Topic:
    """A topic in the actor's scope. Raises Missing."""
    found = Topic.objects.select_related("matter", "rule").filter(pk=topic_id).first()
    if found is None or not permissions.can_see(actor, division_of(found), bodies_of(found)):
        raise Missing("no_such_topic", _("没有这个专题，或它不在您的辖区。"))
    return found


def may(actor: Actor, topic: Topic, verb: str, measure_id: int | None = None) -> Decision:
    """Whether this actor may take this step with this topic; the stage is not asked."""
    division = division_of(topic)
    if verb in CHIEF_VERBS:
        return permissions.can_steer_topic(actor, division)
    if verb in ASSESSING:
        return permissions.can_assess_topic(actor, division, bodies_of(topic))
    if verb in OWNER_VERBS:
        return permissions.can_work_topic(actor, topic.matter.body_id)
    if verb == "do_measure":
        body = Measure.objects.filter(topic=topic, pk=measure_id or 0).values_list("body_id", flat=True).first()
        return permissions.can_do_measure(actor, topic.matter.body_id, body or 0)
    if verb == "note":
        return permissions.can_note_topic(actor, division, bodies_of(topic))
    return no("unknown_verb", _("这类事项没有这个动作。"))


def options_for(actor: Actor, topic: Topic) -> list[tuple[Move, Decision]]:
    """The steps of this stage that people take, in table order; those of a single measure stand beside the measure."""
    hidden = {"grow", "do_measure", "drop_measure"}
    return [(m, may(actor, topic, m.verb)) for m in TOPIC.verbs_from(topic.matter.stage) if m.verb not in hidden]


# --- lists ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class TopicFilter:
    """What the address bar says. Empty means all."""

    stage: str = ""
    top: str = ""
    subdistrict: str = ""
    overdue: str = ""
    open: str = ""
    view: str = ""

    @classmethod
    def from_mapping(cls, data: Mapping[str, str]) -> TopicFilter:
        """From query parameters; unknown values are left out."""
        known = {n: str(data.get(n, "")).replace("\0", "").strip()[:24] for n in cls.__dataclass_fields__}
        known["stage"] = known["stage"] if known["stage"] in TOPIC.stages else ""
        known["view"] = known["view"] if known["view"] in VIEWS else ""
        return cls(**known)

    def as_query(self) -> dict[str, str]:
        """The parameters that say something, for links."""
        return {n: v for n in self.__dataclass_fields__ if (v := getattr(self, n))}


def view_of(actor: Actor, wanted: TopicFilter) -> str:
    """Which of the two lists: of the area, of the body. Who watches no division sees those of the body."""
    watches = actor.kind == "system" or actor.holds(permissions.WATCH_KINDS)
    return "body" if wanted.view == "body" or not watches else "area"


def scope(actor: Actor, rows: QuerySet[Topic], view: str) -> QuerySet[Topic]:
    """The topics of the actor's divisions, or (body) those that the actor's bodies own or have measures in."""
    if actor.kind == "system":
        return rows
    if view == "body":
        bodies = actor.bodies(permissions.BODY_KINDS)
        measured = Measure.objects.filter(body_id__in=bodies).values("topic_id")
        return rows.filter(Q(matter__body_id__in=bodies) | Q(pk__in=measured))
    divisions = {p.division for p in actor.posts if p.kind in permissions.WATCH_KINDS and p.division}
    if not divisions:
        return rows.none()
    where = flow.in_area(divisions, "matter__")
    return rows if where is None else rows.filter(where)


def topics(actor: Actor, wanted: TopicFilter, *, after: int = 0, limit: int = LISTED) -> tuple[list[Topic], int]:
    """A page of topics, the newest first, and the id to go on with (0: no more)."""
    rows = scope(actor, Topic.objects.select_related("matter", "rule"), view_of(actor, wanted))
    if wanted.stage:
        rows = rows.filter(matter__stage=wanted.stage)
    if wanted.open:
        rows = rows.filter(matter__ended_at=None)
    if wanted.subdistrict:
        rows = rows.filter(matter__subdistrict=wanted.subdistrict)
    if wanted.top:
        codes = [v.code for v in response.classes() if v.top_code == wanted.top]
        rows = rows.filter(class_code__in=codes)
    if wanted.overdue:
        rows = rows.filter(matter__stage="working", target_on__lt=clock.today())
    if after:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: limit + 1])
    return found[:limit], found[limit - 1].pk if len(found) > limit else 0


def open_topics(actor: Actor, limit: int = 20) -> list[Topic]:
    """What is being worked on in the actor's divisions, the soonest target first: for boards and agendas."""
    rows = scope(actor, Topic.objects.select_related("matter", "rule"), "area").filter(matter__ended_at=None)
    return list(rows.order_by("target_on", "pk")[:limit])


def topics_by_id(ids: Iterable[int]) -> dict[int, Topic]:
    """Topics that a list of matters has found already (1 SQL)."""
    return {t.pk: t for t in Topic.objects.select_related("matter").filter(pk__in=list(ids))}


# --- one ------------------------------------------------------------------------------------------------
def measures(topic: Topic) -> list[Measure]:
    """Its measures, in the order in which they were planned."""
    return list(Measure.objects.filter(topic_id=topic.pk).order_by("pk"))


@dataclass(frozen=True, slots=True)
class TopicCases:
    """The cases of a topic that the actor may see, newest first, and how many lie out of sight."""

    rows: list[Any]
    hidden: int


def cases_of(actor: Actor, topic: Topic) -> TopicCases:
    """At most 500 of its cases, the newest, as far as this actor may see them."""
    ids = list(TopicCase.objects.filter(topic_id=topic.pk).order_by("-matter_id").values_list("matter_id", flat=True))
    seen = {
        c.pk: c
        for view in VIEWS  # of the divisions and of the bodies: two lists, never an OR
        for c in response.cases(actor, response.CaseFilter(view=view)).filter(pk__in=ids[:SHOWN_CASES])
    }
    return TopicCases([seen[pk] for pk in ids if pk in seen], len(ids) - len(seen))


def history(actor: Actor, topic: Topic) -> list[Line]:
    """The whole journal of a topic; its words are for the chiefs of the place and the bodies that it names."""
    return flow.history(topic.matter, TOPIC, personal=can_read_words(actor, division_of(topic), bodies_of(topic)))


def topic_of_case(actor: Actor, case_id: int) -> Topic | None:
    """The topic that this case belongs to, the open one first, if the actor may see it."""
    held = TopicCase.objects.filter(matter_id=case_id).order_by("-open", "-topic_id")
    for topic_id in held.values_list("topic_id", flat=True)[:3]:
        try:
            return topic_for(actor, topic_id)
        except Missing:
            continue
    return None


# --- numbers --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class TopicNumbers:
    """By stage; of the last 90 days the cases, and how many of them belong to a topic that was not dismissed."""

    stages: Mapping[str, int]
    overdue: int
    cases: int
    in_topics: int
    days: int

    @property
    def open(self) -> int:
        return sum(n for stage, n in self.stages.items() if stage not in TOPIC.ends)


def numbers(actor: Actor, view: str) -> TopicNumbers:
    """How many topics stand where in the actor's list, and what share of cases they gather (3 to 4 SQL)."""
    rows = scope(actor, Topic.objects.all(), view)
    stages = dict(rows.values_list("matter__stage").annotate(Count("pk")).order_by())
    overdue = rows.filter(matter__stage="working", target_on__lt=clock.today()).count()
    since, until = clock.now() - timedelta(days=SHARE_DAYS), clock.now() + timedelta(seconds=1)
    every = held = 0
    if view == "area":
        every = sum(c.opened for c in counted(actor, Part(since, until)))
        mine: Any = TopicCase.objects.filter(topic__in=rows.exclude(matter__stage="dismissed").values("pk"))
        mine = mine.filter(matter__opened_at__gte=since, matter__opened_at__lt=until)
        held = mine.values("matter_id").distinct().count()
    return TopicNumbers(stages, overdue, every, held, SHARE_DAYS)


def class_names(found: Sequence[Topic]) -> dict[str, str]:
    """The classes of topics in the reader's language, by code."""
    known = {t.class_code for t in found}
    return {code: view.name if (view := response.class_by_code(code)) else code for code in known}
