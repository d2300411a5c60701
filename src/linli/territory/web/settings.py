"""The settings page for boundaries: upload, read what is wrong, confirm or withdraw. Administrators only."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from linli.files.intake import files_up_to

from .. import actions, queries
from ..choices import Layer
from ..forms import BoundaryForm
from ..permissions import ADMINISTRATOR, can_change_boundaries
from ..polygons import LARGEST_BYTES


def administrators(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Anonymous goes to the login page and comes back; others are refused with the reason."""

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.actor.kind == "resident":
            return redirect_to_login(request.get_full_path())
        can_change_boundaries(request.actor).or_forbidden()
        return view(request, *args, **kwargs)

    guarded.allowed_kinds = (ADMINISTRATOR,)  # type: ignore[attr-defined]
    return guarded


@files_up_to(LARGEST_BYTES)
@administrators
@require_http_methods(["GET", "HEAD", "POST"])
def boundaries(request: Any) -> HttpResponse:
    """What is in force, and the form for a new file."""
    form = BoundaryForm(request.POST, request.FILES) if request.method == "POST" else BoundaryForm()
    if request.method == "POST" and form.is_valid():
        report = actions.preview_boundaries(
            actor=request.actor,
            layer=form.cleaned_data["layer"],
            data=form.cleaned_data["file"].read(),
            name=form.cleaned_data["file"].name,
        )
        if report.file_id is not None:
            return HttpResponseRedirect(reverse("territory:boundary-file", args=[report.file_id]))
        return _page(request, form, report, 422)
    return _page(request, form, None, 422 if form.is_bound else 200)


def _page(request: HttpRequest, form: BoundaryForm, report: actions.ImportReport | None, status: int) -> HttpResponse:
    context = {
        "form": form,
        "report": report,
        "has_errors": status == 422,
        "layers": queries.layers(),
        "attribution": queries.attribution(),
    }
    return render(request, "territory/boundaries.html", context, status=status)


@administrators
@require_http_methods(["GET", "HEAD", "POST"])
def boundary_file(request: Any, file_id: int) -> HttpResponse:
    """The preview of a checked file; POST puts it in force."""
    if request.method == "POST":
        report = actions.confirm_boundaries(actor=request.actor, file_id=file_id)
        if report.accepted:
            messages.success(request, _("%(layer)s已生效，共 %(n)s 个面。") % {
                "layer": Layer(report.layer).label, "n": report.features})  # fmt: skip
            return HttpResponseRedirect(reverse("territory:boundaries"))
        return _page(request, BoundaryForm(), report, 422)
    file = queries.waiting_file(actor=request.actor, file_id=file_id)
    return render(request, "territory/boundary_file.html", {"file": file})


@administrators
@require_POST
def withdraw(request: Any, layer: str) -> HttpResponse:
    """Back to the pack's own lines."""
    actions.withdraw_boundaries(actor=request.actor, layer=layer)
    messages.success(request, _("已恢复资料包自带的界线。"))
    return HttpResponseRedirect(reverse("territory:boundaries"))
