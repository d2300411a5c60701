"""Runs one job inside a worker: claim, work, end. The task that django-tasks' database backend carries is `run_job`."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_tasks import task

from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Refusal

from . import actions, registry
from .choices import State
from .models import Job
from .rules import WRITE_EVERY_S, Cancelled, Interrupted

log = logging.getLogger("linli.jobs")
this_worker = "local"  # set once by worker.run_forever
stopping = threading.Event()  # the event that worker.run_forever was given


class Run:
    """What work sees of its job. `actor` is the system; who asked is `requested_by`."""

    def __init__(self, job: Job, *, repeatable: bool = False) -> None:
        self.job = job
        self._repeatable = repeatable
        self.actor: Actor = SYSTEM
        self.requested_by = job.requested_by
        self._written = 0.0

    def progress(self, done: int, total: int, message: Any = "") -> None:
        """Say how far the work is; cheap enough for every row. Raises Cancelled or Interrupted when it must stop."""
        if self._repeatable and stopping.is_set():
            raise Interrupted
        if time.monotonic() - self._written < WRITE_EVERY_S and done < total:
            return
        actions.progress(self.job, done, total, message or self.job.message)
        self._written = time.monotonic()


@task()
def run_job(job_id: str) -> str:
    """Run the job to its end and return its state. Errors end in the job, in words, and in the log, with the trace."""
    job = actions.claim(job_id, worker=this_worker)
    if job is None:
        return "skipped"
    kind = registry.kind(job.kind)
    if kind is None:
        actions.finish(job, State.FAILED, error_code="unknown_job", error=_("这个版本不再有这种后台工作。"))
        return State.FAILED.value
    try:
        result = kind.work(Run(job, repeatable=kind.repeatable), **job.params)
    except Cancelled:
        actions.finish(job, State.CANCELLED)
        return State.CANCELLED.value
    except Interrupted:
        actions.hand_back(job)
        return State.QUEUED.value
    except Refusal as refusal:
        actions.finish(job, State.FAILED, error_code=refusal.code, error=refusal.message)
        return State.FAILED.value
    except Exception as bug:
        log.exception("job failed", extra={"job": str(job.pk), "kind": job.kind})
        actions.finish(
            job,
            State.FAILED,
            error_code=type(bug).__name__[:60],
            error=_("程序出错，工作没有完成。请把编号告诉管理员。"),
        )
        return State.FAILED.value
    actions.finish(job, State.DONE, result=result)
    return State.DONE.value
