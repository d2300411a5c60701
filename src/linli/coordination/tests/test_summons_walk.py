"""Hypothesis walks the summons with the real actions: whoever presses whatever, the promises hold."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from linli.coordination.actions.answers import OF_BODY, OF_CHIEF, Step, move_summons, ring_summons
from linli.coordination.actions.summons import Asked
from linli.coordination.queries import calls, story, summonses
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Refusal
from linli.testing.fixtures import Cast

from .stories import body, call

PEOPLE = ("chief-niujie", "chief", "chief-desheng", "handler-enforcement", "handler-landscaping", "handler-water",
          "dispatcher-niujie", "auditor", "administrator")  # fmt: skip
CODES = ("enforcement", "landscaping", "tap-water")


def machine(cast: Cast) -> type[RuleBasedStateMachine]:
    actors = {name: cast.actor(name) for name in PEOPLE}
    ids = [body(c) for c in CODES]

    class Walk(RuleBasedStateMachine):
        @initialize(hours=st.sampled_from([None, 2, 30]))
        def whistle(self, hours: int | None) -> None:
            self.later = timedelta(0)
            due = clock.now() + timedelta(hours=hours) if hours else None
            asked = (Asked(body("enforcement"), due_at=due), Asked(body("landscaping"), "in_writing"))
            self.pk = call(cast, bodies=asked)

        def now(self) -> AbstractContextManager[None]:
            self.later += timedelta(seconds=1)
            return clock.at(datetime.now(UTC) + self.later, actor=SYSTEM)

        @rule(
            who=st.sampled_from(PEOPLE),
            verb=st.sampled_from(OF_BODY + OF_CHIEF),
            of=st.sampled_from(ids),
            words=st.sampled_from(["", "写明了"]),
            verdict=st.sampled_from(["", "done", "not", "nonsense"]),
            stale=st.booleans(),
        )
        def press(self, who: str, verb: str, of: int, words: str, verdict: str, stale: bool) -> None:
            with self.now():
                summons, parts = calls.load(SYSTEM, self.pk)
                before = (summons.matter.stage, summons.matter.seq)
                said = {p.body_id: verdict for p in parts if verdict and p.state != "released"}
                version = summons.matter.version - stale
                try:
                    shown = story.story(actors[who], self.pk)
                    offered = {v for p in shown.parts if p.row.body_id == of for v in p.verbs}
                    offered |= {v for v, allowed in shown.verbs.items() if allowed}
                except Refusal:
                    offered = set()
                try:
                    step = Step(verb, version, None, of, words, said)
                    move_summons(actor=actors[who], summons_id=self.pk, step=step)
                except Refusal:
                    now = calls.load(SYSTEM, self.pk)[0].matter
                    assert (now.stage, now.seq) == before
                else:
                    assert verb in offered and not stale, f"a button that was not offered worked: {verb}"

        @rule(hours=st.sampled_from([1, 5, 40, 300]))
        def time_passes(self, hours: int) -> None:
            self.later += timedelta(hours=hours)
            with self.now():
                ring_summons()
                assert ring_summons() == 0, "ringing twice does nothing"

        @invariant()
        def promises(self) -> None:
            if not hasattr(self, "pk"):
                return
            summons, parts = calls.load(SYSTEM, self.pk)
            matter = summons.matter
            states = [p.state for p in parts if p.state != "released"]
            if matter.stage == "called":
                assert matter.alarm_at is not None, "somebody's time runs"
                assert any(s != "answered" for s in states)
            else:
                assert matter.alarm_at is None
                assert not {"asked", "signed"} & set(states) or matter.stage == "withdrawn"
            assert all(p.answered_seq for p in parts if p.state == "answered")
            owing = {m.pk for a in ("handler-enforcement", "handler-landscaping") for m in _owed(actors[a])}
            assert (self.pk in owing) == (
                matter.stage in ("called", "judging") and any(s != "answered" for s in states)
            )

    return Walk


def _owed(actor):  # type: ignore[no-untyped-def]
    rows = summonses.owing(actor)
    return rows if rows is not None else ()


@pytest.mark.slow
@pytest.mark.django_db
def test_whoever_presses_whatever(district: Cast) -> None:
    run_state_machine_as_test(
        machine(district),
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
