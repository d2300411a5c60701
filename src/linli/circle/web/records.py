"""Records of communities: 三有一化 over a district, one community's page, programmes. Circles are in `circles`."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.actor import Actor
from linli.core.errors import Invalid
from linli.site.refusals import onto_form
from linli.territory import queries as territory

from .. import permissions
from ..actions import records as write
from ..choices import DesignationState
from ..forms import FEN, DesignationForm, RecordForm
from ..queries import records as read
from . import circles
from .asked import division_of as division_of  # the pages of surveys ask for it here, too


def community_choices(actor: Actor, kinds: frozenset[Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Communities where the actor holds one of these posts, grouped by subdistrict."""
    found = []
    for s in territory.divisions(9, territory.district().code):
        mine = [(c.code, c.name) for c in territory.divisions(12, s.code) if actor.holds(kinds, c.code)]
        if mine:
            found.append((s.name, mine))
    return found


def said(kind: read.KindView, entry: read.EntryView | None) -> str:
    """A value in words: 350 ㎡, 12.50 元, 是."""
    if entry is None:
        return ""
    if kind.value == "yes":
        return _("是") if entry.amount else _("否")
    if kind.value == "fen":
        return f"{entry.amount // FEN:,}.{entry.amount % FEN:02d} {kind.unit}"
    return f"{entry.amount:,} {kind.unit}"


def named(row: Any) -> str:
    """The name in the reader's language, where there is an English one."""
    return row.name_en if (get_language() or "zh").startswith("en") and row.name_en else row.name


@require_safe
@require(*permissions.READ_KINDS)
def home(request: ActorRequest) -> HttpResponse:
    """三有一化 over a district or a subdistrict, and who is below the mark."""
    division = division_of(request)
    covered = read.coverage(actor=request.actor, division=division)
    newest = read.newest(division)
    lines: list[dict[str, Any]] = []
    for c in read.communities(division):
        cells = [(k.kind, newest.get((k.kind.code, c.code))) for k in covered]
        marks = [_mark(k, e) for k, e in cells]
        lines.append(
            {"community": c, "cells": [{"said": said(k, e), "mark": m} for (k, e), m in zip(cells, marks, strict=True)]}
        )
    lines.sort(key=lambda x: (-sum(c["mark"] == "below" for c in x["cells"]), x["community"].code))
    context = {
        "covered": [{"line": c, "name": named(c.kind)} for c in covered],
        "lines": lines, "division": division, "divisions": territory.divisions(9, territory.district().code),
        "here": territory.division_name(division or territory.district().code),
        "stations": read.shared_stations(actor=request.actor, division=division),
        "programmes": [(p, named(p), _latest(years)) for p, years in read.programmes(actor=request.actor, division=division)],
        "built": read.built(actor=request.actor, division=division),
        "may_import": bool(permissions.can_keep_catalogue(request.actor, territory.district().code)),
    }  # fmt: skip
    return render(request, "circle/records.html", context)


def _mark(kind: read.KindView, entry: read.EntryView | None) -> str:
    if entry is None:
        return "missing"
    return "met" if kind.least is None or entry.amount >= kind.least else "below"


def _latest(years: dict[int, dict[str, int]]) -> list[tuple[int, list[tuple[Any, int]]]]:
    return [
        (year, [(DesignationState(s).label, n) for s, n in counts.items() if n])
        for year, counts in list(years.items())[:4]
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.READ_KINDS)
def community(request: ActorRequest, code: str) -> HttpResponse:
    """One community: the three bodies, its stations, its records with their history, programmes, circles."""
    found = read.record_of(actor=request.actor, code=code)
    may = bool(permissions.can_fill(request.actor, code))
    form = RecordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        permissions.can_fill(request.actor, code).or_forbidden()
        if form.is_valid():
            try:
                write.add_record(actor=request.actor, community=code, **form.cleaned_data)
            except Invalid as refusal:
                onto_form(form, refusal)
            else:
                messages.success(request, _("已登记。以前登记的还在下面的历史里。"))
                return redirect("circle:community", code=code)
    context = {
        "found": found, "form": form if may else None, "subdistrict": territory.division_name(code[:9]),
        "kinds": [
            {"kind": k, "name": named(k), "said": said(k, e), "entry": e, "mark": _mark(k, e),
             "least": said(k, read.EntryView(amount=k.least)) if k.least is not None and k.least > 1 else "",
             "history": [(said(k, h), h) for h in history]}
            for k, e, history in found.kinds
        ],
    }  # fmt: skip
    return render(request, "circle/community.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.READ_KINDS)
def programme(request: ActorRequest, code: str) -> HttpResponse:
    """One programme: its criteria, and which communities by year."""
    division = division_of(request)
    row, designations = read.programme(actor=request.actor, code=code, division=division)
    mine = community_choices(request.actor, permissions.KEEP_KINDS)
    if request.method == "POST" and not mine:
        permissions.can_keep_records(request.actor, division).or_forbidden()
    form = DesignationForm(request.POST if request.method == "POST" else None, programme=row, communities=mine)
    if request.method == "POST" and form.is_valid():
        try:
            write.designate(actor=request.actor, programme=code, **form.cleaned_data)
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已登记。"))
            return redirect("circle:programme", code=code)
    names = {c["code"]: named(_Criterion(c)) for c in row.criteria}
    years: dict[int, list[Any]] = {}
    for d in designations:
        years.setdefault(d.year, []).append(
            {"row": d, "community": territory.division_name(d.community), "met": [names.get(c, c) for c in d.met],
             "all": len(row.criteria)}
        )  # fmt: skip
    context = {"programme": row, "name": named(row), "criteria": list(names.values()), "years": years,
               "form": form if mine else None, "has_errors": bool(form.errors)}  # fmt: skip
    return render(request, "circle/programme.html", context, status=422 if form.errors else 200)


class _Criterion:
    def __init__(self, row: dict[str, str]) -> None:
        self.name, self.name_en = row["name"], row["name_en"]


urls: list[URLPattern] = [
    path("circle/records/", home, name="records"),
    path("circle/communities/<slug:code>/", community, name="community"),
    path("circle/programmes/<slug:code>/", programme, name="programme"),
    *circles.urls,
]
