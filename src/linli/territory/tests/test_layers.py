"""Layers put in force by another room: one flip, flags kept, durable, taken back exactly; what does not fit is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
import shapely
from django.conf import settings

from linli.core.actor import RESIDENT, SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.territory import actions, queries
from linli.territory.actions import LayerContent, LayerFeature, Loaded
from linli.territory.choices import FileState, Layer
from linli.territory.models import BoundaryFile, Edition, LayerChange

pytestmark = pytest.mark.django_db
Layers = dict[Layer, LayerContent]
OLD, NEW = "110102001", "110102099"  # 西长安街, and a subdistrict that is split off from it
NIUJIE = "110102018"


def put(layers: Layers, **more: Any) -> Loaded:
    said = {"actor": SYSTEM, "note": "西政发〔2026〕1号", "expected_revision": queries.revision(), "with_tiles": False}
    return actions.put_layers(layers=layers, **said | more)


def drawn(content: LayerContent) -> dict[str, LayerFeature]:
    return {f.code: f for f in content.features}


def split() -> Layers:
    """西长安街 becomes two subdistricts: the communities on one side, one of them known by name only, get new codes."""
    live = queries.live_layers()
    inside = sorted(c for c in queries.division_boundaries(12, OLD))
    named = [f.code for f in live[Layer.COMMUNITIES].features if f.geometry is None and f.code.startswith(OLD)]
    moved = {c: NEW + c[9:] for c in [*inside[: len(inside) // 2], *named[:1]]}

    def renamed(f: LayerFeature) -> LayerFeature:
        code = moved.get(f.code[:12], f.code[:12]) + f.code[12:]
        label = (None, None) if f.geometry is not None else (116.3735, 39.9102) if f.code in moved else (f.lon, f.lat)
        return replace(f, code=code, lon=label[0], lat=label[1])

    said = {"approximate": True, "provenance": "provisional", "source": "划分方案", "valid_from": date(2026, 12, 1)}
    communities = tuple(map(renamed, live[Layer.COMMUNITIES].features))
    grids = tuple(map(renamed, live[Layer.GRIDS].features))
    halves = {
        code: shapely.union_all([f.geometry for f in communities if f.geometry is not None and f.code.startswith(code)])
        for code in (OLD, NEW)
    }
    subdistricts = [f for f in live[Layer.SUBDISTRICTS].features if f.code != OLD]
    subdistricts += [LayerFeature(OLD, "西长安街街道", halves[OLD]), LayerFeature(NEW, "试验街道", halves[NEW])]
    return {
        Layer.SUBDISTRICTS: LayerContent(tuple(subdistricts), **said),
        Layer.COMMUNITIES: LayerContent(communities, **said),
        Layer.GRIDS: LayerContent(grids, **said),
    }


def test_the_live_layers_are_content_that_can_be_put_back(xicheng: None) -> None:
    live = queries.live_layers()
    assert [len(live[layer].features) for layer in Layer] == [1, 15, 261, 2440]
    assert sum(f.geometry is None for f in live[Layer.COMMUNITIES].features) == 105
    assert not [p for p in queries.check_layers(dict(live)) if not p.warning]


def test_a_subdistrict_is_split_in_one_flip_and_everything_follows(xicheng: None) -> None:
    layers = split()
    before = {c: v.name for c in queries.grid_codes() if (v := queries.division(c[:12]))}
    names = {v.code for v in queries.divisions(12) if not v.has_boundary}
    done = put(layers)
    assert done.changed and done.batch and done.revision == queries.revision()
    assert (done.divisions, done.cells) == (1 + 16 + 261, 2440)
    new = queries.division(NEW)
    assert new is not None and (new.name, new.approximate, new.provenance) == ("试验街道", True, "provisional")
    assert len(queries.division_boundaries(12, NEW)) >= 3
    bare = {v.code for v in queries.divisions(12) if not v.has_boundary}
    assert len(bare) == len(names) == 105 and len(bare - names) == 1, "named only, and one of them moved"
    moved = queries.division((bare - names).pop())
    assert moved is not None and (moved.parent, moved.lon, moved.lat) == (NEW, 116.3735, 39.9102)
    hit = next(h for h in queries.search_places(moved.name) if h.code == moved.code)
    assert hit.division == NEW and hit.note
    cell = next(c for c in queries.grid_codes(NEW))
    found = queries.locate(*queries.grid_center(cell))
    assert found is not None and (found.grid, found.subdistrict, found.approximate) == (cell, NEW, True)
    assert before[OLD + cell[9:]] == found.community_name
    assert queries.search_places("试验")[0].code == NEW
    district = queries.district()
    assert not district.approximate and district.provenance == "sourced", "what is drawn here spoils nothing above it"


def test_content_keeps_its_own_flags_and_outlives_a_new_start(xicheng: None) -> None:
    layers = split()
    one = drawn(layers[Layer.COMMUNITIES])
    exact = min(c for c, f in one.items() if f.geometry is not None)
    features = tuple(replace(f, approximate=False) if f.code == exact else f for f in one.values())
    layers[Layer.COMMUNITIES] = replace(layers[Layer.COMMUNITIES], features=features)
    done = put(layers)
    assert not actions.load_pack(actor=SYSTEM, folder=settings.PACK, with_tiles=False).changed
    state = queries.layer_state(Layer.COMMUNITIES)
    assert (state.provenance, state.source, state.valid_from) == ("provisional", "划分方案", date(2026, 12, 1))
    assert (state.file_name, state.batch) == ("西政发〔2026〕1号", done.batch)
    again = actions.load_pack(actor=SYSTEM, folder=settings.PACK, with_tiles=True)  # another edition of the same files
    queries.forget()
    assert again.changed and queries.division(NEW) is not None
    views = {v.code: v for v in queries.divisions(12)}
    assert not views[exact].approximate and views[max(one)].approximate
    assert {v.layer: v.provenance for v in queries.layers()}["grids"] == "provisional"
    assert not put(layers, with_tiles=True).changed, "the same once more is nothing"


def test_taken_back_it_is_what_it_was(xicheng: None) -> None:
    first, centers = queries.revision(), {c: queries.grid_center(c) for c in queries.grid_codes()}
    one = put(split())
    two = put({Layer.GRIDS: replace(queries.live_layers()[Layer.GRIDS], source="再划一次")})
    with pytest.raises(Conflict) as refused:
        actions.restore_layers(actor=SYSTEM, batch=one.batch, expected_revision=two.revision)
    assert refused.value.code == "not_the_last"
    with pytest.raises(Conflict) as refused:
        actions.restore_layers(actor=SYSTEM, batch=two.batch, expected_revision=first)
    assert refused.value.code == "territory_changed"
    with pytest.raises(Missing):
        actions.restore_layers(actor=SYSTEM, batch="x", expected_revision=two.revision)
    with pytest.raises(Forbidden):
        actions.restore_layers(actor=RESIDENT, batch=two.batch, expected_revision=two.revision)
    editions = Edition.objects.count()
    back = actions.restore_layers(actor=SYSTEM, batch=two.batch, expected_revision=two.revision, with_tiles=False)
    assert back.revision == one.revision == queries.revision() and back.cells == 2440
    assert Edition.objects.count() == editions, "the edition before is still there and is taken"
    last = actions.restore_layers(actor=SYSTEM, batch=one.batch, expected_revision=back.revision, with_tiles=False)
    assert last.revision == first == queries.revision() and queries.division(NEW) is None
    assert {c: queries.grid_center(c) for c in queries.grid_codes()} == centers
    assert not BoundaryFile.objects.filter(state=FileState.ACCEPTED).exists()


def test_who_comes_second_is_refused(xicheng: None) -> None:
    layers, seen = split(), queries.revision()
    put({Layer.GRIDS: queries.live_layers()[Layer.GRIDS]})
    with pytest.raises(Conflict) as refused:
        put(layers, expected_revision=seen)
    assert refused.value.code == "territory_changed" and queries.division(NEW) is None
    with pytest.raises(Forbidden):
        put(layers, actor=RESIDENT)


def test_layers_that_came_together_are_not_withdrawn_one_by_one(xicheng: None) -> None:
    put(split())
    with pytest.raises(Conflict) as refused:
        actions.withdraw_boundaries(actor=SYSTEM, layer="communities")
    assert refused.value.code == "part_of_a_change" and "西政发" in str(refused.value.message)


def _half(layers: Layers) -> None:
    content = layers[Layer.COMMUNITIES]
    layers[Layer.COMMUNITIES] = replace(content, features=content.features[: len(content.features) // 2])


def _twice(layers: Layers) -> None:
    content = layers[Layer.GRIDS]
    layers[Layer.GRIDS] = replace(content, features=(*content.features, content.features[0]))


def _bare_cell(layers: Layers) -> None:
    content = layers[Layer.GRIDS]
    layers[Layer.GRIDS] = replace(
        content, features=(replace(content.features[0], geometry=None), *content.features[1:])
    )


def _nameless(layers: Layers) -> None:
    content = layers[Layer.COMMUNITIES]
    more = LayerFeature(NEW + "777", "", None, 116.36, 39.88)
    layers[Layer.COMMUNITIES] = replace(content, features=(*content.features, more))


def _named_nowhere(layers: Layers) -> None:
    content = layers[Layer.COMMUNITIES]
    layers[Layer.COMMUNITIES] = replace(content, features=(*content.features, LayerFeature("110102555001", "某社区")))


def _drawn_and_named(layers: Layers) -> None:
    content = layers[Layer.COMMUNITIES]
    twin = next(f for f in content.features if f.geometry is not None)
    layers[Layer.COMMUNITIES] = replace(content, features=(*content.features, replace(twin, geometry=None)))


def _cell_elsewhere(layers: Layers) -> None:
    """Two cells of different communities swap codes: each lies outside its community."""
    content = layers[Layer.GRIDS]
    a, b = content.features[0], content.features[-1]
    swapped = (replace(a, code=b.code), *content.features[1:-1], replace(b, code=a.code))
    layers[Layer.GRIDS] = replace(content, features=swapped)


def _no_cells(layers: Layers) -> None:
    layers[Layer.GRIDS] = replace(layers[Layer.GRIDS], features=())


def _without_communities(layers: Layers) -> None:
    del layers[Layer.COMMUNITIES], layers[Layer.GRIDS]
    content = layers[Layer.SUBDISTRICTS]
    gone = tuple(replace(f, code="110102088") if f.code == OLD else f for f in content.features)
    layers[Layer.SUBDISTRICTS] = replace(content, features=gone)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (_half, "gap"), (_twice, "duplicate_code"), (_bare_cell, "not_polygon"), (_nameless, "missing_name"),
        (_named_nowhere, "unknown_parent"), (_drawn_and_named, "duplicate_code"), (_cell_elsewhere, "outside_parent"),
        (_no_cells, "empty"), (_without_communities, "orphan"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_code_sentence_and_row(
    xicheng: None, spoil: Callable[[Layers], None], expected: str
) -> None:
    layers, before = split(), queries.revision()
    spoil(layers)
    rows = BoundaryFile.objects.count(), Edition.objects.count()
    with pytest.raises(Invalid) as refused:
        put(layers)
    problems = refused.value.details["problems"]
    assert refused.value.code == "layers_refused" and refused.value.fields["layers"]
    own = [p for p in problems if p["code"] == expected]
    assert own and all(p["message"] for p in own), {p["code"] for p in problems}
    assert expected in {"empty", "gap"} or any(p["division"] for p in own)
    assert json.dumps(refused.value.as_dict(), default=str)
    queries.forget()
    assert queries.revision() == before and rows == (BoundaryFile.objects.count(), Edition.objects.count())
    assert not LayerChange.objects.exists()


def test_a_grid_in_force_must_fit_new_communities(xicheng: None) -> None:
    """Communities alone would leave a designed grid behind; together with their cells they go."""
    live = queries.live_layers()
    put({Layer.GRIDS: live[Layer.GRIDS]})
    alone = split()
    del alone[Layer.GRIDS]
    with pytest.raises(Invalid) as refused:
        put(alone)
    assert {p["code"] for p in refused.value.details["problems"]} & {"orphan", "outside_parent", "gap"}
    assert put(split()).changed


def test_an_installation_holds_two_districts_until_one_absorbs_the_other(xicheng: None) -> None:
    """As 宣武 110104 went into 西城 110102: its subdistricts keep their ground and get codes of the other prefix."""
    live = queries.live_layers()
    south = {f.code for f in live[Layer.SUBDISTRICTS].features if (f.lat or 0) < 39.895}
    assert 3 < len(south) < 12

    def old(f: LayerFeature) -> LayerFeature:
        return replace(f, code="110104" + f.code[6:]) if f.code[:9] in south else f

    apart = {layer: replace(c, features=tuple(map(old, c.features))) for layer, c in live.items()}
    shapes = {f.code: f.geometry for f in apart[Layer.SUBDISTRICTS].features}
    two = tuple(
        LayerFeature(code, name, shapely.union_all([g for c, g in shapes.items() if c.startswith(code)]))
        for code, name in (("110102", "西城区"), ("110104", "宣武区"))
    )
    apart[Layer.DISTRICT] = replace(live[Layer.DISTRICT], features=two)
    refused = queries.check_layers({k: v for k, v in apart.items() if k is not Layer.DISTRICT})
    assert "other_district" in {p.code for p in refused}
    without = {**apart, Layer.DISTRICT: replace(apart[Layer.DISTRICT], features=two[1:])}
    assert "district_missing" in {p.code for p in queries.check_layers(without)}

    box = queries.bounds("")
    done = put(apart)
    assert [v.name for v in queries.districts()] == ["西城区", "宣武区"] and queries.district().code == "110102"
    assert queries.bounds("") == pytest.approx(box, abs=1e-5)
    moved = next(c for c in queries.grid_codes("110104"))
    found = queries.locate(*queries.grid_center(moved))
    assert found is not None and (found.district, found.grid) == ("110104", moved)
    assert len(queries.divisions(9, "110104")) == len(south)

    merged = put({layer: live[layer] for layer in Layer})
    assert [v.code for v in queries.districts()] == ["110102"] and not queries.grid_codes("110104")
    actions.restore_layers(actor=SYSTEM, batch=merged.batch, expected_revision=merged.revision, with_tiles=False)
    assert queries.revision() == done.revision and len(queries.districts()) == 2


class TestShapes:
    def test_cells_and_text_are_kept_and_follow_the_live_grid(
        self, xicheng: None, django_assert_num_queries: Any
    ) -> None:
        assert len(queries.cells()) == 2440 and all(c.startswith(OLD) for c in queries.cells(OLD))
        text = queries.grid_geojson(OLD)
        with django_assert_num_queries(0):
            assert queries.grid_geojson(OLD) is text
        features = json.loads(text)["features"]
        assert len(features) == len(queries.cells(OLD)) and features[0]["properties"]["approximate"] is True
        put(split())
        assert len(json.loads(queries.grid_geojson(OLD))["features"]) == len(queries.cells(OLD)) < len(features)
        with pytest.raises(TypeError):
            queries.cells()["x"] = shapely.Point(0, 0)  # type: ignore[index]

    def test_points_are_located_in_a_grid_that_is_not_live(self, xicheng: None) -> None:
        shapes = {"a": shapely.box(116.3, 39.9, 116.31, 39.91), "b": shapely.box(116.31, 39.9, 116.32, 39.91)}
        found = queries.locate_in(shapes, [116.305, 116.31, 116.315, 116.5, float("nan")], [39.905] * 5)
        assert found.tolist() == ["a", "a", "b", "", ""], "a shared border is the lowest code's"
        locator = queries.locator_for(queries.cells())
        lon, lat = np.array([queries.grid_center(c) for c in locator.codes]).T
        assert [locator.codes[i] for i in locator.locate_many(lon, lat)] == list(locator.codes)

    def test_roads_come_with_their_class(self, xicheng: None) -> None:
        every, some = queries.roads(), queries.roads(NIUJIE)
        assert {r.road_class for r in every} <= set(range(1, 7)) and 0 < len(some) < len(every)
        assert any(r.name == "牛街" for r in some) and all(r.geometry.geom_type == "MultiLineString" for r in some)
        border = queries.division_boundary(NIUJIE)
        assert border is not None and queries.division_boundary("110102777") is None
        assert all(shapely.distance(border, r.geometry) < 0.0015 for r in some)
