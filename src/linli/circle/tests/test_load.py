"""What ships: counts and provenance of the catalogues, what a second load changes, what homes and networks become."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from linli.circle import queries, tables
from linli.circle.actions import facilities as one
from linli.circle.actions import load
from linli.circle.actions.facilities import FacilityFacts
from linli.circle.choices import CatalogueKind
from linli.circle.importers import PaceImporter, RuleImporter
from linli.circle.models import Catalogue, ClassRule, Facility, Home, Pace
from linli.circle.queries.catalogue import class_rules, is_complete
from linli.config import pack
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.exchange.plan import Plan
from linli.exchange.reading import Row
from linli.territory import queries as territory

from .conftest import AUDITOR, PLANNER, spot

pytestmark = pytest.mark.django_db
DATA = Path(tables.__file__).parent / "data"
FOLDER = Path(settings.PACK)


def test_the_shipped_catalogue_has_ten_sixty_and_more_than_180_rows(catalogues: None) -> None:
    found = queries.catalogue_in_force("services")
    assert Counter(i.depth for i in found.items) == {1: 10, 2: 60, 3: 186}
    assert [i.name for i in found.items if i.provenance == "sourced"] == ["社区就业服务", "社区社会保障服务"]
    assert {i.manner for i in queries.leaf_items(found)} == {"walk", "home", "offered"}
    assert found.by_code["090103"].manner == "home", "urgent needs do not leave the home"
    assert all(i.name_en and i.source for i in found.items) and len({i.name for i in found.items}) == 256


def test_a_row_above_is_walked_if_anything_below_it_is(catalogues: None) -> None:
    found = queries.catalogue_in_force("services")
    for item in found.items:
        below = {found.by_code[c].manner for c in found.children.get(item.code, ())}
        assert not below or item.manner == ("walk" if "walk" in below else "home" if below == {"home"} else "offered")


def test_caps_are_the_lesser_of_pace_tier_and_radius(catalogues: None) -> None:
    living, services = (queries.catalogue_in_force(k) for k in ("living", "services"))
    adult, older = queries.pace("adult"), queries.pace("older")
    caps = {
        code: queries.cap_m(living, living.by_code[code], adult)
        for code in ("L1501", "L1504", "L1001", "L0501", "LBK05")
    }
    assert caps == {"L1501": 1000, "L1504": 1000, "L1001": 500, "L0501": 300, "LBK05": 70}
    assert queries.cap_m(living, living.by_code["L1501"], older) == 900
    assert queries.cap_m(services, services.by_code["040201"], adult) == adult.cap_m == 1200
    assert not queries.pace("wheelchair").steps and queries.pace().code == "adult"


def test_every_rule_names_an_item_and_every_class_of_the_pack_is_written_as_it_is_there(catalogues: None) -> None:
    for kind in CatalogueKind.values:
        found = queries.catalogue_in_force(kind)
        assert all(item in found.by_code for _s, _k, item, *_rest in class_rules(found.id))
    with (FOLDER / "facilities.csv").open(encoding="utf-8", newline="") as file:
        there = {f"{r['key']}={r['category']}" for r in csv.DictReader(file)}
    asked = {k for k in ClassRule.objects.filter(scheme="osm").values_list("key", flat=True) if not k.endswith("*")}
    assert asked <= there


def test_what_is_there_stays_and_another_content_needs_another_code(catalogues: None) -> None:
    pack._load_catalogues(FOLDER, lambda *_a: None)
    assert Catalogue.objects.count() == 2 and Pace.objects.count() == 4
    ClassRule.objects.filter(key="amenity=bank").delete()
    lines = next(s for s in pack.STEPS if s.name == "circle_catalogue").lines(FOLDER)
    pack._load_catalogues(FOLDER, lambda *_a: None, lines=lines)
    assert not ClassRule.objects.filter(key="amenity=bank").exists(), "what people took away stays away"
    texts = {n: (DATA / n).read_text(encoding="utf-8") for n in ("services.csv", "living.csv")}
    texts["living.csv"] = texts["living.csv"].replace("初中", "中学", 1)
    listed = (DATA / "catalogues.json").read_text(encoding="utf-8")
    with pytest.raises(Conflict):
        load.load_catalogues(actor=SYSTEM, listed=listed, texts=texts, rules="kind\n", paces="code\n")
    with pytest.raises(Forbidden):
        load.load_catalogues(actor=AUDITOR, listed=listed, texts=texts, rules="kind\n", paces="code\n")


def test_a_broken_catalogue_is_refused_row_by_row() -> None:
    head = "code,parent,name,manner,walk_m,provenance,source\n"
    rows = "01,,甲,walk,,sourced,x\n01,09,,fly,0,guess,x\na,01,乙,walk,,sourced,x\n0101,0101,丙,walk,,sourced,x\n"
    found = [(p.place, p.code) for p in tables.problems(tables.item_rows(tables.read(head + rows)))]
    assert {
        (1, "code_twice"),
        (1, "required"),
        (1, "no_parent"),
        (1, "not_a_choice"),
        (1, "bad_cap"),
        (2, "bad_code"),
        (3, "too_deep"),
    } <= set(found)


def test_before_the_first_version_there_is_no_catalogue(catalogues: None) -> None:
    with pytest.raises(Missing):
        queries.catalogue_in_force("services", date(2015, 12, 31))
    assert queries.catalogue_in_force("services", date(2016, 1, 1)).code == "services-2016"


def test_facilities_of_the_pack_stand_where_they_are_and_repeat_without_change(
    catalogues: None, facilities: int
) -> None:
    assert facilities == Facility.objects.count() > 300
    inside = Facility.objects.exclude(community="")
    assert inside.exists() and Facility.objects.filter(community="").exists(), "those across the border count for reach"
    assert all(f.community.startswith("110102") and f.district == "110102" for f in inside)
    assert not Facility.objects.filter(class_key="amenity=bench").exists()
    row = Facility.objects.filter(class_key="amenity=hospital", community__startswith="110102").first()
    assert row is not None
    facts = FacilityFacts("改过的名字", row.scheme, row.class_key, source="实地看过")
    one.change_facility(actor=PLANNER, id=row.pk, version=1, facts=facts)
    text = (FOLDER / "facilities.csv").read_text(encoding="utf-8")
    kept = "".join(x for i, x in enumerate(text.splitlines(keepends=True)) if i == 0 or ",hospital," in x)
    assert load.load_facilities(actor=SYSTEM, text=kept).added == 0
    row.refresh_from_db()
    assert row.name == "改过的名字", "what a person changed stays"


def test_items_come_from_classes_and_from_a_facility_itself(catalogues: None, facilities: int) -> None:
    today = clock.today()
    catalogue, table = queries.catalogue_in_force("services"), queries.open_facilities(today)
    given = queries.items_of(catalogue, table)
    assert set(table.class_key[given["040103"]]) == {"amenity=hospital"}
    assert set(given["040103"]) <= set(given["0401"]) <= set(given["04"])
    assert len(given["010101"]) == 0, "an item with no facility has none, and is there"
    hospital = int(table.id[given["040103"][0]])
    one.set_own_items(actor=PLANNER, id=hospital, version=1, items={"040103": False, "100202": True})
    table = queries.open_facilities(today)
    after = queries.items_of(catalogue, table)
    at = int(np.flatnonzero(table.id == hospital)[0])
    assert at not in after["040103"] and at in after["100202"] and at in after["10"]


def test_a_closed_facility_counts_until_its_last_day(catalogues: None) -> None:
    lon, lat = spot()
    id = one.add_facility(
        actor=PLANNER,
        facts=FacilityFacts("店", "city", "药店", source="x"),
        lon=lon,
        lat=lat,
        opened_on=date(2020, 1, 1),
    )
    one.close_facility(actor=PLANNER, id=id, version=1, on=date(2024, 1, 1))
    open_then = [
        id in queries.open_facilities(date(y, m, d)).id
        for y, m, d in ((2019, 12, 31), (2020, 1, 1), (2023, 12, 31), (2024, 1, 1))
    ]
    assert open_then == [False, True, True, False]


def test_homes_stand_in_communities_that_have_a_border_and_nowhere_else(xicheng: object) -> None:
    areas = (FOLDER / "residential.geojson").read_text(encoding="utf-8")
    n = load.load_homes(actor=SYSTEM, areas=areas, source="x")
    table = queries.homes()
    bordered = {d.code for d in territory.divisions(12, "110102") if d.has_boundary}
    assert len(table) == n == Home.objects.count() and set(table.community.tolist()) == bordered
    assert np.isnan(table.residents).all(), "nobody publishes how many live where"
    named = Home.objects.filter(approximate=False)
    assert 50 < named.count() < n and not named.filter(provenance="provisional").exists()
    assert load.load_homes(actor=SYSTEM, areas=areas, source="x") == n


def test_a_network_is_kept_once_and_a_broken_one_is_refused(streets: str) -> None:
    found = queries.network()
    assert found is not None and found.digest == streets and found.report["edges"] == 4
    with pytest.raises(Invalid) as refused:
        files = {"walk_nodes.parquet": b"PAR1", "walk_edges.parquet": b"x", "crossings.csv": b""}
        load.load_network(actor=SYSTEM, files=files, as_of=date(2024, 1, 1), source="x", provenance="sourced")
    assert refused.value.code == "bad_network" and queries.network() == found


def test_completeness_of_a_row_holds_for_the_rows_below_it(catalogues: None) -> None:
    found = queries.catalogue_in_force("services")
    known = {("0402", "c"): "complete", ("040202", "c"): "partial"}
    codes = [c for c in ("0402", "040201", "040202", "0401") if is_complete(known, found.by_code[c], "c")]
    assert codes == ["0402", "040201"]


def test_rules_and_paces_are_replaced_and_brought_back(catalogues: None) -> None:
    nothing = Plan((), (), (), 0, (), 0)
    before = set(ClassRule.objects.values_list("catalogue", "scheme", "key", "item"))
    rules = RuleImporter()
    row = Row(2, {"scheme": "own", "key": "大药房", "item": "040201", "provenance": "", "source": "区里"})
    assert rules.check([row]) == [] and rules.check([Row(3, row.values | {"item": "9999"})])[0].code == "no_such_item"
    memo = rules.apply(actor=PLANNER, rows=[row], plan=nothing)
    assert list(ClassRule.objects.values_list("scheme", "item", "provenance")) == [("own", "040201", "provisional")]
    rules.undo(actor=PLANNER, memo=memo)
    assert set(ClassRule.objects.values_list("catalogue", "scheme", "key", "item")) == before
    paces = PaceImporter()
    slow = {**paces.current()["older"], "metres_per_minute": 50}
    memo = paces.apply(actor=PLANNER, rows=[Row(2, slow)], plan=nothing)
    assert [p.cap_m for p in queries.paces()] == [750]
    paces.undo(actor=PLANNER, memo=memo)
    assert [p.code for p in queries.paces()] == ["adult", "older", "child", "wheelchair"]
