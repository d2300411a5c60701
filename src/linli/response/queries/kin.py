"""The main case of a merged report, as those who reported it may be told: its lines without anybody's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from linli.core.actor import SYSTEM
from linli.flow.queries import Line
from linli.flow.statements import fetch

from ..models import Case
from .cases import history


@dataclass(frozen=True, slots=True)
class Main:
    """The main case, its lines without free text, and until when the report went with it (None: still)."""

    case: Case
    lines: list[Line]
    until: datetime | None


def main_of(case: Case, lines: Sequence[Line]) -> Main | None:
    """The main case that this report was last merged into, by its own journal `lines`; None if it never was (2 SQL)."""
    merged = next((line for line in reversed(lines) if line.verb == "merge"), None)
    if merged is None or not merged.facts.get("parent"):
        return None
    main = fetch(Case, int(merged.facts["parent"]), follow="matter")
    if main is None:
        return None
    ended = next((line for line in lines if line.seq > merged.seq and line.verb in ("unmerge", "close_with")), None)
    bare = [replace(line, personal={}) for line in history(SYSTEM, main)]
    return Main(main, bare, ended.at if ended else None)
