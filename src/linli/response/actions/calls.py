"""The telephone queue: take the next case, keep or give it back, and write down what came of a call.

A case is on one telephone at a time: a row with an end, taken by a conditional write. What is recorded goes through the
chain like any other step, so that of two who close one call-back exactly one wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid

from .. import call_rules, permissions
from ..choices import CallResult, Outcome, Satisfaction
from ..models import CallLease, Case
from ..queries import calls as queries
from .chain import Step, move_case

UNSOLVED = "unsolved"
TRIES = 20  # candidates looked at before an operator is told that there is nothing: others take at the same time
BATCH = 50


@dataclass(frozen=True, slots=True)
class Call:
    """What an operator writes down after dialling. `outcome` is solved, explained or unsolved, where somebody spoke."""

    result: str
    version: int
    outcome: str = ""
    satisfaction: str = ""
    text: str = ""
    later: datetime | None = None


def take_call(*, actor: Actor, anyway: bool = False) -> Case | None:
    """The case that this actor telephones about now: the one held already, else the next by rule; None if there is none.

    Outside the hours for telephoning only what was agreed with the reporter is given out, unless `anyway`.
    """
    permissions.can_call(actor).or_forbidden()
    now = clock.now()
    for _try in range(TRIES):
        case = queries.held_call(actor)
        if case is not None:
            keep_call(actor=actor, case=case)
            return case
        pk = queries.next_call(actor, now, anyway=anyway)
        if pk is None:
            return None
        if _take(actor, pk, now):
            return queries.held_call(actor)
    return None


def _take(actor: Actor, pk: int, now: datetime) -> bool:
    until = now + call_rules.rules().lease
    with transaction.atomic():
        CallLease.objects.filter(by=actor.label).delete()
        if not CallLease.objects.filter(case_id=pk, until__lte=now).update(by=actor.label, until=until):
            CallLease.objects.bulk_create([CallLease(case_id=pk, by=actor.label, until=until)], ignore_conflicts=True)
        mine = CallLease.objects.filter(case_id=pk, by=actor.label)
        if not mine.exists():
            return False
        if not queries.still_waits(pk, now):  # called by somebody else between the look and the taking
            mine.delete()
            return False
    return True


def keep_call(*, actor: Actor, case: Case) -> bool:
    """Hold on to the case for another while; False if it is not this actor's any more."""
    until = clock.now() + call_rules.rules().lease
    return bool(CallLease.objects.filter(case_id=case.pk, by=actor.label).update(until=until))


def release_call(*, actor: Actor, case: Case) -> bool:
    """Give the case back to the queue; False if it was not this actor's."""
    return bool(CallLease.objects.filter(case_id=case.pk, by=actor.label).delete()[0])


def record_call(*, actor: Actor, case: Case, call: Call) -> str:
    """Write down one call and what follows from it. What was done: again, solved, explained, refused, unreached, reopened.

    Raises Invalid (fields: result, outcome, satisfaction, later, reason), Forbidden, Conflict (names who was first).
    """
    permissions.can_call(actor).or_forbidden()
    ending = _ending(call)
    if ending == "again" and call.result in call_rules.FAILED:
        so_far = queries.attempts_of(case)
        if call_rules.rules().enough((*so_far, call.result)):
            ending = str(Outcome.UNREACHED)
    with transaction.atomic():
        if other := queries.on_telephone(case.pk, clock.now(), but=actor.label):
            raise Conflict("on_another_telephone", _("这件事正由别人回访。"), first=other, verb="call", at="")
        extra = {"call": call.result, "later": call.later, "ends_with": "" if ending == "again" else ending}
        noted = call.text if ending == "again" else ""
        move_case(actor=actor, case=case, step=Step("call", call.version, noted, extra=extra))
        if ending == "reopened":
            move_case(actor=actor, case=case, step=Step("reopen", call.version, call.text))
        elif ending != "again":
            said = call.satisfaction if ending in (Outcome.SOLVED, Outcome.EXPLAINED) else Satisfaction.NOT_SAID
            step = Step("call_back", call.version, call.text, outcome=ending, satisfaction=said)
            move_case(actor=actor, case=case, step=step)
        CallLease.objects.filter(case_id=case.pk, by=actor.label).delete()
    return ending


def _ending(call: Call) -> str:
    """What this call leads to, from what the operator chose. Raises Invalid; never fills in an answer."""
    if call.result not in CallResult.values:
        raise _asks("unknown_call_result", "result", _("请选择通话结果。"))
    if call.result == CallResult.LATER and call.later is None:
        raise _asks("later_missing", "later", _("请填写约定再打的时间。"))
    if call.result == CallResult.REFUSED:
        return str(Outcome.REFUSED)
    if call.result != CallResult.TALKED:
        return "again"
    if call.outcome == UNSOLVED:
        if not call.text.strip():
            raise _asks("need_missing", "reason", _("请写明哪里没有解决，重新办理的单位要看。"))
        return "reopened"
    if call.outcome not in (Outcome.SOLVED, Outcome.EXPLAINED):
        raise _asks("unknown_outcome", "outcome", _("请选择是否解决。"))
    if call.satisfaction not in Satisfaction.values:
        raise _asks("unknown_satisfaction", "satisfaction", _("请选择是否满意；对方没有说，就选“未评价”。"))
    return call.outcome


def _asks(code: str, field: str, sentence: object) -> Invalid:
    return Invalid(code, sentence, fields={field: [sentence]})


def end_without_contact(*, actor: Actor) -> int:
    """Archive what nobody can be called about and whose time for an answer on the web is over; how many, at most 50."""
    permissions.can_call(actor).or_forbidden()
    ended = 0
    for case in queries.without_contact(actor, clock.now())[:BATCH]:
        step = Step("call_back", case.matter.version, outcome=Outcome.NO_CONTACT, satisfaction=Satisfaction.NOT_SAID)
        try:
            move_case(actor=actor, case=case, step=step)
        except Conflict:  # rated or reopened meanwhile: that is better
            continue
        ended += 1
    return ended
