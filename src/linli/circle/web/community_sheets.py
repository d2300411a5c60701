"""One community on paper: a page that prints well, the same as PDF."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.actor import Actor
from linli.territory import queries as territory

from .. import drawing, permissions, printing
from ..queries import community_sheet as read
from ..queries.homes import network as network_in_force
from . import asked
from .records import named, said


def sheet_context(actor: Actor, code: str, on: Any) -> dict[str, Any]:
    """What the page and the paper show. Raises Forbidden, Missing."""
    found = read.community_sheet(actor=actor, code=code, on=on)
    return {
        "sheet": found, "community": found.record.community, "on": on, "now": clock.now(),
        "drawing": mark_safe(drawing.community(code, on)),  # noqa: S308  our own numbers and an escaped name
        "kinds": [{"name": named(k), "said": said(k, e), "entry": e, "least": said(k, type(e)(amount=k.least)) if e and k.least is not None else "",
                   "below": e is not None and k.least is not None and e.amount < k.least} for k, e, _history in found.record.kinds],
        "bodies": [(label, [b.name for b in there]) for _token, label, there, _duties in found.record.bodies],
        "network": network_in_force(), "attribution": territory.attribution()[0],
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


urls: list[URLPattern] = [
    path("circle/communities/<slug:code>/sheet/", page, name="community-sheet"),
    path("circle/communities/<slug:code>/sheet.pdf", as_pdf, name="community-sheet-pdf"),
]
