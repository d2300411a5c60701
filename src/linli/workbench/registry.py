"""The flows of the inbox, and for each kind of matter how it becomes a row. Announced by config/wiring.py only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


Render = Callable[[Actor, Sequence[Matter]], Mapping[int, Line]]
_flows: dict[str, tuple[Flow, Render]] = {}


def register(flow: Flow, render: Render) -> None:
    """Announce a flow. `render` turns its matters into lines in one query, keyed by matter id."""
    _flows[flow.kind] = (flow, render)


def flows() -> list[Flow]:
    return [flow for flow, _render in _flows.values()]


def kinds() -> frozenset[str]:
    """Every post that answers for some stage: for whom the inbox exists."""
    return frozenset(str(k) for flow in flows() for stage in flow.stages.values() for k in stage.kinds)


def lines(actor: Actor, matters: Sequence[Matter]) -> dict[int, Line]:
    """The lines of these matters, each made by its own system."""
    found: dict[int, Line] = {}
    for kind, (_flow, render) in _flows.items():
        mine = [m for m in matters if m.kind == kind]
        if mine:
            found.update(render(actor, mine))
    return found
