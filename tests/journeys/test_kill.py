"""The web is killed in the middle of 2,000 intakes: nothing that was acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house import House, furnished, running

INTAKES = 2000
CLIENTS = 4
POINT = {"lon": 116.3596, "lat": 39.8862}


@pytest.fixture
def house(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """On PostgreSQL it starts from nothing; on SQLite the journeys in the browser go on from what is made here."""
    url = os.environ.get("DATABASE_URL", "")
    if url.startswith("postgres"):
        import psycopg

        name = "linli_kill"
        server = url.rsplit("/", 1)[0]
        with psycopg.connect(f"{server}/postgres", autocommit=True) as link:
            link.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            link.execute(f"CREATE DATABASE {name}")
        url = f"{server}/{name}"
    else:
        furnished(tmp_path / "var", tmp_path_factory)
    with running(tmp_path / "var", database_url=url, plays=False) as started:
        yield started


def token_of(house: House) -> str:
    """A program's token for the operator's post, made by the administrator through the real action."""
    script = (
        "import django; django.setup()\n"
        "from linli.accounts import actions, queries\nfrom linli.testing import cast\n"
        "who = queries.usernames(['operator'])['operator']\n"
        "print(actions.create_token(actor=cast.actor('administrator'), account_id=who, name='intake', scopes=['operator'], days=1).secret)"
    )
    import subprocess
    import sys

    environment = {**house.environment, "DJANGO_SETTINGS_MODULE": "linli.config.settings"}
    out = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)
    return out.stdout.strip().splitlines()[-1]


class Sender(threading.Thread):
    """Sends its share; after a broken connection it sends the same thing again with the same key, as a client should."""

    def __init__(self, house: House, token: str, keys: list[str], acknowledged: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.house, self.keys, self.acknowledged = house, keys, acknowledged
        self.head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.body = json.dumps({"class_code": "0102", **POINT, "description": "门口垃圾没清"})

    def run(self) -> None:
        link: http.client.HTTPConnection | None = None
        for key in self.keys:
            until = time.monotonic() + 120
            while time.monotonic() < until:
                try:
                    link = link or http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=20)
                    link.request("POST", "/api/v1/cases", self.body, {**self.head, "Idempotency-Key": key})
                    answer = link.getresponse()
                    said: dict[str, Any] = json.loads(answer.read() or b"{}")
                    if answer.status in (200, 201):
                        self.acknowledged[key] = said["number"]
                        break
                    assert answer.status in (429, 503), (answer.status, said)
                except (OSError, http.client.HTTPException, ValueError):
                    link = None
                time.sleep(0.2)


@pytest.mark.slow
def test_a_kill_loses_nothing_that_was_acknowledged(house: House) -> None:
    token = token_of(house)
    keys = [uuid.uuid4().hex for _ in range(INTAKES)]
    acknowledged: dict[str, str] = {}
    senders = [Sender(house, token, keys[n::CLIENTS], acknowledged) for n in range(CLIENTS)]
    for sender in senders:
        sender.start()
    while len(acknowledged) < INTAKES // 3 and any(s.is_alive() for s in senders):
        time.sleep(0.05)
    before_kill = dict(acknowledged)
    victims = house.web_pids()
    assert victims, "no web process found"
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    for sender in senders:
        sender.join(240)
    assert len(acknowledged) == INTAKES
    assert len(before_kill) < INTAKES and all(acknowledged[k] == n for k, n in before_kill.items())
    assert len(set(acknowledged.values())) == INTAKES, "two intakes share a number"
    script = (
        "import django; django.setup()\nfrom linli.flow.models import Matter\nfrom linli.response.rules import number_of\n"
        "import json; rows = list(Matter.objects.values_list('pk', 'opened_at'))\n"
        "print(json.dumps([number_of(*r) for r in rows]))"
    )
    import subprocess
    import sys

    environment = {**house.environment, "DJANGO_SETTINGS_MODULE": "linli.config.settings"}
    out = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)
    kept = json.loads(out.stdout.strip().splitlines()[-1])
    assert sorted(kept) == sorted(acknowledged.values()), "something was lost or is there twice"
    house.command("verify-journal")
