"""What happens to summons, consultations and topics without anybody pressing a button, beside the alarms: retention."""

from __future__ import annotations

from datetime import timedelta

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.files import actions as files
from linli.flow import actions as flow
from linli.flow.models import Matter
from linli.site import limits

from ..rules import CONSULTATION, SUMMONS, TOPIC


def erase_old_call_texts(*, actor: Actor = SYSTEM, limit: int = 500) -> int:
    """Erase words and pictures of summons, consultations and topics that ended long enough ago, as those of cases.

    The chain stays provable. Returns how many matters.
    """
    before = clock.now() - timedelta(days=limits.days(limits.Kept.CASE_TEXT))
    kinds = (SUMMONS.kind, CONSULTATION.kind, TOPIC.kind)
    old = Matter.objects.filter(kind__in=kinds, ended_at__lt=before, journal__sealed__salt__isnull=False).distinct()
    erased = 0
    for matter in old.order_by("pk")[:limit]:
        files.erase_for(actor=actor, subject=f"{matter.kind}:{matter.pk}")
        erased += bool(flow.erase_sealed(actor=actor, matter=matter, why="retention"))
    return erased
