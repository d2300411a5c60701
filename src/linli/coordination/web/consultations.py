"""Consultations: the list, planning one, its page, the steps, what is followed up."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Conflict, Invalid, Missing
from linli.organisations import queries as organisations
from linli.organisations.choices import BodyKind
from linli.site import printing
from linli.site.refusals import onto_form

from .. import permissions
from ..actions import consultations as actions
from ..choices import DecisionState
from ..forms.consultations import PlanForm, PressForm
from ..queries import meetings as read
from ..rules import CONSULTATION
from .summons import first_sentence
from .summons_call import letters

LEADS = (BodyKind.DEPARTMENT, BodyKind.ENTERPRISE, BodyKind.SUBDISTRICT_OFFICE)
STAGES = (("", gettext_lazy("全部")), ("planned", gettext_lazy("待召开")), ("held", gettext_lazy("落实中")),
          ("closed", gettext_lazy("已办结")), ("cancelled", gettext_lazy("已取消")))  # fmt: skip
FOLLOW = {"overdue": gettext_lazy("逾期未落实"), "open": gettext_lazy("在落实"), "done": gettext_lazy("已落实"),
          "all": gettext_lazy("全部")}  # fmt: skip


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def consultations(request: ActorRequest) -> HttpResponse:
    """`/coordination/consultations/?stage=planned|held|closed|cancelled`"""
    stage = request.GET.get("stage", "")
    stage = stage if stage in CONSULTATION.stages else ""
    base = reverse("coordination:consultations")
    context = {
        "rows": read.meetings(request.actor, stage=stage),
        "stages": [(label, f"{base}?stage={token}" if token else base, token == stage) for token, label in STAGES],
        "stage": stage,
        "convenes": bool(permissions.can_convene(request.actor)),
        "proposed": len(read.proposed(request.actor)),
        "follow": read.follow_counts(request.actor),
        "tab": "consultations",
    }
    return render(request, "coordination/consultations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@require("district_chief")
def plan(request: ActorRequest) -> HttpResponse:
    """`/coordination/consultations/new`; a POST plans: 303 to its page."""
    form = PlanForm(request.POST if request.method == "POST" else None, initial={"client_key": uuid.uuid4().hex})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = actions.plan_consultation(actor=request.actor, **form.cleaned_data)
                messages.success(request, _("已安排，现在可以列入议题。"))
                return _see(reverse("coordination:consultation", args=[made]))
            except Invalid as refused:
                onto_form(form, refused)
    context = {"form": form, "tab": "consultations", "has_errors": status >= 400}
    return render(request, "coordination/consultation_new.html", context, status=status)


def _see(url: str) -> HttpResponse:
    answer = HttpResponseRedirect(url)
    answer.status_code = 303
    return answer


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def one(request: ActorRequest, id: int) -> HttpResponse:
    """`/coordination/consultations/7/`"""
    return page(request, read.meeting(request.actor, id))


@require_POST
@never_cache
@require(*permissions.READ_KINDS)
def press(request: ActorRequest, id: int, verb: str) -> HttpResponse:
    """Take a step: 303 to the page; 422 with the fields, 409 with who was first; what was typed stays."""
    found = read.meeting(request.actor, id)
    move = CONSULTATION.moves.get(verb)
    if move is None or move.locked:
        raise Missing("unknown_verb", _("这类事项没有这个动作。"))
    permissions.can_convene(request.actor).or_forbidden()
    item = request.POST.get("item", "")
    form = PressForm(verb, request.POST, bodies=_bodies(), item=int(item) if item.isdecimal() and len(item) < 19 else 0)
    if not form.is_valid():
        return page(request, found, form=form, status=422)
    said = form.cleaned_data
    step = actions.Step(
        verb, said["version"], said["item"], said["summons"], said.get("title", ""), form.ordered(),
        said.get("text", ""), said.get("body"), said.get("due_on"), said.get("meets_at"), said.get("venue", ""),
    )  # fmt: skip
    try:
        actions.press_consultation(actor=request.actor, consultation_id=id, step=step)
    except Conflict as late:
        return page(request, read.meeting(request.actor, id), form=form, late=late, status=409)
    except Invalid as refused:
        for need in ("reason", "result"):
            if need in refused.fields:
                refused.fields["text"] = refused.fields.pop(need)
        onto_form(form, refused)
        return page(request, found, form=form, status=422)
    messages.success(request, _("已“%(verb)s”。") % {"verb": move.label})
    return _see(reverse("coordination:consultation", args=[id]) + (f"#item-{said['item']}" if said["item"] else ""))


@dataclass(slots=True)
class Line:
    """An item with what may be done to it."""

    item: read.Item
    forms: list[tuple[str, Any, PressForm, bool]]
    up: str = ""
    down: str = ""


ITEM_VERBS = {DecisionState.LISTED: ("decide_item", "defer_item", "reject_item"), DecisionState.DECIDED: ("do_item",)}
BESIDE = {"planned": ("hold", "list_item", "reschedule", "note", "cancel"), "held": ("note",)}


def page(
    request: ActorRequest, found: read.Meeting, *, form: PressForm | None = None, late: Conflict | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    """`form`: the step that was refused, with what was typed."""
    stage, chief = found.matter.stage, found.convenes
    if form is not None:
        _again(form, found)
    lines = _lines(found, form)
    shown = [f for line in lines for *_rest, f, _open in line.forms]
    beside = {v: _own(v, found, form) for v in BESIDE.get(stage, ())} if chief else {}
    context = {
        "found": found,
        "matter": found.matter,
        "consultation": found.consultation,
        "lines": lines,
        "planned": stage == "planned" and chief,
        "proposed": read.proposed(request.actor) if stage == "planned" and chief else [],
        "beside": beside,
        "labels": {v: CONSULTATION.moves[v].label for v in beside},
        "form": form if form is not None and form.errors else None,
        "late": first_sentence(late.details) if late else "",
        "late_message": late.message if late else "",
        "kept_text": _kept(form) if late and form not in shown and form not in beside.values() else "",
        "pdf": printing.available(),
        "initials": _initials() if any(v == "decide_item" for line in lines for v, *_r in line.forms) else None,
        "has_errors": status >= 400,
        "tab": "consultations",
    }
    return render(request, "coordination/consultation.html", context, status=status)


def _kept(form: PressForm | None) -> str:
    return str(form.data.get("text") or form.data.get("title") or "") if form is not None else ""


def _again(form: PressForm, found: read.Meeting) -> None:
    data = QueryDict(mutable=True)
    data.update(form.data)
    data["version"] = str(found.matter.version)
    form.data = data


def _own(verb: str, found: read.Meeting, refused: PressForm | None, item: int = 0) -> PressForm:
    """A fresh form, or the one that was refused."""
    if refused is not None and refused.verb == verb and (not item or str(refused.data.get("item", "")) == str(item)):
        return refused
    initial: dict[str, Any] = {"version": found.matter.version, "item": item or None}
    if verb == "reschedule":
        initial |= {"meets_at": found.consultation.meets_at, "venue": found.consultation.venue}
    return PressForm(verb, bodies=_bodies(), item=item, initial=initial)


def _lines(found: read.Meeting, refused: PressForm | None) -> list[Line]:
    ids = [i.row.pk for i in found.items]
    made = []
    for n, item in enumerate(found.items):
        verbs = ITEM_VERBS.get(DecisionState(item.row.state), ()) if found.matter.stage == "held" else ()
        forms = [(v, CONSULTATION.moves[v].label, _own(v, found, refused, item.row.pk)) for v in verbs]
        line = Line(item, [(v, label, f, f is refused) for v, label, f in forms] if found.convenes else [])
        if n:
            line.up = _moved(ids, n, n - 1)
        if n < len(ids) - 1:
            line.down = _moved(ids, n, n + 1)
        made.append(line)
    return made


def _moved(ids: list[int], at: int, to: int) -> str:
    order = list(ids)
    order.insert(to, order.pop(at))
    return " ".join(map(str, order))


def _bodies() -> list[Any]:
    groups = [(k.label, [(b.id, b.name) for b in organisations.bodies(kinds=(k,))]) for k in LEADS]
    return [("", _("请选择")), *groups]


def _initials() -> dict[int, str]:
    return {b.id: letters(b) for b in organisations.bodies(kinds=LEADS)}


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def decisions(request: ActorRequest) -> HttpResponse:
    """`/coordination/decisions/?which=overdue|open|done|all&body=`"""
    which = request.GET.get("which", "")
    counts = read.follow_counts(request.actor)
    if which not in FOLLOW:
        which = "overdue" if counts["overdue"] else "open"
    body = request.GET.get("body", "")
    body = body if body.isascii() and body.isdigit() and len(body) < 19 else ""
    base = reverse("coordination:decisions")

    def to(**query: str) -> str:
        return f"{base}?{urlencode({k: v for k, v in query.items() if v})}"

    context = {
        "rows": read.decisions(request.actor, which, body),
        "tabs": [(label, counts[key], to(which=key, body=body), key == which) for key, label in FOLLOW.items()],
        "body": organisations.body_name(int(body)) if body else "",
        "without": to(which=which),
        "which": which,
        "today": clock.today(),
        "tab": "consultations",
    }
    return render(request, "coordination/decisions.html", context)
