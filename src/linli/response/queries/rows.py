"""A page of cases as plain rows, for programs: no models, of which 50 pairs took longer than all else in the request."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from linli.core.actor import Actor
from linli.flow import statements

from ..models import Case
from .cases import CaseFilter, below, cases


class CaseRow(NamedTuple):
    """What a program is told of a case."""

    id: int
    class_id: int
    channel: str
    near: str
    lon: float
    lat: float
    version: int
    stage: str
    subdistrict: str
    community: str
    grid_at_intake: str
    body_id: int | None
    opened_at: datetime
    due_at: datetime | None
    final_due_at: datetime | None
    due_provisional: bool
    closed_at: datetime | None
    simulated: bool
    level: str
    parent_id: int | None
    parent_opened_at: datetime | None
    report_count: int
    paused_at: datetime | None

    @classmethod
    def of(cls, case: Case) -> CaseRow:
        """The row of a case that was read as a model."""
        matter = case.matter
        known = {"parent_opened_at": matter.parent.opened_at if matter.parent else None}
        return cls._make(
            known[n] if n in known else getattr(case, _ON_CASE[n]) if n in _ON_CASE else getattr(matter, n)
            for n in cls._fields
        )


_ON_CASE = {
    "id": "matter_id",
    "class_id": "case_class_id",
    "channel": "channel",
    "near": "near",
    "lon": "lon",
    "lat": "lat",
    "level": "level",
    "report_count": "report_count",
    "paused_at": "paused_at",
}
_ELSEWHERE = {"parent_opened_at": "matter__parent__opened_at"}
_COLUMNS = tuple(_ELSEWHERE.get(name) or _ON_CASE.get(name, f"matter__{name}") for name in CaseRow._fields)


def case_rows(actor: Actor, wanted: CaseFilter, *, after: str = "", limit: int = 50) -> tuple[list[CaseRow], str]:
    """The page that `case_page` answers, as rows, and the key to go on with ('' at the end)."""
    page = below(cases(actor, wanted), after).values_list(*_COLUMNS)[: limit + 1]
    found = [CaseRow._make(row) for row in statements.rows(page)]
    return found[:limit], str(found[limit - 1].id) if len(found) > limit else ""
