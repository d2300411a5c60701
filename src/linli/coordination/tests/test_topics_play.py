"""The demonstration: topics at every stage, two campaigns, two weeks of roster; it plays once."""

from __future__ import annotations

import pytest

from linli.coordination.actions.roster import load_shifts
from linli.coordination.actions.topic_rules import load_topic_rules
from linli.coordination.models import Campaign, DutySlot, Topic
from linli.core.actor import SYSTEM
from linli.testing import coordination_topics
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db


def test_every_stage_is_shown(district: Cast) -> None:
    load_topic_rules(actor=SYSTEM)
    load_shifts(actor=SYSTEM)
    made = coordination_topics.play()
    assert made["campaigns"] == 2
    assert made["slots"] > 80
    stages = set(Topic.objects.values_list("matter__stage", flat=True))
    assert stages == {"found", "working", "checking", "cured", "dismissed"}
    assert set(Campaign.objects.values_list("state", flat=True)) == {"running", "ended"}
    assert not Topic.objects.filter(matter__simulated=False).exists()
    assert not DutySlot.objects.filter(simulated=False).exists()
    assert coordination_topics.play() == {}
