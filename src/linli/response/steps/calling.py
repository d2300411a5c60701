"""Call-backs: attempts, what the reporter said, whether solved and satisfied. A refusal is recorded, not guessed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from linli.core.clock import local
from linli.core.errors import Conflict
from linli.vault import queries as contacts

from .. import call_rules
from ..choices import CallResult, Channel, Outcome, Satisfaction
from ..models import CallAttempt, CallLease
from ..queries.calls import attempts_of
from ..queries.retracting import why_not
from .base import Context, effect, refuse

HEARD = {
    Outcome.SOLVED: frozenset({CallResult.TALKED}),
    Outcome.EXPLAINED: frozenset({CallResult.TALKED}),
    Outcome.REFUSED: frozenset({CallResult.TALKED, CallResult.REFUSED}),
}
"""What only somebody who answered the telephone can have said, and the attempt that shows it."""

NOT_HEARD = frozenset({Outcome.UNREACHED, Outcome.REFUSED, Outcome.NO_CONTACT})
"""Outcomes in which nobody said whether they are satisfied."""


@effect("call")
def call(c: Context) -> None:
    """One attempt. `result` says what came of it, `later` when to try again; else the rules say when."""
    result = c.said("call")
    if result not in CallResult.values:
        raise refuse("unknown_call_result", _("请选择通话结果。"), "call")
    c.given["call"] = c.facts["call"] = str(result)
    nth = c.case.call_count + 1
    c.facts["attempt"] = nth
    c.on_case["call_count"] = nth
    rules = call_rules.rules()
    if not rules.is_open(c.now):
        c.facts["outside_hours"] = True
    if result not in (CallResult.TALKED, CallResult.REFUSED):
        later = c.said("later") if result == CallResult.LATER else None
        if later is not None and later <= c.now:
            raise refuse("later_is_past", _("约定的时间已经过去，请重新填写。"), "later")
        _check_wait(c, str(result))
        vain = sum(r in call_rules.FAILED for r in attempts_of(c.case)) + 1
        c.on_case["next_call_at"] = later or rules.again_at(str(result), vain, c.now, c.division)
    row = CallAttempt(
        case_id=c.case.pk, at=c.now, by=c.actor.label, result=result, outcome=str(c.said("ends_with") or "")
    )
    c.then.append(row.save)
    c.then.append(lambda: _let_go(c))


def _check_wait(c: Context, result: str) -> None:
    """Dialling again at once is no further attempt: in vain counts only from the time that the rules give."""
    wait = c.case.next_call_at
    if result in call_rules.FAILED and wait is not None and c.now < wait:
        sentence = _("还没到再打的时间（%(at)s），这次没打通不算数；到时间再打。")
        raise Conflict("call_too_soon", sentence % {"at": f"{local(wait):%m-%d %H:%M}"}, next=wait.isoformat())


@effect("call_back", "rate")
def call_back(c: Context) -> None:
    """What the call-back heard. Nothing is said for anybody who did not speak."""
    step = c.step
    if step.outcome and step.outcome not in Outcome.values:
        raise refuse("unknown_outcome", _("请选择是否解决。"), "outcome")
    if step.satisfaction and step.satisfaction not in Satisfaction.values:
        raise refuse("unknown_satisfaction", _("请选择是否满意。"), "satisfaction")
    satisfaction = step.satisfaction or Satisfaction.NOT_SAID
    if step.outcome in NOT_HEARD and satisfaction != Satisfaction.NOT_SAID:
        raise refuse("not_heard", _("没有听到对方的意见，是否满意只能记“未评价”。"), "satisfaction")
    if step.outcome == Outcome.UNREACHED:
        _check_attempts(c)
    if step.outcome == Outcome.NO_CONTACT and contacts.contact_known(c.case.contact_id):
        raise refuse("has_contact", _("这件事留了联系方式，请先打电话。"), "outcome")
    if step.verb == "call_back":
        _check_heard(c)
    c.facts |= {"outcome": str(step.outcome), "satisfaction": str(satisfaction)}
    c.on_case |= {"outcome": step.outcome, "satisfaction": satisfaction}
    c.then.append(lambda: CallLease.objects.filter(case_id=c.case.pk).delete())


@effect("retract")
def retract(c: Context) -> None:
    """A wrong click: what was recorded is taken back with a reason, and the case waits for its call-back again. What was
    dialled stays; whoever was reached need not be called once more."""
    if said := why_not(c.case):
        raise Conflict(*said)
    c.facts |= {"outcome": c.case.outcome, "satisfaction": c.case.satisfaction}
    c.on_case |= {"outcome": "", "satisfaction": "", "next_call_at": None}
    calls = CallAttempt.objects.filter(case_id=c.case.pk, at__gte=c.matter.closed_at or c.case.counted_from)
    c.then.append(lambda: calls.exclude(outcome="").update(outcome=""))


def _check_heard(c: Context) -> None:
    """What the reporter is said to have said needs a call that was answered, since the case was closed. Whoever came in
    person and left no number was asked at the desk."""
    needed = HEARD.get(Outcome(c.step.outcome)) if c.step.outcome else None
    if needed is None:
        return
    if not contacts.contact_known(c.case.contact_id):
        if c.case.channel != Channel.ONSITE:
            raise refuse("nobody_heard", _("没有联系方式可打，没有人听到回答，请记“没有留联系方式”。"), "outcome")
    elif not needed & set(attempts_of(c.case)):
        raise refuse("not_called", _("还没有接通过电话。请先在“拨打回访电话”里记下通话结果，再记回访。"), "outcome")


def _check_attempts(c: Context) -> None:
    """ "Unreached" says that it was tried often enough."""
    if not contacts.contact_known(c.case.contact_id):
        raise refuse("no_contact", _("没有联系方式可打，请记“没有留联系方式”。"), "outcome")
    left = call_rules.rules().still_needed(attempts_of(c.case))
    if left:
        sentence = ngettext("还要再打 %(n)s 次才能记“未联系上”。", "还要再打 %(n)s 次才能记“未联系上”。", left) % {
            "n": left
        }
        raise refuse("too_few_attempts", sentence, "outcome")


def _let_go(c: Context) -> None:
    """Whoever dialled has this case no longer, unless the same call goes on to say how it ended."""
    if not c.said("ends_with"):
        CallLease.objects.filter(case_id=c.case.pk).delete()
