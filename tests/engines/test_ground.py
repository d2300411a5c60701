"""A designed grid tiles its ground exactly, keeps to parcels and barriers, and has no slivers it could have joined."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Polygon, box

from linli_engines.ground import Barrier, Design, Refused, Settings, design, report, serials
from linli_engines.ground.arrangement import Plane
from linli_engines.locate import Locator

PACK = Path(__file__).parents[2] / "packs" / "xicheng"
STRENGTH = {1: ("main", 1.0), 2: ("main", 1.0), 3: ("secondary", 0.9), 4: ("tertiary", 0.6), 5: ("residential", 0.25)}
AT = (1_163_000_000, 399_000_000)  # 116.3 E, 39.9 N
KM = 100_000  # units of latitude in about a kilometre and a tenth


def square(x: float, y: float, side: float = 1.0) -> Polygon:
    """A square of `side` in 1e5 units, its south-west corner at (x, y) of them."""
    x0, y0 = AT[0] + round(x * KM), AT[1] + round(y * KM)
    return box(x0, y0, x0 + round(side * KM), y0 + round(side * KM))


def line(*points: tuple[float, float]) -> LineString:
    return LineString([(AT[0] + round(x * KM), AT[1] + round(y * KM)) for x, y in points])


def holds(found: Design) -> None:
    """What is promised of every design."""
    shapes = np.array([c.shape for c in found.cells], dtype=object)
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert (shapely.get_type_id(shapes) == 3).all()
    at = shapely.get_coordinates(shapes)
    assert (at == np.rint(at)).all()
    assert shapely.union_all(shapes).equals(found.outline)
    assert np.isclose(shapely.area(shapes).sum(), found.outline.area, rtol=1e-12)
    codes = [c.code for c in found.cells]
    assert codes == sorted(codes)
    assert len(set(codes)) == len(codes)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(*[st.floats(-0.2, 2.2)] * 4), max_size=8),
    st.floats(8_000, 120_000),
    st.integers(1, 3),
)
def test_any_ground_is_tiled(lines: list[tuple[float, float, float, float]], target: float, across: int) -> None:
    parcels = {f"{k:012d}": square(k * 0.7, 0.1 * k, 0.7) for k in range(across)}
    barriers = [Barrier(line((a, b), (c, d)), "main") for a, b, c, d in lines if abs(a - c) + abs(b - d) > 0.01]
    how = Settings(target_m2=target)
    found = design(parcels, barriers, how)
    holds(found)
    assert shapely.hausdorff_distance(found.outline.boundary, shapely.union_all(list(parcels.values())).boundary) < 2
    for code, ground in parcels.items():
        mine = shapely.union_all([c.shape for c in found.cells if c.parcel == code])
        assert shapely.symmetric_difference(mine, ground).area < 4 * ground.length
    said = report(found, barriers, how)
    assert said.tiles
    assert said.largest_m2 < 3.5 * target or said.count == len(parcels)


def test_a_plain_square_is_cut_into_equal_pieces() -> None:
    ground = square(0, 0)
    area = Plane(39.9).area_m2([ground])[0]
    found = design({"1": ground}, (), Settings(target_m2=area / 16))
    holds(found)
    said = report(found, ())
    assert said.count == 16
    assert said.spread < 0.01
    assert said.compactness > 0.7


def test_borders_follow_a_barrier() -> None:
    """A road through the middle is no grid's inside, and its grids keep to both sides of it."""
    road = Barrier(line((-0.1, 0.47), (1.1, 0.53)), "main")
    found = design({"1": square(0, 0)}, [road], Settings(target_m2=60_000))
    holds(found)
    assert report(found, [road]).crossed == {"main": ()}


def test_the_strip_between_two_carriageways_is_no_grid() -> None:
    roads = [Barrier(line((-0.1, y), (1.1, y)), "main") for y in (0.5, 0.5018)]  # twenty metres apart
    found = design({"1": square(0, 0)}, roads, Settings(target_m2=60_000))
    said = report(found, roads)
    assert said.least_compact > 0.4
    assert said.slivers == ()


@pytest.mark.parametrize("kind", ["main", "rail", "water", "minor"])
def test_grids_keep_to_one_side_of_every_kind_of_barrier(kind: str) -> None:
    across = Barrier.of(line((-0.1, 0.42), (0.5, 0.5), (1.1, 0.44)), kind)
    found = design({"1": square(0, 0)}, [across], Settings(target_m2=60_000))
    holds(found)
    assert report(found, [across]).crossed == {kind: ()}
    with pytest.raises(Refused) as refusal:
        Barrier.of(across.line, "motorway")
    assert refusal.value.code == "KIND_UNKNOWN"


def test_a_railway_and_a_river_with_two_banks() -> None:
    """The river is an area some 60 m broad with an island; the railway crosses it; a lane gives way to both."""
    banks = line((-0.1, 0.6), (0.4, 0.52), (1.1, 0.6)).buffer(300).difference(square(0.39, 0.5205, 0.002))
    assert len(banks.interiors) == 1
    water = Barrier.of(shapely.transform(banks, np.rint), "water")
    rail = Barrier.of(line((0.3, -0.1), (0.36, 1.1)), "rail")
    lane = Barrier.of(line((0.7, -0.1), (0.72, 1.1)), "minor")
    found = design({"1": square(0, 0)}, [water, rail, lane], Settings(target_m2=30_000))
    holds(found)
    crossed = report(found, [water, rail, lane]).crossed
    assert crossed["rail"] == crossed["water"] == ()
    assert found.shapes == {c.code: c.shape for c in found.cells}


def test_grids_do_not_cross_from_parcel_to_parcel() -> None:
    found = design({"1": square(0, 0), "2": square(1, 0)}, (), Settings(target_m2=400_000))
    assert {c.parcel for c in found.cells} == {"1", "2"}
    for cell in found.cells:
        ground = square(0, 0) if cell.parcel == "1" else square(1, 0)
        assert ground.covers(cell.shape)


def test_holes_and_two_parts_are_tiled_too() -> None:
    ground = square(0, 0).difference(square(0.4, 0.4, 0.2))
    found = design({"1": ground, "2": MultiPolygon([square(2, 0, 0.5), square(3, 0, 0.5)])}, (), Settings(60_000))
    holds(found)
    assert not any(c.shape.contains(square(0.45, 0.45, 0.05)) for c in found.cells)
    assert {c.parcel for c in found.cells} == {"1", "2"}


@pytest.mark.parametrize(
    ("parcels", "code"),
    [
        ({}, "EMPTY"),
        ({"1": line((0, 0), (1, 1))}, "NOT_AN_AREA"),
        ({"1": Polygon()}, "NOT_AN_AREA"),
        ({"1": Polygon([(0, 0), (2e5, 2e5), (2e5, 0), (0, 2e5)])}, "NOT_VALID"),
        ({"1": square(0, 0), "2": square(0.5, 0)}, "OVERLAP"),
        ({"1": Polygon([(np.cos(t) * 1e6, np.sin(t) * 1e6) for t in np.linspace(0, 6.28, 200_001)])}, "TOO_LARGE"),
    ],
)
def test_what_cannot_be_divided_is_refused(parcels: dict[str, Polygon], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        design(parcels, ())
    assert refusal.value.code == code


def test_three_points_and_a_spike() -> None:
    triangle = Polygon([(AT[0], AT[1]), (AT[0] + KM, AT[1]), (AT[0], AT[1] + KM)])
    spike = shapely.union(
        square(2, 0), Polygon([(AT[0] + 3 * KM, AT[1]), (AT[0] + 6 * KM, AT[1] + 20), (AT[0] + 3 * KM, AT[1] + 40)])
    )
    found = design({"1": triangle, "2": spike}, (), Settings(60_000))
    holds(found)


def test_serials_run_from_west_to_east_in_rows_from_north_to_south() -> None:
    shapes = [square(x, y) for y in (0, 1, 2) for x in (2, 0, 1)]
    assert serials(shapes, KM) == ["009", "007", "008", "006", "004", "005", "003", "001", "002"]
    with pytest.raises(ValueError, match="999"):
        serials([square(0, 0)] * 1000, KM)


@pytest.mark.skipif(not PACK.is_dir(), reason="the pack of Xicheng is not in this installation")
def test_xicheng_by_its_own_roads() -> None:
    """About 2,400 grids; each of 100,000 points lies in the grid that the locator says, and in one only."""

    def units(geometry: dict[str, object]) -> shapely.Geometry:
        return shapely.transform(shapely.geometry.shape(geometry), lambda at: np.rint(at * 1e7))

    def features(name: str) -> list[dict[str, dict[str, object]]]:
        found: list[dict[str, dict[str, object]]] = json.loads((PACK / name).read_text(encoding="utf-8"))["features"]
        return found

    parcels = {str(f["properties"]["code"]): units(f["geometry"]) for f in features("communities.geojson")}
    barriers = [
        Barrier(units(f["geometry"]), *STRENGTH[int(str(f["properties"]["c"]))])
        for f in features("roads.geojson")
        if int(str(f["properties"]["c"])) in STRENGTH
    ]
    how = Settings(target_m2=22_000)
    found = design(parcels, barriers, how)
    holds(found)
    said = report(found, barriers, how)
    assert 2_200 < said.count < 2_600
    assert said.spread < 0.25
    assert len(said.slivers) < 10
    assert len(said.crossed["main"]) < 0.1 * said.count
    shapes = np.array([c.shape for c in found.cells], dtype=object)
    rng = np.random.default_rng(1)
    x0, y0, x1, y1 = found.outline.bounds
    xy = np.rint(np.column_stack((rng.uniform(x0, x1, 100_000), rng.uniform(y0, y1, 100_000))))
    corners = shapely.get_coordinates(shapes)
    xy[:2_000] = corners[rng.integers(len(corners), size=2_000)]  # borders, too
    at, which = shapely.STRtree(shapes).query(shapely.points(xy), predicate="intersects")
    first = np.full(len(xy), len(shapes))
    np.minimum.at(first, at, which)
    inner_at, _ = shapely.STRtree(shapes).query(shapely.points(xy), predicate="within")
    assert np.bincount(inner_at, minlength=len(xy)).max() == 1
    rings = [[shapely.get_coordinates(r) / 1e7 for r in (s.exterior, *s.interiors)] for s in shapes]
    located = Locator.build([c.code for c in found.cells], rings).locate_many(xy[:, 0] / 1e7, xy[:, 1] / 1e7)
    assert (located == np.where(first == len(shapes), -1, first)).all()
