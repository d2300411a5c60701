"""Drafts of a grid: begun from the grid in force, from a file or empty; designed anew by a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import shapely
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from shapely import Geometry

from linli.core.actor import SYSTEM, Actor
from linli.core.decision import YES
from linli.core.errors import Conflict, Invalid
from linli.flow import actions as flow
from linli.jobs import actions as jobs
from linli.territory import queries as territory
from linli.territory.choices import Provenance
from linli_engines.ground import (
    Barrier,
    Cell,
    Design,
    Refused,
    Report,
    Settings,
    design,
    from_degrees,
    report,
)

from .. import norms, permissions, problems
from ..choices import BarrierKind, ChangeKind, EditKind
from ..models import Barrier as BarrierRow
from ..models import GridDraft, GroundChange
from ..queries import draft_shapes as read
from ..recoding import recoded
from ..rules import CHANGE
from . import draft_cells
from .changes import change_of, drawing, edit_line, open_change

Tell = Callable[[int, int, Any], object]
MAIN, MINOR = range(1, 4), range(4, 6)  # classes of roads
LINES_MOST = 20_000
STEPS = (_("正在取现行网格和道路"), _("正在划分"), _("正在定编码"), _("正在核对"), _("正在保存"))


def open_draft(
    *, actor: Actor, name: str, scope: str, target_m2: int | None = None, simulated: bool = False,
    ground: Mapping[str, Geometry] | None = None, source: str = "",
) -> GroundChange:  # fmt: skip
    """Begin a draft that shows the grid in force of a division (6, 9 or 12 digits). With `ground` (parcels in units by
    twelve digits) it is a study of a ground of its own: drawn and exported, never put in force.

    Raises Invalid, Forbidden.
    """
    target = checked_target(target_m2)
    if ground is None:
        if territory.division(scope) is None or len(scope) not in (6, 9, 12):
            said = _("请选全区、一个街道或一个社区。")
            raise Invalid("bad_scope", said, fields={"scope": [said]})
        permissions.can_draw(actor, scope).or_forbidden()
    live = read.live_shapes(scope) if ground is None else {}
    settings: dict[str, Any] = {"live": read.digest(live), "source": source}
    if ground is not None:
        settings["ground"] = {c: shapely.to_wkb(s, hex=True, byte_order=1) for c, s in ground.items()}

    def fill(change: GroundChange) -> None:
        draft = GridDraft.objects.create(
            change=change, scope="" if ground is not None else scope, target_m2=target, settings=settings
        )
        rows = draft_cells.rows_of(draft, live, live)
        draft_cells.write(draft, rows, ())

    return open_change(actor=actor, kind=ChangeKind.GRID, name=name, simulated=simulated, then=fill)


def checked_target(target_m2: int | None) -> int:
    """Raises Invalid on field target_m2."""
    norm = norms.norms()["target_m2"]
    target = norm.value if target_m2 is None else target_m2
    if not norm.least <= target <= norm.most:
        said = _("目标面积须在 %(least)s 到 %(most)s 平方米之间。") % {"least": norm.least, "most": norm.most}
        raise Invalid("bad_target", said, fields={"target_m2": [said]})
    return target


def ask_for_design(
    *, actor: Actor, change: GroundChange, version: int, target_m2: int, kinds: list[str], width_m: int, smallest: int
) -> None:
    """Queue a design of the whole scope; what is drawn so far is kept as a step that can be taken back.

    Raises Invalid (fields), Conflict (version, one is running).
    """
    drawing(actor, change).or_forbidden()
    asked = {"target_m2": checked_target(target_m2), "kinds": sorted(set(kinds) & set(BarrierKind.values))}
    for key, value in (("width_m", width_m), ("smallest", smallest)):
        norm = norms.norms()[key]
        if not norm.least <= value <= norm.most:
            said = _("须在 %(least)s 到 %(most)s 之间。") % {"least": norm.least, "most": norm.most}
            raise Invalid(f"bad_{key}", said, fields={key: [said]})
        asked[key] = value
    with transaction.atomic():
        edit_line(actor, change, version, {"design": asked["target_m2"]})
        job = jobs.start(
            "ground.design", actor=actor, params={"change": change.pk, "version": version + 1, "asked": asked},
            return_url=page_of_draft(change.pk),
        )  # fmt: skip
        settings = {**change.draft.settings, **asked, "job": str(job.pk)}
        GridDraft.objects.filter(pk=change.pk).update(settings=settings, target_m2=asked["target_m2"])


def carry_out_design(*, change_id: int, version: int, asked: Mapping[str, Any], by: str, tell: Tell) -> dict[str, Any]:
    """The job. Raises Conflict where somebody edited meanwhile, Invalid where the ground cannot be divided."""
    change = change_of(change_id)
    if change.matter.version != version or change.matter.stage != "draft":
        raise Conflict("edited_meanwhile", _("划分期间草稿被改过，所以没有覆盖它。请再划分一次。"))
    draft = change.draft
    tell(0, 4, STEPS[0])
    live = read.live_shapes(draft.scope)
    parcels, walls = ground_of(draft), barriers_of(draft, asked["kinds"])
    how = Settings(
        target_m2=float(asked["target_m2"]), width_m=float(asked["width_m"]), smallest=asked["smallest"] / 100
    )
    tell(1, 4, STEPS[1])
    try:
        found = design(parcels, walls, how)
        tell(2, 4, STEPS[2])
        after = recoded(found.shapes, live, read.codes_ever(change))
    except Refused as refused:
        raise problems.invalid(refused, "scope") from None
    if len(after) > norms.CELLS_MOST:
        said = _("这样会有 %(n)s 个网格，一份草稿最多 %(most)s 个。请加大目标面积。")
        raise Invalid("too_many_cells", said % {"n": len(after), "most": norms.CELLS_MOST})
    tell(3, 4, STEPS[3])
    put_all(change, version, after, EditKind.DESIGN, by, report_of(after, walls, how))
    return {"cells": len(after)}


def put_all(
    change: GroundChange, version: int, after: Mapping[str, Geometry], kind: EditKind, by: str, said: dict[str, Any],
    actor: Actor = SYSTEM, more: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """All cells of a draft at once, as one step that can be taken back."""
    draft = change.draft
    live, before = read.live_shapes(draft.scope), read.draft_shapes(change.pk)
    rows = draft_cells.rows_of(draft, after, live)
    both = {**dict.fromkeys(after), **before}, {**dict.fromkeys(before), **after}
    kept = draft_cells.packed(both[0]), draft_cells.packed(both[1])
    settings = {**draft.settings, **(more or {}), "live": read.digest(live)}
    settings.pop("job", None)
    with transaction.atomic():
        flow.move(
            actor=actor, matter=change.matter, version=version, verb="edit", flow=CHANGE,
            allowed=YES if actor is SYSTEM else drawing(actor, change), facts={"cells": len(after), "by": by},
            values={"version": version + 1},
        )  # fmt: skip
        draft_cells.write(draft, rows, None)
        draft_cells.remember(draft, kind, "", *kept, by)
        approximate = settings.get("approximate", True)
        GridDraft.objects.filter(pk=draft.pk).update(
            report={**said, "edits": draft.edits}, settings=settings, approximate=approximate
        )


def ground_of(draft: GridDraft) -> dict[str, Geometry]:
    """What a draft divides: the communities of its scope, or the ground of its file."""
    own = draft.settings.get("ground")
    return {c: shapely.from_wkb(s) for c, s in own.items()} if own else read.parcels(draft.scope)


def barriers_of(draft: GridDraft, kinds: list[str]) -> list[Barrier]:
    """The pack's roads of the kinds asked for, and the lines that were added to the draft."""
    found = [
        Barrier.of(from_degrees(road.geometry), kind)
        for road in territory.roads(draft.scope)
        for kind, classes in ((BarrierKind.MAIN, MAIN), (BarrierKind.MINOR, MINOR))
        if kind in kinds and road.road_class in classes
    ]
    for row in BarrierRow.objects.filter(draft=draft, kind__in=kinds):
        found.append(Barrier.of(from_degrees(shapely.from_wkb(bytes(row.lines))), row.kind))
    return found


def report_of(cells: Mapping[str, Geometry], walls: list[Barrier], how: Settings) -> dict[str, Any]:
    """What there is to say about cells however they were made."""
    shapes = list(cells.values())
    if not shapes:
        return asdict(Report(0, 0, 0, 0, 0, 0, 0, (), {}, True))
    outline = shapely.coverage_union_all(np.array(shapes, dtype=object))
    listed = tuple(Cell(c, c[:12], s) for c, s in cells.items())
    found = asdict(report(Design(listed, outline, read.plane_of(shapes)), walls, how))
    return {**found, "slivers": list(found["slivers"]), "crossed": {k: list(v) for k, v in found["crossed"].items()}}


def check(*, actor: Actor, change: GroundChange) -> None:
    """Reckon the report anew for the cells as they are now."""
    permissions.can_read(actor).or_forbidden()
    draft = change.draft
    asked = draft.settings
    how = Settings(target_m2=float(draft.target_m2), smallest=asked.get("smallest", 35) / 100)
    kinds = asked.get("kinds") or [BarrierKind.MAIN.value]
    said = report_of(read.draft_shapes(change.pk), barriers_of(draft, kinds), how)
    GridDraft.objects.filter(pk=draft.pk, edits=draft.edits).update(report={**said, "edits": draft.edits})


def add_barriers(
    *, actor: Actor, change: GroundChange, version: int, kind: str, name: str, lines: Geometry, count: int
) -> None:
    """Lines of a kind beside the pack's roads: rails, water. Raises Invalid, Conflict."""
    if kind not in BarrierKind.values:
        said = _("请选线的种类。")
        raise Invalid("bad_kind", said, fields={"kind": [said]})
    if count > LINES_MOST:
        many = _("线太多：最多 %(n)s 条。") % {"n": LINES_MOST}
        raise Invalid("too_many_lines", many, fields={"file": [many]})
    with transaction.atomic():
        edit_line(actor, change, version, {"barriers": count})
        BarrierRow.objects.create(
            draft=change.draft, kind=kind, name=name[:120], lines=shapely.to_wkb(lines), count=count
        )


def drop_barriers(*, actor: Actor, change: GroundChange, version: int, barrier_id: int) -> None:
    """Take lines away again."""
    with transaction.atomic():
        edit_line(actor, change, version, {"barriers": 0})
        BarrierRow.objects.filter(draft=change.draft, pk=barrier_id).delete()


def import_cells(
    *, actor: Actor, change: GroundChange, version: int, cells: Mapping[str, Geometry], source: str, surveyed: bool
) -> None:
    """The cells of a checked file in place of the draft's. `surveyed`: by survey, not approximate. Raises Conflict."""
    drawing(actor, change).or_forbidden()
    how = Settings(target_m2=float(change.draft.target_m2))
    said = report_of(cells, barriers_of(change.draft, [BarrierKind.MAIN.value]), how)
    more = {"source": source.strip()[:200], "approximate": not surveyed, "provenance": Provenance.SOURCED if surveyed else Provenance.PROVISIONAL}  # fmt: skip
    put_all(change, version, cells, EditKind.IMPORT, actor.label, said, actor, more)


def design_failed(*, change_id: int) -> None:
    """The job ended without a design: the page offers it again."""
    draft = GridDraft.objects.get(pk=change_id)
    settings = {k: v for k, v in draft.settings.items() if k != "job"}
    GridDraft.objects.filter(pk=change_id).update(settings=settings)


def page_of_draft(pk: int) -> str:
    """Where the draft is drawn."""
    return reverse("ground:design", args=[pk])
