"""One net over another: shares, gaps, what is covered twice, and borders that do not run along the base's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from shapely.affinity import rotate, translate

from linli_engines.ground import Plane, Shape, borders, from_degrees, overlay, responsible

PACK = Path(__file__).parents[2] / "packs" / "xicheng"
AT = (1_163_000_000, 399_000_000)  # 116.3 E, 39.9 N
SIDE = 10_000
PLANE = Plane(39.9 + 0.001)
X, Y = PLANE.unit_m


def area(x0: float, y0: float, x1: float, y1: float) -> Shape:
    return box(AT[0] + round(x0), AT[1] + round(y0), AT[0] + round(x1), AT[1] + round(y1))


def grid(across: int, down: int, side: float = SIDE, dx: float = 0.0, dy: float = 0.0) -> dict[str, Shape]:
    return {
        f"{x}.{y}": area(x * side + dx, y * side + dy, (x + 1) * side + dx, (y + 1) * side + dy)
        for x in range(across)
        for y in range(down)
    }


def test_a_net_over_itself_covers_each_cell_once_and_agrees() -> None:
    base = grid(3, 3)
    found = overlay(base, base)
    assert all(shares == ((code, 1.0),) for code, shares in found.shares.items())
    assert set(found.uncovered.values()) == set(found.doubly.values()) == {0.0}
    said = borders(base, base)
    assert said.agreeing == 1.0
    assert said.stretches == ()
    assert said.length_m == pytest.approx(12 * SIDE * (X + Y), rel=1e-4)


def test_gaps_and_double_cover() -> None:
    base = {"a": area(0, 0, SIDE, SIDE)}
    layer = {
        "1": area(0, 0, 6_000, SIDE),
        "2": area(4_000, 0, 8_000, SIDE),
        "3": area(5_000, 0, 5_500, SIDE),
        "far": area(SIDE, 0, 2 * SIDE, SIDE),
    }
    found = overlay(base, layer)
    assert found.shares["a"] == (("1", 0.6), ("2", 0.4), ("3", 0.05))
    assert found.uncovered["a"] == pytest.approx(0.2)
    assert found.doubly["a"] == pytest.approx(0.2)
    assert overlay(base, {}).uncovered == {"a": 1.0}
    assert overlay({}, layer).shares == {}


def test_who_is_responsible() -> None:
    base = grid(3, 1)
    layer = {
        "west": area(0, 0, 9_000, SIDE),
        "east": area(9_000, 0, 19_500, SIDE),
        "more": area(19_500, 0, 20_500, SIDE),
    }
    found = overlay(base, layer)
    said = responsible(found, 0.1)
    assert (said.none, said.one, said.several) == (("2.0",), ("1.0",), ("0.0",))
    assert said.by["0.0"] == ("east", "west")
    posts = {"west": ["post 1"], "east": {"post 1", "post 2"}}
    held = responsible(found, 0.1, posts)
    assert held.by == {"0.0": ("post 1", "post 2"), "1.0": ("post 1", "post 2"), "2.0": ()}
    assert responsible(found, 0.96, posts).none == ("1.0", "2.0")  # the sum of both parts of post 1 is all of 0.0
    assert responsible(found, 0.05).by["2.0"] == ("more",)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 30)] * 2, *[st.integers(1, 20)] * 2), max_size=9))
def test_shares_are_what_counting_squares_says(boxes: list[tuple[int, int, int, int]]) -> None:
    base = grid(3, 3)
    step = SIDE // 10
    layer = {str(k): area(x * step, y * step, (x + w) * step, (y + h) * step) for k, (x, y, w, h) in enumerate(boxes)}
    count = np.zeros((30, 30), dtype=int)
    for x, y, w, h in boxes:
        count[x : x + w, y : y + h] += 1
    found = overlay(base, layer)
    for code in base:
        i, j = (10 * int(part) for part in code.split("."))
        mine = count[i : i + 10, j : j + 10]
        assert found.uncovered[code] == pytest.approx((mine == 0).mean())
        assert found.doubly[code] == pytest.approx((mine > 1).mean())
        assert sum(share for _, share in found.shares[code]) == pytest.approx(mine.sum() / 100)


def test_a_shifted_border_is_measured() -> None:
    """Two cells whose border runs 30 m beside the base's: its length, its distance, the ground between."""
    base = {"a": area(0, 0, SIDE, SIDE), "b": area(SIDE, 0, 2 * SIDE, SIDE)}
    shift = 30 / X
    layer = {"1": area(0, 0, SIDE + shift, SIDE), "2": area(SIDE + shift, 0, 2 * SIDE, SIDE)}
    said = borders(base, layer, tolerance_m=5)
    (one,) = said.stretches
    assert one.pair == ("1", "2")
    assert one.length_m == pytest.approx(SIDE * Y, rel=1e-3)
    assert one.off_m == pytest.approx(SIDE * Y, rel=1e-3)  # all: crossing the outline is no running along it
    assert 20 < one.mean_m < one.max_m + 1e-9
    assert one.max_m == pytest.approx(30, rel=0.01)
    assert one.area_m2 == pytest.approx(30 * SIDE * Y, rel=0.01)
    assert said.agreeing == pytest.approx(1 - SIDE * Y / said.length_m, rel=1e-3)
    assert borders(base, layer, tolerance_m=31).stretches == ()
    assert one.line.length == pytest.approx(SIDE, rel=1e-3)


def test_a_slanting_border_agrees_where_it_is_near() -> None:
    base = {"a": area(0, 0, SIDE, SIDE), "b": area(SIDE, 0, 2 * SIDE, SIDE)}
    top = SIDE + 40 / X  # from 0 to 40 m off
    low, high = (AT[0] + SIDE, AT[1]), (AT[0] + round(top), AT[1] + SIDE)
    layer = {
        "1": shapely.Polygon([AT, low, high, (AT[0], AT[1] + SIDE)]),
        "2": shapely.Polygon([low, (AT[0] + 2 * SIDE, AT[1]), (AT[0] + 2 * SIDE, AT[1] + SIDE), high]),
    }
    (one,) = borders(base, layer, tolerance_m=10).stretches
    assert one.off_m == pytest.approx(0.75 * one.length_m, rel=0.02)
    assert one.area_m2 == pytest.approx(20 * SIDE * Y, rel=0.02)


def test_ground_outside_is_the_business_of_nobody() -> None:
    base = grid(2, 1)
    layer = {"1": area(0, 0, 2 * SIDE, SIDE + 5_000)}
    said = borders(base, layer)
    assert {s.pair for s in said.stretches} == {("1", "")}
    assert said.stretches[0].area_m2 == pytest.approx(2 * SIDE * 5_000 * X * Y, rel=1e-3)
    assert borders(base, {}).agreeing == 1.0
    assert borders({}, base).stretches == ()


def test_sides_that_were_drawn_apart_count_by_half() -> None:
    base = {"a": area(0, 0, 2 * SIDE, SIDE)}
    exact = {"1": area(0, 0, SIDE, SIDE), "2": area(SIDE, 0, 2 * SIDE, SIDE)}
    apart = {"1": area(0, 0, SIDE - 90, SIDE), "2": area(SIDE + 90, 0, 2 * SIDE, SIDE)}
    one, two = (borders(base, layer) for layer in (exact, apart))
    assert [s.pair for s in two.stretches] == [("1", "2")]
    assert two.stretches[0].off_m == pytest.approx(one.stretches[0].off_m, rel=1e-3)


@pytest.mark.skipif(not PACK.is_dir(), reason="the pack of Xicheng is not in this installation")
def test_xicheng_under_three_nets() -> None:
    def net(name: str) -> dict[str, Shape]:
        read = json.loads((PACK / name).read_text(encoding="utf-8"))["features"]
        return {f["properties"]["code"]: from_degrees(shapely.geometry.shape(f["geometry"])) for f in read}

    base, communities = net("grids.geojson"), net("communities.geojson")
    over = overlay(base, communities)
    assert all(over.shares[code][0][0] == code[:12] for code in base)
    assert min(shares[0][1] for shares in over.shares.values()) > 0.99
    assert max(over.doubly.values()) < 1e-3
    middle = shapely.union_all(list(base.values())).centroid
    turned = {
        code: shapely.set_precision(translate(rotate(shape, 7, origin=middle), 3_000, 400), 1.0)
        for code, shape in base.items()
    }
    found = overlay(base, turned)
    for code, shape in base.items():
        total = sum(share for _, share in found.shares[code])
        assert total + found.uncovered[code] - found.doubly[code] == pytest.approx(1, abs=1e-6)
        for other, share in found.shares[code][:1]:
            assert share == pytest.approx(shape.intersection(turned[other]).area / shape.area, abs=1e-9)
    said = borders(base, turned)
    assert 0 < said.agreeing < 0.5
    assert sum(s.off_m for s in said.stretches) == pytest.approx(said.length_m - said.agreeing_m)
    assert borders(base, communities).agreeing > 0.98
    counted = responsible(found, 0.1)
    assert len(counted.none) + len(counted.one) + len(counted.several) == len(base)


def test_cells_over_one_another_that_also_touch_the_base_along_a_line() -> None:
    """What a cell has of the base may be an area and a line at once."""
    base = {"a": area(0, 0, 100, 100)}
    hook = shapely.union(area(60, 60, 140, 140), area(100, 0, 140, 140))
    found = overlay(base, {"left": area(0, 0, 80, 80), "hook": hook, "corner": area(70, 70, 90, 90)})
    assert found.uncovered["a"] == pytest.approx(1 - 0.76)
    assert found.doubly["a"] == pytest.approx(0.07)
