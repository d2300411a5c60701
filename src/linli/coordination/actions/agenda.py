"""What a decision on one item writes: the item itself, its summons, and whether the consultation is through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from linli.core import clock
from linli.flow.actions import DueTimes

from ..choices import DecisionState
from ..models import AgendaItem, Summons
from ..queries.calls import end_of
from .answers import judging_due

STATES = {
    "decide_item": DecisionState.DECIDED,
    "defer_item": DecisionState.DEFERRED,
    "reject_item": DecisionState.REJECTED,
    "do_item": DecisionState.DONE,
}
OPEN = (DecisionState.LISTED, DecisionState.DECIDED)
"""An item in one of these keeps its consultation open."""


@dataclass(frozen=True, slots=True)
class OnSummons:
    """What a press on the consultation does to one summons. `personal` is sealed there too."""

    summons: Summons
    verb: str
    due: DueTimes | None = None
    personal: dict[str, Any] | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Press:
    """One press, decided. `rows` are called with the consultation's matter once its line is written."""

    facts: dict[str, Any]
    rows: list[Callable[[Any], Any]] = field(default_factory=list)
    summons: list[OnSummons] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    closes: bool = False
    now: datetime = field(default_factory=clock.now)


def decide_press(
    item: AgendaItem, summons: Summons | None, items: list[AgendaItem], *, verb: str, text: str, body_id: int,
    due_on: date | None,
) -> Press:  # fmt: skip
    """The item's new state, what its summons does, when the consultation is due next, whether it closes by itself."""
    now, state = clock.now(), STATES[verb]
    columns: dict[str, Any] = {"state": state}
    facts: dict[str, Any] = {"order": item.order, "item": item.pk}
    if verb == "decide_item" and due_on is not None:
        columns |= {"body_id": body_id, "due_on": due_on}
        facts |= {"body": body_id, "due_on": due_on.isoformat()}
    if verb == "do_item":
        columns["done_at"] = now

    def write(matter: Any) -> None:
        more = {} if verb == "do_item" else {"decided_seq": matter.seq}
        AgendaItem.objects.filter(pk=item.pk).update(**columns, **more)

    press = Press(facts, rows=[write], now=now)
    if summons is not None:
        press.summons = [_of_summons(summons, verb, text, facts, due_on)]
    others = [i for i in items if i.pk != item.pk]
    days = [i.due_on for i in others if i.state == DecisionState.DECIDED and i.due_on]
    days += [due_on] if verb == "decide_item" and due_on else []
    press.values = {"due_at": end_of(min(days)) if days else None}
    press.closes = state not in OPEN and all(i.state not in OPEN for i in others)
    return press


def _of_summons(summons: Summons, verb: str, text: str, facts: dict[str, Any], due_on: date | None) -> OnSummons:
    told: dict[str, Any] = {name: facts[name] for name in ("body", "due_on") if name in facts}
    if verb == "decide_item" and due_on is not None:
        return OnSummons(summons, "decide", DueTimes(stage=end_of(due_on)), {"result": text}, told)
    if verb == "do_item":
        return OnSummons(summons, "complete", None, {"result": text}, told)
    if verb == "reject_item":
        return OnSummons(summons, "turn_down", judging_due(summons, clock.now()), {"reason": text}, told)
    return OnSummons(summons, "untable", DueTimes(), {"reason": text}, told)
