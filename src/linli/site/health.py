"""Is the house well: /healthz and `linli doctor` ask here. Rooms register their own checks from config/wiring.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


@dataclass(frozen=True, slots=True)
class Finding:
    """`detail` is a short English token or number for machines; never personal."""

    ok: bool
    detail: str = ""


_checks: dict[str, Callable[[], Finding]] = {}
_migrated = False


def register(name: str, check: Callable[[], Finding]) -> None:
    """Add a check, for example the age of the relay's last stamp."""
    _checks[name] = check


def _database() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return Finding(True, connection.vendor)


def _migrations() -> Finding:
    global _migrated
    if not _migrated:  # once applied they stay applied while this process lives
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if waiting:
            return Finding(False, f"{len(waiting)} waiting")
        _migrated = True
    return Finding(True, "applied")


def findings() -> dict[str, Finding]:
    """Every check's answer; one that raises is a finding too."""
    result: dict[str, Finding] = {}
    for name, check in {"database": _database, "migrations": _migrations, **_checks}.items():
        try:
            result[name] = check()
        except Exception as error:  # the check's own failure is the news
            result[name] = Finding(False, type(error).__name__)
    return result
