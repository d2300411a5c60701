"""Imported boundaries: every kind of bad file is named, nothing is half-loaded, a good one reshapes the derived layers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from django.conf import settings

from linli.core.actor import RESIDENT, SYSTEM, Actor, Post
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.territory import actions, boundaries, queries, rules
from linli.territory.choices import FileState, Layer
from linli.territory.models import BoundaryFile, Edition, Revision

pytestmark = pytest.mark.django_db
ADMINISTRATOR = Actor("person", 7, "管理员", (Post(1, "administrator", "110102"),))
Features = list[dict[str, Any]]


def shipped(name: str) -> Features:
    return json.loads((settings.PACK / f"{name}.geojson").read_text())["features"]


def data(features: Any, **more: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def box(code: str, west: float, south: float, east: float, north: float, **properties: Any) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(shapely.box(west, south, east, north)))
    return {"type": "Feature", "properties": {"code": code, "name": "某处", **properties}, "geometry": geometry}


def codes(report: actions.ImportReport, *, warnings: bool = False) -> set[str]:
    return {p.code for p in report.problems if warnings or not p.warning}


def state() -> tuple[Any, ...]:
    return Revision.objects.get().turn, Edition.objects.count(), BoundaryFile.objects.count()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "not_json"),
        (b"{]", "not_json"),
        (b"[" * 100_000, "not_json"),
        ("面".encode("gb18030"), "not_utf8"),
        (b"[1, 2]", "not_feature_collection"),
        (b'{"type": "Feature"}', "not_feature_collection"),
        (b'{"type": "FeatureCollection", "features": 3}', "not_feature_collection"),
        (data([]), "empty"),
        (data([], crs={"properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}), "wrong_crs"),
        (data([7]), "missing_code"),
        (data([{"properties": None, "geometry": None}]), "missing_code"),
        (data([{"properties": {"code": "110102001"}, "geometry": None}]), "not_polygon"),
        (
            data([{"properties": {"code": "110102001"}, "geometry": {"type": "Point", "coordinates": [116, 39]}}]),
            "not_polygon",
        ),
        (
            data([{"properties": {"code": "110102001"}, "geometry": {"type": "Polygon", "coordinates": [[[1], "x"]]}}]),
            "bad_geometry",
        ),
        (
            data([{"properties": {"code": "110102001"}, "geometry": {"type": "Polygon", "coordinates": []}}]),
            "bad_geometry",
        ),
        (data([box("110102", 116.3, 39.9, 116.4, 39.95)]), "bad_code"),
        (data([box("11010200x", 116.3, 39.9, 116.4, 39.95)]), "bad_code"),
        (data([box("", 116.3, 39.9, 116.4, 39.95)]), "missing_code"),
        (data([box("110102099", 116.3, 39.9, 116.4, 39.95, name=" ")]), "missing_name"),
        (data([box("110102001", 39.9, 116.3, 39.95, 116.4)]), "swapped_coordinates"),
        (data([box("110102001", 4_000_000, 500_000, 4_000_100, 500_100)]), "wrong_crs"),
        (data([box("110102001", -71.1, 42.3, -71.0, 42.4)]), "outside_china"),
        (data([box("110102001", 116.3, 39.9, 116.300000001, 39.900000001)]), "bad_geometry"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(xicheng: None, content: bytes, expected: str) -> None:
    before = state()
    report = actions.import_boundaries(actor=SYSTEM, layer="subdistricts", data=content)
    assert not report.accepted and report.stopped and expected in codes(report)
    assert all(p.message for p in report.problems) and state() == before


def test_a_file_that_is_too_large_is_not_even_parsed(xicheng: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundaries, "LARGEST_BYTES", 100)
    report = actions.import_boundaries(actor=SYSTEM, layer="subdistricts", data=data(shipped("subdistricts")))
    assert codes(report) == {"too_large"}
    monkeypatch.undo()
    monkeypatch.setattr(boundaries, "MOST_FEATURES", 3)
    report = actions.import_boundaries(actor=SYSTEM, layer="subdistricts", data=data(shipped("subdistricts")))
    assert codes(report) == {"too_large"}


def test_self_intersection_says_where(xicheng: None) -> None:
    features = shipped("subdistricts")
    features[3]["geometry"] = {
        "type": "Polygon",
        "coordinates": [[[116.36, 39.90], [116.37, 39.91], [116.37, 39.90], [116.36, 39.91], [116.36, 39.90]]],
    }
    report = actions.import_boundaries(actor=SYSTEM, layer="subdistricts", data=data(features))
    problem = next(p for p in report.problems if p.code == "self_intersection")
    assert (problem.feature, problem.division) == (3, features[3]["properties"]["code"])
    assert (problem.lon, problem.lat) == (pytest.approx(116.365), pytest.approx(39.905))


def _twice(features: Features) -> None:
    features.append(features[0])


def _overlap(features: Features) -> None:
    first, second = (shapely.from_geojson(json.dumps(features[i]["geometry"])) for i in (0, 1))
    target = next(i for i in range(1, 15) if shapely.touches(first, _shape(features[i])))
    del second
    grown = shapely.union(first, shapely.intersection(_shape(features[target]), shapely.buffer(first, 0.0005)))
    features[0]["geometry"] = json.loads(shapely.to_geojson(grown))


def _hole(features: Features) -> None:
    inside = shapely.buffer(shapely.point_on_surface(_shape(features[5])), 0.0004)
    features[5]["geometry"] = json.loads(shapely.to_geojson(shapely.difference(_shape(features[5]), inside)))


def _foreign(features: Features) -> None:
    features[2]["properties"]["code"] = "110101001"


def _missing(features: Features) -> None:
    del features[4]


def _shifted(features: Features) -> None:
    for feature in features:
        moved = shapely.transform(_shape(feature), lambda c: [rules.gcj02_from_wgs84(x, y) for x, y in c.tolist()])
        feature["geometry"] = json.loads(shapely.to_geojson(moved))


def _shape(feature: dict[str, Any]) -> shapely.Geometry:
    return shapely.from_geojson(json.dumps(feature["geometry"]))


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (_twice, "duplicate_code"), (_overlap, "overlap"), (_hole, "gap"), (_foreign, "other_district"),
        (_foreign, "unknown_parent"), (_shifted, "maybe_gcj02"),
    ],
)  # fmt: skip
def test_a_bad_layer_is_refused_with_area_and_place(
    xicheng: None, spoil: Callable[[Features], None], expected: str
) -> None:
    features = shipped("subdistricts")
    spoil(features)
    before = state()
    report = actions.import_boundaries(actor=SYSTEM, layer="subdistricts", data=data(features))
    assert not report.accepted and expected in codes(report), report.problems
    if expected in {"overlap", "gap"}:
        problem = next(p for p in report.problems if p.code == expected and not p.warning)
        assert problem.area_m2 and problem.area_m2 > 1 and queries.locate(problem.lon or 0, problem.lat or 0)
    assert state() == before


def test_a_missing_subdistrict_is_a_gap_and_names_the_orphans(xicheng: None) -> None:
    features = shipped("subdistricts")
    gone = features[4]["properties"]["code"]
    _missing(features)
    report = actions.import_boundaries(actor=SYSTEM, layer="subdistricts", data=data(features))
    assert not report.accepted and codes(report) == {"gap"}
    orphans = {p.division for p in report.problems if p.code == "orphan"}
    assert orphans and all(code.startswith(gone) for code in orphans)


def test_an_unknown_layer_and_strangers_are_refused(xicheng: None) -> None:
    with pytest.raises(Invalid):
        actions.import_boundaries(actor=SYSTEM, layer="streets", data=b"")
    for actor in (RESIDENT, Actor("token", 7, "", ADMINISTRATOR.posts), Actor("person", 8, "", ())):
        with pytest.raises(Forbidden):
            actions.import_boundaries(actor=actor, layer="subdistricts", data=b"")
        with pytest.raises(Forbidden):
            actions.preview_boundaries(actor=actor, layer="subdistricts", data=b"")


def moved_border() -> bytes:
    """The shipped subdistricts, but 牛街 gives a strip to 广安门内; codes as numbers, as some programs write them."""
    features = shipped("subdistricts")
    by_code = {f["properties"]["code"]: f for f in features}
    left, right = _shape(by_code["110102018"]), _shape(by_code["110102017"])
    strip = shapely.intersection(left, shapely.buffer(right, 0.001))
    for code, shape in (("110102018", shapely.difference(left, strip)), ("110102017", shapely.union(right, strip))):
        by_code[code]["geometry"] = json.loads(shapely.to_geojson(shapely.set_precision(shape, 1e-7)))
    for feature in features:
        feature["properties"]["code"] = int(feature["properties"]["code"])
    return data(features, crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}})


def test_preview_confirm_restart_withdraw(xicheng: None) -> None:
    """Preview changes nothing; confirm flips; the same pack loaded again keeps it; withdrawing brings the old back."""
    first = queries.revision()
    where = queries.grid_center("110102018001")
    content = moved_border()
    border = shapely.intersection(
        _shape(next(f for f in shipped("subdistricts") if f["properties"]["code"] == "110102018")),
        _shape(next(f for f in json.loads(content)["features"] if f["properties"]["code"] == 110102017)),
    )
    spot = shapely.get_coordinates(shapely.point_on_surface(border))[0]
    assert queries.locate(*spot).subdistrict == "110102018"  # type: ignore[union-attr]

    report = actions.preview_boundaries(actor=ADMINISTRATOR, layer="subdistricts", data=content, name="街道.geojson")
    assert not report.stopped and report.file_id and queries.revision() == first
    assert queries.waiting_file(actor=ADMINISTRATOR, file_id=report.file_id).features == 15
    with pytest.raises(Missing):  # somebody else's file
        actions.confirm_boundaries(actor=SYSTEM, file_id=report.file_id)

    done = actions.confirm_boundaries(actor=ADMINISTRATOR, file_id=report.file_id)
    assert done.accepted and queries.revision() == done.revision != first
    found = queries.locate(*spot)
    assert found is not None and found.subdistrict == "110102017" and found.grid[:9] == "110102017"
    view = queries.division("110102017")
    assert view is not None and view.provenance == "imported" and not view.approximate
    assert len(queries.divisions(12)) == 261 and queries.locate(*where) is not None
    with pytest.raises(Conflict):
        actions.confirm_boundaries(actor=ADMINISTRATOR, file_id=report.file_id)

    again = actions.load_pack(actor=SYSTEM, folder=settings.PACK)
    assert not again.changed and queries.revision() == done.revision

    actions.withdraw_boundaries(actor=ADMINISTRATOR, layer="subdistricts")
    assert queries.locate(*spot).subdistrict == "110102018"  # type: ignore[union-attr]
    assert not BoundaryFile.objects.filter(state=FileState.ACCEPTED).exists()
    with pytest.raises(Missing):
        actions.withdraw_boundaries(actor=ADMINISTRATOR, layer="subdistricts")


def test_imported_grids_carry_their_communities(xicheng: None) -> None:
    """Official cells decide: communities are dissolved from them, so a code and its prefix never disagree."""
    features = shipped("grids")
    report = actions.import_boundaries(actor=SYSTEM, layer="grids", data=data(features))
    assert report.accepted, report.problems[:3]
    found = queries.locate(*queries.grid_center("110102018001001"))
    assert found is not None and not found.approximate and found.grid == "110102018001001"
    assert {v.layer: v.provenance for v in queries.layers()}["grids"] == "imported"

    del features[100]
    refused = actions.import_boundaries(actor=SYSTEM, layer="grids", data=data(features))
    assert not refused.accepted and "gap" in codes(refused)


def test_at_most_so_many_problems_of_a_kind_are_listed(xicheng: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from linli.territory import coverage

    monkeypatch.setattr(coverage, "LISTED", 5)
    features = shipped("grids")
    for feature in features[:50]:
        feature["properties"]["code"] = "110101" + feature["properties"]["code"][6:]
    report = actions.import_boundaries(actor=SYSTEM, layer="grids", data=data(features))
    listed = [p for p in report.problems if p.code == "other_district"]
    assert len(listed) == 5 and "45" in listed[-1].message


def test_layers_are_a_closed_list(xicheng: None) -> None:
    assert [v.layer for v in queries.layers()] == list(Layer.values)
