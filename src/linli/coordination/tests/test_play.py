"""The demonstration's play: every stage is there, everything says that it is simulated."""

from __future__ import annotations

import pytest

from linli.coordination.models import Consultation, Summons
from linli.coordination.queries import meetings
from linli.core.actor import SYSTEM
from linli.testing import coordination_calls
from linli.testing.fixtures import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_every_stage_is_played_once(district: Cast) -> None:
    made = coordination_calls.play()
    rows = Summons.objects.select_related("matter")
    assert made == {"summons": len(rows), "consultations": 2}
    assert {s.matter.stage for s in rows} == {
        "called", "judging", "settled", "withdrawn", "failed", "tabled", "following",
    }  # fmt: skip
    assert all(s.matter.simulated for s in rows)
    assert {c.matter.stage for c in Consultation.objects.select_related("matter")} == {"planned", "held"}
    assert meetings.follow_counts(SYSTEM) == {"overdue": 1, "open": 1, "done": 1, "all": 2}
    assert coordination_calls.play() == {}, "it plays once"
