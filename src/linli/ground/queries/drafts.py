"""Drafts of a grid as pages show them: a list, one with its numbers, its cells, what it changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Count
from django.utils.translation import gettext_lazy as _
from shapely import Geometry

from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.territory import queries as territory
from linli.territory.choices import Layer
from linli_engines.ground import Difference, difference

from .. import permissions
from ..choices import BarrierKind, ChangeKind
from ..models import Barrier, DraftCell, DraftEdit, GridDraft, GroundChange
from ..rules import CHANGE
from .changes import change_row
from .draft_shapes import areas_m2, compactness, draft_shapes, live_shapes

BARS = 24
BINS_TO = 2.0  # targets; what is larger stands in the last bar


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One draft in the list."""

    id: int
    name: str
    scope_name: str
    stage_name: Any
    stage: str
    cells: int
    opened_at: datetime
    study: bool
    simulated: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers of cells as they are now. Areas in square metres; `spread` and compactness are ratios."""

    count: int
    smallest: float = 0.0
    median: float = 0.0
    largest: float = 0.0
    mean: float = 0.0
    spread: float = 0.0
    compact: float = 0.0
    small: int = 0
    bars: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BarrierView:
    id: int
    kind_name: Any
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class DraftView:
    """One draft for its page. `top`: the last step kept; `edits`: the one in force. `job`: the design that runs."""

    id: int
    name: str
    stage: str
    stage_name: Any
    version: int
    scope: str
    scope_name: str
    study: bool
    target_m2: int
    edits: int
    top: int
    approximate: bool
    source: str
    simulated: bool
    job: str
    settings: dict[str, Any]
    report: dict[str, Any]
    barriers: tuple[BarrierView, ...] = field(default=())


def drafts(*, actor: Actor) -> list[DraftLine]:
    """The newest 200 that are drawn or wait for their day (2 SQL)."""
    permissions.can_read(actor).or_forbidden()
    rows = GroundChange.objects.select_related("matter", "draft").filter(kind=ChangeKind.GRID)
    rows = rows.exclude(matter__stage__in=CHANGE.ends).order_by("-pk")[:200]
    counts = dict(DraftCell.objects.filter(draft__in=[r.pk for r in rows]).values_list("draft").annotate(n=Count("pk")))
    return [
        DraftLine(
            r.pk, r.name, scope_name(r.draft), CHANGE.stages[r.matter.stage].label, r.matter.stage,
            counts.get(r.pk, 0), r.matter.opened_at, not r.draft.scope, r.simulated,
        )
        for r in rows
    ]  # fmt: skip


def scope_name(draft: GridDraft) -> str:
    """What is divided, in words."""
    return territory.division_name(draft.scope) if draft.scope else str(_("自定地面"))


def draft_row(*, actor: Actor, pk: int) -> GroundChange:
    """The change of a draft. Raises Missing where it is none of grids."""
    change = change_row(actor=actor, pk=pk)
    if change.kind != ChangeKind.GRID:
        raise Missing("no_such_draft", _("没有这份网格草稿。"))
    return change


def view_of(change: GroundChange) -> DraftView:
    """One draft (3 SQL)."""
    draft = change.draft
    last = DraftEdit.objects.filter(draft=draft).order_by("-number").values_list("number", flat=True).first()
    rows = Barrier.objects.filter(draft=draft).order_by("pk").values_list("pk", "kind", "name", "count")
    stage = CHANGE.stages[change.matter.stage]
    return DraftView(
        id=change.pk, name=change.name, stage=stage.token, stage_name=stage.label, version=change.matter.version,
        scope=draft.scope, scope_name=scope_name(draft), study=not draft.scope, target_m2=draft.target_m2,
        edits=draft.edits, top=last or 0, approximate=draft.approximate, source=draft.settings.get("source", ""),
        simulated=change.simulated, job=draft.settings.get("job", ""), settings=draft.settings, report=draft.report,
        barriers=tuple(BarrierView(pk, BarrierKind(kind).label, name, n) for pk, kind, name, n in rows),
    )  # fmt: skip


def cells_of(change: GroundChange) -> list[tuple[str, Geometry, str]]:
    """(code, shape in units, origin) by code (1 SQL)."""
    origins = dict(DraftCell.objects.filter(draft_id=change.pk).values_list("code", "origin"))
    return [(c, s, origins.get(c, "new")) for c, s in draft_shapes(change.pk).items()]


def figures(cells: dict[str, Geometry], target_m2: float, smallest: float = 0.35) -> Figures:
    """What the cells are like, reckoned now."""
    shapes = list(cells.values())
    if not shapes:
        return Figures(0)
    area = areas_m2(shapes)
    bars, _edges = np.histogram(
        np.minimum(area, BINS_TO * target_m2 * 0.999), bins=BARS, range=(0, BINS_TO * target_m2)
    )
    return Figures(
        len(shapes), float(area.min()), float(np.median(area)), float(area.max()), float(area.mean()),
        float(area.std() / area.mean()), float(np.median(compactness(shapes))),
        int((area < smallest * target_m2).sum()), tuple(int(n) for n in bars),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Live:
    """The grid in force of a division."""

    figures: Figures
    state: Any


def live(scope: str, target_m2: float) -> Live:
    """Its numbers and how far it may be trusted."""
    return Live(figures(live_shapes(scope), target_m2), territory.layer_state(Layer.GRIDS))


def changed(change: GroundChange) -> Difference:
    """The draft beside the grid in force of its scope."""
    return difference(live_shapes(change.draft.scope), draft_shapes(change.pk))
