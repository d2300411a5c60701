"""What a wall is told at each refresh, small whatever is open: counts, the most urgent by name, all others in cells."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, takewhile
from math import inf
from typing import Any

from django.urls import reverse

from linli.core import clock
from linli.core.actor import Actor
from linli.response import board
from linli.response.board import Look, Spot, Wanted
from linli.site import urgency
from linli.territory import queries as territory

from . import queries

ACROSS = 56  # cells over the longer side of what is shown: 20 px each at 1920
MOST_MARKS = 150  # up to so many urgent ones are marked one by one, more are counted in their cells
STEP_DEG = 0.0004  # the least side of a cell, 45 m: a community is not told finer than its streets


@dataclass(frozen=True, slots=True)
class Line:
    """A case on the wall: nothing of it can be opened there."""

    id: int
    title: str
    place: str
    stage: Any
    kind: str
    time: str
    due: datetime | None
    number: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Heads:
    """The head of the queue: late ones, or where none is, those that are soon late, or what is open at all."""

    which: str  # late | soon | all
    total: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the cases with its counts: every board of a refresh shows the same moment."""

    look: Look
    numbers: queries.Numbers

    @property
    def now(self) -> datetime:
        return self.look.now


def see(actor: Actor, wanted: Wanted) -> Seen:
    """2 SQL, 3 after a change. Raises Forbidden, Missing."""
    look = board.look(actor, wanted)
    return Seen(look, queries.numbers_of(actor, look))


def kind_of(spot: Spot, now: float) -> str:
    """late | soon | ok | done at a moment, seconds since 1970."""
    if spot.closed or spot.ended:
        return "done"
    return "late" if spot.due < now else "soon" if spot.due < now + urgency.SOON_S else "ok"


def heads(seen: Seen, limit: int) -> Heads:
    """What is to be done first, without a further question to the database."""
    tabs = seen.numbers.tabs
    which = next((name for name in ("late", "soon") if tabs[name]), "all")
    now = seen.now.timestamp()
    still = takewhile(lambda s: not s.closed and not s.ended, seen.look.here)  # they stand first, by urgency
    found = list(islice((s for s in still if which == "all" or kind_of(s, now) == which), limit))
    total = seen.numbers.open if which == "all" else tabs[which]
    return Heads(which, f"{total:,}", lines(found, seen.now))


def lines(found: Iterable[Spot], now: datetime) -> list[Line]:
    """Cases of the picture as lines."""
    spots = list(found)
    classes, places = board.class_names(spots), board.place_names(spots)
    return [_line(spot, classes[spot.type_id], places[spot.place], now) for spot in spots]


def _line(spot: Spot, title: str, place: str, now: datetime) -> Line:
    told = json.loads(spot.text)
    number, near = told[1], told[9]
    due = None if spot.due == inf else datetime.fromtimestamp(spot.due, UTC)
    closed = datetime.fromtimestamp(spot.closed, UTC) if spot.closed else None
    return Line(
        spot.id, title, board.near_line(place, near), board.stage_label(spot.stage), kind_of(spot, now.timestamp()),
        urgency.sentence(due, closed, now), due, number, reverse("response:case", args=[number]),
    )  # fmt: skip


# --- the map ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Ground:
    """Where cases lie. `cells`: lon, lat, ok, soon, late of one each; `marks`: lon, lat, kind of single urgent ones.

    A cell of one case stands where the case is, any other at the middle of its cases.
    """

    cells: list[tuple[float, float, int, int, int]]
    marks: list[tuple[float, float, str]]


def ground(look: Look, *, marked: bool = True) -> Ground:
    """All that is open, in cells of a side that suits what is shown."""
    west, south, _east, north = territory.bounds(look.wanted.community or look.wanted.division)
    step = max((north - south) / ACROSS, STEP_DEG)
    wide = step * 1.3  # of the same length on the ground at forty degrees north
    now = look.now.timestamp()
    soon = now + urgency.SOON_S
    apart = marked and _few(look, soon)
    held: dict[int, list[Any]] = {}
    marks = []
    for closed, ended, due, lon, lat in map(board.spot_fields("closed", "ended", "due", "lon", "lat"), look.here):
        if closed or ended:
            break  # they come last
        which = 4 if due < now else 3 if due < soon else 2
        if apart and which > 2:
            marks.append((round(lon, 5), round(lat, 5), "late" if which == 4 else "soon"))
            continue
        key = int((lon - west) / wide) * 65536 + int((lat - south) / step) + 32768  # what lies outside has a cell too
        cell = held.get(key)
        if cell is None:
            cell = held[key] = [0.0, 0.0, 0, 0, 0]
        cell[0] += lon
        cell[1] += lat
        cell[which] += 1
    cells = []
    for lon, lat, *counts in held.values():
        n = sum(counts)
        cells.append((round(lon / n, 5), round(lat / n, 5), counts[0], counts[1], counts[2]))
    return Ground(cells, marks)


def _few(look: Look, soon: float) -> bool:
    """Whether the urgent ones are few enough to be marked one by one: they stand first."""
    return len(look.here) <= MOST_MARKS or look.here[MOST_MARKS].due >= soon or bool(look.here[MOST_MARKS].closed)


def data(seen: Seen) -> dict[str, Any]:
    """What the wall's script writes by itself: the numbers, the legend and the map."""
    numbers, found = seen.numbers, ground(seen.look)
    return {
        "now": int(seen.now.timestamp()),
        "at": f"{clock.local(seen.now):%H:%M}",
        "day": f"{clock.local(seen.now):%m-%d}",
        "counts": {
            "six": {n.key: [n.value, n.hint] for n in numbers.six},
            "legend": numbers.legend,
            "say": numbers.say,
        },
        "cells": found.cells,
        "marks": found.marks,
    }
