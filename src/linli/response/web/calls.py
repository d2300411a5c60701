"""The telephone: one case at a time, by keyboard. Who is called next, and what may be written, is decided elsewhere."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Conflict, Invalid, Missing
from linli.organisations import queries as organisations
from linli.site import limits, throttle
from linli.site.refusals import onto_form
from linli.site.templatetags.parts import when_text
from linli.vault import actions as vault
from linli.vault import queries as contacts

from .. import actions, call_rules, permissions, queries
from ..choices import CallResult, Channel, Outcome
from ..forms import CallForm
from ..queries import calls as reads
from .case import load
from .rows import place_of
from .story import first_sentence, names_of

POSTS = tuple(permissions.DESK_KINDS)


@require_safe
@never_cache
@require(*POSTS)
def calls(request: ActorRequest) -> HttpResponse:
    """The case in hand, or how much waits and the button for the next."""
    return page(request, reads.held_call(request.actor))


@require_POST
@never_cache
@require(*POSTS)
def take(request: ActorRequest) -> HttpResponse:
    """Take the next case by rule: 303 back to the page."""
    taken = actions.take_call(actor=request.actor, anyway=request.POST.get("anyway") == "1")
    if taken is None:
        messages.info(request, _("现在没有可以回访的。"))
    return _back()


@require_POST
@never_cache
@require(*POSTS)
def contact(request: ActorRequest, number: str) -> HttpResponse:
    """Show the number once, journalled as a call-back; only to whoever has the case on the telephone."""
    found = load(request, number)
    _check_mine(request, found)
    allowed = permissions.can_read_contact(request.actor, found.matter)
    allowed.or_forbidden()
    throttle.take_all(f"contact:{request.actor.label}", limits.rates(limits.Rate.CONTACT_READ))
    if found.contact_id is None:
        raise Missing("no_contact", _("这件事没有留联系方式。"))
    nth = found.call_count + 1
    reason = _("回访，第 %(n)s 次拨打") % {"n": nth}
    seen = vault.read_contact(actor=request.actor, contact_id=found.contact_id, reason=reason, allowed=allowed)
    actions.keep_call(actor=request.actor, case=found)
    return page(request, found, seen=seen)


@require_POST
@never_cache
@require(*POSTS)
def result(request: ActorRequest, number: str) -> HttpResponse:
    """Write down a call and go on to the next case: 303; 422 with the fields, 409 with who was first."""
    found = load(request, number)
    form = CallForm(request.POST)
    if not form.is_valid():
        return page(request, found, form=form, status=422)
    said = form.cleaned_data
    call = actions.Call(
        said["result"], said["version"], said["outcome"], said["satisfaction"], said["text"], said["later"]
    )
    try:
        ended = actions.record_call(actor=request.actor, case=found, call=call)
    except Conflict as late:
        messages.warning(request, first_sentence(late.details) or str(late.message))
        actions.release_call(actor=request.actor, case=found)
        return _back()
    except Invalid as refused:
        if "reason" in refused.fields:
            refused.fields["text"] = refused.fields.pop("reason")
        onto_form(form, refused)
        return page(request, load(request, number), form=form, status=422)
    messages.success(request, _told(found, ended))
    if request.POST.get("then") != "stop":
        actions.take_call(actor=request.actor)
    return _back()


@require_POST
@never_cache
@require(*POSTS)
def lease(request: ActorRequest, number: str) -> HttpResponse:
    """Keep the case a while longer, or give it back (also when the page is left): 204, for scripts; 303 for people."""
    found = load(request, number)
    act = actions.keep_call if request.POST.get("act") == "keep" else actions.release_call
    act(actor=request.actor, case=found)
    return _back() if request.POST.get("back") else HttpResponse(status=204)


@require_POST
@never_cache
@require(*POSTS)
def without(request: ActorRequest) -> HttpResponse:
    """Archive what nobody can be called about: 303."""
    ended = actions.end_without_contact(actor=request.actor)
    sentence = ngettext("已归档 %(n)s 件没有留电话的。", "已归档 %(n)s 件没有留电话的。", ended) % {"n": ended}
    messages.success(request, sentence)
    return _back()


def _back() -> HttpResponse:
    answer = HttpResponseRedirect(reverse("response:calls"))
    answer.status_code = 303
    return answer


def _check_mine(request: ActorRequest, found: Any) -> None:
    held = reads.held_call(request.actor)
    if held is None or held.pk != found.pk:
        raise Conflict("not_on_your_telephone", _("这件事不在您手上了，请回到回访页重新取。"))


def _told(found: Any, ended: str) -> str:
    number = queries.number_of_case(found)
    if ended == "again":
        at = when_text(found.next_call_at)
        return _("%(number)s 已记下，%(at)s 以后再打。") % {"number": number, "at": at}
    if ended == "reopened":
        return _("%(number)s 已重开，回到派遣。") % {"number": number}
    return _("%(number)s 回访完成：%(outcome)s。") % {"number": number, "outcome": Outcome(ended).label}


# --- the page ------------------------------------------------------------------------------------------------
def page(
    request: ActorRequest, found: Any, *, form: CallForm | None = None, seen: Any = None, status: int = 200
) -> HttpResponse:
    """The page with the case in hand, or with none."""
    actor, now, rules = request.actor, clock.now(), call_rules.rules()
    context = {
        "waiting": reads.waiting_calls(actor, now),
        "shift": reads.shift_of(actor),
        "rules": rules,
        "open": rules.is_open(now),
        "opens_at": rules.next_open(now),
        "provisional": any(o.provenance == "provisional" for o in rules.origins),
        "origins": _origins(),
        "form": form,
        "has_errors": status >= 400,
        "recorded": reads.recorded_last(actor),
    }
    if found is not None:
        context |= _about(actor, found, form, seen)
    return render(request, "response/calls.html", context, status=status)


def _about(actor: Any, found: Any, form: CallForm | None, seen: Any) -> dict[str, Any]:
    """What the operator tells and asks: the matter in plain words, what was done, earlier attempts."""
    rules, matter, view = call_rules.rules(), found.matter, queries.class_of(found)
    lines = queries.history(actor, found)
    done, done_at = reads.last_result(lines)
    tried = reads.attempts(found)
    names = names_of(t.by for t in tried)
    reopened = [line for line in lines if line.verb == "reopen"]
    results = reads.attempts_of(found)
    later = rules.again_at(CallResult.LATER, 1, clock.now())
    return {
        "case": found,
        "number": queries.number_of_case(found),
        "matter": matter,
        "view": view,
        "place": place_of(matter),
        "channel": Channel(found.channel).label,
        "report": lines[0].personal if lines else {},
        "erased": bool(lines) and lines[0].erased,
        "body": organisations.body_name(matter.body_id),
        "done": done,
        "done_at": done_at,
        "reopened": reopened[-1] if reopened else None,
        "photos": reads.photos_of(actor, found, lines),
        "tried": [(t, names[t.by]) for t in tried],
        "nth": found.call_count + 1,
        "left": rules.still_needed(results),
        "has_contact": contacts.contact_known(found.contact_id),
        "seen": seen,
        "ask": form or CallForm(initial={"version": matter.version, "later": later}),
        "script": [line.format(**_words(found, view)) for line in rules.lines(get_language() or "zh")],
        "lease_s": int(rules.lease.total_seconds()),
    }


def _words(found: Any, view: Any) -> dict[str, str]:
    return {
        "opened": when_text(clock.local(found.matter.opened_at).date()),
        "class": view.name,
        "place": place_of(found.matter),
    }


def _origins() -> list[tuple[str, Any]]:
    """Where each rule comes from."""
    words = {
        "attempts": _("拨打次数"),
        "waits": _("再打的间隔"),
        "hours": _("打电话的时间"),
        "lease": _("占用时长"),
        "retract": _("撤销结果的时间"),
        "script": _("话术"),
    }
    return [(words[o.what], o) for o in call_rules.rules().origins]
