"""What happens to cases without anybody pressing a button: new due times (`recompute`), retention. Idempotent."""

from __future__ import annotations

from datetime import timedelta

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Missing
from linli.flow import actions as flow
from linli.flow.models import Matter
from linli.flow.relay import Announcement
from linli.site import limits
from linli.vault import actions as vault

from ..models import Case
from .recompute import recompute_due

__all__ = ["erase_old_texts", "recompute_due", "settle_contact"]


SETTLING = frozenset(
    {"close", "answer", "spare", "close_with", "decline", "reopen", "call_back", "rate", "archive"}
)  # every way to be closed or ended, and back
"""What changes how long a contact is kept."""


def settle_contact(heard: Announcement) -> None:
    """Subscriber: a closed case's contact is erased some time later; a reopened one is kept while it is open."""
    if heard.verb not in SETTLING:
        return
    case = Case.objects.select_related("matter").filter(pk=heard.matter_id).first()
    if case is None or case.contact_id is None:
        return
    ended = case.matter.closed_at or case.matter.ended_at
    days = limits.days(limits.Kept.CONTACT_CLOSED if ended else limits.Kept.CONTACT_OPEN)
    keep_until = (ended or clock.now()) + timedelta(days=days)
    try:
        vault.set_expiry(actor=SYSTEM, contact_id=case.contact_id, erase_at=keep_until)
    except Missing:
        return  # the reporter has erased it already: nothing is left to settle, and the others must not wait for it


def erase_old_texts(*, actor: Actor = SYSTEM, limit: int = 500) -> int:
    """Erase the free text of matters that ended long enough ago. The chain stays provable. Returns how many matters."""
    before = clock.now() - timedelta(days=limits.days(limits.Kept.CASE_TEXT))
    old = Matter.objects.filter(kind="case", ended_at__lt=before, journal__sealed__salt__isnull=False).distinct()
    return sum(bool(flow.erase_sealed(actor=actor, matter=m, why="retention")) for m in old.order_by("pk")[:limit])
