"""The simulated records: made by the real actions, once, the same each time, and marked as simulated."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from linli.circle.actions import load
from linli.circle.models import Circle, CircleMember, Completeness, Designation, RecordEntry, Station
from linli.circle.queries import catalogue as catalogues
from linli.circle.queries import coverage
from linli.circle.queries import records as read
from linli.circle.rules import MISSING, NO, Matrix
from linli.circle.web.matrix_words import simulated_words
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.testing import circle_records

from .test_coverage import AREA

pytestmark = pytest.mark.django_db


def test_the_district_has_circles_stations_records_and_designations_all_marked(xicheng: object) -> None:
    made = circle_records.play()
    assert made["circles"] == Circle.objects.count() == circle_records.CIRCLES
    for table in (Circle, Station, RecordEntry, Designation):
        assert table.objects.exists() and not table.objects.filter(simulated=False).exists()
    standard = Designation.objects.filter(programme__code="standardisation")
    assert standard.filter(state="met").count() == 46 and standard.filter(state="pilot").count() == 9
    assert set(standard.values_list("year", flat=True)) == {2023, 2024, 2025, 2026}
    coverage = {c.kind.code: c for c in read.coverage(actor=SYSTEM)}
    premises = coverage["premises"]
    assert 0.78 <= premises.said / premises.communities <= 0.92
    assert 0.7 <= premises.met / premises.said < 1  # some are below 350 m²
    assert any(len(names) > 1 for _station, names in read.shared_stations(actor=SYSTEM))
    assert CircleMember.objects.filter(kind="shop").exists()


def test_it_is_played_once(xicheng: object) -> None:
    circle_records.play()
    before = RecordEntry.objects.count()
    assert circle_records.play() == {} and RecordEntry.objects.count() == before


def test_the_same_seed_makes_the_same_district(xicheng: object) -> None:
    def made() -> list[object]:
        circle_records.play()
        rows = list(RecordEntry.objects.order_by("pk").values_list("community", "kind__code", "amount"))
        names = list(Circle.objects.order_by("code").values_list("code", "name", "year"))
        for table in (RecordEntry, Designation, Station, Circle):
            table.objects.all().delete()
        return [rows, names]

    assert made() == made()


def test_all_three_states_are_seen_and_what_makes_a_no_is_marked(facilities: int, streets: str) -> None:
    load.load_homes(actor=SYSTEM, areas=AREA, source="test")
    assert not Completeness.objects.exists(), "the pack itself says nothing of it"
    circle_records.play()
    said = Completeness.objects.all()
    assert said.exists() and not said.filter(simulated=False).exists()
    assert set(said.values_list("state", flat=True)) == {"complete", "partial"}
    for kind in ("services", "living"):
        catalogue = catalogues.catalogue_in_force(kind).id
        of = coverage.coverage(actor=SYSTEM, matrix=Matrix.REACHABLE, on=clock.today(), catalogue_id=catalogue)
        assert {NO, MISSING} <= set(np.unique(of.state).tolist())
        assert "模拟" in simulated_words(kind, clock.today())
        assert simulated_words(kind, clock.today() - timedelta(days=400)) == ""
