"""One database of bench/response.py, in its own process: prepare, preload, measure, write the rows."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from linli.accounts import actions as accounts  # noqa: E402
from linli.accounts import queries as people  # noqa: E402
from linli.config.pack import STEPS  # noqa: E402
from linli.core import clock  # noqa: E402
from linli.core.actor import SYSTEM  # noqa: E402
from linli.flow import chain, relay  # noqa: E402
from linli.flow.models import Journal, Matter, Outbox  # noqa: E402
from linli.response import actions, queries  # noqa: E402
from linli.response.catalogue import catalogue  # noqa: E402
from linli.response.models import Case  # noqa: E402
from linli.site import live  # noqa: E402
from linli.territory import queries as territory  # noqa: E402
from linli.testing import cast  # noqa: E402

DATABASE, OUT, PRELOAD = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
PORT = 8190
rows: list[dict[str, Any]] = []
rng = random.Random(7)


def row(name: str, value: float, unit: str, limit: float | None, better: str = "lower", **peer: Any) -> None:
    rows.append(
        {"area": "response", "name": name, "database": DATABASE, "value": round(value, 3), "unit": unit, "better": better,
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
    """`n` cases with their first journal line, in bulk: material to search among, not a measurement."""
    began = time.monotonic()
    known = list(catalogue().by_code.values())
    points = spots(4000)
    stages = ["ended"] * 92 + [
        "handling",
        "handling",
        "dispatched",
        "accepted",
        "reported",
        "fed_back",
        "closed",
        "verified",
    ]
    now = clock.now()
    for start in range(0, n, 2000):
        matters, cases = [], []
        for _ in range(min(2000, n - start)):
            view, (lon, lat) = rng.choice(known), rng.choice(points)
            place = territory.check_point(lon, lat)
            opened = now - timedelta(days=rng.uniform(0.01, 200))
            stage = rng.choice(stages)
            key = uuid.uuid4()
            body = chain.line_body(
                matter_key=key.hex,
                seq=1,
                verb="report",
                actor="system",
                at=opened,
                source="",
                target=stage,
                facts={},
                sealed_digest=None,
            )
            matter = Matter(
                key=key, kind="case", type_version_id=view.id, title=view.name_zh, simulated=True, stage=stage,
                head=chain.line_hash(chain.GENESIS, body), area=place.community or place.subdistrict,
                subdistrict=place.subdistrict, community=place.community, grid_at_intake=place.grid,
                body_id=catalogue().route((place.community, place.subdistrict, place.district), view.code),
                opened_at=opened, stage_started_at=opened, due_at=opened + timedelta(days=2), final_due_at=opened + timedelta(days=3),
                closed_at=opened + timedelta(hours=5) if stage == "ended" else None,
                ended_at=opened + timedelta(hours=9) if stage == "ended" else None,
            )  # fmt: skip
            matters.append((matter, body))
            cases.append(
                Case(case_class_id=view.id, channel="web", lon=lon, lat=lat, near=place.near, counted_from=opened)
            )
        with transaction.atomic():
            Matter.objects.bulk_create([m for m, _b in matters])
            for (matter, _b), case in zip(matters, cases, strict=True):
                case.matter = matter
            Case.objects.bulk_create(cases)
            lines = Journal.objects.bulk_create(
                [
                    Journal(matter=m, seq=1, verb="report", actor="system", at=m.opened_at, body=b, hash=m.head)
                    for m, b in matters
                ]
            )
            Outbox.objects.bulk_create([Outbox(journal=line, matter_id=line.matter_id) for line in lines])
    while relay.stamp():
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"  {DATABASE}: {n} cases preloaded in {time.monotonic() - began:.0f} s", flush=True)


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
        row("create one case, CPU of the database", db, "ms", None)
    lists(operator)
    moves()


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
        counted(lambda: queries.case_page(operator, wanted)),
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
        row("list of 50, whole page as HTML, CPU", app, "ms", None)


def moves() -> None:  # the preload leaves about one case in a hundred waiting for dispatch
    district = cast.actor("dispatcher")
    ready = list(Case.objects.select_related("matter").filter(matter__stage="accepted")[:400])
    body = next(iter(catalogue().routes.values()))

    def step() -> None:
        case = ready.pop()
        loaded = queries.case_for(district, queries.number_of_case(case))
        actions.move_case(
            actor=district, case=loaded, step=actions.Step("dispatch", loaded.matter.version, body_id=body)
        )

    for _ in range(20):
        step()
    row("one move, SQL (load, check, write)", counted(step), "statements", 6, peer="Signalen", peer_value=41)
    app, db = cpu_ms([step] * min(250, len(ready)))
    row("one move, CPU in the action", app, "ms", 4, peer="Signalen", peer_value=40)
    if db:
        row("one move, CPU of the database", db, "ms", None)


def over_http() -> None:
    """Throughput and the idle poll, against two WSGI workers as `linli serve` runs them."""
    account_id = people.usernames(["operator"])["operator"]
    token = accounts.create_token(
        actor=cast.actor("administrator"), account_id=account_id, name="bench", scopes=["operator"], days=1
    ).secret
    position = relay.position()
    connection.close()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(PORT), "--workers", "2",
               "--blocking-threads", THREADS, "--no-access-log", "--log-level", "error", "linli.config.wsgi:application"]  # fmt: skip
    server = subprocess.Popen(command)
    try:
        wait_until_up()
        throughput(token)
        polls(server.pid, position)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


THREADS = os.environ.get("LINLI_BENCH_THREADS", "1" if DATABASE == "sqlite" else "2")


def wait_until_up() -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", PORT), 0.2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


def exchange(link: socket.socket, request: bytes) -> bytes:
    link.sendall(request)
    data = b""
    while b"\r\n\r\n" not in data:
        data += link.recv(65536)
    head, _sep, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            missing = int(line.split(b":")[1]) - len(body)
            while missing > 0:
                missing -= len(link.recv(65536))
    return head


def throughput(token: str, seconds: float = 12.0, clients: int = 4) -> None:
    points = spots(clients * 3000)
    done, failed = [0] * clients, [0] * clients
    stop = threading.Event()

    def drive(n: int) -> None:
        link = socket.create_connection(("127.0.0.1", PORT))
        for spot in points[n::clients]:
            body = json.dumps(
                {
                    "class_code": "0402",
                    "lon": spot[0],
                    "lat": spot[1],
                    "description": "水管裂了",
                    "phone": "13800138000",
                    "consent": CONSENT,
                }
            ).encode()
            head = (
                f"POST /api/v1/cases HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
                f"Idempotency-Key: {uuid.uuid4()}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            answer = exchange(link, head.encode() + body)
            good = answer.startswith(b"HTTP/1.1 201")
            done[n] += good
            failed[n] += not good
            if not good and failed[n] < 3:
                print(answer[:200])
            if stop.is_set():
                break
        link.close()

    for measured in (False, True):
        stop.clear()
        done[:], failed[:] = [0] * clients, [0] * clients
        threads = [threading.Thread(target=drive, args=(n,)) for n in range(clients)]
        began = time.monotonic()
        for t in threads:
            t.start()
        time.sleep(seconds if measured else 3)
        stop.set()
        for t in threads:
            t.join()
        took = time.monotonic() - began
    limit = 100 if DATABASE == "sqlite" else 200
    row(
        "create over HTTP, 2 workers, token, rate limit on",
        sum(done) / took,
        "per second",
        limit,
        "higher",
        peer="Signalen",
        peer_value=12.4,
    )
    row("create over HTTP, refused or failed", sum(failed), "requests", 0)


def cpu_of(pid: int) -> float:
    total = 0.0
    for task in [pid, *children(pid)]:
        fields = Path(f"/proc/{task}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def children(pid: int) -> list[int]:
    found = [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [g for c in found for g in children(c)]


def polls(pid: int, _position: int, n: int = 4000) -> None:
    token = live.live_token(cast.actor("operator"), "0:110102")
    position = relay.position()
    link = socket.create_connection(("127.0.0.1", PORT))
    request = f"GET /live/?after={position}&token={token} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    for _ in range(100):
        head = exchange(link, request)
    assert head.startswith(b"HTTP/1.1 304"), head
    before, silent = cpu_of(pid), 0
    for _ in range(n):
        silent += exchange(link, request).startswith(b"HTTP/1.1 304")
    row("live poll with nothing new, CPU of the server", (cpu_of(pid) - before) * 1000 / n, "ms", 0.5)
    row("live poll with nothing new, answered 304", 100 * silent / n, "%", 100, "higher")


if __name__ == "__main__":
    from linli.vault import queries as vault

    CONSENT = vault.consent_for("case_contact_spoken").version
    prepare()
    preload(PRELOAD)
    in_process()
    over_http()
    OUT.write_text(json.dumps(rows, ensure_ascii=False))
