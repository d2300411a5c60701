"""Units, series, observations with their vintages, checks and rulings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid, Missing, Refusal
from linli.exchange.writing import Sheet, xlsx_response

from .. import exports, permissions
from ..actions import names, rulings
from ..choices import NameKind, UnitLevel
from ..data_forms import RulingForm, UnitNameForm
from ..queries import checks, coverage
from ..queries import deliveries as delivery_reads
from ..queries import observations as obs
from ..queries import series as series_reads
from ..queries import units as unit_reads

LISTED = 200


def said(value: float | None, places: int | None = None) -> str:
    """A value as tables print it: grouped, with `places` decimals, or no more digits than it has."""
    if value is None:
        return "—"
    return f"{value:,.10g}" if places is None else f"{value:,.{places}f}"


def decimals(values: Iterable[float | None]) -> int:
    """How many decimals a table needs to print all of its values alike; at most four."""
    return min(4, max((len(f"{v:.10g}".partition(".")[2]) for v in values if v is not None), default=0))


def _level(request: ActorRequest, default: str = UnitLevel.PROVINCE) -> str:
    level = request.GET.get("level", "")
    return level if level in UnitLevel.values else default


@require_safe
@require(*permissions.READ_KINDS)
def overview(request: ActorRequest) -> HttpResponse:
    """Series by year: how many units have a value; what is missing is seen."""
    level, q = _level(request), request.GET.get("q", "").strip()[:60]
    found = coverage.coverage(level, q=q)
    lines = [
        (
            line.series,
            [(y, n, _shade(n, found.units), y in line.stopped) for y, n in zip(found.years, line.counts, strict=True)],
        )
        for line in found.lines
    ]
    applied = delivery_reads.deliveries(actor=request.actor, state="applied", limit=1_000)
    context = {
        "found": found, "lines": lines, "level": level, "q": q, "levels": _levels(), "applied": len(applied),
        "stops": list(checks.stopped(series_reads.series()).values()), "may_work": permissions.can_work(request.actor).allowed,
        "query": request.GET.urlencode(),
    }  # fmt: skip
    return render(request, "evaluation/data.html", context)


def _shade(n: int | None, of: int) -> str:
    if not n:
        return "none"
    return "all" if n >= of else "most" if n * 2 >= of else "few"


def _levels() -> list[tuple[str, Any]]:
    wanted = (UnitLevel.PROVINCE, UnitLevel.DISTRICT, UnitLevel.SUBDISTRICT, UnitLevel.NATION)
    return [(level.value, level.label) for level in wanted]


def _series(code: str) -> series_reads.SeriesView:
    view = series_reads.series([code]).get(code)
    if view is None:
        raise Missing("no_such_series", _("没有这个指标。"))
    return view


@require_safe
@require(*permissions.READ_KINDS)
def one_series(request: ActorRequest, code: str) -> HttpResponse:
    """Units by years with status marks; other calibres of the same thing are named, never mixed in."""
    view = _series(code)
    levels = coverage.levels_of(code)
    level = _level(request, levels[0] if levels else UnitLevel.PROVINCE)
    found = coverage.table(view, level)
    places = decimals(c.value for _u, cells in found.rows for c in cells if c)
    rows = [
        (
            unit,
            [
                (y, c, said(c.value, places) if c else "", (unit.code, y) in found.many)
                for y, c in zip(found.years, cells, strict=True)
            ],
        )
        for unit, cells in found.rows
    ]
    others = [s for s in series_reads.series().values() if s.concept == view.concept and s.code != view.code]
    words = {lv.value: lv.label for lv in UnitLevel}
    context = {
        "series": view, "found": found, "rows": rows, "others": others, "level": level,
        "levels": [(lv, words[UnitLevel(lv)]) for lv in levels], "headings": series_reads.headings_of(code),
        "parts": list(series_reads.series(view.parts).values()),
        "findings": checks.findings(series=code)[:40], "titles": {c: checks.title(c) for c in checks.CODES},
    }  # fmt: skip
    return render(request, "evaluation/series.html", context)


@require_safe
@require(*permissions.READ_KINDS)
def one_cell(request: ActorRequest, code: str, unit: str, year: int) -> HttpResponse:
    """All vintages of one cell side by side, with what stood in the file."""
    view = _series(code)
    place = unit_reads.unit_names([unit]).get(unit)
    found = obs.vintages(code, unit, year)
    if place is None or not found:
        raise Missing("no_such_cell", _("没有这一格。"))
    titles = {p.code: p for p in delivery_reads.publications()}
    used = obs.cells(series=[code], units=[unit], years=[year])
    context = {
        "series": view, "unit": place, "year": year, "used": used[0], "used_said": said(used[0].value),
        "lines": [(c, said(c.value), titles[c.publication]) for c in found],
        "rulings": [r for r in checks.rulings() if r.series == code and r.year == year and r.unit in ("", unit)],
    }  # fmt: skip
    return render(request, "evaluation/series_cell.html", context)


@require_safe
@require(*permissions.READ_KINDS)
def units_page(request: ActorRequest) -> HttpResponse:
    """Units with every name by which files call them, and what has been merged or renamed."""
    level = _level(request)
    everyone = unit_reads.unit_names()
    aliases = unit_reads.all_aliases()
    rows = [u for u in everyone.values() if u.level == level]
    lines = [
        (u, [t for t, k in aliases.get(u.code, []) if k not in (NameKind.MISSPELT, NameKind.FORMER)],
         [t for t, k in aliases.get(u.code, []) if k == NameKind.FORMER],
         [t for t, k in aliases.get(u.code, []) if k == NameKind.MISSPELT])
        for u in rows
    ]  # fmt: skip
    context = {
        "lines": lines, "level": level, "levels": _levels(),
        "changes": [(c, everyone.get(c.before), everyone.get(c.after)) for c in unit_reads.changes()],
        "may_work": permissions.can_work(request.actor).allowed, "form": UnitNameForm(),
    }  # fmt: skip
    return render(request, "evaluation/units.html", context)


@require_POST
@require(*permissions.WORK_KINDS)
def add_name(request: ActorRequest) -> HttpResponse:
    """A text that files use for a unit, remembered."""
    form = UnitNameForm(request.POST)
    if form.is_valid():
        try:
            names.name_unit(actor=request.actor, code=request.POST.get("unit", ""), **form.cleaned_data)
        except Refusal as refusal:
            messages.error(request, str(refusal.message))
        else:
            messages.success(request, _("已记下这个名称，以后的文件都认得。"))
    else:
        messages.error(request, _("请填写名称。"))
    return redirect("evaluation:data-units")


@require_safe
@require(*permissions.READ_KINDS)
def checks_page(request: ActorRequest) -> HttpResponse:
    """What looks wrong, what stops first; who may rules."""
    return _checks(request, "")


def _checks(request: ActorRequest, problem: str) -> HttpResponse:
    code = request.GET.get("code", "")
    everything = checks.findings()
    found = [f for f in everything if not code or f.code == code]
    views = series_reads.series()
    kinds = [(c, checks.title(c), n) for c in checks.CODES if (n := sum(f.code == c for f in everything))]
    context = {
        "lines": [(f, views.get(f.series), checks.title(f.code)) for f in found[:LISTED]], "count": len(found),
        "kinds": kinds, "code": code, "all": len(everything), "stops": sum(f.stops for f in everything),
        "ruled": [(r, views.get(r.series), checks.title(r.finding)) for r in checks.rulings()], "problem": problem,
        "may_work": permissions.can_work(request.actor).allowed, "listed": LISTED,
    }  # fmt: skip
    return render(request, "evaluation/checks.html", context, status=422 if problem else 200)


@require_POST
@require(*permissions.WORK_KINDS)
def rule(request: ActorRequest) -> HttpResponse:
    form = RulingForm(request.POST)
    if not form.is_valid():
        return _checks(request, _("请写明裁定的理由。"))
    try:
        rulings.rule(actor=request.actor, **form.cleaned_data)
    except Invalid as refusal:
        return _checks(request, str(refusal.message))
    messages.success(request, _("已裁定，并记入管理记录。"))
    return redirect("evaluation:data-checks")


@require_POST
@require(*permissions.WORK_KINDS)
def end_ruling(request: ActorRequest, id: int) -> HttpResponse:
    rulings.end(actor=request.actor, id=id)
    messages.success(request, _("已收回裁定。"))
    return redirect("evaluation:data-checks")


# --- out ----------------------------------------------------------------------------------------------
def _asked(request: ActorRequest) -> tuple[dict[str, series_reads.SeriesView], list[obs.Cell]]:
    """The cells in force that an export is asked for: ?series=, ?level=, ?from=, ?to=."""
    wanted = [c for c in request.GET.getlist("series") if c]
    views = series_reads.series(wanted or None)
    level = _level(request, "")
    members: Iterable[str] | None = (
        {u.code for u in unit_reads.unit_names().values() if u.level == level} if level else None
    )
    first, last = (_year(request.GET.get(k, ""), d) for k, d in (("from", 1949), ("to", 2200)))
    return views, obs.cells(series=views, units=members, years=range(first, last + 1))


def _year(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else default


@require_safe
@require(*permissions.READ_KINDS)
def workbook(request: ActorRequest) -> Any:
    views, cells = _asked(request)
    rows = exports.rows(cells, views, unit_reads.unit_names())
    return xlsx_response(
        _("统计数据"),
        [Sheet(_("统计数据"), exports.COLUMNS, rows)],
        about=[(_("内容"), _("在用的版本；没有数的格照样列出"))],
    )


@require_safe
@require(*permissions.READ_KINDS)
def sdmx(request: ActorRequest) -> Any:
    """SDMX-CSV; `?version=1` gives the form of SDMX 2.1."""
    views, cells = _asked(request)
    lines = exports.sdmx_csv(cells, views, version=1 if request.GET.get("version") == "1" else 2)
    response = StreamingHttpResponse(lines, content_type="application/vnd.sdmx.data+csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="statistics.csv"'
    return response


urls: list[URLPattern] = [
    path("evaluation/data/", overview, name="data"),
    path("evaluation/data/series/<slug:code>/", one_series, name="series"),
    path("evaluation/data/series/<slug:code>/<int:year>/<str:unit>/", one_cell, name="series-cell"),
    path("evaluation/data/units/", units_page, name="data-units"),
    path("evaluation/data/units/names", add_name, name="data-unit-name"),
    path("evaluation/data/checks/", checks_page, name="data-checks"),
    path("evaluation/data/rulings", rule, name="data-rule"),
    path("evaluation/data/rulings/<int:id>/end", end_ruling, name="data-ruling-end"),
    path("evaluation/data/statistics.xlsx", workbook, name="data-xlsx"),
    path("evaluation/data/sdmx.csv", sdmx, name="data-sdmx"),
]
