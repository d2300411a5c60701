"""What the clock does by itself: rungs of the ladder, planned ends of pauses, offers nobody claimed, archiving. Idempotent."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Refusal
from linli.flow import actions as flow
from linli.flow.models import Matter

from .. import ladder
from ..catalogue import catalogue
from ..choices import LadderAct
from ..models import Case
from .chain import press

log = logging.getLogger("linli.response")


def ring_alarms(*, limit: int = 500) -> int:
    """Do what is due for every case whose alarm has gone off, each in its own transaction. Returns how many rang.

    A case that somebody moves at the same moment is left: its next alarm is set by that move.
    """
    ids = list(
        Matter.objects.filter(kind="case", alarm_at__lte=clock.now())
        .order_by("alarm_at", "id")
        .values_list("pk", flat=True)[:limit]
    )
    rang = 0
    for pk in ids:
        case = Case.objects.select_related("matter").get(pk=pk)
        try:
            rang += ring(case)
        except Conflict as late:
            log.info("alarm of case %s: %s", pk, late.code)
        except Refusal as refused:  # one case that cannot be pressed must not stop the clock of all the others
            log.warning("alarm of case %s: %s", pk, refused.code)
    return rang


def ring(case: Case) -> bool:
    """What is due for this case now. Raises Conflict if somebody was faster."""
    matter, now = case.matter, clock.now()
    if matter.alarm_at is None or matter.alarm_at > now:
        return False
    if case.paused_at is not None:
        press(case=case, verb="resume")
    elif matter.stage == "offered":
        press(case=case, verb="lapse")
    elif matter.stage == "closed" and case.call_sampled is False:
        press(case=case, verb="archive")
    else:
        _climb(case)
    return True


def _climb(case: Case) -> None:
    """The rungs that are due, one line each, all or none; the alarm is then set for the next.

    Two workers may see the same alarm: the second finds the matter moved on and writes nothing.
    """
    matter, now, known = case.matter, clock.now(), catalogue()
    view = known.by_id[case.case_class_id]
    place = matter.community or matter.subdistrict or matter.area
    rungs = ladder.moments(known.ladder, matter.stage, view.urgency, matter.stage_started_at, matter.due_at, place)
    stands, due_at = ladder.standing(rungs, matter.rungs, now), matter.due_at
    reached, later = set(stands.marks.split()), [moment for moment, _r in rungs if moment > now]
    waiting = [moment for moment, _r in stands.due[1:]] + later[:1]
    with transaction.atomic():
        for n, (_moment, rung) in enumerate(stands.due):
            reached.add(rung.mark)
            marks, following = ladder.marks_of(reached), waiting[n] if n < len(waiting) else None
            if rung.act != LadderAct.WARN:
                extra = {"rung": rung.order, "trigger": str(rung.trigger), "rungs": marks, "next": following}
                press(case=case, verb=rung.act, extra=extra)
                continue
            _note(matter, {"rung": rung.order}, {"rungs": marks, "alarm_at": following})
            Case.objects.filter(pk=case.pk).update(warned_for=due_at)
        if not stands.due:  # the ladder was changed meanwhile: nothing is due yet
            _note(matter, {}, {"rungs": stands.marks, "alarm_at": stands.next})


def _note(matter: Matter, facts: dict[str, Any], values: dict[str, Any]) -> None:
    if not flow.append(actor=SYSTEM, matter=matter, verb="alarm", facts=facts, values=values):
        raise Conflict("moved_meanwhile", "")
