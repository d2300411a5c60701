"""The glossary holds the words of the chain, in order: whoever adds a stage, a verb, a post or a unit names it there."""

from __future__ import annotations

import re

import pytest
from django.db.models import Choices
from django.utils.translation import override

from linli.accounts.choices import Axis, PostKind
from linli.circle import choices as circle
from linli.coordination import choices as coordination
from linli.coordination.rules import CONSULTATION, SUMMONS, TOPIC
from linli.flow.rules import Flow
from linli.ground import choices as ground
from linli.ground.rules import CHANGE, MERGER
from linli.organisations.choices import BodyKind
from linli.response.choices import Channel, Object, Outcome, Satisfaction, Urgency
from linli.response.rules import CASE, EXTRA_LABELS
from linli.worktime.choices import UNIT_LABELS

from .test_architecture import ROOT

TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
TERMS = re.findall(r"^\| \*\*(.+?)\*\* \|", TEXT, re.MULTILINE)


def test_terms_are_sorted_and_said_once() -> None:
    plain = [term.lower().replace("(", "").replace("-", " ") for term in TERMS]
    assert plain == sorted(set(plain))
    assert len(TERMS) > 100


ROOMS = [
    kinds
    for room in (circle, coordination, ground)
    for kinds in vars(room).values()
    if isinstance(kinds, type) and issubclass(kinds, Choices) and kinds.__members__
]


@pytest.mark.parametrize("kinds", [PostKind, Axis, BodyKind, Channel, Object, Outcome, Satisfaction, Urgency, *ROOMS])
def test_choices_are_named(kinds: type[PostKind]) -> None:
    with override("zh-hans"):
        assert [str(label) for label in kinds.labels if str(label) not in TEXT] == []


@pytest.mark.parametrize("flow", [CASE, SUMMONS, TOPIC, CONSULTATION, CHANGE, MERGER], ids=lambda flow: flow.kind)
def test_stages_and_verbs_are_named_with_their_tokens(flow: Flow) -> None:
    with override("zh-hans"):
        missing = [s.token for s in flow.stages.values() if f"`{s.token}`" not in TEXT or str(s.label) not in TEXT]
        missing += [m.verb for m in flow.moves.values() if f"`{m.verb}`" not in TEXT or str(m.label) not in TEXT]
    assert missing == []


def test_lines_without_a_verb_are_named() -> None:
    with override("zh-hans"):
        assert [str(label) for label in EXTRA_LABELS.values() if str(label) not in TEXT] == []


@pytest.mark.parametrize("flow", [SUMMONS, TOPIC, CONSULTATION, CHANGE, MERGER], ids=lambda flow: flow.kind)
def test_a_row_of_the_chains_says_what_leaves_its_stage(flow: Flow) -> None:
    with override("zh-hans"):
        for stage in flow.stages.values():
            row = next(
                (r for r in TEXT.splitlines() if r.startswith(f"| {flow.kind} | `{stage.token}` {stage.label} |")), ""
            )
            assert row, f"{flow.kind}: no row for {stage.token}"
            leaving = {m.verb for m in flow.verbs_from(stage.token) if m.target is not None}
            assert {v for v in leaving if f"`{v}`" not in row} == set()


def test_units_are_named() -> None:
    with override("zh-hans"):
        assert [str(label) for label in UNIT_LABELS.values() if str(label) not in TEXT] == []
