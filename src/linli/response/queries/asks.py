"""What is asked of somebody beside the stages: time that a chief grants, a joint body's part, an offer to claim; and marks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.flow import queries as flow
from linli.flow.models import Matter

from .. import permissions
from ..choices import AssistState, OfferState, TimeKind, TimeState
from ..models import Assist, Case, Offer, TimeChange
from ..rules import CASE
from .offers import invited
from .times import amount_text

OPEN_PARTS = (AssistState.ASKED, AssistState.SIGNED)
OFFERS_MOST = 200


def assisting(actor: Actor) -> QuerySet[Matter] | None:
    """The cases in which a body of the actor still owes its part."""
    bodies = actor.bodies(permissions.BODY_KINDS)
    if not bodies:
        return None
    parts = Assist.objects.filter(body_id__in=bodies, state__in=OPEN_PARTS).values("case_id")
    looks = Assist.objects.filter(body_id__in=bodies, state=AssistState.INVITED).values("case_id")
    due = Q(stage__in=CASE.moves["assist_report"].source, pk__in=parts) | Q(stage="finding", pk__in=looks)
    mine = Q(body=None) | ~Q(body_id__in=bodies)  # a finding has no body yet, and NULL is in no list
    return Matter.objects.filter(due, mine, kind=CASE.kind, ended_at=None)


def claimable(actor: Actor) -> QuerySet[Matter] | None:
    """What a body of the actor may claim now (1 SQL for who belongs to such a body, none for everybody else)."""
    mine = permissions.society_bodies(actor)
    if not mine:
        return None
    rows = Offer.objects.filter(state=OfferState.OPEN, claim_by__gt=clock.now()).order_by("claim_by")[:OFFERS_MOST]
    ids = [o.case_id for o in rows if any(invited(o, body) for body in mine)]
    return Matter.objects.filter(kind=CASE.kind, ended_at=None, stage="offered", pk__in=ids) if ids else None


def watched(actor: Actor, which: str) -> list[QuerySet[Matter]]:
    """What is to be watched, in the actor's divisions and at the actor's bodies: two lists, never an OR.

    'warned': the ladder has warned that the time runs out, and it has not run out yet. 'pressed': reminded or supervised.
    """
    rows = Matter.objects.filter(kind=CASE.kind, ended_at=None, closed_at=None)
    if which == "warned":
        rows = rows.filter(due_at__gt=clock.now(), case__warned_for=F("due_at"))
    else:
        rows = rows.filter(Q(case__reminded__gt=0) | Q(case__supervised__gt=0))
    found = []
    divisions = {p.division for p in actor.posts if p.kind in permissions.AREA_KINDS and p.division}
    if divisions:
        condition = flow.in_area(divisions)
        found.append(rows if condition is None else rows.filter(condition))
    if bodies := actor.bodies(permissions.BODY_KINDS):
        found.append(rows.filter(body_id__in=bodies))
    return found


@dataclass(frozen=True, slots=True)
class Ask:
    """What stands beside a case in a list. `words`: what this actor is asked; `offer`: where to claim it.

    `marks` are (kind of mark, words): 督办, 催办, 暂停.
    """

    words: str = ""
    offer: int | None = None
    marks: list[tuple[str, Any]] = field(default_factory=list)


def asks_of(actor: Actor, matters: Iterable[Matter]) -> dict[int, Ask]:
    """By matter (1 SQL, and one more for each way of being asked that occurs among them)."""
    rows = list(matters)
    found = {pk: Ask(marks=marks) for pk, marks in marks_of(m.pk for m in rows).items()}
    asked = [m.pk for m in rows if m.post_kind and permissions.can_move(actor, m, "grant_time")]
    for row in TimeChange.objects.filter(case_id__in=asked, state=TimeState.ASKED) if asked else ():
        found[row.case_id] = Ask(time_words(row), marks=found[row.case_id].marks)
    bodies = actor.bodies(permissions.BODY_KINDS)
    stages = CASE.moves["assist_report"].source | {"finding"}
    beside = [m.pk for m in rows if bodies and m.stage in stages and m.body_id not in bodies]
    parts = Assist.objects.filter(case_id__in=beside, body_id__in=bodies, state__in=(AssistState.INVITED, *OPEN_PARTS))
    for part in parts if beside else ():
        found[part.case_id] = Ask(_part_words(part.state), marks=found[part.case_id].marks)
    offered = [m.pk for m in rows if m.stage == "offered"] if permissions.society_bodies(actor) else []
    for offer in Offer.objects.filter(case_id__in=offered, state=OfferState.OPEN) if offered else ():
        found[offer.case_id] = Ask(_("可以认领"), offer.pk, found[offer.case_id].marks)
    return found


def _part_words(state: str) -> str:
    if state == AssistState.INVITED:
        return _("请您单位到场认定")
    return _("请您单位协办：先签收") if state == AssistState.ASKED else _("请您单位协办：等您反馈")


def time_words(row: TimeChange) -> str:
    """等您审批：延期 2 个工作日."""
    kind = TimeKind(row.kind).label
    if row.kind == TimeKind.EXTEND:
        return _("等您审批：%(kind)s %(amount)s") % {"kind": kind, "amount": amount_text(row)}
    if row.until is None:
        return _("等您审批：%(kind)s，何时恢复未定") % {"kind": kind}
    return _("等您审批：%(kind)s到 %(day)s") % {"kind": kind, "day": f"{clock.local(row.until):%m-%d %H:%M}"}


def marks_of(ids: Iterable[int]) -> dict[int, list[tuple[str, Any]]]:
    """The marks of these cases (1 SQL)."""
    names = ("pk", "reminded", "supervised", "paused_at")
    return {pk: marks(*rest) for pk, *rest in Case.objects.filter(pk__in=list(ids)).values_list(*names)}


def marks(reminded: int, supervised: int, paused_at: datetime | None) -> list[tuple[str, Any]]:
    """What everybody who opens a case, or a list of them, is to see at once."""
    found: list[tuple[str, Any]] = []
    if supervised:
        found.append(("late", _("督办")))
    if reminded:
        found.append(("soon", _("催办 %(n)s 次") % {"n": reminded}))
    if paused_at is not None:
        found.append(("done", _("计时停着")))
    return found
