"""Files made to bring the reader down: what cannot be read is said, the process stays."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import shapely

from linli.core.errors import Invalid
from linli.territory import boundaries
from linli.territory.choices import Layer
from linli.territory.geopackage import shape_of
from linli.territory.polygons import geojson_file, geopackage_file, read_polygons

from .test_polygons import RING, ROWS, TWO, changed

HEAD = b"GP\0\1" + struct.pack("<i", 4326)


@pytest.mark.parametrize("kind", [4, 5, 6, 7])
def test_collections_in_collections_end_before_the_stack_does(kind: int) -> None:
    """200,000 of them crash GEOS, and the process with it."""
    deep = struct.pack("<BII", 1, kind, 1) * 200_000
    assert shape_of(HEAD + deep + struct.pack("<BII", 1, 7, 0)) is None
    assert shape_of(HEAD + struct.pack("<BII", 1, 6, 1) + deep) is None


@pytest.mark.parametrize("shape", [RING, TWO, shapely.force_3d(TWO), shapely.Point(1, 2), shapely.LineString([(1, 2), (3, 4)]),
                                   shapely.MultiPoint([(1, 2)]), shapely.GeometryCollection([TWO, RING])])  # fmt: skip
@pytest.mark.parametrize("flavor", ["iso", "extended"])
@pytest.mark.parametrize("order", [0, 1])
def test_honest_geometries_are_read(shape: Any, flavor: Any, order: int) -> None:
    found = shape_of(HEAD + shapely.to_wkb(shape, flavor=flavor, byte_order=order))
    assert found is not None and shapely.equals_exact(found, shape)


@pytest.mark.parametrize("blob", [b"\1", b"\1\3\0\0\0", struct.pack("<BII", 1, 3, 2**32 - 1), struct.pack("<BII", 1, 6, 9),
                                  struct.pack("<BII", 1, 10, 1), struct.pack("<BIII", 1, 3, 1, 2**31)])  # fmt: skip
def test_counts_that_promise_more_than_there_is(blob: bytes) -> None:
    assert shape_of(HEAD + blob) is None


@pytest.mark.parametrize("number", ["'²'", "'４３２６'", "'" + "9" * 5000 + "'", "-4326"])
def test_a_system_whose_number_is_none_is_an_unknown_system(number: str, tmp_path: Path) -> None:
    data = geopackage_file("x", ROWS)
    script = f"UPDATE gpkg_spatial_ref_sys SET organization_coordsys_id = {number} WHERE srs_id = 4326"
    with pytest.raises(Invalid) as refused:
        read_polygons(changed(data, tmp_path, "PRAGMA ignore_check_constraints=ON;" + script))
    assert refused.value.code == "wrong_crs"


def test_names_hold_nothing_that_a_page_or_a_database_cannot() -> None:
    rows = json.loads(geojson_file([({}, RING)])) | {"name": "\ud800"}
    rows["features"][0]["properties"] = {"code": "110102018", "name": "牛\ud800街\0", "\udfff": 1}
    found = read_polygons(json.dumps(rows).encode())
    assert found.features[0].properties["name"] == "牛?街"
    found.layer_name.encode()
    checked = boundaries.check_form(json.dumps(rows).encode(), Layer.SUBDISTRICTS, {})
    geojson_file([({"name": checked.names["110102018"]}, RING)])
    wrong = rows | {"crs": {"properties": {"name": "EPSG:\udc00"}}}
    with pytest.raises(Invalid) as refused:
        read_polygons(json.dumps(wrong).encode())
    str(refused.value.message).encode()


@pytest.mark.parametrize("depth", [900, 960, 970, 980, 985, 990, 2_000, 100_000])
@pytest.mark.parametrize("where", ["geometry", "crs", "name", "code"])
def test_lists_in_lists_are_refused_or_left_unread(depth: int, where: str) -> None:
    deep = "[" * depth + "]" * depth
    crs = f'"crs":{{"properties":{{"name":{deep}}}}},' if where == "crs" else ""
    name = f'"name":{deep},' if where == "name" else ""
    geometry = f'{{"type":"Polygon","coordinates":{deep}}}' if where == "geometry" else "null"
    code = deep if where == "code" else '"1"'
    text = f'{{"type":"FeatureCollection",{crs}{name}"features":[{{"properties":{{"code":{code}}},"geometry":{geometry}}}]}}'
    boundaries.check_form(text.encode(), Layer.SUBDISTRICTS, {})
