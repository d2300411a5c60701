"""The main navigation: rooms are announced by config/wiring.py, the shell shows what this actor's posts may use.

`register(_("态势"), "command:district", kinds={"dispatcher"}, order=10)`. No entry appears that would only answer 403.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core import checks
from django.urls import NoReverseMatch, reverse

from linli.core.actor import Actor


@dataclass(frozen=True, slots=True)
class Entry:
    """`kinds` None: every signed-in person. `match` lists further path prefixes that light the entry."""

    label: Any
    url_name: str
    kinds: frozenset[str] | None
    order: int
    section: str
    icon: str
    match: tuple[str, ...]
    when: Callable[[Actor], object] | None = None  # further condition, where the kind of post does not say it all


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as one page shows it."""

    label: Any
    url: str
    icon: str
    current: bool


_entries: dict[str, Entry] = {}


def register(
    label: Any,
    url_name: str,
    *,
    kinds: Iterable[str] | None = None,
    order: int = 50,
    section: str = "main",
    icon: str = "",
    match: Iterable[str] = (),
    when: Callable[[Actor], object] | None = None,
) -> None:
    """Announce an entry. `section` is main (the bar), user (the menu at the right) or settings (its landing page)."""
    entry = Entry(
        label, url_name, None if kinds is None else frozenset(kinds), order, section, icon, tuple(match), when
    )
    _entries[f"{section}:{url_name}"] = entry


def links(actor: Actor, path: str, section: str = "main") -> list[Link]:
    """The entries of `section` that `actor` may use, in order; the longest address that begins `path` is current."""
    if actor.kind not in {"person", "token"}:
        return []
    found: list[tuple[Entry, str]] = []
    for entry in sorted(_entries.values(), key=lambda e: (e.order, e.url_name)):
        if entry.section != section or not (entry.kinds is None or actor.holds(entry.kinds)):
            continue
        if entry.when is not None and not entry.when(actor):
            continue
        try:
            found.append((entry, reverse(entry.url_name)))
        except NoReverseMatch:
            continue  # reported by `check_entries`; a page must not fall over a wrong name in the bar
    lengths = [max((len(p) for p in (url, *e.match) if _begins(path, p)), default=0) for e, url in found]
    best = max(lengths, default=0)
    return [Link(e.label, url, e.icon, bool(best) and n == best) for (e, url), n in zip(found, lengths, strict=True)]


def _begins(path: str, prefix: str) -> bool:
    return path == prefix or (prefix != "/" and path.startswith(prefix.rstrip("/") + "/"))


@checks.register("linli")
def check_entries(**kwargs: Any) -> list[checks.CheckMessage]:
    """Every announced entry has an address."""
    problems: list[checks.CheckMessage] = []
    for entry in _entries.values():
        try:
            reverse(entry.url_name)
        except NoReverseMatch:
            problems.append(checks.Error(f"nav entry {entry.url_name!r} has no address", id="linli.site.E001"))
    return problems
