"""What stood where on which day, what a day before the data says, and another edition of the territory."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from linli.circle import matrices, revision
from linli.circle.actions import facilities as write
from linli.circle.actions import follow_territory
from linli.circle.actions.facilities import FacilityFacts
from linli.circle.choices import ChangeVerb
from linli.circle.models import Facility, FacilityChange, Home
from linli.circle.queries import cells, dated
from linli.circle.queries import facilities as read
from linli.circle.web.matrix_words import early_words
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Forbidden, Invalid
from linli.territory import queries as territory

from .conftest import AUDITOR, EAST, PLANNER, spot

pytestmark = pytest.mark.django_db
FACTS = FacilityFacts("南横街药店", "osm", "amenity=pharmacy", source="实地走访")


def day(n: int) -> date:
    return clock.today() - timedelta(days=n)


def stood(id: int, on: date) -> tuple[float, float]:
    table = read.open_facilities(on)
    row = table.id.tolist().index(id)
    return float(table.lon[row]), float(table.lat[row])


@pytest.fixture
def pharmacy(catalogues: None) -> int:
    lon, lat = spot()
    return write.add_facility(actor=PLANNER, facts=FACTS, lon=lon, lat=lat, opened_on=day(400))


def version(id: int) -> int:
    return Facility.objects.values_list("version", flat=True).get(pk=id)


def move(id: int, east: int, on: date) -> tuple[float, float]:
    lon, lat = spot()
    to = (round(lon + east / 10_000, 7), round(lat, 7))
    write.move_facility(actor=PLANNER, id=id, version=version(id), lon=to[0], lat=to[1], on=on)
    return to


def test_each_day_has_the_place_of_that_day(pharmacy: int) -> None:
    first = stood(pharmacy, day(0))
    second = move(pharmacy, 5, day(100))
    third = move(pharmacy, 9, day(10))
    assert [stood(pharmacy, day(n)) for n in (0, 10, 11, 100, 101, 400)] == [third, third, second, second, first, first]
    assert len({first, second, third}) == 3


def test_two_moves_on_one_day_keep_their_order(pharmacy: int) -> None:
    first = stood(pharmacy, day(0))
    move(pharmacy, 5, day(10))
    last = move(pharmacy, 9, day(10))
    assert (stood(pharmacy, day(11)), stood(pharmacy, day(10))) == (first, last)


def test_a_line_that_names_only_what_differs_leaves_the_rest(pharmacy: int) -> None:
    lon, lat = stood(pharmacy, day(0))
    FacilityChange.objects.create(
        facility_id=pharmacy, verb=ChangeVerb.MOVED, on=day(50), before={"lon": lon - 0.001}, after={"lon": lon},
        at=clock.now(), by="t",
    )  # fmt: skip
    revision.bump()
    assert stood(pharmacy, day(51)) == (pytest.approx(lon - 0.001), lat)


def test_a_corrected_place_counts_for_every_day(pharmacy: int) -> None:
    lon, lat = spot()
    write.save_facility(
        actor=PLANNER, id=pharmacy, version=1, facts=FACTS, lon=lon + 0.0007, lat=lat, moved_on=None
    )  # fmt: skip
    assert stood(pharmacy, day(0)) == stood(pharmacy, day(300)) == (pytest.approx(lon + 0.0007), pytest.approx(lat))
    assert FacilityChange.objects.filter(facility=pharmacy, verb=ChangeVerb.MOVED).count() == 0


def test_a_move_lies_not_in_the_future_nor_before_the_last(pharmacy: int) -> None:
    lon, lat = spot()
    move(pharmacy, 5, day(20))
    for on, code in ((day(-1), "moved_in_future"), (day(21), "moved_before_last")):
        with pytest.raises(Invalid) as refused:
            write.move_facility(actor=PLANNER, id=pharmacy, version=2, lon=lon, lat=lat + 0.001, on=on)
        assert refused.value.code == code and "moved_on" in refused.value.fields
    with pytest.raises(Forbidden):
        write.move_facility(actor=AUDITOR, id=pharmacy, version=2, lon=lon, lat=lat + 0.001, on=day(-1))


def test_a_comparison_of_two_days_names_what_moved(pharmacy: int) -> None:
    move(pharmacy, 5, day(20))
    found = cells.turned(actor=AUDITOR, then=day(30), now=day(0))
    assert [id for id, _name, _community in found.moved] == [pharmacy] and not found.opened and not found.closed
    assert [id for id, _n, _c in cells.turned(actor=AUDITOR, then=day(500), now=day(0)).opened] == [pharmacy]
    assert not cells.turned(actor=AUDITOR, then=day(15), now=day(0)).moved


def test_a_day_before_the_data_says_so(facilities: int, streets: str) -> None:
    assert dated.early(date(2024, 3, 1)) is None and early_words(clock.today()) == ""
    found = dated.early(date(2023, 6, 1))
    assert found is not None and found.network_as_of == date(2024, 3, 1) and found.facilities == 0
    old = dated.early(date(2020, 1, 1))
    assert old is not None and old.facilities == facilities and old.facilities_as_of == date(2023, 2, 1)
    words = early_words(date(2020, 1, 1))
    assert "2020-01-01 早于数据日期" in words and "2023-02-01" in words and "2024-03-01" in words


def test_what_opened_on_a_known_day_is_not_early(pharmacy: int) -> None:
    assert dated.early(day(100)) is None  # it was entered today, and is known to have been open


# --- another edition ---------------------------------------------------------------------------------------
def test_another_edition_is_another_revision(pharmacy: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before, table = revision.current(), read.open_facilities(day(0))
    assert read.open_facilities(day(0)) is table
    monkeypatch.setattr(territory, "revision", lambda: "another")
    assert revision.current()[1] != before[1] and revision.current()[0] == before[0]
    assert read.open_facilities(day(0)) is not table


def test_homes_and_facilities_follow_the_edition(pharmacy: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lon, lat = spot()
    for n, community in enumerate((EAST, "110102001001")):  # the second was drawn elsewhere before
        Home.objects.create(code=f"h{n}", lon=lon, lat=lat, community=community, source="t", provenance="sourced")
    Home.objects.create(code="away", lon=117.5, lat=lat, community=EAST, source="t", provenance="sourced")
    Facility.objects.filter(pk=pharmacy).update(community="110102001001")
    assert follow_territory(actor=SYSTEM)
    homes = dict(Home.objects.filter(approximate=False).values_list("code", "community"))
    assert homes == {"h0": EAST, "h1": EAST, "away": ""}
    assert Facility.objects.values_list("community", "district", "version").get(pk=pharmacy) == (EAST, EAST[:6], 1)
    middles = Home.objects.filter(approximate=True)
    assert middles.exists() and not middles.filter(community=EAST).exists()
    assert not follow_territory(actor=SYSTEM), "nothing is done twice"
    again: Any = territory.revision()
    monkeypatch.setattr(territory, "revision", lambda: f"{again}x")
    n = Home.objects.count()
    assert follow_territory(actor=SYSTEM) and Home.objects.count() == n
    assert matrices.community_codes().index(EAST) >= 0
    with pytest.raises(Forbidden):
        follow_territory(actor=AUDITOR)
