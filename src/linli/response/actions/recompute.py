"""New due times for every open case when the calendar changes: by the column, the few with changes of time one by one.

Nothing is written into the journals of the cases: the calendar's own line says how many were read and changed. What is
found here is what `deadlines.times_of` finds case by case (tests).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linli.core.actor import Actor
from linli.flow import retime
from linli.flow.actions import DueTimes
from linli.flow.retime import NEVER, MicrosOf, Open, Retimed, Times
from linli.worktime import queries as worktime
from linli.worktime.many import due_by_key, due_many, micros, moment
from linli.worktime.rules import Calendar, Limit, Unit

from .. import permissions
from ..catalogue import Catalogue, ClassView, catalogue
from ..choices import LadderTrigger, TimeState
from ..deadlines import alarm_of, step_limit, times_of
from ..ladder import PERCENT, Rung, clock_time
from ..models import Case, TimeChange
from ..queries.times import as_changes

Micros = NDArray[np.int64]
ALSO = ("case_class_id", MicrosOf("counted_from"), "contact_id", MicrosOf("contacted_at"), MicrosOf("paused_at"),
        "time_changed", "matter__rung", "matter__area")  # fmt: skip


def recompute_due(*, actor: Actor, revision: int, progress: Callable[..., object] | None = None) -> Retimed:
    """Count all open cases by the calendar in force. Safe to run again and to break off.

    Whoever moves a case meanwhile is not overwritten; it is read again until nothing is left to change.
    """
    permissions.can_administer(actor).or_forbidden()
    work = _Work(catalogue())
    return retime.retime(
        work.compute, revision=revision, rows=Case.objects.all(), through="matter__", also=ALSO, progress=progress
    )


class _Work:
    """One recompute: what is known, and the keys that limits and calendars have in it."""

    def __init__(self, known: Catalogue) -> None:
        self.known = known
        self.owners: dict[str, str] = {}  # division -> the division whose calendar holds there
        self.keys: dict[Any, int] = {}
        self.names: list[Any] = []

    def key(self, *name: Any) -> int:
        found = self.keys.get(name)
        if found is None:
            found = self.keys[name] = len(self.names)
            self.names.append(name)
        return found

    def owner(self, division: str) -> str:
        found = self.owners.get(division)
        if found is None:
            found = self.owners[division] = worktime.owner(division)
        return found

    def compute(self, part: Open) -> Times:
        """The times of one chunk."""
        classes, counted, contact, contacted, _paused, changed, rungs, area = part.also
        waits = (contact != NEVER) & (contacted == NEVER)
        places = zip(part.community, part.subdistrict, area, strict=True)
        owners = [self.owner(c or s or a) for c, s, a in places]
        rows = list(zip(owners, classes.tolist(), part.stage, waits.tolist(), strict=True))
        combined = np.array([self.key(*row) for row in rows], np.int64)
        whole, provisional = due_by_key(counted, combined, self._whole)
        due, final = np.full(len(part), NEVER), whole.copy()
        alarm = np.full(len(part), NEVER)
        for key in np.unique(combined).tolist():
            these = np.flatnonzero(combined == key)
            self._stage(key, these, part, whole, due, provisional)
            alarm[these] = self._alarms(key, part.stage_started[these], due[these], rungs[these])
        offered = part.stage == "offered"  # the invitation says until when
        due[offered], alarm[offered] = part.due[offered], part.alarm[offered]
        sampled = (part.stage == "closed") & (part.alarm == part.due) & (part.alarm != NEVER)
        alarm[sampled] = due[sampled]  # to be archived when the call-back would be due
        self._one_by_one(part, np.flatnonzero(changed.astype(bool)), due, final, alarm, provisional)
        return Times(due, final, provisional, alarm)

    def _whole(self, key: int) -> tuple[Calendar, Limit]:
        owner, class_id, _stage, _waits = self.names[key]
        return worktime.calendar(owner), self.known.by_id[class_id].limit

    def _stage(
        self, key: int, these: Micros, part: Open, whole: Micros, due: Micros, provisional: NDArray[np.bool_]
    ) -> None:
        """The due times of the step, for the cases of one key."""
        owner, class_id, stage, waits = self.names[key]
        limit = step_limit(self.known, self.known.by_id[class_id], stage, contact=waits)
        if limit is None:
            due[these] = whole[these] if stage == "handling" else NEVER
            return
        ends, open_days = due_many(worktime.calendar(owner), part.stage_started[these], limit)
        counts = ends < whole[these] if stage == "handling" else np.ones(len(these), np.bool_)
        due[these] = np.where(counts, ends, whole[these])
        provisional[these] |= counts & open_days

    def _alarms(self, key: int, started: Micros, due: Micros, rung: Micros) -> Micros:
        """When the next rung of the ladder is reached: how many were reached already stays."""
        owner, class_id, stage, _waits = self.names[key]
        concerned = [
            r for r in self.known.ladder if r.concerns(stage, self._view(class_id).urgency) and r.possible(stage)
        ]
        rows = [found for r in concerned if (found := _moments(r, worktime.calendar(owner), started, due)) is not None]
        alarms = np.full(len(due), NEVER)
        if rows and len(due):
            table = np.sort(np.stack(rows), axis=0)
            fits = (rung < len(rows)) & (due != NEVER)
            alarms[fits] = np.take_along_axis(table, np.minimum(rung, len(rows) - 1)[None, :], axis=0)[0][fits]
        return alarms

    def _view(self, class_id: int) -> ClassView:
        return self.known.by_id[class_id]

    def _one_by_one(
        self, part: Open, these: Micros, due: Micros, final: Micros, alarm: Micros, provisional: NDArray[np.bool_]
    ) -> None:
        """Cases that had pauses or extensions; they are few (1 SQL a chunk that has some)."""
        if not len(these):
            return
        granted: dict[int, list[TimeChange]] = defaultdict(list)
        rows = TimeChange.objects.filter(case_id__in=part.id[these].tolist(), state=TimeState.GRANTED)
        for row in rows.order_by("starts_at", "pk"):
            granted[row.case_id].append(row)
        for place in these.tolist():
            found = self._changed(part, place, granted[int(part.id[place])])
            if part.stage[place] != "offered":
                due[place], alarm[place] = _micros(found.stage), _micros(found.alarm)
            final[place], provisional[place] = _micros(found.final), found.provisional

    def _changed(self, part: Open, place: int, rows: list[TimeChange]) -> DueTimes:
        classes, counted, contact, contacted, paused, _changed, rungs, area = part.also
        view, stage = self._view(int(classes[place])), str(part.stage[place])
        division = part.community[place] or part.subdistrict[place] or area[place]
        started, counted_from = moment(int(part.stage_started[place])), moment(int(counted[place]))
        times = times_of(
            self.known, view, stage, started=started, counted_from=counted_from, division=division,
            changes=as_changes([r for r in rows if r.starts_at is not None and r.starts_at >= counted_from]),
            contact=bool(contact[place] != NEVER and contacted[place] == NEVER),
        )  # fmt: skip
        if paused[place] != NEVER:  # until its planned end
            return replace(times, alarm=None if part.alarm[place] == NEVER else moment(int(part.alarm[place])))
        if stage == "closed" and part.alarm[place] != NEVER and part.alarm[place] == part.due[place]:
            return replace(times, alarm=times.stage)
        alarm = alarm_of(self.known, view, stage, started, times.stage, division, int(rungs[place]))
        return replace(times, alarm=alarm)


def _micros(at: datetime | None) -> int:
    return NEVER if at is None else micros(at)


def _moments(rung: Rung, calendar: Calendar, started: Micros, due: Micros) -> Micros | None:
    """When one rung is reached, for many; None for one that waits for no clock. As `ladder.moments`."""
    if rung.trigger == LadderTrigger.BEFORE_DUE:
        before = (due - started) * rung.amount // 100 if rung.unit == PERCENT else _length(rung)
        return np.asarray(np.maximum(due - before, started))
    if rung.trigger != LadderTrigger.AFTER_DUE:
        return None
    known = due != NEVER
    ends = np.full(len(due), NEVER)
    ends[known] = due_many(calendar, due[known], Limit(rung.amount, Unit(rung.unit)))[0]
    return ends


def _length(rung: Rung) -> int:
    return int(clock_time(rung).total_seconds() * 1_000_000)
