"""A file of facilities from its bytes to the undo: every bad row has its sentence, every bad file is refused early."""

from __future__ import annotations

import io
import json
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import shapely
from openpyxl import Workbook

from linli.circle import facility_files
from linli.circle.actions import facilities as one
from linli.circle.actions import imports as act
from linli.circle.coordinates import from_wgs84
from linli.circle.models import Facility, FacilityImport
from linli.circle.queries import imports as read
from linli.circle.queries import open_facilities
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Forbidden, Invalid, Missing

from .conftest import AUDITOR, PLANNER, STREET, spot

pytestmark = pytest.mark.django_db


def take(
    data: bytes, *, actor: Actor = PLANNER, scheme: str = "city", datum: str = "wgs84", name: str = "表.csv"
) -> int:
    return act.take(
        actor=actor, data=data, name=name, scheme=scheme, datum=datum, source="区商务局清单", provenance="sourced"
    )


def row(**more: object) -> dict[str, object]:
    lon, lat = spot()
    return {
        "编号": "A1",
        "名称": "牛街药店",
        "类别": "药店",
        "经度": lon,
        "纬度": lat,
        "开放日期": "",
        "关闭日期": "",
    } | more


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"经度": "", "纬度": ""}, "no_coordinates"),
        ({"经度": "东边", "纬度": 39.9}, "no_coordinates"),
        ({"经度": 0, "纬度": 0}, "zero_coordinates"),
        ({"经度": 39.89, "纬度": 116.36}, "swapped_coordinates"),
        ({"经度": 121.47, "纬度": 31.23}, "outside_area"),
        ({"经度": 2.35, "纬度": 48.85}, "outside_china"),
        ({"开放日期": "2024-05-01", "关闭日期": "2023-05-01"}, "closed_before_opened"),
        ({"开放日期": "2024-13-01"}, "no_such_day"),
        ({"类别": "飞船"}, "unknown_class"),
        ({"类别": ""}, "no_class"),
        ({"名称": ""}, "no_name"),
        ({"编号": "A0"}, "row_twice"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_the_others_go_in(
    catalogues: None, as_csv: Callable[..., bytes], change: dict[str, object], code: str
) -> None:
    id = take(as_csv([row(编号="A0"), row(**change)]))
    found = read.preview(actor=PLANNER, id=id)
    assert [(r.row, r.code) for r in found.refused] == [(3, code)]
    assert found.refused[0].sentence and len(found.taken) == 1
    act.confirm(actor=PLANNER, id=id, expected=1)
    assert list(Facility.objects.values_list("code", flat=True)) == ["city:A0"]


def test_what_stands_far_from_every_street_is_reported_not_refused(
    catalogues: None, streets: str, as_csv: Callable[..., bytes]
) -> None:
    lon, lat = spot()
    id = take(as_csv([row(), row(编号="A2", 经度=lon + 0.008, 纬度=lat + 0.006)]))
    found = read.preview(actor=PLANNER, id=id)
    assert [c.code for c in found.far] == ["city:A2"] and len(found.taken) == 2
    assert found.far[0].off_m == pytest.approx(668, rel=0.05) and found.taken[0].off_m < 1


@pytest.mark.parametrize("real", ["gcj02", "bd09"])
def test_a_file_in_another_system_than_it_declares_is_stopped(
    facilities: int, as_csv: Callable[..., bytes], real: str
) -> None:
    known = [f for f in Facility.objects.filter(class_key="amenity=hospital", district="110102") if "医院" in f.name][
        :8
    ]
    rows = []
    for n, f in enumerate(known):
        lon, lat = from_wgs84(f.lon, f.lat, real)
        rows.append(row(编号=f"H{n}", 名称=f.name, 类别="医院", 经度=lon, 纬度=lat))
    id = take(as_csv(rows))
    found = read.preview(actor=PLANNER, id=id)
    assert found.doubted and found.told == real and 300 < found.median_m < 1500
    with pytest.raises(Invalid) as refused:
        act.confirm(actor=PLANNER, id=id, expected=len(found.taken))
    assert refused.value.code == "other_system"
    act.remap(actor=PLANNER, id=id, columns=found.row.mapping["columns"], fixed_class="", scheme="city", datum=real)
    again = read.preview(actor=PLANNER, id=id)
    assert not again.doubted and again.median_m < 1
    assert {s[2] for s in again.similar} >= {f.name for f in known}, "the same places are there already"


def test_confirmed_as_a_whole_undone_as_a_whole(catalogues: None, as_csv: Callable[..., bytes]) -> None:
    lon, _lat = spot()
    act.confirm(actor=PLANNER, id=take(as_csv([row()])), expected=1)
    before = Facility.objects.values().get(code="city:A1")
    second = take(
        as_csv([row(经度=lon + 0.001, 名称="牛街大药房"), row(编号="A2", 名称="白广路药店", 关闭日期="2020-01-01")])
    )
    done = act.confirm(actor=PLANNER, id=second, expected=2)
    assert (done.report["added"], done.report["changed"]) == (1, 1)
    assert {c.verb for c in Facility.objects.get(code="city:A1").changes.all()} == {"added", "moved"}
    table = open_facilities(clock.today())
    assert table.name.tolist() == ["牛街大药房"], "what is closed is kept but not open"
    assert "白广路药店" in open_facilities(date(2019, 1, 1)).name.tolist()
    act.undo(actor=PLANNER, id=second)
    after = Facility.objects.values().get(code="city:A1")
    assert after["version"] > before["version"]
    assert {k: v for k, v in after.items() if k != "version"} == {k: v for k, v in before.items() if k != "version"}
    assert not Facility.objects.filter(code="city:A2").exists()
    with pytest.raises(Conflict):
        act.undo(actor=PLANNER, id=second)


def test_an_import_that_was_worked_on_since_is_not_undone(catalogues: None, as_csv: Callable[..., bytes]) -> None:
    id = take(as_csv([row(), row(编号="A2")]))
    act.confirm(actor=PLANNER, id=id, expected=2)
    kept = Facility.objects.get(code="city:A2")
    one.close_facility(actor=PLANNER, id=kept.pk, version=1, on=date(2026, 1, 1))
    with pytest.raises(Conflict) as refused:
        act.undo(actor=PLANNER, id=id)
    assert refused.value.code == "changed_since" and Facility.objects.count() == 2
    assert FacilityImport.objects.get(pk=id).state == "done"


def test_the_same_file_again_changes_nothing_even_without_numbers(
    catalogues: None, as_csv: Callable[..., bytes]
) -> None:
    data = as_csv([{k: v for k, v in row().items() if k != "编号"}])
    act.confirm(actor=PLANNER, id=take(data), expected=1)
    again = act.confirm(actor=PLANNER, id=take(data), expected=1)
    assert again.report["added"] == again.report["changed"] == 0 and Facility.objects.count() == 1


def test_a_street_takes_in_only_its_own(catalogues: None, as_csv: Callable[..., bytes]) -> None:
    lon, lat = spot("110102001001") if _has_place("110102001001") else spot(_elsewhere())
    id = take(as_csv([row(), row(编号="A2", 经度=lon, 纬度=lat)]), actor=STREET)
    found = read.preview(actor=STREET, id=id)
    assert [r.code for r in found.refused] == ["not_keeper"] and len(found.taken) == 1
    other = take(as_csv([row(编号="A3")]))
    with pytest.raises(Missing):
        read.preview(actor=STREET, id=other)
    with pytest.raises(Forbidden):
        take(as_csv([row()]), actor=AUDITOR)


def _has_place(code: str) -> bool:
    from linli.territory import queries as territory

    view = territory.division(code)
    return view is not None and view.has_boundary


def _elsewhere() -> str:
    from linli.territory import queries as territory

    return next(d.code for d in territory.divisions(12, "110102") if d.has_boundary and d.code[:9] != "110102018")


# --- the four kinds of files ----------------------------------------------------------------------------
def workbook() -> bytes:
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(["牛街街道便民网点"])
    sheet.append(list(row()))
    sheet.append(list(row().values()))
    book.save(out)
    return out.getvalue()


def geojson() -> bytes:
    lon, lat = spot()
    square = [[[lon, lat], [lon + 1e-4, lat], [lon + 1e-4, lat + 1e-4], [lon, lat]]]
    features = [
        {"type": "Feature", "properties": {"name": "牛街药店", "类别": "药店", "x": {"a": 1}}, "geometry": g}
        for g in ({"type": "Point", "coordinates": [lon, lat]}, {"type": "Polygon", "coordinates": square})
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def geopackage(folder: Path, *, epsg: int = 4326, table: str = "points") -> bytes:
    lon, lat = spot()
    path = folder / "f.gpkg"
    base = sqlite3.connect(path)
    base.executescript(
        "CREATE TABLE gpkg_spatial_ref_sys (srs_name, srs_id, organization, organization_coordsys_id);"
        "CREATE TABLE gpkg_contents (table_name, data_type); CREATE TABLE gpkg_geometry_columns (table_name, column_name,"
        f" srs_id); CREATE TABLE {table} (fid INTEGER PRIMARY KEY, geom BLOB, 名称 TEXT, 类别 TEXT);"
    )
    base.execute("INSERT INTO gpkg_spatial_ref_sys VALUES ('x', 7, 'EPSG', ?)", (epsg,))
    base.execute("INSERT INTO gpkg_contents VALUES (?, 'features')", (table,))
    base.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 7)", (table,))
    header = b"GP\x00\x03" + struct.pack("<i", 7) + struct.pack("<4d", lon, lon, lat, lat)
    base.execute(f"INSERT INTO {table} VALUES (1, ?, '牛街药店', '药店')", (header + shapely.Point(lon, lat).wkb,))
    base.commit()
    base.close()
    data = path.read_bytes()
    path.unlink()
    return data


def test_each_kind_of_file_says_the_same(catalogues: None, as_csv: Callable[..., bytes], tmp_path: Path) -> None:
    lon, lat = spot()
    for data in (
        workbook(),
        as_csv([row()]),
        as_csv([row()]).decode().encode("gb18030"),
        geojson(),
        geopackage(tmp_path),
    ):
        found = read.preview(actor=PLANNER, id=take(data))
        first = found.taken[0]
        assert (first.name, first.class_key, first.community) == ("牛街药店", "药店", "110102018001"), found.row.report
        assert (first.lon, first.lat) == pytest.approx((lon, lat), abs=1e-6)


def test_openstreetmap_tags_in_columns_of_their_own(catalogues: None) -> None:
    lon, lat = spot()
    feature = {"type": "Feature", "properties": {"name": "店", "amenity": "pharmacy"},
               "geometry": {"type": "Point", "coordinates": [lon, lat]}}  # fmt: skip
    data = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    assert read.preview(actor=PLANNER, id=take(data, scheme="osm")).taken[0].class_key == "amenity=pharmacy"


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/workbook.xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    return out.getvalue()


def plain_sqlite(tmp_path: Path) -> bytes:
    path = tmp_path / "plain.db"
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE t (a)")
    base.execute("INSERT INTO t VALUES (1)")
    base.commit()
    base.close()
    return path.read_bytes()


def test_hostile_and_broken_files_are_refused_with_a_sentence(xicheng: object, tmp_path: Path) -> None:
    cases = {
        "empty_file": b"  \n",
        "file_unpacks_too_large": bomb(),
        "not_geopackage": plain_sqlite(tmp_path),
        "not_geojson": b'{"type": "FeatureCollection", "features": 3}',
        "locked_file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 64,
        "not_text": b"\xff\xd8\xff\x00" * 20,
        "no_header": b"one\ntwo\n",
        "no_rows": "名称,经度\n".encode(),
        "bad_csv": '名称,经度\n"a,1\n'.encode(),
        "too_many_rows": "名称,经度\n".encode() + b"a,1\n" * (facility_files.ROWS_MOST + 1),
        "file_too_large": b"0" * (facility_files.BYTES_MOST + 1),
    }
    for code, data in cases.items():
        with pytest.raises(Invalid) as refused:
            facility_files.read_file(data, "f")
        assert (refused.value.code, bool(refused.value.fields["file"])) == (code, True)
    nested = b'{"type":"FeatureCollection","features":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(Invalid):
        facility_files.read_file(nested, "f")


def test_a_geopackage_view_and_a_truncated_one_are_not_opened(xicheng: object, tmp_path: Path) -> None:
    whole = geopackage(tmp_path)
    for data in (whole[: len(whole) // 2], whole[:100] + b"\0" * 5000):
        with pytest.raises(Invalid) as refused:
            facility_files.read_file(data, "f")
        assert refused.value.code == "not_geopackage"
    path = tmp_path / "view.gpkg"
    path.write_bytes(whole)
    base = sqlite3.connect(path)
    base.executescript("ALTER TABLE points RENAME TO real; CREATE VIEW points AS SELECT * FROM real;")
    base.close()
    with pytest.raises(Invalid) as refused:
        facility_files.read_file(path.read_bytes(), "f")
    assert refused.value.code == "not_geopackage"


def test_a_projected_geopackage_is_turned_into_degrees(catalogues: None, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        facility_files.read_file(geopackage(tmp_path, epsg=999_999), "f")
    assert refused.value.code == "unknown_system"
    table = facility_files.read_file(geopackage(tmp_path, epsg=4490), "f")
    assert table.rows[0][1][:2] == pytest.approx(spot())
