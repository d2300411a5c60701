"""The supervisor: restarts what crashed, gives up on what cannot start, leaves nobody behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Runs one child given as Python text; writes what happens as lines.
HOST = """
import sys
from linli.config.supervisor import Child, Supervisor
child = Child("child", [sys.executable, "-c", sys.argv[1]])
ready = lambda: True
code = Supervisor([child], is_ready=ready, on_ready=lambda: print("ready", flush=True),
                  say=lambda w: print(w, flush=True), grace_s=2.0).run()
print("code", code, flush=True)
"""
GRANDCHILD = """
import subprocess, sys, time
p = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[0] if False else {pids!r}, "a").write(f"{{p.pid}}\\n")
time.sleep(60)
"""


def start(child: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOST, child],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(condition, seconds: float = 20.0) -> bool:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_the_children_started(tmp_path: Path, number: signal.Signals) -> None:
    file = tmp_path / "pids"
    process = start(GRANDCHILD.format(pids=str(file)))
    assert wait_for(lambda: pids(file))
    process.send_signal(number)
    said, _none = process.communicate(timeout=20)
    assert "code 0" in said
    assert wait_for(lambda: not any(alive(p) for p in pids(file)))


def test_a_crashed_child_is_started_again_and_its_own_children_are_gone(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    crash = GRANDCHILD.format(pids=str(file)).replace("time.sleep(60)\n", "raise SystemExit(3)\n")
    process = start(crash)
    assert wait_for(lambda: len(pids(file)) >= 2)
    first = pids(file)[0]
    assert wait_for(lambda: not alive(first))
    process.terminate()
    said, _none = process.communicate(timeout=20)
    assert "exit 3; starting again" in said and "code 0" in said


def test_a_child_that_cannot_start_is_given_up_on() -> None:
    process = start("raise SystemExit(7)")
    said, _none = process.communicate(timeout=60)
    assert "giving up" in said and "code 1" in said


def test_a_child_that_will_not_stop_is_killed() -> None:
    process = start(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "deaf" in line:
            break
    began = time.monotonic()
    process.terminate()
    said, _none = process.communicate(timeout=20)
    assert "killed" in said and time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells children of their parent's death")
def test_a_killed_supervisor_leaves_no_orphans(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    process = start(f"import os, time; open({str(file)!r}, 'w').write(str(os.getpid())); time.sleep(60)")
    assert wait_for(lambda: pids(file))
    process.kill()
    process.communicate(timeout=10)
    assert wait_for(lambda: not alive(pids(file)[0]))
