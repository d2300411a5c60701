"""A million open cases on PostgreSQL: another calendar and another ladder, as their jobs carry them out.

`recompute.py <cases> <out>`. All cases are open, a tenth of those in hand stand still. The load's own times are invented,
so the first change gives every case new ones: the worst case. Nothing is taken on trust: some cases are counted once
more, one by one.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench.peers import load  # noqa: E402
from bench.peers.watch import Watch  # noqa: E402
from linli.config.pack import STEPS  # noqa: E402
from linli.config.wiring import wire  # noqa: E402
from linli.core.actor import SYSTEM  # noqa: E402
from linli.flow.models import Journal, Matter  # noqa: E402
from linli.jobs import worker  # noqa: E402
from linli.response.actions.recompute import reset_alarms  # noqa: E402
from linli.response.actions.sheets import change_sheet  # noqa: E402
from linli.response.models import Case  # noqa: E402
from linli.response.queries import types as sheets  # noqa: E402
from linli.response.queries.times import without_alarm  # noqa: E402
from linli.territory import queries as territory  # noqa: E402
from linli.worktime import actions as worktime  # noqa: E402
from linli.worktime import queries as calendars  # noqa: E402

N, OUT = int(sys.argv[1]), Path(sys.argv[2])
PACK = Path(os.environ.get("LINLI_PACK", Path(__file__).resolve().parents[2] / "packs" / "xicheng"))
LIMIT_S = 120
rows: list[dict[str, Any]] = []


def row(name: str, value: float, unit: str, limit: float | None) -> None:
    rows.append(
        {"name": f"{name} ({N:,} open cases)", "database": "postgresql", "value": round(value, 3), "unit": unit,
         "better": "lower", "limit": limit}
    )  # fmt: skip
    print(f"  postgresql: {name} = {value:.3f} {unit} (limit {limit})", flush=True)


def prepare() -> None:
    call_command("migrate", verbosity=0)
    for step in STEPS:
        step.load(PACK, lambda *_a: None)
    while worker.run_until_empty():
        pass
    took = load.fill(N, spots(4000), open_most=N)
    print(f"  postgresql: {N:,} open cases loaded in {took:.0f} s", flush=True)
    settle()


def settle() -> None:
    """As between two changes, which lie weeks apart: dead rows are gone, nothing is left to write back."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE flow_matter")
        cursor.execute("CHECKPOINT")


def spots(n: int) -> list[tuple[float, float]]:
    import random

    dice, (west, south, east, north) = random.Random(7), territory.bounds()
    found: list[tuple[float, float]] = []
    while len(found) < n:
        spot = (dice.uniform(west, east), dice.uniform(south, north))
        if territory.locate(*spot):
            found.append(spot)
    return found


def measure(name: str) -> None:
    """Run the job that waits; it begins when every process has seen the change, up to a second later."""
    before = Journal.objects.exclude(seq=1).count()
    with Watch(connection.settings_dict["NAME"]) as watch:
        assert worker.run_until_empty() == 1
    row(f"{name}: wall", watch.wall, "s", LIMIT_S)
    row(f"{name}: application CPU", watch.application, "s", LIMIT_S)
    row(f"{name}: database CPU", watch.database, "s", LIMIT_S)
    row(f"{name}: lines of the journal", Journal.objects.exclude(seq=1).count() - before, "lines", 1)


def check() -> None:
    """Some of the cases by their own arithmetic, and that nothing is left to change."""
    for case in Case.objects.select_related("matter").filter(matter__ended_at=None).order_by("matter__key")[:2000]:
        found, matter = without_alarm(case), case.matter
        if matter.stage != "offered":
            assert (found.stage, found.final) == (matter.due_at, matter.final_due_at), case.pk


def run() -> None:
    wire()
    prepare()
    worktime.set_hours(
        actor=SYSTEM, valid_from=date(2020, 1, 1), spans="09:00-12:00 13:00-17:30",
        expected=calendars.calendar().revision,
    )  # fmt: skip
    measure("response.recompute_due, every due time changes")
    changed = calendars.calendar_lines()[-1].facts
    print("  ", dict(changed), flush=True)
    assert changed["recomputed"] == N == Matter.objects.filter(kind="case", ended_at=None).count()
    check()
    settle()
    steps = [{**r, "amount": str(int(r["amount"]) + 1)} for r in sheets.sheet_rows("ladder")]
    change_sheet(actor=SYSTEM, sheet="ladder", expected=sheets.sheet_number("ladder"), rows=steps)
    measure("a new ladder sets the alarms anew")
    line = sheets.ladder_lines()[-1].facts
    print("  ", dict(line), flush=True)
    assert line["read"] == N and reset_alarms(actor=SYSTEM).changed == 0
    OUT.write_text(json.dumps(rows, ensure_ascii=False))


if __name__ == "__main__":
    run()
