"""Hypothesis walks the chain with the real actions: whoever presses whatever, the promises of the house hold."""

from __future__ import annotations

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

from linli.core.actor import RESIDENT, Actor
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


def machine(district: Cast) -> type[RuleBasedStateMachine]:
    actors: dict[str, Actor] = {name: district.actor(name) for name in PEOPLE}
    team = organisations.body_by_code("110102018-grid")
    assert team is not None

    class Chain(RuleBasedStateMachine):
        @initialize()
        def report(self) -> None:
            receipt = actions.report_case(
                actor=RESIDENT, report=actions.Report("web", "0102", *NIUJIE, description="垃圾")
            )
            self.pk = receipt.matter_id
            self.refused = 0

        def case(self) -> Case:
            return Case.objects.select_related("matter").get(pk=self.pk)

        @rule(
            who=st.sampled_from(PEOPLE),
            verb=st.sampled_from(VERBS),
            text=st.sampled_from(["", "因为", "  "]),
            body=st.sampled_from([None, team.id, 10**9]),
            outcome=st.sampled_from(["", "solved", "explained", "nonsense"]),
        )
        def press(self, who: str, verb: str, text: str, body: int | None, outcome: str) -> None:
            case = self.case()
            before = (case.matter.stage, case.matter.seq)
            offered = {m.verb for m in queries.verbs_for(actors[who], case)}
            try:
                step = actions.Step(verb, case.matter.version, text, body_id=body, outcome=outcome)
                actions.move_case(actor=actors[who], case=case, step=step)
            except Refusal:
                self.refused += 1
                now = self.case().matter
                assert (now.stage, now.seq) == before
            else:
                assert verb in offered, "a button that was not offered worked"

        @rule(who=st.sampled_from(PEOPLE))
        def go_on(self, who: str) -> None:
            """Press the first offered arrow properly, so that walks get far."""
            case = self.case()
            for move in queries.verbs_for(actors[who], case):
                if move.target is not None:
                    step = actions.Step(
                        move.verb, case.matter.version, "写明", body_id=team.id, outcome="solved", satisfaction="fair"
                    )
                    actions.move_case(actor=actors[who], case=case, step=step)
                    return

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

    return Chain


@pytest.mark.django_db
@pytest.mark.slow
def test_no_walk_breaks_a_promise(district: Cast) -> None:
    run_state_machine_as_test(
        machine(district),
        settings=settings(
            max_examples=12,
            stateful_step_count=22,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
