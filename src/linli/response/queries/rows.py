"""A page of cases as plain rows, for programs: no models, of which 50 pairs took longer than all else in the request."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from linli.core.actor import Actor
from linli.flow import statements
from linli.flow.models import Matter

from .. import permissions
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
    def of(cls, actor: Actor, case: Case) -> CaseRow:
        """The row of a case that was read as a model; its parent is told only to an actor who may see that as well."""
        matter = case.matter
        known = {"parent_opened_at": matter.parent.opened_at if matter.parent else None}
        row = cls._make(
            known[n] if n in known else getattr(case, _ON_CASE[n]) if n in _ON_CASE else getattr(matter, n)
            for n in cls._fields
        )
        if matter.parent is None or permissions.can_see(actor, matter.parent):
            return row
        return row.alone()

    def alone(self) -> CaseRow:
        """The same row without its parent."""
        return self._replace(parent_id=None, parent_opened_at=None)


_ON_CASE = {"id": "matter_id", "class_id": "case_class_id"} | {
    name: name for name in CaseRow._fields if name in {f.name for f in Case._meta.concrete_fields}
}
_ELSEWHERE = {"parent_opened_at": "matter__parent__opened_at"}
_COLUMNS = tuple(_ELSEWHERE.get(name) or _ON_CASE.get(name, f"matter__{name}") for name in CaseRow._fields)


def case_rows(actor: Actor, wanted: CaseFilter, *, after: str = "", limit: int = 50) -> tuple[list[CaseRow], str]:
    """The page that `case_page` answers, as rows, and the key to go on with ('' at the end)."""
    page = below(cases(actor, wanted), after).values_list(*_COLUMNS)[: limit + 1]
    found = [CaseRow._make(row) for row in statements.rows(page)]
    return _without_strangers(actor, found[:limit]), str(found[limit - 1].id) if len(found) > limit else ""


def _without_strangers(actor: Actor, rows: list[CaseRow]) -> list[CaseRow]:
    """The rows, those whose parent is out of the actor's scope without it (1 SQL, none on a page without parents)."""
    parents = {row.parent_id for row in rows if row.parent_id}
    if not parents:
        return rows
    seen = {m.pk for m in Matter.objects.filter(pk__in=parents) if permissions.can_see(actor, m)}
    return [row if row.parent_id is None or row.parent_id in seen else row.alone() for row in rows]
