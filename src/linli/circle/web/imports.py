"""Pages of the service circle: a file of facilities, from the upload to the undo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, xlsx_response
from linli.site.refusals import onto_form
from linli.territory import queries as territory

from .. import permissions
from ..actions import imports as write
from ..choices import Datum, ImportState
from ..facility_files import BYTES_MOST
from ..facility_forms import FileForm, scheme_choices
from ..queries import imports as read

LISTED, POINTS_MOST = 100, 3_000


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.KEEP_KINDS)
def start(request: ActorRequest) -> HttpResponse:
    """Choose a file; one that cannot be read is refused here."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if request.method == "POST" and form.is_valid():
        d = form.cleaned_data
        file = d["file"]
        try:
            if file.size > BYTES_MOST:
                text = _("文件太大：最多 %(n)s MB。请按街道或类别分成几个文件。") % {"n": BYTES_MOST >> 20}
                raise Invalid("file_too_large", text, fields={"file": [text]})
            id = write.take(
                actor=request.actor, data=file.read(), name=file.name or "", scheme=d["scheme"], datum=d["datum"],
                source=d["source"], provenance=d["provenance"],
            )  # fmt: skip
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            return redirect("circle:facility-import", id=id)
    context = {"form": form, "latest": read.latest_imports(actor=request.actor), "columns": read.columns()}
    return render(request, "circle/import_start.html", context, status=422 if form.errors else 200)


@never_cache
@require_safe
@require(*permissions.KEEP_KINDS)
def preview(request: ActorRequest, id: int) -> HttpResponse:
    return _preview(request, id)


def _preview(request: ActorRequest, id: int, problem: str = "") -> HttpResponse:
    row = read.one_import(actor=request.actor, id=id)
    context: dict[str, Any] = {"row": row, "problem": problem, "has_errors": bool(problem), "listed": LISTED}
    if row.state != ImportState.WAITING:
        context["refused"] = row.report.get("refused", [])[:LISTED]
        return render(request, "circle/import_done.html", context)
    found = read.preview(actor=request.actor, id=id)
    similar = {c.number for c, *_rest in found.similar}
    far = {c.number for c in found.far}
    from .facilities import tiles

    context |= {
        "found": found, "taken": len(found.taken), "changes": len(found.taken) - found.new, "told": Datum(found.told).label,
        "lines": [(c, c.number in far, c.number in similar, territory.division_name(c.community)) for c in found.taken[:LISTED]],
        "refused": found.refused[:LISTED], "refused_count": len(found.refused), "tiles": tiles(),
        "points": [[0, c.lon, c.lat, c.name] for c in found.taken[:POINTS_MOST]],
        "columns": [(c, row.mapping["columns"].get(c["field"], "")) for c in read.columns()],
        "schemes": scheme_choices(), "datums": Datum.choices, "classes": read.known_classes(row.scheme),
        "similar": found.similar[:20],
    }  # fmt: skip
    return render(request, "circle/import_preview.html", context, status=422 if problem else 200)


@require_POST
@require(*permissions.KEEP_KINDS)
def remap(request: ActorRequest, id: int) -> HttpResponse:
    """What the columns mean, said anew."""
    post = request.POST
    try:
        write.remap(
            actor=request.actor, id=id, columns={f: post.get(f"column-{f}", "") for f in read.FIELDS},
            fixed_class=post.get("fixed_class", "")[:60], scheme=post.get("scheme", ""), datum=post.get("datum", ""),
        )  # fmt: skip
    except Invalid as refusal:
        return _preview(request, id, str(refusal.message))
    return redirect("circle:facility-import", id=id)


@require_POST
@require(*permissions.KEEP_KINDS)
def confirm(request: ActorRequest, id: int) -> HttpResponse:
    text = request.POST.get("expected", "")
    expected = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
    try:
        write.confirm(
            actor=request.actor, id=id, expected=expected, seen=request.POST.get("seen"),
            despite=request.POST.get("despite") == "1",
        )  # fmt: skip
    except Invalid as refusal:
        return _preview(request, id, str(refusal.message))
    messages.success(request, _("已导入。需要时可以在这里整批撤销。"))
    return redirect("circle:facility-import", id=id)


@require_POST
@require(*permissions.KEEP_KINDS)
def undo(request: ActorRequest, id: int) -> HttpResponse:
    write.undo(actor=request.actor, id=id)
    messages.success(request, _("已撤销这次导入，恢复成导入以前的内容。"))
    return redirect("circle:facility-import", id=id)


@require_POST
@require(*permissions.KEEP_KINDS)
def drop(request: ActorRequest, id: int) -> HttpResponse:
    write.drop(actor=request.actor, id=id)
    return redirect("circle:facility-import-start")


@require_safe
@require(*permissions.KEEP_KINDS)
def refused(request: ActorRequest, id: int) -> Any:
    """Every refused row with its reason, as a workbook."""
    row = read.one_import(actor=request.actor, id=id)
    if row.state == ImportState.WAITING:
        lines = [
            (r.row, r.column, r.value, r.sentence, r.code) for r in read.preview(actor=request.actor, id=id).refused
        ]
    else:
        lines = [tuple(r) for r in row.report.get("refused", [])]
    columns = [
        Column("row", _("行"), "Row", Kind.INTEGER),
        Column("column", _("列"), "Column"),
        Column("value", _("内容"), "Value", width=30),
        Column("sentence", _("为什么不能导入"), "Why it cannot be imported", width=60),
        Column("code", _("代号"), "Code", Kind.CODE),
    ]
    return xlsx_response(_("不能导入的行"), [Sheet(_("不能导入的行"), columns, lines)], about=[(_("文件"), row.name)])


urls: list[URLPattern] = [
    path("circle/facilities/import/", start, name="facility-import-start"),
    path("circle/facilities/import/<int:id>/", preview, name="facility-import"),
    path("circle/facilities/import/<int:id>/columns", remap, name="facility-import-columns"),
    path("circle/facilities/import/<int:id>/confirm", confirm, name="facility-import-confirm"),
    path("circle/facilities/import/<int:id>/undo", undo, name="facility-import-undo"),
    path("circle/facilities/import/<int:id>/drop", drop, name="facility-import-drop"),
    path("circle/facilities/import/<int:id>/refused.xlsx", refused, name="facility-import-refused"),
]
