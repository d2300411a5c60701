"""Yearbook tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Invalid
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, xlsx_response

from .. import charts, permissions
from ..choices import ObsStatus
from ..queries import yearbook as read
from ..queries.observations import Cell
from ..queries.series import SeriesView
from ..queries.yearbook import YearTable
from .figures import NARROW, WIDE

FIRM = {ObsStatus.NORMAL, ObsStatus.BREAK}


@dataclass(frozen=True)
class Figure:
    """What the figure's part of a page asks for."""

    of: YearTable
    together: bool

    @property
    def title(self) -> str:
        return f"{self.of.unit.name} · {self.of.table.shown}"

    @property
    def desc(self) -> str:
        return _("空心圆点是初步数或估计数；没有数字的年份断开，不补零。")

    @property
    def caption(self) -> str:
        said = [_("口径：%(calibre)s") % {"calibre": "；".join(dict.fromkeys(calibre(s) for s in self.of.columns))}]
        if self.of.sources:
            said.append(
                _("资料来源：%(titles)s") % {"titles": "；".join(dict.fromkeys(s.title for s in self.of.sources))}
            )
        return " · ".join([*said, _("数据截至 %(day)s") % {"day": f"{clock.today():%Y-%m-%d}"}])

    def sheet(self, width: int, whole: bool = False) -> str:
        """`whole`: with title and foot, as it leaves the page. Raises Invalid (calibres_mixed, units_mixed) where all shall
        stand on one pair of axes and cannot.
        """
        frame = charts.Frame(self.title, self.desc, self.caption if whole else "", width, whole)
        lines = [line(self.of, s) for s in self.of.columns]
        if self.together:
            return charts.lines(lines, frame)
        return charts.line_panels(panels(self.of), frame)

    @property
    def wide(self) -> SafeString:
        return mark_safe(self.sheet(WIDE))  # noqa: S308  a drawing escapes its words

    @property
    def narrow(self) -> SafeString:
        return mark_safe(self.sheet(NARROW))  # noqa: S308  as above

    @property
    def scrolls(self) -> bool:
        return False

    @property
    def file_name(self) -> str:
        return f"{self.of.table.code}-{self.of.unit.code}"

    @property
    def svg_url(self) -> str:
        return address("evaluation:yearbook-svg", self.of, self.together)

    @property
    def xlsx_url(self) -> str:
        return address("evaluation:yearbook-xlsx", self.of, self.together)


def calibre(series: SeriesView) -> str:
    return series.calibre_name or _("口径未注明")


def line(of: YearTable, series: SeriesView) -> charts.Line:
    points = []
    for year in of.years:
        cell = of.held.get(year, {}).get(series.code)
        firm = cell is None or cell.status in FIRM
        points.append(charts.Point(year, cell.value if cell else None, calibre(series), firm))
    return charts.Line(series.name, tuple(points), series.symbol, series.concept)


def panels(of: YearTable) -> list[tuple[str, list[charts.Line]]]:
    """One pair of axes for each concept, calibre and unit that has a figure."""
    found: dict[tuple[str, str, str], list[charts.Line]] = {}
    for s in of.columns:
        one = line(of, s)
        if any(p.value is not None for p in one.points):
            found.setdefault((s.concept, s.calibre, s.symbol), []).append(one)
    return [(f"{lines[0].name}（{lines[0].calibres[0]}）", lines) for lines in found.values()]


def address(name: str, of: YearTable, together: bool = False, only: Sequence[str] | None = None) -> str:
    chosen = [s.code for s in of.columns] if only is None else list(only)
    query: list[tuple[str, str]] = [] if set(chosen) == set(of.table.series) else [("series", c) for c in chosen]
    if of.unit.code != read.DISTRICT:
        query.append(("unit", of.unit.code))
    if together:
        query.append(("together", "1"))
    return reverse(name, args=[of.table.code]) + (f"?{urlencode(query)}" if query else "")


@require_safe
@require(*permissions.READ_KINDS)
def page(request: ActorRequest) -> HttpResponse:
    return render(request, "evaluation/yearbook.html", {"tables": read.tables(request.actor)})


def _asked(request: ActorRequest, code: str) -> Figure:
    unit = request.GET.get("unit") or read.DISTRICT
    found = read.table(request.actor, code, unit, request.GET.getlist("series"))
    return Figure(found, request.GET.get("together", "") == "1")


@require_safe
@require(*permissions.READ_KINDS)
def one(request: ActorRequest, code: str) -> HttpResponse:
    """The table, its figure, where it comes from. What cannot stand on one pair of axes is refused with the way out."""
    figure = _asked(request, code)
    of, refusal = figure.of, None
    try:
        figure.sheet(WIDE)
    except Invalid as found:
        refusal = found
    rows = _rows(of)
    context = {
        "of": of, "figure": figure, "refusal": refusal, "rows": rows, "apart": address("evaluation:yearbook-table", of), "unit": of.unit.code,
        "together": figure.together, "places": read.places(code), "several": len(of.columns) > 1, "codes": [s.code for s in of.columns],
        "single": [(s, address("evaluation:yearbook-table", of, only=[s.code])) for s in of.columns],
        "calibres": [(s, calibre(s)) for s in of.columns], "every": read.table(request.actor, code, of.unit.code).columns,
    }  # fmt: skip
    return render(request, "evaluation/yearbook_table.html", context, status=422 if refusal else 200)


def _rows(of: YearTable) -> list[tuple[str, list[dict[str, Any]]]]:
    """Years with their cells; several empty years in a row stand in one line."""
    found: list[tuple[str, list[dict[str, Any]]]] = []
    empty: list[int] = []
    for year in [*of.years, None]:
        row = of.held.get(year, {}) if year else {}
        if year and all(of.value(s.code, year) is None for s in of.columns):
            empty.append(year)
            continue
        if empty:
            years = str(empty[0]) if len(empty) == 1 else f"{empty[0]}–{empty[-1]}"
            found.append((years, [_shown(None, s) for s in of.columns]))
            empty = []
        if year:
            found.append((str(year), [_shown(row.get(s.code), s) for s in of.columns]))
    return found


def _shown(cell: Cell | None, series: SeriesView) -> dict[str, Any]:
    if cell is None or cell.value is None:
        return {"text": "—", "why": cell.note if cell else "", "label": series.name}
    mark = "" if cell.status in FIRM else str(ObsStatus(cell.status).label)
    return {
        "text": f"{round(cell.value, 4):,}".removesuffix(".0"),
        "mark": mark,
        "why": cell.note,
        "label": series.name,
    }


@require_safe
@require(*permissions.READ_KINDS)
def as_svg(request: ActorRequest, code: str) -> HttpResponse:
    figure = _asked(request, code)
    answer = HttpResponse(charts.flat(figure.sheet(WIDE, whole=True)), content_type="image/svg+xml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{figure.file_name}.svg"'
    return answer


@require_safe
@require(*permissions.READ_KINDS)
def as_xlsx(request: ActorRequest, code: str) -> HttpResponse:
    """Years by series; calibre and source stand on the sheet beside."""
    figure = _asked(request, code)
    of = figure.of
    columns = [Column("year", _("年份"), "Year", Kind.INTEGER)]
    columns += [
        Column(s.code, f"{s.name}（{s.symbol}）", f"{s.name_en or s.code} ({s.symbol})", Kind.DECIMAL)
        for s in of.columns
    ]
    rows = [[year, *(of.value(s.code, year) for s in of.columns)] for year in of.years]
    about = [(_("内容"), figure.title), (_("说明"), of.table.note)]
    about += [
        (s.name, _("口径：%(calibre)s；出处：%(source)s") % {"calibre": calibre(s), "source": s.source})
        for s in of.columns
    ]
    about += [(_("资料来源"), f"{s.title}（{s.publisher}，{s.vintage}）") for s in of.sources]
    sheet = Sheet(of.table.shown, columns, rows)
    return cast(HttpResponse, xlsx_response(figure.file_name, [sheet], about=about))


urls: list[URLPattern] = [
    path("evaluation/yearbook/", page, name="yearbook"),
    path("evaluation/yearbook/<slug:code>/", one, name="yearbook-table"),
    path("evaluation/yearbook/<slug:code>.svg", as_svg, name="yearbook-svg"),
    path("evaluation/yearbook/<slug:code>.xlsx", as_xlsx, name="yearbook-xlsx"),
]
