"""Layers of the nets as pages show them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.organisations import queries as organisations

from .. import permissions
from ..choices import LayerState, Net, Provenance
from ..models import NetCell, NetLayer, NetMerger

PAGE = 50


@dataclass(frozen=True, slots=True)
class LayerView:
    """A layer with what its job said. `reading`: the job has not come to its end."""

    id: int
    net: str
    number: int
    name: str
    state: str
    source: str
    provenance: str
    simulated: bool
    cells: int
    covered: float
    made_at: datetime
    made_by: str
    reading: bool
    used: bool
    report: dict[str, Any]

    @property
    def net_name(self) -> Any:
        return Net(self.net).label

    @property
    def state_name(self) -> Any:
        if self.state == LayerState.STAGED:
            return _("正在读") if self.reading else _("没有采用") if self.stopped else _("待确认")
        return LayerState(self.state).label

    @property
    def provenance_name(self) -> Any:
        return Provenance(self.provenance).label

    @property
    def stopped(self) -> str:
        return str(self.report.get("stopped", ""))

    @property
    def percent(self) -> str:
        return f"{100 * self.covered:.1f}%"

    @property
    def tone(self) -> str:
        tones = {LayerState.IN_FORCE: "ok", LayerState.STAGED: "late" if self.stopped else "soon"}
        return tones.get(LayerState(self.state), "done")


@dataclass(frozen=True, slots=True)
class CellView:
    code: str
    name: str
    body: str
    duty: str
    area_m2: int


def layers(actor: Actor, net: str = "") -> Sequence[LayerView]:
    """All layers, the newest first (2 SQL)."""
    permissions.can_read(actor).or_forbidden()
    rows = NetLayer.objects.defer("upload").annotate(waiting=Count("pk", filter=Q(upload__isnull=False)))
    rows = rows.filter(net=net) if net else rows
    used = set(NetMerger.layers.through.objects.values_list("netlayer_id", flat=True).distinct())
    return [_view(r, r.pk in used) for r in rows.order_by("-made_at", "-pk")]


def layer(actor: Actor, id: int) -> LayerView:
    """Raises Missing."""
    permissions.can_read(actor).or_forbidden()
    row = (
        NetLayer.objects.defer("upload")
        .annotate(waiting=Count("pk", filter=Q(upload__isnull=False)))
        .filter(pk=id)
        .first()
    )
    if row is None:
        raise Missing("no_such_layer", _("没有这一层。"))
    return _view(row, NetMerger.objects.filter(layers=id).exists())


def _view(r: Any, used: bool) -> LayerView:
    return LayerView(
        r.pk, r.net, r.number, r.name, r.state, r.source, r.provenance, r.simulated, r.cell_count, r.covered, r.made_at,
        r.made_by, bool(r.waiting), used, r.report,
    )  # fmt: skip


def cells(layer_id: int, *, text: str = "", without: bool = False, after: str = "") -> tuple[list[CellView], str, int]:
    """A page of cells by code, the code the next page begins after ("" at the end), and how many match."""
    rows = NetCell.objects.filter(layer_id=layer_id)
    if text:
        bodies = [b.id for b in organisations.bodies(text=text)]
        rows = rows.filter(Q(code__icontains=text) | Q(name__icontains=text) | Q(body_id__in=bodies))
    if without:
        rows = rows.filter(body=None)
    count = rows.count()
    page = list(rows.filter(code__gt=after).order_by("code").defer("shape")[: PAGE + 1])
    found = [CellView(c.code, c.name, organisations.body_name(c.body_id), c.duty, c.area_m2) for c in page[:PAGE]]
    return found, found[-1].code if len(page) > PAGE else "", count


def cell_features(layer_id: int) -> list[tuple[dict[str, Any], Any]]:
    """(code, name, body, body's name, duty; polygon in degrees) of every cell: what the import takes back in."""
    rows = NetCell.objects.filter(layer_id=layer_id).order_by("code")
    listed = list(rows.values_list("code", "name", "body_id", "duty", "shape"))
    shapes = shapely.from_wkb([bytes(r[4]) for r in listed])
    found = []
    for (code, name, body_id, duty, _shape), shape in zip(listed, shapes, strict=True):
        body = organisations.body(body_id)
        said = {"code": code, "name": name, "body": body.code if body else "", "body_name": body.name if body else ""}
        found.append(({**said, "duty": duty}, shape))
    return found


def cells_geojson(layer_id: int) -> str:
    """For the map: six digits, `n` a colour by body (0: nobody)."""
    numbers: dict[str, int] = {"": 0}
    features = []
    for said, shape in cell_features(layer_id):
        n = numbers.setdefault(said["body"], (len(numbers) - 1) % 8 + 1)
        rough = shapely.set_precision(shape, 1e-6, mode="pointwise")
        properties = {"code": said["code"], "name": said["name"], "body": said["body_name"], "n": n}
        features.append({"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(rough)})
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":"))
