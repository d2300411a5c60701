"""The locator against a plain oracle in Python integers: the border cases the rule names, and many more."""

from __future__ import annotations

import io
import math
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from linli_engines.locate import UNITS_PER_DEGREE, Locator, rings_of
from linli_engines.locate.build import build_tables

Point = tuple[int, int]
Polygon = list[list[Point]]

EAST, NORTH = 1_163_300_000, 398_600_000
"""Where the test lattices lie, in units of 1e-7 degree: a corner of Xicheng."""


def degrees(units: int) -> float:
    return units / UNITS_PER_DEGREE


def in_degrees(polygon: Polygon, east: int = EAST, north: int = NORTH) -> list[list[tuple[float, float]]]:
    return [[(degrees(east + x), degrees(north + y)) for x, y in ring] for ring in polygon]


def holds(polygon: Polygon, x: int, y: int) -> bool:
    """Closed, even-odd, in integers: the definition itself, without a thought for speed."""
    inside = False
    for ring in polygon:
        for (ax, ay), (bx, by) in pairwise([*ring, *ring[:1]]):
            turn = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            on_line = turn == 0 and (ax, ay) != (bx, by)
            if on_line and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
                return True
            if (ay > y) != (by > y) and (turn > 0) == (ay > by):
                inside = not inside
    return inside


def expected(codes: Sequence[str], polygons: Sequence[Polygon], x: int, y: int) -> int:
    held = [i for i, polygon in enumerate(polygons) if holds(polygon, x, y)]
    return min(held, key=lambda i: codes[i]) if held else -1


def check(
    codes: Sequence[str],
    polygons: Sequence[Polygon],
    points: Sequence[Point],
    *,
    cell_target: int = 5_000,
    table_lines: int = 2,
    east: int = EAST,
    north: int = NORTH,
) -> Locator:
    shapes = [in_degrees(polygon, east, north) for polygon in polygons]
    locator = Locator(build_tables(codes, shapes, cell_target, table_lines), codes)
    lon = np.array([degrees(east + x) for x, _ in points])
    lat = np.array([degrees(north + y) for _, y in points])
    wanted = [expected(codes, polygons, x, y) for x, y in points]
    many = locator.locate_many(lon, lat)
    wrong = [(p, int(got), want) for p, got, want in zip(points, many, wanted, strict=True) if got != want]
    assert not wrong
    assert [locator.locate(a, b) for a, b in zip(lon.tolist(), lat.tolist(), strict=True)] == wanted
    return locator


def lattice(size: int, step: int = 1) -> list[Point]:
    """All points of a square and of a margin around it, so that each corner, edge and outside is asked."""
    return [(x, y) for x in range(-step, size + 2 * step, step) for y in range(-step, size + 2 * step, step)]


def near(polygons: Sequence[Polygon]) -> list[Point]:
    """Each corner and each middle of an edge, and the eight points around it."""
    spots = set()
    for polygon in polygons:
        for ring in polygon:
            for (ax, ay), (bx, by) in pairwise([*ring, *ring[:1]]):
                spots |= {(ax, ay), ((ax + bx) // 2, (ay + by) // 2), ((3 * ax + bx) // 4, (3 * ay + by) // 4)}
    return sorted({(x + dx, y + dy) for x, y in spots for dx in (-1, 0, 1) for dy in (-1, 0, 1)})


def square(x: int, y: int, side: int) -> list[Point]:
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]


targets = st.sampled_from([9, 16, 60, 400, 5_000, 60_000])
designs = st.sampled_from([0, 1, 2])
scales = st.sampled_from([1, 2, 7, 64, 1_000])


@st.composite
def any_rings(draw: st.DrawFn) -> tuple[list[str], list[Polygon]]:
    """Rings of any kind on a small lattice: overlapping, self-crossing, folded back, touching, repeated."""
    scale = draw(scales)
    corner = st.tuples(st.integers(0, 8), st.integers(0, 8)).map(lambda p: (p[0] * scale, p[1] * scale))
    polygons = draw(st.lists(st.lists(st.lists(corner, max_size=7), max_size=3), max_size=6))
    codes = draw(st.permutations([f"{i:03d}" for i in range(len(polygons))]))
    return list(codes), polygons


@st.composite
def partitions(draw: st.DrawFn) -> tuple[list[str], list[Polygon]]:
    """Triangles over random points, joined at random: a true partition with holes, islands and parts far apart."""
    scale = draw(st.sampled_from([1, 5, 300]))
    corner = st.tuples(st.integers(0, 24), st.integers(0, 24))
    corners = draw(st.lists(corner, min_size=3, max_size=24, unique=True))
    cloud = shapely.MultiPoint([(x * scale, y * scale) for x, y in corners])
    triangles = list(shapely.delaunay_triangles(cloud).geoms)
    owners = draw(st.lists(st.integers(0, 5), min_size=len(triangles), max_size=len(triangles)))
    polygons: list[Polygon] = []
    for owner in sorted(set(owners)):
        joined = shapely.union_all([t for t, o in zip(triangles, owners, strict=True) if o == owner])
        rings = rings_of(shapely.geometry.mapping(joined))
        polygons.append([[(round(x), round(y)) for x, y in ring] for ring in rings])  # type: ignore[union-attr]
    codes = draw(st.permutations([f"{i:03d}" for i in range(len(polygons))]))
    return list(codes), polygons


@settings(max_examples=150, deadline=None)
@given(any_rings(), targets, designs)
def test_any_rings_at_all_follow_the_rule(case: tuple[list[str], list[Polygon]], target: int, design: int) -> None:
    codes, polygons = case
    largest = max((c for p in polygons for r in p for xy in r for c in xy), default=8)
    step = max(1, largest // 16)
    check(codes, polygons, lattice(largest, step) + near(polygons), cell_target=target, table_lines=design)


@settings(max_examples=80, deadline=None)
@given(partitions(), targets, designs)
def test_partitions_with_holes_and_parts(case: tuple[list[str], list[Polygon]], target: int, design: int) -> None:
    codes, polygons = case
    largest = max(c for p in polygons for r in p for xy in r for c in xy) if polygons else 8
    check(
        codes,
        polygons,
        lattice(largest, max(1, largest // 20)) + near(polygons),
        cell_target=target,
        table_lines=design,
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 400), min_size=2, max_size=7, unique=True).map(sorted),
    st.lists(st.integers(0, 400), min_size=2, max_size=7, unique=True).map(sorted),
    st.randoms(use_true_random=False),
    targets,
)
def test_rectangles_whose_edges_fall_on_cell_sides(xs: list[int], ys: list[int], random: object, target: int) -> None:
    polygons: list[Polygon] = [[[(a, c), (b, c), (b, d), (a, d)]] for a, b in pairwise(xs) for c, d in pairwise(ys)]
    codes = [f"{i:02d}" for i in range(len(polygons))]
    random.shuffle(codes)  # type: ignore[attr-defined]
    check(codes, polygons, near(polygons), cell_target=target)


def test_a_shared_edge_and_corner_belong_to_the_lowest_code() -> None:
    polygons = [[square(0, 0, 10)], [square(10, 0, 10)], [square(0, 10, 10)], [square(10, 10, 10)]]
    codes = ["110102004", "110102003", "110102002", "110102001"]
    locator = check(codes, polygons, lattice(20))
    at = {p: locator.locate(degrees(EAST + p[0]), degrees(NORTH + p[1])) for p in [(10, 5), (5, 10), (10, 10), (0, 0)]}
    assert at == {(10, 5): 1, (5, 10): 2, (10, 10): 3, (0, 0): 0}


def test_codes_are_compared_as_text() -> None:
    locator = check(["9", "10"], [[square(0, 0, 10)], [square(10, 0, 10)]], lattice(20))
    assert locator.locate(degrees(EAST + 10), degrees(NORTH + 5)) == 1


def test_hole_and_its_filling_share_the_rim() -> None:
    ring, island = [square(0, 0, 60), square(20, 20, 20)], [square(20, 20, 20)]
    locator = check(["b", "a"], [ring, island], lattice(60))
    assert locator.locate(degrees(EAST + 20), degrees(NORTH + 30)) == 1
    empty_hole = check(["b"], [ring], lattice(60))
    assert empty_hole.locate(degrees(EAST + 20), degrees(NORTH + 30)) == 0
    assert empty_hole.locate(degrees(EAST + 21), degrees(NORTH + 30)) == -1


def test_parts_far_apart_and_parts_side_by_side() -> None:
    check(["a"], [[square(0, 0, 10), square(500, 700, 3)]], lattice(20) + near([[square(500, 700, 3)]]), cell_target=50)
    # Two parts with a common edge: even-odd counts it twice, and the edge still belongs to the polygon.
    check(["a", "b"], [[square(0, 0, 10), square(10, 0, 10)], [square(0, 10, 10)]], lattice(20), cell_target=9)


def test_gaps_belong_to_nobody_and_overlaps_to_the_lowest_code() -> None:
    check(["b", "a"], [[square(0, 0, 10)], [square(5, 5, 10)]], lattice(20), cell_target=16)
    check(["a", "b", "c"], [[square(100, 100, 3)], [square(0, 0, 300)], [square(0, 0, 300)]], lattice(300, 3))


@pytest.mark.parametrize("target", [9, 200, 100_000])
def test_a_sliver_one_unit_wide(target: int) -> None:
    upper: Polygon = [[(0, 0), (5_000, 37), (5_000, 5_000), (0, 5_000)]]
    lower: Polygon = [[(0, 0), (2_500, 18), (5_000, 37), (5_000, -5_000), (0, -5_000)]]
    needle: Polygon = [[(0, 0), (5_000, 1), (5_000, 0)]]
    points = [(x, y) for x in range(-2, 5_002, 61) for y in range(-2, 41)] + near([upper, lower, needle])
    check(["a", "b", "c"], [upper, lower, needle], points, cell_target=target)


@pytest.mark.parametrize("target", [9, 300])
def test_more_polygons_in_one_cell_than_a_mask_has_bits(target: int) -> None:
    rim = [(round(900 * math.cos(a)), round(900 * math.sin(a))) for a in np.linspace(0, 2 * math.pi, 71)[:-1]]
    fan: list[Polygon] = [[[(0, 0), a, b]] for a, b in pairwise([*rim, rim[0]])]
    codes = [f"{(i * 31) % 70:02d}" for i in range(70)]
    points = [(x, y) for x in range(-30, 31, 3) for y in range(-30, 31, 3)] + near(fan)
    locator = check(codes, fan, points, cell_target=target)
    assert codes[locator.locate(degrees(EAST), degrees(NORTH))] == "00"


@pytest.mark.parametrize(("half", "target"), [(520_000_000, 5_000), (520_000_000, 1_000_000), (120_000_000, 9)])
def test_no_overflow_at_the_largest_extent(half: int, target: int) -> None:
    edge = [(-half, -half), (half, half - 1)]
    above: Polygon = [[*edge, (-half, half)]]
    below: Polygon = [[*edge, (half, -half)]]
    spots = [(x, x + d) for x in range(-half, half, half // 20 + 3) for d in (-2, -1, 0, 1)]
    check(["a", "b"], [above, below], spots + near([above, below]), cell_target=target, east=0, north=0)


def test_what_is_no_place_is_nowhere() -> None:
    locator = check(["a"], [[square(0, 0, 1_000)]], near([[square(0, 0, 1_000)]]))
    inside = degrees(EAST + 5), degrees(NORTH + 5)
    odd = [math.nan, math.inf, -math.inf, 1e300, -1e300, 1e308, 181.0, -200.0, 0.0, degrees(EAST - 1)]
    for value in odd:
        assert locator.locate(value, inside[1]) == -1
        assert locator.locate(inside[0], value) == -1
    with np.errstate(all="raise"):
        assert (locator.locate_many(odd, inside[1]) == -1).all()
        assert (locator.locate_many(inside[0], odd) == -1).all()
    assert locator.locate(*inside) == 0


def test_points_are_rounded_to_the_unit_first() -> None:
    locator = Locator.build(["a"], [in_degrees([square(0, 0, 100)])])
    y = degrees(NORTH + 50)
    for part, wanted in [(-0.6, -1), (-0.4, 0), (99.9, 0), (100.4, 0), (100.6, -1)]:
        x = (EAST + part) / UNITS_PER_DEGREE
        assert locator.locate(x, y) == wanted
        assert locator.locate_many([x], [y]).tolist() == [wanted]


@pytest.mark.parametrize("polygons", [[], [[]], [[[]]], [[[(116.3, 39.9)]]], [[[(116.3, 39.9)] * 4]]])
def test_nothing_to_find(polygons: list[list[list[tuple[float, float]]]]) -> None:
    locator = Locator.build([str(i) for i in range(len(polygons))], polygons)
    assert locator.locate(116.3, 39.9) == -1
    assert locator.locate_many([116.3, 0.0, math.nan], [39.9, 0.0, 1.0]).tolist() == [-1, -1, -1]
    stored = io.BytesIO()
    locator.to_npz(stored)
    stored.seek(0)
    assert len(Locator.from_npz(stored)) == len(polygons)


def test_shapes_follow_the_input() -> None:
    locator = Locator.build(["a"], [in_degrees([square(0, 0, 100)])])
    x, y = degrees(EAST + 5), degrees(NORTH + 5)
    assert locator.locate_many([], []).shape == (0,)
    assert locator.locate_many(x, y).shape == ()
    block = locator.locate_many(np.full((3, 4), x), np.full(4, y))
    assert block.shape == (3, 4) and block.dtype == np.int32 and (block == 0).all()
    many = locator.locate_many(np.full(100_001, x)[::-1], np.full(200_002, y)[::2])
    assert many.shape == (100_001,) and (many == 0).all()
    with pytest.raises(ValueError):
        locator.locate_many([x, x], [y, y, y])


def test_rings_open_closed_turned_and_with_heights_are_the_same() -> None:
    ring = in_degrees([square(0, 0, 100)])[0]
    high = [(x, y, 44.0) for x, y in ring]
    for variant in (ring, [*ring, ring[0]], ring[::-1], high, np.array(ring)):
        assert Locator.build(["a"], [[variant]]).locate(degrees(EAST + 50), degrees(NORTH + 50)) == 0


@pytest.mark.parametrize(
    ("codes", "polygons", "says"),
    [
        (["a"], [], "1 codes for 0 polygons"),
        (["a", "a"], [[], []], "stands twice"),
        (["a"], [[[(116.3, math.nan), (116.4, 39.9), (116.4, 40.0)]]], "not a longitude"),
        (["a"], [[[(39.9, 116.3), (39.9, 116.4), (40.0, 116.4)]]], "not a longitude"),
        (["a"], [[[116.3, 39.9, 116.4]]], "shape"),
        (["a"], [[[(-80.0, 0.0), (80.0, 0.0), (0.0, 50.0)]]], "107 degrees"),
    ],
)
def test_bad_boundaries_are_refused(codes: list[str], polygons: list[list[list[object]]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Locator.build(codes, polygons)  # type: ignore[arg-type]


def test_written_and_read_again_it_answers_the_same(tmp_path: object) -> None:
    polygons: list[Polygon] = [[square(x, y, 100)] for x in range(0, 1000, 100) for y in range(0, 1000, 100)]
    codes = [f"展览路{i:03d}" for i in range(100)]
    locator = check(codes, polygons, near(polygons[:3]))
    path = f"{tmp_path}/districts.npz"
    locator.to_npz(path)
    again = Locator.from_npz(path)
    assert again.codes == locator.codes and again.nbytes == locator.nbytes
    lon, lat = np.random.default_rng(3).uniform(-20, 1020, (2, 20_000)) / UNITS_PER_DEGREE
    lon, lat = lon + degrees(EAST), lat + degrees(NORTH)
    assert (again.locate_many(lon, lat) == locator.locate_many(lon, lat)).all()
    np.savez(f"{tmp_path}/other.npz", a=np.zeros(3))
    with pytest.raises(ValueError, match="not a locator file"):
        Locator.from_npz(f"{tmp_path}/other.npz")


def test_geojson_geometries_give_their_rings() -> None:
    a, b = [[0, 0], [1, 0], [1, 1], [0, 0]], [[5, 5], [6, 5], [6, 6], [5, 5]]
    assert rings_of({"type": "Polygon", "coordinates": [a, b]}) == [a, b]
    assert rings_of({"type": "MultiPolygon", "coordinates": [[a], [b]]}) == [a, b]
    with pytest.raises(ValueError, match="LineString"):
        rings_of({"type": "LineString", "coordinates": a})


def test_the_engine_stands_on_numpy_alone() -> None:
    code = (
        "import sys, linli_engines.locate;"
        "print([m for m in ('django', 'shapely', 'numba', 'linli') if m in sys.modules])"
    )
    paths = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=paths)
    assert done.stdout.strip() == "[]"
