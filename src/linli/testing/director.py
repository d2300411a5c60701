"""Decides what happens next to simulated cases: who does what, when. Writes nothing itself but new reports."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from linli.core.actor import RESIDENT, Actor
from linli.files import actions as files
from linli.organisations import queries as organisations
from linli.organisations.choices import SOCIETY, BodyKind
from linli.organisations.queries import BodyView
from linli.response import actions, call_rules, queries
from linli.response.catalogue import ClassView
from linli.response.choices import CallResult
from linli.response.models import Case
from linli.response.queries.calls import attempts_of
from linli.territory import queries as territory
from linli.vault import queries as contacts

from . import cast, pictures, script

TWINS_AMONG = 60  # a second report of one thing is about one of the newest so many
KINDS = frozenset(str(k) for k in SOCIETY)


@dataclass(frozen=True, slots=True)
class Next:
    """The next thing that happens to a case: when, by whom, what. `by` is asked at that moment: who decides may rise."""

    at: datetime
    by: Callable[[], Actor]
    step: actions.Step


class Director:
    """Decides what happens next to simulated cases. `haste` > 1 makes everybody faster (live simulation)."""

    def __init__(self, people: cast.LoadCast, rng: random.Random, *, haste: float = 1.0) -> None:
        self.people, self.rng, self.haste = people, rng, haste
        self.grids = territory.grid_codes()
        self.cases: dict[int, Case] = {}  # by id, the newest last
        self.twins: dict[int, Case] = {}  # reported of the same thing -> its main case
        self.joint: dict[int, list[int]] = {}
        self.invited: dict[int, list[str]] = {}
        self.settled: set[tuple[int, str]] = set()  # what is decided once for a case

    # --- reports -------------------------------------------------------------------------------------------
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
        twin = self._twin()
        if twin is not None:
            story, channel = script.again(queries.class_of(twin).code, self.rng) or story, "phone"
            lon, lat = twin.lon, twin.lat
        located = territory.check_point(lon, lat)
        actor = {
            "web": lambda: RESIDENT,
            "phone": self.people.operator,
            "onsite": lambda: self.people.desk(located.subdistrict),
            "field": lambda: self.people.grid_worker(located.subdistrict),
        }[channel]()
        report = actions.Report(
            channel=channel,
            class_code=story.class_code,
            lon=lon,
            lat=lat,
            description=story.text,
            place_source="map" if channel in ("web", "field") else "search",
            simulated=True,
            **self._contact(channel),
        )
        drawn = channel == "field" and bool(located.subdistrict) and story.class_code in script.DRAWN
        if drawn and actions.may_be_mended(story.class_code) and self.rng.random() < script.MENDED:
            return self._mend(actor, report)
        receipt = actions.report_case(actor=actor, report=report)
        if twin is not None:
            self.twins[receipt.matter_id] = twin
        return receipt.matter_id

    def _mend(self, actor: Actor, report: actions.Report) -> int:
        """What a grid worker found is put right at once, with a drawing of before and one of after."""
        drawn = pictures.pair(self.rng.randrange(pictures.SCENES), on_wall=report.class_code == script.ON_WALL)
        before, after = (files.accept_upload(actor=actor, stream=io.BytesIO(d), name="").key for d in drawn)
        result = self.rng.choice(script.replies()["mend"])
        report = replace(report, photo_keys=[before])
        return actions.report_and_mend(actor=actor, report=report, result=result, after_keys=[after]).matter_id

    def _contact(self, channel: str) -> dict[str, str]:
        """A number for those who leave one: always the same, of a public service, so that nobody is ever called."""
        if channel == "field" or self.rng.random() >= script.LEFT_NUMBER:
            return {}
        consent = contacts.consent_for("case_contact" if channel == "web" else "case_contact_spoken")
        return {"phone": script.NUMBER, "consent": consent.version}

    def _twin(self) -> Case | None:
        if self.rng.random() >= script.TWIN:
            return None
        newest = list(islice(reversed(self.cases.values()), TWINS_AMONG))
        known = [
            c for c in newest if c.matter.stage in ("accepted", "dispatched", "handling") and c.matter.parent_id is None
        ]
        return self.rng.choice(known) if known else None

    # --- steps -----------------------------------------------------------------------------------------------
    def next(self, case: Case) -> Next | None:
        """What happens next to `case`, or nothing (ended, or the clock must do something first)."""
        self.cases[case.pk] = case
        decide = getattr(self, f"_from_{case.matter.stage}", None)
        return decide(case, queries.class_of(case)) if decide else None

    def _chance(self, case: Case, what: str, share: float) -> bool:
        """The dice, thrown once for a case."""
        mark = (case.pk, what)
        if mark in self.settled:
            return False
        self.settled.add(mark)
        return self.rng.random() < share

    def _at(self, case: Case, view: ClassView, *, watch: bool = False, **median: float) -> datetime:
        """When the next thing happens; the hotline keeps `watch` day and night, others come in the morning."""
        waited = script.wait(self.rng, timedelta(**median)) / self.haste
        moment = case.matter.stage_started_at + waited
        return moment if watch or self.haste > 1 else script.awake(moment, view.urgency, self.rng)

    def _within(self, case: Case, hours: float, share: float) -> float:
        """So many hours, or a share of the whole time that the case has, if that is less: short limits hurry everybody."""
        final = case.matter.final_due_at
        whole_h = (final - case.counted_from).total_seconds() / 3600 if final else hours / share
        return min(hours, max(whole_h, 1) * share)

    def _step(self, case: Case, at: datetime, by: Callable[[], Actor], verb: str, text: str = "", **more: Any) -> Next:
        text = text or (self.rng.choice(script.replies()[verb]) if verb in script.replies() else "")
        return Next(at, by, actions.Step(verb, case.matter.version, text, **more))

    def _commander(self, case: Case) -> Callable[[], Actor]:
        """The dispatcher of the level that decides about the case when it comes to it."""
        return lambda: self.people.dispatcher(_level(case))

    def _chief(self, case: Case) -> Callable[[], Actor]:
        return lambda: self.people.chief(_level(case))

    def _of(self, body_id: int | None) -> Callable[[], Actor]:
        return lambda: self.people.handler(body_id or 0)

    def _from_reported(self, case: Case, view: ClassView) -> Next:
        at, by = self._at(case, view, watch=True, minutes=22), self.people.operator
        twin = self.twins.pop(case.pk, None)
        if twin is not None and twin.matter.stage in ("accepted", "dispatched", "handling"):
            return self._step(case, at, by, "merge", extra={"parent": twin})
        if "answer" in view.variant.chosen and self._chance(case, "answer", script.ANSWERED):
            return self._step(case, at, by, "answer")
        return self._step(case, at, by, "decline" if self.rng.random() < script.DECLINED else "accept")

    def _from_accepted(self, case: Case, view: ClassView) -> Next:
        subdistrict = case.matter.subdistrict
        body, minutes = queries.suggested_body(case), 28
        if body is None:  # nobody owns it by the routes
            if self._chance(case, "unclear", script.UNCLEAR):
                return self._step(case, self._at(case, view, minutes=50), self._commander(case), "seek_finding")
            body, minutes = self._fallback(subdistrict), 75
        at = self._at(case, view, watch=True, minutes=minutes)
        share = script.OFFERED_NEED if view.tree == "need" else script.OFFERED
        if "offer" not in view.variant.without and self._chance(case, "offer", share):
            return self._offer(case, view, at, body)
        others = [b for b in self._departments() if b.id != body.id]
        if self._chance(case, "joint", script.JOINT) and others:
            self.joint[case.pk] = [b.id for b in self.rng.sample(others, self.rng.choice([1, 1, 2]))]
            extra = {"joint": self.joint[case.pk]}
            return self._step(case, at, self._commander(case), "dispatch", body_id=body.id, extra=extra)
        return self._step(case, at, self._commander(case), "dispatch", body_id=body.id)

    def _fallback(self, subdistrict: str) -> BodyView:
        body = organisations.body_by_code(f"{subdistrict}-grid" if subdistrict else "110102-urban-management")
        assert body is not None
        return body

    def _departments(self) -> list[BodyView]:
        return list(organisations.bodies(kinds=(BodyKind.DEPARTMENT, BodyKind.ENTERPRISE)))

    def _from_finding(self, case: Case, view: ClassView) -> Next:
        body = self._fallback(case.matter.subdistrict)
        return self._step(case, self._at(case, view, hours=5), self._commander(case), "find", body_id=body.id)

    # --- society ------------------------------------------------------------------------------------------------
    def _offer(self, case: Case, view: ClassView, at: datetime, owed: BodyView) -> Next:
        self.invited[case.pk] = self.rng.choice(
            [[], [], [BodyKind.VOLUNTEER_TEAM.value], [BodyKind.BUSINESS.value, BodyKind.STATIONED_UNIT.value]]
        )
        patience = timedelta(hours=self.rng.choice([24, 48, 72])) / self.haste
        extra = {"kinds": self.invited[case.pk], "claim_by": at + patience}
        text = script.notice(view.code)
        return self._step(case, at, self._commander(case), "offer", text, body_id=owed.id, extra=extra)

    def _from_offered(self, case: Case, view: ClassView) -> Next | None:
        """Somebody of society claims it, or nobody does and the clock gives it to the body that owes it."""
        kinds, matter = self.invited.get(case.pk), case.matter
        if kinds is None or not self._chance(case, "claim", script.CLAIMED) or matter.due_at is None:
            return None
        place = matter.community or matter.subdistrict or matter.area
        near = [b for b in organisations.bodies(kinds=kinds or KINDS) if place.startswith(b.division)]
        if not near:
            return None
        body = self.rng.choice(near)
        at = matter.stage_started_at + (matter.due_at - matter.stage_started_at) * self.rng.uniform(0.05, 0.8)
        morning = at if self.haste > 1 else script.awake(at, view.urgency, self.rng)
        at = morning if morning < matter.due_at else at
        return self._step(case, at, self._of(body.id), "claim", body_id=body.id)

    def _from_ended(self, case: Case, view: ClassView) -> Next | None:
        if case.subject in KINDS and self._chance(case, "thank", script.THANKED):
            return self._step(case, self._at(case, view, hours=6), self.people.operator, "thank")
        return None

    # --- the body at work ---------------------------------------------------------------------------------------
    def _from_dispatched(self, case: Case, view: ClassView) -> Next:
        at, by = self._at(case, view, hours=self._within(case, 0.9, 0.08)), self._of(case.matter.body_id)
        if case.return_count == 0 and self._chance(case, "return", script.RETURNED):
            return self._step(case, at, by, "ask_return")
        if self._chance(case, "transfer", script.TRANSFERRED):
            other = self.rng.choice([b for b in self._departments() if b.id != case.matter.body_id])
            return self._step(case, at, by, "ask_transfer", body_id=other.id)
        return self._step(case, at, by, "sign")

    def _from_return_asked(self, case: Case, view: ClassView) -> Next:
        verb = "refuse_return" if self.rng.random() < script.REFUSED else "grant_return"
        return self._step(case, self._at(case, view, minutes=40), self._commander(case), verb)

    def _from_transfer_asked(self, case: Case, view: ClassView) -> Next:
        verb = "refuse_transfer" if self.rng.random() < script.REFUSED else "take_transfer"
        return self._step(case, self._at(case, view, minutes=70), self._of(case.matter.body_id), verb)

    def _from_handling(self, case: Case, view: ClassView) -> Next | None:
        matter, by = case.matter, self._of(case.matter.body_id)
        if case.paused_at is not None:
            return None  # the planned end comes first
        if (asked := (case.pk, "asked")) in self.settled:
            self.settled.discard(asked)
            verb = "refuse_time" if self.rng.random() < script.REFUSED else "grant_time"
            return self._step(case, self._at(case, view, hours=3), self._chief(case), verb)
        if self._chance(case, "time", script.TIME_ASKED):
            self.settled.add(asked)
            at = self._at(case, view, hours=2)
            return self._step(case, at, by, "ask_time", extra=self._time(at))
        if case.contact_id is not None and case.contacted_at is None and self._chance(case, "contacted", 0.9):
            return self._step(case, self._at(case, view, hours=self._within(case, 1, 0.05)), by, "contacted")
        society = (body := organisations.body(matter.body_id)) is not None and body.kind in KINDS
        if society and self._chance(case, "give_up", script.GIVEN_UP):
            return self._step(case, self._at(case, view, hours=7), by, "give_up")
        if case.open_assists and (found := self._assist(case, view)):
            return found
        allowed = max((matter.final_due_at or matter.stage_started_at) - matter.stage_started_at, timedelta(hours=1))
        slow = self.rng.uniform(3, 9) if self.rng.random() < script.FORGOTTEN else 1
        waited = script.wait(self.rng, allowed * 0.28 * slow, 0.45) / self.haste
        moment = matter.stage_started_at + waited
        at = moment if self.haste > 1 else script.awake(moment, view.urgency, self.rng)
        return self._step(case, at, by, "feed_back")

    def _time(self, at: datetime) -> dict[str, Any]:
        kind = self.rng.choice(["pause", "extend", "extend", "defer"])
        if kind == "extend":
            return {"time_kind": kind, "amount": self.rng.choice([1, 2, 3]), "unit": "working_day"}
        return {"time_kind": kind, "until": at + timedelta(days=self.rng.choice([1, 2, 4])) / self.haste}

    def _assist(self, case: Case, view: ClassView) -> Next | None:
        """Each joint body signs, then reports; one after the other."""
        for body_id in self.joint.get(case.pk, ()):
            if self._chance(case, f"assist_sign {body_id}", 1):
                return self._step(case, self._at(case, view, hours=1), self._of(body_id), "assist_sign")
            if self._chance(case, f"assist_report {body_id}", 1):
                return self._step(case, self._at(case, view, hours=6), self._of(body_id), "assist_report")
        return None

    # --- afterwards ------------------------------------------------------------------------------------------------
    def _from_fed_back(self, case: Case, view: ClassView) -> Next:
        verb = "rework" if case.rework_count < 3 and self.rng.random() < script.REWORKED else "pass"
        at = self._at(case, view, watch=True, hours=self._within(case, 9, 0.1))
        return self._step(case, at, self.people.verifier, verb)

    def _from_verified(self, case: Case, view: ClassView) -> Next:
        at = self._at(case, view, watch=True, hours=self._within(case, 3, 0.04))
        return self._step(case, at, self.people.operator, "close")

    def _from_closed(self, case: Case, view: ClassView) -> Next | None:
        if case.call_sampled is False:
            return None  # the clock archives it
        if CallResult.TALKED in (tried := attempts_of(case)):
            return self._heard(case)
        at = self._at(case, view, hours=30)
        if not tried and case.reopen_count == 0 and self.rng.random() < script.REOPENED:
            return self._step(case, at, self.people.operator, "reopen")
        if case.contact_id is None:  # nobody to call: archived when the time for an answer on the web is over
            at = max(at, case.matter.due_at or at)
            said = {"outcome": "no_contact", "satisfaction": "not_said"}
            return self._step(case, at, self.people.operator, "call_back", **said)
        if tried or self.rng.random() < script.UNREACHED:
            return self._no_answer(case, at)
        return self._step(case, at, self.people.operator, "call", extra={"call": "talked"})

    def _heard(self, case: Case) -> Next:
        """What the reporter said in the call that was just answered."""
        outcome = self.rng.choices(["solved", "explained"], [93, 7])[0]
        satisfaction = self.rng.choices(["satisfied", "fair", "dissatisfied"], [72, 20, 8])[0]
        said = {"outcome": outcome, "satisfaction": satisfaction}
        return self._step(case, case.matter.stage_started_at, self.people.operator, "call_back", **said)

    def _no_answer(self, case: Case, at: datetime) -> Next:
        """Called as often as the rules ask before anybody may say that nobody was reached."""
        if call_rules.rules().still_needed(attempts_of(case)):
            at = max(at, case.next_call_at or at)
            return self._step(case, at, self.people.operator, "call", extra={"call": "no_answer"})
        said = {"outcome": "unreached", "satisfaction": "not_said"}
        return self._step(case, case.matter.stage_started_at, self.people.operator, "call_back", **said)


def _level(case: Case) -> str:
    return case.matter.subdistrict if case.matter.subdistrict and case.level != "district" else cast.DISTRICT
