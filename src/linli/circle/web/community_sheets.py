"""One community on paper: a page that prints well, the same as PDF."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.staticfiles import finders
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Invalid, Missing
from linli.jobs import actions as jobs
from linli.jobs import queries as job_reads
from linli.site import printing
from linli.territory import queries as territory
from linli.territory.choices import Level

from .. import drawing, permissions
from .. import jobs as sheet_jobs
from ..choices import CatalogueKind
from ..queries import community_sheet as read
from ..queries.homes import network as network_in_force
from . import asked
from .matrix_words import early_words, simulated_words
from .records import named, said


def sheet_context(actor: Actor, code: str, on: Any) -> dict[str, Any]:
    """What the page and the paper show. Raises Forbidden, Missing."""
    found = read.community_sheet(actor=actor, code=code, on=on)
    return {
        "sheet": found, "community": found.record.community, "on": on, "now": clock.now(),
        "drawing": mark_safe(drawing.community(code, on)),  # noqa: S308  our own numbers and an escaped name
        "kinds": [{"name": named(k), "said": said(k, e), "entry": e, "least": said(k, type(e)(amount=k.least)) if e and k.least is not None else "",
                   "below": e is not None and k.least is not None and e.amount < k.least} for k, e, _h in found.record.kinds],
        "bodies": [(label, [b.name for b in there]) for _t, label, there, _d in found.record.bodies],
        "early": early_words(on), "pretended": simulated_words(CatalogueKind.SERVICES, on) or simulated_words(CatalogueKind.LIVING, on), "network": network_in_force(), "attribution": territory.attribution()[0],
    }  # fmt: skip


@require_safe
@require(*permissions.READ_KINDS)
def page(request: ActorRequest, code: str) -> HttpResponse:
    on = asked.day(request.GET.get("on", ""))
    context = sheet_context(request.actor, code, on) | {"pdf": printing.available(), "dated": request.GET.get("on", "")}
    return render(request, "circle/community_sheet.html", context)


@require_safe
@require(*permissions.READ_KINDS)
def as_pdf(request: ActorRequest, code: str) -> HttpResponse:
    """Raises Missing where the server has no means to make one."""
    on = asked.day(request.GET.get("on", ""))
    context = sheet_context(request.actor, code, on)
    response = HttpResponse(paper(context), content_type="application/pdf")
    name = f"{code}-{context['community'].name}-{on}.pdf"
    response["Content-Disposition"] = content_disposition_header(False, name) or ""
    return response


def paper(context: dict[str, Any]) -> bytes:
    """The sheet as PDF."""
    html = render_to_string("circle/community_paper.html", context | {"language": get_language()})
    return printing.pdf(html, style())


def style() -> str:
    """The style sheet that page and paper share, as text."""
    place = finders.find("circle/sheet.css")
    assert isinstance(place, str), "circle/sheet.css is part of this room"
    with open(place, encoding="utf-8") as file:
        return file.read()


@require_POST
@require(*permissions.READ_KINDS)
def make_all(request: ActorRequest) -> HttpResponse:
    """Queue the sheets of a subdistrict. Raises Missing without the means to print."""
    division, on = request.POST.get("division", ""), asked.day(request.POST.get("on", ""))
    if len(division) != Level.SUBDISTRICT or territory.division(division) is None:
        raise Invalid("choose_division", _("请先选一个街道。"))
    printing.check()
    job = jobs.start(
        sheet_jobs.KIND, actor=request.actor, params={"division": division, "on": str(on)}, return_url=reverse("circle:matrices")
    )  # fmt: skip
    return redirect("circle:sheets-job", id=job.pk)


@never_cache
@require_safe
@require(*permissions.READ_KINDS)
def all_sheets(request: ActorRequest, id: uuid.UUID) -> HttpResponse:
    """How far the work is, then where to fetch it."""
    job = _job(request, id)
    context = {"job": job, "there": sheet_jobs.place_of(job.id).exists(), "result": job.result or {}}
    return render(request, "circle/sheets_job.html", context)


@never_cache
@require_safe
@require(*permissions.READ_KINDS)
def fetch_all(request: ActorRequest, id: uuid.UUID) -> Any:
    """The ZIP, for whoever asked for it. Raises Missing when it is not made or no longer kept."""
    job = _job(request, id)
    place = sheet_jobs.place_of(job.id)
    if not place.exists():
        raise Missing("no_sheets", _("这份压缩包还没有做好，或者已经过期，请重新生成。"))
    name = f"{job.result['division']}-{job.result['on']}.zip" if job.result else "sheets.zip"
    return FileResponse(place.open("rb"), as_attachment=True, filename=name, content_type="application/zip")


def _job(request: ActorRequest, id: uuid.UUID) -> Any:
    job = job_reads.job(request.actor, id)
    if job.kind != sheet_jobs.KIND:
        raise Missing("no_such_job", _("没有这项工作，或您不能查看。"))
    return job


urls: list[URLPattern] = [
    path("circle/sheets/", make_all, name="sheets-make"),
    path("circle/sheets/<uuid:id>/", all_sheets, name="sheets-job"),
    path("circle/sheets/<uuid:id>/all.zip", fetch_all, name="sheets-zip"),
    path("circle/communities/<slug:code>/sheet/", page, name="community-sheet"),
    path("circle/communities/<slug:code>/sheet.pdf", as_pdf, name="community-sheet-pdf"),
]
