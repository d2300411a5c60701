"""The real Xicheng pack: whole, nested, named, and loaded without a long write."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import shapely
from django.conf import settings
from django.db import connection

from linli.core.actor import RESIDENT, SYSTEM
from linli.core.errors import Forbidden, Invalid
from linli.territory import actions, assemble, pack, queries
from linli.territory.choices import Layer
from linli.territory.geometry import area_m2, to_metres
from linli.territory.models import Edition, LayerCell, Place, Revision
from linli.territory.partition import dissolve
from linli.territory.squares import STEP_LAT, STEP_LON, square_grid

PACK = Path(settings.PACK)


@pytest.fixture(scope="module")
def source() -> pack.Pack:
    return pack.read(PACK)


def test_counts_of_the_real_district(source: pack.Pack) -> None:
    layers = source.layers
    assert len(layers[Layer.DISTRICT].geometries) == 1
    assert len(layers[Layer.SUBDISTRICTS].geometries) == 15
    assert len(layers[Layer.COMMUNITIES].geometries) == 156
    assert len(source.communities) == 261
    assert set(layers[Layer.COMMUNITIES].geometries) <= set(source.communities)
    assert 2_300 <= len(layers[Layer.GRIDS].geometries) <= 2_600
    assert sum(area_m2(g) for g in layers[Layer.DISTRICT].geometries.values()) == pytest.approx(50.58e6, rel=0.002)


@pytest.mark.parametrize("layer", list(Layer))
def test_each_layer_is_a_partition(source: pack.Pack, layer: Layer) -> None:
    shapes = list(source.layers[layer].geometries.values())
    assert all(g.is_valid for g in shapes)
    assert shapely.coverage_is_valid(shapes)  # shared vertices, no overlap
    whole = shapely.coverage_union_all(shapes)
    assert sum(len(part.interiors) for part in shapely.get_parts(whole)) == 0  # no gap
    corners = shapely.get_coordinates(shapes)
    assert np.abs(corners - np.round(corners, 7)).max() < 1e-12


def test_levels_nest_by_code(source: pack.Pack) -> None:
    for parent, child, digits in (
        (Layer.DISTRICT, Layer.SUBDISTRICTS, 6),
        (Layer.SUBDISTRICTS, Layer.COMMUNITIES, 9),
        (Layer.COMMUNITIES, Layer.GRIDS, 12),
    ):
        whole = dissolve(source.layers[child].geometries, digits)
        assert whole.keys() == source.layers[parent].geometries.keys()
        for code, geometry in whole.items():
            difference = shapely.symmetric_difference(geometry, source.layers[parent].geometries[code])
            border_m = shapely.length(to_metres(geometry))
            assert area_m2(difference) < 0.01 * border_m, code  # rounding to 1e-7 degree moves a border by 1 cm


def test_grid_serials_run_north_to_south_and_west_to_east(source: pack.Pack) -> None:
    by_community: dict[str, list[str]] = defaultdict(list)
    for code in source.layers[Layer.GRIDS].geometries:
        assert re.fullmatch(r"[0-9]{15}", code)
        by_community[code[:12]].append(code)
    for community, codes in by_community.items():
        assert sorted(codes) == [f"{community}{n:03d}" for n in range(1, len(codes) + 1)]
        shapes = source.layers[Layer.GRIDS].geometries
        first, last = shapely.centroid(shapes[min(codes)]), shapely.centroid(shapes[max(codes)])
        assert first.y > last.y - STEP_LAT


def test_no_sliver_is_left_that_had_a_neighbour(source: pack.Pack) -> None:
    square = STEP_LON * STEP_LAT
    small = [c for c, g in source.layers[Layer.GRIDS].geometries.items() if g.area < 0.2 * square]
    assert len(small) <= 1  # an island of its community


def test_the_shipped_grid_is_what_the_product_makes(source: pack.Pack) -> None:
    made = square_grid(source.layers[Layer.COMMUNITIES].geometries)
    shipped = source.layers[Layer.GRIDS].geometries
    assert [s.code for s in made] == sorted(shipped)
    assert all(shapely.equals_exact(s.geometry, shipped[s.code], 1e-9, normalize=True) for s in made)


def test_the_pack_stays_small_and_keeps_to_its_formats() -> None:
    files = list(PACK.iterdir())
    assert sum(f.stat().st_size for f in files) < 8_000_000
    assert {f.suffix for f in files} <= {".json", ".geojson", ".csv", ".md", ".parquet"}
    assert {f.name for f in files if f.suffix == ".parquet"} <= {"walk_nodes.parquet", "walk_edges.parquet"}
    assert "ODbL" in (PACK / "SOURCES.md").read_text()


def test_load_is_idempotent_and_names_what_is_missing(xicheng: None) -> None:
    before = Edition.objects.count(), Revision.objects.get().turn
    again = actions.load_pack(actor=SYSTEM, folder=PACK, with_tiles=False)
    assert not again.changed and again.revision == queries.revision()
    assert (Edition.objects.count(), Revision.objects.get().turn) == before
    views = queries.divisions(12)
    assert len(views) == 261 and sum(v.has_boundary for v in views) == 156
    assert LayerCell.objects.filter(layer__edition_id=Revision.objects.get().edition_id).count() == 2440
    assert all(v.approximate for v in views) and not queries.district().approximate


def test_only_the_system_or_an_administrator_loads(db: None) -> None:
    with pytest.raises(Forbidden):
        actions.load_pack(actor=RESIDENT, folder=PACK)


def test_an_incomplete_pack_changes_nothing(xicheng: None, tmp_path: Path) -> None:
    before = queries.revision()
    with pytest.raises(Invalid) as refused:
        actions.load_pack(actor=SYSTEM, folder=tmp_path)
    assert refused.value.code == "pack_incomplete"
    for name in pack.FILES:
        (tmp_path / name).write_bytes((PACK / name).read_bytes())
    (tmp_path / "grids.geojson").write_text('{"type":"FeatureCollection","features":[{"type":"Fea')
    with pytest.raises(Invalid) as refused:
        actions.load_pack(actor=SYSTEM, folder=tmp_path)
    assert refused.value.code == "pack_unreadable"
    queries.forget()
    assert queries.revision() == before and Place.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_write_is_long_and_old_editions_go(tmp_path: Path) -> None:
    """Each chunk is one transaction; the flip is a moment; at most the live and the previous edition stay."""
    for name in (*pack.FILES, "SOURCES.md"):
        (tmp_path / name).write_bytes((PACK / name).read_bytes())
    longest, began = 0.0, 0.0
    seen: list[tuple[int, int]] = []

    def watch(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        nonlocal longest
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            longest = max(longest, time.perf_counter() - start)

    for version in ("a", "b", "c"):
        meta = json.loads((tmp_path / "pack.json").read_text()) | {"version": version}
        (tmp_path / "pack.json").write_text(json.dumps(meta))
        seen.clear()
        with connection.execute_wrapper(watch):
            began = time.perf_counter()
            loaded = actions.load_pack(
                actor=SYSTEM, folder=tmp_path, with_tiles=False, progress=lambda w, a, b: seen.append((a, b))
            )
        assert loaded.changed and seen[-1][0] == seen[-1][1] > 5_000
        assert time.perf_counter() - began < 60
    assert longest < 1.0  # a wide margin for a busy machine; about 0.03 s on a quiet one
    assert Edition.objects.count() == 2
    assert queries.revision() == loaded.revision


def test_recut_fits_derived_communities_to_imported_subdistricts(source: pack.Pack) -> None:
    """Two subdistricts swap a strip: their communities and the grid follow, and stay a partition."""
    whole = dict(source.layers[Layer.SUBDISTRICTS].geometries)
    left, right = "110102018", "110102017"
    strip = shapely.intersection(whole[left], shapely.buffer(whole[right], 0.001))
    whole[left] = shapely.set_precision(shapely.difference(whole[left], strip), 1e-7)
    whole[right] = shapely.set_precision(shapely.union(whole[right], strip), 1e-7)
    imported = {Layer.SUBDISTRICTS: pack.Boundaries(Layer.SUBDISTRICTS, whole, approximate=False)}
    layers = assemble.nest(source, imported)
    for code, geometry in dissolve(layers[Layer.COMMUNITIES].geometries, 9).items():
        assert area_m2(shapely.symmetric_difference(geometry, whole[code])) < 30, code
    assert shapely.coverage_is_valid(list(layers[Layer.COMMUNITIES].geometries.values()))
    assert shapely.coverage_is_valid(list(layers[Layer.GRIDS].geometries.values()))
    assert {c[:9] for c in layers[Layer.GRIDS].geometries} == whole.keys()
