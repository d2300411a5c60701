"""New due times for open matters by the hundred thousand. Nothing else changes, and no line is written for each.

Who decides what the new times are is the caller: it is given the matters column by column and answers in columns. What
made the times change (the calendar, a table of limits) writes one line in its own journal: how many were read, how many
changed, and a digest of all that was written. The method and its figures: docs/methods/worktime.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
from django.db import connection, models, transaction
from django.db.models import F, Func, Max, QuerySet
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from .models import Matter, Outbox
from .writing import Writing

NEVER = int(np.iinfo(np.int64).min)  # where a time is not set
CHUNK = 20_000  # matters read at once, and written in one transaction on PostgreSQL
SQLITE_CHUNK = 2_000  # written in one transaction on SQLite: about 50 ms of its one writer
MOST_PASSES = 5
SLACK = 1_000  # outbox rows before the first that are read again as well
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Micros = NDArray[np.int64]
Flags = NDArray[np.bool_]


class MicrosOf(Func):
    """A time of the database as microseconds since 1970 (UTC); NULL stays NULL."""

    output_field = models.BigIntegerField()
    # through a float, which is exact to the microsecond until the year 2106 and costs half of EXTRACT's decimals
    template = "(date_part('epoch', %(expressions)s) * 1000000)::bigint"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        whole, params = compiler.compile(self.source_expressions[0])
        # without the fraction, which strftime rounds: 23:59:59.9999 would be the next second
        sql = (
            f"(CAST(strftime('%%s', substr({whole}, 1, 19)) AS INTEGER) * 1000000 + CASE WHEN length({whole}) > 19 "
            f"THEN CAST(substr(substr({whole}, 21) || '000000', 1, 6) AS INTEGER) ELSE 0 END)"
        )
        return sql, [*params, *params, *params]


@dataclass(frozen=True, slots=True)
class Open:
    """Open matters, column by column. Times are microseconds since 1970 (UTC), NEVER where unset.

    `also` are the columns that the caller asked for, in its order: int64 with NEVER for NULL, texts as objects.
    """

    id: Micros
    seq: Micros
    opened: Micros
    stage_started: Micros
    due: Micros
    final: Micros
    alarm: Micros
    provisional: Flags
    rungs: NDArray[Any]
    stage: NDArray[Any]
    subdistrict: NDArray[Any]
    community: NDArray[Any]
    also: tuple[NDArray[Any], ...]

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True, slots=True)
class Times:
    """The due times that hold from now on, one for each matter of the chunk, NEVER where there is none.

    `alarm`: when a rule acts by itself, and `rungs`: which were reached; left as they are where they are not given.
    """

    due: Micros
    final: Micros
    provisional: Flags
    alarm: Micros | None = None
    rungs: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class Retimed:
    """How many open matters were looked at, how many got new times, and a SHA-256 over the new times found."""

    read: int
    changed: int
    digest: str


Compute = Callable[[Open], Times]
_COLUMNS = ("id", "seq", "opened_at", "stage_started_at", "due_at", "final_due_at", "alarm_at", "due_provisional",
            "rungs", "stage", "subdistrict", "community")  # fmt: skip


def retime(
    compute: Compute,
    *,
    revision: int | None,
    rows: QuerySet[Any] | None = None,
    through: str = "",
    also: Sequence[Any] = (),
    progress: Callable[..., object] | None = None,
    chunk: int = CHUNK,
    writers: int | None = None,
) -> Retimed:
    """Give every open matter of `rows` the times that `compute` finds, and `revision` of the calendar where they changed
    (None: it is not the calendar that changed).

    `rows` is a QuerySet of Matter, or of a table that is one-to-one with it, with the prefix to the matter in `through`
    ("matter__"); `also` names further columns (a lookup, or an expression such as `MicrosOf`).

    A matter is written only if it still is at the line that was read. Whoever moved it meanwhile may have counted by
    the old calendar, or taken over an old time: so all that were moved since the beginning are read again, until nothing
    is left to change. Safe to run again and to break off. Each chunk is its own transaction, unless the caller is inside one.
    """
    found = Matter.objects.all() if rows is None else rows
    found = found.filter(**{f"{through}ended_at": None})
    total, digest, tried, read = found.count(), hashlib.sha256(), 0, 0
    # every move leaves an outbox row; the slack is for transactions that drew their number before and are still open
    since = (Outbox.objects.aggregate(last=Max("id"))["last"] or 0) - SLACK
    with Writing(partial(_write, revision=revision), writers) as writing:
        for number in range(MOST_PASSES):
            before = tried
            if number:
                moved = Outbox.objects.filter(id__gt=since).values("matter_id")
                found = found.filter(**{f"{through}id__in": moved})
            for part in _chunks(found, through, also, chunk):
                fresh = compute(part)
                columns = _differing(part, fresh)
                read += 0 if number else len(part)
                if len(columns[0]):
                    tried += len(columns[0])
                    for column in columns[:-1]:
                        digest.update(np.ascontiguousarray(column).tobytes())
                    digest.update("\n".join(columns[-1].tolist()).encode())
                    writing.put(columns)
                if progress is not None:
                    progress(min(read, total), max(total, 1), _("正在重算时限"))
            writing.wait()
            if tried == before:
                break
    return Retimed(read, tried - sum(writing.answers), digest.hexdigest())


def _differing(part: Open, fresh: Times) -> Columns:
    """What is to be written: the matters whose times are not what they were."""
    alarm = part.alarm if fresh.alarm is None else fresh.alarm
    differs = (fresh.due != part.due) | (fresh.final != part.final) | (alarm != part.alarm)
    rungs = part.rungs if fresh.rungs is None else fresh.rungs
    these = np.flatnonzero(differs | (fresh.provisional != part.provisional) | (rungs != part.rungs))
    every = (part.id, part.seq, fresh.due, fresh.final, alarm, fresh.provisional, rungs)
    return tuple(column[these] for column in every)  # type: ignore[return-value]


def _chunks(rows: QuerySet[Any], through: str, also: Sequence[Any], size: int) -> Iterator[Open]:
    """The matters by rising id. Keyset reads: no transaction stays open, and no chunk waits for another."""
    # aliases of our own, because the caller's table may have an `id` as well
    fields: dict[str, Any] = {
        f"retime_{name}": MicrosOf(F(through + name)) if name.endswith("_at") else F(through + name)
        for name in _COLUMNS
    }
    fields |= {f"retime_also_{n}": F(column) if isinstance(column, str) else column for n, column in enumerate(also)}
    query = rows.annotate(**fields).order_by(f"{through}id").values_list(*fields)
    after = 0
    while found := list(query.filter(**{f"{through}id__gt": after})[:size]):
        columns = list(zip(*found, strict=True))
        numbers = [_column(c) for c in columns]
        yield Open(*numbers[: len(_COLUMNS)], tuple(numbers[len(_COLUMNS) :]))  # type: ignore[call-arg, arg-type]
        after = columns[0][-1]


def _column(values: tuple[Any, ...]) -> NDArray[Any]:
    first = next((v for v in values if v is not None), 0)
    if isinstance(first, bool):
        return np.array(values, np.bool_)
    if isinstance(first, int):
        return np.array([NEVER if v is None else v for v in values] if None in values else values, np.int64)
    return np.array(values, object)


Columns = tuple[Micros, Micros, Micros, Micros, Micros, Flags, NDArray[Any]]


def _write(columns: Columns, revision: int | None) -> int:
    """Write new times; how many rows were no longer at the line that was read."""
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_POSTGRESQL, [revision, NEVER, NEVER, NEVER, *(c.tolist() for c in columns)])
            return len(columns[0]) - cursor.rowcount
    written = 0
    for begin in range(0, len(columns[0]), SQLITE_CHUNK):
        ids, seqs, dues, finals, alarms, flags, rungs = (c[begin : begin + SQLITE_CHUNK].tolist() for c in columns)
        values = [
            (_text(due), _text(final), _text(alarm), flag, revision, reached, pk, seq)
            for pk, seq, due, final, alarm, flag, reached in zip(
                ids, seqs, dues, finals, alarms, flags, rungs, strict=True
            )
        ]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_SQLITE, values)
            written += cursor.rowcount
    return len(columns[0]) - written


def _text(us: int) -> str | None:
    """A time as SQLite keeps it."""
    return None if us == NEVER else str(connection.ops.adapt_datetimefield_value(_EPOCH + timedelta(microseconds=us)))


# A time is put together from 1970 and whole microseconds: exact, where to_timestamp() would go through a float.
_POSTGRESQL = (
    "UPDATE flow_matter AS m SET due_provisional = u.provisional, rungs = u.rungs,"
    " due_revision = COALESCE(%s, due_revision),"
    " due_at = 'epoch'::timestamptz + NULLIF(u.due, %s) * interval '1 microsecond',"
    " final_due_at = 'epoch'::timestamptz + NULLIF(u.final, %s) * interval '1 microsecond',"
    " alarm_at = 'epoch'::timestamptz + NULLIF(u.alarm, %s) * interval '1 microsecond'"
    " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::boolean[],"
    " %s::text[]) AS u(id, seq, due, final, alarm, provisional, rungs) WHERE m.id = u.id AND m.seq = u.seq"
)
_SQLITE = (
    "UPDATE flow_matter SET due_at = %s, final_due_at = %s, alarm_at = %s, due_provisional = %s,"
    " due_revision = COALESCE(%s, due_revision), rungs = %s WHERE id = %s AND seq = %s"
)
