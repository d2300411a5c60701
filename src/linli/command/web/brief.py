"""`/command/brief/`: the one-page brief, first as a page, then as PDF."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Invalid
from linli.site import printing

from .. import brief, forms
from .past import KINDS, kind_name, shown


@require_safe
@never_cache
@require(*KINDS)
def page(request: ActorRequest) -> HttpResponse:
    """The sheet as it will be printed, with the choice of day and span."""
    said, given = shown(request, "brief"), request.GET.dict()
    problem, span = said.problem, "day"
    try:
        span, now, before = forms.brief_period(given)
    except Invalid as refused:
        problem = problem or refused
    base = reverse("command:brief")
    typed = given.get("day", "") or f"{clock.today()}"
    chosen = given.get("span", "day") or "day"
    context: dict[str, Any] = said.context | {
        "typed": typed,
        "span": chosen,
        "today": f"{clock.today()}",
        "spans": [(key, label, key == chosen) for key, label in forms.SPANS.items()],
    }
    if problem:
        return render(request, "command/brief.html", context | said.wrong(problem), status=422)
    sheet = brief.brief(request.actor, said.ground, span, now, before)
    query = said.query | {"span": span, "day": f"{now.last}"}
    step = {"day": f"{before.last}", "week": f"{before.last}", "month": f"{before.first}"}[span]
    told = brief.context(sheet, said.ground, kind_name(said.ground.kind))
    more = {
        "pdf": f"{reverse('command:brief_pdf')}?{urlencode(query)}" if printing.available() else "",
        "earlier": f"{base}?{urlencode(query | {'day': step})}",
    }
    return render(request, "command/brief.html", context | told | more)


@require_safe
@never_cache
@require(*KINDS)
def as_pdf(request: ActorRequest) -> HttpResponse:
    """Raises Forbidden, Missing (no such board; no means to print), Invalid."""
    given = request.GET.dict()
    ground = forms.ground_from(request.actor, given)
    span, now, before = forms.brief_period(given)
    sheet = brief.brief(request.actor, ground, span, now, before)
    content = brief.paper(brief.context(sheet, ground, kind_name(ground.kind)))
    response = HttpResponse(content, content_type="application/pdf")
    name = f"{brief.title(span, ground)}-{now.last}.pdf"
    response["Content-Disposition"] = content_disposition_header(False, name) or ""
    return response
