"""Keeps child processes running: starts, restarts what crashed, stops all of them, leaves no orphan.

Knows nothing of web servers or workers; `commands.start` says which children there are.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

GRACE_S = 12.0  # what a child gets to finish requests and tasks
LOOK_S = 0.1
CRASHES, WITHIN_S = 5, 60.0  # more crashes than this and restarting helps nobody
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """One process to keep. `restart_at` is set while it waits for its next start."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    crashes: deque[float] = field(default_factory=deque)

    def start(self) -> None:
        self.process = subprocess.Popen(
            list(self.command),
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops the children in order
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        self.started_at = time.monotonic()
        self.restart_at = None

    def signal_group(self, number: int) -> None:
        """Signal the child and everything it started."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except (ProcessLookupError, PermissionError):  # nothing left of that group
                pass


def _die_with_parent() -> None:
    """Ask Linux to end this child when the supervisor is killed: SIGKILL gives nobody time to clean up."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """`run()` keeps `children` until SIGINT or SIGTERM and returns the exit code.

    `is_ready` is asked until it is true, then `on_ready` is called once. `say` writes one line.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        is_ready: Callable[[], bool],
        on_ready: Callable[[], None],
        say: Callable[[str], None],
        grace_s: float = GRACE_S,
    ) -> None:
        self.children = list(children)
        self.is_ready = is_ready
        self.on_ready = on_ready
        self.say = say
        self.grace_s = grace_s
        self.stopping = False
        self.ready = False
        self.asked_at = 0.0

    def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        code = 0
        try:
            for child in self.children:
                child.start()
            while not self.stopping:
                if not self._look_after():
                    code = 1
                    break
                self._ask_ready()
                time.sleep(LOOK_S)
        finally:
            self._stop_all()
        return code

    def _asked_to_stop(self, number: int, frame: object) -> None:
        self.stopping = True

    def _look_after(self) -> bool:
        """Restart what ended. False when one child crashes again and again."""
        now = time.monotonic()
        for child in self.children:
            if child.restart_at is not None:
                if now >= child.restart_at:
                    child.start()
                continue
            if child.process is None or child.process.poll() is None:
                continue
            child.signal_group(signal.SIGKILL)  # its own children would hold the port or the database
            child.crashes.append(now)
            while child.crashes and now - child.crashes[0] > WITHIN_S:
                child.crashes.popleft()
            if len(child.crashes) > CRASHES:
                self.say(f"{child.name}: exit {child.process.returncode}, {len(child.crashes)} times; giving up")
                return False
            wait_s = 0.0 if len(child.crashes) == 1 else min(2.0 ** (len(child.crashes) - 2), 15.0)
            self.say(f"{child.name}: exit {child.process.returncode}; starting again in {wait_s:.0f} s")
            child.restart_at = now + wait_s
        return True

    def _ask_ready(self) -> None:
        now = time.monotonic()
        if self.ready or now - self.asked_at < 0.25:
            return
        self.asked_at = now
        if self.is_ready():
            self.ready = True
            self.on_ready()

    def _stop_all(self) -> None:
        """SIGTERM to each child, then what is left of their groups is killed."""
        living = [c for c in self.children if c.process is not None and c.process.poll() is None]
        for child in living:
            assert child.process is not None
            child.process.terminate()
        deadline = time.monotonic() + self.grace_s
        for child in living:
            assert child.process is not None
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(f"{child.name}: still busy after {self.grace_s:.0f} s; killed")
        for child in self.children:
            child.signal_group(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
