"""The flows of the inbox, and for each kind of matter how it becomes a row. Announced by config/wiring.py only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from linli.core.actor import Actor
from linli.flow.models import Matter
from linli.flow.rules import Flow


@dataclass(frozen=True, slots=True)
class Line:
    """A matter as the inbox shows it, whatever its kind."""

    title: str
    place: str
    stage: Any
    body: str
    number: str
    url: str
    opened_at: datetime
    due_at: datetime | None
    simulated: bool = False
    asked: str = ""  # what this actor is asked, where it is not the stage itself
    marks: tuple[tuple[str, Any], ...] = ()  # (kind of mark, words): 督办, 催办 2 次


Rows = Callable[[Actor], "QuerySet[Matter] | None"]
Watch = Callable[[Actor, str], "list[QuerySet[Matter]]"]
Render = Callable[[Actor, Sequence[Matter]], Mapping[int, Line]]
_flows: dict[str, tuple[Flow, Render]] = {}
_also: list[Rows] = []
_watch: list[Watch] = []


def register(flow: Flow, render: Render) -> None:
    """Announce a flow. `render` turns its matters into lines in one query, keyed by matter id."""
    _flows[flow.kind] = (flow, render)


def also(rows: Rows) -> None:
    """Announce a further list of matters that wait for an actor, which no stage and no post says; None: it has none."""
    _also.append(rows)


def further(actor: Actor) -> list[QuerySet[Matter]]:
    """The further lists of this actor."""
    return [rows for find in _also if (rows := find(actor)) is not None]


def on_watch(rows: Watch) -> None:
    """Announce what is to be watched, by list ('warned', 'pressed')."""
    _watch.append(rows)


def watched(actor: Actor, which: str) -> list[QuerySet[Matter]]:
    """What this actor watches, over every flow."""
    return [rows for find in _watch for rows in find(actor, which)]


def flows() -> list[Flow]:
    return [flow for flow, _render in _flows.values()]


def kinds() -> frozenset[str]:
    """Every post that answers for some stage or is asked beside one: for whom the inbox exists."""
    return frozenset(
        str(k) for flow in flows() for kinds in (*(s.kinds for s in flow.stages.values()), flow.asks) for k in kinds
    )


def lines(actor: Actor, matters: Sequence[Matter]) -> dict[int, Line]:
    """The lines of these matters, each made by its own system."""
    found: dict[int, Line] = {}
    for kind, (_flow, render) in _flows.items():
        mine = [m for m in matters if m.kind == kind]
        if mine:
            found.update(render(actor, mine))
    return found
