"""New due times for every open case when the calendar changes, new alarms when the ladder does: by the column, the few
with changes of time one by one.

Nothing is written into the journals of the cases: the calendar's own line, or the ladder's, says how many were read and
changed. What is found here is what `deadlines.times_of` and `ladder.standing` find case by case (tests).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from linli.core import clock
from linli.core.actor import Actor
from linli.flow import retime
from linli.flow.actions import DueTimes
from linli.flow.retime import NEVER, MicrosOf, Open, Retimed, Times
from linli.worktime import queries as worktime
from linli.worktime.many import due_by_key, micros, moment
from linli.worktime.rules import Calendar, Limit

from .. import ladder, ladder_many, permissions
from ..catalogue import Catalogue, ClassView, catalogue, view_of
from ..choices import TimeState
from ..deadlines import step_limit, times_of
from ..models import Case, TimeChange
from ..queries.times import as_changes

Micros = NDArray[np.int64]
ALSO = ("case_class_id", "limit_class_id", MicrosOf("counted_from"), "contact_id", MicrosOf("contacted_at"),
        MicrosOf("paused_at"), "time_changed", "matter__area")  # fmt: skip


def recompute_due(*, actor: Actor, revision: int, progress: Callable[..., object] | None = None) -> Retimed:
    """Count all open cases by the calendar in force. Safe to run again and to break off.

    Whoever moves a case meanwhile is not overwritten; it is read again until nothing is left to change.
    """
    permissions.can_administer(actor).or_forbidden()
    work = _Work(catalogue())
    return retime.retime(
        work.compute, revision=revision, rows=Case.objects.all(), through="matter__", also=ALSO, progress=progress
    )


def reset_alarms(*, actor: Actor, progress: Callable[..., object] | None = None) -> Retimed:
    """Set the alarms of all open cases by the ladder in force; no due time is touched. Safe to run again."""
    permissions.can_administer(actor).or_forbidden()
    work = _Work(catalogue())
    tell = progress and (lambda done, total, _words: progress(done, total, _("正在重设提醒")))
    return retime.retime(
        work.alarms, revision=None, rows=Case.objects.all(), through="matter__", also=ALSO, progress=tell
    )


class _Work:
    """One recompute: what is known, and the numbers that limits and calendars have in it.

    Cases of one (calendar, class, stage, contact) are of one sort; sorts share the few limits and ladders that there are.
    """

    def __init__(self, known: Catalogue) -> None:
        self.known = known
        self.owners: dict[str, str] = {}  # division -> the division whose calendar holds there
        self.sorts: dict[Any, int] = {}
        self.groups: dict[Any, int] = {}
        self.names: list[Any] = []  # of groups
        self.whole: list[int] = []  # by sort: the group of its whole limit, of its step's, of its rungs
        self.step: list[int] = []
        self.rungs: list[int] = []

    def group(self, *name: Any) -> int:
        found = self.groups.get(name)
        if found is None:
            found = self.groups[name] = len(self.names)
            self.names.append(name)
        return found

    def sort(self, key: tuple[str, int, int, str, bool]) -> int:
        found = self.sorts.get(key)
        if found is None:
            owner, class_id, limit_id, stage, waits = key
            found, view = self.sorts.setdefault(key, len(self.sorts)), self.view(class_id, limit_id)
            self.whole.append(self.group(owner, view.limit))
            self.step.append(self.group(owner, step_limit(self.known, view, stage, contact=waits)))
            self.rungs.append(self.group(owner, stage, view.urgency))
        return found

    def owner(self, division: str) -> str:
        found = self.owners.get(division)
        if found is None:
            found = self.owners[division] = worktime.owner(division)
        return found

    def view(self, class_id: int, limit_id: int) -> ClassView:
        return view_of(self.known, int(class_id), None if limit_id == NEVER else int(limit_id))

    def sorts_of(self, part: Open) -> Micros:
        classes, limits, _counted, contact, contacted, _paused, _changed, area = part.also
        waits = (contact != NEVER) & (contacted == NEVER)
        places = zip(part.community.tolist(), part.subdistrict.tolist(), area.tolist(), strict=True)
        owners = [self.owner(c or s or a) for c, s, a in places]
        keys = zip(owners, classes.tolist(), limits.tolist(), part.stage.tolist(), waits.tolist(), strict=True)
        return np.array([self.sort(key) for key in keys], np.int64)

    def compute(self, part: Open) -> Times:
        """The times of one chunk."""
        sorts = self.sorts_of(part)
        counted, changed = part.also[2], part.also[6]
        whole, provisional = due_by_key(counted, np.array(self.whole)[sorts], self._limit)
        due = self._steps(part, np.array(self.step)[sorts], whole, provisional)
        alarm, rungs = self._ladder(part, sorts, due)
        offered = part.stage == "offered"  # the invitation says until when
        due[offered] = part.due[offered]
        kept = self._kept(part)
        alarm[kept] = part.alarm[kept]
        spared = self._spared(part)
        alarm[spared] = due[spared]
        found = Times(due, whole, provisional, alarm, rungs)
        self._one_by_one(part, np.flatnonzero(changed.astype(bool)), found)
        return found

    def alarms(self, part: Open) -> Times:
        """The alarms of one chunk under the ladder in force, for the due times that stand."""
        alarm, rungs = self._ladder(part, self.sorts_of(part), part.due)
        kept = self._kept(part) | self._spared(part)
        alarm[kept] = part.alarm[kept]
        return Times(part.due, part.final, part.provisional, alarm, rungs)

    def _kept(self, part: Open) -> NDArray[np.bool_]:
        """Whose alarm is no rung: the end of an invitation or of a pause."""
        return np.asarray((part.stage == "offered") | (part.also[5] != NEVER))

    def _spared(self, part: Open) -> NDArray[np.bool_]:
        """To be archived when the call-back would be due."""
        return np.asarray((part.stage == "closed") & (part.alarm == part.due) & (part.alarm != NEVER))

    def _limit(self, group: int) -> tuple[Calendar, Limit]:
        owner, limit = self.names[group]
        return worktime.calendar(owner), limit

    def _steps(self, part: Open, groups: Micros, whole: Micros, provisional: NDArray[np.bool_]) -> Micros:
        """The due times of the steps; a step without a limit of its own ends with the whole while in hand."""
        in_hand = part.stage == "handling"
        due = np.where(in_hand, whole, NEVER)
        limited = np.array([name[1] is not None for name in self.names])[groups]
        these = np.flatnonzero(limited)
        ends, open_days = due_by_key(part.stage_started[these], groups[these], self._limit)
        counts = ~in_hand[these] | (ends < whole[these])
        due[these] = np.where(counts, ends, due[these])
        provisional[these] |= counts & open_days
        return np.asarray(due)

    def _ladder(self, part: Open, sorts: Micros, due: Micros) -> tuple[Micros, NDArray[Any]]:
        """When the next rung is reached, and which count as reached."""
        alarm, rungs, now = np.full(len(part), NEVER), part.rungs.copy(), micros(clock.now())
        groups = np.array(self.rungs)[sorts]
        for group in np.unique(groups).tolist():
            owner, stage, urgency = self.names[group]
            these = np.flatnonzero((groups == group) & (due != NEVER))
            asked = [
                r
                for r in self.known.ladder
                if r.trigger in ladder_many.TIMED and r.concerns(stage, urgency) and r.possible(stage)
            ]
            alarm[these], rungs[these] = ladder_many.standing(
                asked, worktime.calendar(owner), part.stage_started[these], due[these], part.rungs[these], now
            )
        return alarm, rungs

    def _one_by_one(self, part: Open, these: Micros, found: Times) -> None:
        """Cases that had pauses or extensions; they are few (1 SQL a chunk that has some)."""
        if not len(these):
            return
        granted: dict[int, list[TimeChange]] = defaultdict(list)
        rows = TimeChange.objects.filter(case_id__in=part.id[these].tolist(), state=TimeState.GRANTED)
        for row in rows.order_by("starts_at", "pk"):
            granted[row.case_id].append(row)
        assert found.alarm is not None and found.rungs is not None
        for place in these.tolist():
            times, marks = self._changed(part, place, granted[int(part.id[place])])
            if part.stage[place] != "offered":
                found.due[place], found.alarm[place] = _micros(times.stage), _micros(times.alarm)
                found.rungs[place] = marks
            found.final[place], found.provisional[place] = _micros(times.final), times.provisional

    def _changed(self, part: Open, place: int, rows: list[TimeChange]) -> tuple[DueTimes, str]:
        classes, limits, counted, contact, contacted, paused, _changed, area = part.also
        view, stage = self.view(classes[place], limits[place]), str(part.stage[place])
        division = part.community[place] or part.subdistrict[place] or area[place]
        started, counted_from = moment(int(part.stage_started[place])), moment(int(counted[place]))
        times = times_of(
            self.known, view, stage, started=started, counted_from=counted_from, division=division,
            changes=as_changes([r for r in rows if r.starts_at is not None and r.starts_at >= counted_from]),
            contact=bool(contact[place] != NEVER and contacted[place] == NEVER),
        )  # fmt: skip
        rungs = ladder.moments(self.known.ladder, stage, view.urgency, started, times.stage, division)
        stands = ladder.standing(rungs, part.rungs[place], clock.now())
        if paused[place] != NEVER:  # until its planned end
            return replace(times, alarm=_moment(part.alarm[place])), stands.marks
        if stage == "closed" and part.alarm[place] != NEVER and part.alarm[place] == part.due[place]:
            return replace(times, alarm=times.stage), stands.marks
        return replace(times, alarm=stands.next), stands.marks


def _micros(at: datetime | None) -> int:
    return NEVER if at is None else micros(at)


def _moment(us: int) -> datetime | None:
    return None if us == NEVER else moment(int(us))
