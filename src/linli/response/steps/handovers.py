"""Return and transfer: what one side asks and the other accepts or refuses, with a reason."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict

from ..choices import AssistState, HandoverKind, HandoverState, LadderTrigger, OfferState
from ..models import Handover
from .base import Context, effect, refuse
from .clocks import press_counted

OPEN_PARTS = (AssistState.ASKED, AssistState.SIGNED)


@effect("ask_return")
def ask_return(c: Context) -> None:
    """The body says that it is not its matter; a dispatcher answers. The third time the ladder presses."""
    _ask(c, HandoverKind.RETURN, None)
    count = c.case.return_count + 1
    c.on_case["return_count"] = count
    press_counted(c, LadderTrigger.RETURNS, count)


@effect("ask_transfer")
def ask_transfer(c: Context) -> None:
    """The body asks another one to take over; until that one answers the matter waits with it."""
    other = c.body(c.step.body_id)
    if other.id == c.matter.body_id:
        raise refuse("own_body", _("不能转给自己的单位。"), "body")
    if c.case.open_assists and c.case.assists.filter(body_id=other.id, state__in=OPEN_PARTS).exists():
        raise refuse("transfer_to_joint", _("这个单位正在协办这件事，请派遣员先解除协办，再转给它。"), "body")
    c.given["body"] = other.id
    c.facts["to"] = other.id
    c.values["body_id"] = other.id
    c.on_case["from_body_id"] = c.matter.body_id
    _ask(c, HandoverKind.TRANSFER, other.id)
    count = c.case.handovers.filter(kind=HandoverKind.TRANSFER).count() + 1
    press_counted(c, LadderTrigger.TRANSFERS, count)


def _ask(c: Context, kind: HandoverKind, to_body: int | None) -> None:
    if c.matter.body_id is None:
        raise Conflict("no_body", _("这件事还没有承办单位。"))
    if c.case.offers.filter(state=OfferState.CLAIMED, claimed_by_id=c.matter.body_id).exists():
        raise Conflict("claimed", _("这件是您单位主动认领的，办不了请“放弃认领”，由责任单位接着办。"))
    c.facts["body"] = c.matter.body_id
    asked = Handover(
        case_id=c.case.pk,
        kind=kind,
        from_body_id=c.matter.body_id,
        to_body_id=to_body,
        asked_at=c.now,
        asked_by=c.actor.label,
    )
    c.then.append(asked.save)


@effect("grant_return")
def grant_return(c: Context) -> None:
    c.facts["body"] = c.matter.body_id
    c.values["body_id"] = None
    c.then.append(lambda: _answer(c, HandoverState.GRANTED))


@effect("refuse_return")
def refuse_return(c: Context) -> None:
    if c.matter.body_id is None:
        raise Conflict("no_body", _("这件事还没有承办单位。"))
    c.facts["body"] = c.matter.body_id
    c.hand_to(c.matter.body_id)
    c.then.append(lambda: _answer(c, HandoverState.REFUSED))


@effect("refuse_transfer")
def refuse_transfer(c: Context) -> None:
    """Refused: it is the asking body's again, which signs for it anew; the whole limit runs on."""
    c.facts |= {"body": c.case.from_body_id, "to": c.matter.body_id}
    if c.case.from_body_id is None:
        raise Conflict("no_body", _("这件事还没有承办单位。"))
    c.hand_to(c.case.from_body_id)
    c.on_case["from_body_id"] = None
    c.then.append(lambda: _answer(c, HandoverState.REFUSED))


@effect("recall_transfer")
def recall_transfer(c: Context) -> None:
    """Nobody takes it: whoever commands has it again and dispatches anew."""
    c.facts |= {"body": c.case.from_body_id, "to": c.matter.body_id}
    c.values["body_id"] = None
    c.on_case["from_body_id"] = None
    c.then.append(lambda: _answer(c, HandoverState.REFUSED))


@effect("take_transfer")
def take_transfer(c: Context) -> None:
    """Taken: the other body has signed for it by that."""
    c.facts |= {"body": c.case.from_body_id, "to": c.matter.body_id}
    c.on_case |= {"from_body_id": None, "contacted_at": None}
    c.then.append(lambda: _answer(c, HandoverState.GRANTED))


def _answer(c: Context, state: HandoverState) -> None:
    Handover.objects.filter(case_id=c.case.pk, state=HandoverState.ASKED).update(
        state=state, answered_at=c.now, answered_by=c.actor.label
    )
