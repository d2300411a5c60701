"""Changes as pages show them: a list, one with its history, and what this actor may do with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.flow import queries as flow
from linli.vault import names

from .. import permissions
from ..choices import ChangeKind
from ..models import GroundChange
from ..rules import CHANGE

STATES = ("open", "in_force", "ended")
_OF = {
    "open": ("draft", "submitted", "scheduled", "carrying", "undoing"),
    "in_force": ("in_force",),
    "ended": ("undone", "withdrawn"),
}


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change. `done` holds what was counted on its day: read, changed, unplaced, digest, posts, bodies."""

    id: int
    kind: str
    kind_name: Any
    name: str
    stage: str
    stage_name: Any
    version: int
    effective_on: date | None
    opened_at: datetime
    due_at: datetime | None
    submitted_by: str
    submitter: str
    failure: str
    simulated: bool
    done: dict[str, Any]
    undone: dict[str, Any]


def changes(*, actor: Actor, state: str = "open") -> list[ChangeView]:
    """The newest 200 of a state (1 SQL, and one for names)."""
    permissions.can_read(actor).or_forbidden()
    rows = GroundChange.objects.select_related("matter").filter(matter__stage__in=_OF.get(state, _OF["open"]))
    return [_view(row) for row in rows.order_by("-pk")[:200]]


def counts(*, actor: Actor) -> dict[str, int]:
    """How many of each state."""
    permissions.can_read(actor).or_forbidden()
    return {state: GroundChange.objects.filter(matter__stage__in=stages).count() for state, stages in _OF.items()}


def change_row(*, actor: Actor, pk: int) -> GroundChange:
    """The row, for an actor who may see it. Raises Forbidden, Missing."""
    permissions.can_read(actor).or_forbidden()
    found = GroundChange.objects.select_related("matter").filter(pk=pk).first()
    if found is None:
        raise Missing("no_such_change", _("没有这项改动。"))
    return found


def views_of(*, actor: Actor, pks: Collection[int]) -> list[ChangeView]:
    """These changes, as far as the actor may read changes at all (1 SQL, and names)."""
    if not permissions.can_read(actor):
        return []
    return [_view(row) for row in GroundChange.objects.select_related("matter").filter(pk__in=list(pks))]


def view_of(change: GroundChange) -> ChangeView:
    """One change for its page."""
    return _view(change)


def history(*, actor: Actor, change: GroundChange) -> list[flow.Line]:
    """What was done with it; reasons are for those who draw and decide."""
    permissions.can_read(actor).or_forbidden()
    personal = actor.kind == "system" or actor.holds(permissions.DRAW_KINDS | permissions.DECIDE_KINDS)
    return flow.history(change.matter, CHANGE, personal=personal)


def _view(row: GroundChange) -> ChangeView:
    stage = CHANGE.stages[row.matter.stage]
    return ChangeView(
        id=row.pk,
        kind=row.kind,
        kind_name=ChangeKind(row.kind).label,
        name=row.name,
        stage=stage.token,
        stage_name=stage.label,
        version=row.matter.version,
        effective_on=row.effective_on,
        opened_at=row.matter.opened_at,
        due_at=row.matter.due_at,
        submitted_by=row.submitted_by,
        submitter=names.of({row.submitted_by}).get(row.submitted_by, "") if row.submitted_by else "",
        failure=row.failure,
        simulated=row.simulated,
        done=dict(row.said.get("done", {})),
        undone=dict(row.said.get("undone", {})),
    )
