"""Pages of the nets: what is in force, a file in, looked at, confirmed, taken back, out again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Conflict, Invalid, Missing
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, xlsx_response
from linli.files.intake import files_up_to
from linli.jobs import queries as jobs
from linli.site.refusals import onto_form
from linli.territory import queries as territory
from linli.territory.polygons import LARGEST_BYTES, geojson_file, geopackage_file

from .. import permissions
from ..actions import layers as write
from ..choices import LayerState, Net
from ..net_forms import LayerForm
from ..queries import duties
from ..queries import mergers as merger_reads
from ..queries import nets as read

LISTED = 100


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def listed(request: ActorRequest) -> HttpResponse:
    """`/ground/nets/?code=`: `code` asks who answers in one base grid."""
    code = request.GET.get("code", "").strip()[:15]
    rows = read.layers(request.actor)
    live = {r.net: r for r in rows if r.state == LayerState.IN_FORCE}
    cards = [(net, label, live.get(net), sum(r.net == net for r in rows)) for net, label in Net.choices]
    context = {
        "tab": "nets", "cards": cards, "rows": rows, "mergers": merger_reads.mergers(request.actor), "any": bool(live),
        "may": permissions.can_draw_district(request.actor).allowed, "simulated": any(r.simulated for r in live.values()),
        "code": code, "duties": duties.duties_of(code) if code else (), "known": code in territory.grid_codes(),
    }  # fmt: skip
    return render(request, "ground/nets.html", context)


@files_up_to(LARGEST_BYTES)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@require(*permissions.DRAW_KINDS)
def new(request: ActorRequest) -> HttpResponse:
    """`/ground/nets/new/?net=`"""
    permissions.can_draw_district(request.actor).or_forbidden()
    if request.method != "POST":
        form = LayerForm(initial={"net": request.GET.get("net", "")})
        return render(request, "ground/net_new.html", {"tab": "nets", "form": form})
    form = LayerForm(request.POST, request.FILES)
    if form.is_valid():
        d = form.cleaned_data
        try:
            row = write.stage(
                actor=request.actor, net=d["net"], name=d["name"], data=d["file"].read(LARGEST_BYTES + 1),
                source=d["source"], provenance=d["provenance"],
            )  # fmt: skip
        except (Invalid, Conflict) as refused:
            onto_form(form, refused)
        else:
            return redirect("ground:net-layer", id=row.pk)
    return render(request, "ground/net_new.html", {"tab": "nets", "form": form}, status=422)


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def one(request: ActorRequest, id: int) -> HttpResponse:
    """`/ground/nets/7/?q=&without=&after=`"""
    return _page(request, id)


def _page(request: ActorRequest, id: int, problem: Any = "", status: int = 200) -> HttpResponse:
    row = read.layer(request.actor, id)
    text = request.GET.get("q", "").replace("\x00", "")[:60]
    without, after = request.GET.get("without") == "1", request.GET.get("after", "").replace("\x00", "")[:32]
    cells, following, count = read.cells(id, text=text, without=without, after=after)
    keep = {k: v for k, v in {"q": text, "without": "1" if without else "", "after": following}.items() if v}
    job = row.report.get("job") if row.reading else None
    context = {
        "tab": "nets", "row": row, "cells": cells, "count": count, "text": text, "without": without, "problem": problem,
        "next_url": f"?{urlencode(keep)}" if following else "", "has_errors": bool(problem),
        "may": permissions.can_draw_district(request.actor).allowed, "refused": row.report.get("refused", [])[:LISTED],
        "warnings": row.report.get("warnings", [])[:LISTED], "job": jobs.job(request.actor, job) if job else None,
        "tiles_url": tiles(),
    }  # fmt: skip
    return render(request, "ground/net_layer.html", context, status=status)


def tiles() -> str:
    """The address of the background."""
    return f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt"


@require_POST
@never_cache
@require(*permissions.DRAW_KINDS)
def act(request: ActorRequest, id: int) -> HttpResponse:
    """Confirm, undo or drop: what `verb` names."""
    verb = request.POST.get("verb", "")
    verbs = {"confirm": write.put_in_force, "undo": write.undo, "drop": write.drop}
    if verb not in verbs:
        raise Invalid("unknown_verb", _("没有这个动作。"))
    try:
        verbs[verb](actor=request.actor, layer_id=id)
    except Conflict as refused:
        return _page(request, id, refused.message, refused.status)
    said = {"confirm": _("这一层已经生效。"), "undo": _("已撤销，恢复以前的一层。"), "drop": _("已放弃这一层。")}
    messages.success(request, said[verb])
    return redirect("ground:nets") if verb == "drop" else redirect("ground:net-layer", id=id)


@require_safe
@require(*permissions.READ_KINDS)
def cells(request: ActorRequest, id: int) -> HttpResponse:
    """The cells for the map."""
    read.layer(request.actor, id)
    return HttpResponse(read.cells_geojson(id), content_type="application/geo+json")


@require_safe
@require(*permissions.READ_KINDS)
def export(request: ActorRequest, id: int, form: str) -> HttpResponse:
    """`cells.geojson` or `cells.gpkg`, in the shape that the import takes."""
    row = read.layer(request.actor, id)
    if form not in ("geojson", "gpkg"):
        raise Missing("no_such_format", _("没有这种格式。"))
    features = read.cell_features(id)
    name = f"{row.net}-{row.number}"
    data = geojson_file(features, name=name) if form == "geojson" else geopackage_file(name, features, title=row.name)
    kind = "application/geo+json" if form == "geojson" else "application/geopackage+sqlite3"
    answer = HttpResponse(data, content_type=kind)
    answer["Content-Disposition"] = content_disposition_header(True, f"{name}.{form}")
    return answer


@require_safe
@require(*permissions.READ_KINDS)
def refused(request: ActorRequest, id: int) -> Any:
    """Refusals and warnings row by row, as a workbook."""
    row = read.layer(request.actor, id)
    columns = [
        Column("row", _("行"), "Row", Kind.INTEGER), Column("about", _("编码"), "Code"),
        Column("message", _("原因"), "Reason", width=60), Column("code", _("代号"), "Token"),
    ]  # fmt: skip
    sheets = [
        Sheet(_("没有采用"), columns, [dict(r) for r in row.report.get("refused", [])]),
        Sheet(_("请核对"), columns, [dict(r) for r in row.report.get("warnings", [])]),
    ]
    return xlsx_response(f"{row.net}-{row.number}-refused", sheets, about=[(_("图层"), row.name)])


urls = [
    path("ground/nets/", listed, name="nets"),
    path("ground/nets/new/", new, name="net-new"),
    path("ground/nets/<int:id>/", one, name="net-layer"),
    path("ground/nets/<int:id>/act/", act, name="net-layer-act"),
    path("ground/nets/<int:id>/map.json", cells, name="net-layer-map"),
    path("ground/nets/<int:id>/cells.<str:form>", export, name="net-layer-export"),
    path("ground/nets/<int:id>/refused.xlsx", refused, name="net-layer-refused"),
]
