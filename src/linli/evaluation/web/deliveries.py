"""Statistics files: upload, preview, confirm, undo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Conflict, Invalid
from linli.exchange.columns import Column, Kind
from linli.exchange.reading import BYTES_MOST
from linli.exchange.writing import Sheet, xlsx_response
from linli.site.refusals import onto_form

from .. import permissions
from ..actions import deliveries as write
from ..actions import measures
from ..choices import DeliveryState, UnitLevel
from ..data_forms import FileForm, series_choices
from ..queries import deliveries as read
from ..queries import series as series_reads
from ..queries import units as unit_reads
from ..sources import How
from .data import said

LISTED = 100


@require_safe
@require(*permissions.READ_KINDS)
def listed(request: ActorRequest) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in DeliveryState.values else ""
    rows = read.deliveries(actor=request.actor, state=state)
    context = {
        "rows": rows, "state": state, "states": DeliveryState.choices,
        "may_work": permissions.can_work(request.actor).allowed, "year": clock.today().year,
    }  # fmt: skip
    return render(request, "evaluation/deliveries.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.WORK_KINDS)
def new(request: ActorRequest) -> HttpResponse:
    """Choose a file; one that cannot be read is refused here, one that is there already is shown."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if request.method == "POST" and form.is_valid():
        d = form.cleaned_data
        try:
            if d["file"].size > BYTES_MOST:
                text = _("文件太大：最多 %(n)s MB。") % {"n": BYTES_MOST >> 20}
                raise Invalid("file_too_large", text, fields={"file": [text]})
            id = write.stage(
                actor=request.actor, data=d["file"].read(), name=d["file"].name or "", publication=d["publication"],
                vintage=d["vintage"], edition=d["edition"],
                how=How(series=d["series"], year=d["year"], symbol=d["symbol"].strip()),
            )  # fmt: skip
        except Conflict as there:
            messages.info(request, str(there.message))
            return redirect("evaluation:delivery", id=there.details["id"])
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            return redirect("evaluation:delivery", id=id)
    return render(request, "evaluation/delivery_new.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@require_safe
@require(*permissions.READ_KINDS)
def one(request: ActorRequest, id: UUID) -> HttpResponse:
    return _one(request, id)


def _one(request: ActorRequest, id: UUID, problem: str = "") -> HttpResponse:
    row = read.delivery(actor=request.actor, id=id)
    may_work = permissions.can_work(request.actor).allowed
    context: dict[str, Any] = {
        "row": row,
        "problem": problem,
        "has_errors": bool(problem),
        "may_work": may_work,
        "listed": LISTED,
    }
    if row.state != DeliveryState.STAGED:
        views = series_reads.series()
        context["lines"] = [(views[c], n, v, u) for c, n, v, u in read.delivered(id) if c in views]
        context["refused"] = row.refused[:LISTED]
        return render(request, "evaluation/delivery.html", context, status=422 if problem else 200)
    found = read.preview(actor=request.actor, id=id)
    places = unit_reads.unit_names()
    views = series_reads.series()
    context |= {
        "found": found, "reading": found.reading, "refused": found.reading.refused[:LISTED], "cells": len(found.reading.cells),
        "against": [(c, places.get(c.unit), views[c.series], said(a), said(b), f"{(a / b - 1) * 100:+.1f}%" if b else "") for c, a, b in found.against[:30]],
        "sample": [(c, places.get(c.unit), views[c.series], said(c.value)) for c in found.reading.cells[:20]],
        "unknown_units": sorted(found.reading.unknown_units.items()), "unknown_series": sorted(found.reading.unknown_series.items()),
        "units": [u for u in places.values() if u.level in (UnitLevel.NATION, UnitLevel.PROVINCE, UnitLevel.DISTRICT, UnitLevel.SUBDISTRICT)],
        "series": series_choices(), "how": found.how,
    }  # fmt: skip
    return render(request, "evaluation/delivery_preview.html", context, status=422 if problem else 200)


@require_POST
@require(*permissions.WORK_KINDS)
def explain(request: ActorRequest, id: UUID) -> HttpResponse:
    """What names mean; a blank answer leaves them unknown, 不读 leaves them out on purpose."""
    found = read.preview(actor=request.actor, id=id)
    post = request.POST
    doc = dict(found.how)
    doc["units"] = {**doc["units"], **_meanings(post, "unit", sorted(found.reading.unknown_units))}
    doc["names"] = {**doc["names"], **_meanings(post, "series", sorted(found.reading.unknown_series))}
    doc["series"] = post.get("series", doc["series"])
    doc["symbol"] = post.get("symbol", doc["symbol"]).replace("\0", "").strip()[:20]
    if "year" in post:
        doc["year"] = (
            int(post["year"]) if post["year"].isascii() and post["year"].isdigit() and len(post["year"]) == 4 else None
        )
    doc["routes"] = {} if post.get("routes") == "no" else None if post.get("routes") == "yes" else doc["routes"]
    try:
        write.explain(actor=request.actor, id=id, how=read.how_of(doc), keep=post.get("keep") == "1")
    except (Invalid, Conflict) as refusal:
        return _one(request, id, str(refusal.message))
    return redirect("evaluation:delivery", id=id)


def _meanings(post: Any, kind: str, texts: list[str]) -> dict[str, str]:
    """The answers of the form: numbered like the list that was shown, each with the text it is about."""
    answers = {}
    for n in range(1, len(texts) + 1):
        text, answer = post.get(f"{kind}-text-{n}", ""), post.get(f"{kind}-{n}", "")
        if answer and text in texts:
            answers[text] = "" if answer == "-" else answer
    return answers


@require_POST
@require(*permissions.WORK_KINDS)
def confirm(request: ActorRequest, id: UUID) -> HttpResponse:
    try:
        n = write.confirm(actor=request.actor, id=id, seen=request.POST.get("seen", ""))
    except Invalid as refusal:
        return _one(request, id, str(refusal.message))
    messages.success(request, _("已采用 %(n)s 格。需要时可以在这里整批撤销。") % {"n": n})
    return redirect("evaluation:delivery", id=id)


@require_POST
@require(*permissions.WORK_KINDS)
def drop(request: ActorRequest, id: UUID) -> HttpResponse:
    write.drop(actor=request.actor, id=id)
    messages.success(request, _("没有采用，文件已删去。"))
    return redirect("evaluation:deliveries")


@require_POST
@require(*permissions.WORK_KINDS)
def undo(request: ActorRequest, id: UUID) -> HttpResponse:
    try:
        write.undo(actor=request.actor, id=id, why=request.POST.get("why", "").replace("\0", ""))
    except Invalid as refusal:
        return _one(request, id, str(refusal.message))
    messages.success(request, _("已撤销这批数据，回到采用以前的版本。"))
    return redirect("evaluation:delivery", id=id)


@require_POST
@require(*permissions.WORK_KINDS)
def take(request: ActorRequest) -> HttpResponse:
    """Count the platform's own measures of a year."""
    year = request.POST.get("year", "")
    n = int(year) if year.isascii() and year.isdigit() and len(year) == 4 else 0
    try:
        id = measures.take_measures(actor=request.actor, year=n)
    except (Invalid, Conflict) as refusal:
        messages.error(request, str(refusal.message))
        return redirect("evaluation:deliveries")
    messages.success(request, _("已数出本平台的指标。它们只用于区内指数，不进入综合评价指数。"))
    return redirect("evaluation:delivery", id=id)


@require_safe
@require(*permissions.READ_KINDS)
def refused(request: ActorRequest, id: UUID) -> Any:
    """Every refused cell with its reason, as a workbook."""
    row = read.delivery(actor=request.actor, id=id)
    lines: list[Any] = row.refused
    if row.state == DeliveryState.STAGED:
        found = read.preview(actor=request.actor, id=id).reading.refused
        lines = [(r.row, r.column, r.value, r.sentence, r.code) for r in found]
    columns = [
        Column("row", _("行"), "Row", Kind.INTEGER), Column("column", _("列"), "Column", width=24),
        Column("value", _("内容"), "Value", width=24), Column("sentence", _("为什么不能采用"), "Why it cannot be taken", width=70),
        Column("code", _("代号"), "Code", Kind.CODE),
    ]  # fmt: skip
    return xlsx_response(
        _("不能采用的格"), [Sheet(_("不能采用的格"), columns, lines)], about=[(_("文件"), row.file_name)]
    )


urls: list[URLPattern] = [
    path("evaluation/data/deliveries/", listed, name="deliveries"),
    path("evaluation/data/deliveries/new", new, name="delivery-new"),
    path("evaluation/data/deliveries/measures", take, name="data-measures"),
    path("evaluation/data/deliveries/<uuid:id>/", one, name="delivery"),
    path("evaluation/data/deliveries/<uuid:id>/names", explain, name="delivery-explain"),
    path("evaluation/data/deliveries/<uuid:id>/confirm", confirm, name="delivery-confirm"),
    path("evaluation/data/deliveries/<uuid:id>/drop", drop, name="delivery-drop"),
    path("evaluation/data/deliveries/<uuid:id>/undo", undo, name="delivery-undo"),
    path("evaluation/data/deliveries/<uuid:id>/refused.xlsx", refused, name="delivery-refused"),
]
