"""What happens to cases without anybody pressing a button: new due times, retention. Idempotent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Missing
from linli.flow import actions as flow
from linli.flow.models import Matter
from linli.flow.relay import Announcement
from linli.vault import actions as vault

from ..catalogue import catalogue
from ..deadlines import due_times
from ..models import Case
from .chain import OPEN_DAYS

CONTACT_DAYS = 90  # as the consent text promises: 办结 90 天后删除
TEXT_DAYS = 730


def recompute_due(
    *, actor: Actor, revision: int, progress: Callable[..., object] | None = None, batch: int = 200
) -> int:
    """Recompute the due times of open cases that a calendar change concerns: those marked provisional.

    Each changed case gets a journal line that names the calendar's revision. Safe to run again. Returns how many changed.
    """
    open_cases = Case.objects.filter(matter__ended_at=None, matter__due_provisional=True).select_related("matter")
    total, done, changed, after = open_cases.count(), 0, 0, 0
    known = catalogue()
    while rows := list(open_cases.filter(pk__gt=after).order_by("pk")[:batch]):
        for case in rows:
            matter = case.matter
            view = known.by_id[case.case_class_id]
            start = case.counted_from
            final = due_times(known, view, "handling", start)
            stage = due_times(known, view, matter.stage, matter.stage_started_at, final=final.final)
            fresh = flow.DueTimes(stage.stage, final.final, stage.note, stage.provisional or final.provisional)
            if (fresh.stage, fresh.final, fresh.provisional) != (
                matter.due_at,
                matter.final_due_at,
                matter.due_provisional,
            ):
                changed += flow.reset_due(
                    actor=actor,
                    matter=matter,
                    due=fresh,
                    facts={"calendar": revision, "final": fresh.final, "stage": fresh.stage},
                )
        done, after = done + len(rows), rows[-1].pk
        if progress is not None:
            progress(done, total)
    return changed


def settle_contact(heard: Announcement) -> None:
    """Subscriber: a closed case's contact is erased 90 days later; a reopened one is kept while it is open."""
    if heard.verb not in ("close", "decline", "reopen", "call_back", "rate"):
        return
    case = Case.objects.select_related("matter").filter(pk=heard.matter_id).first()
    if case is None or case.contact_id is None:
        return
    ended = case.matter.closed_at or case.matter.ended_at
    keep_until = ended + timedelta(days=CONTACT_DAYS) if ended else clock.now() + timedelta(days=OPEN_DAYS)
    try:
        vault.set_expiry(actor=SYSTEM, contact_id=case.contact_id, erase_at=keep_until)
    except Missing:
        return  # the reporter has erased it already: nothing is left to settle, and the others must not wait for it


def erase_old_texts(*, actor: Actor = SYSTEM, limit: int = 500) -> int:
    """Erase the free text of matters that ended two years ago. The chain stays provable. Returns how many matters."""
    before = clock.now() - timedelta(days=TEXT_DAYS)
    old = Matter.objects.filter(kind="case", ended_at__lt=before, journal__sealed__salt__isnull=False).distinct()
    return sum(bool(flow.erase_sealed(actor=actor, matter=m, why="retention")) for m in old.order_by("pk")[:limit])
