"""Files of polygons: what goes out comes in again by either format; a stranger's file is refused, never believed."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from linli.core.actor import SYSTEM
from linli.core.errors import Invalid
from linli.territory import actions, boundaries, geopackage, polygons, queries, rules
from linli.territory.choices import Layer
from linli.territory.polygons import geojson_file, geopackage_file, read_polygons

RING = shapely.Polygon(
    [(116.35, 39.88), (116.37, 39.88), (116.37, 39.9), (116.35, 39.9)],
    [[(116.355, 39.885), (116.36, 39.885), (116.36, 39.89), (116.355, 39.89)]],
)
TWO = shapely.MultiPolygon([shapely.box(116.3, 39.9, 116.31, 39.91), shapely.box(116.32, 39.9, 116.33, 39.91)])
ROWS: list[tuple[dict[str, Any], Any]] = [
    ({"code": "110102018", "name": "牛街'\"街道", "人口": 5, "占比": 0.5, "近似": True}, RING),
    ({"code": "110102017", "name": None}, TWO),
    ({"code": "110102016", "name": "无界线"}, None),
]


def changed(data: bytes, folder: Path, script: str, *more: tuple[str, tuple[Any, ...]]) -> bytes:
    path = folder / "changed.gpkg"
    path.write_bytes(data)
    with closing(sqlite3.connect(path)) as base:
        base.executescript(script)
        for sql, values in more:
            base.execute(sql, values)
        base.commit()
    return path.read_bytes()


class TestRoundTrip:
    @pytest.mark.parametrize("write", [lambda: geojson_file(ROWS), lambda: geopackage_file("街道", ROWS)])
    def test_holes_parts_names_and_bare_rows_survive(self, write: Callable[[], bytes]) -> None:
        found = read_polygons(write()).features
        assert [f.number for f in found] == [1, 2, 3] and [f.problem for f in found] == ["", "", "no_geometry"]
        assert [f.properties["name"] for f in found] == ["牛街'\"街道", None, "无界线"]
        assert found[0].properties["人口"] == 5 and found[0].properties["占比"] == 0.5
        for row, (_properties, shape) in zip(found[:2], ROWS, strict=False):
            assert row.geometry is not None and shapely.equals(row.geometry, shape)
        assert shapely.get_num_interior_rings(shapely.get_parts(found[0].geometry)[0]) == 1

    def test_the_package_is_one_by_the_letter(self, tmp_path: Path) -> None:
        data = geopackage_file("gpkg_网格", ROWS, title="单元网格")
        assert struct.unpack(">I", data[68:72])[0] == 0x47504B47 and struct.unpack(">I", data[60:64])[0] == 10300
        path = tmp_path / "x.gpkg"
        path.write_bytes(data)
        with closing(sqlite3.connect(path)) as base:
            assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert not base.execute("PRAGMA foreign_key_check").fetchall()
            systems = {r[0] for r in base.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")}
            assert {-1, 0, 4326, 4490} == systems
            table, kind, title, box, srs = base.execute(
                "SELECT table_name, data_type, identifier, min_x, srs_id FROM gpkg_contents"
            ).fetchone()
            assert (kind, title, box, srs) == ("features", "单元网格", 116.3, 4326) and not table.startswith("gpkg_")
            named = base.execute("SELECT * FROM gpkg_geometry_columns").fetchone()
            assert named == (table, "geom", "MULTIPOLYGON", 4326, 0, 0)
            blob = base.execute(f'SELECT geom FROM "{table}" WHERE fid = 1').fetchone()[0]
            west, east, south, north = struct.unpack("<4d", blob[8:40])
            assert (west, south, east, north) == shapely.bounds(RING).tolist() or (west, east) == (116.35, 116.37)
            kinds = {r[1]: r[2] for r in base.execute(f'PRAGMA table_info("{table}")')}
            assert (kinds["人口"], kinds["占比"], kinds["近似"], kinds["name"]) == (
                "INTEGER",
                "DOUBLE",
                "BOOLEAN",
                "TEXT",
            )

    def test_columns_that_differ_by_case_or_are_taken_stay_apart(self) -> None:
        row = {"FID": 1, "Geom": 2, "a": 3, "A": 4}
        found = read_polygons(geopackage_file("x", [(row, RING)])).features[0].properties
        assert sorted(v for k, v in found.items() if k != "fid") == [1, 2, 3, 4]

    def test_cgcs2000_is_taken_and_other_systems_are_named(self, tmp_path: Path) -> None:
        data = geopackage_file("x", ROWS)
        taken = changed(data, tmp_path, "UPDATE gpkg_geometry_columns SET srs_id = 4490")
        assert len(read_polygons(taken).features) == 3
        other = "INSERT INTO gpkg_spatial_ref_sys VALUES ('x', 7, 'EPSG', 4549, 'x', ''); UPDATE gpkg_geometry_columns SET srs_id = "
        for script, word in ((other + "7", "4549"), (other + "-1", "?"), (other + "99", "?")):
            with pytest.raises(Invalid) as refused:
                read_polygons(changed(data, tmp_path, script))
            assert refused.value.code == "wrong_crs" and word in str(refused.value.message)

    def test_another_layer_is_said_and_can_be_asked_for(self, tmp_path: Path) -> None:
        more = (
            "CREATE TABLE a (fid INTEGER PRIMARY KEY, geom BLOB, code TEXT); INSERT INTO a SELECT fid, geom, '9' FROM x;"
            "INSERT INTO gpkg_contents (table_name, data_type, srs_id) VALUES ('a', 'features', 4326);"
            "INSERT INTO gpkg_geometry_columns VALUES ('a', 'geom', 'MULTIPOLYGON', 4326, 0, 0)"
        )
        data = changed(geopackage_file("x", ROWS), tmp_path, more)
        first = read_polygons(data)
        assert first.layer_name == "a" and "x" in first.notes[0]
        assert read_polygons(data, layer="x").features[0].properties["code"] == "110102018"


def hostile(folder: Path) -> Iterable[bytes]:
    """A view in the place of a table, a virtual table, a list without end, a cut file, no package."""
    data = geopackage_file("x", ROWS)
    yield changed(data, folder, "ALTER TABLE x RENAME TO y; CREATE VIEW x AS SELECT * FROM y")
    yield changed(data, folder, "DROP TABLE x; CREATE VIRTUAL TABLE x USING fts5(geom, code)")
    yield changed(
        data, folder, "ALTER TABLE gpkg_contents RENAME TO c; CREATE VIEW gpkg_contents AS WITH RECURSIVE t(n) AS"
        " (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT 'x' AS table_name, 'features' AS data_type FROM t",
    )  # fmt: skip
    yield data[: len(data) // 2]
    yield data[:100] + b"\0" * 5000
    yield data[:1024] + b"\xff" * (len(data) - 1024)
    yield changed(data, folder, "DROP TABLE gpkg_geometry_columns")
    yield changed(data, folder, "UPDATE gpkg_contents SET data_type = 'tiles'")


def test_hostile_packages_are_refused_and_nothing_in_them_runs(tmp_path: Path) -> None:
    for number, data in enumerate(hostile(tmp_path)):
        with pytest.raises(Invalid) as refused:
            read_polygons(data)
        assert (refused.value.code, bool(refused.value.fields["file"])) == ("not_geopackage", True), number


def test_a_column_that_is_computed_is_not_read(tmp_path: Path) -> None:
    script = (
        "DROP TABLE x; CREATE TABLE x (geom BLOB, code TEXT AS (hex(zeroblob(9000000))) VIRTUAL);"
        "INSERT INTO x (geom) VALUES (x'00')"
    )
    found = read_polygons(changed(geopackage_file("x", ROWS), tmp_path, script)).features[0]
    assert (dict(found.properties), found.problem) == ({}, "bad_geometry")


def test_the_connection_reads_tables_and_nothing_else(tmp_path: Path) -> None:
    for sql in (
        f"ATTACH '{tmp_path / 'other.db'}' AS o", "CREATE TABLE t (a)", "DELETE FROM x", "SELECT hex(geom) FROM x",
        "PRAGMA journal_mode = WAL", "SELECT load_extension('x')", "VACUUM",
    ):  # fmt: skip
        with pytest.raises(Invalid), geopackage.opened(geopackage_file("x", ROWS)) as base:
            base.execute(sql).fetchall()
    assert not (tmp_path / "other.db").exists()


def test_blobs_that_are_no_geometry_are_rows_with_a_problem(tmp_path: Path) -> None:
    data = geopackage_file("x", ROWS)
    line = b"GP\x00\x01" + struct.pack("<i", 4326) + shapely.LineString([(1, 2), (3, 4)]).wkb
    empty = b"GP\x00\x11" + struct.pack("<i", 4326) + shapely.Polygon().wkb
    for blob, problem in (
        (b"GP", "bad_geometry"), (b"no" * 20, "bad_geometry"), (b"GP\x00\x0f" + b"\0" * 80, "bad_geometry"),
        (b"GP\x00\x01\0\0\0\0\x01\x03\0\0\0\xff\xff\xff\xff", "bad_geometry"), (empty, "bad_geometry"),
        (b"GP\x00\x21" + b"\0" * 40, "bad_geometry"), (line, "not_polygon"), (None, "no_geometry"), ("text", "bad_geometry"),
    ):  # fmt: skip
        found = read_polygons(changed(data, tmp_path, "", ("UPDATE x SET geom = ? WHERE fid = 2", (blob,)))).features[1]
        assert (found.geometry, found.problem, found.number) == (None, problem, 2), blob


def test_too_large_is_said_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polygons.json, "loads", lambda *a: pytest.fail("parsed"))
    monkeypatch.setattr(polygons, "opened", lambda *a: pytest.fail("opened"))
    for data in (b"{" + b" " * (200 << 20), geopackage.MAGIC + bytes(200 << 20)):
        with pytest.raises(Invalid) as refused:
            read_polygons(data)
        assert refused.value.code == "too_large" and "200" in str(refused.value.message)
    monkeypatch.undo()
    with pytest.raises(Invalid) as refused:
        read_polygons(geopackage_file("x", ROWS), most_features=2)
    assert refused.value.code == "too_large"


# --- what a layer may look like -----------------------------------------------------------------------
Write = Callable[[list[tuple[dict[str, Any], Any]]], bytes]
BOTH = pytest.mark.parametrize(
    "write", [geojson_file, lambda rows: geopackage_file("x", rows)], ids=["geojson", "gpkg"]
)


def checked(data: bytes) -> boundaries.Checked:
    return boundaries.check_form(data, Layer.SUBDISTRICTS, {})


def row(shape: Any, code: str = "110102018") -> list[tuple[dict[str, Any], Any]]:
    return [({"code": code, "name": "某街道"}, shape)]


@BOTH
def test_shapes_that_are_allowed_are_kept_and_remarked(write: Write) -> None:
    holed = checked(write(row(RING)))
    assert not holed.problems and shapely.area(holed.geometries["110102018"]) == pytest.approx(RING.area)
    parts = checked(write(row(TWO)))
    assert [(p.code, p.warning, p.feature) for p in parts.problems] == [("several_parts", True, 0)]
    assert "2" in parts.problems[0].message
    spike = shapely.Polygon(
        [(116.3, 39.9), (116.31, 39.9), (116.3100005, 39.905), (116.310001, 39.9), (116.32, 39.9), (116.31, 39.89)]
    )
    found = [p for p in checked(write(row(spike))).problems if p.code == "spike"]
    assert found and found[0].warning and (found[0].lon, found[0].lat) == pytest.approx((116.31, 39.905), abs=1e-5)


@BOTH
def test_shapes_that_cannot_be_borders_are_refused_with_code_sentence_and_row(write: Write) -> None:
    out_and_back = shapely.Polygon([(116.3, 39.9), (116.31, 39.9), (116.35, 39.9), (116.31, 39.9), (116.31, 39.91)])
    sliver = shapely.Polygon([(116.3, 39.9), (116.31, 39.9), (116.3, 39.9)])
    for shape, code in (
        (out_and_back, "self_intersection"),
        (sliver, "self_intersection"),
        (shapely.Point(1, 2).buffer(0), "not_polygon"),
    ):
        found = [p for p in checked(write([*row(RING, "110102001"), *row(shape)])).problems if not p.warning]
        assert {p.code for p in found} <= {code, "bad_geometry", "not_polygon"} and found
        assert all(p.message and p.feature == 1 and p.division == "110102018" for p in found)


def test_three_positions_are_no_ring() -> None:
    raw = {"type": "Polygon", "coordinates": [[[116.3, 39.9], [116.31, 39.9], [116.3, 39.9]]]}
    feature = {"type": "Feature", "properties": {"code": "110102018", "name": "某"}, "geometry": raw}
    found = checked(json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()).problems
    assert found[0].code in {"bad_geometry", "self_intersection"} and found[0].feature == 0 and found[0].message


@BOTH
def test_a_hundred_thousand_corners_are_read(write: Write) -> None:
    turn = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    wide = 0.02 + 0.0005 * np.sin(turn * 40)
    shape = shapely.Polygon(np.column_stack([116.36 + wide * np.cos(turn), 39.9 + wide * np.sin(turn)]))
    found = checked(write(row(shape)))
    assert not [p for p in found.problems if not p.warning]
    assert shapely.get_num_coordinates(found.geometries["110102018"]) > 90_000


@pytest.mark.django_db
class TestWholeLayers:
    def layer(self, write: Write, change: Callable[[Any], Any] = lambda g: g, keep: slice = slice(None)) -> bytes:
        found = [
            ({"code": c, "name": queries.division_name(c)}, change(g))
            for c, g in queries.division_boundaries(9).items()
        ]
        return write(found[keep])

    @BOTH
    def test_gcj02_is_caught_by_a_landmark(self, xicheng: None, write: Write) -> None:
        def shifted(shape: Any) -> Any:
            return shapely.transform(shape, lambda c: np.array([rules.gcj02_from_wgs84(x, y) for x, y in c.tolist()]))

        report = actions.preview_boundaries(actor=SYSTEM, layer="subdistricts", data=self.layer(write, shifted))
        problem = next(p for p in report.problems if p.code == "maybe_gcj02")
        assert not problem.warning and "街道" in problem.message and problem.lon
        metres = [int(n) for n in "".join(c if c.isdigit() else " " for c in problem.message).split()]
        assert 400 < metres[0] < 700 and metres[1] < 30, problem.message

    @BOTH
    def test_half_a_district_and_twice_a_code(self, xicheng: None, write: Write) -> None:
        half = actions.preview_boundaries(actor=SYSTEM, layer="subdistricts", data=self.layer(write, keep=slice(0, 7)))
        assert "gap" in {p.code for p in half.problems if not p.warning}
        assert all(p.message for p in half.problems) and "maybe_gcj02" not in {p.code for p in half.problems}
        rows = [({"code": c, "name": "某"}, g) for c, g in queries.division_boundaries(9).items()]
        twice = actions.preview_boundaries(actor=SYSTEM, layer="subdistricts", data=write([*rows, rows[3]]))
        problem = next(p for p in twice.problems if p.code == "duplicate_code")
        assert problem.feature == 15 and problem.division == rows[3][0]["code"] and "4" in problem.message

    def test_a_package_is_previewed_and_confirmed_like_geojson(self, xicheng: None) -> None:
        data = self.layer(lambda rows: geopackage_file("街道", rows))
        report = actions.preview_boundaries(actor=SYSTEM, layer="subdistricts", data=data, name="街道.gpkg")
        assert report.file_id and not report.stopped, report.problems
        assert actions.confirm_boundaries(actor=SYSTEM, file_id=report.file_id).accepted
        assert queries.layer_state(Layer.SUBDISTRICTS).provenance == "imported"
