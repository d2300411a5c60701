"""Hypothesis walks the chain with the real actions: whoever presses whatever, the promises of the house hold."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM, Actor
from linli.core.errors import Refusal
from linli.flow.models import Journal
from linli.organisations import queries as organisations
from linli.response import actions, queries
from linli.response.models import Case
from linli.response.rules import CASE, HANDLING_VERBS
from linli.testing.fixtures import Cast

from .conftest import NIUJIE

PEOPLE = ("operator", "desk", "dispatcher", "dispatcher-niujie", "grid-niujie", "handler-niujie", "verifier",
          "verifier-second", "chief-niujie", "chief", "auditor", "administrator")  # fmt: skip
VERBS = tuple(CASE.moves)
WAYS_TO_CLOSE = frozenset({"close", "answer", "spare", "close_with"})
EXTRAS = (
    {},
    {"time_kind": "pause"},
    {"time_kind": "extend", "amount": 2, "unit": "working_day"},
    {"time_kind": "defer", "until": timedelta(days=3)},
    {"time_kind": "nonsense"},
    {"kinds": ["volunteer_team"], "claim_by": timedelta(hours=5)},
    {"claim_by": timedelta(hours=-1)},
    {"joint": "other"},
    {"call": "no_answer"},
    {"call": "refused"},
    {"parts": [("0102", "清运"), ("0103", "平整")]},
)


def _extra(chosen: dict[str, object], other: int) -> dict[str, object]:
    now = clock.now()
    said = {name: now + value if isinstance(value, timedelta) else value for name, value in chosen.items()}
    return {name: [other] if value == "other" else value for name, value in said.items()}


def machine(district: Cast) -> type[RuleBasedStateMachine]:
    actors: dict[str, Actor] = {name: district.actor(name) for name in PEOPLE}
    team = organisations.body_by_code("110102018-grid")
    other = organisations.body_by_code("110102018")
    assert team is not None and other is not None

    class Chain(RuleBasedStateMachine):
        @initialize()
        def report(self) -> None:
            receipt = actions.report_case(
                actor=RESIDENT, report=actions.Report("web", "0102", *NIUJIE, description="垃圾")
            )
            self.pk = receipt.matter_id
            self.refused = 0
            self.later = timedelta(0)

        def now(self) -> AbstractContextManager[None]:
            """The clock of this walk, which only goes on."""
            self.later += timedelta(seconds=1)
            return clock.at(datetime.now(UTC) + self.later, actor=SYSTEM)

        def case(self) -> Case:
            return Case.objects.select_related("matter").get(pk=self.pk)

        @rule(
            who=st.sampled_from(PEOPLE),
            verb=st.sampled_from(VERBS),
            text=st.sampled_from(["", "因为", "  "]),
            body=st.sampled_from([None, team.id, other.id, 10**9]),
            outcome=st.sampled_from(["", "solved", "explained", "nonsense"]),
            extra=st.sampled_from(EXTRAS),
        )
        def press(
            self, who: str, verb: str, text: str, body: int | None, outcome: str, extra: dict[str, object]
        ) -> None:
            with self.now():
                case = self.case()
                before = (case.matter.stage, case.matter.seq)
                offered = {m.verb for m in queries.verbs_for(actors[who], case)}
                try:
                    step = actions.Step(
                        verb,
                        case.matter.version,
                        text,
                        body_id=body,
                        outcome=outcome,
                        extra=_extra(extra, other.id),
                    )
                    actions.move_case(actor=actors[who], case=case, step=step)
                except Refusal:
                    self.refused += 1
                    now = self.case().matter
                    assert (now.stage, now.seq) == before
                else:
                    assert verb in offered, f"a button that was not offered worked: {verb}"

        @rule(who=st.sampled_from(PEOPLE), extra=st.sampled_from(EXTRAS))
        def go_on(self, who: str, extra: dict[str, object]) -> None:
            """Press the first offered arrow that these words fit, so that walks get far."""
            with self.now():
                case = self.case()
                for move in queries.verbs_for(actors[who], case):
                    body = other.id if move.verb == "ask_transfer" and case.matter.body_id != other.id else team.id
                    step = actions.Step(
                        move.verb,
                        case.matter.version,
                        "写明",
                        body_id=body,
                        outcome="solved",
                        satisfaction="fair",
                        extra=_extra(extra, other.id),
                    )
                    if move.target is None and not extra:
                        continue
                    try:
                        actions.move_case(actor=actors[who], case=case, step=step)
                    except Refusal:
                        case = self.case()
                        continue
                    return

        @rule(hours=st.sampled_from([1, 7, 30, 200]))
        def time_passes(self, hours: int) -> None:
            """The clock rings as the worker lets it: it is never refused for good, and ringing twice does nothing."""
            self.later += timedelta(hours=hours)
            with self.now():
                for _n in range(4):
                    actions.ring(self.case())
                seq = self.case().matter.seq
                if not actions.ring(self.case()):
                    assert self.case().matter.seq == seq

        @precondition(lambda self: hasattr(self, "pk"))
        @invariant()
        def promises(self) -> None:
            matter = self.case().matter
            assert (matter.ended_at is not None) == (matter.stage in CASE.ends)
            if matter.stage not in CASE.ends:
                assert any(queries.verbs_for(a, self.case()) for a in actors.values()), "nobody can go on"
            lines = list(Journal.objects.filter(matter_id=self.pk).order_by("seq").values_list("verb", "actor"))
            handlers: set[str] = set()
            verified = False
            for verb, actor in lines:
                if verb in HANDLING_VERBS:
                    handlers.add(actor)
                if verb in ("pass", "rework", "close"):
                    assert actor not in handlers, "a handler verified"
                verified = verb == "pass" or (verified and verb not in ("reopen", "rework"))
                if verb == "close":
                    assert verified, "closed unverified"
            assert len(lines) == matter.seq
            if matter.closed_at is not None:
                assert WAYS_TO_CLOSE & {verb for verb, _actor in lines}, "closed by no way that closes"
            case = self.case()
            if case.paused_at is not None:
                assert matter.stage in ("dispatched", "handling"), "a clock stands still where nobody works"
            assert case.time_changes.filter(state="asked").count() <= 1
            assert case.offers.filter(state__in=["open", "claimed"]).count() <= 1
            if matter.stage == "offered":
                assert case.offers.filter(state="open").exists() and matter.alarm_at is not None
            open_assists = case.assists.filter(state__in=["asked", "signed"]).count()
            assert open_assists == case.open_assists, "joint bodies are counted wrong"
            if matter.stage in ("dispatched", "handling", "transfer_asked", "return_asked"):
                assert matter.body_id is not None
            assert matter.closed_at is None or matter.closed_at >= matter.opened_at

    return Chain


@pytest.mark.django_db
@pytest.mark.slow
def test_no_walk_breaks_a_promise(district: Cast) -> None:
    run_state_machine_as_test(
        machine(district),
        settings=settings(
            max_examples=int(os.environ.get("LINLI_WALKS", "14")),
            stateful_step_count=26,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize="LINLI_WALKS" not in os.environ,
        ),
    )
