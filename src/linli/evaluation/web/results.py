"""The list of results, asking for a run, one result while it runs and after, its release and withdrawal."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Conflict, Missing
from linli.jobs import queries as jobs

from .. import permissions
from ..actions import results as write
from ..choices import FrameworkState, ResultState
from ..queries import frameworks as framework_reads
from ..queries import results as read
from ..queries.explore import ranking
from ..queries.explored import explored
from ..queries.results import ResultView
from . import explore, what_if
from . import explore_words as words
from .explore_asked import Looking
from .explore_lines import lines
from .runs import urls as run_urls

TOP = 5


@require_safe
@require(*permissions.READ_KINDS)
def home(request: ActorRequest) -> HttpResponse:
    """What was released last, and all results one may see."""
    found = read.results(request.actor)
    hero = read.latest_released(request.actor)
    context: dict[str, Any] = {
        "results": found, "may_work": bool(permissions.can_work(request.actor)), "inside": bool(permissions.can_see_drafts(request.actor)),
        "count": {s: sum(r.state == s for r in found) for s in (ResultState.RELEASED, ResultState.DONE, ResultState.RUNNING)},
        "frameworks": [f for f in framework_reads.frameworks(actor=request.actor) if f.state == FrameworkState.PUBLISHED],
    }  # fmt: skip
    if hero is not None:
        with suppress(Conflict):  # one broken result closes its own pages, not the list
            context |= _hero(request, hero)
    return render(request, "evaluation/results.html", context)


def _hero(request: ActorRequest, row: ResultView) -> dict[str, Any]:
    """The released result at the head of the page: its first units, or why it has no order yet."""
    of = explored(request.actor, row.id)
    at = Looking(of, of.subject.years[-1], "", "")
    found = ranking(of.subject, "", at.year)
    return {
        "hero": row, "hero_at": at, "hero_found": found, "hero_lines": [line for line in lines(found, at) if line.row.rank][:TOP],
        "hero_reasons": words.reasons(row.reasons, of.opened), "hero_ranked": at.ranked,
    }  # fmt: skip


@require_safe
@require(*permissions.READ_KINDS)
def result(request: ActorRequest, id: UUID) -> HttpResponse:
    """A run's progress, its reasons where it could not be made, else the order of its units."""
    row = read.result(request.actor, id)
    if row.digest:
        return explore.ranked_page(request, id)
    context: dict[str, Any] = {"row": row, "job": None, "state": ResultState(row.state)}
    if row.state == ResultState.RUNNING and row.job is not None:
        try:
            context["job"] = jobs.job(request.actor, row.job)
        except Missing:
            context["job"] = None  # somebody else's run: its state is all one sees
    return render(request, "evaluation/run.html", context)


@require_POST
@require(*permissions.READ_KINDS)
def release(request: ActorRequest, id: UUID) -> HttpResponse:
    read.result(request.actor, id)
    write.release(actor=request.actor, id=id)
    messages.success(request, _("已发布，全体工作人员可以看到。"))
    return redirect(reverse("evaluation:result", args=[id]))


@require_POST
@require(*permissions.READ_KINDS)
def withdraw(request: ActorRequest, id: UUID) -> HttpResponse:
    read.result(request.actor, id)
    write.withdraw(actor=request.actor, id=id, reason=request.POST.get("reason", "").replace("\0", ""))
    messages.success(request, _("已撤回。"))
    return redirect(reverse("evaluation:result", args=[id]))


urls: list[URLPattern] = [
    path("evaluation/", home, name="home"),
    *run_urls,
    path("evaluation/results/<uuid:id>/", result, name="result"),
    path("evaluation/results/<uuid:id>/release/", release, name="result-release"),
    path("evaluation/results/<uuid:id>/withdraw/", withdraw, name="result-withdraw"),
    *what_if.urls,
]
