"""The worker's loop around django-tasks' database worker: runs jobs, signs that it lives, sweeps after dead workers."""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid

from django.db import close_old_connections, connection, transaction
from django.db.utils import DatabaseError
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from linli.core import clock

from . import actions, runner
from .rules import BEAT_S

log = logging.getLogger("linli.jobs")


def run_next(worker_id: str) -> bool:
    """Run one waiting task if there is one. A plain read comes first, so an idle worker never takes the write lock."""
    ready = DBTaskResult.objects.ready().filter(backend_name="default")
    if not ready.exists():
        return False
    with transaction.atomic():  # IMMEDIATE on SQLite, a skipped lock on PostgreSQL: one worker takes it
        task = ready.get_locked()
        if task is None:
            return False
        task.claim(worker_id)
    Worker(
        queue_names=["*"],
        excluded_queue_names=[],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=1,
        worker_id=worker_id,
    ).run_task(task)
    return True


def run_until_empty(worker_id: str = "local") -> int:
    """Run all that waits, in this thread, and return how many ran (tests, commands)."""
    count = 0
    while run_next(worker_id):
        count += 1
    return count


def run_forever(stop_event: threading.Event, *, interval_s: float = 1.0, beat_s: float = BEAT_S) -> None:
    """Work until `stop_event` is set; repeatable work in hand goes back to the queue at its next step.

    Survives a database that is away for a while: it says so in the log and tries again.
    """
    worker_id = f"{os.uname().nodename[:20]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    runner.this_worker, runner.stopping = worker_id, stop_event
    signs = threading.Thread(target=_beat, args=(worker_id, stop_event, beat_s), name="jobs-beat", daemon=True)
    signs.start()
    swept = 0.0
    try:
        while not stop_event.is_set():
            try:
                if time.monotonic() - swept > 2 * beat_s:
                    actions.sweep(now=clock.now())
                    swept = time.monotonic()
                idle = not run_next(worker_id)
            except DatabaseError:
                log.exception("worker could not reach the database")
                connection.close()
                idle = True
            close_old_connections()
            if idle:
                stop_event.wait(interval_s)
    finally:
        signs.join(timeout=beat_s)
        try:
            actions.leave(worker=worker_id)
        except DatabaseError:
            log.warning("worker left without saying goodbye")


def _beat(worker_id: str, stop_event: threading.Event, beat_s: float) -> None:
    """Sign every few seconds from a thread of its own, so that long work without progress is not taken for dead."""
    while not stop_event.is_set():
        try:
            actions.beat(worker=worker_id, now=clock.now())
        except DatabaseError:
            log.warning("worker could not sign", exc_info=True)
            connection.close()
        stop_event.wait(beat_s)
    connection.close()
