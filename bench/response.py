"""The response chain under 1,000,000 cases on PostgreSQL and 100,000 on SQLite: create, list, move, poll, boards, plans.

`python bench/run.py response` runs each database in a child process with its own folder and database, so that
nothing of the developer's is touched. SQL counts leave out BEGIN/COMMIT/SAVEPOINT; CPU is the application's (on SQLite
the database runs inside it), PostgreSQL's own is reported beside it. Peers: Signalen, measured on 2 cores
(docs/methods/benchmarks.md); they are quoted, not run.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bench.peers import scratch

AREA = "response"
HERE = Path(__file__).resolve().parent
ASKED = os.environ.get("LINLI_BENCH_CASES", "")
CASES = {"sqlite": min(100_000, int(ASKED or 100_000)), "postgresql": int(ASKED or 1_000_000)}
NAME = "linli_bench"


def run() -> list[dict[str, Any]]:
    """Both databases, one after the other; PostgreSQL is left out, and said so, where none answers."""
    return [*scratch.on_both(scratch.HERE / "chain.py", NAME, CASES), *recompute(), *_engine()]


def recompute() -> list[dict[str, Any]]:
    """A change of the calendar, and one of the ladder, over as many open cases: `response.recompute` as the job runs it."""
    return scratch.on_postgresql(scratch.HERE / "recompute.py", NAME, CASES["postgresql"])


def _engine() -> list[dict[str, Any]]:
    """The same over matters of no app: bench/worktime.py has the load for it and the measurement."""
    os.environ.setdefault("LINLI_BENCH_OPEN", str(CASES["postgresql"]))
    spec = importlib.util.spec_from_file_location("bench_of_worktime", HERE / "worktime.py")
    assert spec is not None and spec.loader is not None
    worktime = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(worktime)
    return list(worktime.recompute())


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False, indent=1))
