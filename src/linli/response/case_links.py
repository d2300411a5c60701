"""What other rooms hang on the page of a case: announced by config/wiring.py, shown to whose posts may use it there.

`register(_("吹哨"), "coordination:summons-new", kinds={"subdistrict_chief"})` leads to `<address>?case=<number>`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from linli.core.actor import Actor
from linli.flow.models import Matter


@dataclass(frozen=True, slots=True)
class Entry:
    """`open_only`: not for a case that has ended."""

    label: Any
    url_name: str
    kinds: frozenset[str]
    icon: str
    open_only: bool


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as one page shows it."""

    label: Any
    url: str
    icon: str


_entries: dict[str, Entry] = {}


def register(label: Any, url_name: str, *, kinds: Iterable[str], icon: str = "arrow", open_only: bool = True) -> None:
    """Announce a link for the posts of `kinds` whose division holds the case."""
    _entries[url_name] = Entry(label, url_name, frozenset(kinds), icon, open_only)


def links(actor: Actor, matter: Matter, number: str) -> list[Link]:
    """The links on the page of this case for this person, in the order in which they were announced. No SQL."""
    if actor.kind != "person":
        return []
    return [
        Link(e.label, f"{reverse(e.url_name)}?{urlencode({'case': number})}", e.icon)
        for e in _entries.values()
        if actor.holds(e.kinds, matter.subdistrict) and not (e.open_only and matter.ended_at)
    ]
