"""From lines to codes and shapes, on a ground of squares."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from linli.ground.mapping import Line, Mapped, mapped, moves_of
from linli.territory.choices import Layer, Provenance
from linli.territory.layers import LayerContent, LayerFeature

D = "110102"


def content(*features: LayerFeature) -> LayerContent:
    return LayerContent(tuple(features), True, Provenance.PROVISIONAL, "试验", None)


def box(x0: float, x1: float) -> shapely.Geometry:
    """A strip of the ground, in whole units of 1e-7 degree."""
    return shapely.box(round(x0, 7), 39.9, round(x1, 7), 39.91)


def same(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    return float(shapely.area(shapely.symmetric_difference(one, other))) < 1e-15


def ground() -> dict[Layer, LayerContent]:
    """Two subdistricts of two communities of four cells each; the second has a third community without a boundary."""
    cells, communities, subdistricts = [], [], []
    for s in (1, 2):
        for c in (1, 2):
            code = f"{D}{s:03d}{c:03d}"
            x = 116.0 + 0.02 * (s - 1) + 0.01 * (c - 1)
            for g in range(4):
                x0 = x + 0.0025 * g
                cells.append(LayerFeature(f"{code}{g + 1:03d}", geometry=box(x0, x0 + 0.0025)))
            communities.append(LayerFeature(code, f"社区{s}{c}", box(x, x + 0.01)))
        x = 116.0 + 0.02 * (s - 1)
        subdistricts.append(LayerFeature(f"{D}{s:03d}", f"街道{s}", box(x, x + 0.02)))
    communities.append(LayerFeature(f"{D}002003", "社区23", None, 116.03, 39.905))
    return {
        Layer.DISTRICT: content(LayerFeature(D, "区", box(116.0, 116.04))),
        Layer.SUBDISTRICTS: content(*subdistricts),
        Layer.COMMUNITIES: content(*sorted(communities, key=lambda f: f.code)),
        Layer.GRIDS: content(*cells),
    }


def codes_of(found: Mapped) -> list[str]:
    return [p.code for p in found.problems if not p.warning]


def by_code(found: Mapped, layer: Layer) -> dict[str, LayerFeature]:
    features = found.layers[layer].features if layer in found.layers else ground()[layer].features
    return {f.code: f for f in features}


def test_a_merged_pair_of_subdistricts() -> None:
    """Communities of the second follow under serials that are free; the ground is the sum, names are kept."""
    found = mapped([Line("merge", f"{D}002", f"{D}001")], ground())
    assert codes_of(found) == []
    assert found.moves.codes[f"{D}002"] == f"{D}001"
    assert found.moves.codes[f"{D}002001"] == f"{D}001004"  # 001 and 002 are taken, 003 is kept by the one that has it
    assert found.moves.codes[f"{D}002003"] == f"{D}001003"
    assert found.moves.codes[f"{D}002001004"] == f"{D}001004004"
    assert set(by_code(found, Layer.SUBDISTRICTS)) == {f"{D}001"}
    assert same(by_code(found, Layer.SUBDISTRICTS)[f"{D}001"].geometry, box(116.0, 116.04))
    named = by_code(found, Layer.COMMUNITIES)[f"{D}001003"]
    assert named.geometry is None and (named.name, named.lon) == ("社区23", 116.03)
    assert found.moves.parted == {} and Layer.DISTRICT not in found.layers
    assert found.moves.touched == (f"{D}002",)


def test_a_new_subdistrict_takes_two_communities() -> None:
    lines = [
        Line("new", "", f"{D}003", "新街道", "新街"),
        Line("move", f"{D}001002", f"{D}003001"),
        Line("move", f"{D}002003", f"{D}003002"),
    ]
    found = mapped(lines, ground())
    assert codes_of(found) == []
    made = by_code(found, Layer.SUBDISTRICTS)[f"{D}003"]
    assert made.name == "新街道" and same(made.geometry, box(116.01, 116.02))
    assert found.moves.parted == {f"{D}001": (f"{D}001", f"{D}003"), f"{D}002": (f"{D}002", f"{D}003")}
    assert found.moves.codes[f"{D}001002003"] == f"{D}003001003"


def test_a_moved_border_moves_cells() -> None:
    found = mapped([Line("cell", f"{D}001002004", f"{D}002001")], ground())
    assert found.moves.codes == {f"{D}001002004": f"{D}002001005"}  # 004 is in use there
    assert found.moves.parted == {
        f"{D}001": (f"{D}001", f"{D}002"),
        f"{D}001002": (f"{D}001002", f"{D}002001"),
    }
    area = {code: shapely.area(f.geometry) for code, f in by_code(found, Layer.COMMUNITIES).items() if f.geometry}
    assert area[f"{D}001002"] == pytest.approx(0.75e-4) and area[f"{D}002001"] == pytest.approx(1.25e-4)
    assert shapely.area(by_code(found, Layer.SUBDISTRICTS)[f"{D}002"].geometry) == pytest.approx(2.25e-4)


def test_a_serial_in_use_is_not_given_to_another_ground() -> None:
    """The cell that goes frees its serial; the one that comes does not get it."""
    lines = [Line("cell", f"{D}002001001", f"{D}002002"), Line("cell", f"{D}001002004", f"{D}002001")]
    found = mapped(lines, ground())
    assert found.moves.codes[f"{D}001002004"] == f"{D}002001005"


def test_two_codes_may_change_places() -> None:
    lines = [Line("recode", f"{D}001001", f"{D}001002"), Line("recode", f"{D}001002", f"{D}001001")]
    found = mapped(lines, ground())
    assert codes_of(found) == []
    assert by_code(found, Layer.COMMUNITIES)[f"{D}001001"].name == "社区12"
    assert found.moves.codes[f"{D}001001002"] == f"{D}001002002"


def test_another_district_is_taken_in() -> None:
    """The worked example in small: what stood under one six-digit code stands under the other afterwards."""
    live = ground()
    lines = [
        Line("recode", f"{D}002", "110104009"),
    ]
    assert codes_of(mapped(lines, live)) == ["unknown_target"]
    lines = [Line("new", "", "110104", "另一区"), Line("recode", f"{D}002", "110104002")]
    found = mapped(lines, live)
    assert codes_of(found) == [] and found.moves.codes[f"{D}002001"] == "110104002001"
    back = mapped([Line("merge", "110104", D)], {**live, **found.layers})
    assert codes_of(back) == []
    assert back.moves.codes["110104002001001"] == f"{D}002001001"
    assert [f.code for f in back.layers[Layer.DISTRICT].features] == [D]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (Line("merge", f"{D}009", f"{D}001"), "unknown_code"),
        (Line("merge", f"{D}001", f"{D}009"), "unknown_target"),
        (Line("merge", f"{D}001", f"{D}001"), "same_code"),
        (Line("merge", f"{D}001001", f"{D}002"), "bad_level"),
        (Line("move", f"{D}001001", f"{D}002001"), "code_used"),
        (Line("move", f"{D}001001", f"{D}009001"), "unknown_target"),
        (Line("cell", f"{D}001001001", f"{D}009001"), "unknown_target"),
        (Line("cell", f"{D}001001", f"{D}002001"), "bad_level"),
        (Line("new", "", f"{D}001", "重"), "code_used"),
        (Line("new", "", f"{D}009", ""), "missing_name"),
        (Line("new", "", f"{D}009", "没有地"), "no_ground"),
        (Line("new", "", "11010２009", "全角"), "bad_code"),
        (Line("new", "", "1101", "短"), "bad_code"),
        (Line("rename", f"{D}001", f"{D}002", "名"), "rename_recodes"),
    ],
)
def test_bad_lines(line: Line, code: str) -> None:
    found = mapped([line], ground())
    assert code in codes_of(found) and found.stopped and not found.layers and not found.moves.codes


def test_a_code_stands_in_one_line_only() -> None:
    lines = [Line("move", f"{D}001001", f"{D}002009"), Line("merge", f"{D}001001", f"{D}001002")]
    assert "code_twice" in codes_of(mapped(lines, ground()))
    assert codes_of(mapped([], ground())) == ["no_lines"]


def test_a_rename_moves_nothing() -> None:
    found = mapped([Line("rename", f"{D}001", f"{D}001", "新名街道")], ground())
    assert found.moves.codes == {} and by_code(found, Layer.SUBDISTRICTS)[f"{D}001"].name == "新名街道"


def test_moves_are_kept_as_json() -> None:
    found = mapped([Line("cell", f"{D}001002004", f"{D}002001")], ground()).moves
    assert moves_of(found.as_data()) == found


@st.composite
def changes(draw: Any) -> list[Line]:
    """Random moves of cells and communities, without two lines for one code."""
    lines = []
    for s in (1, 2):
        for c in (1, 2):
            code = f"{D}{s:03d}{c:03d}"
            way = draw(st.sampled_from(["stay", "stay", "move", "cells"]))
            if way == "move":
                lines.append(Line("move", code, f"{D}{3 - s:03d}{draw(st.integers(10, 12)) * 10 + s * 3 + c:03d}"))
            elif way == "cells":
                for g in draw(st.sets(st.integers(1, 4), max_size=3)):
                    to = draw(st.sampled_from([f"{D}001001", f"{D}002002"]))
                    lines.append(Line("cell", f"{code}{g:03d}", to))
    return lines


@settings(max_examples=80, deadline=None)
@given(changes())
def test_the_ground_stays_whole_and_codes_stay_one_to_one(lines: list[Line]) -> None:
    """No ground is lost or counted twice, every cell lies in its community and every community in its subdistrict."""
    found = mapped(lines, ground())
    if found.stopped:
        return
    layers = {layer: by_code(found, layer) for layer in ground()}
    whole = box(116.0, 116.04)
    for layer in layers:
        shapes = [f.geometry for f in layers[layer].values() if f.geometry is not None]
        assert sum(shapely.area(s) for s in shapes) == pytest.approx(shapely.area(whole), rel=1e-9)
        assert shapely.area(shapely.union_all(shapes)) == pytest.approx(shapely.area(whole), rel=1e-9)
    for finer, coarser, n in ((Layer.GRIDS, Layer.COMMUNITIES, 12), (Layer.COMMUNITIES, Layer.SUBDISTRICTS, 9)):
        for code, feature in layers[finer].items():
            parent = layers[coarser][code[:n]]
            if feature.geometry is not None and parent.geometry is not None:
                assert shapely.area(shapely.difference(feature.geometry, parent.geometry)) < 1e-12
    old = {f.code for f in ground()[Layer.GRIDS].features}
    new = [found.moves.codes.get(code, code) for code in sorted(old)]
    assert sorted(new) == sorted(layers[Layer.GRIDS])
