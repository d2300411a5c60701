"""Years, scenarios and units side by side; what a change is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid, Missing
from linli.exchange.writing import Sheet, xlsx_response
from linli_engines.composite import Refused

from .. import charts, permissions, problems
from ..choices import ResultState
from ..queries import results as read
from ..queries.explore import Slope, State, Versus, peers, versus
from ..queries.explore.versus import PEERS_MOST
from ..queries.explored import explored
from . import explore_words as words
from . import figure_files, figures
from .explore_asked import Looking, frame, looking, narrowed

SLOPE = 460  # points: the chart stands beside a table
FINISHED = (ResultState.DONE, ResultState.RELEASED, ResultState.WITHDRAWN)


@dataclass(frozen=True, eq=False)
class Sides:
    """Two results in one of their years each, and what is compared."""

    a: Looking
    b: Looking
    unit: str
    found: Versus

    @property
    def names(self) -> tuple[str, str]:
        """As short as tells them apart."""
        a, b = self.a.opened.row, self.b.opened.row
        if a.id == b.id:
            return str(self.a.year), str(self.b.year)
        if a.scenario != b.scenario and a.framework_id == b.framework_id:
            return f"{a.scenario} {self.a.year}", f"{b.scenario} {self.b.year}"
        return f"{a.name} {self.a.year}", f"{b.name} {self.b.year}"


def sides(request: ActorRequest) -> Sides | None:
    """What the address names; None while there is nothing to compare. Raises Missing, Invalid."""
    get = request.GET
    finished = [r for r in read.results(request.actor) if r.state in FINISHED]
    if not finished:
        return None
    first = get.get("a", "") or str(finished[0].id)
    second = get.get("b", "") or first
    a, b = explored(request.actor, first), explored(request.actor, second)
    node = get.get("node", "")
    other = get.get("by", "") or str(b.subject.years[-1])
    before = get.get("ay", "") or str(a.subject.years[-2] if first == second and len(a.subject.years) > 1 else a.subject.years[-1])  # fmt: skip
    if node and not (node in a.subject.result.framework.at and node in b.subject.result.framework.at):
        raise Missing("no_such_node", _("两份结果里没有共同的这个节点。"))
    one, two = narrowed(a, before, node), narrowed(b, other, node)
    unit = get.get("unit", "")
    shared = set(a.subject.result.panel.units) & set(b.subject.result.panel.units)
    if unit and unit not in shared:
        raise Missing("no_such_unit", _("两份结果里没有共同的这个地区。"))
    if not shared:
        sentence = _("两份结果没有共同的地区，不能比较。")
        raise Invalid("no_common_unit", sentence, fields={"b": [sentence]})
    try:
        found = versus(State(one.subject, one.year), State(two.subject, two.year), one.node, unit)
    except Refused as refused:
        raise problems.refusal(refused) from refused
    return Sides(one, two, unit, found)


@require_safe
@require(*permissions.READ_KINDS)
def compare(request: ActorRequest) -> HttpResponse:
    """Two years, two scenarios or two results."""
    found = sides(request)
    if found is None:
        return render(request, "evaluation/compare.html", {"found": None})
    results = [r for r in read.results(request.actor) if r.state in FINISHED]
    one, two = found.a, found.b
    shared = [(c, n) for c, n in _nodes(one) if c in two.subject.result.framework.at]
    context: dict[str, Any] = {
        "found": found.found, "rows": _rows(request, found), "results": results, "a": one, "b": two, "nodes": shared, "node": one.node,
        "names": found.names, "why": words.problem_sentences(found.found.problems, two.subject),
        "refused": words.problem_sentences(found.found.refused, two.subject), "ranked": one.ranked and two.ranked,
        "unit": found.unit, "units": sorted((r.unit.code, r.unit.name) for r in found.found.rows),
        "slope": _slope(found), "change": _change(found), "query": request.GET.urlencode(),
    }  # fmt: skip
    return render(request, "evaluation/compare.html", context)


def _rows(request: ActorRequest, found: Sides) -> list[tuple[Slope, str]]:
    """Each unit with the address that takes its change apart."""
    asked = request.GET.copy()
    out = []
    for row in found.found.rows:
        asked["unit"] = row.unit.code
        out.append((row, asked.urlencode()))
    return out


def _nodes(at: Looking) -> list[tuple[str, str]]:
    return [(c, "　" * depth + at.subject.node(c).name) for depth, c in at.subject.tree()]


def _slope(found: Sides) -> tuple[SafeString, SafeString]:
    """Drawn from the places among the units that both have, so that the lines stand in unbroken order."""
    return _drawn(_slopes(found).draw, SLOPE)


def _slopes(found: Sides) -> figures.Figure:
    """Without numbers where one of the two is experimental: neither's ranks leave beside the other's."""
    return figures.slope_figure(found.b, found.found.rows, *found.names, {}, ranked=found.a.ranked)


def _drawn(draw: figures.Draw, wide: int, title: str = "", desc: str = "") -> tuple[SafeString, SafeString]:
    """For a wide and for a narrow place on the page."""
    sheets = [draw(charts.Frame(title or _("次序的变动"), desc, "", width)) for width in (wide, figures.NARROW)]
    return mark_safe(sheets[0]), mark_safe(sheets[1])  # noqa: S308  a drawing escapes its words


def _change(found: Sides) -> tuple[SafeString, SafeString] | None:
    if not found.found.change:
        return None
    row = next(r for r in found.found.rows if r.unit.code == found.unit)
    parts = [charts.Part(words.bar_name(b), b.amount) for b in found.found.change]
    ends = charts.Part(found.names[0], row.score_a or 0.0), charts.Part(found.names[1], row.score_b or 0.0)
    title = _("%(unit)s：得分之差由什么组成") % {"unit": row.unit.name}
    return _drawn(
        lambda f: charts.waterfall(ends[0], parts, ends[1], f), figures.WIDE, title, _("各项加起来等于得分之差。")
    )


@require_safe
@require(*permissions.READ_KINDS)
def compare_svg(request: ActorRequest) -> HttpResponse:
    """The slope chart as a file, with both hashes below."""
    found = sides(request)
    if found is None:
        raise Missing("nothing_to_draw", _("还没有可以比较的结果。"))
    figure = _slopes(found)
    foot = _("前 %(a)s｜后 %(b)s") % {"a": found.a.caption, "b": found.b.caption}
    text = charts.flat(figure.draw(charts.Frame(figure.title, figure.desc, foot, figures.WIDE, True)))
    answer = HttpResponse(text, content_type="image/svg+xml; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="compare.svg"'
    return answer


@require_safe
@require(*permissions.READ_KINDS)
def compare_xlsx(request: ActorRequest) -> Any:
    found = sides(request)
    if found is None:
        raise Missing("nothing_to_draw", _("还没有可以比较的结果。"))
    table = _slopes(found).table
    about = [(_("前"), found.a.caption), (_("前，结果码"), found.a.opened.row.digest), (_("后"), found.b.caption), (_("后，结果码"), found.b.opened.row.digest)]  # fmt: skip
    about += [(_("说明"), s) for s in words.problem_sentences(found.found.problems, found.b.subject)]
    sheets = [Sheet(table.name, table.columns, table.rows)]
    if found.found.change:
        row = next(r for r in found.found.rows if r.unit.code == found.unit)
        ends = charts.Part(found.names[0], row.score_a or 0.0), charts.Part(found.names[1], row.score_b or 0.0)
        bars = [charts.Part(words.bar_name(b), b.amount) for b in found.found.change]
        more = figures.waterfall_table(row.unit.name, ends, bars)
        sheets.append(Sheet(more.name, more.columns, more.rows))
    return xlsx_response("compare", sheets, about=about)


@require_safe
@require(*permissions.READ_KINDS)
def side_by_side(request: ActorRequest, id: UUID) -> HttpResponse:
    """Up to four units on every node of the tree."""
    at = looking(request, id)
    panel = at.subject.result.panel
    wanted = list(dict.fromkeys(u for u in request.GET.getlist("unit") if u in panel.units))
    found, rows = peers(at.subject, wanted, at.year)
    best = [{"row": r, "cells": [(s, k, v, i == r.best) for i, (s, k, v) in enumerate(r.cells)], "ranked": at.may_rank(r.node.code)} for r in rows]  # fmt: skip
    context = frame(request, at, "units") | {
        "found": found, "rows": best, "slots": [(k + 1, wanted[k] if k < len(wanted) else "") for k in range(PEERS_MOST)], "most": PEERS_MOST, "too_many": len(wanted) > PEERS_MOST,
        "units": [(u, at.subject.unit(u).name) for u in panel.units], "nodes": None,
    }  # fmt: skip
    return render(request, "evaluation/peers.html", context)


urls: list[URLPattern] = [
    path("evaluation/compare/", compare, name="compare"),
    path("evaluation/compare/compare.svg", compare_svg, name="compare-svg"),
    path("evaluation/compare/compare.xlsx", compare_xlsx, name="compare-xlsx"),
    path("evaluation/results/<uuid:id>/side-by-side/", side_by_side, name="result-peers"),
    *figure_files.urls,
]
