"""Files of a draft, good and bad: each that cannot be used says why in a sentence; what leaves comes back the same."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook
from shapely import Geometry, MultiPolygon, Point, Polygon

from linli.core.actor import SYSTEM
from linli.core.errors import Invalid
from linli.ground import design_files as files
from linli.ground.actions import changes, designs
from linli.ground.design_forms import GCJ02, WGS84
from linli.ground.models import GroundChange
from linli.ground.queries import draft_shapes as read
from linli.ground.queries.designs import mapped_draft
from linli.ground.tests.test_designs import again, designed, do, tiles
from linli.territory import queries as territory
from linli.territory.polygons import geojson_file
from linli.testing.fixtures import Cast
from linli_engines.ground import to_degrees

SCOPE = "110102018001"
HERE = (116.36, 39.89)


def box(x: float = 0, y: float = 0, side: float = 0.004) -> Polygon:
    return shapely.box(HERE[0] + x, HERE[1] + y, HERE[0] + x + side, HERE[1] + y + side)


def file(*shapes: Geometry | tuple[dict[str, Any], Geometry]) -> bytes:
    return geojson_file([s if isinstance(s, tuple) else ({}, s) for s in shapes])


def shifted(shape: Geometry) -> Geometry:
    """As GCJ-02: some 550 m to the south-east."""
    from linli.territory.rules import wgs84_from_gcj02

    def there(p: list[float]) -> tuple[float, float]:
        x, y = wgs84_from_gcj02(*p)
        return 2 * p[0] - x, 2 * p[1] - y

    return shapely.transform(shape, lambda at: [there(p) for p in at.tolist()])


def test_grounds_that_can_be_divided(district: Cast) -> None:
    ring = [(math.cos(a), math.sin(a)) for a in (2 * math.pi * k / 100_000 for k in range(100_000))]
    circle = Polygon([(HERE[0] + 0.004 * x, HERE[1] + 0.003 * y) for x, y in ring])
    holed = box().difference(Point(HERE[0] + 0.002, HERE[1] + 0.002).buffer(0.0005))
    spiked = Polygon([*box().exterior.coords[:2], (HERE[0] + 0.02, HERE[1] + 0.0040000), *box().exterior.coords[2:4]])
    for shape in (holed, MultiPolygon([box(), box(0.006)]), circle, spiked, Polygon([*box().exterior.coords[:3]])):
        ground, _notes = files.read_ground(file(shape), WGS84)
        change = designs.open_draft(actor=SYSTEM, name="自定地面", scope="", ground=ground, source="a.geojson")
        change = designed(change)
        cells = read.draft_shapes(change.pk)
        assert cells and change.draft.report["tiles"]
        whole = shapely.union_all(list(ground.values()))
        assert shapely.union_all(list(cells.values())).symmetric_difference(whole).area < 2 * whole.length
        assert [p.code for p in mapped_draft(change).problems] == ["study"]


def test_a_district_read_as_it_is_or_shifted(district: Cast) -> None:
    town = territory.division_boundary("110102018")
    assert town is not None
    ground, notes = files.read_ground(file(({"code": "110102018001"}, town)), WGS84)
    assert list(ground) == ["110102018001"] and not [n for n in notes if "以外" in n]
    with pytest.raises(Invalid) as wrong:
        files.read_ground(file(shifted(town)), WGS84)
    assert wrong.value.code == "maybe_gcj02" and "牛街" in str(wrong.value.message)
    back, _notes = files.read_ground(file(shifted(town)), GCJ02)
    (one,) = back.values()
    assert shapely.symmetric_difference(to_degrees(one), town).area < 0.01 * town.area
    half = shapely.intersection(town, shapely.box(116, 39, town.centroid.x, 41))
    files.read_ground(file(half), WGS84)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_json"), (b"\xff\xfe\x00", "not_utf8"), (b"{}", "not_feature_collection"), (b"[" * 90_000, "not_json"),
        (file(), "empty"), (b"SQLite format 3\0" + b"x" * 300, "not_geopackage"),
        (file(Point(*HERE)), "bad_file"), (file(shapely.LineString([HERE, (116.4, 39.9)])), "bad_file"),
        (file(Polygon([(5e5, 4e6), (6e5, 4e6), (6e5, 5e6)])), "bad_file"),
        (file(Polygon([HERE, HERE, HERE, HERE])), "bad_file"), (file(box(), box(0.001)), "overlap"),
        (file(({"code": "110102018001"}, box()), ({"code": "110102018001"}, box(0.01))), "duplicate_codes"),
        (b" " * (21 << 20), "too_large"),
        (json.dumps({"type": "FeatureCollection", "features": [], "crs": {"properties": {"name": "EPSG:3857"}}}).encode(), "wrong_crs"),
    ],
)  # fmt: skip
def test_grounds_that_cannot(district: Cast, data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as wrong:
        files.read_ground(data, WGS84)
    assert wrong.value.code == code, wrong.value
    assert wrong.value.fields["file"] and all(str(s).strip() for s in wrong.value.fields["file"])


def draft(district: Cast) -> GroundChange:
    return designs.open_draft(actor=district.actor("planner"), name="牛街东里网格", scope=SCOPE)


def as_file(cells: dict[str, Geometry], change: Callable[[str, Geometry], Geometry] = lambda _c, s: s) -> bytes:
    return file(*[({"网格编码": c}, change(c, to_degrees(s))) for c, s in cells.items()])


def test_cells_go_out_and_come_back_the_same(district: Cast) -> None:
    change = draft(district)
    first = read.draft_shapes(change.pk)
    do(change, "split", sorted(first)[0])
    cells, client = tiles(change), district.client("planner")
    for kind in ("geojson", "gpkg"):
        answer = client.get(f"/ground/designs/{change.pk}/files/{kind}/")
        assert answer.status_code == 200
        again_ = files.read_cells(answer.content, WGS84, designs.ground_of(change.draft))
        assert set(again_) == set(cells)
        off = [shapely.symmetric_difference(again_[c], cells[c]).area / cells[c].length for c in cells]
        assert max(off) < 1.5
    answer = client.get(f"/ground/designs/{change.pk}/files/xlsx/")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))["网格编码表"]
    codes = [row[0].value for row in sheet.iter_rows(min_row=2)]
    assert codes == sorted(cells) and all(isinstance(c, str) for c in codes)
    assert client.get(f"/ground/designs/{change.pk}/files/shp/").status_code == 404


def test_cells_of_a_file_take_the_place_of_the_drafts(district: Cast) -> None:
    change = draft(district)
    cells = read.draft_shapes(change.pk)
    kept = sorted(cells)
    joined = {**{c: cells[c] for c in kept[2:]}, kept[0]: shapely.union(cells[kept[0]], cells[kept[0]])}
    joined[kept[1]] = cells[kept[1]]
    found = files.read_cells(as_file(joined, lambda _c, s: shapely.set_precision(s, 1e-6)), WGS84, designs.ground_of(change.draft))  # fmt: skip
    change = again(change)
    designs.import_cells(
        actor=district.actor("planner"), change=change, version=change.matter.version, cells=found, source="测绘院 2026", surveyed=True
    )  # fmt: skip
    change = again(change)
    assert (
        set(tiles(change)) == set(kept)
        and not change.draft.approximate
        and change.draft.settings["source"] == "测绘院 2026"
    )


def test_cells_that_cannot_be_used_say_which(district: Cast) -> None:
    change = draft(district)
    cells = read.draft_shapes(change.pk)
    names = sorted(cells)
    ground = designs.ground_of(change.draft)
    bad = {
        "gap": as_file({c: cells[c] for c in names[: len(names) // 2]}),
        "other_community": as_file({"110102010001001": cells[names[0]]}),
        "overlap": as_file({**cells, SCOPE + "998": cells[names[0]]}),
        "bad_code": file(*[({"code": c[:14]}, to_degrees(s)) for c, s in cells.items()]),
        "duplicate_codes": file(*[({"code": names[0]}, to_degrees(s)) for s in cells.values()]),
        "maybe_gcj02": as_file(cells, lambda _c, s: shifted(s)),
    }
    for code, data in bad.items():
        with pytest.raises(Invalid) as wrong:
            files.read_cells(data, WGS84, ground)
        assert wrong.value.code == code, (code, wrong.value)
        assert wrong.value.fields["file"]


def test_lines_to_cut_along(district: Cast) -> None:
    west, south, east, north = territory.bounds(SCOPE)
    line = shapely.LineString([(west - 0.01, (south + north) / 2), (east + 0.01, (south + north) / 2)])
    lines, count = files.read_lines(file(line, box()))
    assert count == 2 and shapely.get_num_geometries(lines) == 2
    change = draft(district)
    designs.add_barriers(actor=SYSTEM, change=change, version=1, kind="rail", name="x.geojson", lines=lines, count=2)
    assert len(designs.barriers_of(again(change).draft, ["rail"])) == 1
    for data in (b"", b"{}", file(), file(Point(*HERE)), file(shapely.LineString([(0, 0), (1, 1)]))):
        with pytest.raises(Invalid):
            files.read_lines(data)
    with pytest.raises(Invalid):
        designs.add_barriers(actor=SYSTEM, change=again(change), version=2, kind="wall", name="x", lines=lines, count=1)


def test_a_huge_upload_is_refused_on_the_page(district: Cast) -> None:
    client = district.client("planner")
    upload = SimpleUploadedFile("big.geojson", b" " * (25 << 20))
    answer = client.post("/ground/grids/new/", {"name": "大", "scope": "file", "system": WGS84, "file": upload})
    assert answer.status_code == 422 and "太大" in answer.content.decode()


def test_pages_and_edits_by_browser(district: Cast) -> None:
    client = district.client("planner")
    assert client.get("/ground/grids/").status_code == 200
    made = client.post("/ground/grids/new/", {"name": "页面", "scope": SCOPE})
    assert made.status_code == 302
    pk = int(made.url.rstrip("/").rsplit("/", 1)[1])
    page = client.get(made.url)
    assert page.status_code == 200 and "资料里只有道路" in page.content.decode()
    got = client.get(f"/ground/designs/{pk}/cells.json").json()
    code = got["cells"]["features"][0]["properties"]["code"]

    def press(**said: Any) -> Any:
        return client.post(f"/ground/designs/{pk}/edit/", said, content_type="application/json")

    done = press(version=1, kind="split", codes=[code])
    assert done.status_code == 200 and done.json()["edits"] == 1
    assert press(version=1, kind="split", codes=[code]).status_code == 409
    wrong = press(version=2, kind="split", codes=[code], line=[[116.0, 39.0], [116.1, 39.0]])
    assert wrong.status_code == 422 and wrong.json()["details"]["at"] == [116.1, 39.0]
    alone = press(version=2, kind="merge", codes=[code])
    assert alone.status_code == 422 and len(alone.json()["details"]["at"]) == 2
    for said in ({"line": "x"}, {"line": [["a", 1]]}, {"codes": "x"}, {"to": [[1]]}, {"line": [[math.inf, 1]]}):
        assert press(version=2, kind="split", **{"codes": [code], **said}).status_code == 422
    assert client.post(f"/ground/designs/{pk}/edit/", "[]", content_type="application/json").status_code == 422
    assert press(version=2, kind="undo").json()["edits"] == 0
    press(version=3, kind="redo")
    compared = client.get(f"/ground/designs/{pk}/difference/").content.decode()
    assert code in compared
    assert client.get(f"/ground/designs/{pk}/difference.xlsx").status_code == 200
    past = client.post(f"/ground/designs/{pk}/submit/", {"version": 4, "effective_on": "2001-01-01"})
    assert past.status_code == 422
    assert client.post(f"/ground/designs/{pk}/check/").status_code == 302
    auditor = district.client("auditor")
    assert auditor.get(made.url).status_code == 200 and "data-undo" not in auditor.get(made.url).content.decode()
    assert auditor.post(f"/ground/designs/{pk}/edit/", {}, content_type="application/json").status_code == 403
    assert changes.change_of(pk).matter.version == 4
