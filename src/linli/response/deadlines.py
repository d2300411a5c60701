"""Due times of a case: the class's limit for the whole, the stage's limit for the step. Reads calendars, no tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from linli.flow.actions import DueTimes
from linli.worktime import queries as worktime
from linli.worktime.clocks import Change, Pause
from linli.worktime.explain import limit_text
from linli.worktime.rules import Due, Limit, Unit

from . import ladder
from .catalogue import Catalogue, ClassView
from .class_rules import CONTACT


def stage_limit(catalogue: Catalogue, view: ClassView, stage: str) -> Limit | None:
    """The limit of a stage: the type's own, else that of its urgency; None where the stage has none."""
    own = view.variant.limit(stage)
    return Limit(own[0], Unit(own[1])) if own else catalogue.limits.get((stage, view.urgency))


def due_times(
    catalogue: Catalogue,
    view: ClassView,
    stage: str,
    now: datetime,
    *,
    final: datetime | None = None,
    counted_from: datetime | None = None,
    division: str = "",
    contact: bool = False,
) -> DueTimes:
    """When `stage`, entered `now`, is due, and the whole case: counted from `counted_from`, or from `now` (or as `final` says).

    `division` chooses the working hours. `contact`: while in hand the reporter must be spoken to first, within the
    limit of 'contact', if that is the earlier time. The alarm is the first rung of the ladder.
    """
    due = times_of(
        catalogue, view, stage, started=now, counted_from=counted_from or now, division=division, contact=contact
    )
    if final is not None:
        due = replace(due, final=final)
    rungs = ladder.moments(catalogue.ladder, stage, view.urgency, now, due.stage, division)
    return replace(due, alarm=ladder.standing(rungs, "", now).next)


def times_of(
    catalogue: Catalogue,
    view: ClassView,
    stage: str,
    *,
    started: datetime,
    counted_from: datetime,
    division: str = "",
    changes: Sequence[Change] = (),
    contact: bool = False,
) -> DueTimes:
    """Both due times under these pauses and extensions, without an alarm. The one arithmetic of every step and page.

    While the clock stands still with no end planned there is no final time; the step's stays if it had run out before.
    """
    revision = worktime.calendar(division).revision
    whole = worktime.due(counted_from, view.limit, division=division, changes=changes)
    step = step_due(catalogue, view, stage, started=started, division=division, changes=changes, contact=contact)
    note = f"stage:{CONTACT if stage == 'handling' else stage}:{view.urgency}"
    open_days = bool(whole and whole.provisional) or bool(step and step.provisional)
    if whole is None:
        return DueTimes(step.at if step else None, None, "paused", bool(step and step.provisional), revision)
    if stage == "handling" and (step is None or step.at >= whole.at):
        return DueTimes(whole.at, whole.at, f"class:{view.limit_code or view.code}", whole.provisional, revision)
    if step is None:
        clipped = within(changes, started)
        stands = bool(clipped) and isinstance(clipped[-1], Pause) and clipped[-1].end is None
        return DueTimes(None, whole.at, "paused" if stands else "", whole.provisional, revision)
    return DueTimes(step.at, whole.at, note, open_days, revision)


def step_due(
    catalogue: Catalogue,
    view: ClassView,
    stage: str,
    *,
    started: datetime,
    division: str = "",
    changes: Sequence[Change] = (),
    contact: bool = False,
) -> Due | None:
    """When the step itself is due; None where it has no limit of its own, or while its clock stands still."""
    limit = step_limit(catalogue, view, stage, contact=contact)
    return worktime.due(started, limit, division=division, changes=within(changes, started)) if limit else None


def step_limit(catalogue: Catalogue, view: ClassView, stage: str, *, contact: bool = False) -> Limit | None:
    """The limit that a step counts by: while in hand only speaking to the reporter has one of its own."""
    if stage == "handling":
        return stage_limit(catalogue, view, CONTACT) if contact else None
    return stage_limit(catalogue, view, stage)


def within(changes: Sequence[Change], started: datetime) -> list[Pause]:
    """The pauses, as far as they lie after `started`: one that began in the stage before goes on in this one."""
    found = [c for c in changes if isinstance(c, Pause) and (c.end is None or c.end > started)]
    return [Pause(max(p.start, started), p.end) for p in found]


@dataclass(frozen=True, slots=True)
class DueReason:
    """Why a due time is what it is: the limit in words, the arithmetic line by line, and where the limit comes from.

    `at` is None while the clock stands still.
    """

    at: datetime | None
    limit: str
    steps: tuple[str, ...]
    provenance: str
    source: str


def reasons(
    catalogue: Catalogue,
    view: ClassView,
    stage: str,
    *,
    stage_started_at: datetime,
    counted_from: datetime,
    division: str = "",
    changes: Sequence[Change] = (),
    contact: bool = False,
) -> tuple[DueReason | None, DueReason]:
    """The arithmetic of the step (None where the whole limit is what counts) and of the whole case.

    `contact`: the reporter is to be spoken to. Pauses count for both, extensions for the whole.
    """
    whole = _reason(counted_from, view.limit, view.limit_provenance, view.limit_source, division, changes)
    limit = step_limit(catalogue, view, stage, contact=contact)
    if limit is None:
        return None, whole
    name = CONTACT if stage == "handling" else stage
    provenance, source = catalogue.limit_sources.get((name, view.urgency), ("", ""))
    if view.variant.limit(name) is not None:
        provenance, source = view.provenance, view.source
    step = _reason(stage_started_at, limit, provenance, source, division, within(changes, stage_started_at))
    if stage == "handling" and step.at is not None and whole.at is not None and step.at >= whole.at:
        return None, whole
    return step, whole


def _reason(
    start: datetime, limit: Limit, provenance: str, source: str, division: str, changes: Sequence[Change]
) -> DueReason:
    due = worktime.due(start, limit, division=division, changes=changes)
    return DueReason(
        due.at if due else None,
        limit_text(limit).strip(),
        worktime.explain(start, limit, division=division, changes=changes),
        provenance,
        source,
    )
