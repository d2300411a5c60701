"""What a map and a place field ask for: tiles, places, the place of a point, boundaries. Public; no SQL once warm."""

from __future__ import annotations

import gzip
import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from linli.core.errors import Missing
from linli.site.refusals import answers_json

from .. import queries, rules
from ..choices import PlaceKind

TILE_TYPE = "application/vnd.mapbox-vector-tile"
FOREVER = "public, max-age=31536000, immutable"
MOST_ZOOM = 22


@require_safe
def tile(request: HttpRequest, revision: str, z: int, x: int, y: int) -> HttpResponse:
    """A background tile: for ever under its own revision, briefly under an older one; 204 where there is nothing."""
    fresh = revision == queries.revision()
    data = queries.tile(z, x, y) if z <= MOST_ZOOM else None
    response = HttpResponse(status=204) if data is None else _gzipped(request, data)
    response["Cache-Control"] = FOREVER if fresh else "public, max-age=60"
    return response


def _gzipped(request: HttpRequest, data: bytes) -> HttpResponse:
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(data, content_type=TILE_TYPE)
        response["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(gzip.decompress(data), content_type=TILE_TYPE)
    response["Vary"] = "Accept-Encoding"
    return response


@require_safe
@answers_json
def search(request: HttpRequest) -> HttpResponse:
    """`?q=&limit=`: places, best first."""
    text = request.GET.get("q", "")
    raw = request.GET.get("limit", "10")
    limit = min(int(raw), 50) if raw.isascii() and raw.isdigit() and len(raw) < 4 else 10
    return JsonResponse({"query": text, "places": [_place(hit) for hit in queries.search_places(text, limit)]})


def _place(hit: queries.PlaceHit) -> dict[str, Any]:
    fields = ("kind", "name", "detail", "lon", "lat", "division", "approximate", "code")
    found = {name: getattr(hit, name) for name in fields}
    return found | {"note": str(hit.note), "kind_name": str(PlaceKind(hit.kind).label)}


@require_safe
@answers_json
def locate(request: HttpRequest) -> HttpResponse:
    """`?lon=&lat=`: division, grid and a line to read aloud. A point outside the district answers 422 with its code."""
    found = queries.check_point(*rules.read_point(request.GET))
    fields = ("grid", "community", "subdistrict", "district", "community_name", "subdistrict_name", "approximate")
    body: dict[str, Any] = {name: getattr(found, name) for name in fields}
    return JsonResponse(body | {"near": found.near, "text": place_line(found)})


def place_line(found: queries.Located) -> str:
    """`牛街街道 · 牛街东里社区 · 枣林前街附近`; a community that is only approximate says so."""
    community = found.community_name
    if community and found.approximate:
        community = _("%(name)s（约）") % {"name": community}
    near = _("%(street)s附近") % {"street": found.near} if found.near else ""
    return " · ".join(part for part in (found.subdistrict_name, community, near) if part)


@require_safe
@answers_json
def grid(request: HttpRequest, code: str) -> HttpResponse:
    """One cell of the base grid as a GeoJSON feature; a cell that no longer exists answers 404."""
    boundary = queries.grid_boundary(code)
    if boundary is None:
        raise Missing("unknown_code", gettext_lazy("没有这个编码的网格或区划。"))
    lon, lat = queries.grid_center(code)
    names = {"community_name": queries.division_name(code[:12]), "subdistrict_name": queries.division_name(code[:9])}
    properties = {"code": code, "lon": lon, "lat": lat, **names}
    return JsonResponse({"type": "Feature", "id": code, "properties": properties, "geometry": json.loads(boundary)})


@require_safe
@answers_json
def boundaries(request: HttpRequest, revision: str, level: int) -> HttpResponse:
    """`/places/boundaries/<revision>/<6|9|12>.geojson?parent=`: boundaries with names and label points."""
    if level not in (6, 9, 12):
        raise Missing("unknown_level", gettext_lazy("没有这一级区划。"))
    text = queries.boundaries_geojson(level, request.GET.get("parent", "")[:12])
    response = HttpResponse(text, content_type="application/geo+json")
    response["Cache-Control"] = FOREVER if revision == queries.revision() else "public, max-age=60"
    return response
