"""Drafts of a grid: the list, a new one, its page with the designer, its design, its day."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid, Missing
from linli.files.intake import files_up_to
from linli.jobs import queries as jobs
from linli.site.refusals import onto_form
from linli.territory import queries as territory
from linli.territory.polygons import LARGEST_BYTES

from .. import design_files, norms, permissions
from ..actions import changes, designs
from ..actions.changes import drawing
from ..choices import BarrierKind
from ..design_forms import GROUND, BarrierForm, CellsForm, DesignForm, NewForm, SubmitForm
from ..models import GroundChange
from ..queries import drafts as read
from ..queries.draft_shapes import draft_shapes
from . import design_words as words


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def grids(request: ActorRequest) -> HttpResponse:
    """The grid in force and the drafts."""
    norm = norms.norms()["target_m2"]
    found = read.live(territory.district().code, norm.value)
    context = {
        "tab": "grids", "live": found, "chart": words.histogram(found.figures, norm.value),
        "drafts": read.drafts(actor=request.actor), "may": bool(permissions.can_draw(request.actor)),
    }  # fmt: skip
    return render(request, "ground/grids.html", context)


@files_up_to(LARGEST_BYTES)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@require(*permissions.DRAW_KINDS)
def new(request: ActorRequest) -> HttpResponse:
    """`/ground/grids/new/`"""
    permissions.can_draw(request.actor).or_forbidden()
    form = NewForm(request.POST or None, request.FILES or None, initial={"scope": request.GET.get("scope", "")})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            ground, notes = None, list[str]()
            if data["scope"] == GROUND:
                ground, notes = design_files.read_ground(data["file"].read(), data["system"])
            change = designs.open_draft(
                actor=request.actor, name=data["name"], scope="" if ground else data["scope"], ground=ground,
                source=data["file"].name[:120] if ground else "",
            )  # fmt: skip
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            for note in notes:
                messages.info(request, note)
            return redirect("ground:design", change.pk)
    status = 422 if form.errors else 200
    return render(request, "ground/grid_new.html", {"tab": "grids", "form": form}, status=status)


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
@ensure_csrf_cookie
def design(request: ActorRequest, pk: int) -> HttpResponse:
    """The designer."""
    return page(request, read.draft_row(actor=request.actor, pk=pk))


def page(request: ActorRequest, change: GroundChange, status: int = 200, **forms: Any) -> HttpResponse:
    """The page of a draft, with forms that were refused."""
    view = read.view_of(change)
    now = read.figures(draft_shapes(change.pk), view.target_m2, view.settings.get("smallest", 35) / 100)
    may = bool(drawing(request.actor, change)) and view.stage == "draft"
    first = DesignForm(
        initial={
            "target_m2": view.target_m2, "kinds": view.settings.get("kinds", [BarrierKind.MAIN, BarrierKind.MINOR]),
            **{k: view.settings[k] for k in ("width_m", "smallest") if k in view.settings},
        }
    )  # fmt: skip
    context = {
        "tab": "grids", "view": view, "now": now, "may": may, "job": _job(request, view.job), "norms": norms.norms(),
        "chart": words.histogram(now, view.target_m2), "checked": words.checked(view), "may_submit": may and not view.study,
        "tiles": f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt", "bounds": words.bounds(change),
        "design_form": first, "barrier_form": BarrierForm(), "cells_form": CellsForm(), "submit_form": SubmitForm(),
        "config": words.config(request, view, may), "open": "", **forms,
    }  # fmt: skip
    return render(request, "ground/design.html", context, status=status)


def _job(request: ActorRequest, id: str) -> Any:
    try:
        return jobs.job(request.actor, id) if id else None
    except Missing:  # of somebody else
        return {"id": "", "other": True}


def version_of(request: ActorRequest) -> int:
    """The version that the page was made of; 0 where none was sent."""
    said = request.POST.get("version", "")
    return int(said) if said.isdecimal() and len(said) < 10 else 0


@require_POST
@require(*permissions.DRAW_KINDS)
def run(request: ActorRequest, pk: int) -> HttpResponse:
    """Divide anew."""
    change = read.draft_row(actor=request.actor, pk=pk)
    form = DesignForm(request.POST)
    if form.is_valid():
        try:
            designs.ask_for_design(actor=request.actor, change=change, version=version_of(request), **form.cleaned_data)
            return redirect("ground:design", pk)
        except Invalid as refusal:
            onto_form(form, refusal)
    return page(request, change, 422, design_form=form, open="design")


@require_POST
@require(*permissions.DRAW_KINDS, *permissions.DECIDE_KINDS)
def check(request: ActorRequest, pk: int) -> HttpResponse:
    """Reckon the report for the cells as they are."""
    designs.check(actor=request.actor, change=read.draft_row(actor=request.actor, pk=pk))
    return redirect(f"{reverse('ground:design', args=[pk])}#h-report")


@files_up_to(LARGEST_BYTES)
@require_POST
@require(*permissions.DRAW_KINDS)
def barriers(request: ActorRequest, pk: int) -> HttpResponse:
    """Add lines that the pack does not have."""
    change = read.draft_row(actor=request.actor, pk=pk)
    form = BarrierForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            lines, count = design_files.read_lines(file.read())
            designs.add_barriers(
                actor=request.actor, change=change, version=version_of(request), kind=form.cleaned_data["kind"],
                name=file.name, lines=lines, count=count,
            )  # fmt: skip
            messages.success(request, _("加了 %(n)s 条线。再划分一次就会沿它们划。") % {"n": count})
            return redirect("ground:design", pk)
        except Invalid as refusal:
            onto_form(form, refusal)
    return page(request, change, 422, barrier_form=form, open="barriers")


@require_POST
@require(*permissions.DRAW_KINDS)
def barrier_drop(request: ActorRequest, pk: int, barrier_id: int) -> HttpResponse:
    """Take lines away."""
    change = read.draft_row(actor=request.actor, pk=pk)
    designs.drop_barriers(actor=request.actor, change=change, version=version_of(request), barrier_id=barrier_id)
    return redirect("ground:design", pk)


@files_up_to(LARGEST_BYTES)
@require_POST
@require(*permissions.DRAW_KINDS)
def cells_in(request: ActorRequest, pk: int) -> HttpResponse:
    """Cells of a file in place of the draft's."""
    change = read.draft_row(actor=request.actor, pk=pk)
    form = CellsForm(request.POST, request.FILES)
    if form.is_valid():
        data = form.cleaned_data
        try:
            cells = design_files.read_cells(data["file"].read(), data["system"], designs.ground_of(change.draft))
            designs.import_cells(
                actor=request.actor, change=change, version=version_of(request), cells=cells, source=data["source"],
                surveyed=data["surveyed"],
            )  # fmt: skip
            messages.success(request, _("导入了 %(n)s 个网格。") % {"n": len(cells)})
            return redirect("ground:design", pk)
        except Invalid as refusal:
            onto_form(form, refusal)
    return page(request, change, 422, cells_form=form, open="import")


@require_POST
@require(*permissions.DRAW_KINDS)
def submit(request: ActorRequest, pk: int) -> HttpResponse:
    """Ask for approval."""
    change = read.draft_row(actor=request.actor, pk=pk)
    form = SubmitForm(request.POST)
    if form.is_valid():
        try:
            day = form.cleaned_data["effective_on"]
            changes.submit(actor=request.actor, change=change, version=version_of(request), effective_on=day)
            messages.success(request, _("已提请批准。批准的须是另一个人。"))
            return redirect("ground:change", pk)
        except Invalid as refusal:
            onto_form(form, refusal)
    return page(request, change, 422, submit_form=form, open="submit")


urls: list[URLPattern] = [
    path("ground/grids/", grids, name="grids"),
    path("ground/grids/new/", new, name="grid-new"),
    path("ground/designs/<int:pk>/", design, name="design"),
    path("ground/designs/<int:pk>/run/", run, name="design-run"),
    path("ground/designs/<int:pk>/check/", check, name="design-check"),
    path("ground/designs/<int:pk>/lines/", barriers, name="design-lines"),
    path("ground/designs/<int:pk>/lines/<int:barrier_id>/drop/", barrier_drop, name="design-line-drop"),
    path("ground/designs/<int:pk>/cells-in/", cells_in, name="design-cells-in"),
    path("ground/designs/<int:pk>/submit/", submit, name="design-submit"),
]
