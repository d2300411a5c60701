"""Reads: one job as a page shows it, a person's jobs, which workers live."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Missing

from . import permissions, registry
from .choices import OPEN, State
from .models import Job, WorkerBeat
from .rules import MAX_ATTEMPTS, STALE_S, is_stale, remaining_s

LOST = _("后台进程中途停止了，这项工作没有做完。请重新发起。")
RETRIES = _("后台进程中途停止了。它一恢复，这项工作就会自动重新开始。")


@dataclass(frozen=True, slots=True)
class JobView:
    """`state` is already `lost` when the worker's sign is stale, whether or not anybody swept it yet."""

    id: uuid.UUID
    kind: str
    label: str
    state: str
    state_label: str
    is_open: bool
    done: int
    total: int
    percent: int | None
    remaining_s: int | None
    message: str
    error_code: str
    error: str
    result: Any
    return_url: str
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempt: int
    cancel_requested: bool
    may_cancel: Decision
    no_worker: bool


def job(actor: Actor, id: uuid.UUID | str) -> JobView:
    """One job. Raises Missing when it is not there or not theirs."""
    try:
        row = permissions.scope(actor, Job.objects.all()).get(pk=id)
    except (Job.DoesNotExist, ValidationError, ValueError):
        raise Missing("no_such_job", _("没有这项工作，或您不能查看。")) from None
    return view(actor, row)


def jobs(actor: Actor, *, limit: int = 50) -> list[JobView]:
    """The latest jobs the actor may see, newest first."""
    return [view(actor, row) for row in permissions.scope(actor, Job.objects.order_by("-created_at"))[:limit]]


def latest(kind: str) -> Job | None:
    """The newest job of a kind (for rooms that show their own work's state)."""
    return Job.objects.filter(kind=kind).order_by("-created_at").first()


def workers_alive(now: datetime | None = None) -> int:
    """How many workers gave a sign of life lately."""
    return WorkerBeat.objects.filter(seen_at__gte=(now or clock.now()) - timedelta(seconds=STALE_S)).count()


def view(actor: Actor, row: Job) -> JobView:
    """The row as people read it."""
    now = clock.now()
    state = State(row.state)
    known = registry.kind(row.kind)
    will_retry = bool(known and known.repeatable and row.attempt < MAX_ATTEMPTS and not row.cancel_requested)
    error: Any = row.error
    is_open = state in OPEN
    if state is State.RUNNING and is_stale(row.heartbeat_at, now):
        state, is_open = State.LOST, will_retry
        error = RETRIES if will_retry else LOST
    waiting = state is State.QUEUED and (now - row.created_at).total_seconds() > 10
    return JobView(
        id=row.id,
        kind=row.kind,
        label=str(known.label) if known else row.kind,
        state=state.value,
        state_label=str(state.label),
        is_open=is_open,
        done=row.done,
        total=row.total,
        percent=row.done * 100 // row.total if row.total else None,
        remaining_s=remaining_s(row.done, row.total, row.started_at, now) if state is State.RUNNING else None,
        message=gettext(row.message) if row.message else "",
        error_code=row.error_code,
        error=gettext(str(error)) if error else "",
        result=row.result,
        return_url=row.return_url,
        requested_by=row.requested_by,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        attempt=row.attempt,
        cancel_requested=row.cancel_requested,
        may_cancel=permissions.can_cancel(actor, row),
        no_worker=waiting and workers_alive(now) == 0,
    )
