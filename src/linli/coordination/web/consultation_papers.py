"""A consultation on paper: the agenda before it, the minutes after it, as PDF with real text."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Conflict
from linli.site import printing

from .. import permissions
from ..queries import meetings as read


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def agenda(request: ActorRequest, id: int) -> HttpResponse:
    """`/coordination/consultations/7/agenda.pdf`"""
    return _paper(request, read.meeting(request.actor, id), minutes=False)


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def minutes(request: ActorRequest, id: int) -> HttpResponse:
    """`/coordination/consultations/7/minutes.pdf`: once it was held. Raises Conflict before."""
    found = read.meeting(request.actor, id)
    if found.consultation.held_at is None:
        raise Conflict("not_held", _("还没有召开，没有纪要。"))
    return _paper(request, found, minutes=True)


def _paper(request: ActorRequest, found: read.Meeting, *, minutes: bool) -> HttpResponse:
    html = paper_html(found, minutes=minutes)
    name = _("共商纪要") if minutes else _("共商议程")
    style = finders.find("coordination/consultation_paper.css")
    with open(str(style), encoding="utf-8") as css:
        made = printing.pdf(html, css.read())
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = content_disposition_header(False, f"{name}-{found.number}.pdf") or "inline"
    return answer


def paper_html(found: read.Meeting, *, minutes: bool) -> str:
    """The sheet as it goes to the press."""
    context: dict[str, Any] = {"found": found, "minutes": minutes, "now": clock.now()}
    return render_to_string("coordination/consultation_paper.html", context)
