"""The board of the wall that shows which summons wait for whom. Named in config/wiring.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from linli.core.actor import Actor
from linli.territory import queries as territory

from ..queries import summonses as read


def board(actor: Actor, division: str) -> Mapping[str, Any]:
    """Summons of a division that wait for bodies or for a verdict, the most urgent first."""
    return {"rows": read.on_board(actor, division), "name": territory.division_name(division)}


def data(actor: Actor, division: str) -> Any:
    return [
        {
            "number": r.number, "kind": r.kind, "place": r.place, "stage": r.stage,
            "due_at": r.due_at.isoformat() if r.due_at else None,
            "bodies": [{"name": name, "state": state, "late": late} for name, state, _label, late in r.parts],
        }
        for r in read.on_board(actor, division)
    ]  # fmt: skip
