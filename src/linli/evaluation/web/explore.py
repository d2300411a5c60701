"""One result: its order of units, the map, a unit's profile, correlations, weights, what the choices do, the cells, the hash."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.territory import queries as territory
from linli_engines.composite import Status

from .. import charts, permissions
from ..choices import ObsStatus, ResultState, UnitLevel
from ..queries.explore import Strip, filled, ranking, structure, treated, weighing
from ..queries.explore.profile import Profile, profile
from ..queries.explore.ranking import SORTS, labels
from ..queries.explore.structure import TOO_CLOSE, Filled
from ..queries.explored import publication_titles
from ..queries.panels import origins
from . import explore_words as words
from . import figures
from .explore_asked import Looking, frame, looking
from .explore_lines import Line, band, lines


def ranked_page(request: ActorRequest, id: UUID) -> HttpResponse:
    """The order of the units: the first page of a finished result."""
    at = looking(request, id)
    sort = s if (s := request.GET.get("sort", "")) in SORTS else "rank"
    groups = labels(at.subject)
    label = v if (v := request.GET.get("label", "")) in {f"{n}:{x}" for n, xs in groups.items() for x in xs} else ""
    found = ranking(at.subject, at.node, at.year, sort, label)
    shown = lines(found, at)
    context = frame(request, at, "ranking") | {
        "found": found, "lines": shown, "sort": sort, "label": label, "ranked": at.ranked,
        "labels": [(str(words.LABELS.get(n, n)), [(f"{n}:{x}", x) for x in xs]) for n, xs in groups.items()],
        "absent_units": () if label else at.of.absent_units, "all_units": len(at.subject.result.panel.units) + len(at.of.absent_units),
        "figure": figures.ranking_figure(at, {"sort": sort, "label": label}),
        "top": [line for line in shown if line.row.rank][:3], "moves": any(line.row.moved is not None for line in shown),
        "study": at.opened.summary, "no_study": not at.opened.summary.get("units"),
        "other_year": found.intervals is False and not at.node and at.of.study_year not in (None, at.year),
    }  # fmt: skip
    return render(request, "evaluation/ranking.html", context)


@require_safe
@require(*permissions.READ_KINDS)
def on_map(request: ActorRequest, id: UUID) -> HttpResponse:
    """Tiles for provinces; the territory's own map for subdistricts; beside either the same as a list."""
    at = looking(request, id)
    found = ranking(at.subject, at.node, at.year)
    tiles = bool(charts.tile_codes() & set(at.subject.result.panel.units))
    context = frame(request, at, "map") | {"lines": lines(found, at), "ranked": at.ranked, "tiles": tiles}
    values = [row.score for row in found.rows]
    steps = charts.quintiles(values)
    for line in context["lines"]:
        line.step = None if line.row.score is None else _step(steps, line.row.score)
    context["legend"] = list(reversed([(k, said) for k, (_colour, said) in enumerate(steps.words())]))
    if tiles:
        context["figure"] = figures.map_figure(at, {})
    elif at.opened.row.level == UnitLevel.SUBDISTRICT:
        context |= _ground(context["lines"])
    return render(request, "evaluation/map.html", context)


def _step(steps: charts.Levels, score: float) -> int:
    return steps.step(score)


def _ground(shown: list[Line]) -> dict[str, Any]:
    """What the map of the territory needs: levels by code, in the order of the legend."""
    areas = {line.row.unit.code: {"step": line.step, "name": line.row.unit.name, "said": line.said} for line in shown}
    return {"areas": areas, "tiles_url": f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt", "attribution": territory.attribution()[0]}  # fmt: skip


@require_safe
@require(*permissions.READ_KINDS)
def units(request: ActorRequest, id: UUID) -> HttpResponse:
    """To the unit asked for, else to the first in the order; several go to the page that sets them side by side."""
    at = looking(request, id)
    wanted = [u for u in request.GET.getlist("unit") if u in at.subject.result.panel.units]
    if len(wanted) > 1:
        return redirect(f"{reverse('evaluation:result-peers', args=[id])}?{request.GET.urlencode()}")
    first = wanted or [row.unit.code for row in ranking(at.subject, "", at.year).rows]
    return redirect(f"{reverse('evaluation:result-unit', args=[id, first[0]])}?{at.query}")


@require_safe
@require(*permissions.READ_KINDS)
def unit(request: ActorRequest, id: UUID, unit: str) -> HttpResponse:
    """A unit: where it stands, what made its score, what changed, where every cell comes from."""
    at = looking(request, id, unit)
    found = profile(at.subject, unit, at.year)
    places = ranking(at.subject, "", at.year).rows
    mine = next(line for line in lines(ranking(at.subject, "", at.year), at) if line.row.unit.code == unit)
    sources = _sources(at)
    context = frame(request, at, "units") | {
        "found": found, "line": mine, "ranked": at.may_rank(at.subject.result.framework.root),
        "units": [(row.unit.code, row.unit.name) for row in sorted(places, key=lambda r: r.unit.code)],
        "rows": [_strip(at, s, sources) for s in found.strips[1:]], "unit": unit,
        "strong": [_strip(at, s, sources) for s in found.strong], "weak": [_strip(at, s, sources) for s in found.weak],
        "figure": figures.profile_figure(at, {}), "change": figures.change_figure(at, {}) if found.change else None,
        "refused": words.problem_sentences(found.refused, at.subject), "no_parts": words.problem_sentences(found.no_parts, at.subject),
        "why": "" if mine.row.rank else words.why_missing(mine.row), "counts": _counts(found),
    }  # fmt: skip
    context["any_rank"] = any(r["ranked"] for r in context["rows"])
    return render(request, "evaluation/unit.html", context)


def _counts(found: Profile) -> dict[str, int]:
    leaves = [s for s in found.strips if s.leaf]
    seen = sum(1 for s in leaves if s.status == Status.OBSERVED)
    return {"all": len(leaves), "observed": seen, "filled": len(found.filled), "gaps": len(found.gaps)}


def _sources(at: Looking) -> dict[str, list[str]]:
    """Indicator -> where the cells of this unit and year came from, in words."""
    row = at.opened.row
    found = origins(at.opened.nodes, unit=at.unit, years=[at.year], cut=row.cut)
    states, titles = dict(ObsStatus.choices), publication_titles()
    return {
        code: list(dict.fromkeys(
            _("%(source)s %(edition)s，%(day)s 公布，%(state)s") % {
                "source": titles.get(c.publication, c.publication), "edition": c.edition, "day": c.vintage, "state": states.get(c.status, c.status),
            } + (f"：{c.note}" if c.note else "")
            for c in cells
        ))
        for (code, _year), cells in found.items()
    }  # fmt: skip


def _strip(at: Looking, s: Strip, sources: dict[str, list[str]]) -> dict[str, Any]:
    """A strip as the template draws it: places in points of a strip 100 wide."""
    marks = {name: band(s.place(value)) for name, value in (("score", s.score), ("median", s.median))}
    low, high = s.place(s.quarter), s.place(s.three_quarters)
    return {
        "s": s, "marks": marks, "ranked": at.may_rank(s.node.code) and s.rank > 0, "indent": s.depth - 1,
        "box": (band(low), f"{max(1.0, 100 * ((high or 0) - (low or 0))):.1f}") if low is not None and high is not None else None,
        "status": str(words.STATUS[s.status]) if s.status is not None else "", "filled": s.status is not None and s.status >= Status.MEAN,
        "sources": sources.get(s.node.code, []), "provisional": s.leaf and s.node.provenance != "sourced",
        "absent": s.leaf and s.score is None,
    }  # fmt: skip


@require_safe
@require(*permissions.READ_KINDS)
def correlated(request: ActorRequest, id: UUID) -> HttpResponse:
    """Correlations below a node, what asks for a look, Cronbach's alpha."""
    at = looking(request, id)
    if at.code not in at.subject.result.framework.children:
        return redirect(f"{reverse('evaluation:result-structure', args=[id])}?year={at.year}")
    method = "spearman" if request.GET.get("method") == "spearman" else "pearson"
    deep = request.GET.get("deep") == "1"
    found = structure(at.subject, at.node, method, deep, at.year)
    asked = {"method": method, "deep": "1" if deep else ""}
    context = frame(request, at, "structure") | {
        "found": found, "method": method, "deep": deep, "too_close": TOO_CLOSE,
        "figure": figures.correlation_figure(at, asked), "nodes": inner(at),
    }  # fmt: skip
    return render(request, "evaluation/structure.html", context)


def inner(at: Looking) -> list[tuple[str, str]]:
    """Nodes with something below them, for choosers that make no sense for an indicator."""
    children = at.subject.result.framework.children
    return [(c, "　" * depth + at.subject.node(c).name) for depth, c in at.subject.tree() if c in children]


@require_safe
@require(*permissions.READ_KINDS)
def weights(request: ActorRequest, id: UUID) -> HttpResponse:
    """What each child weighs by name, in the total, and by what it does."""
    at = looking(request, id)
    rows = weighing(at.subject, at.year)
    scenario = at.subject.result.scenario
    context = frame(request, at, "weights") | {
        "rows": rows, "doubt": all(w.effective is None for w in rows[1:]), "figure": None, "nodes": None,
        "means": str(words.MEAN.get(scenario.aggregate.default, scenario.aggregate.default)),
    }  # fmt: skip
    if at.code in at.subject.result.framework.children:
        context["figure"] = figures.weights_figure(at, {})
    return render(request, "evaluation/weights.html", context)


@require_safe
@require(*permissions.READ_KINDS)
def sensitivity(request: ActorRequest, id: UUID) -> HttpResponse:
    """Which choice moves the result, how often a unit takes a rank, how often one stands before another."""
    at = looking(request, id)
    found, summary = at.of.sensitivity, at.opened.summary
    target = request.GET.get("unit", "") if request.GET.get("unit", "") in found.get("targets", ()) else ""
    context = frame(request, at, "sensitivity") | {"found": found, "summary": summary, "target": target, "nodes": None}
    if found:
        context["figure"] = figures.sensitivity_figure(at, {"unit": target})
        context["targets"] = [(u, at.subject.unit(u).name if u else _("全部地区")) for u in found["targets"]]
        context["sum_first"] = sum(row[found["targets"].index(target)] or 0 for row in found["first"])
    if at.subject.spreads:
        if at.may_rank(at.subject.result.framework.root):
            context["acceptability"] = figures.acceptability_figure(at, {})
        context["beats"] = figures.beats_figure(at, {})
    return render(request, "evaluation/sensitivity.html", context)


@require_safe
@require(*permissions.READ_KINDS)
def cells(request: ActorRequest, id: UUID) -> HttpResponse:
    """What was done to the data on the way: cells filled or missing, columns treated."""
    at = looking(request, id)
    found = filled(at.subject, at.year)
    log = [
        {"t": t, "steps": words.steps(t.decision.steps), "year": t.decision.year or _("各年合并")}
        for t in treated(at.subject, at.year)
    ]
    r = at.subject.result
    observed = int((r.status[r.year_at(at.year)] == Status.OBSERVED).sum())
    context = frame(request, at, "cells") | {
        "groups": _groups(found),
        "count": len(found), "observed": observed, "all": observed + len(found), "log": log, "nodes": None,
        "gaps": sum(1 for f in found if f.value is None),
    }  # fmt: skip
    return render(request, "evaluation/cells.html", context)


def _groups(found: list[Filled]) -> list[dict[str, Any]]:
    """Cells of one indicator that came about in one way, together: gaps first, then the larger groups."""
    held: dict[tuple[str, Status], list[Filled]] = {}
    for f in found:
        held.setdefault((f.node.code, f.status), []).append(f)
    groups = [
        {"node": own[0].node, "status": str(words.STATUS[status]), "gap": own[0].value is None, "cells": own}
        for (_code, status), own in held.items()
    ]
    return sorted(groups, key=lambda g: (not g["gap"], -len(g["cells"])))


@require_safe
@require(*permissions.READ_KINDS)
def hashed(request: ActorRequest, id: UUID) -> HttpResponse:
    """The whole hash, what it stands for and how anybody can check it."""
    at = looking(request, id)
    r = at.subject.result
    context = frame(request, at, "hash") | {
        "digests": [(_("数据"), r.panel.digest), (_("体系"), r.framework.digest), (_("测算方案"), r.scenario.digest)],
        "size": {"units": len(r.panel.units), "years": len(r.panel.years), "leaves": len(r.framework.leaves)},
        "cut": clock.local(at.opened.row.cut), "nodes": None, "released": at.opened.row.state == ResultState.RELEASED,
    }  # fmt: skip
    return render(request, "evaluation/hash.html", context)


_at = "evaluation/results/<uuid:id>/"
urls: list[URLPattern] = [
    path(f"{_at}map/", on_map, name="result-map"),
    path(f"{_at}units/", units, name="result-units"),
    path(f"{_at}units/<slug:unit>/", unit, name="result-unit"),
    path(f"{_at}structure/", correlated, name="result-structure"),
    path(f"{_at}weights/", weights, name="result-weights"),
    path(f"{_at}sensitivity/", sensitivity, name="result-sensitivity"),
    path(f"{_at}cells/", cells, name="result-cells"),
    path(f"{_at}hash/", hashed, name="result-hash"),
]
