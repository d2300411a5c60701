"""Search over 20,000 articles: the index in the process, a table of pairs in the database, and SQLite's FTS5 as peer.

`python bench/run.py knowledge` runs each database in a child process with its own folder. CPU is the application's (on
SQLite the database runs inside it; on PostgreSQL the time of the whole call is given beside it, for the server's share
is not in our CPU). The peer is measured in the same run, with the same articles and queries.
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

AREA = "knowledge"
HERE = Path(__file__).resolve().parent
ARTICLES = int(os.environ.get("LINLI_BENCH_ARTICLES", "20000"))
SERVER = os.environ.get("LINLI_BENCH_SERVER", "postgresql://root@127.0.0.1:5432/postgres")
NAME = "linli_bench_knowledge"


def run() -> list[dict[str, Any]]:
    """Both databases, one after the other; PostgreSQL is left out, and said so, where none answers."""
    rows: list[dict[str, Any]] = []
    folder = Path(tempfile.mkdtemp(prefix="linli-bench-"))
    try:
        rows += _measure("sqlite", folder / "sqlite", "")
        if _postgres("CREATE"):
            rows += _measure("postgresql", folder / "postgresql", SERVER.rsplit("/", 1)[0] + "/" + NAME)
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


def _measure(database: str, var: Path, url: str) -> list[dict[str, Any]]:
    out = var.parent / f"{database}.json"
    environment = {
        **os.environ,
        "LINLI_VAR": str(var),
        "DATABASE_URL": url,
        "LINLI_LOG": "ERROR",
        "PYTHONPATH": os.pathsep.join([str(HERE.parent / "src"), str(HERE)]),
        "DJANGO_SETTINGS_MODULE": "linli.config.settings",
    }
    line = [sys.executable, str(HERE / "peers" / "articles.py"), database, str(out), str(ARTICLES)]
    _child.run(line, environment)
    return list(json.loads(out.read_text()))


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False, indent=1))
