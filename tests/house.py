"""A running house for tests that need one: its own folder, port and processes, started as `make run` starts it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


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

    def command(self, *words: str) -> str:
        """Run a `linli` command to its end; its output. Raises CalledProcessError."""
        line = [sys.executable, "-m", "linli.config.cli", *words]
        return subprocess.run(line, env=self.environment, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    def start(self, *, patience_s: float = 180) -> None:
        """Start web and worker, and wait until they answer."""
        line = [sys.executable, "-m", "linli.config.cli", "run", "--demonstration"]
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


@contextlib.contextmanager
def running(var: Path, *, database_url: str = "", matters: int = 0) -> Iterator[House]:
    """A house that is stopped at the end, whatever happens."""
    house = House(var, database_url, matters)
    try:
        house.start()
        yield house
    finally:
        house.stop()
