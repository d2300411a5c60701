"""Edits and what they change: refusals, the walking of an edited item, a point with all items, where the next should stand."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from linli.circle import matrices, network, revision
from linli.circle.actions import catalogue as catalogue_actions
from linli.circle.actions import load
from linli.circle.choices import Aim
from linli.circle.models import Facility, Home
from linli.circle.queries import catalogue as catalogues
from linli.circle.queries import coverage, reach, siting
from linli.circle.queries.around import around, minutes_of
from linli.circle.queries.reach import Asked, Edit
from linli.circle.rules import MISSING, NO, YES, Matrix, Reading
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Invalid, Missing

from .conftest import EAST, _parquet, spot

pytestmark = pytest.mark.django_db
SUPER, HOSPITAL = "100203", "040103"
METRE_LAT = 1 / 111_300  # of the test network: 2,226 m are 0.02 degrees
APART_M = 95


@pytest.fixture
def cross(streets: str, facilities: int) -> tuple[float, float]:
    """The cross of streets with a home every 95 m along its northern arm; where its middle is."""
    lon, lat = spot()
    Home.objects.all().delete()
    Home.objects.bulk_create(
        Home(
            code=f"t{n:02d}",
            lon=lon,
            lat=lat + APART_M * n * METRE_LAT,
            community=EAST,
            source="t",
            provenance="sourced",
        )
        for n in range(15)
    )
    revision.bump()
    return lon, lat


def question(item: str = SUPER, pace: str = "adult") -> Asked:
    found = catalogues.catalogue_in_force("services")
    return reach.asked(catalogue_id=found.id, item=item, pace=pace, on=clock.today())


def add(cross: tuple[float, float], north_m: float = 0.0, item: str = SUPER) -> Edit:
    return Edit("add", items=(item,), lon=cross[0], lat=cross[1] + north_m * METRE_LAT, name="新")


# --- refusals ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (Edit("add", items=(SUPER,), lon=math.nan, lat=39.9), "bad_position"),
        (Edit("add", items=(SUPER,), lon=math.inf, lat=39.9), "bad_position"),
        (Edit("add", items=(SUPER,), lon=0.0, lat=0.0), "bad_position"),
        (Edit("add", items=(SUPER,), lon=39.9, lat=116.3), "bad_position"),
        (Edit("move", facility=1), "bad_position"),
        (Edit("add", items=("gold",), lon=116.3, lat=39.9), "bad_items"),
        (Edit("add", lon=116.3, lat=39.9), "bad_items"),
        (Edit("move", lon=116.3, lat=39.9), "no_facility"),
        (Edit("remove"), "no_facility"),
        (Edit("explode", facility=1), "bad_edit"),
    ],
)
def test_an_edit_that_cannot_be_meant_is_refused_by_its_number(catalogues: None, edit: Edit, code: str) -> None:
    good = Edit("add", items=(SUPER,), lon=116.36, lat=39.88)
    with pytest.raises(Invalid) as refused:
        reach.check_edits([good, edit], question().catalogue)
    assert refused.value.code == code and "2" in str(refused.value.message)


def test_a_plan_has_at_most_two_hundred_edits(catalogues: None) -> None:
    edit = Edit("add", items=(SUPER,), lon=116.36, lat=39.88)
    reach.check_edits([edit] * reach.EDITS_MOST, question().catalogue)
    with pytest.raises(Invalid, match="200") as refused:
        reach.check_edits([edit] * (reach.EDITS_MOST + 1), question().catalogue)
    assert refused.value.code == "too_many_edits"


def test_what_is_not_walked_to_is_no_question(catalogues: None) -> None:
    for item in ("010503", "nothing"):  # at home; unknown
        with pytest.raises(Missing):
            question(item)
    with pytest.raises(Missing):
        question(pace="bicycle")


def test_without_a_network_the_answer_says_so(facilities: int) -> None:
    with pytest.raises(Missing) as missing:
        reach.item_answer(question())
    assert missing.value.code == "no_network"


# --- one item ----------------------------------------------------------------------------------------------
def test_metres_along_the_street_and_the_cap_of_each_pace(cross: tuple[float, float]) -> None:
    caps = {"adult": 1200, "older": 900, "child": 600, "wheelchair": 900}
    for pace, cap in caps.items():
        asked = question(pace=pace)
        found = reach.item_answer(asked, [add(cross)])
        own = np.sort(found.nearest_m[np.isfinite(found.nearest_m)])
        assert asked.cap_m == cap and found.homes == 15
        assert np.allclose(own, APART_M * np.arange(len(own)), atol=0.1)
        assert found.homes_reached == cap // APART_M + 1
    k = matrices.community_codes().index(EAST)
    assert reach.item_answer(question(), [add(cross)]).share[k] == pytest.approx(13 / 15)


def test_moving_is_removing_and_adding(cross: tuple[float, float]) -> None:
    asked = question(HOSPITAL)
    standing = reach.feet_of(asked)
    assert len(standing.id) > 3
    gone = int(standing.id[0])
    there = add(cross, 300, HOSPITAL)
    moved = reach.item_answer(asked, [Edit("move", facility=gone, lon=there.lon, lat=there.lat)])
    apart = reach.item_answer(asked, [Edit("remove", facility=gone), there])
    assert np.array_equal(moved.nearest_m, apart.nearest_m) and np.array_equal(moved.count, apart.count)
    assert np.array_equal(moved.share, apart.share, equal_nan=True) and np.array_equal(moved.state, apart.state)
    assert np.isfinite(moved.nearest_m).any()
    back = reach.item_answer(
        asked, [*[Edit("move", facility=gone, lon=there.lon, lat=there.lat)], Edit("remove", facility=gone)]
    )
    assert len(back.feet.id) == len(standing.id) - 1  # the last edit of one facility holds


def test_adding_never_lengthens_a_walk(cross: tuple[float, float]) -> None:
    chance, edits = random.Random(7), []
    before = reach.item_answer(question()).nearest_m
    for _n in range(12):
        edits.append(add(cross, chance.uniform(-1500, 1500)))
        after = reach.item_answer(question(), edits).nearest_m
        assert (after <= before).all()
        before = after
    assert np.isfinite(before).all()


def test_an_edit_of_a_facility_that_is_gone_changes_nothing(cross: tuple[float, float]) -> None:
    asked, gone = (
        question(HOSPITAL),
        [Edit("move", facility=999_999, lon=cross[0], lat=cross[1]), Edit("remove", facility=999_998)],
    )
    assert np.array_equal(reach.item_answer(asked, gone).nearest_m, reach.item_answer(asked).nearest_m)


def test_what_is_added_gives_the_items_above_it_too(cross: tuple[float, float]) -> None:
    above = question("1002")
    assert np.isfinite(reach.item_answer(above, [add(cross)]).nearest_m).any()
    beside = question("1001")
    assert np.array_equal(reach.item_answer(beside, [add(cross)]).nearest_m, reach.item_answer(beside).nearest_m)


def test_a_facility_far_from_any_street_is_counted_as_unplaced(cross: tuple[float, float]) -> None:
    far = Edit("add", items=(SUPER,), lon=cross[0] + 0.01, lat=cross[1] + 0.01, name="远")
    found = reach.item_answer(question(), [far])
    base = reach.item_answer(question())
    assert found.feet.unplaced == base.feet.unplaced + 1 and np.array_equal(found.nearest_m, base.nearest_m)


# --- one point ---------------------------------------------------------------------------------------------
def test_a_point_and_a_home_get_the_same_metres_with_the_edits_and_the_facility_is_named(
    cross: tuple[float, float],
) -> None:
    catalogue, pace = question().catalogue, catalogues.pace("adult")
    gone = int(reach.feet_of(question(HOSPITAL)).id[0])
    edits = [
        add(cross, 420), add(cross, 900), add(cross, 650, HOSPITAL),
        Edit("move", facility=gone, lon=cross[0], lat=cross[1] + 800 * METRE_LAT),
    ]  # fmt: skip
    homes = network.ground().homes
    at = homes.code.tolist().index("t05")
    here = reach.from_here(catalogue, pace, clock.today(), float(homes.lon[at]), float(homes.lat[at]), edits)
    for code in (SUPER, "1002", HOSPITAL, "0401", "100101"):
        k = [i.code for i in here.items].index(code)
        whole = reach.item_answer(question(code), edits)
        for mine, theirs in (
            (here.nearest_m, whole.nearest_m),
            (here.second_m, whole.second_m),
            (here.count, whole.count),
        ):
            assert mine[k] == pytest.approx(theirs[at], abs=0.01)
    super_at = [i.code for i in here.items].index(SUPER)
    row = here.facility[super_at]
    assert here.feet.name[row] == "新" and here.nearest_m[super_at] == pytest.approx(55, abs=0.5)
    assert (here.facility >= 0).tolist() == np.isfinite(here.nearest_m).tolist()


def test_a_resident_reads_three_states_and_what_comes_home(cross: tuple[float, float]) -> None:
    hospital = Facility.objects.filter(class_key="amenity=hospital").order_by("pk").first()
    assert hospital is not None
    Facility.objects.filter(pk=hospital.pk).update(lon=cross[0], lat=cross[1] + 400 * METRE_LAT, opening_hours="24/7")
    catalogue_actions.set_completeness(
        actor=SYSTEM, kind="services", items=["0501"], communities=[EAST], state="complete", as_of=clock.today(), source="普查"
    )  # fmt: skip
    found = around(lon=cross[0], lat=cross[1])
    near = {n.item.code: n for c in found.classes for n in c.near}
    beyond = {i.code for c in found.classes for i in c.beyond}
    missing = {i.code for c in found.classes for i in c.missing}
    assert found.placed and near[HOSPITAL].place.name == hospital.name and near[HOSPITAL].place.opening_hours == "24/7"
    assert near[HOSPITAL].metres == pytest.approx(400, abs=2) and near[HOSPITAL].minutes == math.ceil(
        near[HOSPITAL].metres / 80
    )
    assert beyond <= {i.code for i in found.catalogue.items if i.code.startswith("0501")} and beyond
    assert SUPER in missing and not (missing & beyond) and not (set(near) & (missing | beyond))
    assert "010503" in {i.code for i in found.at_home} and all(i.manner == "home" for i in found.at_home)
    assert [p.n for p in found.places] == list(range(1, len(found.places) + 1)) and found.circle["features"]
    assert around(lon=cross[0], lat=cross[1], pace="child").reached <= found.reached


def test_a_no_that_rests_on_a_made_up_statement_says_so(cross: tuple[float, float]) -> None:
    def told(item: str, day: date, *, simulated: bool) -> None:
        catalogue_actions.set_completeness(
            actor=SYSTEM, kind="services", items=[item], communities=[EAST], state="complete", as_of=day, source="普查", simulated=simulated
        )  # fmt: skip

    today = clock.today()
    told("1002", today, simulated=False)
    told("0501", today - timedelta(days=1), simulated=True)
    found = around(lon=cross[0], lat=cross[1])
    beyond = {i.code for c in found.classes for i in c.beyond}
    assert found.made_up == {c for c in beyond if c.startswith("0501")} and SUPER in beyond - found.made_up
    told("0501", today, simulated=False)  # somebody looked: it is no longer made up
    assert not around(lon=cross[0], lat=cross[1]).made_up
    assert not catalogues.simulated_completeness("services") and catalogues.simulated_completeness("services", today - timedelta(days=1))  # fmt: skip


def test_a_point_far_from_streets_concludes_nothing(cross: tuple[float, float]) -> None:
    found = around(lon=cross[0] + 0.004, lat=cross[1] + 0.004)
    assert not found.placed and not found.classes and not found.places and not found.circle["features"]
    with pytest.raises(Invalid):
        around(lon=121.5, lat=31.2)
    with pytest.raises(Missing):
        around(lon=cross[0], lat=cross[1], pace="bicycle")


def test_minutes_are_never_fewer_than_it_takes() -> None:
    assert [minutes_of(m, 80) for m in (0.0, 1.0, 80.0, 80.4, 1200.0)] == [0, 1, 1, 2, 15]


# --- the next one ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("count", "aim", "code"), [(0, "most", "bad_count"), (21, "most", "bad_count"), (1, "wish", "bad_aim")]
)
def test_what_cannot_be_placed_is_refused(cross: tuple[float, float], count: int, aim: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        siting.sites(question(), [], count=count, aim=aim)
    assert refused.value.code == code


def test_without_homes_nothing_is_placed(streets: str, catalogues: None) -> None:
    Home.objects.all().delete()
    revision.bump()
    with pytest.raises(Invalid) as refused:
        siting.sites(question(), [], count=1, aim=Aim.MOST)
    assert refused.value.code == "no_homes"
    assert reach.item_answer(question()).homes == 0  # and the item's answer is empty, not an error


def test_the_chosen_place_is_the_best_of_all(cross: tuple[float, float]) -> None:
    asked = question(pace="child")  # 600 m: one place reaches 13 homes of 15 at most
    found = siting.sites(asked, [], count=1, aim=Aim.MOST)
    homes = network.ground().homes
    tried = [
        reach.item_answer(asked, [Edit("add", items=(SUPER,), lon=float(x), lat=float(y))]).homes_reached
        for x, y in zip(homes.lon, homes.lat, strict=True)
    ]
    before = reach.item_answer(asked).homes_reached
    assert found.proven and found.gained == max(tried) - before and found.covered_before == before
    lon, lat = found.chosen[0]
    assert reach.item_answer(asked, [Edit("add", items=(SUPER,), lon=lon, lat=lat)]).homes_reached == max(tried)
    every = siting.sites(asked, [], count=1, aim=Aim.ALL)
    assert every.gained + every.covered_before == every.homes and len(every.chosen) == 2


def test_the_wheelchair_takes_no_steps(xicheng: object, catalogues: None) -> None:
    _network_with_steps()
    lon, lat = spot()
    for n in (0, 1):
        Home.objects.create(
            code=f"s{n}", lon=lon, lat=lat + n * 0.004, community=EAST, source="t", provenance="sourced"
        )
    revision.bump()
    edit = Edit("add", items=(SUPER,), lon=lon, lat=lat + 0.004)
    reached = {p: reach.item_answer(question(pace=p), [edit]).homes_reached for p in ("adult", "older", "wheelchair")}
    assert reached == {"adult": 2, "older": 2, "wheelchair": 1}


def _network_with_steps() -> None:
    """Two streets that only steps join."""
    lon, lat = spot()
    nodes: dict[str, list[float]] = {
        "id": [1, 2, 3, 4],
        "lon": [lon - 0.0015, lon + 0.0015] * 2,
        "lat": [lat, lat, lat + 0.004, lat + 0.004],
    }
    edges: dict[str, Any] = {
        "u": [1, 3, 2], "v": [2, 4, 4], "length_m": [256.5, 256.5, 445.0], "highway": ["residential", "residential", "steps"],
    }  # fmt: skip
    files = {"walk_nodes.parquet": _parquet(nodes), "walk_edges.parquet": _parquet(edges), "crossings.csv": b"id\n1\n"}
    load.load_network(actor=SYSTEM, files=files, as_of=date(2024, 3, 1), source="test", provenance="sourced")


# --- several items as one ----------------------------------------------------------------------------------
@pytest.mark.parametrize("reading", list(Reading))
@pytest.mark.parametrize("code", ["10", "1002", SUPER])
def test_a_row_is_read_as_the_matrix_reads_it(cross: tuple[float, float], code: str, reading: Reading) -> None:
    catalogue = catalogues.catalogue_in_force("services")
    catalogue_actions.set_completeness(
        actor=SYSTEM, kind="services", items=["1001", "1002"], communities=[EAST], state="complete", as_of=clock.today(), source="普查"
    )  # fmt: skip
    asked = reach.asked(catalogue_id=catalogue.id, item=code, pace="adult", on=clock.today(), reading=reading)
    found = reach.item_answer(asked)
    of = coverage.coverage(actor=SYSTEM, matrix=Matrix.REACHABLE, on=clock.today())
    row = next(r for r in coverage.rows(of, 3, "", reading) if r.item.code == code)
    assert len(found.parts) == row.below
    assert [int((found.state == s).sum()) for s in (YES, NO, MISSING)] == [row.yes, row.no, row.missing]


def test_what_is_added_on_a_row_has_all_its_items(cross: tuple[float, float]) -> None:
    every, any_of = (replace(question("1002"), reading=r) for r in (Reading.ALL, Reading.ANY))
    one, whole = add(cross), add(cross, item="1002")
    assert reach.item_answer(every, [one]).homes_reached == 0 < reach.item_answer(any_of, [one]).homes_reached
    assert reach.item_answer(every, [whole]).homes_reached == reach.item_answer(any_of, [whole]).homes_reached == 13
