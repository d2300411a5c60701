"""Changes of the ground: the list, a new change of borders, one change with its preview, steps, progress and result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Conflict, Invalid, Missing
from linli.site.refusals import onto_form
from linli.vault import names

from .. import permissions
from ..actions import carrying
from ..actions import changes as write
from ..choices import ChangeKind
from ..forms import NameForm, ReasonForm, SubmitForm, lines_in, version_in
from ..mapping import Line
from ..models import GroundChange
from ..operations import Desk
from ..queries import changes as read
from . import border_lines, border_page
from .border_codes import urls as code_urls

STEPS = ("submit", "approve", "send_back", "withdraw", "begin", "begin_undo")
REASONED = frozenset({"send_back", "withdraw", "begin_undo"})


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def changes(request: ActorRequest) -> HttpResponse:
    """`/ground/changes/`"""
    state = request.GET.get("state", "open")
    context = {
        "tab": "changes", "state": state if state in read.STATES else "open", "counts": read.counts(actor=request.actor),
        "rows": read.changes(actor=request.actor, state=state), "may": bool(permissions.can_draw_district(request.actor)),
    }  # fmt: skip
    return render(request, "ground/changes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@require(*permissions.READ_KINDS)
def new(request: ActorRequest) -> HttpResponse:
    """`/ground/changes/new/`: a name, then its page."""
    permissions.can_draw_district(request.actor).or_forbidden()
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change = write.open_change(actor=request.actor, kind=ChangeKind.BORDERS, name=form.cleaned_data["name"])
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            return redirect("ground:change", change.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "ground/change_new.html", {"tab": "changes", "form": form}, status=status)


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def change(request: ActorRequest, pk: int) -> HttpResponse:
    """`/ground/changes/7/`"""
    return page(request, read.change_row(actor=request.actor, pk=pk))


def page(request: ActorRequest, row: GroundChange, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page of a change; `more` brings back what was typed and what is wrong with it."""
    context = {**border_page.context(request.actor, row), **more, "tab": "changes"}
    return render(request, "ground/change.html", context, status=status)


@require_POST
@never_cache
@require(*permissions.READ_KINDS)
def lines(request: ActorRequest, pk: int) -> HttpResponse:
    """Save the lines, add or drop one, or let a helper write several. Whatever is refused stays as it was typed."""
    row = read.change_row(actor=request.actor, pk=pk)
    write.drawing(request.actor, row).or_forbidden()
    if row.kind != ChangeKind.BORDERS:
        raise Missing("no_lines_here", _("网格的改动在设计页里修改。"))
    do, known = request.POST.get("do", "save"), border_lines.names()
    asked = border_lines.asked_in(request.POST)
    typed = lines_in(request.POST, known)
    desk = Desk(known, list(typed))
    try:
        if do.startswith("drop-") and do[5:].isdigit() and int(do[5:]) <= len(desk.lines):
            del desk.lines[int(do[5:]) - 1]
        border_lines.perform(desk, asked)
        write.put_lines(actor=request.actor, change=row, version=version_in(request.POST), lines=desk.lines)
    except (Invalid, Conflict) as refusal:
        shown = typed if refusal.code == "bad_operation" else desk.lines
        asked.errors = refusal.fields
        return _typed(request, pk, shown, asked, refusal)
    if do == "check":
        return redirect(f"{carrying.page_of(pk)}#preview")
    messages.success(request, _("已保存，共 %(n)s 条。") % {"n": len(desk.lines)})
    return redirect(f"{carrying.page_of(pk)}#lines")


def _typed(
    request: ActorRequest, pk: int, shown: Sequence[Line], asked: border_lines.Asked, refusal: Invalid | Conflict
) -> HttpResponse:
    """The page again with what was typed. After a Conflict a second press puts it in the place of the other's."""
    row = read.change_row(actor=request.actor, pk=pk)
    known = border_lines.names()
    rows = border_lines.rows_of(shown, known, fields=refusal.fields)
    more: dict[str, Any] = {
        "rows": rows,
        "asked": asked,
        "refusal": refusal,
        "clash": isinstance(refusal, Conflict),
        "unsaved": True,
    }
    more["first_name"] = names.of({refusal.details.get("first", "")}).get(refusal.details.get("first", ""), "")
    return page(request, row, status=refusal.status, **more)


@require_POST
@never_cache
@require(*permissions.READ_KINDS)
def step(request: ActorRequest, pk: int, verb: str) -> HttpResponse:
    """Submit, approve, send back, withdraw, start (again), undo."""
    row = read.change_row(actor=request.actor, pk=pk)
    if verb not in STEPS:
        raise Missing("no_such_step", _("没有这一步。"))
    form = (
        SubmitForm(request.POST)
        if verb == "submit"
        else ReasonForm(request.POST, auto_id=f"id_{verb}_%s")
        if verb in REASONED
        else None
    )
    if form is not None and not form.is_valid():
        return page(request, row, status=422, **{f"{verb}_form": form, "has_errors": True})
    try:
        _press(request, row, verb, form.cleaned_data if form else {})
    except (Invalid, Conflict) as refusal:
        if form is not None:
            onto_form(form, refusal)
        row = read.change_row(actor=request.actor, pk=pk)
        more = {f"{verb}_form": form} if form else {}
        return page(request, row, status=refusal.status, refusal=refusal, has_errors=bool(form), **more)
    messages.success(request, _SAID[verb]())
    return redirect("ground:change", pk)


def _press(request: ActorRequest, row: GroundChange, verb: str, data: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"actor": request.actor, "change": row, "version": version_in(request.POST)}
    if verb == "submit":
        write.submit(**asked, effective_on=data["effective_on"])
    elif verb == "approve":
        write.approve(**asked)
    elif verb == "send_back":
        write.send_back(**asked, reason=data["reason"])
    elif verb == "withdraw":
        write.withdraw(**asked, reason=data["reason"])
    elif verb == "begin":
        carrying.start(**asked)
    else:
        carrying.start_undo(**asked, reason=data["reason"])


_SAID = {
    "submit": lambda: _("已提请批准。"),
    "approve": lambda: _("已批准，到生效日期自动改划。"),
    "send_back": lambda: _("已退回修改。"),
    "withdraw": lambda: _("已放弃这项改动。"),
    "begin": lambda: _("已开始改划。"),
    "begin_undo": lambda: _("已开始撤销。"),
}


@require_POST
@never_cache
@require(*permissions.READ_KINDS)
def rename(request: ActorRequest, pk: int) -> HttpResponse:
    """Another name for a draft."""
    row = read.change_row(actor=request.actor, pk=pk)
    write.drawing(request.actor, row).or_forbidden()
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            write.rename(
                actor=request.actor, change=row, version=version_in(request.POST), name=form.cleaned_data["name"]
            )
            return redirect("ground:change", pk)
        except (Invalid, Conflict) as refusal:
            onto_form(form, refusal)
            return page(
                request,
                read.change_row(actor=request.actor, pk=pk),
                status=refusal.status,
                name_form=form,
                has_errors=True,
            )
    return page(request, row, status=422, name_form=form, has_errors=True)


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def progress(request: ActorRequest, pk: int) -> HttpResponse:
    """How far the work is; when it has ended the page is asked for anew."""
    row = read.change_row(actor=request.actor, pk=pk)
    if row.matter.stage not in border_page.WORKING:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "ground/parts/progress.html", {"view": read.view_of(row), "job": border_page.job_of(row)})


urls: list[URLPattern] = [
    path("ground/changes/", changes, name="changes"),
    path("ground/changes/new/", new, name="change-new"),
    path("ground/changes/<int:pk>/", change, name="change"),
    path("ground/changes/<int:pk>/lines/", lines, name="change-lines"),
    path("ground/changes/<int:pk>/rename/", rename, name="change-rename"),
    path("ground/changes/<int:pk>/progress/", progress, name="change-progress"),
    path("ground/changes/<int:pk>/step/<slug:verb>/", step, name="change-step"),
    *code_urls,
]
