"""Copies every row of one database into another, ids and hashes unchanged, and proves that it did.

Works between SQLite and PostgreSQL in both directions. Knows tables and columns only, no domain.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connections, models, transaction

from linli.config import settings as settings_page

CHUNK = 2000
_MODULUS = 2**256
# Rows that somebody put there, as opposed to what migrations and the pack put there.
SIGNS_OF_USE = ("accounts.Account", "flow.Matter", "vault.Contact")
Report = Callable[[int, int, str], None]


class Mismatch(RuntimeError):
    """A table of the copy does not hold what the original holds; nothing was kept."""


def database_of(url: str) -> dict[str, Any]:
    """The settings of the database at `url`, read the way DATABASE_URL is."""
    return dict(settings_page._database(url))


def connect(alias: str, url: str) -> None:
    """Make `url` known to Django as the database `alias`."""
    handler = connections
    handler.settings[alias] = handler.configure_settings({"default": database_of(url)})["default"]


def forget(alias: str) -> None:
    """Close and forget a database that `connect` made known."""
    connections[alias].close()
    del connections[alias]
    del connections.settings[alias]


def tables() -> list[type[models.Model]]:
    """Every table that a model or a many-to-many field owns, in a stable order."""
    found = {m._meta.db_table: m for m in apps.get_models(include_auto_created=True) if _is_table(m)}
    return [found[name] for name in sorted(found)]


def _is_table(model: type[models.Model]) -> bool:
    return model._meta.managed and not model._meta.proxy and not model._meta.swapped


def in_use(alias: str) -> list[str]:
    """The tables of people's own work that hold rows; empty for a fresh database, migrated or not."""
    names = set(connections[alias].introspection.table_names())
    used = []
    for label in SIGNS_OF_USE:
        model = apps.get_model(label)
        if model._meta.db_table in names and model._base_manager.using(alias).exists():
            used.append(label)
    return used


@contextmanager
def snapshot(alias: str) -> Iterator[None]:
    """All reads inside see one moment of the database; nobody is kept from writing. Read only."""
    connection = connections[alias]
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
        return
    with transaction.atomic(using=alias):
        if connection.vendor == "postgresql" and len(connection.savepoint_ids) == 0:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def copy(source: str, target: str, report: Report = lambda done, total, words: None) -> dict[str, int]:
    """Replace all rows of `target` (migrated to the same state) by those of `source`; rows per table.

    One transaction on the target: whoever looks sees the old rows or all the new ones. Raises Mismatch.
    """
    counts: dict[str, int] = {}
    all_tables = tables()
    with snapshot(source), transaction.atomic(using=target):
        for model in all_tables:
            _empty(model, target)
        for i, model in enumerate(all_tables):
            name = model._meta.db_table
            report(i, len(all_tables), name)
            counts[name], original = _copy_table(model, source, target)
            if digest(model, target) != (counts[name], original):
                raise Mismatch(name)
        _reset_sequences(all_tables, target)
    report(len(all_tables), len(all_tables), "")
    return counts


def migrate(alias: str) -> None:
    """Bring a database to the structure of this version."""
    call_command("migrate", database=alias, interactive=False, verbosity=0)


def applied(alias: str) -> list[str]:
    """The migrations that a database has, as "app.name"."""
    if "django_migrations" not in connections[alias].introspection.table_names():
        return []
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        return [f"{app}.{name}" for app, name in cursor.fetchall()]


def digest(model: type[models.Model], alias: str) -> tuple[int, int]:
    """How many rows a table holds, and the sum of their hashes."""
    count = total = 0
    for rows in _chunks(model, alias):
        count += len(rows)
        total += _sum(rows)
    return count, total % _MODULUS


def _columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [f for f in model._meta.local_concrete_fields if not getattr(f, "generated", False)]


def _chunks(model: type[models.Model], alias: str) -> Iterator[list[tuple[Any, ...]]]:
    """Rows in order of the primary key, a few at a time, by key: the client never holds a whole table."""
    names = [f.attname for f in _columns(model)]
    assert model._meta.pk is not None
    key = model._meta.pk.attname
    place = names.index(key)
    rows = model._base_manager.using(alias).order_by(key).values_list(*names)
    last: Any = None
    while True:
        page = list((rows if last is None else rows.filter(**{f"{key}__gt": last}))[:CHUNK])
        if page:
            yield page
        if len(page) < CHUNK:
            return
        last = page[-1][place]


def _sum(rows: list[tuple[Any, ...]]) -> int:
    """A sum does not mind the order of rows: two databases may sort texts differently."""
    total = 0
    for row in rows:
        text = json.dumps([_plain(v) for v in row], ensure_ascii=False, sort_keys=True)
        total += int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    return total


def _plain(value: Any) -> Any:
    """One text for one value, whichever database it came from."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date | time | timedelta):
        return str(value)
    return value


def _copy_table(model: type[models.Model], source: str, target: str) -> tuple[int, int]:
    connection = connections[target]
    columns = _columns(model)
    quote = connection.ops.quote_name
    names, marks = ", ".join(quote(str(f.column)) for f in columns), ", ".join(["%s"] * len(columns))
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608 - names of our models
    count = total = 0
    with connection.cursor() as cursor:
        for rows in _chunks(model, source):
            count += len(rows)
            total += _sum(rows)
            cursor.executemany(
                sql,
                [
                    [f.get_db_prep_save(value, connection=connection) for f, value in zip(columns, row, strict=True)]
                    for row in rows
                ],
            )
    return count, total % _MODULUS


def _empty(model: type[models.Model], alias: str) -> None:
    """Rows that migrations put there go, or they would be there twice. Foreign keys are checked at the commit."""
    with connections[alias].cursor() as cursor:
        cursor.execute(f"DELETE FROM {connections[alias].ops.quote_name(model._meta.db_table)}")  # noqa: S608


def _reset_sequences(all_tables: list[type[models.Model]], alias: str) -> None:
    connection = connections[alias]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), all_tables):
            cursor.execute(statement)
