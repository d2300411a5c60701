"""Long work of cases: what a change of the types or limits would have done to many cases; alarms by a new ladder."""

from __future__ import annotations

import time
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.reference import CHECK_EVERY_S
from linli.jobs.registry import register
from linli.jobs.runner import Run

from . import catalogue
from .actions.realarm import note_alarms
from .actions.recompute import reset_alarms
from .models import SteeringSheet
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


@register("response.alarms", label=_("按新的催办督办表重设提醒"), repeatable=True)
def alarms(run: Run, *, number: int) -> dict[str, Any]:
    """Set the alarms of all open cases by the ladder in force and write its line.

    Other processes may serve the old ladder for a second after a change: that is waited out first.
    """
    made_at = SteeringSheet.objects.filter(sheet="ladder", number=number).values_list("made_at", flat=True).first()
    if made_at:
        age_s = (clock.now() - made_at).total_seconds()
        time.sleep(min(2 * CHECK_EVERY_S, max(0.0, 2 * CHECK_EVERY_S - age_s)))
    catalogue.forget()
    done = reset_alarms(actor=run.actor, progress=run.progress)
    note_alarms(actor=run.actor, number=number, done=done)
    run.progress(1, 1, _("全部提醒已经重设"))
    return {"number": number, "read": done.read, "changed": done.changed}
