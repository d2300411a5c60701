"""One database of bench/wall.py, in its own process: prepare, preload, ask as a wall asks, write the rows."""

from __future__ import annotations

import json
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from bench.peers import load, served  # noqa: E402
from linli.accounts.queries import account  # noqa: E402
from linli.command import queries as command  # noqa: E402
from linli.config.pack import STEPS  # noqa: E402
from linli.core.actor import SYSTEM  # noqa: E402
from linli.flow import relay  # noqa: E402
from linli.flow.models import Matter  # noqa: E402
from linli.response import actions  # noqa: E402
from linli.response.models import Case  # noqa: E402
from linli.territory import queries as territory  # noqa: E402
from linli.testing import cast  # noqa: E402

DATABASE, PRELOAD, OUT = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
PACK = Path(__file__).resolve().parents[2] / "packs" / "xicheng"
BOARDS = "numbers,league,queue,pressed"
rows: list[dict[str, Any]] = []


def row(name: str, value: float, unit: str, limit: float | None) -> None:
    rows.append(
        {"area": "wall", "name": f"{name} ({OPEN:,} open cases)", "database": DATABASE, "value": round(value, 2),
         "unit": unit, "better": "lower", "limit": limit, "peer": "", "peer_value": None}
    )  # fmt: skip
    print(f"  {DATABASE}: {name} = {value:.2f} {unit} (limit {limit})", flush=True)


def prepare() -> None:
    call_command("migrate", verbosity=0)
    for step in STEPS:
        step.load(PACK, lambda *_a: None)
    cast.create_cast(actor=SYSTEM)
    dice = random.Random(7)
    spots: list[tuple[float, float]] = []
    west, south, east, north = territory.bounds()
    while len(spots) < 4000:
        spot = (dice.uniform(west, east), dice.uniform(south, north))
        if territory.locate(*spot):
            spots.append(spot)
    load.fill(PRELOAD, spots)
    chief = cast.actor("chief")
    for n, case in enumerate(Case.objects.select_related("matter").filter(matter__stage="handling")[:40]):
        verb = ("remind", "supervise")[n % 2]
        actions.move_case(actor=chief, case=case, step=actions.Step(verb, case.matter.version, text="今天办完"))
    while relay.stamp():
        pass


def cpu_ms(work: Callable[[], Any], times: int = 20) -> float:
    """CPU of this process per call; on SQLite the database runs inside it."""
    for _ in range(3):
        work()
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) * 1000 / times


def refreshes(client: Client) -> None:
    for name, address in (
        ("a refresh of the wall with four boards", f"/command/data.json?division=110102&wall=1&rotate={BOARDS}"),
        ("a refresh of the wall in heat", "/command/data.json?division=110102&wall=1&view=heat&rotate=map"),
        ("a refresh of a subdistrict's wall", f"/command/data.json?division=110102018&wall=1&rotate={BOARDS}"),
    ):
        ask = partial(client.get, address, headers={"accept-encoding": "gzip"})
        answer = ask()
        assert answer.status_code == 200 and answer["Content-Encoding"] == "gzip", answer.status_code
        row(f"{name}, bytes on the wire", len(answer.content) / 1000, "KB", 50)
        row(f"{name}, CPU of the server", cpu_ms(ask), "ms", 50)
    chief = cast.actor("chief")
    newest = relay.position()
    row("what the live poll says after three changes, CPU", cpu_ms(lambda: command.news(chief, "0:110102", newest - 3)), "ms", 50)  # fmt: skip


def first_paint(cookie: str) -> None:
    """From a cold browser to the first contents on the screen, the median of five; the server is warm."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no Chromium: the first paint is left out", file=sys.stderr)
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    connection.close()
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(served.PORT),
         "--workers", "1", "--blocking-threads", "1", "--no-access-log", "--log-level", "error", "linli.config.wsgi:application"]
    )  # fmt: skip
    try:
        served.wait_until_up()
        # Playwright has a loop of its own, in which Django would refuse its database: another process
        told = subprocess.run(
            [sys.executable, "-c", PAINT, chromium, f"http://127.0.0.1:{served.PORT}", settings.SESSION_COOKIE_NAME, cookie],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        row("first paint of the wall in headless Chromium", statistics.median(json.loads(told.stdout)) / 1000, "s", 2)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


PAINT = """
import json, sys
from playwright.sync_api import sync_playwright
chromium, base, name, cookie = sys.argv[1:]
found = []
with sync_playwright() as play:
    browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    for turn in range(6):
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        context.add_cookies([{"name": name, "value": cookie, "url": base}])
        page = context.new_page()
        page.goto(base + "/command/?wall=1&rotate=numbers,league,queue,pressed")
        page.wait_for_selector("[data-queue] > li")
        page.wait_for_timeout(300)
        found.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        context.close()
    browser.close()
print(json.dumps(found[1:]))
"""

if __name__ == "__main__":
    prepare()
    OPEN = Matter.objects.filter(ended_at=None).count()
    chief = Client(headers={"host": "127.0.0.1"})
    chief.force_login(account(actor=SYSTEM, account_id=cast.actor("chief").id))  # type: ignore[arg-type]
    refreshes(chief)
    first_paint(chief.cookies[settings.SESSION_COOKIE_NAME].value)
    OUT.write_text(json.dumps(rows, ensure_ascii=False))
