"""Who pressed a case last, and how: 催办, 督办, 提级. The caller has found the cases in the actor's own division."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from linli.flow import queries as flow
from linli.vault import names

from ..models import Case
from ..rules import CASE

VERBS = ("remind", "supervise", "escalate")


@dataclass(frozen=True, slots=True)
class Press:
    """The last press of a case and how often it was pressed. `by`: a name, '' where the ladder did it by itself."""

    verb: str
    label: Any
    by: str
    at: datetime
    reminded: int
    supervised: int


def presses(ids: Collection[int]) -> dict[int, Press]:
    """By matter (3 SQL): those that nobody ever pressed are left out."""
    last = flow.last_lines(ids, VERBS)
    counts = Case.objects.filter(pk__in=list(last)).values_list("pk", "reminded", "supervised")
    called = names.of({actor for _verb, actor, _at in last.values()})
    return {
        pk: Press(verb, CASE.moves[verb].label, called.get(actor, ""), at, reminded, supervised)
        for pk, reminded, supervised in counts
        for verb, actor, at in [last[pk]]
    }
