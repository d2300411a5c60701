"""Settings: bodies. The page stands here because the room that owns bodies lies below the one that knows people."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from linli.core.errors import Conflict, Invalid, Missing
from linli.organisations import queries as organisations
from linli.organisations import rules as organisation_rules
from linli.organisations.choices import BodyKind

from .. import actions, places, queries
from ..choices import PostKind
from ..forms import BodiesFileForm, BodyForm, MergeForm, NewBodyForm, posted, show_refusal
from ..permissions import ActorRequest, require


@require_GET
@require(PostKind.ADMINISTRATOR)
def bodies(request: ActorRequest) -> HttpResponse:
    """Bodies of one kind (the list is whole: kinds keep it short), or those whose name contains a text."""
    text = request.GET.get("q", "").strip()[:64]
    kind = request.GET.get("kind", "")
    kind = kind if kind in BodyKind.values else ("" if text else BodyKind.DEPARTMENT.value)
    rows = [
        (b, BodyKind(b.kind).label, places.division_name(b.division), organisations.body_name(b.merged_into))
        for b in organisations.every_body()
        if (not kind or b.kind == kind) and (not text or text in b.name or text in b.short_name or text in b.code)
    ]
    context = {"rows": rows, "kind": kind, "q": text, "kinds": BodyKind.choices}
    return render(request, "accounts/bodies.html", context)


@require_http_methods(["GET", "POST"])
@require(PostKind.ADMINISTRATOR)
def body_new(request: ActorRequest) -> HttpResponse:
    """Add one body."""
    form = NewBodyForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            body_id = actions.create_body(actor=request.actor, **form.cleaned_data)
        except (Invalid, Conflict) as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("单位已建立。"))
            return HttpResponseRedirect(reverse("accounts:body", args=[body_id]))
    return render(request, "accounts/body_new.html", {"form": form}, status=422 if form.is_bound else 200)


def _found(body_id: int) -> organisations.BodyView:
    found = organisations.body(body_id)
    if found is None:
        raise Missing("no_such_body", _("没有这个单位。"))
    return found


@require_http_methods(["GET", "POST"])
@require(PostKind.ADMINISTRATOR)
def body(request: ActorRequest, body_id: int) -> HttpResponse:
    """One body: its name, who serves it, and a merge that is previewed before it is done."""
    shown = _found(body_id)
    step = request.POST.get("step", "")
    form = BodyForm(
        request.POST if step == "rename" else None, initial={"name": shown.name, "short_name": shown.short_name}
    )
    merge = MergeForm(request.POST if step in {"preview", "merge"} else None, body=shown)
    target: Any = None
    try:
        if step == "rename" and form.is_valid():
            actions.rename_body(actor=request.actor, body_id=body_id, **form.cleaned_data)
            messages.success(request, _("单位名称已修改。"))
            return HttpResponseRedirect(reverse("accounts:body", args=[body_id]))
        if step in {"preview", "merge"} and merge.is_valid():
            target = _found(merge.cleaned_data["into"])
            if step == "merge":
                actions.merge_bodies(actor=request.actor, body_id=body_id, into_id=target.id)
                messages.success(request, _("已并入“%(name)s”。原单位的事项由它继续办理。") % {"name": target.name})
                return HttpResponseRedirect(reverse("accounts:body", args=[target.id]))
    except (Invalid, Conflict) as refusal:
        show_refusal(form if step == "rename" else merge, refusal)
        target = None
    serving = queries.names(
        queries.holders(kinds=PostKind.values, body_id=body_id).values_list("account_id", flat=True)
    )
    context = {
        "body": shown,
        "kind_label": BodyKind(shown.kind).label,
        "division": places.division_name(shown.division),
        "into": organisations.body(shown.merged_into),
        "form": form,
        "merge": merge,
        "target": target,
        "serving": sorted(serving.items()),
    }
    wrong = form.errors or merge.errors
    return render(request, "accounts/body.html", {**context, "has_errors": bool(wrong)}, status=422 if wrong else 200)


@require_http_methods(["GET", "POST"])
@require(PostKind.ADMINISTRATOR)
def bodies_load(request: ActorRequest) -> HttpResponse:
    """Load a table of bodies: all of it, or none of it and the list of what is wrong."""
    form = BodiesFileForm(posted(request), request.FILES or None)
    report: Any = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data["file"].read(organisation_rules.MAX_BYTES + 1)
        report = actions.load_bodies(actor=request.actor, data=data)
        if report.loaded:
            say = _("已导入：新增 %(created)d 个，修改 %(changed)d 个，未变 %(same)d 个。")
            counts = {"created": report.created, "changed": report.changed, "same": report.unchanged}
            messages.success(request, say % counts)
            return HttpResponseRedirect(reverse("accounts:bodies"))
    context = {"form": form, "report": report, "has_errors": report is not None or bool(form.errors)}
    return render(request, "accounts/bodies_load.html", context, status=422 if form.is_bound else 200)
