"""Everybody who has a hand in one case: joint bodies, what was asked of whom, offers, changes of time, its family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.flow.models import Matter
from linli.flow.queries import Line
from linli.organisations import queries as organisations
from linli.worktime.explain import limit_text
from linli.worktime.rules import Limit, Unit

from .. import permissions
from ..choices import AssistState, HandoverKind, HandoverState, OfferState, TimeKind, TimeState
from ..models import Case
from ..rules import CASE, number_of
from .classes import class_by_id


def ruled_joint(case: Case, lines: Sequence[Line]) -> list[int]:
    """The joint bodies that the last routing decision of a case named: active ones, without the one that is to lead."""
    route: Mapping[str, Any] = next((line.facts["route"] for line in reversed(lines) if line.facts.get("route")), {})
    now = (organisations.body(organisations.resolve(int(i))) for i in route.get("joint") or ())
    found = dict.fromkeys(body.id for body in now if body is not None and body.is_active)
    return [i for i in found if i != case.suggested_body_id]


@dataclass(frozen=True, slots=True)
class Hand:
    """One line: what, who, how it stands, since when. `open`: somebody is still to answer."""

    what: Any
    who: str
    state: Any
    at: datetime
    more: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Kin:
    """A main case, a part or a merged report. `visible`: this actor may open it; else it has neither number nor title."""

    number: str
    title: str
    stage: Any
    visible: bool
    done: bool


@dataclass(frozen=True, slots=True)
class Hands:
    """What the page of a case shows beside the chain itself."""

    assists: list[Hand]
    handovers: list[Hand]
    offers: list[Hand]
    times: list[Hand]
    main: Kin | None
    parts: list[Kin]
    merged: list[Kin]

    def __bool__(self) -> bool:
        return bool(
            self.assists or self.handovers or self.offers or self.times or self.main or self.parts or self.merged
        )


def hands_of(actor: Actor, case: Case, lines: Sequence[Line]) -> Hands:
    """All hands in a case. `lines` is its journal: what never happened there is not looked for (0 to 6 SQL).

    The caller has shown that the actor may see the case.
    """
    happened = {line.verb for line in lines}
    joint = any(line.facts.get("joint") for line in lines)
    name = organisations.body_name
    assists = [
        Hand(
            AssistState(a.state).label,
            name(a.body_id),
            AssistState(a.state).label,
            a.reported_at or a.signed_at or a.asked_at,
            open=a.state in (AssistState.ASKED, AssistState.SIGNED),
        )
        for a in (case.assists.order_by("pk") if joint else ())
    ]
    handovers = [
        Hand(
            HandoverKind(h.kind).label,
            name(h.from_body_id),
            HandoverState(h.state).label,
            h.answered_at or h.asked_at,
            name(h.to_body_id),
            h.state == HandoverState.ASKED,
        )
        for h in (case.handovers.order_by("-pk") if happened & {"ask_return", "ask_transfer"} else ())
    ]
    offers = [
        Hand(
            OfferState(o.state).label,
            name(o.claimed_by_id) or name(o.owed_by_id),
            OfferState(o.state).label,
            o.claimed_at or o.ended_at or o.claim_by,
            open=o.state == OfferState.OPEN,
        )
        for o in (case.offers.order_by("-pk") if "offer" in happened else ())
    ]
    times = [
        Hand(
            TimeKind(t.kind).label,
            "",
            TimeState(t.state).label,
            t.answered_at or t.asked_at,
            limit_text(Limit(t.amount, Unit(t.unit))).strip() if t.amount else "",
            t.state == TimeState.ASKED
            or (t.state == TimeState.GRANTED and t.kind != TimeKind.EXTEND and not t.ended_at),
        )
        for t in (case.time_changes.order_by("-pk") if "ask_time" in happened else ())
    ]
    return Hands(assists, handovers, offers, times, *_family(actor, case.matter, bool(happened & {"split", "joined"})))


def open_parts(case: Case) -> list[int]:
    """The joint bodies that still owe their part (1 SQL)."""
    rows = case.assists.filter(state__in=[AssistState.ASKED, AssistState.SIGNED])
    return list(rows.order_by("pk").values_list("body_id", flat=True))


def _family(actor: Actor, matter: Matter, children: bool) -> tuple[Kin | None, list[Kin], list[Kin]]:
    main = Matter.objects.filter(pk=matter.parent_id).first() if matter.parent_id else None
    parts: list[Kin] = []
    merged: list[Kin] = []
    rows = Matter.objects.filter(parent_id=matter.pk).order_by("pk")[:200] if children else ()
    for child in rows:
        (merged if child.stage == "merged" or _was_merged(child) else parts).append(_kin(actor, child))
    return (_kin(actor, main) if main else None), parts, merged


def _was_merged(child: Matter) -> bool:
    """A merged report that was closed with its main case; a part has its own way through the chain."""
    return child.closed_at is not None and child.body_id is None


def _class_name(matter: Matter) -> str:
    return class_by_id(matter.type_version_id).name if matter.type_version_id else matter.title


def _kin(actor: Actor, matter: Matter) -> Kin:
    visible = bool(permissions.can_see(actor, matter))
    return Kin(
        number_of(matter.pk, matter.opened_at) if visible else "",
        _class_name(matter) if visible else str(_("另一件")),
        CASE.stages[matter.stage].label,
        visible,
        matter.closed_at is not None or matter.ended_at is not None,
    )
