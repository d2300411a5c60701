"""A running house for tests that need one: its own folder, port and processes, started as `make run` starts it.

What stands in every house (words, static files, keys, tables, the pack, the cast) is made once, by a first start from
nothing, and copied: a house is copied while nothing runs in it.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 600  # a machine may be busy with other things; a house that ends is noticed at once
# Surveys, records and results of the demonstration have tests of their own; a test of the processes does without.
WITHOUT_PLAYS = (
    "from linli.config.commands import demonstration; demonstration.PLAYS = ()\n"
    "import sys; from linli.config.cli import main; sys.exit(main())"
)


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def descendants(pid: int) -> list[int]:
    """The children of a process, their children, and so on."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found


@dataclass
class House:
    """`start`, `kill` (no goodbye), `stop`. `accounts` maps a username of the cast to its password."""

    var: Path
    database_url: str = ""
    matters: int = 0
    plays: bool = True
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(("LINLI_", "DJANGO_"))},
            "LINLI_VAR": str(self.var),
            "DATABASE_URL": self.database_url,
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            "LINLI_DEMONSTRATION": "1",
            "LINLI_DEMONSTRATION_MATTERS": str(self.matters),
            "PYTHONPATH": str(ROOT / "src"),
        }

    def line(self, *words: str) -> list[str]:
        """The command line of a `linli` command in this house."""
        return [sys.executable, *(["-m", "linli.config.cli"] if self.plays else ["-c", WITHOUT_PLAYS]), *words]

    def command(self, *words: str) -> str:
        """Run a `linli` command to its end; its output. Raises CalledProcessError."""
        done = subprocess.run(
            self.line(*words), env=self.environment, cwd=ROOT, check=True, capture_output=True, text=True
        )
        return done.stdout

    def start(self, *, patience_s: float = PATIENCE_S) -> None:
        """Start web and worker, and wait until they answer."""
        line = self.line("run", "--demonstration")
        self.var.mkdir(parents=True, exist_ok=True)
        with (self.var / "house.log").open("ab") as log:
            self.process = subprocess.Popen(
                line, env=self.environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, http.client.HTTPException):
                link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                link.request("GET", "/healthz")
                if link.getresponse().status == 200:
                    return
            time.sleep(0.2)
        raise RuntimeError("the house did not start:\n" + (self.var / "house.log").read_text()[-3000:])

    def kill(self) -> None:
        """SIGKILL to every process at once: a power cut as the processes see it."""
        assert self.process is not None
        for pid in [self.process.pid, *descendants(self.process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def web_pids(self) -> list[int]:
        """The web's processes (granian and its workers)."""
        assert self.process is not None
        found = descendants(self.process.pid)
        return [pid for pid in found if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    @property
    def accounts(self) -> dict[str, str]:
        kept = json.loads((self.var / "keys" / "demonstration.json").read_text())
        return {str(k): str(v) for k, v in kept.items()}


def made_once(name: str, make: Callable[[Path], object], factory: pytest.TempPathFactory) -> Path:
    """A folder that `make` fills once, for all processes of a test run; .ci/run names a place for all its steps."""
    base = factory.getbasetemp()
    place = Path(os.environ.get("LINLI_TEST_HOUSES") or (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base))
    place.mkdir(parents=True, exist_ok=True)
    folder, whole = place / name, place / f"{name}.whole"
    with (place / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():  # or whoever began did not come to the end
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            whole.touch()
    return folder


def furnished(var: Path, factory: pytest.TempPathFactory) -> None:
    """Lay into `var` all that a house on SQLite has before its first matter: one that was started from nothing."""

    def make(folder: Path) -> None:
        with running(folder, plays=False):
            pass

    shutil.copytree(made_once("furnished", make, factory), var)


def lived_in(var: Path, factory: pytest.TempPathFactory, *, matters: int) -> None:
    """Lay into `var` a house with the demonstration and so many matters."""

    def make(folder: Path) -> None:
        furnished(folder, factory)
        House(folder, matters=matters).command("demonstration", "--demonstration")

    shutil.copytree(made_once(f"demonstration-{matters}", make, factory), var)


@contextlib.contextmanager
def running(var: Path, *, database_url: str = "", matters: int = 0, plays: bool = True) -> Iterator[House]:
    """A house that is stopped at the end, whatever happens."""
    house = House(var, database_url, matters, plays)
    try:
        house.start()
        yield house
    finally:
        house.stop()
