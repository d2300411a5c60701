"""The three matrices as pages: rows of the catalogue over communities, one class in full, one cell, two days."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Invalid, Missing
from linli.site import printing
from linli.territory import queries as territory

from .. import network, permissions, rules
from ..choices import Depth
from ..queries import catalogue as catalogues
from ..queries import cells as cell_reads
from ..queries import coverage as read
from ..queries import surveys
from ..queries.coverage import Coverage, Row
from ..queries.homes import network as network_in_force
from ..rules import STATE_OF, Matrix
from . import asked, community_sheets, matrix_files
from .matrix_asked import Question, matrix_of, question
from .matrix_words import (
    LABELS,
    READINGS,
    at_least,
    calibre,
    early_words,
    reading_words,
    simulated_words,
    statement_words,
)

COLUMNS_MOST = 40  # what a screen can hold; more is a file's work


@require_safe
@require(*permissions.READ_KINDS)
def matrices(request: ActorRequest) -> HttpResponse:
    """All classes and items of one matrix, what is said of it, and how it was computed."""
    context: dict[str, Any] = frame(request)
    try:
        asked_for = question(request)
    except Missing as why:
        if why.code not in {"no_catalogue", "no_network", "no_survey", "no_pace"} or _names_one(request):
            raise
        return render(request, "circle/matrices.html", context | {"absent": why.message})
    of, division = asked_for.of, asked_for.division
    context |= shown(asked_for) | {
        "groups": _groups(read.rows(of, Depth.ITEM, division, asked_for.reading), of),
        "statements": [statement_words(s) for s in read.statements(of, division)],
        "apart": _apart(of), "explain": _explain(of), "alone": _alone(of, division),
        "pdf": printing.available(),
    }  # fmt: skip
    return render(request, "circle/matrices.html", context)


def _names_one(request: ActorRequest) -> bool:
    return any(request.GET.get(k) for k in ("catalogue", "survey", "pace"))


def frame(request: ActorRequest) -> dict[str, Any]:
    """What every page of this area has: the tabs of the three matrices, the choices of the bar."""
    matrix, on = matrix_of(request.GET.get("matrix", "")), request.GET.get("on", "")
    division = request.GET.get("division", "")
    reading = asked.reading_of(request.GET.get("reading", ""))
    kept = {k: v for k, v in (("on", on), ("division", division), ("reading", request.GET.get("reading", ""))) if v}
    return {
        "matrix": matrix.value, "matrix_label": LABELS[matrix], "calibre": calibre(matrix), "on": on, "today": clock.today(),
        "tabs": [{"label": LABELS[m], "query": urlencode({"matrix": m.value} | kept), "current": m is matrix} for m in Matrix],
        "catalogues": [c for c in catalogues.catalogues() if c.state != "draft"] if matrix is Matrix.REACHABLE else [],
        "paces": catalogues.paces() if matrix is Matrix.REACHABLE else (),
        "surveys": [s for s in surveys.surveys(actor=request.actor) if s.state != "draft"] if matrix is not Matrix.REACHABLE else [],
        "divisions": territory.divisions(9, territory.district().code), "division": division,
        "reading": reading.value, "readings": [(r.value, label) for r, label in READINGS.items()], "reading_words": reading_words(reading),
    }  # fmt: skip


def shown(asked_for: Question) -> dict[str, Any]:
    """What the page says of the matrix that it shows."""
    of = asked_for.of
    return {
        "of": of, "query": asked_for.query, "pace": of.pace.code if of.pace else "", "day": of.on,
        "place": territory.division_name(asked_for.division or territory.district().code),
        "communities": int(of.here(asked_for.division).sum()),
        "early": early_words(of.on) if of.matrix is Matrix.REACHABLE else "",
        "pretended": simulated_words(of.catalogue.kind, of.on) if of.matrix is Matrix.REACHABLE else "",
        "words": {STATE_OF[s]: read.said(of, s) for s in (rules.YES, rules.NO, rules.MISSING)},
    }  # fmt: skip


def bar(row: Row) -> dict[str, str]:
    """Where the three parts of a bar begin and end, in per cent; "" where a part is empty."""
    total = row.total or 1
    yes, no = 100 * row.yes / total, 100 * row.no / total
    return {"yes": f"{yes:.2f}", "no": f"{no:.2f}", "no_from": f"{yes:.2f}", "rest": f"{100 - yes - no:.2f}", "rest_from": f"{yes + no:.2f}"}  # fmt: skip


def shown_row(row: Row, of: Coverage) -> dict[str, Any]:
    """A row with its bar and its shares in words; a mean of what was reported is no bound of anything."""
    mean = of.matrix is Matrix.FULFILLED
    return {"row": row, "bar": bar(row), "cells": at_least(row.cells, row.gaps), "homes": at_least(row.homes, 0 if mean else row.gaps)}  # fmt: skip


def _groups(rows: list[Row], of: Coverage) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Classes with their rows. A tier of the living circle says its minutes."""
    groups: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    for row in rows:
        line = shown_row(row, of)
        if row.item.depth == Depth.CLASS or not groups:
            groups.append((line, []))
        else:
            groups[-1][1].append(line)
    return groups


def _apart(of: Coverage) -> list[dict[str, Any]]:
    """What this matrix does not measure, by manner."""
    found: dict[str, list[str]] = {}
    for item in of.apart:
        found.setdefault(item.manner, []).append(item.title)
    words = {"home": _("上门办，紧急需求不出家门"), "offered": _("社区提供，没有固定地点")}
    return [{"why": words.get(m, m), "names": names} for m, names in found.items()]


def _alone(of: Coverage, division: str) -> list[str]:
    """Communities without a home in the data, when it is about walking."""
    if of.matrix is not Matrix.REACHABLE:
        return []
    return [c for c, n in zip(of.communities, of.homes.tolist(), strict=True) if not n and c.startswith(division)]


def _explain(of: Coverage) -> dict[str, Any]:
    if of.reach is None:
        return {}
    names = {"snap_longest_m": _("离路最远（米）"), "snap_tolerance_m": _("改挂主路网（米）"), "least_share": _("算作走得到的住处比例"), "least_responses": _("公布比例的最少回答数")}  # fmt: skip
    wanted = ("snap_longest_m", "snap_tolerance_m", "least_share")
    codes = of.reach.unplaced
    return {
        "settings": [s | {"label": names[s["name"]]} for s in network.settings() if s["name"] in wanted],
        "network": network_in_force(), "homes": int(of.homes.sum()), "lost": of.reach.lost,
        "unplaced": sum(n for c, n in codes.items() if c not in of.catalogue.children),
    }  # fmt: skip


@require_safe
@require(*permissions.READ_KINDS)
def one_class(request: ActorRequest, code: str) -> HttpResponse:
    """Communities by the sub-items at or below a row of the catalogue."""
    asked_for = question(request)
    of, division = asked_for.of, asked_for.division
    row, columns = of.catalogue.by_code.get(code), of.columns(code)
    if row is None or not columns:
        raise Missing("no_such_item", _("这张表里没有这一行。"))
    if len(columns) > COLUMNS_MOST:
        raise Invalid("too_many_columns", _("这一行下面的项目太多，请下载表格。"))
    sort = request.GET.get("sort", "")
    lines = [_line(of, c, columns) for c in read.sorted_communities(of, division, sort, columns)]
    heads = [{"item": of.items[k], "cap": _cap(of, k)} for k in columns]
    tops = [i for i in of.catalogue.items if i.depth == Depth.CLASS and of.columns(i.code)]
    context = frame(request) | shown(asked_for) | {
        "row": row, "heads": heads, "lines": lines, "sort": sort, "tops": tops, "single": heads[0]["item"] if len(heads) == 1 else None,
        "rows": [shown_row(r, of) for r in read.rows(of, Depth.SUB_ITEM, division, asked_for.reading) if code in read.lineage(of.catalogue, r.item)],
    }  # fmt: skip
    return render(request, "circle/matrix_class.html", context)


def _cap(of: Coverage, k: int) -> int | None:
    return catalogues.cap_m(of.catalogue, of.items[k], of.pace) if of.pace else None


MARKS = {rules.YES: "●", rules.NO: "○", rules.MISSING: "", rules.APART: ""}


def _line(of: Coverage, c: int, columns: list[int]) -> dict[str, Any]:
    cells = []
    for k in columns:
        state, value = int(of.state[c, k]), float(of.value[c, k])
        known = value == value and (state != rules.MISSING or of.matrix is Matrix.REACHABLE)
        text = f"{value:.0f}" if known and of.matrix is not Matrix.PROVIDED else ""
        cells.append((STATE_OF[state], MARKS[state], text, of.items[k].code))
    code = of.communities[c]
    return {
        "code": code, "name": territory.division_name(code, short=True), "homes": int(of.homes[c]), "cells": cells,
        "yes": sum(x[0] == "yes" for x in cells), "no": sum(x[0] == "no" for x in cells), "missing": sum(x[0] == "missing" for x in cells),
    }  # fmt: skip


@require_safe
@require(*permissions.READ_KINDS)
def cell(request: ActorRequest, code: str, community: str) -> HttpResponse:
    """One community and one item: its homes with their metres, or what the survey answered."""
    asked_for = question(request)
    of = asked_for.of
    if community not in of.communities or code not in {i.code for i in of.items}:
        raise Missing("no_such_cell", _("这张表里没有这个社区的这一项。"))
    c, k = of.communities.index(community), [i.code for i in of.items].index(code)
    value = float(of.value[c, k])
    context = frame(request) | shown(asked_for) | {
        "item": of.items[k], "code": community, "name": territory.division_name(community),
        "subdistrict": territory.division_name(community[:9]), "state": STATE_OF[int(of.state[c, k])],
        "state_words": read.said(of, int(of.state[c, k])), "value": f"{value:.0f}" if value == value else "",
        "why": read.why_missing(of, community, code), "top": read.lineage(of.catalogue, of.items[k])[-1],
    }  # fmt: skip
    if of.pace is not None:
        context["found"] = cell_reads.cell(
            actor=request.actor,
            catalogue_id=of.catalogue.id,
            item=code,
            pace=of.pace.code,
            on=of.on,
            community=community,
        )
    return render(request, "circle/matrix_cell.html", context)


@require_safe
@require(*permissions.READ_KINDS)
def compare(request: ActorRequest) -> HttpResponse:
    """Two days of the walking matrix: which items came and went where, and which facilities opened and closed."""
    now = clock.today()
    a = asked.day(request.GET.get("a", "") or str(now.replace(year=now.year - 1, day=min(now.day, 28))))
    b = asked.day(request.GET.get("b", ""))
    then, later = question(request, a), question(request, b)
    changes = [
        {"line": x, "gained": _names(x.gained), "lost": _names(x.lost)} for x in read.between(then.of, later.of)
    ]  # fmt: skip
    context = frame(request) | shown(later) | {
        "early_then": early_words(a) if then.matrix is Matrix.REACHABLE else "",
        "a": a, "b": b, "changes": changes, "then": then.of,
        "opened": cell_reads.turned(actor=request.actor, then=a, now=b) if then.matrix is Matrix.REACHABLE else None,
    }  # fmt: skip
    return render(request, "circle/matrix_compare.html", context)


def _names(codes: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(c, territory.division_name(c, short=True)) for c in codes]


@require_safe
@require(*permissions.READ_KINDS)
def left_out(request: ActorRequest) -> HttpResponse:
    """Facilities and homes that no matrix counts, since no walkable way is near."""
    on = asked.day(request.GET.get("on", ""))
    found = cell_reads.left_out(actor=request.actor, on=on)
    context = {
        "found": found,
        "on": on,
        "longest_m": int(network.setting("snap_longest_m")),
        "network": network_in_force(),
        "early": early_words(on),
    }
    return render(request, "circle/left_out.html", context)


urls: list[URLPattern] = [
    path("circle/", matrices, name="matrices"),
    path("circle/matrices/compare/", compare, name="matrix-compare"),
    path("circle/matrices/left-out/", left_out, name="matrix-left-out"),
    path("circle/matrices/<slug:code>/", one_class, name="matrix-class"),
    path("circle/matrices/<slug:code>/<slug:community>/", cell, name="matrix-cell"),
    *matrix_files.urls,
    *community_sheets.urls,
]
