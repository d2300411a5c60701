"""A worker process is killed (SIGKILL) in the middle of a job; another one finishes the job, and nothing runs twice at once.

Runs on a database of its own, because the processes must share it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

WORKER = """
import sys, threading, django
django.setup()
from linli.jobs import rules
rules.STALE_S = 2
from linli.jobs import actions, worker
actions.STALE_S = 2
import linli.jobs.tests.sample
worker.run_forever(threading.Event(), interval_s=0.1, beat_s=0.3)
"""
START = """
import sys, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from linli.core.actor import SYSTEM
from linli.jobs import actions
import linli.jobs.tests.sample
print(actions.start(sys.argv[1], actor=SYSTEM, params={"to": int(sys.argv[2]), "pause_s": 0.1, "mark": sys.argv[3]}).pk)
"""
STATE = """
import sys, django
django.setup()
from linli.jobs.models import Job
j = Job.objects.get(pk=sys.argv[1])
print(j.state, j.attempt, j.done, j.total)
"""


@pytest.fixture
def environment(tmp_path: Path, django_db_blocker: object) -> Iterator[dict[str, str]]:
    """A fresh database of the same kind as the suite's, for processes of our own."""
    given = dict(os.environ, DJANGO_SETTINGS_MODULE="linli.config.settings", LINLI_VAR=str(tmp_path))
    given["PYTHONPATH"] = str(Path(__file__).parents[3])
    if connection.vendor == "sqlite":
        given["DATABASE_URL"] = f"sqlite:///{tmp_path / 'killed.sqlite3'}"
        yield given
        return
    import psycopg

    s = connection.settings_dict
    name = f"killed_{os.getpid()}"
    where = {
        "host": s["HOST"] or None,
        "port": s["PORT"] or None,
        "user": s["USER"] or None,
        "password": s["PASSWORD"] or None,
    }
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        secret = f":{s['PASSWORD']}" if s["PASSWORD"] else ""
        given["DATABASE_URL"] = f"postgresql://{s['USER']}{secret}@{s['HOST']}:{s['PORT'] or 5432}/{name}"
        try:
            yield given
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def run(code: str, environment: dict[str, str], *args: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code, *args], env=environment, check=True, capture_output=True, text=True, timeout=120
    ).stdout.strip()


def worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WORKER], env=environment, stderr=subprocess.DEVNULL)


def wait_for(mark: Path, pid: int, lines: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if mark.exists() and mark.read_text().count(f"{pid} ") >= lines:
            return
        time.sleep(0.05)
    raise AssertionError(mark.read_text() if mark.exists() else "the work never began")


def wait_until(state: str, job: str, environment: dict[str, str]) -> None:
    until = time.monotonic() + 90
    while not (found := run(STATE, environment, job)).startswith(state):
        assert time.monotonic() < until, found
        time.sleep(0.2)
    assert found.startswith(state)


@pytest.mark.slow
def test_killed_worker(environment: dict[str, str], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    again = run(START, environment, "test.count", "20", str(mark))
    workers = [worker(environment)]
    try:
        wait_for(mark, workers[0].pid, 5)
        kill(workers[0])
        assert run(STATE, environment, again).startswith("running 1")
        workers.append(worker(environment))
        wait_until("done 2 20 20", again, environment)
        once = run(START, environment, "test.once", "600", str(mark))
        wait_for(mark, workers[1].pid, 20 + 3)
        kill(workers[1])
        workers.append(worker(environment))
        wait_until("lost 1", once, environment)
    finally:
        for process in workers:
            kill(process)
    assert mark.read_text().count(f"{workers[2].pid} ") == 0


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait()
