"""The response chain under 1,000,000 cases on PostgreSQL and 100,000 on SQLite: create, list, move, poll, boards, plans.

`python bench/run.py response` runs each database in a child process with its own folder and database, so that
nothing of the developer's is touched. SQL counts leave out BEGIN/COMMIT/SAVEPOINT; CPU is the application's (on SQLite
the database runs inside it), PostgreSQL's own is reported beside it. Peers: Signalen, measured on 2 cores
(docs/methods/benchmarks.md); they are quoted, not run.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bench import _child

AREA = "response"
HERE = Path(__file__).resolve().parent
ASKED = os.environ.get("LINLI_BENCH_CASES", "")
CASES = {"sqlite": min(100_000, int(ASKED or 100_000)), "postgresql": int(ASKED or 1_000_000)}
SERVER = os.environ.get("LINLI_BENCH_SERVER", "postgresql://root@127.0.0.1:5432/postgres")
NAME = "linli_bench"


def run() -> list[dict[str, Any]]:
    """Both databases, one after the other; PostgreSQL is left out, and said so, where none answers."""
    rows: list[dict[str, Any]] = []
    folder = Path(tempfile.mkdtemp(prefix="linli-bench-"))
    try:
        rows += _measure("sqlite", folder / "sqlite", "")
        if _postgres("CREATE"):
            rows += _measure("postgresql", folder / "postgresql", SERVER.rsplit("/", 1)[0] + "/" + NAME)
            _postgres("DROP")
            rows += _recompute()
        else:
            print("PostgreSQL does not answer: its rows are left out", file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _postgres("DROP")
    return rows


def _recompute() -> list[dict[str, Any]]:
    """A change of the calendar over as many open cases: bench/worktime.py has the load for it and the measurement."""
    import importlib.util

    os.environ.setdefault("LINLI_BENCH_OPEN", str(CASES["postgresql"]))
    spec = importlib.util.spec_from_file_location("bench_of_worktime", HERE / "worktime.py")
    assert spec is not None and spec.loader is not None
    worktime = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(worktime)
    return list(worktime.recompute())


def _postgres(verb: str) -> bool:
    import psycopg

    try:
        with psycopg.connect(SERVER, autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
            if verb == "CREATE":
                server.execute(f"CREATE DATABASE {NAME}")
        return True
    except psycopg.OperationalError:
        return False


def _measure(database: str, var: Path, url: str) -> list[dict[str, Any]]:
    out = var.parent / f"{database}.json"
    environment = {
        **os.environ,
        "LINLI_VAR": str(var),
        "DATABASE_URL": url,
        "LINLI_LOG": "ERROR",
        "LINLI_DEMONSTRATION": "1",
    }
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE.parent / "src"), str(HERE.parent)])
    environment["DJANGO_SETTINGS_MODULE"] = "linli.config.settings"
    _child.run(
        [sys.executable, str(HERE / "peers" / "chain.py"), database, str(out), str(CASES[database])], environment
    )
    return list(json.loads(out.read_text()))


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False, indent=1))
