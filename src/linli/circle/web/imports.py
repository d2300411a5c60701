"""Pages of the service circle: a file of facilities, from the upload to the undo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid, Missing
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, xlsx_response
from linli.jobs import actions as jobs
from linli.jobs import queries as job_reads
from linli.jobs.queries import JobView
from linli.site.refusals import onto_form
from linli.territory import queries as territory

from .. import import_jobs, permissions
from ..actions import imports as write
from ..choices import Datum, ImportState
from ..facility_files import BYTES_MOST
from ..facility_forms import FileForm, scheme_choices
from ..queries import import_shown
from ..queries import imports as read


def _work(request: ActorRequest, kind: str, id: int) -> None:
    """Queue long work at an import and remember which; its page shows how far it is."""
    back = reverse("circle:facility-import", args=[id])
    with transaction.atomic():
        params = {"id": id, "language": get_language() or "zh-hans"}
        job = jobs.start(kind, actor=request.actor, params=params, return_url=back)
        write.follow(actor=request.actor, id=id, job=job.pk)


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
            if import_shown.is_large(read.one_import(actor=request.actor, id=id)):
                _work(request, import_jobs.CHECK, id)
            return redirect("circle:facility-import", id=id)
    context = {"form": form, "latest": read.latest_imports(actor=request.actor), "columns": read.columns()}
    return render(request, "circle/import_start.html", context, status=422 if form.errors else 200)


@never_cache
@require_safe
@require(*permissions.KEEP_KINDS)
def preview(request: ActorRequest, id: int) -> HttpResponse:
    """What a file would do, how far its check or its writing is, or what it did."""
    if not request.headers.get("HX-Request"):
        return _preview(request, id)
    job = _job(request, read.one_import(actor=request.actor, id=id))  # the progress asks whether it is over
    response = HttpResponse(status=204)
    if job is None or not job.is_open:
        response["HX-Refresh"] = "true"
    return response


def _job(request: ActorRequest, row: Any) -> JobView | None:
    """The work at an import, where this reader may see it."""
    try:
        return job_reads.job(request.actor, row.job) if row.job else None
    except Missing:
        return None


def _preview(request: ActorRequest, id: int, problem: str = "") -> HttpResponse:
    row = read.one_import(actor=request.actor, id=id)
    context: dict[str, Any] = {"row": row, "problem": problem, "has_errors": bool(problem)}
    if row.state == ImportState.WAITING:
        large = import_shown.is_large(row)
        found = import_shown.kept(row) if large else import_shown.shown(read.preview(actor=request.actor, id=id))
        if found is not None:
            return _decide(request, context, found, large)
    job = _job(request, row)
    if row.state in (ImportState.WAITING, ImportState.WRITING):
        return render(request, "circle/import_job.html", context | {"job": job}, status=422 if problem else 200)
    context |= {"refused": row.report.get("refused", []), "job": job if job and job.is_open else None}
    return render(request, "circle/import_done.html", context)


def _decide(request: ActorRequest, context: dict[str, Any], found: import_shown.Shown, large: bool) -> HttpResponse:
    """The page that shows a file and asks."""
    from .facilities import tiles

    row = context["row"]
    context |= {
        "found": found, "told": Datum(found.told).label, "doubted": found.told != row.datum,
        "lines": [(*line, territory.division_name(line[3])) for line in found.lines], "listed": import_shown.LISTED,
        "refused": found.refused[: import_shown.LISTED], "refused_count": len(found.refused), "points": found.points,
        "columns": [(c, row.mapping["columns"].get(c["field"], "")) for c in read.columns()], "large": large, "tiles": tiles(),
        "schemes": scheme_choices(), "datums": Datum.choices, "classes": read.known_classes(row.scheme),
    }  # fmt: skip
    return render(request, "circle/import_preview.html", context, status=422 if context["problem"] else 200)


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
    if import_shown.is_large(read.one_import(actor=request.actor, id=id)):
        _work(request, import_jobs.CHECK, id)
    return redirect("circle:facility-import", id=id)


@require_POST
@require(*permissions.KEEP_KINDS)
def confirm(request: ActorRequest, id: int) -> HttpResponse:
    """A few rows are written at once; many by a job, which shows them all at its end."""
    text = request.POST.get("expected", "")
    expected = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
    large = import_shown.is_large(read.one_import(actor=request.actor, id=id))
    asked: dict[str, Any] = {"seen": request.POST.get("seen"), "despite": request.POST.get("despite") == "1"}
    try:
        if large:
            with transaction.atomic():
                write.begin(actor=request.actor, id=id, expected=expected, **asked)
                _work(request, import_jobs.WRITE, id)
        else:
            write.confirm(actor=request.actor, id=id, expected=expected, **asked)
            messages.success(request, _("已导入。需要时可以在这里整批撤销。"))
    except Invalid as refusal:
        return _preview(request, id, str(refusal.message))
    return redirect("circle:facility-import", id=id)


@require_POST
@require(*permissions.KEEP_KINDS)
def again(request: ActorRequest, id: int) -> HttpResponse:
    """Long work that was stopped or cut short: check anew, go on writing, or throw away what was written of it."""
    row, what = read.one_import(actor=request.actor, id=id), request.POST.get("what", "")
    job = _job(request, row)
    if job is None or not job.is_open:
        if what == "back":
            write.take_back(actor=request.actor, id=id)
            _clear(request, id, int(row.report.get("rows", 0)))
        elif what == "go" and row.state == ImportState.WRITING:
            _work(request, import_jobs.WRITE, id)
        elif what == "check" and row.state == ImportState.WAITING and import_shown.is_large(row):
            _work(request, import_jobs.CHECK, id)
    return redirect("circle:facility-import", id=id)


@require_POST
@require(*permissions.KEEP_KINDS)
def undo(request: ActorRequest, id: int) -> HttpResponse:
    """For readers it is undone at once; the rows go afterwards."""
    row = write.undo(actor=request.actor, id=id)
    _clear(request, id, row.report["added"] + row.report["changed"])
    messages.success(request, _("已撤销这次导入，恢复成导入以前的内容。"))
    return redirect("circle:facility-import", id=id)


def _clear(request: ActorRequest, id: int, rows: int) -> None:
    if rows > import_shown.AT_ONCE:
        _work(request, import_jobs.CLEAR, id)
    else:
        write.clear(actor=request.actor, id=id)


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
    lines: list[Any] = row.report.get("refused", [])
    if row.state == ImportState.WAITING:
        found = import_shown.kept(row)  # of a large file only what its check found
        if found is None and not import_shown.is_large(row):
            found = import_shown.shown(read.preview(actor=request.actor, id=id))
        lines = found.refused if found else []
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
    path("circle/facilities/import/<int:id>/again", again, name="facility-import-again"),
    path("circle/facilities/import/<int:id>/undo", undo, name="facility-import-undo"),
    path("circle/facilities/import/<int:id>/drop", drop, name="facility-import-drop"),
    path("circle/facilities/import/<int:id>/refused.xlsx", refused, name="facility-import-refused"),
]
