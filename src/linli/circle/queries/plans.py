"""Reading plans: one's own, and those whose address one was given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Missing

from .. import permissions
from ..models import Plan
from .reach import Edit


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan with its edits; `own` says whether the reader may change it."""

    id: int
    version: int
    name: str
    note: str
    catalogue_id: int
    on: date
    pace: str
    share: str
    own: bool
    changed_at: datetime
    archived: bool
    edits: tuple[Edit, ...]


def plans(*, actor: Actor, archived: bool = False) -> list[PlanView]:
    """One's own plans, the last changed first. Raises Forbidden."""
    permissions.can_read(actor).or_forbidden()
    rows = Plan.objects.filter(owner=actor.label, archived_at__isnull=not archived).order_by("-changed_at")
    return [_view(p, actor) for p in rows.prefetch_related("edits")]


def plan(*, actor: Actor, plan_id: int) -> PlanView:
    """One's own plan. Raises Missing for any other."""
    permissions.can_read(actor).or_forbidden()
    row = Plan.objects.filter(pk=plan_id, owner=actor.label).prefetch_related("edits").first()
    if row is None:
        raise Missing("no_such_plan", _("没有这个方案。"))
    return _view(row, actor)


def shared(*, actor: Actor, share: str) -> PlanView:
    """The plan of a shared address, for staff. Raises Missing, Forbidden."""
    permissions.can_read(actor).or_forbidden()
    open_ones = Plan.objects.filter(share=share, archived_at__isnull=True).prefetch_related("edits")
    row = open_ones.first() if share.isprintable() and share else None
    if row is None:
        raise Missing("no_such_plan", _("没有这个方案，或者它不再共享。"))
    return _view(row, actor)


def _view(row: Plan, actor: Actor) -> PlanView:
    edits = tuple(
        Edit(e.kind, e.facility_id, tuple(e.items), e.lon, e.lat, e.name)
        for e in sorted(row.edits.all(), key=lambda e: e.order)
    )
    return PlanView(
        row.pk, row.version, row.name, row.note, row.catalogue_id, row.as_of, row.pace, row.share,
        row.owner == actor.label, row.changed_at, row.archived_at is not None, edits,
    )  # fmt: skip
