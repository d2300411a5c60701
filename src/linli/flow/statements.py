"""INSERT and compare-and-swap UPDATE with their SQL built once: the writes of every intake and every move.

The ORM compiles each statement anew, which costs more than the database takes to carry it out. Fields still
prepare their values, so both databases and every field type work as they do in the ORM. Nothing else belongs here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

M = TypeVar("M", bound=models.Model)


@cache
def _insert_sql(model: type[models.Model], unless: str, vendor: str) -> tuple[str, tuple[Any, ...], bool]:
    quote = connection.ops.quote_name
    fields = [f for f in model._meta.concrete_fields if not isinstance(f, models.AutoField)]
    made_key = len(fields) != len(model._meta.concrete_fields)
    columns, marks = ", ".join(quote(str(f.column)) for f in fields), ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608 - names of our own tables
    if unless:
        sql += f" ON CONFLICT ({quote(unless)}) DO NOTHING"
    if made_key:
        sql += f" RETURNING {quote(str(model._meta.pk.column))}"  # type: ignore[union-attr]
    return sql, tuple(fields), made_key


def insert(row: M, *, unless: str = "") -> bool:
    """Insert a new row and set its key, in one statement. Raises IntegrityError as `save` would.

    `unless` names a unique column: if its value is there already nothing is written and the answer is False. So no
    savepoint is needed around what may have been sent twice.
    """
    here = connections[DEFAULT_DB_ALIAS]
    sql, fields, made_key = _insert_sql(type(row), unless, here.vendor)
    values = [f.get_db_prep_save(getattr(row, f.attname), here) for f in fields]
    with here.cursor() as cursor:
        cursor.execute(sql, values)
        if made_key:
            made = cursor.fetchone()
            if made is None:
                return False
            row.pk = made[0]
    row._state.adding, row._state.db = False, here.alias
    return True


@cache
def _swap_sql(
    model: type[models.Model], sets: tuple[str, ...], wheres: tuple[str, ...], vendor: str
) -> tuple[str, tuple[Any, ...]]:
    quote = connection.ops.quote_name
    by_name = {f.attname: f for f in model._meta.concrete_fields}
    assign = ", ".join(f"{quote(str(by_name[n].column))} = %s" for n in sets)
    match = " AND ".join(f"{quote(str(by_name[n].column))} = %s" for n in wheres)
    sql = f"UPDATE {quote(model._meta.db_table)} SET {assign} WHERE {match}"  # noqa: S608 - names of our own tables
    return sql, tuple(by_name[n] for n in (*sets, *wheres))


def swap(model: type[models.Model], changes: Mapping[str, Any], **expected: Any) -> bool:
    """Set `changes` (by attname) where every `expected` column still holds; whether a row was changed."""
    sets, wheres = tuple(changes), tuple(expected)
    here = connections[DEFAULT_DB_ALIAS]
    sql, fields = _swap_sql(model, sets, wheres, here.vendor)
    values = [f.get_db_prep_save(v, here) for f, v in zip(fields, (*changes.values(), *expected.values()), strict=True)]
    with here.cursor() as cursor:
        cursor.execute(sql, values)
        return bool(cursor.rowcount)
