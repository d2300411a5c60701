"""A living district: matters that go through the real chain by the real actions, marked as simulated.

Nothing here writes a table: every line of every journal comes from `response.actions`, with the clock set by SYSTEM.
"""

from __future__ import annotations

import heapq
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from django.db import transaction
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM, Actor
from linli.core.errors import Refusal
from linli.organisations import queries as organisations
from linli.response import actions, queries
from linli.response.catalogue import ClassView
from linli.response.models import Case
from linli.territory import queries as territory

from . import cast, script

MATTERS = int(os.environ.get("LINLI_DEMONSTRATION_MATTERS", "2000"))
DAYS, SEED = 90, 20261122
BATCH_S = 0.1  # several steps share a transaction; none may hold SQLite's write lock for long
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Next:
    """The next thing that happens to a case: when, by whom, what. `step` None: nothing more."""

    at: datetime
    actor: Actor
    step: actions.Step


class Director:
    """Decides what happens next to simulated cases. `haste` > 1 makes everybody faster (live simulation)."""

    def __init__(self, people: cast.LoadCast, rng: random.Random, *, haste: float = 1.0) -> None:
        self.people, self.rng, self.haste = people, rng, haste
        self.grids = territory.grid_codes()

    def place(self) -> tuple[float, float]:
        """A point in a random grid of the district."""
        while True:
            lon, lat = territory.grid_center(self.rng.choice(self.grids))
            spot = (lon + self.rng.uniform(-6e-4, 6e-4), lat + self.rng.uniform(-5e-4, 5e-4))
            if territory.locate(*spot) is not None:
                return spot

    def report(self) -> int:
        """Somebody reports something now. Returns the matter's id."""
        story, channel = script.tell(self.rng), script.channel(self.rng)
        lon, lat = self.place()
        located = territory.check_point(lon, lat)
        actor = {
            "web": lambda: RESIDENT,
            "phone": self.people.operator,
            "onsite": lambda: self.people.desk(located.subdistrict),
            "field": lambda: self.people.grid_worker(located.subdistrict),
        }[channel]()
        receipt = actions.report_case(
            actor=actor,
            report=actions.Report(
                channel=channel,
                class_code=story.class_code,
                lon=lon,
                lat=lat,
                description=story.text,
                place_source="map" if channel in ("web", "field") else "search",
                simulated=True,
            ),
        )
        return receipt.matter_id

    def next(self, case: Case) -> Next | None:
        """What happens next to `case`, or nothing (ended, or forgotten until somebody looks)."""
        matter, view = case.matter, queries.class_of(case)
        decide = getattr(self, f"_from_{matter.stage}", None)
        return decide(case, view) if decide else None

    def _at(self, case: Case, view: ClassView, *, watch: bool = False, **median: float) -> datetime:
        """When the next thing happens; the hotline keeps `watch` day and night, others come in the morning."""
        waited = script.wait(self.rng, timedelta(**median)) / self.haste
        moment = case.matter.stage_started_at + waited
        return moment if watch or self.haste > 1 else script.awake(moment, view.urgency, self.rng)

    def _say(self, verb: str) -> str:
        return self.rng.choice(script.replies()[verb])

    def _step(self, case: Case, at: datetime, actor: Actor, verb: str, **more: object) -> Next:
        text = self._say(verb) if verb in script.replies() else ""
        return Next(at, actor, actions.Step(verb, case.matter.version, text, **more))  # type: ignore[arg-type]

    def _from_reported(self, case: Case, view: ClassView) -> Next:
        verb = "decline" if self.rng.random() < script.DECLINED else "accept"
        return self._step(case, self._at(case, view, watch=True, minutes=22), self.people.operator(), verb)

    def _from_accepted(self, case: Case, view: ClassView) -> Next:
        subdistrict = case.matter.subdistrict
        body = queries.suggested_body(case)
        if body is None:  # nobody owns it by the routes: the district decides
            body = organisations.body_by_code(f"{subdistrict}-grid" if subdistrict else "110102-urban-management")
            actor, minutes = self.people.dispatcher(), 75
        else:
            actor, minutes = (self.people.dispatcher(subdistrict) if subdistrict else self.people.dispatcher()), 28
        assert body is not None
        return self._step(case, self._at(case, view, watch=True, minutes=minutes), actor, "dispatch", body_id=body.id)

    def _from_dispatched(self, case: Case, view: ClassView) -> Next:
        actor = self.people.handler(case.matter.body_id or 0)
        again = case.return_count > 0
        verb = "return" if not again and self.rng.random() < script.RETURNED else "sign"
        return self._step(case, self._at(case, view, minutes=55), actor, verb)

    def _from_handling(self, case: Case, view: ClassView) -> Next:
        matter = case.matter
        allowed = max((matter.final_due_at or matter.stage_started_at) - matter.stage_started_at, timedelta(hours=1))
        slow = self.rng.uniform(3, 9) if self.rng.random() < script.FORGOTTEN else 1
        waited = script.wait(self.rng, allowed * 0.6 * slow, 0.5) / self.haste
        moment = matter.stage_started_at + waited
        at = moment if self.haste > 1 else script.awake(moment, view.urgency, self.rng)
        return self._step(case, at, self.people.handler(matter.body_id or 0), "feed_back")

    def _from_fed_back(self, case: Case, view: ClassView) -> Next:
        verb = "rework" if case.rework_count < 3 and self.rng.random() < script.REWORKED else "pass"
        return self._step(case, self._at(case, view, hours=9), self.people.verifier(), verb)

    def _from_verified(self, case: Case, view: ClassView) -> Next:
        return self._step(case, self._at(case, view, hours=3), self.people.operator(), "close")

    def _from_closed(self, case: Case, view: ClassView) -> Next:
        at = self._at(case, view, hours=30)
        if case.reopen_count == 0 and self.rng.random() < script.REOPENED:
            return self._step(case, at, self.people.operator(), "reopen")
        outcome = self.rng.choices(["solved", "explained", "unreached"], [86, 6, 8])[0]
        said = self.rng.choices(["satisfied", "fair", "dissatisfied"], [72, 20, 8])[0]
        satisfaction = "not_said" if outcome == "unreached" else said
        return self._step(case, at, self.people.operator(), "call_back", outcome=outcome, satisfaction=satisfaction)


def load(progress: Progress | None = None, *, matters: int = MATTERS, days: int = DAYS, seed: int = SEED) -> int:
    """Let `matters` matters of the last `days` days go through the chain up to now. Returns how many steps were taken."""
    cast.create_cast(actor=SYSTEM)
    director = Director(cast.cast_for_load(actor=SYSTEM), random.Random(seed))
    now = clock.now()
    order = count()
    queue: list[tuple[datetime, int, Case | None, Next | None]] = []
    for moment in script.arrival_times(matters, now, days, director.rng):
        heapq.heappush(queue, (moment, next(order), None, None))
    reported = steps = 0
    while queue:
        began = time.monotonic()
        with transaction.atomic():
            while queue and time.monotonic() - began < BATCH_S:
                moment, _n, case, planned = heapq.heappop(queue)
                with clock.at(moment, actor=SYSTEM):
                    case = _one(director, case, planned)
                reported += planned is None
                steps += 1
                following = director.next(case)
                if following is not None and (at := max(following.at, moment)) <= now:
                    heapq.heappush(queue, (at, next(order), case, following))
        if progress is not None:
            progress(min(reported, matters), matters)
    return steps


def _one(director: Director, case: Case | None, planned: Next | None) -> Case:
    if planned is None or case is None:
        return _case(director.report())
    actions.move_case(actor=planned.actor, case=case, step=planned.step)
    return case


def _case(matter_id: int) -> Case:
    return Case.objects.select_related("matter").get(pk=matter_id)


def simulate(*, rate_per_h: float, stop: threading.Event, say: Callable[[str], object] = print) -> int:
    """Matters keep arriving at `rate_per_h` (mean over a week, real profile) and keep moving, until `stop`."""
    director = Director(cast.cast_for_load(actor=SYSTEM), random.Random(), haste=40.0)
    waiting: dict[int, Next] = {}
    made, next_report = 0, time.monotonic()
    while not stop.is_set():
        if time.monotonic() >= next_report:
            matter_id = director.report()
            made += 1
            pause = random.expovariate(max(script.rate_now(clock.now(), rate_per_h), rate_per_h / 20) / 3600)
            next_report = time.monotonic() + pause
            _plan(director, waiting, matter_id)
            say(_("第 %(n)s 件，编号 %(id)s，约 %(s)s 秒后下一件") % {"n": made, "id": matter_id, "s": round(pause)})
        for matter_id in [m for m, planned in waiting.items() if planned.at <= clock.now()]:
            planned = waiting.pop(matter_id)
            try:
                _one(director, _case(matter_id), planned)
            except Refusal as refused:  # a person was faster: that is the point of a living district
                say(str(refused.message))
            _plan(director, waiting, matter_id)
        stop.wait(0.2)
    return made


def _plan(director: Director, waiting: dict[int, Next], matter_id: int) -> None:
    following = director.next(_case(matter_id))
    if following is not None:
        waiting[matter_id] = following
