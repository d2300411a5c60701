"""The designer on the pack's whole district: a draft divided by its job, then edited. `designer.py <database> <steps> <out>`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

from linli.core.actor import SYSTEM  # noqa: E402
from linli.core.errors import Invalid  # noqa: E402
from linli.ground.actions import changes, designs, edits  # noqa: E402
from linli.ground.queries import draft_shapes  # noqa: E402
from linli.ground.queries.designs import mapped_draft  # noqa: E402
from linli.territory import actions as territory  # noqa: E402
from linli.territory import queries as reads  # noqa: E402

LIMIT_S, WRITE_MS, EDIT_MS = 20, 200, 500


def main(database: str, steps: int, out: Path) -> None:
    call_command("migrate", verbosity=0)
    territory.load_pack(actor=SYSTEM, folder=settings.PACK, with_tiles=False)
    rows: list[dict[str, Any]] = []

    def add(name: str, value: float, unit: str, limit: float | None = None) -> None:
        row = {"name": f"designer, {name}", "database": database, "value": round(value, 3), "unit": unit}
        rows.append({**row, "better": "lower", "limit": limit})
        print(f"  {database}: {name} = {value:.3f} {unit} (limit {limit})", flush=True)

    def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        answer = work()
        return answer, time.perf_counter() - wall, time.process_time() - cpu

    longest = [0.0]
    plain = transaction.Atomic.__exit__, transaction.Atomic.__enter__
    began: list[float] = []

    def enter(self: Any) -> None:
        began.append(time.thread_time())
        plain[1](self)

    def leave(self: Any, *said: Any) -> None:
        plain[0](self, *said)
        longest[0] = max(longest[0], (time.thread_time() - began.pop()) * 1000)

    change = designs.open_draft(actor=SYSTEM, name="全区", scope=reads.district().code)
    asked = {"target_m2": 22_000, "kinds": ["main", "minor"], "width_m": 30, "smallest": 35}
    transaction.Atomic.__enter__, transaction.Atomic.__exit__ = enter, leave  # type: ignore[method-assign]
    done, wall, cpu = timed(
        lambda: designs.carry_out_design(change_id=change.pk, version=1, asked=asked, by="system", tell=lambda *_: None)
    )
    add(f"Xicheng, {done['cells']:,} cells: wall", wall, "s", LIMIT_S)
    add(f"Xicheng, {done['cells']:,} cells: application CPU", cpu, "s", LIMIT_S)
    add("longest transaction, application CPU", longest[0], "ms", WRITE_MS)
    codes = sorted(draft_shapes.draft_shapes(change.pk))
    spent: list[tuple[float, float]] = []
    for code in codes[:: max(len(codes) // steps, 1)][:steps]:
        row = changes.change_of(change.pk)
        try:
            _done, wall, cpu = timed(
                lambda row=row, code=code: edits.edit(  # type: ignore[misc]
                    actor=SYSTEM, change=row, version=row.matter.version, asked=edits.Asked("split", (code,))
                )
            )
        except Invalid:
            continue
        spent.append((wall, cpu))
    spent.sort()
    add(
        f"an edit among {done['cells']:,} cells, 95 of 100: wall",
        spent[int(len(spent) * 0.95)][0] * 1000,
        "ms",
        EDIT_MS,
    )
    add(f"an edit among {done['cells']:,} cells, median: application CPU", sorted(c for _w, c in spent)[len(spent) // 2] * 1000, "ms", EDIT_MS)  # fmt: skip
    _found, wall, cpu = timed(lambda: mapped_draft(changes.change_of(change.pk)))
    add("difference against the grid in force: application CPU", cpu, "s")
    out.write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
