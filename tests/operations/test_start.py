"""`linli run` as a person meets it: the address when it answers, a clear word when it cannot start, a clean end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import PATIENCE_S

from .conftest import ROOT, Installation

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_taken_port_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = Installation(tmp_path).linli("run", code=1, PORT=str(port))
    assert f"端口 {port} 已被占用" in said and not (tmp_path / "linli.sqlite3").exists()


def test_a_database_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    said = Installation(tmp_path, "postgresql://nobody@127.0.0.1:1/none").linli("run", code=1, PORT=str(free_port()))
    assert "连不上数据库" in said and "Traceback" not in said


def test_serve_does_not_change_a_database_that_waits_for_an_upgrade(office: Installation) -> None:
    script = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "connection.cursor().execute(\"DELETE FROM django_migrations WHERE app = 'jobs'\")\n"
    )
    office.run("-c", script, DJANGO_SETTINGS_MODULE="linli.config.settings")
    assert "linli upgrade" in office.linli("serve", code=1, PORT=str(free_port()))


def test_web_and_worker_start_answer_survive_a_kill_and_end(office: Installation) -> None:
    """Without the pack (it has tests of its own): what is tried here is the processes."""
    port = free_port()
    script = "from linli.config.commands import pack; pack.load_if_missing = lambda: None\n" \
             "import sys; from linli.config.cli import main; sys.exit(main(['run']))"  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env=office.environment(PORT=str(port), PYTHONUNBUFFERED="1"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    address = f"http://127.0.0.1:{port}/"

    def listen() -> None:
        for line in process.stdout or ():
            said.append(line)

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        assert answers(port, process), "".join(said) or "no answer"
        wait_until(lambda: address in "".join(said))  # the supervisor looks for itself whether the web answers
        lived = next(wait(lambda: list(office.var.glob("worker-*.json"))))
        assert lived
        web = children(process.pid, "granian")[0]
        os.kill(web, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{web}").exists() or children(process.pid, "granian") not in ([], [web]))
        assert answers(port)
        group = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_S)
        listener.join(timeout=PATIENCE_S)
        assert process.returncode == 0 and address in "".join(said), "".join(said)
        wait_until(lambda: not [p for p in group if Path(f"/proc/{p}").exists()])
        assert not [p for p in group if Path(f"/proc/{p}").exists()]
    finally:
        if process.poll() is None:
            process.kill()


def answers(port: int, process: subprocess.Popen[str] | None = None) -> bool:
    """Whether the web answers, sooner or later; nobody waits for a process that has ended."""

    def ended() -> bool:
        return process is not None and process.poll() is not None

    def ask() -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=3)
        except urllib.error.HTTPError:
            return True  # 503 is an answer too
        except OSError:
            return False
        return True

    return wait_until(lambda: ended() or ask()) and not ended()


def wait(condition: Callable[[], object]):  # type: ignore[no-untyped-def]
    wait_until(condition)
    yield condition()


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE_S) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = task.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            child = int(task.parent.name)
            found += [child, *descendants(child)]
    return found


def children(pid: int, word: str) -> list[int]:
    """Descendants whose command line holds `word`, the nearest first."""
    found = []
    for child in descendants(pid):
        try:
            if word.encode() in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
        except OSError:
            continue
    return found
