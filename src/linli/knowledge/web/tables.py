"""Tables in and out: export, and import that shows first what it would do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from linli.accounts.choices import PostKind
from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Invalid

from .. import actions, permissions, queries, table
from ..forms import FileForm


@require_safe
@never_cache
@require(*permissions.EXPORT_KINDS)
def export(request: ActorRequest) -> Any:
    """All published articles and one's own drafts, in the columns that import reads."""
    rows = queries.rows_for_export(actor=request.actor)
    response = StreamingHttpResponse(table.write(rows.iterator(500)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="articles-{clock.today():%Y%m%d}.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@require(PostKind.ADMINISTRATOR)
def bring(request: ActorRequest) -> HttpResponse:
    """`go=try` (the default) only looks; `go=load` loads when there is no problem. The file is sent both times."""
    if request.method != "POST":
        return render(request, "knowledge/import.html", {"form": FileForm(), "columns": table.COLUMNS})
    form, report, status = FileForm(request.POST, request.FILES), None, 422
    if form.is_valid():
        try:
            rows = table.read(form.cleaned_data["file"].read(table.MOST_BYTES + 1))
            trial = request.POST.get("go") != "load"
            report = actions.load_articles(actor=request.actor, rows=rows, dry_run=trial)
        except Invalid as refusal:
            form.add_error("file", str(refusal.message))
        else:
            if report.loaded:
                said = {"new": report.created, "changed": report.changed}
                messages.success(request, _("已导入：新增 %(new)s 条，修改 %(changed)s 条。") % said)
                return redirect("knowledge:search")
            status = 422 if report.problems else 200
    context = {"form": form, "report": report, "columns": table.COLUMNS, "has_errors": status == 422}
    return render(request, "knowledge/import.html", context, status=status)
