"""A million matters whose borders move: all of them, then one community of 255, then both taken back.

`borders.py <database> <matters> <out>`. The numbers are invented and the same in every run; one in fifty is open. Beside
each piece of work a process of its own writes one matter every 20 ms, as a move does, and says how long it took at most;
it does so for a while before anything else, which tells what of that is the machine.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

django.setup()

import numpy as np  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import F  # noqa: E402

from bench.peers.watch import Watch  # noqa: E402
from linli.flow import rezone  # noqa: E402
from linli.flow.models import Matter, RezonedBatch  # noqa: E402

LIMIT_S, WAIT_MS, PREVIEW_S, ALONE_S = 60, 200, 3, 5
FILLED = {
    "key": "{key}", "kind": "'case'", "title": "'暴露垃圾'", "stage": "CASE WHEN n % 50 = 0 THEN 'handling' ELSE 'ended' END",
    "head": "{head}", "area": "{community}", "subdistrict": "substr({community}, 1, 9)", "community": "{community}",
    "grid_at_intake": "{community} || '001'", "opened_at": "{moment}", "stage_started_at": "{moment}", "due_at": "{moment}",
    "final_due_at": "{moment}", "closed_at": "CASE WHEN n % 50 = 0 THEN NULL ELSE {moment} END",
    "ended_at": "CASE WHEN n % 50 = 0 THEN NULL ELSE {moment} END",
}  # fmt: skip
WORDS = {
    "sqlite": {
        "key": "lower(hex(randomblob(16)))", "head": "lower(hex(randomblob(32)))",
        "community": "printf('110102%03d%03d', n * 7919 % 15 + 1, n * 104729 % 17 + 1)",
        "moment": "strftime('%Y-%m-%d %H:%M:%S', 1700000000 + n * 60, 'unixepoch')",
        "from": "WITH RECURSIVE made(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM made WHERE n < {n})",
    },
    "postgresql": {
        "key": "gen_random_uuid()", "head": "md5(n::text) || md5((n + 1)::text)",
        "community": "'110102' || lpad((n * 7919 % 15 + 1)::text, 3, '0') || lpad((n * 104729 % 17 + 1)::text, 3, '0')",
        "moment": "to_timestamp(1700000000 + n * 60)",
        "from": "WITH made AS (SELECT n::bigint FROM generate_series(1, {n}) AS n)",
    },
}  # fmt: skip


def fill(n: int) -> None:
    """`n` matters over 15 subdistricts of 17 communities; what no expression fills has its field's default."""
    words = WORDS[connection.vendor]
    columns = {name: text.format(**words) for name, text in FILLED.items()}
    for field in Matter._meta.concrete_fields:
        if field.column and field.column not in columns and not field.null and not field.primary_key:
            value = field.get_default()
            columns[field.column] = str(value).lower() if isinstance(value, bool | int) else f"'{value}'"
    sql = f"{words['from'].format(n=n)} INSERT INTO flow_matter ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM made"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA cache_size=-400000")
        cursor.execute(sql)
        cursor.execute("VACUUM ANALYZE flow_matter" if connection.vendor == "postgresql" else "ANALYZE")
        cursor.execute("CHECKPOINT" if connection.vendor == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def writer(n: int) -> None:
    """Write until told to stop (a line on the input); say how long each write took, in ms."""
    import select

    dice, took = random.Random(5), list[float]()
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        began = time.perf_counter()
        with transaction.atomic():
            Matter.objects.filter(pk=dice.randint(1, n)).update(version=F("version") + 1)
        took.append((time.perf_counter() - began) * 1000)
    print(json.dumps([max(took), float(np.percentile(took, 99)), len(took)]))


@contextmanager
def beside(n: int, said: dict[str, float]) -> Iterator[None]:
    """Somebody who writes; afterwards `said` has how long it took at most, and for 99 of 100."""
    command = [sys.executable, __file__, "writer", str(n)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None and other.stdout is not None
        other.stdout.readline()
        try:
            yield
        finally:
            other.stdin.write("\n")
            other.stdin.close()
            said["longest"], said["most"], said["writes"] = json.loads(other.stdout.read())


class Longest:
    """The longest batch of `rezone`, in ms: wall and CPU of this process. Who wants one of its rows waits no longer."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0
        plain = rezone._Pace.write

        def timed(pace: Any, work: Callable[[], Any], count: int) -> Any:
            def watched() -> Any:
                wall, cpu = time.perf_counter(), time.thread_time()
                held = work()
                self.wall = max(self.wall, (time.perf_counter() - wall) * 1000)
                self.cpu = max(self.cpu, (time.thread_time() - cpu) * 1000)
                return held

            return plain(pace, watched, count)

        rezone._Pace.write = timed  # type: ignore[method-assign,assignment]


class Rows:
    """The rows of one database."""

    def __init__(self, database: str, n: int) -> None:
        self.database, self.n, self.found = database, n, list[dict[str, Any]]()
        self.longest = Longest()

    def add(self, name: str, value: float, unit: str, limit: float | None = None) -> None:
        self.found.append(
            {"name": f"{self.n:,} matters, {name}", "database": self.database, "value": round(value, 3), "unit": unit,
             "better": "lower", "limit": limit}
        )  # fmt: skip
        print(f"  {self.database}: {name} = {value:.3f} {unit} (limit {limit})", flush=True)

    def work(self, name: str, work: Callable[[], Any]) -> Any:
        """Wall, CPU, and what the writer beside waited."""
        said: dict[str, float] = {}
        self.longest.wall = self.longest.cpu = 0.0
        with beside(self.n, said), Watch(connection.settings_dict["NAME"]) as watch:
            answer = work()
        self.add(f"{name}: wall", watch.wall, "s", LIMIT_S)
        self.add(f"{name}: application CPU", watch.application, "s")
        if self.database == "postgresql":
            self.add(f"{name}: database CPU", watch.database, "s")
        self.add(f"{name}: longest write of another", said["longest"], "ms", WAIT_MS)
        self.add(f"{name}: 99 of 100 writes of another", said["most"], "ms")
        self.add(f"{name}: longest batch, wall", self.longest.wall, "ms", WAIT_MS)
        self.add(f"{name}: longest batch, application CPU", self.longest.cpu, "ms")
        return answer


def raised(part: rezone.Placed) -> Any:
    """Every subdistrict takes another number; done in columns."""
    codes, which = np.unique(part.area, return_inverse=True)
    return np.array([f"{c[:6]}{int(c[6:9]) + 500:03d}{c[9:]}" for c in codes], "U15")[which]


def main(database: str, n: int, out: str) -> None:
    call_command("migrate", verbosity=0)
    fill(n)
    rows, one, every, said = Rows(database, n), uuid.uuid4(), uuid.uuid4(), dict[str, float]()
    with beside(n, said):
        time.sleep(ALONE_S)
    rows.add("longest write of another with nothing beside it", said["longest"], "ms")
    for name, areas in (("the district", ["110102"]), ("one subdistrict", ["110102003"])):
        began = time.perf_counter()
        counted = rezone.affected(areas)
        rows.add(f"preview of {name}", time.perf_counter() - began, "s", PREVIEW_S)
        assert sum(a.open + a.ended for a in counted) == (n if name == "the district" else Matter.objects.filter(subdistrict=areas[0]).count())  # fmt: skip
    found = rows.work(
        "one community of 255 moves",
        lambda: rezone.rezone(lambda p: np.full(len(p), "110102900001"), areas=["110102003005"], change=one),
    )
    assert found.changed == found.read == Matter.objects.filter(community="110102900001").count() > 0
    assert rezone.unrezone(one).changed == found.changed
    found = rows.work("all areas change", lambda: rezone.rezone(raised, areas=["110102"], change=every))
    assert (found.read, found.changed, dict(found.left)) == (n, n, {})
    assert not Matter.objects.filter(subdistrict__lt="110102500").exists()
    size = sum(len(p) for p in RezonedBatch.objects.filter(change=every).values_list("packed", flat=True))
    rows.add("all areas change: kept for the undo", size / n, "bytes a matter", 8)
    found = rows.work("all areas are put back", lambda: rezone.unrezone(every))
    assert found.changed == n and not Matter.objects.filter(subdistrict__gt="110102500").exists()
    Path(out).write_text(json.dumps(rows.found, ensure_ascii=False))


if __name__ == "__main__":
    if sys.argv[1] == "writer":
        writer(int(sys.argv[2]))
    else:
        main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
