"""A living district: matters that go through the real chain by the real actions, marked as simulated.

Nothing here writes a table: every line of every journal comes from `response.actions`, with the clock set by SYSTEM.
What the clock does by itself (rungs of the ladder, planned ends, offers that nobody claimed) happens at its own time.
"""

from __future__ import annotations

import heapq
import os
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime
from itertools import count

from django.db import transaction
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Refusal
from linli.flow.relay import Announcement
from linli.response import actions
from linli.response.models import Case

from . import cast, script
from .director import Director, Next

MATTERS = int(os.environ.get("LINLI_DEMONSTRATION_MATTERS", "2000"))
DAYS, SEED = 90, 20261122
BATCH_S = 0.1  # several steps share a transaction; none may hold SQLite's write lock for long
ALARMS_S = 20
Progress = Callable[[int, int], object]


class Replay:
    """The last months, event by event in the order of time: reports, steps, and alarms of the clock."""

    def __init__(self, director: Director, until: datetime) -> None:
        self.director, self.until = director, until
        self.plans: dict[int, Next | None] = {}
        self.merged: dict[int, list[int]] = {}  # main case -> what was merged into it
        self.queue: list[tuple[datetime, int, int]] = []  # when, order, matter (0: somebody reports something)
        self._order = count()
        self.reported = self.steps = self.refused = 0

    def push(self, at: datetime, matter_id: int = 0) -> None:
        if at <= self.until:
            heapq.heappush(self.queue, (at, next(self._order), matter_id))

    def one(self) -> None:
        """Let the next event happen."""
        moment, _n, pk = heapq.heappop(self.queue)
        self.steps += 1
        with clock.at(moment, actor=SYSTEM):
            if pk:
                self._go_on(self.director.cases[pk], moment)
            else:
                self.reported += 1
                self._plan(_case(self.director.report()), moment)

    def _go_on(self, case: Case, moment: datetime) -> None:
        planned, alarm = self.plans.get(case.pk), case.matter.alarm_at
        if alarm is not None and alarm <= moment and (planned is None or alarm < planned.at):
            version = case.matter.version
            actions.ring(case)
            if planned is not None and case.matter.version == version:
                self._schedule(case, moment)
                return
        elif planned is not None:
            try:
                take(planned, case)
                if planned.step.verb == "merge":
                    self.merged.setdefault(planned.step.extra["parent"].pk, []).append(case.pk)
            except Refusal:  # what was planned is overtaken: look again
                self.refused += 1
                case = _case(case.pk)
        self._plan(case, moment)
        if case.matter.stage == "closed" and case.pk in self.merged:
            self._close_followers(case, moment)

    def _plan(self, case: Case, moment: datetime) -> None:
        self.plans[case.pk] = self.director.next(case)
        self._schedule(case, moment)

    def _schedule(self, case: Case, moment: datetime) -> None:
        """Queue whatever comes first: the plan or the alarm."""
        planned, alarm = self.plans[case.pk], case.matter.alarm_at
        times = [t for t in (planned.at if planned else None, alarm) if t is not None]
        if times:
            self.push(max(min(times), moment), case.pk)

    def _close_followers(self, case: Case, moment: datetime) -> None:
        """What the relay will tell again later, told at its own time."""
        actions.close_followers(Announcement(0, case.pk, "case", "close", "system"))
        for pk in self.merged.pop(case.pk):
            self._plan(_case(pk), moment)


def load(progress: Progress | None = None, *, matters: int = MATTERS, days: int = DAYS, seed: int = SEED) -> int:
    """Let `matters` matters of the last `days` days go through the chain up to now. Returns how many steps were taken."""
    cast.create_cast(actor=SYSTEM)
    now = clock.now()
    replay = Replay(Director(cast.cast_for_load(actor=SYSTEM), random.Random(seed)), now)
    for moment in script.arrival_times(matters, now, days, replay.director.rng):
        replay.push(moment)
    while replay.queue:
        began = time.monotonic()
        with transaction.atomic():
            while replay.queue and time.monotonic() - began < BATCH_S:
                replay.one()
        if progress is not None:
            progress(min(replay.reported, matters), matters)
    return replay.steps


def take(planned: Next, case: Case) -> None:
    """Take the step that was planned."""
    step = planned.step
    if step.verb == "claim":  # the claimant does not see the case yet: it is found on the board
        actions.claim_case(actor=planned.by(), case=case, step=step)
    else:
        actions.move_case(actor=planned.by(), case=case, step=step)


def _case(matter_id: int) -> Case:
    return Case.objects.select_related("matter").get(pk=matter_id)


def simulate(*, rate_per_h: float, stop: threading.Event, say: Callable[[str], object] = print) -> int:
    """Matters keep arriving at `rate_per_h` (mean over a week, real profile) and keep moving, until `stop`."""
    director = Director(cast.cast_for_load(actor=SYSTEM), random.Random(), haste=40.0)
    waiting: dict[int, Next | None] = {}  # None: the clock must do something first
    made, next_report, next_alarms = 0, time.monotonic(), time.monotonic()
    while not stop.is_set():
        if time.monotonic() >= next_report:
            matter_id = director.report()
            made += 1
            pause = random.expovariate(max(script.rate_now(clock.now(), rate_per_h), rate_per_h / 20) / 3600)
            next_report = time.monotonic() + pause
            _plan(director, waiting, matter_id)
            say(_("第 %(n)s 件，编号 %(id)s，约 %(s)s 秒后下一件") % {"n": made, "id": matter_id, "s": round(pause)})
        if time.monotonic() >= next_alarms:  # idempotent: the worker of a running house does the same
            next_alarms = time.monotonic() + ALARMS_S
            actions.ring_alarms()
            for matter_id in [m for m, planned in waiting.items() if planned is None]:
                _plan(director, waiting, matter_id)
        for matter_id in [m for m, planned in waiting.items() if planned is not None and planned.at <= clock.now()]:
            planned = waiting.pop(matter_id)
            try:
                if planned is not None:
                    take(planned, _case(matter_id))
            except Refusal as refused:  # a person was faster: that is the point of a living district
                say(str(refused.message))
            _plan(director, waiting, matter_id)
        stop.wait(0.2)
    return made


def _plan(director: Director, waiting: dict[int, Next | None], matter_id: int) -> None:
    """The plan of a case; one that has ended, or waits for nobody, is forgotten."""
    case = _case(matter_id)
    following = director.next(case)
    if following is not None or (case.matter.alarm_at is not None and case.matter.ended_at is None):
        waiting[matter_id] = following
    else:
        waiting.pop(matter_id, None)
