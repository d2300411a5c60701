"""The worker process: loops that fail are started again, periodic work runs, the heartbeat tells, a signal ends it."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import pytest

from linli.config import background
from linli.config.background import Work, Worker


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    settings.VAR = tmp_path


def run_for(worker: Worker, until) -> None:  # type: ignore[no-untyped-def]
    """Run the worker in this (main) thread until `until()` or ten seconds."""

    def watch() -> None:
        end = time.monotonic() + 10
        while time.monotonic() < end and not until():
            time.sleep(0.02)
        signal.raise_signal(
            signal.SIGTERM
        ) if threading.current_thread() is threading.main_thread() else worker.stop.set()

    old = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        assert worker.run() == 0
    finally:
        watcher.join()
        for number, handler in old.items():
            signal.signal(number, handler)


@pytest.mark.django_db(transaction=True)
def test_a_loop_that_fails_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "HEARTBEAT_S", 0.05)
    tries: list[int] = []

    def loop(stop: threading.Event) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("a telephone number 13900001111")
        stop.wait()

    worker = Worker({"relay": loop}, [], grace_s=2)
    seen: list[dict] = []  # type: ignore[type-arg]
    run_for(worker, lambda: len(tries) > 1 and (seen.append(background.read_heartbeat()) or "loops" in seen[-1]))
    state = seen[-1]["loops"]["relay"]
    assert (state["failures"], state["last_error"]) == (1, "ValueError")
    assert "139" not in str(seen[-1])
    assert background.read_heartbeat() == {}  # a worker that ended well leaves none


@pytest.mark.django_db(transaction=True)
def test_periodic_work_runs_and_a_failure_stops_nobody_else() -> None:
    done: list[str] = []

    def broken() -> None:
        done.append("broken")
        raise RuntimeError

    works = [Work("broken", 3600, broken), Work("sweep", 0, lambda: done.append("sweep"))]
    run_for(Worker({}, works, grace_s=2), lambda: done.count("sweep") >= 2)
    assert done.count("broken") == 1 and done.count("sweep") >= 2
    assert works[0].state.failures == 1 and works[1].state.last_run_at


def test_one_worker_on_a_machine_for_one_database() -> None:
    first = background.take_lock()
    assert first is not None
    assert background.take_lock() is None
    first.close()
    second = background.take_lock()
    assert second is not None
    second.close()


def test_the_wiring_names_its_periodic_work() -> None:
    names = [work.name for work in background.periodic()]
    assert len(names) == len(set(names)) and {"seal", "retention"} <= set(names)
    assert set(background.loops()) == {"relay", "jobs"}
