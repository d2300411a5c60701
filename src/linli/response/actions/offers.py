"""Claiming what is offered, and that a body has looked at an offer."""

from __future__ import annotations

from linli.core import clock
from linli.core.actor import Actor
from linli.flow.models import Matter

from .. import permissions
from ..models import Case
from ..models.hands import OfferLook
from ..queries import offers
from .chain import Step, _missing, _move


def claim_case(*, actor: Actor, case: Case, step: Step) -> Matter:
    """Take an offered case for the body `step.body_id`. The claimant sees the case itself only from then on.

    Raises Missing (nothing of the kind is offered to this actor), Forbidden, Invalid, Conflict (names who was first).
    """
    if not offers.may_know(actor, case):
        _missing()
    return _move(actor, case, step, permissions.can_move(actor, case.matter, "claim"))


def look_at_offer(*, actor: Actor, offer_id: int) -> None:
    """Count that the actor's bodies of society have opened this offer; each body counts once."""
    seen = set(OfferLook.objects.filter(offer_id=offer_id).values_list("body_id", flat=True))
    new = permissions.society_bodies(actor) - seen
    if new:
        now = clock.now()
        rows = [OfferLook(offer_id=offer_id, body_id=b, looked_at=now) for b in sorted(new)]
        OfferLook.objects.bulk_create(rows, ignore_conflicts=True)
