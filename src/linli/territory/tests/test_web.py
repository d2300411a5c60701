"""Addresses: tiles, search, locate, cells, boundaries are public and say no person's name; settings are guarded."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import mapbox_vector_tile  # type: ignore[import-untyped]
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client

from linli.core.actor import SYSTEM
from linli.territory import actions, assemble, pack, queries, tiles
from linli.territory.polygons import LARGEST_BYTES, geopackage_file
from linli.territory.rows import TileRow

pytestmark = pytest.mark.django_db
INSIDE = (116.3596, 39.8862)


@pytest.fixture(scope="module")
def drawn() -> tuple[TileRow, ...]:
    ground = assemble.ground(pack.read(Path(settings.PACK)), {})
    return tiles.tile_rows(ground, assemble.division_rows(ground))


def test_tiles_hold_the_layers_the_style_asks_for(drawn: tuple[TileRow, ...]) -> None:
    assert {row.z for row in drawn} == set(range(9, 15))
    assert len(drawn) < 300 and sum(len(row.data) for row in drawn) < 1_300_000
    assert max(len(row.data) for row in drawn) < 60_000
    x, y = tiles.tile_at(*INSIDE, 14)
    row = next(r for r in drawn if (r.z, r.x, r.y) == (14, x, y))
    layers = mapbox_vector_tile.decode(gzip.decompress(row.data))
    assert {"roads", "communities", "subdistricts", "district", "facilities", "communities_label"} <= set(layers)
    roads = [f["properties"] for f in layers["roads"]["features"]]
    assert all(1 <= r["c"] <= 6 for r in roads) and any(r.get("n") for r in roads)
    assert all({"kind", "name"} <= set(f["properties"]) for f in layers["facilities"]["features"])
    assert all(f["properties"]["name"].endswith("社区") for f in layers["communities_label"]["features"])
    every: set[str] = set()
    for row in drawn:
        every |= set(mapbox_vector_tile.decode(gzip.decompress(row.data)))
    assert {"green", "subdistricts_label"} <= every


def test_tile_addresses_round_trip() -> None:
    x, y = tiles.tile_at(*INSIDE, 14)
    west, north = tiles.corner(x, y, 14)
    east, south = tiles.corner(x + 1, y + 1, 14)
    assert west <= INSIDE[0] < east and south < INSIDE[1] <= north


def test_a_tile_is_served_as_it_lies(db: None, client: Client) -> None:
    actions.load_pack(actor=SYSTEM, folder=settings.PACK)
    queries.forget()
    x, y = tiles.tile_at(*INSIDE, 13)
    address = f"/tiles/{queries.revision()}/13/{x}/{y}.mvt"
    got = client.get(address, headers={"accept-encoding": "gzip"})
    assert got.status_code == 200 and got["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert got["Content-Encoding"] == "gzip" and "immutable" in got["Cache-Control"]
    assert got.content == queries.tile(13, x, y)
    plain = client.get(address, headers={"accept-encoding": "identity"})
    assert "Content-Encoding" not in plain and plain.content == gzip.decompress(got.content)
    empty = client.get(f"/tiles/{queries.revision()}/13/0/0.mvt")
    assert empty.status_code == 204 and empty.content == b""
    assert client.get(f"/tiles/{queries.revision()}/99/0/0.mvt").status_code == 204
    old = client.get(f"/tiles/000000000000/13/{x}/{y}.mvt", headers={"accept-encoding": "gzip"})
    assert old.status_code == 200 and "immutable" not in old["Cache-Control"]
    assert client.post(address).status_code == 405
    assert "sessionid" not in got.cookies


def test_search_answers_json(xicheng: None, client: Client) -> None:
    body = client.get("/places/search", {"q": "dashilan"}).json()
    first = body["places"][0]
    assert (first["name"], first["kind"], first["kind_name"]) == ("大栅栏街道", "subdistrict", "街道")
    assert client.get("/places/search").json()["places"] == []
    assert len(client.get("/places/search", {"q": "街", "limit": "3"}).json()["places"]) == 3
    assert client.get("/places/search", {"q": "街", "limit": "-1"}).status_code == 200
    refused = client.get("/places/search", {"q": "牛" * 100})
    assert refused.status_code == 422 and refused.json()["code"] == "query_too_long"
    bare = client.get("/places/search", {"q": "官园社区"}).json()["places"][0]
    assert len(bare["division"]) == 9 and bare["note"]


def test_locate_answers_json(xicheng: None, client: Client) -> None:
    body = client.get("/places/locate", {"lon": INSIDE[0], "lat": INSIDE[1]}).json()
    assert body["grid"].startswith(body["community"]) and body["approximate"] is True
    assert body["text"].startswith("牛街街道 · 牛街东里社区（约）")
    for query, code in (
        ({"lon": "121.47", "lat": "31.23"}, "outside_district"),
        ({"lon": "0", "lat": "0"}, "zero_coordinates"),
        ({"lon": "39.9", "lat": "116.3"}, "swapped_coordinates"),
        ({"lon": "nan", "lat": "39.9"}, "bad_coordinates"),
        ({"lon": "一", "lat": "39.9"}, "bad_coordinates"),
        ({"lon": "1" * 500, "lat": "39.9"}, "bad_coordinates"),
        ({}, "bad_coordinates"),
    ):
        refused = client.get("/places/locate", query)
        assert refused.status_code == 422 and refused.json()["code"] == code, query


def test_cells_and_boundaries(xicheng: None, client: Client) -> None:
    cell = client.get("/places/grid/110102018001001").json()
    assert cell["geometry"]["type"] == "Polygon" and cell["properties"]["subdistrict_name"] == "牛街街道"
    assert client.get("/places/grid/110102018001999").status_code == 404
    assert client.get("/places/grid/abc").status_code == 404
    got = client.get(f"/places/boundaries/{queries.revision()}/9.geojson")
    assert "immutable" in got["Cache-Control"] and len(got.json()["features"]) == 15
    assert {"name", "lon", "lat", "approximate"} <= set(got.json()["features"][0]["properties"])
    inside = client.get(f"/places/boundaries/{queries.revision()}/12.geojson", {"parent": "110102018"}).json()
    assert 0 < len(inside["features"]) <= 10
    assert client.get(f"/places/boundaries/{queries.revision()}/7.geojson").status_code == 404


def test_public_addresses_cost_no_sql(xicheng: None, client: Client, django_assert_max_num_queries: Any) -> None:
    queries.warm()
    queries.revision()
    with django_assert_max_num_queries(1):  # the look at the revision row, if a second went by
        client.get("/places/search", {"q": "牛街"})
        client.get("/places/locate", {"lon": INSIDE[0], "lat": INSIDE[1]})
        client.get(f"/tiles/{queries.revision()}/13/0/0.mvt")


class TestSettingsPage:
    def test_only_administrators(self, xicheng: None, cast: Any, client: Client) -> None:
        anonymous = client.get("/settings/boundaries/")
        assert anonymous.status_code == 302 and "/login/" in anonymous["Location"]
        from linli.testing.cast import CAST

        for person in CAST:
            got = cast.client(person.username).get("/settings/boundaries/")
            expected = 200 if "administrator" in str(person.kind) else 403
            assert got.status_code == expected, person.username

    def administrator(self, cast: Any) -> Client:
        from linli.testing.cast import CAST

        found: Client = cast.client(next(p.username for p in CAST if str(p.kind) == "administrator"))
        return found

    def test_upload_preview_confirm(self, xicheng: None, cast: Any) -> None:
        client = self.administrator(cast)
        page = client.get("/settings/boundaries/")
        assert "现在的界线" in page.content.decode() and "2,440" in page.content.decode()
        shipped = (Path(settings.PACK) / "subdistricts.geojson").read_bytes()
        upload = SimpleUploadedFile("街道.geojson", shipped, content_type="application/geo+json")
        sent = client.post("/settings/boundaries/", {"layer": "subdistricts", "file": upload})
        assert sent.status_code == 302
        preview = client.get(sent["Location"])
        assert "确认生效" in preview.content.decode() and "街道.geojson" in preview.content.decode()
        before = queries.revision()
        done = client.post(sent["Location"])
        assert done.status_code == 302 and queries.revision() != before
        assert "街道.geojson" in client.get("/settings/boundaries/").content.decode()
        assert client.get(sent["Location"]).status_code == 404
        assert client.post("/settings/boundaries/withdraw/subdistricts/").status_code == 302
        assert queries.revision() != before or queries.division("110102018") is not None

    def test_a_bad_file_is_listed_and_the_page_says_error(self, xicheng: None, cast: Any) -> None:
        client = self.administrator(cast)
        features = json.loads((Path(settings.PACK) / "subdistricts.geojson").read_text())["features"]
        features.append(features[0])
        content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
        got = client.post(
            "/settings/boundaries/", {"layer": "subdistricts", "file": SimpleUploadedFile("x.geojson", content)}
        )
        text = got.content.decode()
        assert got.status_code == 422 and "duplicate_code" in text and "<title>错误：" in text.replace("\n", "")
        for form in ({}, {"layer": "nothing", "file": SimpleUploadedFile("x", b"")}):
            assert client.post("/settings/boundaries/", form).status_code == 422

    def test_a_file_past_the_limit_is_cut_on_the_way_and_lies_on_disk(
        self, xicheng: None, cast: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from linli.territory.forms import BoundaryForm

        seen: list[Any] = []
        plain = BoundaryForm.clean_file

        def watched(form: BoundaryForm) -> Any:
            seen.append(form.cleaned_data["file"])
            return plain(form)

        monkeypatch.setattr(BoundaryForm, "clean_file", watched)
        upload = SimpleUploadedFile("x.gpkg", b"SQLite format 3\0" + bytes(40 << 20))
        got = self.administrator(cast).post("/settings/boundaries/", {"layer": "grids", "file": upload})
        assert got.status_code == 422 and "文件太大" in got.content.decode()
        assert seen[0].size == LARGEST_BYTES + 1 and isinstance(seen[0], TemporaryUploadedFile)

    def test_a_geopackage_is_previewed_like_geojson(self, xicheng: None, cast: Any) -> None:
        rows = [({"code": c, "name": queries.division_name(c)}, g) for c, g in queries.division_boundaries(9).items()]
        upload = SimpleUploadedFile("街道.gpkg", geopackage_file("街道", rows))
        client = self.administrator(cast)
        sent = client.post("/settings/boundaries/", {"layer": "subdistricts", "file": upload})
        assert sent.status_code == 302 and "街道.gpkg" in client.get(sent["Location"]).content.decode()
        broken = SimpleUploadedFile("x.gpkg", b"SQLite format 3\0" + bytes(200))
        got = client.post("/settings/boundaries/", {"layer": "subdistricts", "file": broken})
        assert got.status_code == 422 and "not_geopackage" in got.content.decode()
