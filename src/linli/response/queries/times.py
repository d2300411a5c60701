"""What has moved the due time of a case: pauses and extensions, as worktime counts them; what a request would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from linli.core import clock
from linli.worktime import queries as worktime
from linli.worktime.clocks import Change, Extension, Pause
from linli.worktime.explain import limit_text
from linli.worktime.rules import Limit, Unit

from ..catalogue import catalogue, view_of
from ..choices import TimeKind, TimeState
from ..deadlines import times_of
from ..models import Case, TimeChange
from ..time_rules import TimeRule, planned_end, time_rules


def granted(case: Case, *, since: datetime | None = None) -> list[TimeChange]:
    """The pauses and extensions granted since the limit of a case began (or `since`), in order (1 SQL)."""
    rows = TimeChange.objects.filter(case_id=case.pk, state=TimeState.GRANTED)
    return list(rows.filter(starts_at__gte=since or case.counted_from).order_by("starts_at", "pk"))


def as_changes(rows: Sequence[TimeChange]) -> list[Change]:
    """As worktime counts them, strictly by time: a pause during which an extension was granted is cut in two there.

    A pause that still runs ends where it is planned to end. Rows are in order of their start.
    """
    found: list[Change] = []
    for row in rows:
        assert row.starts_at is not None
        if row.kind != TimeKind.EXTEND:
            found.append(Pause(row.starts_at, row.ended_at or row.until))
            continue
        last, extension = found[-1] if found else None, extension_of(row)
        if isinstance(last, Pause) and (last.end is None or row.starts_at < last.end):
            found[-1:] = [Pause(last.start, row.starts_at), extension, Pause(row.starts_at, last.end)]
        else:
            found.append(extension)
    return found


def extension_of(row: TimeChange) -> Extension:
    """The extension that a row asks for or was granted."""
    return Extension(Limit(row.amount or 1, Unit(row.unit)))


def changes_of(case: Case) -> list[Change]:
    """The pauses and extensions of a case since its limit began, in order (1 SQL; none for one that never had any)."""
    return as_changes(granted(case)) if case.time_changed else []


def division_of(case: Case) -> str:
    """Where the case lies, as narrowly as it is known: its working hours."""
    place = case.matter
    return place.community or place.subdistrict or place.area


def contact_waits(case: Case, stage: str = "") -> bool:
    """Whether the reporter is to be spoken to first."""
    return (stage or case.matter.stage) == "handling" and case.contact_id is not None and case.contacted_at is None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of time that waits for an answer, and what granting it at this moment would do.

    `final` is the whole time as it stands, `would_be` after; None while the clock stands still. `lines` is the arithmetic.
    `used` counts the earlier ones of its kind, of which `rule.most` are allowed.
    """

    kind: Any
    amount: str
    until: datetime | None
    asked_at: datetime
    asked_by: str
    final: datetime | None
    would_be: datetime | None
    late: bool
    lines: tuple[str, ...]
    used: int
    rule: TimeRule


def asked_time(case: Case) -> Asked | None:
    """What is asked, with a preview (2 SQL); None where nothing is."""
    row = case.time_changes.filter(state=TimeState.ASKED).first()
    if row is None:
        return None
    rows, now, known = granted(case), clock.now(), catalogue()
    view, division = view_of(known, case.case_class_id, case.limit_class_id), division_of(case)
    used = sum(r.kind == row.kind for r in rows)
    row.starts_at = now
    if row.kind != TimeKind.EXTEND:
        row.until = planned_end(time_rules()[row.kind], now, row.until, division)
    changes = as_changes([*rows, row])
    times = times_of(
        known, view, case.matter.stage, started=case.matter.stage_started_at, counted_from=case.counted_from,
        division=division, changes=changes, contact=contact_waits(case),
    )  # fmt: skip
    return Asked(
        kind=TimeKind(row.kind).label,
        amount=amount_text(row),
        until=row.until,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        final=case.matter.final_due_at,
        would_be=times.final,
        late=case.matter.final_due_at is not None and case.matter.final_due_at <= now,
        lines=worktime.explain(case.counted_from, view.limit, division=division, changes=changes),
        used=used,
        rule=time_rules()[row.kind],
    )


def amount_text(row: TimeChange) -> str:
    """ "2 个工作日"; "" for what has no amount."""
    return limit_text(Limit(row.amount, Unit(row.unit))).strip() if row.amount else ""


def without_alarm(case: Case, *, now: datetime | None = None) -> Any:
    """Both due times of a case as they are counted at this moment, from its own tables (0 or 1 SQL)."""
    known = catalogue()
    times = times_of(
        known, view_of(known, case.case_class_id, case.limit_class_id), case.matter.stage, started=case.matter.stage_started_at,
        counted_from=case.counted_from, division=division_of(case), changes=changes_of(case),
        contact=contact_waits(case),
    )  # fmt: skip
    return replace(times, alarm=case.matter.alarm_at)
