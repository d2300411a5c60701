"""The boards that a wall can show: its own five and those that other rooms announce in config/wiring.py. Reads nothing.

A board is one screen of 16:9 without anything to press. Its template writes what `render` gives; the wall fetches it anew
as a whole, so that a board needs no script. `data` is the same for programs and for a script of the board's own, which
hears it as the event `linli:board` on its section.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor

Render = Callable[[Actor, str], Mapping[str, Any]]
Data = Callable[[Actor, str], Any]

DEFAULT_S, LEAST_S, MOST_S = 20, 5, 600
MOST_BOARDS = 12


@dataclass(frozen=True, slots=True)
class Board:
    """One board. `render` is None for the wall's own, which share one look at the cases."""

    key: str
    label: Any
    template: str
    render: Render | None = None
    data: Data | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A board in a rotation and how long it stays, in seconds."""

    board: Board
    seconds: int


OWN: dict[str, Board] = {
    board.key: board
    for board in (
        Board("numbers", _("数字与地图"), "command/walls/numbers.html"),
        Board("map", _("地图"), "command/walls/map.html"),
        Board("league", _("各处在办与每小时受理"), "command/walls/league.html"),
        Board("queue", _("最紧急的"), "command/walls/queue.html"),
        Board("pressed", _("督办"), "command/walls/pressed.html"),
    )
}
_others: dict[str, Board] = {}


def register(key: str, label: Any, render: Render, template: str, data: Data) -> None:
    """Announce a board: `render(actor, division)` gives the context of `template`, `data(actor, division)` its JSON.

    A refusal that either raises leaves the board out of the wall of that actor.
    """
    assert key not in OWN, f"{key} is a board of the wall itself"
    _others[key] = Board(key, label, template, render, data)


def known() -> dict[str, Board]:
    """Every board by its key: the wall's own first."""
    return OWN | _others


def turns(said: str, every: str = "") -> list[Turn]:
    """`rotate=` and `every=` of an address: `numbers,queue:30`, or `all`. What is not known is left out; never empty."""
    common = _seconds(every, DEFAULT_S)
    boards = known()
    if said.strip() == "all":
        return [Turn(board, common) for board in boards.values()]
    found: dict[str, Turn] = {}
    for word in said.split(",")[:MOST_BOARDS]:
        key, _colon, seconds = word.strip().partition(":")
        if key in boards:
            found[key] = Turn(boards[key], _seconds(seconds, common))
    return list(found.values()) or [Turn(OWN["numbers"], common)]


def _seconds(text: str, otherwise: int) -> int:
    if not (text.isascii() and text.isdigit()):
        return otherwise
    return min(max(int(text[:6]), LEAST_S), MOST_S)
