"""The glossary holds the words of the chain, in order: whoever adds a stage, a verb, a post or a unit names it there."""

from __future__ import annotations

import re

import pytest
from django.db.models import Choices
from django.utils.translation import override

from linli.accounts.choices import Axis, PostKind
from linli.circle import choices as circle
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


CIRCLE = [
    kinds
    for kinds in vars(circle).values()
    if isinstance(kinds, type) and issubclass(kinds, Choices) and kinds.__members__
]


@pytest.mark.parametrize("kinds", [PostKind, Axis, BodyKind, Channel, Object, Outcome, Satisfaction, Urgency, *CIRCLE])
def test_choices_are_named(kinds: type[PostKind]) -> None:
    with override("zh-hans"):
        assert [str(label) for label in kinds.labels if str(label) not in TEXT] == []


def test_stages_and_verbs_are_named_with_their_tokens() -> None:
    with override("zh-hans"):
        missing = [s.token for s in CASE.stages.values() if f"`{s.token}`" not in TEXT or str(s.label) not in TEXT]
        missing += [m.verb for m in CASE.moves.values() if f"`{m.verb}`" not in TEXT or str(m.label) not in TEXT]
        missing += [str(label) for label in EXTRA_LABELS.values() if str(label) not in TEXT]
    assert missing == []


def test_units_are_named() -> None:
    with override("zh-hans"):
        assert [str(label) for label in UNIT_LABELS.values() if str(label) not in TEXT] == []
