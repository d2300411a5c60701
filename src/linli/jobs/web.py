"""Pages of long work: one job that renews itself until it ends, a person's list, and the stop button."""

from __future__ import annotations

import uuid

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from . import actions, queries


def _anonymous(request: HttpRequest) -> bool:
    return request.actor.id is None  # type: ignore[attr-defined]


@require_GET
def job(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    if _anonymous(request):
        return redirect_to_login(request.get_full_path())
    view = queries.job(request.actor, id)  # type: ignore[attr-defined]
    template = "jobs/_job.html" if request.headers.get("HX-Request") else "jobs/job.html"
    response = render(request, template, {"job": view})
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def job_list(request: HttpRequest) -> HttpResponse:
    if _anonymous(request):
        return redirect_to_login(request.get_full_path())
    return render(request, "jobs/list.html", {"jobs": queries.jobs(request.actor)})  # type: ignore[attr-defined]


@require_POST
def cancel(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    if _anonymous(request):
        return redirect_to_login(request.get_full_path())
    actions.cancel(actor=request.actor, id=id)  # type: ignore[attr-defined]
    return redirect("jobs:job", id=id)
