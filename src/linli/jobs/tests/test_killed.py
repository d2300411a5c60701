"""A worker process is killed (SIGKILL) in the middle of a job; another one does the job again from its start.

Runs on a database of its own, because the processes must share it.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
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
actions.start(sys.argv[1], actor=SYSTEM, params={"to": int(sys.argv[2]), "pause_s": 0.1, "mark": sys.argv[3]})
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


def row(environment: dict[str, str]) -> tuple[object, ...]:
    """State, attempt, done, total: read beside Django, as an outsider."""
    sql = "SELECT state, attempt, done, total FROM jobs_job"  # the only job there is
    url = environment["DATABASE_URL"]
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as outside:
            return tuple(outside.execute(sql).fetchone())
    import psycopg

    with psycopg.connect(url) as outside:
        found = outside.execute(sql).fetchone()
        assert found
        return tuple(found)


@pytest.mark.slow
def test_killed_worker(environment: dict[str, str], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    run(START, environment, "test.count", "20", str(mark))
    workers = [worker(environment)]
    try:
        wait_for(mark, workers[0].pid, 5)
        kill(workers[0])
        assert row(environment)[:2] == ("running", 1)
        workers.append(worker(environment))
        until = time.monotonic() + 90
        while row(environment)[0] != "done" and time.monotonic() < until:
            time.sleep(0.1)
        assert row(environment) == ("done", 2, 20, 20)
    finally:
        for process in workers:
            kill(process)
    counted = mark.read_text().splitlines()
    assert [line for line in counted if line.startswith(f"{workers[1].pid} ")] == [
        f"{workers[1].pid} {i}" for i in range(20)
    ]


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait()
