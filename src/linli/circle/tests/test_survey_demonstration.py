"""The simulated survey and wave: made by the real actions, once, and marked as simulated."""

from __future__ import annotations

import pytest

from linli.circle.queries import sheets as sheet_reads
from linli.circle.queries import surveys as read
from linli.circle.queries import waves as wave_reads
from linli.core.actor import SYSTEM
from linli.testing import circle_surveys

pytestmark = pytest.mark.django_db


def test_four_fifths_are_handed_in_one_subdistrict_is_behind_and_it_is_played_once(catalogues: None) -> None:
    made = circle_surveys.play()
    newest, last = read.surveys(actor=SYSTEM)
    assert newest.simulated and last.simulated and newest.state == "open" and last.state == "closed"
    lines = sheet_reads.progress(actor=SYSTEM, survey_id=newest.pk)
    done = [x for x in lines if x.done]
    assert 0.72 <= len(done) / len(lines) <= 0.88 and len(done) == made["submitted"]
    assert not any(x.sheet.community.startswith(circle_surveys.BEHIND) for x in done)
    for statement in read.statements(newest.pk):
        assert statement.among + statement.missing in {186, 261}
    (wave,) = wave_reads.waves(actor=SYSTEM)
    results = wave_reads.results(actor=SYSTEM, wave_id=wave.pk)
    assert wave.simulated and results.district.voices == made["voices"] == 96
    assert [g.answers[0].shown for g in results.communities].count(False) == 2
    assert circle_surveys.play() == {}
