"""What the clock does by itself: rungs of the ladder, planned ends of pauses, offers nobody claimed, archiving. Idempotent."""

from __future__ import annotations

import logging

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
    """The rungs whose moment has come since the alarm, one line each, all or none; the alarm is then set for the next.

    Two workers may see the same alarm: the second finds the matter moved on and writes nothing.
    """
    matter, now, known = case.matter, clock.now(), catalogue()
    view = known.by_id[case.case_class_id]
    place = matter.community or matter.subdistrict or matter.area
    rungs = ladder.moments(known.ladder, matter.stage, view.urgency, matter.stage_started_at, matter.due_at, place)
    # by their moments, not by how many there were before: another ladder may be in force than when the alarm was set
    since = matter.alarm_at or now
    due_at, reached = matter.due_at, [i for i, (moment, _r) in enumerate(rungs) if since <= moment <= now]
    with transaction.atomic():
        for i in reached:
            rung, following = rungs[i][1], rungs[i + 1][0] if i + 1 < len(rungs) else None
            if rung.act != LadderAct.WARN:
                extra = {"rung": rung.order, "trigger": str(rung.trigger), "climbed": i + 1, "next": following}
                press(case=case, verb=rung.act, extra=extra)
                continue
            values = {"rung": i + 1, "alarm_at": following}
            if not flow.append(actor=SYSTEM, matter=matter, verb="alarm", facts={"rung": rung.order}, values=values):
                raise Conflict("moved_meanwhile", "")
            Case.objects.filter(pk=case.pk).update(warned_for=due_at)
        if not reached:  # the ladder was changed meanwhile: nothing is due yet
            passed = sum(moment <= now for moment, _r in rungs)
            values = {"rung": passed, "alarm_at": rungs[passed][0] if passed < len(rungs) else None}
            if not flow.append(actor=SYSTEM, matter=matter, verb="alarm", facts={}, values=values):
                raise Conflict("moved_meanwhile", "")
