"""Fresh eyes on the service circle: what a careless file, a hostile body or two people at once must not do."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from linli.circle import facility_files, matrices, revision
from linli.circle.actions import catalogue as catalogue_writes
from linli.circle.actions import facilities as facility_writes
from linli.circle.actions import imports as import_writes
from linli.circle.actions import load
from linli.circle.actions import plans as plan_writes
from linli.circle.models import Facility, Home, PlanEdit, Span
from linli.circle.queries import catalogue as catalogues
from linli.circle.queries import imports as import_reads
from linli.circle.queries import reach
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Invalid
from linli.testing.fixtures import Cast

from .conftest import DISTRICT, EAST, PLANNER, spot

pytestmark = pytest.mark.django_db
WALKED = "040103"


@pytest.fixture
def home(streets: str) -> Home:
    lon, lat = spot()
    return Home.objects.create(
        code="t:1", name="住处", lon=lon + 0.001, lat=lat, community=EAST, source="test", provenance="sourced"
    )


@pytest.fixture
def planner(district: Cast, facilities: int, streets: str, home: Home) -> Any:
    revision.bump()
    return district.client("planner")


def ask(client: Any, address: str, **values: object) -> Any:
    return client.post(f"/circle/planner/{address}.json", json.dumps(values), content_type="application/json")


def add(**more: object) -> dict[str, object]:
    return {"kind": "add", "items": [WALKED], "lon": 116.36, "lat": 39.886, "name": "新增"} | more


# --- bodies that mean nothing -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "edit",
    [
        add(lon="NaN"), add(lat=1e308), add(lon=10**400), add(lon=[1], lat={}), add(items=[["a"]]), add(items={"a": 1}),
        {"kind": "remove"}, {"kind": ["add"]}, "add", None, [], {"kind": "move", "facility": 10**30, "lon": 1, "lat": 1},
        {"kind": "move", "facility": True, "lon": 1, "lat": 1}, {"kind": "remove", "facility": 1, "lon": "NaN", "lat": 1},
        {"kind": "remove", "facility": 1, "lon": 1, "lat": 1e999},
    ],
)  # fmt: skip
def test_an_edit_that_means_nothing_is_refused_in_words(planner: Any, edit: object) -> None:
    for address in ("answer", "home", "site", "save"):
        found = ask(planner, address, item=WALKED, edits=[edit], home=0, n=1, aim="most", name="x")
        assert found.status_code in (400, 404, 422), (address, found.content)
    assert not PlanEdit.objects.exists()


@pytest.mark.parametrize("text", ["\ud800", "甲\0乙", "\u202e", "甲\x07乙"])
def test_words_of_a_plan_that_no_database_keeps_are_refused_or_cleaned(planner: Any, text: str) -> None:
    for values in ({"name": text}, {"note": text, "name": "x"}, {"edits": [add(name=text)], "name": "x"},
                   {"item": text}, {"pace": text}, {"on": text}, {"catalogue": text}):  # fmt: skip
        found = ask(planner, "save", **({"item": WALKED} | values))
        assert found.status_code in (200, 400, 404, 422), found.content
    for edit in PlanEdit.objects.all():
        assert edit.name.isprintable()


@pytest.mark.parametrize(
    "address",
    [
        "/circle/facilities/?q=%00", "/circle/facilities/?class=%00:a", "/circle/facilities/?place=%00",
        "/circle/facilities/?item=%00", "/circle/facilities/export.csv?q=%00", "/circle/circles/?q=%00",
        "/circle/plans/shared/%00/", "/circle/planner/?item=%00&pace=%00", "/circle/communities/x/",
        "/circle/plans/compare/?item=%00", "/circle/planner/item.json?item=%00", "/circle/completeness/?on=%00",
        "/circle/plans/compare/?a=plan-%00", "/circle/ground/x/y.bin",
    ],
)  # fmt: skip
def test_an_address_with_a_nul_is_no_fault_of_ours(planner: Any, address: str) -> None:
    assert planner.get(address).status_code in (200, 400, 404, 422)


def test_many_added_places_do_not_keep_a_worker_busy(planner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an added place provides is worked out once for each, not once more for every row of the catalogue."""
    catalogue = catalogues.catalogue_in_force("services")
    calls: list[str] = []

    class Counted(dict[str, Any]):
        def __getitem__(self, code: str) -> Any:
            calls.append(code)
            return super().__getitem__(code)

    counted = Counted(catalogue.by_code)
    object.__setattr__(catalogue, "by_code", counted)
    lon, lat = spot()
    edits = [reach.Edit("add", None, (WALKED,), lon, lat, "x")] * reach.EDITS_MOST
    reach.from_here(catalogue, catalogues.pace(), clock.today(), lon, lat, edits)
    assert len(calls) < 20 * (reach.EDITS_MOST + len(catalogue.items))


def test_what_a_place_provides_holds_for_all_rows_above_and_below_it(catalogues: None) -> None:
    from linli.circle.queries.catalogue import catalogue_in_force

    found = catalogue_in_force("services")
    leaf = found.by_code[WALKED]
    assert reach.gives(found, [WALKED], WALKED) and reach.gives(found, [WALKED], leaf.parent)
    assert reach.gives(found, [leaf.parent], WALKED)  # a place that was added for a class has all of it
    assert not reach.gives(found, [], WALKED)


# --- files that were made in a hurry ----------------------------------------------------------------------
@pytest.mark.parametrize("number", [10**400, "1e999", -(10**400)])
def test_numbers_beyond_any_measure_are_cells_without_a_value(number: object) -> None:
    text = json.dumps(number) if isinstance(number, int) else str(number)
    body = (
        (
            '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "甲", "n": N},'
            ' "geometry": {"type": "Point", "coordinates": [N, 39.9]}}]}'
        )
        .replace("N}", f"{text}}}")
        .replace("[N", f"[{text}")
    )
    table = facility_files.read_file(body.encode(), "a.geojson")
    assert len(table.rows) == 1


def taken(actor: Any, data: bytes, scheme: str = "city") -> int:
    return import_writes.take(
        actor=actor, data=data, name="表.csv", scheme=scheme, datum="wgs84", source="清单", provenance="sourced"
    )


def line(**more: object) -> dict[str, object]:
    lon, lat = spot()
    return {
        "编号": "A1",
        "名称": "牛街新药店",
        "类别": "药店",
        "经度": lon,
        "纬度": lat,
        "开放日期": "",
        "关闭日期": "",
    } | more


def brought(actor: Any, data: bytes) -> int:
    id = taken(actor, data)
    import_writes.confirm(
        actor=actor, id=id, expected=len(import_reads.preview(actor=actor, id=id).taken), despite=True
    )
    return id


@pytest.mark.parametrize("day", [{"开放日期": "2025-01-01"}, {"关闭日期": "2019-01-01"}])
def test_a_day_against_what_is_on_record_refuses_its_row_only(
    facilities: int, streets: str, as_csv: Callable[..., bytes], day: dict[str, str]
) -> None:
    """The row is refused by name; the file is not a fault of the server."""
    brought(PLANNER, as_csv([line(开放日期="2020-01-01", 关闭日期="2024-06-01" if "开放日期" in day else "")]))
    second = taken(PLANNER, as_csv([line(**day), line(编号="A2", 名称="另一家药店")]))
    seen = import_reads.preview(actor=PLANNER, id=second)
    assert [r.code for r in seen.refused] == ["days_contradict"] and len(seen.taken) == 1
    import_writes.confirm(actor=PLANNER, id=second, expected=1, despite=True)
    assert Facility.objects.filter(code="city:A2").exists()


def test_a_place_that_came_by_an_import_does_not_stop_the_pack(facilities: int, streets: str) -> None:
    """A pack that is taken in again finds its own code on a facility that somebody imported."""
    text = (Path(settings.PACK) / "facilities.csv").read_text(encoding="utf-8")
    head, *rows = text.splitlines(keepends=True)
    known = set(Facility.objects.values_list("code", flat=True))
    fields = next(csv.reader([head]))
    spare = next(r for r in rows if f"osm:{dict(zip(fields, next(csv.reader([r])), strict=True))['osm']}" not in known
                 and ",pharmacy," in r)  # fmt: skip
    first = Facility.objects.filter(origin=None).first()
    assert first is not None
    row = dict(zip(fields, next(csv.reader([spare])), strict=True))
    out = io.StringIO()
    csv.writer(out).writerows(
        [["编号", "名称", "类别", "经度", "纬度"], [row["osm"], "登记的药店", "amenity=pharmacy", *spot()]]
    )
    id = taken(PLANNER, out.getvalue().encode(), scheme="osm")
    import_writes.confirm(actor=PLANNER, id=id, expected=1, despite=True)
    load.load_facilities(actor=SYSTEM, text=head + spare)
    assert Facility.objects.get(code=f"osm:{row['osm']}").name == "登记的药店"


# --- networks that were cut badly -------------------------------------------------------------------------
def test_a_network_without_a_street_is_refused_before_it_counts(xicheng: object) -> None:
    from .conftest import _parquet

    empty: dict[str, list[float]] = {"u": [], "v": [], "length_m": []}
    nodes = {"id": [1.0], "lon": [116.36], "lat": [39.89]}
    for n, e in ((nodes, empty), ({"id": [1.0]}, {"u": [1.0], "v": [1.0], "length_m": [1.0]})):
        files = {"walk_nodes.parquet": _parquet(n), "walk_edges.parquet": _parquet(e), "crossings.csv": b"id\n"}
        with pytest.raises(Invalid, match="bad_network"):
            load.load_network(actor=SYSTEM, files=files, as_of=date(2024, 3, 1), source="t", provenance="sourced")


def test_streets_to_nowhere_do_not_move_the_others(catalogues: None) -> None:
    """An edge whose end is no node, or a node that is nowhere, is left out where distances are shown."""
    from linli.circle.queries.streets import area, metres_to_streets

    from .conftest import _parquet

    lon, lat = spot()
    nodes = {"id": [1, 2, 9], "lon": [lon, lon + 0.01, float("nan")], "lat": [lat, lat, lat]}
    edges = {"u": [1, 1, 1], "v": [2, 77, 9], "length_m": [850.0, 1.0, 1.0]}
    files = {"walk_nodes.parquet": _parquet(nodes), "walk_edges.parquet": _parquet(edges), "crossings.csv": b"id\n"}
    load.load_network(actor=SYSTEM, files=files, as_of=date(2024, 3, 1), source="t", provenance="sourced")
    assert metres_to_streets([lon + 0.005], [lat])[0] < 1.0
    west, south, east, north = area(1000.0)
    assert west <= lon <= east and south <= lat <= north


# --- two at once ------------------------------------------------------------------------------------------
def test_a_plan_is_not_overwritten_by_who_saw_an_older_one(facilities: int, streets: str) -> None:
    catalogue = catalogues.catalogue_in_force("services").id
    facts = {"actor": PLANNER, "note": "", "catalogue_id": catalogue, "on": clock.today(), "pace": "", "edits": []}
    id = plan_writes.save_plan(name="甲", **facts)  # type: ignore[arg-type]
    plan_writes.save_plan(name="乙", plan_id=id, version=1, **facts)  # type: ignore[arg-type]
    for version in (1, None, 7):
        with pytest.raises(Conflict):
            plan_writes.save_plan(name="丙", plan_id=id, version=version, **facts)  # type: ignore[arg-type]


def test_an_import_that_was_edited_since_is_not_taken_back(
    facilities: int, streets: str, as_csv: Callable[..., bytes]
) -> None:
    id = brought(PLANNER, as_csv([line()]))
    row = Facility.objects.get(code="city:A1")
    facility_writes.close_facility(actor=PLANNER, id=row.pk, version=row.version, on=clock.today())
    with pytest.raises(Conflict, match="changed_since"):
        import_writes.undo(actor=PLANNER, id=id)
    assert Facility.objects.filter(pk=row.pk).exists() and Span.objects.filter(facility=row).exists()


def test_a_preview_that_was_read_otherwise_meanwhile_is_not_confirmed(
    facilities: int, streets: str, as_csv: Callable[..., bytes]
) -> None:
    """Another datum gives the same number of rows at other places: the count alone says nothing of what was seen."""
    id = taken(PLANNER, as_csv([line(名称="谁也没有听说过的药店")]))
    seen = import_reads.preview(actor=PLANNER, id=id)
    before, columns = import_reads.stamp(seen.row), seen.row.mapping["columns"]
    import_writes.remap(actor=PLANNER, id=id, columns=columns, fixed_class="", scheme="city", datum="gcj02")
    with pytest.raises(Conflict, match="changed_meanwhile"):
        import_writes.confirm(actor=PLANNER, id=id, expected=1, seen=before)
    assert not Facility.objects.filter(code="city:A1").exists()
    now = import_reads.preview(actor=PLANNER, id=id)
    import_writes.confirm(actor=PLANNER, id=id, expected=1, seen=import_reads.stamp(now.row))


def test_another_process_sees_what_this_one_wrote(facilities: int, streets: str, home: Home) -> None:
    """Caches compare the revision in the database: an edit, an import, a statement of completeness change it."""
    catalogue = catalogues.catalogue_in_force("services")
    assert matrices.rows_of(catalogue, clock.today()) is matrices.rows_of(catalogue, clock.today())
    stood = revision.current()
    catalogue_writes.set_completeness(
        actor=PLANNER,
        kind="services",
        items=[WALKED],
        communities=[EAST],
        state="complete",
        as_of=clock.today(),
        source="查",
    )
    assert revision.current() != stood
    known = catalogues.completeness("services")
    assert known == {(WALKED, EAST): "complete"}
    catalogue_writes.set_completeness(
        actor=PLANNER,
        kind="services",
        items=[WALKED],
        communities=[EAST],
        state="partial",
        as_of=clock.today(),
        source="查",
    )
    assert catalogues.completeness("services") == {(WALKED, EAST): "partial"}


def test_what_is_complete_is_read_once_per_revision(
    facilities: int, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    catalogues.completeness("services")
    with django_assert_max_num_queries(1):  # the revision; not the whole table again
        catalogues.completeness("services")


def test_a_statement_about_the_whole_district_lets_others_write_in_between(
    facilities: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """28,000 cells held the one writer of SQLite for six seconds; now each part is a transaction of its own."""
    codes = matrices.community_codes()
    items = [i.code for i in catalogues.walked_items(catalogues.catalogue_in_force("services"))][:6]
    sizes: list[int] = []
    stood = catalogue_writes.Completeness.objects.bulk_create

    def counted(rows: list[Any], **more: Any) -> Any:
        sizes.append(len(rows))
        return stood(rows, **more)

    monkeypatch.setattr(catalogue_writes.Completeness.objects, "bulk_create", counted)
    facts: dict[str, Any] = {"actor": PLANNER, "kind": "services", "items": items, "communities": codes, "source": "查"}
    for state in ("complete", "unknown"):
        done = catalogue_writes.set_completeness(state=state, as_of=clock.today(), **facts)
        assert done == len(items) * len(codes) and set(catalogues.completeness("services").values()) == {state}
    assert max(sizes) <= 500 and sum(sizes) == 2 * len(items) * len(codes)


# --- numbers that must not lie ----------------------------------------------------------------------------
def test_what_is_simulated_says_so_in_every_file(planner: Any) -> None:
    lon, lat = spot()
    facts = facility_writes.FacilityFacts("模拟的药店", "city", "药店", source="=1+1")
    facility_writes.add_facility(actor=PLANNER, facts=facts, lon=lon, lat=lat, opened_on=None, simulated=True)
    address = "/circle/facilities/export.{}?q=%E6%A8%A1%E6%8B%9F"
    geo = json.loads(b"".join(planner.get(address.format("geojson")).streaming_content))
    assert geo["features"][0]["properties"]["simulated"] is True
    assert "OpenStreetMap" in geo["attribution"] and "ODbL" in geo["attribution"]
    text = b"".join(planner.get(address.format("csv")).streaming_content).decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(text)))
    assert any("模拟" in k and v == "是" for k, v in row.items())
    assert not any(v.startswith("=") for v in row.values())


def test_a_map_file_of_a_plan_says_that_it_is_one(planner: Any) -> None:
    """Shares with edits must not pass for the present state once the file is away from the page."""
    body = json.dumps({"item": WALKED, "edits": [add()]})
    changed = json.loads(planner.post("/circle/planner/map.geojson", {"body": body}).content)
    assert changed["plan"] and changed["edits"] == 1
    plain = json.loads(planner.get(f"/circle/planner/map.geojson?item={WALKED}").content)
    assert plain["plan"] == "" and plain["edits"] == 0
    drawn = {f["properties"]["code"] for f in plain["features"]}
    assert plain["without_boundary"] == sorted(set(matrices.community_codes()) - drawn)
    assert {f["properties"]["state"] for f in plain["features"]} <= {"yes", "no", "missing"}


def test_nothing_unknown_is_a_no(planner: Any) -> None:
    """Without a statement of completeness no community is told that it lacks something; without homes never."""
    found = ask(planner, "answer", item=WALKED).json()
    assert set(found["states"].values()) <= {"yes", "missing"}
    catalogue_writes.set_completeness(
        actor=PLANNER, kind="services", items=[WALKED], communities=[c for c in matrices.community_codes() if c != EAST],
        state="complete", as_of=clock.today(), source="查",
    )  # fmt: skip
    found = ask(planner, "answer", item=WALKED).json()
    assert set(found["states"].values()) <= {"yes", "missing"}
    assert all(found["share"][c] is None for c in found["states"] if c != EAST)


# --- a district that has nothing yet ----------------------------------------------------------------------
@pytest.mark.parametrize(
    "address",
    [
        "planner/", "facilities/", "catalogue/", "class-rules/", "paces/", "completeness/", "records/", "circles/",
        "surveys/", "plans/compare/", "", f"communities/{EAST}/", "facilities/import/", "facilities/doubles/",
        "facilities/export.xlsx", "facilities/export.geojson", "planner/item.json",
    ],
)  # fmt: skip
def test_a_page_without_data_says_so(district: Cast, address: str) -> None:
    for who in ("planner", "auditor"):
        found = district.client(who).get(f"/circle/{address}")
        assert found.status_code in (200, 403, 404), (who, found.status_code)
        if not found.streaming and found.status_code == 404:
            assert "还没有" in found.content.decode() or "没有在用的目录" in found.content.decode()


# --- shared plans -----------------------------------------------------------------------------------------
def test_a_shared_address_opens_one_plan_only_and_can_be_taken_away(planner: Any, district: Cast) -> None:
    made = ask(planner, "save", item=WALKED, name="共享的方案", edits=[add()]).json()["url"]
    ask(planner, "save", item=WALKED, name="不给人看的方案", edits=[])
    plan_id = int(made.split("/")[3])
    planner.post(f"/circle/plans/{plan_id}/share", {"on": "1"})
    address = plan_writes.share_plan(actor=district.actor("planner"), plan_id=plan_id, on=True)
    assert len(address) >= 22
    other = district.client("auditor")
    page = other.get(f"/circle/plans/shared/{address}/")
    assert page.status_code == 200 and "不给人看的方案" not in page.content.decode()
    assert other.get(f"/circle/plans/{plan_id}/").status_code == 404
    assert other.post(f"/circle/plans/{plan_id}/share", {"on": "0"}).status_code in (403, 404)
    planner.post(f"/circle/plans/{plan_id}/share", {"on": "0"})
    assert other.get(f"/circle/plans/shared/{address}/").status_code == 404
    assert district.actor("planner").holds({"planner"}, DISTRICT)
