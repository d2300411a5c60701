"""A draft beside the grid in force, and its cells as files: GeoJSON, GeoPackage, a table of codes."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Missing
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, xlsx_response
from linli.territory import queries as territory
from linli.territory.polygons import geojson_file, geopackage_file
from linli_engines.ground import to_degrees

from .. import permissions
from ..choices import CellOrigin
from ..models import GroundChange
from ..queries import drafts as read
from ..queries.draft_shapes import areas_m2, compactness
from . import design_words as words

SHOWN = 300
LEAST = 0.005  # of a cell: what shows as 1 percent


def _labels() -> dict[str, str]:
    return {"same": _("未变"), "reshaped": _("边界改动"), "new": _("新网格"), "gone": _("不再有")}


def _rows(change: GroundChange) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Cells that are not the same, largest movement first, with where their ground went; and how many of each kind."""
    found, labels = read.changed(change), _labels()
    counts = {kind: len(found.of(kind)) for kind in labels}
    rows = [
        {
            "code": c.code, "kind": c.kind, "kind_name": labels[c.kind], "before": round(c.before_m2), "after": round(c.after_m2),
            "moved": round(c.moved_m2), "community": territory.division_name(c.code[:12]),
            "to": [(code, round(100 * share)) for code, share in found.successors.get(c.code, ()) if code != c.code and share >= LEAST][:6],
        }
        for c in found.changes.values()
        if c.kind != "same"
    ]  # fmt: skip
    return sorted(rows, key=lambda r: (-r["moved"], r["code"])), counts


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def difference(request: ActorRequest, pk: int) -> HttpResponse:
    """The draft beside the grid in force."""
    change = read.draft_row(actor=request.actor, pk=pk)
    view = read.view_of(change)
    rows, counts = ([], {}) if view.study else _rows(change)
    labels = _labels()
    context = {
        "tab": "grids", "view": view, "rows": rows[:SHOWN], "more": max(len(rows) - SHOWN, 0),
        "counts": [(labels[k], n) for k, n in counts.items()], "config": words.config(request, view, False),
        "tiles": f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt", "bounds": words.bounds(change),
    }  # fmt: skip
    return render(request, "ground/design_difference.html", context)


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def difference_xlsx(request: ActorRequest, pk: int) -> Any:
    """The same as a table."""
    change = read.draft_row(actor=request.actor, pk=pk)
    rows, _counts = ([], {}) if not change.draft.scope else _rows(change)
    columns = (
        Column("code", _("网格编码"), "Code", Kind.CODE), Column("community", _("社区"), "Community", width=24),
        Column("kind_name", _("变化"), "Change"), Column("before", _("原面积（平方米）"), "Before (m²)", Kind.INTEGER),
        Column("after", _("新面积（平方米）"), "After (m²)", Kind.INTEGER), Column("moved", _("移动的面积（平方米）"), "Moved (m²)", Kind.INTEGER),
        Column("said", _("地面去向"), "Ground goes to", width=60),
    )  # fmt: skip
    listed = [{**r, "said": _("、").join(f"{code} {share}%" for code, share in r["to"])} for r in rows]
    return xlsx_response(f"{change.name}-{_('差异')}", [Sheet(_("差异"), columns, listed)], about=_about(change))


def _about(change: GroundChange) -> list[tuple[Any, Any]]:
    view = read.view_of(change)
    accuracy = _("近似，不是实测") if view.approximate else _("实测")
    found = [
        (_("草稿"), view.name), (_("范围"), view.scope_name), (_("阶段"), view.stage_name), (_("精度"), accuracy),
        (_("出处"), view.source or _("平台内划分")), (_("数据"), territory.attribution()[0]),
    ]  # fmt: skip
    return [*found, (_("模拟"), _("演示数据"))] if view.simulated else found


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def export(request: ActorRequest, pk: int, kind: str) -> Any:
    """The cells as a file. Raises Missing for another kind."""
    change = read.draft_row(actor=request.actor, pk=pk)
    found = read.cells_of(change)
    shapes = [s for _code, s, _origin in found]
    numbers = zip(found, areas_m2(shapes).tolist(), compactness(shapes).tolist(), strict=True)
    rough = change.draft.approximate
    rows = [
        {
            "code": code, "community": territory.division_name(code[:12]) if change.draft.scope else "",
            "area_m2": round(area), "compactness": round(compact, 3), "change": str(CellOrigin(kind_).label),
            "approximate": rough,
        }
        for (code, _shape, kind_), area, compact in numbers
    ]  # fmt: skip
    name = f"grid-{change.pk}"
    if kind == "xlsx":
        columns = (
            Column("code", _("网格编码"), "Code", Kind.CODE), Column("community", _("社区"), "Community", width=24),
            Column("area_m2", _("面积（平方米）"), "Area (m²)", Kind.INTEGER), Column("compactness", _("紧凑程度"), "Compactness", Kind.DECIMAL),
            Column("change", _("与现行网格相比"), "Change"), Column("approximate", _("近似"), "Approximate", Kind.YES_NO),
        )  # fmt: skip
        return xlsx_response(change.name, [Sheet(_("网格编码表"), columns, rows)], about=_about(change))
    features = [(r, to_degrees(s)) for r, s in zip(rows, shapes, strict=True)]
    if kind == "geojson":
        return _file(geojson_file(features, name=change.name), f"{name}.geojson", "application/geo+json")
    if kind == "gpkg":
        data = geopackage_file("grids", features, title=change.name)
        return _file(data, f"{name}.gpkg", "application/geopackage+sqlite3")
    raise Missing("no_such_file", _("没有这种文件。"))


def _file(data: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(data, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


urls: list[URLPattern] = [
    path("ground/designs/<int:pk>/difference/", difference, name="design-difference"),
    path("ground/designs/<int:pk>/difference.xlsx", difference_xlsx, name="design-difference-xlsx"),
    path("ground/designs/<int:pk>/files/<slug:kind>/", export, name="design-file"),
]
