"""What waits for owners: notes that something is wrong, reviews that are overdue, drafts. And leaving such a note."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from linli.accounts import queries as people
from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid, Missing
from linli.site.refusals import onto_form

from .. import actions, permissions, queries
from ..forms import NoteForm
from . import read


@require_safe
@require(*permissions.KEEP_KINDS)
def due(request: ActorRequest) -> HttpResponse:
    lines = queries.due(actor=request.actor)
    names = people.names({int(x.by.split(":")[1]) for x in lines if x.by.startswith("person:")})
    parts: dict[str, list[Any]] = {"doubt": [], "stale": [], "draft": []}
    for line in lines:
        parts[line.reason].append({"line": line, "by": read.writer(line.by, names) if line.by else ""})
    return render(request, "knowledge/due.html", {"parts": parts, "total": len(lines)})


@require_POST
@require(*permissions.READ_KINDS)
def wrong(request: ActorRequest, article: str) -> HttpResponse:
    """Tell the owner what is wrong with the version in use."""
    found = queries.article(article)
    if found is None:
        raise Missing("no_such_article", _("没有这条答复，或者它已经停用。"))
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            actions.report_wrong(actor=request.actor, version_id=found.version_id, note=form.cleaned_data["note"])
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已转给责任单位，谢谢。"))
            return redirect("knowledge:article", article=article)
    return read.page(request, article, status=422, note=form)


@require_POST
@require(*permissions.KEEP_KINDS)
def settle(request: ActorRequest, doubt_id: int) -> HttpResponse:
    actions.settle(actor=request.actor, doubt_id=doubt_id)
    messages.success(request, _("这条反馈已处理。"))
    return redirect("knowledge:due")
