"""The pages of every import: upload, preview row by row, confirm, undo; the table and the refusals as workbooks."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid

from . import actions, queries
from .columns import Column, Kind, said
from .forms import FileForm
from .importers import Importer, importer_for
from .reading import BYTES_MOST
from .writing import Sheet, xlsx_response

LISTED = 200  # rows of each sort that a page shows


@require()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: ActorRequest, kind: str) -> HttpResponse:
    """Choose a file; a file that cannot be read is refused here, one that can leads to its preview."""
    importer = importer_for(kind)
    importer.can(request.actor).or_forbidden()
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            if upload.size > BYTES_MOST:
                raise Invalid("file_too_large", _("文件太大：最多 %(n)s MB。") % {"n": BYTES_MOST >> 20})
            taken = actions.take(actor=request.actor, kind=kind, data=upload.read(), name=upload.name or "")
        except Invalid as refused:
            form.add_error("file", str(refused.message))
        else:
            return redirect("exchange:preview", kind=kind, id=taken.pk)
    context = {
        "importer": importer,
        "home": _home(importer),
        "form": form,
        "columns": importer.columns(),
        "latest": queries.latest(actor=request.actor, kind=kind),
        "has_errors": bool(form.errors),
    }
    return render(request, "exchange/start.html", context, status=422 if form.errors else 200)


def _home(importer: Importer) -> str:
    """Where the table is looked at."""
    place = str(importer.home)
    return place if "/" in place else reverse(place)


@require()
@never_cache
@require_safe
def preview(request: ActorRequest, kind: str, id: uuid.UUID) -> HttpResponse:
    return render(request, "exchange/preview.html", _context(request, kind, id))


def _context(request: ActorRequest, kind: str, id: uuid.UUID) -> dict[str, Any]:
    found = queries.preview(actor=request.actor, kind=kind, id=id)
    name = found.importer.name
    columns = [
        c for c in found.importer.columns() if c.compared and (not found.upload.found or c.key in found.upload.found)
    ]

    def words(values: Any) -> list[tuple[str, str]]:
        return [(c.heading, text) for c in columns if (text := said(c, values.get(c.key)))]

    return {
        "found": found,
        "importer": found.importer,
        "home": _home(found.importer),
        "plan": found.plan,
        "counts": found.upload.counts,
        "new": [(r.number, name(r.values), words(r.values)) for r in found.plan.new[:LISTED]],
        "changed": found.plan.changed[:LISTED],
        "retired": [(title, words(values)) for title, values in found.plan.retired[:LISTED]],
        "refused": found.plan.refused[:LISTED],
        "listed": LISTED,
        "has_errors": bool(found.plan.refused_count),
    }


@require()
@never_cache
@require_POST
def confirm(request: ActorRequest, kind: str, id: uuid.UUID) -> HttpResponse:
    actions.confirm(actor=request.actor, kind=kind, id=id, expected=request.POST.get("expected", "")[:80])
    messages.success(request, _("已导入。需要时可以在这里撤销。"))
    return redirect("exchange:preview", kind=kind, id=id)


@require()
@never_cache
@require_POST
def undo(request: ActorRequest, kind: str, id: uuid.UUID) -> HttpResponse:
    actions.undo(actor=request.actor, kind=kind, id=id)
    messages.success(request, _("已撤销这次导入，恢复成导入以前的内容。"))
    return redirect("exchange:preview", kind=kind, id=id)


@require()
@never_cache
@require_POST
def drop(request: ActorRequest, kind: str, id: uuid.UUID) -> HttpResponse:
    actions.drop(actor=request.actor, kind=kind, id=id)
    return redirect("exchange:start", kind=kind)


@require()
@never_cache
@require_safe
def table(request: ActorRequest, kind: str) -> Any:
    """The table as it stands, in the columns that an import reads: change it and take it in again."""
    importer = importer_for(kind)
    importer.can(request.actor).or_forbidden()
    sheet = Sheet(str(importer.title), importer.columns(), importer.current().values())
    return xlsx_response(str(importer.title), [sheet], about=importer.about())


@require()
@never_cache
@require_safe
def refused(request: ActorRequest, kind: str, id: uuid.UUID) -> Any:
    """Every refusal of an upload, as a workbook."""
    found = queries.preview(actor=request.actor, kind=kind, id=id)
    columns = [
        Column("row", _("行"), "Row", Kind.INTEGER),
        Column("column", _("列"), "Column"),
        Column("value", _("内容"), "Value", width=30),
        Column("sentence", _("为什么不能导入"), "Why it cannot be imported", width=60),
        Column("code", _("代号"), "Code", Kind.CODE),
    ]
    rows = [{"row": r.row, "column": r.column, "value": r.value, "sentence": r.sentence, "code": r.code}
            for r in found.plan.refused]  # fmt: skip
    more = found.plan.refused_count - len(rows)
    about = [(_("表格"), importer_for(kind).title), (_("不能导入的处数"), found.plan.refused_count)]
    if more > 0:
        about.append((_("没有列出的"), more))
    return xlsx_response(_("不能导入的行"), [Sheet(_("不能导入的行"), columns, rows)], about=about)
