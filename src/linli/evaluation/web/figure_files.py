"""A figure as a file: SVG that stands by itself, XLSX with the numbers behind it. PNG is made of the SVG by the browser."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Missing
from linli.exchange.writing import Sheet, xlsx_response

from .. import charts, permissions
from .explore_asked import Looking, looking
from .figures import FIGURES, WIDE, Figure

NEEDS_UNIT = ("profile", "change")


def figure_of(request: ActorRequest, result_id: UUID, key: str) -> Figure:
    """The figure of an address. Raises Missing: no such figure, or the result has nothing to draw there."""
    if key not in FIGURES:
        raise Missing("no_such_figure", _("没有这张图。"))
    unit = request.GET.get("unit", "")
    at = looking(request, result_id, unit if key in (*NEEDS_UNIT, "map") else "")
    asked = {k: v for k in ("sort", "label", "unit", "method", "deep", "before") if (v := request.GET.get(k, ""))}
    _there(at, key, asked)
    return FIGURES[key](at, asked)


def _there(at: Looking, key: str, asked: dict[str, str]) -> None:
    result = at.subject.result
    no = Missing("nothing_to_draw", _("这份结果没有这张图要的数据。"))
    if key in NEEDS_UNIT and not at.unit:
        raise no
    if key == "change" and (at.year == at.subject.years[0]):
        raise no
    if key == "sensitivity" and not at.of.sensitivity:
        raise no
    if key in ("acceptability", "beats") and not at.subject.spreads:
        raise no
    if key == "acceptability" and not at.may_rank(result.framework.root):
        raise no
    if key == "map" and not charts.tile_codes() & set(result.panel.units):
        raise no
    if key in ("correlations", "weights") and at.code not in result.framework.children:
        raise no
    if key == "slope" and asked.get("before") not in {str(y) for y in at.subject.years}:
        raise no


@require_safe
@require(*permissions.READ_KINDS)
def as_svg(request: ActorRequest, id: UUID, key: str) -> HttpResponse:
    figure = figure_of(request, id, key)
    text = charts.flat(figure.sheet(max(WIDE, figure.width), heading=True, foot=True))
    answer = HttpResponse(text, content_type="image/svg+xml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{figure.file_name}.svg"'
    return answer


@require_safe
@require(*permissions.READ_KINDS)
def as_xlsx(request: ActorRequest, id: UUID, key: str) -> HttpResponse:
    figure = figure_of(request, id, key)
    table = figure.table
    sheet = Sheet(table.name, table.columns, table.rows)
    return cast(HttpResponse, xlsx_response(figure.file_name, [sheet], about=about(figure.at, figure.title)))


def about(at: Looking, title: str) -> list[tuple[Any, Any]]:
    """What a file holds, from which result, by which calibre."""
    row = at.opened.row
    lines = [
        (_("内容"), title), (_("测算结果"), row.name), (_("结果码"), row.digest),
        (_("核对"), f"linli verify-result {row.digest}"), (_("评价体系"), _("%(name)s，第 %(n)s 版") % {"name": row.framework, "n": row.edition}),
        (_("测算方案"), row.scenario), (_("数据"), at.caption),
    ]  # fmt: skip
    if row.experimental:
        lines.append((_("性质"), _("实验性结果，不作总排名")))
    return lines


urls: list[URLPattern] = [
    path("evaluation/results/<uuid:id>/figures/<slug:key>.svg", as_svg, name="result-figure-svg"),
    path("evaluation/results/<uuid:id>/figures/<slug:key>.xlsx", as_xlsx, name="result-figure-xlsx"),
]
