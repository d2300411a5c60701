"""Due times of a case: the class's limit for the whole, the stage's limit for the step. Reads calendars, no tables."""

from __future__ import annotations

from datetime import datetime

from linli.flow.actions import DueTimes
from linli.worktime import queries as worktime

from .catalogue import Catalogue, ClassView


def due_times(
    catalogue: Catalogue, view: ClassView, stage: str, now: datetime, *, final: datetime | None = None
) -> DueTimes:
    """When `stage`, entered `now`, is due, and the whole case (counted from `now` where `final` is not given)."""
    provisional = False
    if final is None:
        whole = worktime.due(now, view.limit)
        final, provisional = whole.at, whole.provisional
    if stage == "handling":
        return DueTimes(stage=final, final=final, note=f"class:{view.code}", provisional=provisional)
    limit = catalogue.limits.get((stage, view.urgency))
    if limit is None:
        return DueTimes(stage=None, final=final, note="", provisional=provisional)
    step = worktime.due(now, limit)
    return DueTimes(
        stage=step.at, final=final, note=f"stage:{stage}:{view.urgency}", provisional=provisional or step.provisional
    )
