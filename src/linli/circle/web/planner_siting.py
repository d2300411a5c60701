"""Where the next facilities should stand: asked by the planner's script, worked out by a job, polled until it ends."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Missing
from linli.jobs import actions as jobs
from linli.jobs import queries as job_reads
from linli.jobs.choices import State
from linli.jobs.queries import JobView
from linli.site import limits, throttle
from linli.site.refusals import answers_json

from .. import jobs as work
from .. import permissions
from ..queries import reach, siting
from . import asked

KEPT = ("catalogue", "item", "pace", "on", "reading")
"""Of the body of the request, what the job has to know; the names of edits are not among it."""


@require_POST
@answers_json
@require(*permissions.PLAN_KINDS)
def site(request: ActorRequest) -> HttpResponse:
    """Queue the search for the best places for n new facilities; how it stands, and where that is asked again."""
    values = asked.body(request)
    question, edits = asked.question(values), asked.edits(values)
    reach.check_edits(edits, question.catalogue)
    count, aim = asked.number(values.get("n"), "n"), str(values.get("aim", ""))
    siting.check(count, aim)
    throttle.take_all(f"siting:{request.actor.label}", limits.rates(limits.Rate.SITING))
    rows = [
        {"kind": e.kind, "facility": e.facility, "items": e.items, "lon": e.lon, "lat": e.lat} for e in edits
    ]  # fmt: skip
    kept = {name: values[name] for name in KEPT if values.get(name)}
    params = {"asked": {**kept, "on": str(question.on), "edits": rows}, "count": count, "aim": aim}
    job = jobs.start(work.SITING, actor=request.actor, params=params, return_url=reverse("circle:planner"))
    return _answer(job_reads.job(request.actor, job.pk))


@never_cache
@require_safe
@answers_json
@require(*permissions.PLAN_KINDS)
def sited(request: ActorRequest, id: uuid.UUID) -> HttpResponse:
    """How far the search is, or what it found. Raises Missing for somebody else's."""
    return _answer(_job(request, id))


@require_POST
@answers_json
@require(*permissions.PLAN_KINDS)
def stop(request: ActorRequest, id: uuid.UUID) -> HttpResponse:
    """Ask the search to stop; one that has ended stays as it is."""
    if _job(request, id).is_open:
        jobs.cancel(actor=request.actor, id=id)
    return _answer(_job(request, id))


def _job(request: ActorRequest, id: uuid.UUID) -> JobView:
    job = job_reads.job(request.actor, id)
    if job.kind != work.SITING:
        raise Missing("no_such_job", _("没有这项工作，或您不能查看。"))
    return job


def _answer(job: JobView) -> JsonResponse:
    urls = {"poll": reverse("circle:sited", args=[job.id]), "stop": reverse("circle:site-stop", args=[job.id])}
    answer: dict[str, Any] = {"state": job.state, "open": job.is_open, "said": _said(job), **urls}
    if job.state == State.DONE:
        found = job.result
        chosen = [{"lon": round(lon, 6), "lat": round(lat, 6)} for lon, lat in found["chosen"]]
        answer |= {"chosen": chosen, "proven": found["proven"], "gained": found["gained"]}
    return JsonResponse(answer)


def _said(job: JobView) -> str:
    if job.state == State.DONE:
        return _found(job.result)
    if job.error:
        return job.error
    if job.state == State.CANCELLED:
        return _("已停止选址。")
    if job.no_worker:
        return _("后台进程没有在运行，这项工作还没有开始。请管理员启动后台进程，启动后会自动开始。")
    if job.cancel_requested:
        return _("正在停止，做完手上这一步就停。")
    return f"{job.message}……" if job.message and job.state == State.RUNNING else _("选址排队中，一般只要几秒……")


def _found(found: dict[str, Any]) -> str:
    """What was found, with the proof or the gap."""
    words = {"k": len(found["chosen"]), "n": found["gained"], "gap": 100 * found["gap"]}
    if not found["chosen"]:
        said = _("再放也不会有更多住处走得到：%(n)s 处已经都走得到，或候选地点够不着。")
        return said % {"n": found["covered_before"]}
    if found["proven"]:
        return _("放 %(k)s 处，新增 %(n)s 个住处走得到；已证明是最优。") % words
    if found["gap"] >= 1:
        return _("放 %(k)s 处，新增 %(n)s 个住处走得到；时限内没能证明是不是最优。") % words
    return _("放 %(k)s 处，新增 %(n)s 个住处走得到；到时限为止，离最优至多差 %(gap).1f%%。") % words


urls: list[URLPattern] = [
    path("circle/planner/site.json", site, name="site"),
    path("circle/planner/site/<uuid:id>.json", sited, name="sited"),
    path("circle/planner/site/<uuid:id>/stop.json", stop, name="site-stop"),
]
