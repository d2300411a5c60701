"""Long work: recompute everything that hung on the calendar, through the hooks registered from above."""

from __future__ import annotations

import time
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.reference import CHECK_EVERY_S
from linli.flow.retime import Retimed
from linli.jobs.registry import register
from linli.jobs.runner import Run

from . import actions, hooks, queries
from .models import Revision


@register("worktime.recompute", label=_("按新日历重算时限"), repeatable=True)
def recompute(run: Run, *, revision: int) -> dict[str, Any]:
    """Run every hook once and write the calendar's line; the result counts the rows each hook changed.

    Other processes may serve the old calendar for a second after a change: wait that out first, or a case opened in
    that second would keep its old due time.
    """
    entered = Revision.objects.filter(number=revision).values_list("at", flat=True).first()
    if entered:
        age_s = (clock.now() - entered).total_seconds()
        time.sleep(min(2 * CHECK_EVERY_S, max(0.0, 2 * CHECK_EVERY_S - age_s)))
    queries.forget()
    done: dict[str, Retimed] = {}
    for name, hook in hooks.registered().items():
        found = hook(actor=run.actor, revision=queries.calendar().revision, progress=run.progress)
        done[name] = found if isinstance(found, Retimed) else Retimed(found, found, "")
    actions.note_recompute(actor=run.actor, revision=revision, done=done)
    run.progress(1, 1, _("全部时限已经重算"))
    return {"revision": revision, "changed": {name: d.changed for name, d in done.items()}}
