"""The router's decisions: the pack's table, a large one, and tables made to be slow; a whole review of a table."""

from __future__ import annotations

import os
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
AREA = "routing"
LIMIT_MS = 0.2


def run() -> list[dict[str, Any]]:
    import django
    from django.conf import settings

    if not settings.configured:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.config.settings")
        django.setup()
    from linli.response.routing import Rule, Space, compile_rules, first_match, ordered, review
    from linli.response.routing.review import moments_for

    chance = random.Random(5)
    streets = [f"110102{n:03d}" for n in range(1, 16)]
    communities = [f"{s}{n:03d}" for s in streets for n in range(1, 18)]
    classes = [f"{top:02d}{n:02d}" for top in range(1, 25) for n in range(1, 8)]
    channels = ("onsite", "phone", "web", "patrol", "api")
    spans = [(540, 720), (810, 1080)]

    def working(_place: tuple[str, ...], at: datetime) -> bool:
        wall = at + timedelta(hours=8)
        return wall.weekday() < 5 and any(a <= wall.hour * 60 + wall.minute < b for a, b in spans)

    def mixed(order: int) -> Rule:
        places = tuple(chance.sample([*streets, *communities], chance.randint(1, 6)))
        hours = chance.choice(["", "", "working", "off", "22:00-06:00"])
        return Rule(order, places, tuple(chance.sample(classes, 3)), (), hours, lead=f"b{order % 40}")

    lines = (
        (Path(__file__).resolve().parent.parent / "packs/xicheng/routes.csv").read_text(encoding="utf-8").splitlines()
    )
    pack = ordered([tuple((*line.split(","), "", "")[:5]) for line in lines[1:]])  # type: ignore[misc]
    tables = {
        "the pack's table": pack,
        "1,000 mixed rules": [mixed(i) for i in range(1, 1001)],
        "1,000 rules for everywhere, other channels": [Rule(i, channels=("nobody",), lead="b") for i in range(1, 1001)],
        "1,000 rules for everywhere, other hours": [
            Rule(i, hours=f"{i % 20:02d}:00-{i % 20:02d}:01", lead="b") for i in range(1, 1001)
        ],
        "1,000 rules of 250 communities and 160 classes": [
            Rule(i, tuple(communities[:250]), tuple(classes[:160]), ("nobody",), lead="b") for i in range(1, 1001)
        ],
    }
    noon = datetime(2026, 11, 17, 4, 30, tzinfo=UTC)
    asked = [
        {
            "divisions": (c, c[:9], "110102"),
            "class_code": chance.choice(classes),
            "channel": chance.choice(channels),
            "at": noon + timedelta(minutes=chance.randint(0, 10_000)),
        }
        for c in chance.choices(communities, k=2_000)
    ]
    rows: list[dict[str, Any]] = []

    def add(
        name: str, value: float, unit: str, limit: float | None, peer: str | None = None, of: float | None = None
    ) -> None:
        rows.append(
            {"name": name, "database": None, "value": round(value, 4), "unit": unit, "better": "lower", "limit": limit,
             "peer": peer, "peer_value": round(of, 4) if of else None}
        )  # fmt: skip

    for name, rules in tables.items():
        started = time.perf_counter()
        router = compile_rules(rules, working=working)
        add(f"compile {name}", (time.perf_counter() - started) * 1e3, "ms", None)
        best = min(_each_ms(lambda r=router: [r.decide(**q) for q in asked], len(asked)) for _ in range(3))  # type: ignore[misc,arg-type]
        few = asked[:60]
        loop = _each_ms(lambda t=rules, f=few: [first_match(t, working=working, **q) for q in f], len(few))  # type: ignore[misc,arg-type]
        add(f"decide by {name}", best, "ms", LIMIT_MS, "every line in order", loop)
        assert all(router.decide(**q) == first_match(rules, working=working, **q) for q in few)  # type: ignore[arg-type]
    places = (*((c, c[:9], "110102") for c in communities), *(("", s, "110102") for s in streets), ("", "", "110102"))
    for name in ("the pack's table", "1,000 mixed rules"):
        rules = tables[name]
        started = time.perf_counter()
        small, *_where = Space(places, tuple(classes), channels, moments_for(rules, spans)).atoms(rules)
        found = review(rules, small)
        add(f"review {name}: {found.winner.size:,} cells", (time.perf_counter() - started) * 1e3, "ms", 2_000)
    return rows


def _each_ms(work: Any, times: int) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3 / times


if __name__ == "__main__":
    for row in run():
        print(row["name"], row["value"], row["unit"], row["limit"], row["peer_value"])
