"""One measuring process: started, waited for, and given time to take away what it made when the run is stopped."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence

PATIENCE_S = 60


def run(line: Sequence[str], env: Mapping[str, str]) -> None:
    """Like subprocess.run(check=True), in a session of its own, so that Ctrl-C reaches it once and from here only."""
    child = subprocess.Popen(line, env=dict(env), start_new_session=True)
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
        raise subprocess.CalledProcessError(code, list(line))
