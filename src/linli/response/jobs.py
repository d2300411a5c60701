"""Long work of cases: what a change of the types or limits would have done to many cases."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.jobs.registry import register
from linli.jobs.runner import Run

from .queries import impact


@register("response.impact", label=_("试算修改的影响"), repeatable=True)
def measure(
    run: Run, *, row: dict[str, str] | None = None, sheet: str = "", rows: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """Nothing is changed; the result is what the page of the trial shows."""
    found = impact.measure(
        row=row, sheet=sheet, rows=rows or [], progress=lambda done, total: run.progress(done, total, _("正在试算"))
    )
    return {"code": row["code"] if row else "", "sheet": sheet, "impact": found.as_json()}
