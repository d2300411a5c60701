"""Databases for a measurement: made anew, measured in a child process with its own folder, taken away whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import _child

HERE = Path(__file__).resolve().parent
SERVER = os.environ.get("LINLI_BENCH_SERVER", "postgresql://root@127.0.0.1:5432/postgres")


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    found = Path(tempfile.mkdtemp(prefix="linli-bench-"))
    try:
        yield found
    finally:
        shutil.rmtree(found, ignore_errors=True)


@contextmanager
def postgresql(name: str) -> Iterator[str]:
    """The address of an empty database `name`, dropped afterwards; '', and it is said, where no server answers."""
    if not _again(name, create=True):
        print("PostgreSQL does not answer: its rows are left out", file=sys.stderr)
        yield ""
        return
    try:
        yield SERVER.rsplit("/", 1)[0] + "/" + name
    finally:
        _again(name, create=False)


def _again(name: str, *, create: bool) -> bool:
    import psycopg

    try:
        with psycopg.connect(SERVER, autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            if create:
                server.execute(f"CREATE DATABASE {name}")
        return True
    except psycopg.OperationalError:
        return False


def measure(script: Path, *words: Any, var: Path, url: str) -> list[dict[str, Any]]:
    """Run `script` on the database at `url` ('' for SQLite in `var`); its last word is the file for its rows."""
    out = var.parent / f"{var.name}.json"
    environment = {
        **os.environ,
        "LINLI_VAR": str(var),
        "DATABASE_URL": url,
        "LINLI_LOG": "ERROR",
        "LINLI_DEMONSTRATION": "1",
        "PYTHONPATH": os.pathsep.join(str(p) for p in (HERE.parents[1] / "src", HERE.parents[1], HERE.parent)),
        "DJANGO_SETTINGS_MODULE": "linli.config.settings",
    }
    _child.run([sys.executable, str(script), *map(str, words), str(out)], environment)
    return list(json.loads(out.read_text()))


def on_both(script: Path, name: str, sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    """`script <database> <size> <out>` on SQLite and on PostgreSQL, one after the other."""
    rows: list[dict[str, Any]] = []
    with folder() as place:
        rows += measure(script, "sqlite", sizes["sqlite"], var=place / "sqlite", url="")
        with postgresql(name) as url:
            if url:
                rows += measure(script, "postgresql", sizes["postgresql"], var=place / "postgresql", url=url)
    return rows


def on_postgresql(script: Path, name: str, *words: Any) -> list[dict[str, Any]]:
    """`script <words> <out>` on PostgreSQL alone."""
    with folder() as place, postgresql(name) as url:
        return measure(script, *words, var=place / "postgresql", url=url) if url else []
