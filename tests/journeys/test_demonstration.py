"""The demonstration lives the last weeks event by event: the clock acts at its own time, society has its part."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from linli.core.actor import SYSTEM
from linli.files.models import Upload
from linli.flow import seals
from linli.flow.models import Journal, Matter
from linli.response.models import Case, Offer
from linli.testing import cast as people
from linli.testing import script
from linli.testing.demonstration import Replay
from linli.testing.director import Director
from linli.testing.fixtures import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MATTERS = 120
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # a Friday: what happens in a month hangs on its holidays and weekends


@pytest.fixture
def replay(district: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Replay:
    """A hundred matters of a month, with more of what is rare."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(script, "CHANNELS", (("web", 35), ("phone", 35), ("onsite", 5), ("field", 25)))
    for name, share in (
        ("OFFERED", 0.3),
        ("TIME_ASKED", 0.2),
        ("TWIN", 0.1),
        ("FORGOTTEN", 0.3),
        ("MENDED", 1),
        ("JOINT", 0.3),
    ):
        monkeypatch.setattr(script, name, share)
    now = NOW
    replay = Replay(Director(people.cast_for_load(actor=SYSTEM), random.Random(5)), now)
    for moment in script.arrival_times(MATTERS, now - timedelta(days=10), 20, replay.director.rng):
        replay.push(moment)
    while replay.queue:
        replay.one()
    return replay


def test_a_month_of_the_district(replay: Replay) -> None:
    verbs = Counter(Journal.objects.values_list("verb", flat=True))
    assert replay.reported == verbs["report"] == MATTERS and replay.refused < MATTERS // 4
    for verb in ("offer", "claim", "lapse", "thank", "assist_report", "grant_time", "merge", "alarm", "remind"):
        assert verbs[verb], (verb, verbs)
    assert not Matter.objects.filter(alarm_at__lt=replay.until).exists(), "no alarm is left that should have rung"
    for offer in Offer.objects.filter(state="lapsed"):
        line = Journal.objects.filter(matter_id=offer.case_id, verb="lapse").latest("seq")
        assert line.at == offer.claim_by == offer.ended_at
    merged = Journal.objects.filter(verb="close_with")
    mains = dict(Matter.objects.filter(pk__in=[line.matter_id for line in merged]).values_list("pk", "parent_id"))
    for line in merged:
        main = mains[line.matter_id]  # its own closing; it may have been reopened and closed again since
        closings = Journal.objects.filter(matter_id=main, verb__in=("close", "spare", "answer")).values_list(
            "at", flat=True
        )
        assert main is None or min(abs(line.at - at) for at in closings) < timedelta(days=20)
    assert Case.objects.filter(
        subject__in=("volunteer_team", "business", "social_organisation", "stationed_unit")
    ).exists()
    assert seals.verify().holds


def test_what_was_mended_on_the_spot_has_pictures_of_before_and_after(replay: Replay) -> None:
    mended = Journal.objects.filter(verb="mend")
    assert mended
    for line in mended:
        case = Case.objects.select_related("matter").get(pk=line.matter_id)
        assert case.matter.simulated and case.photos >= 2 and case.matter.body_id is not None
        keys = Upload.objects.filter(subject=f"case:{case.pk}").order_by("created_at", "pk")
        assert len({picture.sha256 for picture in keys}) == 2  # the corner before is not the corner after
