"""Layers of the nets: a file staged and read by a job, looked at, put in force, taken back. Older ones stay."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import shapely
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.jobs import actions as jobs
from linli.organisations import queries as organisations
from linli.territory import queries as territory
from linli.territory.polygons import LARGEST_BYTES, read_polygons
from linli_engines.ground import to_degrees

from .. import net_files, permissions
from ..choices import LayerState, Net, Provenance
from ..models import NetCell, NetLayer, NetMerger

Tell = Callable[[int, int, Any], object]
CHUNK = 300
LISTED = 500  # refusals and warnings that are kept; more are counted
STEPS = (_("正在读文件"), _("正在核对"), _("正在写入"))


def stage(
    *, actor: Actor, net: str, name: str, data: bytes, source: str = "", provenance: str = Provenance.PROVISIONAL,
    simulated: bool = False,
) -> NetLayer:  # fmt: skip
    """Take a file of one net's cells; a job reads it, nothing is in force yet. Raises Invalid, Forbidden, Conflict."""
    permissions.can_draw_district(actor).or_forbidden()
    fields: dict[str, list[Any]] = {}
    said = " ".join(name.replace("\x00", "").split())
    if net not in Net.values:
        fields["net"] = [_("请选一张网。")]
    if not said or len(said) > 120:
        fields["name"] = [_("请写名称，最多 %(n)s 个字。") % {"n": 120}]
    if len(source) > 200:
        fields["source"] = [_("最多 %(n)s 个字。") % {"n": 200}]
    if provenance not in Provenance.values:
        fields["provenance"] = [_("请选可信程度。")]
    if provenance == Provenance.SOURCED and not source.strip():
        fields["source"] = [_("标“有出处”的，请写出处。")]
    if not data:
        fields["file"] = [_("请选文件。")]
    elif len(data) > LARGEST_BYTES:
        fields["file"] = [_("文件太大：最多 %(n)s MB。") % {"n": LARGEST_BYTES >> 20}]
    if fields:
        raise Invalid("bad_layer", _("请按提示修改。"), fields=fields)
    packed = zlib.compress(data, 1)
    try:
        with transaction.atomic():
            row = NetLayer.objects.create(
                net=net, number=_next_number(net), name=said, source=source.strip(), provenance=provenance,
                simulated=simulated, made_at=clock.now(), made_by=actor.label, upload=packed,
            )  # fmt: skip
            url = reverse("ground:net-layer", args=[row.pk])
            job = jobs.start("ground.net_layer", actor=actor, params={"layer": row.pk}, return_url=url)
            row.report = {"job": str(job.pk)}
            row.save(update_fields=["report"])
            record(actor=actor, verb=AuditVerb.OTHER, target=f"net_layer:{row.pk}", change="stage", net=net)
    except IntegrityError:
        raise Conflict("staged_meanwhile", _("有人同时在导入这张网，请再试一次。")) from None
    return row


def _next_number(net: str) -> int:
    return (NetLayer.objects.filter(net=net).aggregate(n=Max("number"))["n"] or 0) + 1


def read_layer(*, layer_id: int, tell: Tell) -> dict[str, Any]:
    """The job: reads, checks, writes the cells in parts. Begun again it begins anew."""
    row = layer_of(layer_id)
    if row.upload is None or row.state != LayerState.STAGED:
        return {"cells": row.cell_count}
    tell(0, 3, STEPS[0])
    try:
        file = read_polygons(zlib.decompress(bytes(row.upload)))
    except Invalid as refused:
        _report(row, net_files.Read(stopped=str(refused.message)), ())
        return {"cells": 0}
    tell(1, 3, STEPS[1])
    outline = net_files.district_outline(territory.division_boundary(territory.district().code))
    found = net_files.read_cells(file.features, bodies=bodies_by_word(), outline=outline)
    cells = [] if found.stopped else found.cells
    tell(2, 3, STEPS[2])
    NetCell.objects.filter(layer=row).delete()
    for at in range(0, len(cells), CHUNK):
        rows = [_row(row.pk, c) for c in cells[at : at + CHUNK]]
        with transaction.atomic():
            NetCell.objects.bulk_create(rows)
        tell(2, 3, STEPS[2])
    _report(row, found, file.notes)
    return {"cells": len(cells), "refused": len(found.refused)}


def _row(layer_id: int, c: net_files.Cell) -> NetCell:
    shape = shapely.to_wkb(to_degrees(c.shape), byte_order=1)
    return NetCell(
        layer_id=layer_id, code=c.code, name=c.name, shape=shape, area_m2=c.area_m2, body_id=c.body, duty=c.duty
    )


def _report(row: NetLayer, found: net_files.Read, notes: tuple[str, ...]) -> None:
    cells = 0 if found.stopped else len(found.cells)
    report = {
        "read": len(found.cells) + len(found.refused), "refused_count": len(found.refused),
        "refused": [s.data() for s in found.refused[:LISTED]], "warnings": [s.data() for s in found.warnings[:LISTED]],
        "warning_count": len(found.warnings), "stopped": found.stopped, "notes": [str(n) for n in notes],
    }  # fmt: skip
    covered = 0.0 if found.stopped else found.covered
    NetLayer.objects.filter(pk=row.pk).update(report=report, upload=None, cell_count=cells, covered=covered)


def reading_failed(*, layer_id: int, why: Any) -> None:
    """The job ended without a layer: the page says why and offers to drop it."""
    report = {"stopped": str(why), "refused": [], "warnings": [], "read": 0, "refused_count": 0}
    NetLayer.objects.filter(pk=layer_id, state=LayerState.STAGED).update(report=report, upload=None)


def put_in_force(*, actor: Actor, layer_id: int) -> None:
    """A layer that was read takes the place of the one in force. Raises Conflict (not_ready, not_staged)."""
    permissions.can_draw_district(actor).or_forbidden()
    with transaction.atomic():
        row = _queued(layer_id)
        if row.state != LayerState.STAGED:
            raise Conflict("not_staged", _("这一层不是待确认的，可能别人刚确认过。请刷新。"))
        if row.upload is not None or not row.cell_count:
            raise Conflict("not_ready", _("这一层还没有读好，或没有可用的网格，不能生效。"))
        before = NetLayer.objects.filter(net=row.net, state=LayerState.IN_FORCE).first()
        NetLayer.objects.filter(net=row.net, state=LayerState.IN_FORCE).update(state=LayerState.RETIRED)
        report = {**row.report, "replaced": before.pk if before else 0}
        NetLayer.objects.filter(pk=row.pk).update(state=LayerState.IN_FORCE, report=report)
        record(actor=actor, verb=AuditVerb.OTHER, target=f"net_layer:{row.pk}", change="in_force", net=row.net)


def undo(*, actor: Actor, layer_id: int) -> None:
    """Back to what was in force before; the layer waits for a decision again. Not once a merger has used it."""
    permissions.can_draw_district(actor).or_forbidden()
    with transaction.atomic():
        row = _queued(layer_id)
        if row.state != LayerState.IN_FORCE:
            raise Conflict("not_in_force", _("这一层现在没有生效。"))
        if used(row.pk):
            raise Conflict("used", _("已经有融合用了这一层，不能撤销。请导入新的一层。"))
        NetLayer.objects.filter(pk=row.pk).update(state=LayerState.STAGED)
        if before := row.report.get("replaced"):
            NetLayer.objects.filter(pk=before, state=LayerState.RETIRED).update(state=LayerState.IN_FORCE)
        record(actor=actor, verb=AuditVerb.OTHER, target=f"net_layer:{row.pk}", change="undo", net=row.net)


def _queued(layer_id: int) -> NetLayer:
    """The layer as it is once nobody else moves a layer of its net: two who press at once queue on both databases."""
    net = layer_of(layer_id).net
    NetLayer.objects.filter(net=net).update(number=F("number"))
    return layer_of(layer_id)


def drop(*, actor: Actor, layer_id: int) -> None:
    """Let a staged layer go, with its cells. Raises Conflict (not_staged)."""
    permissions.can_draw_district(actor).or_forbidden()
    row = layer_of(layer_id)
    if row.state != LayerState.STAGED or used(row.pk):
        raise Conflict("not_staged", _("只有待确认的一层可以放弃。"))
    with transaction.atomic():
        NetCell.objects.filter(layer=row).delete()
        if not NetLayer.objects.filter(pk=row.pk, state=LayerState.STAGED).delete()[0]:
            raise Conflict("not_staged", _("只有待确认的一层可以放弃。"))
        record(actor=actor, verb=AuditVerb.OTHER, target=f"net_layer:{row.pk}", change="drop", net=row.net)


def used(layer_id: int) -> bool:
    """Whether a merger compared this layer."""
    return NetMerger.objects.filter(layers=layer_id).exists()


def layer_of(layer_id: int) -> NetLayer:
    """Raises Missing."""
    row = NetLayer.objects.filter(pk=layer_id).first()
    if row is None:
        raise Missing("no_such_layer", _("没有这一层。"))
    return row


def bodies_by_word() -> dict[str, int]:
    """Ids of active bodies by code, name and short name; a name that two have names nobody."""
    found: dict[str, int] = {}
    twice: set[str] = set()
    listed = organisations.bodies()
    for b in listed:
        for word in {b.name, b.short_name} - {""}:
            if found.setdefault(word, b.id) != b.id:
                twice.add(word)
    return {w: i for w, i in found.items() if w not in twice} | {b.code: b.id for b in listed}
