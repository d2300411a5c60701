"""A job's life: start, progress, cancel, failure, a dead worker."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.db.utils import IntegrityError
from django_tasks_db.models import DBTaskResult

from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM, Actor, Post
from linli.core.errors import Conflict, Invalid, Missing
from linli.jobs import actions, queries, runner, worker
from linli.jobs.choices import State
from linli.jobs.models import Job, WorkerBeat
from linli.jobs.rules import STALE_S, Cancelled, is_stale, remaining_s

from . import sample  # noqa: F401  registers the kinds

pytestmark = pytest.mark.django_db

ME = Actor("person", 1, "周岚")
OTHER = Actor("person", 2, "吴涛")
ADMIN = Actor("person", 3, "何静", (Post(1, "administrator", "110102"),))
LATER = timedelta(seconds=STALE_S + 1)


def test_a_job_runs_to_its_end() -> None:
    job = actions.start("test.count", actor=ME, params={"to": 3})
    assert queries.job(ME, job.pk).state == "queued"
    assert worker.run_until_empty() == 1
    view = queries.job(ME, job.pk)
    assert (view.state, view.done, view.total, view.percent) == ("done", 3, 3, 100)
    assert view.result == {"counted": 3, "asked_by": "person:1"} and view.finished_at and not view.is_open
    assert worker.run_until_empty() == 0


def test_who_may_see_it() -> None:
    job = actions.start("test.count", actor=ME, params={"to": 1})
    assert queries.job(ADMIN, job.pk).id == queries.job(SYSTEM, job.pk).id == job.pk
    for actor in (OTHER, RESIDENT):
        with pytest.raises(Missing):
            queries.job(actor, job.pk)
        with pytest.raises(Missing):
            actions.cancel(actor=actor, id=job.pk)
    with pytest.raises(Missing):
        queries.job(ME, uuid.uuid4())
    with pytest.raises(Missing):
        queries.job(ME, "not-an-id")
    assert [j.id for j in queries.jobs(ME)] == [job.pk] and queries.jobs(OTHER) == []


def test_unknown_kinds_and_foreign_addresses_are_refused() -> None:
    with pytest.raises(Invalid):
        actions.start("test.nothing", actor=ME)
    for bad in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        with pytest.raises(Invalid):
            actions.start("test.count", actor=ME, params={"to": 1}, return_url=bad)
    assert Job.objects.count() == DBTaskResult.objects.count() == 0


def test_cancel_before_it_starts() -> None:
    job = actions.start("test.count", actor=ME, params={"to": 3})
    assert actions.cancel(actor=ME, id=job.pk).state == "cancelled"
    worker.run_until_empty()
    assert queries.job(ME, job.pk).state == "cancelled" and queries.job(ME, job.pk).done == 0
    with pytest.raises(Conflict):
        actions.cancel(actor=ME, id=job.pk)


def test_cancel_while_it_runs_stops_at_the_next_step() -> None:
    job = actions.start("test.count", actor=ME, params={"to": 3})
    held = actions.claim(str(job.pk), worker="w")
    assert held
    actions.progress(held, 1, 3, "数数")
    actions.cancel(actor=ADMIN, id=job.pk)
    with pytest.raises(Cancelled):
        actions.progress(held, 2, 3)
    assert actions.finish(held, State.CANCELLED)
    view = queries.job(ME, job.pk)
    assert (view.state, view.done) == ("cancelled", 1)
    with pytest.raises(Conflict):
        actions.cancel(actor=ME, id=job.pk)


def test_refusals_are_told_in_words_and_bugs_without_details() -> None:
    refused = actions.start("test.refuse", actor=ME)
    broken = actions.start("test.fail", actor=ME)
    worker.run_until_empty()
    assert (queries.job(ME, refused.pk).state, queries.job(ME, refused.pk).error) == ("failed", "合计不对。")
    view = queries.job(ME, broken.pk)
    assert (view.state, view.error_code) == ("failed", "ZeroDivisionError")
    assert "phone" not in view.error and view.error


def test_a_task_is_run_once_even_if_delivered_twice() -> None:
    job = actions.start("test.count", actor=ME, params={"to": 1})
    runner.run_job.enqueue(str(job.pk))
    assert worker.run_until_empty() == 2
    job.refresh_from_db()
    assert job.attempt == 1


def test_a_stale_job_is_seen_as_lost_and_a_repeatable_one_starts_again() -> None:
    job = actions.start("test.count", actor=ME, params={"to": 2})
    held = actions.claim(str(job.pk), worker="dead")
    assert held
    with clock.at(clock.now() + LATER, actor=SYSTEM):
        view = queries.job(ME, job.pk)
        assert view.state == "lost" and view.is_open and "自动重新开始" in view.error
        assert actions.sweep(now=clock.now()) == (1, 0)
        assert actions.sweep(now=clock.now()) == (0, 0)
    with pytest.raises(Cancelled):  # the old worker comes back from a long sleep: it may write nothing
        actions.progress(held, 1, 2)
    worker.run_until_empty()
    assert not actions.finish(held, State.FAILED)
    view = queries.job(ME, job.pk)
    assert (view.state, view.attempt) == ("done", 2)


def test_a_job_that_kills_workers_is_given_up() -> None:
    job = actions.start("test.count", actor=ME, params={"to": 2})
    now = clock.now()
    for _again in range(3):
        actions.claim(str(job.pk), worker="dead")
        now += LATER
        actions.sweep(now=now)
        now += LATER
    assert queries.job(ME, job.pk).state == "lost"


def test_work_that_may_not_be_repeated_is_lost() -> None:
    job = actions.start("test.once", actor=ME, params={"to": 2})
    actions.claim(str(job.pk), worker="dead")
    with clock.at(clock.now() + LATER, actor=SYSTEM):
        assert actions.sweep(now=clock.now()) == (0, 1)
    view = queries.job(ME, job.pk)
    assert (view.state, view.error_code, view.is_open) == ("lost", "worker_lost", False) and "重新发起" in view.error


def test_a_task_taken_by_a_worker_that_died_at_once() -> None:
    job = actions.start("test.count", actor=ME, params={"to": 2})
    DBTaskResult.objects.get(pk=job.task).claim("dead")
    with clock.at(clock.now() + LATER, actor=SYSTEM):
        assert actions.sweep(now=clock.now()) == (1, 0)
    worker.run_until_empty()
    assert queries.job(ME, job.pk).state == "done"


def test_a_beating_worker_keeps_its_job() -> None:
    job = actions.start("test.once", actor=ME, params={"to": 2})
    actions.claim(str(job.pk), worker="busy")
    now = clock.now() + LATER
    actions.beat(worker="busy", now=now)
    assert actions.sweep(now=now) == (0, 0)
    assert queries.workers_alive(now) == 1
    actions.leave(worker="busy")
    assert WorkerBeat.objects.count() == 0


def test_the_page_says_when_no_worker_runs() -> None:
    job = actions.start("test.count", actor=ME, params={"to": 2})
    assert not queries.job(ME, job.pk).no_worker
    with clock.at(clock.now() + timedelta(seconds=11), actor=SYSTEM):
        assert queries.job(ME, job.pk).no_worker
        actions.beat(worker="w", now=clock.now())
        assert not queries.job(ME, job.pk).no_worker


def test_stopping_in_good_order_hands_repeatable_work_back() -> None:
    job = actions.start("test.count", actor=ME, params={"to": 2})
    runner.stopping = threading.Event()
    runner.stopping.set()
    try:
        worker.run_next("leaving")
    finally:
        runner.stopping = threading.Event()
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 0)
    worker.run_until_empty()
    assert queries.job(ME, job.pk).state == "done"


def test_the_database_holds_the_shape() -> None:
    job = actions.start("test.count", actor=ME, params={"to": 2})
    if connection.vendor == "sqlite":
        connection.check_constraints()
    with pytest.raises(IntegrityError):
        Job.objects.filter(pk=job.pk).update(state="done")


def test_remaining_time_is_never_a_guess() -> None:
    now = clock.now()
    assert remaining_s(0, 10, now, now) is None
    assert remaining_s(1, 1000, now - timedelta(seconds=60), now) is None
    assert remaining_s(5, 10, now - timedelta(seconds=1), now) is None
    assert remaining_s(5, 10, now - timedelta(seconds=20), now) == 20
    assert is_stale(None, now) and not is_stale(now, now)
