"""What the designer's script asks for: all cells once, then one edit at a time and what it changed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any

import shapely
from django.http import HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from shapely import Geometry

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid
from linli.site.refusals import answers_json
from linli.territory.geometry import geojson
from linli_engines.ground import to_degrees

from .. import permissions
from ..actions import edits
from ..actions.draft_cells import origin
from ..actions.edits import Asked, Done
from ..models import GroundChange
from ..queries import draft_shapes as shapes
from ..queries import drafts as read

BODY_MOST = 200_000


@require_safe
@never_cache
@answers_json
@require(*permissions.READ_KINDS)
def cells(request: ActorRequest, pk: int) -> HttpResponse:
    """All cells as GeoJSON with the version that they are of."""
    change = read.draft_row(actor=request.actor, pk=pk)
    version, steps, top = change.matter.version, change.draft.edits, edits.top_of(change.draft)
    body = f'{{"version":{version},"edits":{steps},"top":{top},"cells":{_features(read.cells_of(change))}}}'
    packed = gzip.compress(body.encode(), 5) if "gzip" in request.headers.get("Accept-Encoding", "") else b""
    response = HttpResponse(packed or body, content_type="application/json")
    if packed:
        response["Content-Encoding"], response["Vary"] = "gzip", "Accept-Encoding"
    return response


def _features(found: Iterable[tuple[str, Geometry, str]]) -> str:
    rows = list(found)
    held = [shape for _code, shape, _origin in rows]
    numbers = zip(rows, shapes.areas_m2(held).tolist(), shapes.compactness(held).tolist(), strict=True)
    parts = (
        f'{{"type":"Feature","properties":{{"code":"{code}","a":{round(area)},"k":{compact:.3f},"o":"{kind}"}},'
        f'"geometry":{geojson(to_degrees(shape))}}}'
        for (code, shape, kind), area, compact in numbers
    )
    return '{"type":"FeatureCollection","features":[' + ",".join(parts) + "]}"


@require_POST
@never_cache
@answers_json
@require(*permissions.DRAW_KINDS)
def edit(request: ActorRequest, pk: int) -> HttpResponse:
    """One edit, or a step back or forth. A refusal says where it happened: `details.where`, `details.at`."""
    change = read.draft_row(actor=request.actor, pk=pk)
    said = _body(request)
    asked_version = said.get("version")
    version = asked_version if isinstance(asked_version, int) else 0
    kind = str(said.get("kind", ""))
    try:
        if kind in ("undo", "redo"):
            done = getattr(edits, kind)(actor=request.actor, change=change, version=version)
        else:
            done = edits.edit(actor=request.actor, change=change, version=version, asked=_asked(kind, said))
    except Invalid as refusal:
        place = _place(change, refusal, said)
        if place:
            refusal.details["at"] = place
        raise
    return _answer(change, done)


def _body(request: ActorRequest) -> dict[str, Any]:
    try:
        if len(request.body) > BODY_MOST:
            raise ValueError
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid("bad_body", _("这不是一步修改。"))
    return found


def _asked(kind: str, said: dict[str, Any]) -> Asked:
    def points(name: str) -> tuple[edits.Point, ...]:
        listed = said.get(name) or []
        if not isinstance(listed, list) or not all(isinstance(p, list) for p in listed):
            raise Invalid("bad_point", _("坐标不是经纬度。"))
        return edits.units(listed)

    codes = said.get("codes") or []
    if not isinstance(codes, list) or len(codes) > 1000:
        raise Invalid("bad_codes", _("选的网格太多，一次最多 1000 个。"))
    to = points("to")
    return Asked(kind, tuple(str(c) for c in codes), points("line"), points("at"), to[0] if to else None)


def _place(change: GroundChange, refusal: Invalid, said: dict[str, Any]) -> list[float]:
    """Where a refusal is shown: where one drew, else in the middle of the cell it is about."""
    for name in ("to", "line"):
        listed = said.get(name)
        if isinstance(listed, list) and listed and isinstance(listed[-1], list) and len(listed[-1]) == 2:
            return [float(v) for v in listed[-1]] if all(isinstance(v, int | float) for v in listed[-1]) else []
    cells = shapes.draft_shapes(change.pk)
    code = next((c for c in refusal.details.get("where", []) if c in cells), "")
    if not code:
        return []
    point = shapely.point_on_surface(cells[code])
    return [round(point.x / 1e7, 7), round(point.y / 1e7, 7)]


def _answer(change: GroundChange, done: Done) -> HttpResponse:
    live = shapes.live_shapes(change.draft.scope)
    rows = [(c, s, str(origin(c, s, live))) for c, s in done.changed.items() if c not in done.gone]
    return JsonResponse({**edits.facts_of(done), "cells": json.loads(_features(rows))})


urls: list[URLPattern] = [
    path("ground/designs/<int:pk>/cells.json", cells, name="design-cells"),
    path("ground/designs/<int:pk>/edit/", edit, name="design-edit"),
]
