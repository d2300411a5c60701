"""One database of bench/response.py, in its own process: prepare, preload, measure, write the rows."""

from __future__ import annotations

import json
import os
import random
import sys
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from bench.peers import load, reads, served  # noqa: E402
from linli.config.pack import STEPS  # noqa: E402
from linli.core import clock  # noqa: E402
from linli.core.actor import SYSTEM  # noqa: E402
from linli.response import actions, queries  # noqa: E402
from linli.response.models import Case  # noqa: E402
from linli.response.queries import calls  # noqa: E402
from linli.territory import queries as territory  # noqa: E402
from linli.testing import cast  # noqa: E402

DATABASE, PRELOAD, OUT = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
rows: list[dict[str, Any]] = []
rng = random.Random(7)


def row(name: str, value: float, unit: str, limit: float | None, better: str = "lower", **peer: Any) -> None:
    rows.append(
        {"area": "response", "name": f"{name} ({PRELOAD:,} cases)", "database": DATABASE, "value": round(value, 3), "unit": unit, "better": better,
         "limit": limit, "peer": peer.get("peer", ""), "peer_value": peer.get("peer_value")}
    )  # fmt: skip
    print(f"  {DATABASE}: {name} = {value:.3f} {unit} (limit {limit})", flush=True)


def spots(n: int) -> list[tuple[float, float]]:
    """Random points inside the district."""
    west, south, east, north = territory.bounds()
    found: list[tuple[float, float]] = []
    while len(found) < n:
        spot = (rng.uniform(west, east), rng.uniform(south, north))
        if territory.locate(*spot):
            found.append(spot)
    return found


def prepare() -> None:
    call_command("migrate", verbosity=0)
    for step in STEPS:
        step.load(
            Path(os.environ.get("LINLI_PACK", Path(__file__).resolve().parents[2] / "packs" / "xicheng")),
            lambda *_a: None,
        )
    cast.create_cast(actor=SYSTEM)


def preload(n: int) -> None:
    """Material to search among. How long it took is said, not limited: no installation is filled like this."""
    took = load.fill(n, spots(4000))
    load.check_lines()
    print(f"  {DATABASE}: {n:,} cases loaded in {took:.0f} s", flush=True)


def counted(work: Callable[[], Any]) -> int:
    """How many statements `work` sends, transactions' own left out."""
    with CaptureQueriesContext(connection) as captured:
        work()
    skip = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return sum(not q["sql"].startswith(skip) for q in captured.captured_queries)


def server_cpu_s() -> float:
    """CPU of this connection's PostgreSQL backend; 0 on SQLite, whose work is the application's."""
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        fields = Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_ms(work: list[Callable[[], Any]]) -> tuple[float, float]:
    """(application, database) CPU per call, in ms, over all of `work`."""
    outside, began = server_cpu_s(), time.process_time()
    for call in work:
        call()
    return (time.process_time() - began) * 1000 / len(work), (server_cpu_s() - outside) * 1000 / len(work)


def report(spot: tuple[float, float]) -> actions.Report:
    return actions.Report(
        channel="phone", class_code="0402", lon=spot[0], lat=spot[1], description="路边往外冒清水，像是水管裂了。",
        phone="13800138000", consent=CONSENT, client_key=uuid.uuid4().hex,
    )  # fmt: skip


def in_process() -> None:
    operator = cast.actor("operator")
    points = iter(spots(2000))
    make = lambda: actions.report_case(actor=operator, report=report(next(points)))  # noqa: E731
    for _ in range(20):
        make()
    row("create one case, SQL", counted(make), "statements", 8, peer="Signalen", peer_value=46)
    app, db = cpu_ms([make] * 300)
    row("create one case, CPU in the action", app, "ms", 5, peer="Signalen", peer_value=33.7)
    if db:
        row("create one case, CPU of the database", db, "ms", 5)
    lists(operator)
    pages()
    moves()
    plans()


def lists(operator: Any) -> None:
    from django.test import Client

    from linli.accounts.queries import account

    place = territory.divisions(9, territory.district().code)[3].code
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(account(actor=SYSTEM, account_id=operator.id))  # type: ignore[arg-type]
    address = reverse("api:list_cases") + f"?subdistrict={place}&stage=ended&limit=50"
    fetch = lambda: client.get(address)  # noqa: E731
    answer = fetch()
    assert answer.status_code == 200 and len(answer.json()["cases"]) == 50, answer.content[:300]
    wanted = queries.CaseFilter(subdistrict=place, stage="ended")
    row(
        "list of 50, filtered and scoped, SQL",
        counted(lambda: queries.case_rows(operator, wanted)),
        "statements",
        4,
        peer="Signalen",
        peer_value=263,
    )
    for _ in range(5):
        fetch()
    app, _db = cpu_ms([fetch] * 60)
    row("list of 50, whole request as JSON, CPU", app, "ms", 12, peer="Signalen", peer_value=254)
    page = reverse("response:cases") + f"?subdistrict={place}&stage=ended"
    show = lambda: client.get(page)  # noqa: E731
    if show().status_code == 200:
        for _ in range(5):
            show()
        app, _db = cpu_ms([show] * 40)
        row("list of 50, whole page as HTML, CPU", app, "ms", 40)


def pages() -> None:
    """What is open before somebody all day: the inbox, the telephone queue, the data of a wall."""
    from django.test import Client

    from linli.accounts.queries import account

    def client(username: str) -> Client:
        found = Client(headers={"host": "127.0.0.1"})
        found.force_login(account(actor=SYSTEM, account_id=cast.actor(username).id))  # type: ignore[arg-type]
        return found

    for name, who, address, limit in (
        ("inbox of a dispatcher, whole page", "dispatcher-niujie", "/inbox/", 40),
        ("inbox of an operator, whole page", "operator", "/inbox/", 40),
        ("/command/data.json of the district", "chief", "/command/data.json?division=110102", 120),
        ("/command/data.json of a subdistrict", "chief-niujie", "/command/data.json?division=110102018", 40),
    ):
        fetch = partial(client(who).get, address, follow=True)
        answer = fetch()
        assert answer.status_code == 200, (address, answer.status_code)
        for _ in range(3):
            fetch()
        app, db = cpu_ms([fetch] * 20)
        row(f"{name}, CPU", app, "ms", limit)
        row(f"{name}, SQL", counted(fetch), "statements", 20)
        if db:
            row(f"{name}, CPU of the database", db, "ms", 60)
    now = clock.now()
    ask = partial(calls.next_call, cast.actor("operator"), now, anyway=True)
    row("the next call-back, SQL", counted(ask), "statements", 2)
    app, db = cpu_ms([ask] * 40)
    row("the next call-back, CPU with the database's", app + db, "ms", 30)
    app, db = cpu_ms([reads.due_alarms] * 40)
    row("the clock's look for alarms, CPU with the database's", app + db, "ms", 30)


def plans() -> None:
    """Whether a read that people wait for walks over a whole large table; the name of each that does is printed."""
    if DATABASE != "postgresql":
        return
    hot = reads.hot()
    walks = [w for w in reads.walks(hot) if w[0] not in reads.SELDOM]
    for name, table, lost, ms in walks:
        print(f"    walks: {name}: {table}, {lost:,.0f} rows for nothing, {ms:.0f} ms", flush=True)
    # of a small table the whole is sooner read than an index
    row(f"walks over a whole large table in {len(hot)} reads", len(walks), "walks", 0 if PRELOAD >= 500_000 else None)


def moves() -> None:  # enough of the load waits for each
    ready = Case.objects.filter(matter__stage="accepted", suggested_body__isnull=False)
    body = ready.values_list("suggested_body_id", flat=True)[0]
    signalen = {"peer": "Signalen", "peer_value": 41}, {"peer": "Signalen", "peer_value": 40}
    move("one move", "dispatcher", "accepted", partial(actions.Step, "dispatch", body_id=body), 6, 4, signalen)
    # with a look at who had it in hand: nobody verifies what he or his body did
    move("one verification", "verifier", "fed_back", partial(actions.Step, "pass"), 8, 5, ({}, {}))


def move(name: str, who: str, stage: str, press: Any, most: int, limit_ms: float, peers: Any) -> None:
    """A step as a page takes it: the case by its number, whether this person may, the writing."""
    actor = cast.actor(who)
    ready = list(Case.objects.select_related("matter").filter(matter__stage=stage)[:400])

    def step() -> None:
        loaded = queries.case_for(actor, queries.number_of_case(ready.pop()))
        actions.move_case(actor=actor, case=loaded, step=press(version=loaded.matter.version))

    for _ in range(20):
        step()
    row(f"{name}, SQL (load, check, write)", counted(step), "statements", most, **peers[0])
    app, db = cpu_ms([step] * min(250, len(ready)))
    row(f"{name}, CPU in the action", app, "ms", limit_ms, **peers[1])
    if db:
        row(f"{name}, CPU of the database", db, "ms", limit_ms)


if __name__ == "__main__":
    from linli.vault import queries as vault

    CONSENT = vault.consent_for("case_contact_spoken").version
    prepare()
    preload(PRELOAD)
    in_process()
    served.over_http(row, spots, CONSENT, DATABASE)
    OUT.write_text(json.dumps(rows, ensure_ascii=False))
