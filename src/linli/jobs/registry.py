"""Which kinds of long work exist. An app registers its own in its `jobs.py`, imported from its `apps.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """`repeatable`: safe to run again from the start after its worker died."""

    token: str
    label: Any
    work: Callable[..., Any]
    repeatable: bool


_kinds: dict[str, Kind] = {}


def register(token: str, *, label: Any, repeatable: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator for `work(run: Run, **params) -> JSON-able result`. Work calls `run.progress(...)` often."""

    def keep(work: Callable[..., Any]) -> Callable[..., Any]:
        _kinds[token] = Kind(token, label, work, repeatable)
        return work

    return keep


def kind(token: str) -> Kind | None:
    """The registered kind, or None (an older release's job)."""
    return _kinds.get(token)
