"""Consultations: the list, one agenda as far as the actor may see it, what is proposed, decisions that are followed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.flow import queries as flow
from linli.flow.models import Matter
from linli.organisations import queries as organisations
from linli.territory import queries as territory
from linli.vault import names

from .. import permissions
from ..choices import DecisionState, ItemSource
from ..models import AgendaItem, Consultation, SummonsAnswer
from ..rules import CONSULTATION, SUMMONS
from .calls import end_of, number_of, own_bodies
from .story import Told, tell
from .summonses import Row, rows_of

FOLLOW = ("overdue", "open", "done", "all")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of an agenda as this actor may see it."""

    row: AgendaItem
    source: Any
    state: Any
    place: str
    number: str
    body: str
    words: str  # of the decision, of the deferral, of the rejection
    done_words: str
    why: str  # why the summons was proposed
    overdue: bool
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """A consultation. `partial`: the actor sees some of its items only."""

    consultation: Consultation
    matter: Matter
    number: str
    stage: Any
    items: list[Item]
    partial: bool
    total: int
    told: list[Told]
    convenes: bool


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """A consultation in the list."""

    id: int
    number: str
    meets_at: datetime
    venue: str
    stage: str
    stage_label: Any
    simulated: bool
    items: int
    open: int
    overdue: int


def sees_all(actor: Actor) -> bool:
    """Posts of the whole district read every consultation."""
    return actor.kind == "system" or actor.holds(permissions.WATCH_KINDS, territory.district().code)


def _visible(actor: Actor) -> Q | None:
    """The condition on items for an actor who does not see all: of the own subdistricts, led by an own body, or about
    a summons that called one; None where everything is seen."""
    if sees_all(actor):
        return None
    divisions = {p.division for p in actor.posts if p.kind in permissions.WATCH_KINDS and len(p.division) == 9}
    bodies = own_bodies(actor)
    called = SummonsAnswer.objects.filter(body_id__in=bodies).values("summons_id")
    return Q(subject__subdistrict__in=divisions) | Q(body_id__in=bodies) | Q(subject_id__in=called)


def _items(actor: Actor) -> QuerySet[AgendaItem]:
    condition = _visible(actor)
    rows = AgendaItem.objects.all()
    return rows if condition is None else rows.filter(condition)


def meetings(
    actor: Actor, *, stage: str = "", limit: int = 100, ids: Collection[int] | None = None
) -> list[MeetingRow]:
    """Consultations that the actor sees, the latest meeting first (2 SQL). `ids`: of these."""
    rows = Consultation.objects.select_related("matter").order_by("-meets_at", "-pk")
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    if not sees_all(actor):
        rows = rows.filter(pk__in=_items(actor).values("consultation_id"))
    if stage in CONSULTATION.stages:
        rows = rows.filter(matter__stage=stage)
    found = list(rows[:limit])
    open_items = Q(state__in=(DecisionState.LISTED, DecisionState.DECIDED))
    late = Q(state=DecisionState.DECIDED, due_on__lt=clock.today())
    counted = _items(actor).filter(consultation__in=found).order_by().values_list("consultation_id")
    counts = {
        pk: rest
        for pk, *rest in counted.annotate(n=Count("pk"), o=Count("pk", filter=open_items), d=Count("pk", filter=late))
    }
    return [_meeting_row(c, counts.get(c.pk, [0, 0, 0])) for c in found]


def _meeting_row(c: Consultation, counts: list[int]) -> MeetingRow:
    m = c.matter
    return MeetingRow(
        c.pk, meeting_number(m), c.meets_at, c.venue, m.stage, CONSULTATION.stages[m.stage].label, m.simulated, *counts
    )


def meeting_number(matter: Matter) -> str:
    """As D261124-0077."""
    return "D" + number_of(matter)[1:]


def meeting(actor: Actor, consultation_id: int) -> Meeting:
    """One consultation with the items that the actor sees. Raises Missing where there is none of them."""
    found = Consultation.objects.select_related("matter").filter(pk=consultation_id).first()
    rows = list(_items(actor).filter(consultation_id=consultation_id).order_by("order").select_related("subject"))
    if found is None or not (rows or sees_all(actor)):
        raise Missing("no_such_consultation", _("没有这次共商。"))
    everything = sees_all(actor)
    words = _reads_all(actor)
    readable = {i.pk for i in rows} if words else _readable(actor, rows)
    lines = flow.history(found.matter, CONSULTATION, personal=words or bool(readable))
    called = names.of({line.actor for line in lines})
    total = len(rows) if everything else AgendaItem.objects.filter(consultation=found).count()
    return Meeting(
        consultation=found,
        matter=found.matter,
        number=meeting_number(found.matter),
        stage=CONSULTATION.stages[found.matter.stage],
        items=_shown(rows, lines, readable),
        partial=len(rows) < total,
        total=total,
        # the journal speaks of every item: who sees some only is shown none of it
        told=tell(_bare(lines, words), CONSULTATION, words=words, called=called) if everything else [],
        convenes=bool(permissions.can_convene(actor)),
    )


def _reads_all(actor: Actor) -> bool:
    """Chiefs of the whole district read whatever was said."""
    district = territory.district().code
    return actor.kind == "system" or (actor.kind == "person" and actor.holds(permissions.CHIEF_KINDS, district))


def _readable(actor: Actor, rows: list[AgendaItem]) -> set[int]:
    """The items whose words are for this actor: of a chief's own subdistrict, led by an own body, or about a summons
    that called one. What is seen by another post is seen without its words (1 SQL).
    """
    bodies, subjects = own_bodies(actor), [i.subject_id for i in rows if i.subject_id]
    called = set(
        SummonsAnswer.objects.filter(body_id__in=bodies, summons_id__in=subjects).values_list("summons_id", flat=True)
    )
    chief = [i.pk for i in rows if i.subject and actor.holds(permissions.CHIEF_KINDS, i.subject.subdistrict)]
    return {i.pk for i in rows if i.body_id in bodies or i.subject_id in called} | set(
        chief if actor.kind == "person" else ()
    )


def _bare(lines: list[flow.Line], words: bool) -> list[flow.Line]:
    return lines if words else [replace(line, personal={}) for line in lines]


def _shown(rows: list[AgendaItem], lines: Iterable[flow.Line], readable: set[int]) -> list[Item]:
    by_seq = {line.seq: line for line in lines}
    done = {line.facts.get("item"): line for line in by_seq.values() if line.verb == "do_item"}
    read = [i for i in rows if i.pk in readable]
    subjects = [i.subject for i in read if i.subject is not None and i.source == ItemSource.SUMMONS]
    reasons = flow.last_personal(subjects, "fail") if subjects else {}
    return [_item(i, by_seq.get(i.decided_seq or 0), done.get(i.pk), reasons, i.pk in readable) for i in rows]


def _item(i: AgendaItem, line: Any, done: Any, reasons: Mapping[int, Mapping[str, Any]], words: bool) -> Item:
    said = line.personal if line and words else {}
    return Item(
        row=i,
        source=ItemSource(i.source).label,
        state=DecisionState(i.state).label,
        place=territory.division_name(i.subject.subdistrict, short=True) if i.subject else "",
        number=number_of(i.subject) if i.subject and i.source == ItemSource.SUMMONS else "",
        body=organisations.body_name(i.body_id),
        words=str(said.get("result") or said.get("reason") or ""),
        done_words=str(done.personal.get("result", "")) if done and words else "",
        why=str(reasons.get(i.subject_id or 0, {}).get("reason", "")),
        overdue=i.state == DecisionState.DECIDED and i.due_on is not None and i.due_on < clock.today(),
        erased=bool(line and line.erased),
    )


@dataclass(frozen=True, slots=True)
class Proposed:
    """A summons that failed and waits for an agenda."""

    row: Row
    why: str
    times: int


def proposed(actor: Actor) -> list[Proposed]:
    """What waits for the next agenda, the oldest first; for the chief who convenes (3 SQL)."""
    if not permissions.can_convene(actor):
        return []
    rows = Matter.objects.filter(kind=SUMMONS.kind, ended_at=None, stage="failed").select_related("summons__kind")
    found = list(rows.order_by("stage_started_at", "pk")[:50])
    reasons = flow.last_personal(found, "fail") if found else {}
    times = {m.pk: m.summons.failures for m in found}  # type: ignore[attr-defined]
    return [Proposed(r, str(reasons.get(r.id, {}).get("reason", "")), times[r.id]) for r in rows_of(found)]


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that is followed up."""

    item: AgendaItem
    body: str
    place: str
    meeting: int
    number: str
    meets_at: datetime
    overdue: bool
    late_days: int
    simulated: bool


def decisions(actor: Actor, which: str = "overdue", body: str = "", limit: int = 200) -> list[Decision]:
    """What was decided, by when it is due, the most urgent first (1 SQL)."""
    rows = _items(actor).filter(state__in=(DecisionState.DECIDED, DecisionState.DONE)).order_by("due_on", "pk")
    today = clock.today()
    if which == "overdue":
        rows = rows.filter(state=DecisionState.DECIDED, due_on__lt=today)
    elif which in ("open", "done"):
        rows = rows.filter(state=DecisionState.DECIDED if which == "open" else DecisionState.DONE)
    if body:
        rows = rows.filter(body_id__in=organisations.family(int(body)))
    found = rows.select_related("consultation__matter", "subject")[:limit]
    return [_decision(i, today) for i in found]


def _decision(i: AgendaItem, today: date) -> Decision:
    late = (today - i.due_on).days if i.due_on and i.state == DecisionState.DECIDED else 0
    return Decision(
        item=i,
        body=organisations.body_name(i.body_id),
        place=territory.division_name(i.subject.subdistrict, short=True) if i.subject else "",
        meeting=i.consultation_id,
        number=meeting_number(i.consultation.matter),
        meets_at=i.consultation.meets_at,
        overdue=late > 0,
        late_days=max(late, 0),
        simulated=i.consultation.matter.simulated,
    )


def _own_decisions(actor: Actor) -> QuerySet[AgendaItem]:
    return AgendaItem.objects.filter(state=DecisionState.DECIDED, body_id__in=own_bodies(actor))


def owing(actor: Actor) -> QuerySet[Matter] | None:
    """The consultations that decided something which a body of the actor leads and has still to do."""
    if not own_bodies(actor):
        return None
    held = _own_decisions(actor).values("consultation_id")
    return Matter.objects.filter(kind=CONSULTATION.kind, ended_at=None, stage="held", pk__in=held)


def own_due(actor: Actor, ids: Collection[int]) -> dict[int, datetime]:
    """Of these consultations, by when the first decision of an own body is due (1 SQL; none where there is no body)."""
    rows = _own_decisions(actor).filter(consultation_id__in=ids).order_by().values_list("consultation_id")
    return {pk: end_of(day) for pk, day in rows.annotate(first=Min("due_on"))} if own_bodies(actor) else {}


def follow_counts(actor: Actor) -> dict[str, int]:
    """How many decisions each list of the follow-up holds (1 SQL)."""
    late = Q(state=DecisionState.DECIDED, due_on__lt=clock.today())
    rows = _items(actor).filter(state__in=(DecisionState.DECIDED, DecisionState.DONE))
    return rows.aggregate(
        overdue=Count("pk", filter=late), open=Count("pk", filter=Q(state=DecisionState.DECIDED)),
        done=Count("pk", filter=Q(state=DecisionState.DONE)), all=Count("pk"),
    )  # fmt: skip
