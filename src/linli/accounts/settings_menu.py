"""The settings landing page lists what was registered here; each room registers its own pages when it is ready."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from linli.core.actor import Actor


@dataclass(frozen=True, slots=True)
class Entry:
    label: Any
    description: Any
    url_name: str
    kinds: frozenset[str]


_entries: dict[str, Entry] = {}


def register(label: Any, description: Any, url_name: str, kinds: Iterable[str]) -> None:
    """List a settings page for holders of `kinds`; registering an address again replaces it."""
    _entries[url_name] = Entry(label, description, url_name, frozenset(str(k) for k in kinds))


def entries_for(actor: Actor) -> list[Entry]:
    """The pages this actor may open, in the order of registration."""
    return [e for e in _entries.values() if actor.holds(e.kinds)]


def every_kind() -> frozenset[str]:
    """Every post that has at least one settings page."""
    return frozenset().union(*(e.kinds for e in _entries.values()))
