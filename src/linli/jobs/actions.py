"""The only writers of jobs: start, claim, progress, finish, cancel, sweep."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, When
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing

from . import permissions, registry
from .choices import OPEN, State
from .models import Job, WorkerBeat
from .rules import MAX_ATTEMPTS, STALE_S, Cancelled

AGAIN = _("后台进程中断过，已重新排队")


def start(kind: str, *, actor: Actor, params: dict[str, Any] | None = None, return_url: str = "") -> Job:
    """Queue one job, in the caller's transaction if there is one: neither comes without the other.

    The caller has checked that `actor` may ask. Raises Invalid for an unknown kind or an address off this site.
    """
    if registry.kind(kind) is None:
        raise Invalid("unknown_job", _("没有这种后台工作：%(kind)s。") % {"kind": kind})
    if return_url and (not return_url.startswith("/") or return_url.startswith(("//", "/\\"))):
        raise Invalid("bad_return_url", _("返回地址须是本站的地址。"))
    with transaction.atomic():
        job = Job.objects.create(
            kind=kind, params=params or {}, requested_by=actor.label, created_at=clock.now(), return_url=return_url
        )
        _enqueue(job)
    return job


def _enqueue(job: Job) -> None:
    from .runner import run_job

    job.task = uuid.UUID(str(run_job.enqueue(str(job.pk)).id))
    job.save(update_fields=["task"])


def claim(job_id: str, *, worker: str) -> Job | None:
    """Take a queued job for this worker; None if it was cancelled or taken meanwhile."""
    now = clock.now()
    taken = Job.objects.filter(pk=job_id, state=State.QUEUED).update(
        state=State.RUNNING, attempt=F("attempt") + 1, worker=worker, started_at=now, heartbeat_at=now, done=0, total=0
    )
    return Job.objects.get(pk=job_id) if taken else None


def progress(job: Job, done: int, total: int, message: Any = "") -> None:
    """Write progress and listen for a stop. Raises Cancelled if a stop was asked or the job is no longer this worker's.

    `message` is a short translatable sentence without numbers; it is kept in Chinese and translated when shown.
    """
    total = max(0, int(total))
    done = max(0, min(int(done), total) if total else int(done))
    kept = _chinese(message)[:200]
    mine = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=State.RUNNING, cancel_requested=False)
    if not mine.update(done=done, total=total, message=kept, heartbeat_at=clock.now()):
        raise Cancelled
    job.done, job.total, job.message = done, total, kept


def finish(job: Job, state: State, *, result: Any = None, error_code: str = "", error: Any = "") -> bool:
    """End this attempt; False if the job was already taken from this worker. Done work shows as complete."""
    complete = {"done": Case(When(total__gt=0, then=F("total")), default=F("done"))} if state is State.DONE else {}
    return bool(
        Job.objects.filter(pk=job.pk, attempt=job.attempt, state=State.RUNNING).update(
            state=state,
            result=result,
            error_code=error_code,
            error=_chinese(error)[:400],
            finished_at=clock.now(),
            **complete,
        )
    )


def hand_back(job: Job) -> None:
    """Queue this attempt's job again: its worker stops in good order."""
    with transaction.atomic():
        mine = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=State.RUNNING)
        if mine.update(state=State.QUEUED, worker="", attempt=job.attempt - 1, message=_chinese(AGAIN)):
            _enqueue(Job.objects.get(pk=job.pk))


def cancel(*, actor: Actor, id: uuid.UUID | str) -> Job:
    """Ask a job to stop: a queued one ends at once, a running one at its next step. Raises Missing, Conflict."""
    job = permissions.scope(actor, Job.objects.filter(pk=id)).first()
    if job is None:
        raise Missing("no_such_job", _("没有这项工作，或您不能查看。"))
    decision = permissions.can_cancel(actor, job)
    if not decision:
        raise Conflict(decision.code, decision.reason)
    if not Job.objects.filter(pk=job.pk, state=State.QUEUED).update(
        state=State.CANCELLED, cancel_requested=True, finished_at=clock.now()
    ):
        Job.objects.filter(pk=job.pk, state__in=OPEN).update(cancel_requested=True)
    job.refresh_from_db()
    return job


def beat(*, worker: str, now: datetime) -> None:
    """A worker's sign of life, for itself and for the job in its hands."""
    if not WorkerBeat.objects.filter(pk=worker).update(seen_at=now):
        WorkerBeat.objects.create(worker=worker, started_at=now, seen_at=now)
    Job.objects.filter(worker=worker, state=State.RUNNING).update(heartbeat_at=now)


def leave(*, worker: str) -> None:
    """A worker says goodbye."""
    WorkerBeat.objects.filter(pk=worker).delete()


def sweep(*, now: datetime) -> tuple[int, int]:
    """Find jobs whose worker died: queue repeatable ones again (three attempts), end the others as lost.

    Returns (queued again, lost). Compare-and-swap on the attempt, so two sweepers do not queue a job twice.
    """
    again = lost = 0
    limit = now - timedelta(seconds=STALE_S)
    for job in Job.objects.filter(state=State.RUNNING, heartbeat_at__lt=limit):
        known = registry.kind(job.kind)
        retry = bool(known and known.repeatable and job.attempt < MAX_ATTEMPTS and not job.cancel_requested)
        with transaction.atomic():
            mine = Job.objects.filter(pk=job.pk, state=State.RUNNING, attempt=job.attempt, heartbeat_at__lt=limit)
            if retry:
                if not mine.update(state=State.QUEUED, worker="", message=_chinese(AGAIN)):
                    continue
                again += 1
            else:
                stopped = State.CANCELLED if job.cancel_requested else State.LOST
                sentence = _("后台进程中途停止了，这项工作没有做完。请重新发起。")
                code = "" if job.cancel_requested else "worker_lost"
                if not mine.update(
                    state=stopped, finished_at=now, error_code=code, error=_chinese(sentence) if code else ""
                ):
                    continue
                lost += 1
            DBTaskResult.objects.filter(pk=job.task or job.pk, status=TaskResultStatus.RUNNING).update(
                status=TaskResultStatus.FAILED, finished_at=now
            )
            if retry:
                _enqueue(Job.objects.get(pk=job.pk))
    again += _requeue_orphans(now)
    WorkerBeat.objects.filter(seen_at__lt=now - timedelta(hours=1)).delete()
    return again, lost


def _requeue_orphans(now: datetime) -> int:
    """Queued jobs whose task was taken by a worker that died before it claimed the job: give them a new task."""
    count = 0
    for job in Job.objects.filter(state=State.QUEUED, created_at__lt=now - timedelta(seconds=STALE_S)):
        with transaction.atomic():
            dead = DBTaskResult.objects.filter(
                pk=job.task or job.pk, status=TaskResultStatus.RUNNING, started_at__lt=now - timedelta(seconds=STALE_S)
            ).update(status=TaskResultStatus.FAILED, finished_at=now)
            if dead:
                _enqueue(job)
                count += 1
    return count


def _chinese(sentence: Any) -> str:
    """The msgid itself, so that each reader gets it in their own language."""
    with translation.override("zh-hans"):
        return str(sentence)
