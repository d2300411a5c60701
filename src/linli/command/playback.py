"""One day told again: moves as short arrays for the page that plays them. Places of matters and verbs; nobody's name."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from linli.core import clock
from linli.core.actor import Actor
from linli.response import queries as response
from linli.response.queries import happened
from linli.response.queries.happened import Day, Ground
from linli.response.rules import label_of, number_of
from linli.territory import queries as territory

SORTS: dict[str, tuple[str, ...]] = {
    "opened": ("report", "reopen"),
    "sent": ("dispatch", "find", "lapse"),
    "back": ("feed_back", "mend"),
    "closed": tuple(sorted(happened.ENDING)),
}
"""The four sorts of moves that are counted; every other one is `moved`."""
SORT_OF = {verb: sort for sort, verbs in SORTS.items() for verb in verbs}


def told(actor: Actor, ground: Ground, on: date) -> tuple[Day, str]:
    """A day and the same as JSON (2 SQL). Raises Forbidden, Missing.

    `lines`: [second of the day, index of its case, index of its verb]. `cases`: [number, lon, lat, index of its class,
    of its place, of what is near]. `names`: the words that these point at. `verbs`: [word, sort]. `steps`: [second,
    open, late] whenever one of them changed.
    """
    day = happened.day(actor, ground, on)
    words: dict[str, int] = {}
    verbs: dict[str, int] = {}
    cases: dict[int, int] = {}
    spots: list[tuple[Any, ...]] = []
    lines = []
    start = day.start.timestamp()
    for line in day.lines:
        if line.id not in cases:
            cases[line.id] = len(spots)
            spots.append(_spot(line, words))
        verb = verbs.setdefault(line.verb, len(verbs))
        lines.append((int(line.at.timestamp() - start), cases[line.id], verb))
    body = {
        "day": f"{on}",
        "last": int((day.end - day.start).total_seconds()),
        "full": day.full,
        "open": day.open,
        "late": day.late,
        "steps": day.steps,
        "lines": lines,
        "cases": spots,
        "verbs": [(str(label_of(v)), SORT_OF.get(v, "moved")) for v in verbs],
        "names": list(words),
    }
    return day, json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _spot(line: happened.Happening, words: dict[str, int]) -> tuple[Any, ...]:
    names = (response.class_by_id(line.type_id).name, _place(line), line.near)
    number = number_of(line.id, line.opened_at)
    return (number, round(line.lon, 5), round(line.lat, 5), *(words.setdefault(name, len(words)) for name in names))


def _place(line: happened.Happening) -> str:
    """`牛街 春风社区`, as the boards say it."""
    names = [territory.division_name(line.subdistrict, short=True)] if line.subdistrict else []
    if line.community:
        names.append(territory.division_name(line.community))
    return " ".join(names) or territory.division_name(line.area)


def sums(day: Day) -> dict[str, int]:
    """How many moves of each sort the day had, for those who look without a script."""
    found = dict.fromkeys(SORTS, 0)
    for line in day.lines:
        if (sort := SORT_OF.get(line.verb)) is not None:
            found[sort] += 1
    return found


def standing(day: Day) -> tuple[int, int]:
    """Open and late when the day ended, or now."""
    return (day.steps[-1][1], day.steps[-1][2]) if day.steps else (day.open, day.late)


def until(day: Day) -> str:
    """The time to which the day is told."""
    return "24:00" if (day.end - day.start).total_seconds() >= 86400 else f"{clock.local(day.end):%H:%M}"


def strip(day: Day) -> list[tuple[int, int]]:
    """(moves, of them new cases) in each ten minutes of the day."""
    found = [[0, 0] for _n in range(144)]
    start = day.start.timestamp()
    for line in day.lines:
        tenth = found[int(line.at.timestamp() - start) // 600]
        tenth[0] += 1
        tenth[1] += line.verb == "report"
    return [(a, b) for a, b in found]
