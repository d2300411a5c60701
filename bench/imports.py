"""A file of 20,000 facilities: checking it, writing it in parts, showing it, undoing it, clearing up; SQLite and PostgreSQL.

What others wait for is the longest transaction that writes: its CPU time has the limit, as the wall clock of a shared
machine says more about the machine. The second file changes every facility of the first.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bench.peers import scratch

AREA = "imports"
N = int(os.environ.get("LINLI_BENCH_FACILITIES", "20000"))
TRANSACTION_S, CHECK_S, WRITE_S = 0.2, 5.0, 20.0
Row = dict[str, Any]


def run() -> list[Row]:
    """Each database in a process of its own; PostgreSQL is left out, and said so, where none answers."""
    return scratch.on_both(Path(__file__).resolve(), "linli_bench", {"sqlite": N, "postgresql": N})


def _file(n: int, mark: str, address: str) -> bytes:
    """Pharmacies and clinics around known places; one in two hundred is called as a place that is there."""
    from linli.circle.models import Facility

    dice, out = random.Random(7), io.StringIO()
    known = list(Facility.objects.filter(origin=None).exclude(community="").values_list("name", "lon", "lat"))
    words = ["仁和", "便民", "康乐", "同仁", "百姓", "利群", "华联", "京西", "永安", "福顺", "祥云", "万家"]
    table = csv.writer(out)
    table.writerow(["编号", "名称", "类别", "经度", "纬度", "地址"])
    for i in range(n):
        name, lon, lat = dice.choice(known)
        kind = dice.choice(["药店", "医院"])
        own = name if dice.random() < 0.005 else "".join(dice.choice(words) for _ in range(3)) + kind
        table.writerow(
            [f"{mark}{i}", own, kind, lon + dice.gauss(0, 8e-4), lat + dice.gauss(0, 6e-4), f"{address}{i}号"]
        )
    return out.getvalue().encode()


class _Watch:
    """The longest outermost transaction, wall and CPU, since `longest` was emptied."""

    def __init__(self) -> None:
        from django.db import connection, transaction

        self.longest = [0.0, 0.0]
        enter, leave = transaction.Atomic.__enter__, transaction.Atomic.__exit__

        def entered(atomic: Any) -> None:
            outer = not connection.in_atomic_block
            enter(atomic)
            if outer:
                self.began = (time.perf_counter(), time.thread_time())

        def left(atomic: Any, *why: Any) -> None:
            leave(atomic, *why)
            if not connection.in_atomic_block:
                took = (time.perf_counter() - self.began[0], time.thread_time() - self.began[1])
                self.longest = [max(a, b) for a, b in zip(self.longest, took, strict=True)]

        transaction.Atomic.__enter__, transaction.Atomic.__exit__ = entered, left  # type: ignore[method-assign]


def _measure(database: str, n: int, out: str) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from linli.circle.actions import imports as act
    from linli.circle.models import FacilityImport
    from linli.config import pack
    from linli.core.actor import SYSTEM

    call_command("migrate", verbosity=0)
    wanted = {"territory", "circle_catalogue", "circle_facilities", "circle_ground"}
    for step in pack.STEPS:
        if step.name in wanted:
            step.load(Path(settings.PACK), lambda *_told: None)
    watch, rows = _Watch(), []

    def timed(name: str, limit: float, work: Callable[[], Any], *, writes: bool = True) -> Any:
        watch.longest = [0.0, 0.0]
        wall, cpu = time.perf_counter(), time.process_time()
        answer = work()
        took = {"wall": (time.perf_counter() - wall, None), "CPU": (time.process_time() - cpu, limit)}
        if writes:
            took |= {"longest transaction, wall": (watch.longest[0], None), "longest transaction, CPU": (watch.longest[1], TRANSACTION_S)}  # fmt: skip
        for what, (value, most) in took.items():
            rows.append(
                {"name": f"{n:,} facilities: {name}: {what}", "value": round(value, 3), "unit": "s", "better": "lower", "limit": most, "database": database}
            )  # fmt: skip
        return answer

    def taken(data: bytes) -> int:
        said = {"scheme": "city", "datum": "wgs84", "source": "bench", "provenance": "sourced", "name": "bench.csv"}
        return act.take(actor=SYSTEM, data=data, **said)

    def through(name: str, data: bytes) -> int:
        id = taken(data)
        found = timed(f"{name}: check", CHECK_S, lambda: act.check(actor=SYSTEM, id=id), writes=False)
        act.begin(actor=SYSTEM, id=id, expected=found.taken)
        timed(f"{name}: write", WRITE_S, lambda: act.write(actor=SYSTEM, id=id))
        assert FacilityImport.objects.get(pk=id).state == "done"
        return id

    through("new", _file(n, "B", ""))
    changes = through("changed", _file(n, "B", "北"))
    fresh = through("new again", _file(n, "C", ""))
    for name, id in (("changed", changes), ("new again", fresh)):
        timed(f"{name}: undo", CHECK_S, partial(act.undo, actor=SYSTEM, id=id))
        timed(f"{name}: clear", WRITE_S, partial(act.clear, actor=SYSTEM, id=id))
    Path(out).write_text(json.dumps(rows, ensure_ascii=False))


if __name__ == "__main__":
    _measure(sys.argv[1], int(sys.argv[2]), sys.argv[3])
