"""One measuring process: started, waited for, and given time to take away what it made when the run is stopped."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence

PATIENCE_S = 60


def run(line: Sequence[str], env: Mapping[str, str]) -> None:
    """Like subprocess.run(check=True), in a session of its own, so that Ctrl-C reaches it once and from here only."""
    _wait(subprocess.Popen(line, env=dict(env), start_new_session=True))


def said(line: Sequence[str], env: Mapping[str, str]) -> str:
    """The same for a child that answers: what it wrote to its standard output."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        _wait(subprocess.Popen(line, env=dict(env), start_new_session=True, stdout=file))
        file.seek(0)
        return file.read()


def _wait(child: subprocess.Popen[bytes]) -> None:
    try:
        code = child.wait()
    except KeyboardInterrupt:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise
    if code:
        raise subprocess.CalledProcessError(code, child.args)
