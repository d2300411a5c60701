"""The articles as tables; taking one in is the business of exchange, by `imports`."""

from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.exchange.writing import Sheet, xlsx_response

from .. import imports, permissions, queries, table


@require_safe
@never_cache
@require(*permissions.EXPORT_KINDS)
def export(request: ActorRequest) -> Any:
    """All published articles and one's own drafts, in the columns that import reads."""
    rows = queries.rows_for_export(actor=request.actor)
    response = StreamingHttpResponse(table.write(rows.iterator(500)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="articles-{clock.today():%Y%m%d}.csv"'
    return response


@require_safe
@never_cache
@require(*permissions.EXPORT_KINDS)
def as_xlsx(request: ActorRequest) -> Any:
    """The same as a workbook."""
    rows = (imports.values_of(row) for row in queries.rows_for_export(actor=request.actor).iterator(500))
    title = _("知识库答复")
    return xlsx_response(title, [Sheet(title, imports.columns(), rows)], about=imports.ArticleImporter().about())
