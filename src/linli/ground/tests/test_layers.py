"""A net's file: what is taken, what is refused row by row, what is in force, how it is taken back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import shapely

from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.ground.actions import layers
from linli.ground.choices import LayerState, Net
from linli.ground.models import NetCell, NetLayer
from linli.ground.queries import nets as reads
from linli.ground.tests.net_samples import by_community, compared, file_of, known, put, read, two
from linli.territory.polygons import LARGEST_BYTES, geopackage_file
from linli.testing.fixtures import Cast

CITY = Net.CITY.value


def codes(row: NetLayer) -> dict[str, str]:
    return {r["about"]: r["code"] for r in row.report["refused"]}


def test_a_layer_is_staged_read_and_in_force_once_confirmed(district: Cast) -> None:
    rows = by_community(two)
    row = read(CITY, file_of(rows), district.actor("planner"))
    assert (row.state, row.cell_count, row.upload) == (LayerState.STAGED, len(rows), None)
    assert row.covered > 0.98 and not row.report["refused"]
    layers.put_in_force(actor=district.actor("planner"), layer_id=row.pk)
    assert layers.layer_of(row.pk).state == LayerState.IN_FORCE
    with pytest.raises(Conflict) as twice:
        layers.put_in_force(actor=district.actor("planner"), layer_id=row.pk)
    assert twice.value.code == "not_staged"


def test_the_next_one_retires_it_and_undo_brings_it_back(district: Cast) -> None:
    first, second = put(CITY, file_of(by_community(two))), put(CITY, file_of(by_community(two)))
    assert layers.layer_of(first.pk).state == LayerState.RETIRED and second.number == 2
    layers.undo(actor=SYSTEM, layer_id=second.pk)
    assert layers.layer_of(first.pk).state == LayerState.IN_FORCE
    assert layers.layer_of(second.pk).state == LayerState.STAGED
    layers.drop(actor=SYSTEM, layer_id=second.pk)
    assert not NetCell.objects.filter(layer_id=second.pk).exists()
    with pytest.raises(Missing):
        layers.layer_of(second.pk)
    with pytest.raises(Conflict):
        layers.drop(actor=SYSTEM, layer_id=first.pk)


def test_no_undo_once_a_merger_has_used_it(district: Cast) -> None:
    compared(nets=(CITY,))
    row = NetLayer.objects.get(net=CITY)
    with pytest.raises(Conflict) as used:
        layers.undo(actor=SYSTEM, layer_id=row.pk)
    assert used.value.code == "used"


def test_bad_rows_are_refused_one_by_one_and_good_ones_stay(district: Cast) -> None:
    rows: list[Any] = list(by_community(two))
    box, body = rows[0][1], known()[0]
    tangle = shapely.Polygon([(116.35, 39.9), (116.36, 39.91), (116.36, 39.9), (116.35, 39.91)])
    holed = shapely.Polygon(shapely.box(116.35, 39.9, 116.36, 39.91).exterior, [shapely.box(116.352, 39.902, 116.354, 39.904).exterior])  # fmt: skip
    parts = shapely.MultiPolygon(
        [shapely.box(116.35, 39.9, 116.351, 39.901), shapely.box(116.353, 39.9, 116.354, 39.901)]
    )
    bad = [
        ({"code": "", "body": body}, box, "missing_code", ""),
        ({"code": rows[0][0]["code"], "body": body}, box, "duplicate_code", rows[0][0]["code"]),
        ({"code": "网格一", "body": body}, box, "bad_code", "网格一"),
        ({"code": "x1", "body": "没有这个单位"}, box, "unknown_body", "x1"),
        ({"code": "x2", "duty": "负责人 13800138000"}, box, "person", "x2"),
        ({"code": "x3", "duty": "长" * 201}, box, "too_long", "x3"),
        ({"code": "x4"}, None, "no_geometry", "x4"),
        ({"code": "x5"}, shapely.box(39.9, 116.35, 39.91, 116.36), "swapped_coordinates", "x5"),
        ({"code": "x6"}, shapely.box(2, 48, 3, 49), "outside", "x6"),
        ({"code": "x7"}, shapely.box(117.5, 39.9, 117.6, 40.0), "outside", "x7"),
        ({"code": "x8"}, shapely.box(447000, 4410000, 448000, 4420000), "wrong_crs", "x8"),
    ]
    good = [({"code": "y1"}, tangle), ({"code": "y2"}, holed), ({"code": "y3"}, parts)]
    row = read(CITY, file_of([*rows, *[(p, g) for p, g, _c, _a in bad], *good]))
    assert codes(row) == {about: code for _p, _g, code, about in bad}
    assert row.cell_count == len(rows) + len(good) and row.report["refused_count"] == len(bad)
    said = {(w["about"], w["code"]) for w in row.report["warnings"]}
    assert {("y1", "self_crossing"), ("y2", "holes"), ("y3", "parts"), ("", "overlap"), ("", "no_body")} <= said


def test_half_the_district_is_said_with_its_share_never_as_no_duty(district: Cast) -> None:
    rows = by_community(two)
    half = [r for r in rows if r[0]["code"] < sorted(x[0]["code"] for x in rows)[len(rows) // 2]]
    row = read(CITY, file_of(half))
    said = next(w for w in row.report["warnings"] if w["code"] == "covers_part")
    assert 0.2 < row.covered < 0.8 and f"{100 * row.covered:.1f}%" in said["message"]


def test_gcj02_is_recognised(district: Cast) -> None:
    def off(g: Any) -> Any:
        return shapely.transform(g, lambda c: np.add(c, (0.00622, 0.00140)))  # what GCJ-02 does in this city

    row = read(CITY, file_of([(said, off(g)) for said, g in by_community(two)]))
    assert "GCJ-02" in row.report["stopped"] and row.cell_count == 0
    with pytest.raises(Conflict) as not_ready:
        layers.put_in_force(actor=SYSTEM, layer_id=row.pk)
    assert not_ready.value.code == "not_ready"


@pytest.mark.parametrize("data", [b"{}", b"\xff\xfe", b"[1,2", b'{"type":"FeatureCollection","features":[]}',
                                  b"SQLite format 3\x00" + b"\x00" * 200, b"PK\x03\x04 not a map"])  # fmt: skip
def test_what_is_no_map_says_why(district: Cast, data: bytes) -> None:
    row = read(CITY, data)
    assert row.report["stopped"] and row.cell_count == 0 and row.upload is None


def test_what_is_wrong_is_said_before_a_job_begins(district: Cast) -> None:
    with pytest.raises(Invalid) as wrong:
        layers.stage(actor=SYSTEM, net="persons", name=" ", data=b"x" * (LARGEST_BYTES + 1), provenance="sourced")
    assert set(wrong.value.fields) == {"net", "name", "file", "source"}
    with pytest.raises(Forbidden):
        layers.stage(actor=district.actor("auditor"), net=CITY, name="图层", data=b"{}")
    assert not NetLayer.objects.exists()


def test_what_goes_out_comes_in_again_in_both_formats(district: Cast) -> None:
    first = put(CITY, file_of(by_community(two)))
    features = reads.cell_features(first.pk)
    second = read(CITY, geopackage_file("cells", features))
    third = read(CITY, file_of(features))
    for other in (second, third):
        assert reads.cell_features(other.pk) == features
    assert len(json.loads(reads.cells_geojson(first.pk))["features"]) == first.cell_count


def test_begun_again_it_writes_nothing_twice(district: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    row = layers.stage(actor=SYSTEM, net=CITY, name="图层", data=file_of(by_community(two)))

    def killed(done: int, _total: int, _words: Any) -> None:
        if NetCell.objects.filter(layer=row).exists():
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        layers.read_layer(layer_id=row.pk, tell=killed)
    assert layers.layer_of(row.pk).upload is not None
    layers.read_layer(layer_id=row.pk, tell=lambda *_a: None)
    found = layers.layer_of(row.pk)
    assert NetCell.objects.filter(layer=row).count() == found.cell_count > 100
