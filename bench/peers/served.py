"""The part of bench/response.py that goes over HTTP: registrations a second, and the poll that hears nothing new."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from django.db import connection

from linli.accounts import actions as accounts
from linli.accounts import queries as people
from linli.flow import relay
from linli.site import live
from linli.testing import cast

PORT = int(os.environ.get("LINLI_BENCH_PORT", "8190"))
Row = Callable[..., None]
Spots = Callable[[int], list[tuple[float, float]]]


def over_http(row: Row, spots: Spots, consent: str, database: str) -> None:
    """Throughput and the idle poll, against two WSGI workers as `linli serve` runs them."""
    threads = os.environ.get("LINLI_BENCH_THREADS", "1" if database == "sqlite" else "2")
    account_id = people.usernames(["operator"])["operator"]
    token = accounts.create_token(
        actor=cast.actor("administrator"), account_id=account_id, name="bench", scopes=["operator"], days=1
    ).secret
    connection.close()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(PORT), "--workers", "2",
               "--blocking-threads", threads, "--no-access-log", "--log-level", "error", "linli.config.wsgi:application"]  # fmt: skip
    server = subprocess.Popen(command)
    try:
        wait_until_up()
        throughput(row, spots, consent, token, database)
        polls(row, server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:  # its workers end when it does
            for pid in [*children(server.pid), server.pid]:
                os.kill(pid, signal.SIGKILL)
            server.wait()


def wait_until_up() -> None:
    for _ in range(900):
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
        more = link.recv(65536)
        if not more:
            raise ConnectionError("the server hung up")
        data += more
    head, _sep, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            missing = int(line.split(b":")[1]) - len(body)
            while missing > 0:
                missing -= len(link.recv(65536))
    return head


def throughput(
    row: Row, spots: Spots, consent: str, token: str, database: str, seconds: float = 12.0, clients: int = 4
) -> None:
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
                    "consent": consent,
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
    limit = 100 if database == "sqlite" else 200
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


def polls(row: Row, pid: int, n: int = 4000) -> None:
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
