"""The desk: one page for calls and visitors, made for the keyboard. One press registers; nothing typed is lost."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from linli.accounts.choices import PostKind
from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Conflict, Invalid, Missing, Refusal
from linli.organisations import queries as organisations
from linli.site import limits, throttle
from linli.territory import queries as territory
from linli.vault import queries as vault

from .. import actions, permissions, queries
from ..choices import Channel, PlaceSource
from ..forms import ReportForm
from ..rules import CASE
from . import ask
from .intake import Taken, place_line, take, write_refusal
from .lookups import class_item, near_items
from .rows import place_of

READ_ALOUD = timedelta(hours=12)  # how long after registering its receipt can be shown again


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@require(*permissions.DESK_KINDS)
def desk(request: ActorRequest) -> HttpResponse:
    """The form; after a registration, its receipt to read aloud and an empty form."""
    if request.method == "POST":
        return _register(request)
    channel = request.GET.get("channel", "")
    form = ReportForm(initial={"channel": channel if channel in Channel.values else _usual(request)})
    return _page(request, form, Taken(), done=_receipt(request))


def _usual(request: ActorRequest) -> str:
    return Channel.PHONE if request.actor.holds({PostKind.OPERATOR}) else Channel.ONSITE


def _register(request: ActorRequest) -> HttpResponse:
    """One press: register, register and accept, answer, or join what is known; `look` only searches (no script)."""
    form, go = ReportForm(request.POST), request.POST.get("go", "")
    main_number = request.POST.get("merge", "")[:32]
    if go in ("", "look") and not main_number:  # without a script: search, or an answer was picked
        form.is_valid()
        form.errors.clear()
        return _page(request, form, Taken())
    taken = Taken()
    try:
        if go == "answer" and not main_number:
            receipt = _answer(request, form)
        else:
            main = queries.case_named(request.actor, main_number) if main_number else None
            taken = take(form, main)
            receipt = _report(request, form, taken, main)
    except Unclear:
        return _page(request, form, taken, status=422)
    except Refusal as refused:
        form.is_valid()
        write_refusal(form, refused)
        return _page(request, form, taken, status=refused.status)
    query = QueryDict(mutable=True)
    query.update({"done": receipt.number, "channel": form.cleaned_data["channel"] or _usual(request)})
    if go == "accept" and not main_number and (why := _accept(request, receipt)):
        query["accept"] = why
    answer = HttpResponseRedirect(f"{reverse('response:desk')}?{query.urlencode()}")
    answer.status_code = 303
    return answer


class Unclear(Exception):
    """The form says what is missing."""


def _answer(request: ActorRequest, form: ReportForm) -> actions.Receipt:
    """The question as it was looked for, its class, what was said: no place, unless one was chosen."""
    form.is_valid()
    said = form.cleaned_data
    if not said.get("question"):
        form.add_error("question", _("请写对方问什么。"))
    if not said.get("said"):
        form.add_error("said", _("请写念给对方的答复。"))
    if not said.get("question_class"):
        form.add_error("question_class", _("请选择咨询类型。"))
    if form.errors:
        raise Unclear
    asked = "\n".join(dict.fromkeys(t for t in (said["question"], said["description"]) if t))
    report = _reported(request, said, Taken(class_code=said["question_class"]), description=asked, address="")
    return actions.answer_question(actor=request.actor, report=report, result=said["said"], article=said["article"])


def _report(request: ActorRequest, form: ReportForm, taken: Taken, main: Any) -> actions.Receipt:
    if form.errors:
        raise Unclear
    said = form.cleaned_data
    report = _reported(request, said, taken, description=said["description"] or said["question"])
    if main is not None:
        return actions.report_same(actor=request.actor, report=report, main=main)
    asked = "" if said["article"] else said["question"]
    return actions.report_question(actor=request.actor, report=report, asked=asked)


def _reported(request: ActorRequest, said: dict[str, Any], taken: Taken, **more: Any) -> actions.Report:
    values: dict[str, Any] = {
        "channel": said["channel"] or _usual(request),
        "class_code": taken.class_code,
        "lon": taken.lon,
        "lat": taken.lat,
        "division": "" if taken.placed else said["division"],
        "address": said["address"],
        "place_source": taken.source or PlaceSource.MAP,
        "phone": said["phone"],
        "name": said["name"],
        "consent": said["consent"] or vault.consent_for("case_contact_spoken").version,
        "client_key": said["client_key"],
    }
    return actions.Report(**(values | more))


def _accept(request: ActorRequest, receipt: actions.Receipt) -> str:
    """Accept at once; "" if it worked or was done before, else why not: the registration stands either way."""
    if receipt.stage != CASE.start:
        return ""
    try:
        found = queries.own_report(request.actor, receipt.number)
        actions.move_case(actor=request.actor, case=found, step=actions.Step("accept", found.matter.version))
    except Conflict:
        return ""
    except Refusal:
        return "no"
    return ""


def _receipt(request: ActorRequest) -> dict[str, Any] | None:
    """The receipt of what this person has just registered; never another's, never an old one."""
    number = request.GET.get("done", "")
    if not number:
        return None
    try:
        found = queries.own_report(request.actor, number)
    except (Missing, Invalid):
        return None
    if clock.now() - found.matter.opened_at > READ_ALOUD:
        return None
    receipt = actions.receipt_for(found.matter)
    return {
        "receipt": receipt,
        "code": (receipt.code[:5], receipt.code[5:]),
        "stage": CASE.stages[receipt.stage].label,
        "answered": receipt.stage in ("closed", "ended"),
        "joined": receipt.stage == "merged",
        "not_accepted": request.GET.get("accept") == "no",
        "in_scope": bool(permissions.can_see(request.actor, found.matter)),
    }


@require_POST
@never_cache
@require(*permissions.DESK_KINDS)
def receipt(request: ActorRequest) -> HttpResponse:
    """An earlier matter of the caller, by number and code from the receipt. There is no look-up by phone."""
    throttle.take_all(f"receipt:{request.actor.label}", limits.rates(limits.Rate.RECEIPT_LOOKUP))
    given = {name: request.POST.get(name, "")[:40].strip() for name in ("number", "code")}
    context: dict[str, Any] = {"given": given}
    try:
        found = queries.case_by_receipt(given["number"], given["code"])
    except Missing as refused:
        context["refused"] = refused.message
        status = 404
    else:
        context["earlier"] = _earlier(request, found)
        status = 200
    if request.headers.get("X-Fragment"):
        return render(request, "response/parts/receipt_found.html", context, status=status)
    form = ReportForm(initial={"channel": _usual(request)})
    return _page(request, form, Taken(), status=status, **context)


def _earlier(request: ActorRequest, found: Any) -> dict[str, Any]:
    matter, stage = found.matter, CASE.stages[found.matter.stage]
    return {
        "number": queries.number_of_case(found),
        "class_name": queries.class_of(found).name,
        "place": place_of(matter),
        "stage": stage.label,
        "plain": stage.plain,
        "opened_at": matter.opened_at,
        "due_at": None if matter.closed_at or matter.ended_at else matter.final_due_at,
        "closed_at": matter.closed_at,
        "body": organisations.body_name(matter.body_id),
        "in_scope": bool(permissions.can_see(request.actor, matter)),
    }


def _page(
    request: ActorRequest, form: ReportForm, taken: Taken, *, done: Any = None, status: int = 200, **more: Any
) -> HttpResponse:
    view = queries.class_by_code(taken.class_code)
    consent = vault.consent_for("case_contact_spoken")
    line = place_line(taken.lon, taken.lat) if taken.placed else ""  # type: ignore[arg-type]
    context = {
        "form": form,
        "taken": taken,
        "chosen": class_item(view) if view else None,
        "place": line,
        "near": near_items(request.actor, taken.lon, taken.lat, taken.class_code) if line else [],  # type: ignore[arg-type]
        "done": done,
        "client_key": form.data.get("client_key") or f"desk-{uuid.uuid4().hex}",
        "consent": consent,
        "consent_text": consent.text(translation.get_language() or "zh-hans"),
        "tiles": f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt",
        "near_m": queries.NEAR_M,
        "near_days": queries.NEAR_DAYS,
        "has_errors": status >= 400,
        **ask.context_of(request, form),
        **more,
    }
    return render(request, "response/desk.html", context, status=status)
