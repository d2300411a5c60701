"""Statements with their SQL built once: the writes of every intake and every move, and the reading before a move.

`rows` is the exception: its SQL is the ORM's, only the values skip the ORM.

The ORM compiles each statement anew, which costs more than the database takes to carry it out. Here the SQL is made
once a model, values that the driver takes as they are go straight to it, and PostgreSQL parses and plans each
statement once a connection (`LINLI_PREPARED=0` stops that, for a pooler that gives every transaction another
connection). Everything still goes through Django's cursor: queries are logged, counted and wrapped as ever.
Nothing else belongs here: what is not on the way of every report and every move stays with the ORM.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

M = TypeVar("M", bound=models.Model)
_NONE = type(None)
# what each driver takes as it is, by the field's own type; a value of any other type is prepared by its field
_SAME_EVERYWHERE: dict[str, type] = {
    "CharField": str, "TextField": str, "BooleanField": bool, "FloatField": float, "BigAutoField": int, "AutoField": int,
    "BigIntegerField": int, "IntegerField": int, "PositiveIntegerField": int, "PositiveSmallIntegerField": int,
    "BinaryField": bytes,
}  # fmt: skip
_SAME_ON_POSTGRESQL = _SAME_EVERYWHERE | {"DateTimeField": datetime, "UUIDField": uuid.UUID}


def _here() -> BaseDatabaseWrapper:
    return connections[DEFAULT_DB_ALIAS]


@cache
def _sent(text: str) -> Any:
    return SimpleNamespace(query=text.encode())


@cache
def _server_cursor() -> Any:
    from django.db.backends.postgresql.base import ServerBindingCursor

    class PreparedCursor(ServerBindingCursor):
        """Values go apart from the text, and the text is prepared at its first use (unless prepare_threshold is None).

        psycopg keeps the names per connection and forgets them with it, and after a roll-back.
        """

        def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Any:
            try:
                return super().execute(query, params, prepare=True, **kwargs)  # type: ignore[misc]
            finally:
                self._query = _sent(
                    query
                )  # what Django's log of queries shows; of a prepared one psycopg keeps no text

    return PreparedCursor


def cursor() -> CursorWrapper:
    """A cursor for statements whose text never varies. Use it as `with cursor() as c`."""
    here = _here()
    if here.vendor != "postgresql":
        return here.cursor()
    here.close_if_health_check_failed()
    here.ensure_connection()
    return here._prepare_cursor(_server_cursor()(here.connection))  # type: ignore[attr-defined,no-any-return]


def _kind(field: Any) -> str:
    while field.remote_field:
        field = field.target_field
    return str(field.get_internal_type())


class Preparer:
    """Gives the values of some fields to one database's driver."""

    def __init__(self, fields: tuple[Any, ...], vendor: str) -> None:
        same = _SAME_ON_POSTGRESQL if vendor == "postgresql" else _SAME_EVERYWHERE
        self.names = tuple(f.attname for f in fields)
        self._each = tuple((same.get(_kind(f), _NONE), f.get_db_prep_save) for f in fields)

    def __call__(self, values: Any, here: BaseDatabaseWrapper) -> list[Any]:
        return [
            v if v is None or v.__class__ is same else prepare(v, here)
            for (same, prepare), v in zip(self._each, values, strict=True)
        ]


@cache
def _insert_sql(model: type[models.Model], unless: str, vendor: str) -> tuple[str, Preparer, bool]:
    quote = _here().ops.quote_name
    fields = [f for f in model._meta.concrete_fields if not isinstance(f, models.AutoField)]
    made_key = len(fields) != len(model._meta.concrete_fields)
    columns, marks = ", ".join(quote(str(f.column)) for f in fields), ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608 - names of our own tables
    if unless:
        sql += f" ON CONFLICT ({quote(unless)}) DO NOTHING"
    if made_key:
        sql += f" RETURNING {quote(str(model._meta.pk.column))}"  # type: ignore[union-attr]
    return sql, Preparer(tuple(fields), vendor), made_key


def insert(row: M, *, unless: str = "") -> bool:
    """Insert a new row and set its key, in one statement. Raises IntegrityError as `save` would.

    `unless` names a unique column: if its value is there already nothing is written and the answer is False. So no
    savepoint is needed around what may have been sent twice.
    """
    here = _here()
    sql, prepare, made_key = _insert_sql(type(row), unless, here.vendor)
    held = row.__dict__  # every attname of a row that was made, not read, stands there
    values = prepare([held[name] for name in prepare.names], here)
    with cursor() as c:
        c.execute(sql, values)
        if made_key:
            made = c.fetchone()
            if made is None:
                return False
            row.pk = made[0]
    row._state.adding, row._state.db = False, here.alias
    return True


@cache
def _swap_sql(
    model: type[models.Model], sets: tuple[str, ...], wheres: tuple[str, ...], vendor: str
) -> tuple[str, Preparer]:
    quote = _here().ops.quote_name
    by_name = {f.attname: f for f in model._meta.concrete_fields}
    assign = ", ".join(f"{quote(str(by_name[n].column))} = %s" for n in sets)
    match = " AND ".join(f"{quote(str(by_name[n].column))} = %s" for n in wheres)
    sql = f"UPDATE {quote(model._meta.db_table)} SET {assign} WHERE {match}"  # noqa: S608 - names of our own tables
    return sql, Preparer(tuple(by_name[n] for n in (*sets, *wheres)), vendor)


def swap(model: type[models.Model], changes: Mapping[str, Any], **expected: Any) -> bool:
    """Set `changes` (by attname) where every `expected` column still holds; whether a row was changed."""
    here = _here()
    sql, prepare = _swap_sql(model, tuple(changes), tuple(expected), here.vendor)
    values = prepare((*changes.values(), *expected.values()), here)
    with cursor() as c:
        c.execute(sql, values)
        return bool(c.rowcount)


_READ_BY_DRIVERS = {*_SAME_EVERYWHERE, "DateTimeField"} - {"BinaryField"}
_Convert = tuple[int, Callable[..., Any], Any]


@cache
def _fetch_sql(model: type[models.Model], follow: str, vendor: str) -> tuple[str, Any, list[_Convert]]:
    here = _here()
    quote = here.ops.quote_name
    link: Any = model._meta.get_field(follow)
    columns: list[str] = []
    converts: list[_Convert] = []
    for one in (model, link.related_model):
        for field in one._meta.concrete_fields:
            col = field.get_col(one._meta.db_table)
            converts += [
                (len(columns), c, col) for c in (*here.ops.get_db_converters(col), *col.get_db_converters(here))
            ]
            columns.append(f"{quote(one._meta.db_table)}.{quote(str(field.column))}")
    table, other = quote(model._meta.db_table), quote(link.related_model._meta.db_table)
    theirs, key = quote(link.target_field.column), quote(str(model._meta.pk.column))  # type: ignore[union-attr]
    sql = (
        f"SELECT {', '.join(columns)} FROM {table} INNER JOIN {other} ON {other}.{theirs} = {table}.{quote(link.column)} "  # noqa: S608
        f"WHERE {table}.{key} = %s"
    )
    return sql, link, converts


def fetch(model: type[M], key: int, *, follow: str) -> M | None:
    """The row with this primary key, and with it the row that its foreign key `follow` names; None where there is none."""
    here = _here()
    sql, link, converts = _fetch_sql(model, follow, here.vendor)
    with cursor() as c:
        c.execute(sql, [key])
        found = c.fetchone()
    if found is None:
        return None
    values = list(found)
    for at, convert, expression in converts:
        values[at] = convert(values[at], expression, here)
    mine, theirs = model._meta.concrete_fields, link.related_model._meta.concrete_fields
    row = model.from_db(here.alias, [f.attname for f in mine], values[: len(mine)])
    other = link.related_model.from_db(here.alias, [f.attname for f in theirs], values[len(mine) :])
    link.set_cached_value(row, other)
    if link.unique:
        link.remote_field.set_cached_value(other, row)
    return row


def _columns_of(wanted: Any) -> tuple[Any, ...]:
    return tuple(wanted.query.select)


def rows(wanted: QuerySet[Any, tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """What `wanted` holds, at the driver's own speed; times are aware and UTC.

    `wanted` is a values_list of texts, numbers, booleans and times. The ORM takes each time through three functions in
    Python, which for a list costs more than the database. Raises TypeError for a column that a driver does not read alone.
    """
    if strange := {_kind(col.target) for col in _columns_of(wanted)} - _READ_BY_DRIVERS:
        raise TypeError(f"read these with the ORM: {', '.join(sorted(strange))}")
    here = _here()
    try:
        sql, params = wanted.query.sql_with_params()
    except EmptyResultSet:  # a scope of nothing
        return []
    with here.cursor() as c:
        if here.vendor == "postgresql":
            c.cursor.adapters.register_loader("timestamptz", _quick_loader())
            c.execute(sql, params)
            return c.fetchall()
        c.execute(sql, params)
        found = c.fetchall()
    times = [at for at, col in enumerate(_columns_of(wanted)) if _kind(col.target) == "DateTimeField"]
    said = [list(row) for row in found]
    for row in said:
        for at in times:
            if (moment := row[at]) is not None:
                row[at] = moment.replace(tzinfo=UTC)
    return [tuple(row) for row in said]


@cache
def _quick_loader() -> Any:
    from psycopg.types.datetime import TimestamptzLoader  # psycopg takes its own in C for it; Django's is in Python

    return TimestamptzLoader
