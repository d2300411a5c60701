"""The response chain under 100,000 cases: create, list, move, poll, on SQLite and on PostgreSQL.

`python bench/run.py response` runs each database in a child process with its own folder and database, so that
nothing of the developer's is touched. SQL counts leave out BEGIN/COMMIT/SAVEPOINT; CPU is the application's (on SQLite
the database runs inside it), PostgreSQL's own is reported beside it. Peers: Signalen, measured on 2 cores
(docs/methods/benchmarks.md); they are quoted, not run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

AREA = "response"
HERE = Path(__file__).resolve().parent
PRELOAD = int(os.environ.get("LINLI_BENCH_CASES", "100000"))
SERVER = os.environ.get("LINLI_BENCH_SERVER", "postgresql://root@127.0.0.1:5432/postgres")
NAME = "linli_bench"


def run() -> list[dict[str, Any]]:
    """Both databases, one after the other; PostgreSQL is left out, and said so, where none answers."""
    rows: list[dict[str, Any]] = []
    folder = Path(tempfile.mkdtemp(prefix="linli-bench-"))
    try:
        rows += _child("sqlite", folder / "sqlite", "")
        if _postgres("CREATE"):
            rows += _child("postgresql", folder / "postgresql", SERVER.rsplit("/", 1)[0] + "/" + NAME)
        else:
            print("PostgreSQL does not answer: its rows are left out", file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _postgres("DROP")
    return rows


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


def _child(database: str, var: Path, url: str) -> list[dict[str, Any]]:
    out = var.parent / f"{database}.json"
    environment = {
        **os.environ,
        "LINLI_VAR": str(var),
        "DATABASE_URL": url,
        "LINLI_LOG": "ERROR",
        "LINLI_DEMONSTRATION": "1",
    }
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE.parent / "src"), str(HERE)])
    environment["DJANGO_SETTINGS_MODULE"] = "linli.config.settings"
    subprocess.run(
        [sys.executable, str(HERE / "peers" / "chain.py"), database, str(out), str(PRELOAD)],
        env=environment,
        check=True,
    )
    return list(json.loads(out.read_text()))


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False, indent=1))
