"""A change of the calendar with 1,000,000 open matters on PostgreSQL, and how fast due times are counted.

`python bench/run.py worktime` counts due times; `recompute()` is run with the area response. It works in a child process
on a database of its own, which is dropped afterwards. Every limit is in working units and the change moves the end of the
working day, so that every matter gets new times: the worst case. The designs that were compared: docs/methods/worktime.md.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bench.peers import scratch
from bench.peers.watch import Watch

AREA = "worktime"
HERE = Path(__file__).resolve().parent
MATTERS = int(os.environ.get("LINLI_BENCH_OPEN", "1000000"))
WRITERS = os.environ.get("LINLI_BENCH_WRITERS", "")
NAME = os.environ.get("LINLI_BENCH_NAME", "linli_bench_worktime")
LIMIT_S = 120


def run() -> list[dict[str, Any]]:
    """How fast due times are counted."""
    return counting()


def counting() -> list[dict[str, Any]]:
    """Due times a second, all at once and one by one. No database."""
    sys.path.insert(0, str(HERE.parent / "src"))
    from datetime import UTC, date, datetime

    import numpy as np

    from linli.worktime import shipped
    from linli.worktime.many import due_many
    from linli.worktime.rules import EPOCH, Calendar, Limit, Unit, due

    days = {d.date: d.kind for n in shipped.notices() for d in n.days}
    calendar = Calendar(days, date(2026, 12, 31), last=date(2050, 12, 31))
    start = datetime(2026, 2, 13, 8, 30, tzinfo=UTC)
    first = int((start - EPOCH).total_seconds()) * 1_000_000
    starts = np.random.default_rng(7).integers(first, first + 250 * 86_400_000_000, 1_000_000)
    rows = []
    for unit in (Unit.WORKING_HOUR, Unit.WORKING_DAY):
        due_many(calendar, starts[:1], Limit(12, unit))
        best = min(_timed(lambda unit=unit: due_many(calendar, starts, Limit(12, unit))) for _n in range(5))
        rows.append(
            _row(f"due times at once, {unit.value}", None, len(starts) / best / 1e6, "million/s", "higher", 1.0)
        )
        one = min(
            _timed(lambda unit=unit: [due(calendar, start, Limit(12, unit)) for _n in range(2000)]) for _n in range(5)
        )
        rows.append(_row(f"one due time, {unit.value}", None, one / 2000 * 1e6, "µs", "lower", 20))
    return rows


def recompute() -> list[dict[str, Any]]:
    """A calendar change over a million open matters; nothing, and it is said, where PostgreSQL does not answer."""
    return scratch.on_postgresql(Path(__file__), NAME, "child")


LIMITS = [(4, "working_hour"), (12, "working_hour"), (2, "working_day"), (5, "working_day"), (10, "working_day")]


def _generate(cursor: Any) -> None:
    """Open matters over the last 60 days, spread over divisions, stages, bodies and limits as real ones are."""
    cursor.execute(
        "INSERT INTO flow_matter (key, kind, title, simulated, stage, version, seq, head, area, subdistrict, community,"
        " grid_at_intake, post_kind, opened_at, stage_started_at, due_at, final_due_at, due_note, due_provisional,"
        " due_revision{more}) SELECT gen_random_uuid(), 'case', '暴露垃圾', false,"
        " (ARRAY['intake','dispatch','handling','verification'])[1 + n %% 4], 1 + n %% 4, 1 + n %% 4,"
        " md5(n::text) || md5((n + 1)::text), '110102' || lpad((n %% 15)::text, 3, '0'),"
        " '110102' || lpad((n %% 15)::text, 3, '0'), '110102' || lpad((n %% 15)::text, 3, '0') || lpad((n %% 17)::text, 3, '0'),"
        " '110102' || lpad((n %% 15)::text, 3, '0') || lpad((n %% 17)::text, 3, '0') || lpad((n %% 9)::text, 3, '0'), '',"
        " t, t, t + interval '1 day', t + interval '1 day', 'class:' || n %% 5, false, 0{values}"
        " FROM (SELECT n, '2026-09-01 00:00+08'::timestamptz + n * interval '5.1 seconds' AS t"
        " FROM generate_series(1, %s) AS n) AS made".format(**_defaults(cursor)),
        [MATTERS],
    )


KNOWN = {
    "id", "key", "kind", "type_version_id", "parent_id", "client_key", "title", "simulated", "stage", "version", "seq",
    "head", "area", "subdistrict", "community", "grid_at_intake", "body_id", "post_kind", "opened_at",
    "stage_started_at", "due_at", "final_due_at", "due_note", "due_provisional", "due_revision", "closed_at", "ended_at",
}  # fmt: skip


def _defaults(cursor: Any) -> dict[str, str]:
    """Columns that came later, with the default of their field, so that this file need not know them."""
    from linli.flow.models import Matter

    more = [f for f in Matter._meta.concrete_fields if f.column not in KNOWN and not f.null]
    literal = [cursor.mogrify("%s", [f.get_db_prep_save(f.get_default(), cursor.db)]) for f in more]
    return {
        "more": "".join(f", {f.column}" for f in more),
        "values": "".join(f", {x if isinstance(x, str) else x.decode()}" for x in literal).replace("%", "%%"),
    }


def _change(out: str) -> None:
    """In a process of its own: make the matters, change the calendar, run the job, look at what came out."""
    import django

    django.setup()
    from datetime import date

    from django.core.management import call_command
    from django.db import connection

    from linli.core.actor import SYSTEM
    from linli.flow import retime, writing
    from linli.flow.models import Journal, Matter
    from linli.jobs import worker
    from linli.worktime import actions, hooks, queries
    from linli.worktime.many import due_by_key
    from linli.worktime.rules import Calendar, Limit, Unit

    if WRITERS:
        writing.WRITERS = int(WRITERS)
    call_command("migrate", verbosity=0)
    limits = {f"class:{n}": Limit(amount, Unit(unit)) for n, (amount, unit) in enumerate(LIMITS)}

    def recompute(*, actor: Any, revision: int, progress: Any) -> retime.Retimed:
        def rule(key: str) -> tuple[Calendar, Limit]:
            division, note = key.split("/")
            return queries.calendar(division), limits[note]

        def compute(part: retime.Open) -> retime.Times:
            keys = [f"{queries.owner(d)}/{note}" for d, note in zip(part.community, part.also[0], strict=True)]
            due, provisional = due_by_key(part.stage_started, keys, rule)
            final, open_still = due_by_key(part.opened, keys, rule)
            return retime.Times(due, final, provisional | open_still)

        return retime.retime(compute, revision=revision, also=("due_note",), progress=progress, rows=Matter.objects.filter(kind="case"))  # fmt: skip

    hooks._registered.clear()
    hooks.on_calendar_changed("bench", recompute)
    with connection.cursor() as cursor:
        _generate(cursor)
        cursor.execute("VACUUM ANALYZE flow_matter")
        cursor.execute("CHECKPOINT")

    def said() -> int:
        return Journal.objects.exclude(seq=1).count()  # the calendar's own matter is opened by its first change

    rows = []
    for words, change in (
        ("every due time changes", lambda n: actions.set_hours(actor=SYSTEM, valid_from=date(2026, 8, 1), spans="09:00-12:00 13:00-17:30", expected=n)),
        ("one subdistrict of 15 changes", lambda n: actions.set_hours(actor=SYSTEM, valid_from=date(2026, 8, 1), spans="08:00-12:00 13:00-17:00", division="110102003", expected=n)),
    ):  # fmt: skip
        change(queries.calendar().revision)
        lines = said()
        with Watch(NAME) as watch:
            assert worker.run_until_empty() == 1
        wall, cpu, database = watch.wall, watch.application, watch.database
        facts = queries.calendar_lines()[-1].facts
        print(words, dict(facts), f"wall {wall:.1f} s, application {cpu:.1f} s, database {database:.1f} s", flush=True)
        assert facts["recomputed"] == MATTERS
        size = f"{MATTERS:,} open matters, {words}"
        rows += [
            _row(f"{size}: wall", "postgresql", wall, "s", "lower", LIMIT_S),
            _row(f"{size}: application CPU", "postgresql", cpu, "s", "lower", LIMIT_S),
            _row(f"{size}: database CPU", "postgresql", database, "s", "lower", LIMIT_S),
            _row(f"{size}: lines of the journal", "postgresql", said() - lines, "lines", "lower", 1),
        ]
    # nothing is taken on trust: each of 2,000 is counted once more, one by one
    for matter in Matter.objects.filter(kind="case").order_by("key")[:2000]:
        found = queries.due(matter.stage_started_at, limits[matter.due_note], division=matter.community)
        assert (matter.due_at, matter.due_provisional) == (found.at, found.provisional), matter.pk
    Path(out).write_text(json.dumps(rows))


def _timed(call: Any) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _row(name: str, database: str | None, value: float, unit: str, better: str, limit: float | None) -> dict[str, Any]:
    return {
        "name": name,
        "database": database,
        "value": round(value, 3),
        "unit": unit,
        "better": better,
        "limit": limit,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        _change(sys.argv[2])
    else:
        print(json.dumps(run(), ensure_ascii=False, indent=1))
