"""What the one worker process does beside the web: relay, jobs, periodic work, heartbeat. Loops only, no rules.

Each loop is a thread with its own database connection. A loop that raises is logged and started again.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import close_old_connections, connections

from linli.core import clock

log = logging.getLogger("linli.worker")

HEARTBEAT_S = 5.0
LOOPS = {"relay": "linli.flow.relay", "jobs": "linli.jobs.worker"}  # each has run_forever(stop)
Loop = Callable[[threading.Event], None]


@dataclass(slots=True)
class State:
    """How a loop is doing, as the heartbeat tells it. The text of an error may be personal: only its type is kept."""

    name: str
    failures: int = 0
    last_error: str = ""
    last_run_at: str = ""


@dataclass(slots=True)
class Work:
    """One thing to do every `every_s` seconds."""

    name: str
    every_s: float
    call: Callable[[], Any]
    next_at: float = 0.0
    state: State = field(init=False)

    def __post_init__(self) -> None:
        self.state = State(self.name)


def database_mark() -> str:
    """A short mark of the database in use: two databases may share one folder, each with its own worker."""
    d = settings.DATABASES["default"]
    return hashlib.sha256(f"{d['ENGINE']}|{d.get('HOST')}|{d.get('PORT')}|{d['NAME']}".encode()).hexdigest()[:8]


def heartbeat_file() -> Path:
    return Path(settings.VAR) / f"worker-{database_mark()}.json"


def take_lock() -> IO[str] | None:
    """The lock that makes the worker the only one on this machine for this database; None when it is taken."""
    handle = (Path(settings.VAR) / f"worker-{database_mark()}.lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


def read_heartbeat() -> dict[str, Any]:
    """The last heartbeat; empty when there was none."""
    try:
        return dict(json.loads(heartbeat_file().read_text()))
    except (OSError, ValueError):
        return {}


def heartbeat_age_s() -> float | None:
    """Seconds since the worker last said that it lives; None when it never did."""
    at = read_heartbeat().get("at")
    return (clock.now() - datetime.fromisoformat(at)).total_seconds() if at else None


def periodic() -> list[Work]:
    """The periodic work that `config.wiring` names."""
    try:
        wiring = importlib.import_module("linli.config.wiring")
    except ModuleNotFoundError as missing:
        if missing.name != "linli.config.wiring":
            raise
        return []
    wiring.wire()  # the relay's subscribers and the jobs' hooks run here
    return [Work(name, every_s, call) for name, every_s, call in getattr(wiring, "PERIODIC", [])]


def loops() -> dict[str, Loop]:
    """The endless loops of the rooms that have one."""
    found: dict[str, Loop] = {}
    for name, path in LOOPS.items():
        try:
            found[name] = importlib.import_module(path).run_forever
        except ModuleNotFoundError as missing:
            if missing.name != path:
                raise
            log.warning("worker has no loop %s yet", name)
    return found


class Worker:
    """All loops of the process; `run()` returns when SIGTERM or SIGINT came and the loops have ended."""

    def __init__(self, loops: dict[str, Loop], works: list[Work], *, grace_s: float = 8.0) -> None:
        self.loops = loops
        self.works = works
        self.grace_s = grace_s
        self.stop = threading.Event()
        self.states = {name: State(name) for name in loops}

    def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stop.set())
        threads = [
            threading.Thread(target=self._keep, args=(name, loop), name=name, daemon=True)
            for name, loop in self.loops.items()
        ]
        threads.append(threading.Thread(target=self._periodic, name="periodic", daemon=True))
        for thread in threads:
            thread.start()
        while not self.stop.wait(HEARTBEAT_S if self._beat() else 1.0):
            pass
        deadline = time.monotonic() + self.grace_s
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        heartbeat_file().unlink(missing_ok=True)
        return 0

    def _keep(self, name: str, loop: Loop) -> None:
        state = self.states[name]
        while not self.stop.is_set():
            try:
                loop(self.stop)
            except Exception as error:
                self._failed(state, error)
                self.stop.wait(min(2.0 ** min(state.failures, 6), 60.0))
            else:
                if not self.stop.is_set():
                    log.warning("loop %s ended by itself", name)
                    self.stop.wait(5.0)
            finally:
                connections.close_all()

    def _periodic(self) -> None:
        while not self.stop.wait(1.0):
            for work in self.works:
                if self.stop.is_set():
                    break
                if time.monotonic() >= work.next_at:
                    self._once(work)
            close_old_connections()
        connections.close_all()

    def _once(self, work: Work) -> None:
        work.next_at = time.monotonic() + work.every_s
        try:
            work.call()
            work.state.last_run_at = clock.now().isoformat()
            work.state.last_error = ""
        except Exception as error:
            self._failed(work.state, error)
            work.next_at = time.monotonic() + min(work.every_s, 60.0)
            connections.close_all()

    def _failed(self, state: State, error: Exception) -> None:
        state.failures += 1
        state.last_error = type(error).__name__
        log.exception("%s failed", state.name)

    def _beat(self) -> bool:
        """Write the heartbeat, whole or not at all."""
        states = [*self.states.values(), *(w.state for w in self.works)]
        beat = {
            "at": clock.now().isoformat(),
            "pid": os.getpid(),
            "loops": {
                s.name: {"failures": s.failures, "last_error": s.last_error, "last_run_at": s.last_run_at}
                for s in states
            },
        }
        path = heartbeat_file()
        draft = path.with_suffix(".new")
        try:
            draft.write_text(json.dumps(beat))
            draft.replace(path)
        except OSError:
            log.exception("heartbeat cannot be written")
            return False
        return True
