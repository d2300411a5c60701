"""Due times of a case: the class's limit for the whole, the stage's limit for the step. Reads calendars, no tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from linli.flow.actions import DueTimes
from linli.worktime import queries as worktime
from linli.worktime.explain import limit_text

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


@dataclass(frozen=True, slots=True)
class DueReason:
    """Why a due time is what it is: the limit in words, the arithmetic line by line, and where the limit comes from."""

    at: datetime | None
    limit: str
    steps: tuple[str, ...]
    provenance: str
    source: str


def reasons(
    catalogue: Catalogue, view: ClassView, stage: str, *, stage_started_at: datetime, counted_from: datetime
) -> tuple[DueReason | None, DueReason]:
    """The arithmetic of the step (None where the step has no limit of its own) and of the whole case."""
    whole = DueReason(
        worktime.due(counted_from, view.limit).at,
        limit_text(view.limit).strip(),
        worktime.explain(counted_from, view.limit),
        view.limit_provenance,
        view.limit_source,
    )
    limit = catalogue.limits.get((stage, view.urgency))
    if limit is None or stage == "handling":
        return None, whole
    step = DueReason(
        worktime.due(stage_started_at, limit).at,
        limit_text(limit).strip(),
        worktime.explain(stage_started_at, limit),
        "",
        "",
    )
    return step, whole
