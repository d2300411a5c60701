"""Where a point lies: the rule on borders, what is no position, and that it costs no SQL."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from django.db import connection
from django.test.utils import CaptureQueriesContext

from linli.core.errors import Invalid, Missing
from linli.territory import queries, rules, snapshot
from linli.territory.choices import Provenance
from linli.territory.models import Division, Edition, GridLayer, LayerCell, Revision

pytestmark = pytest.mark.django_db
INSIDE = (116.3596, 39.8862)


def square(x: float, y: float, size: float = 0.01) -> str:
    return shapely.to_geojson(shapely.box(x, y, x + size, y + size))


@pytest.fixture
def small() -> None:
    """A district of 4 x 1 squares of 0.01 degree: two cells, a community without cells, a bare subdistrict."""
    from linli.core import clock

    edition = Edition.objects.create(
        digest="d" * 64, pack_digest="p" * 64, name="小区", district="110102", attribution="-", state="complete",
        made_at=clock.now(), made_by="system",
    )  # fmt: skip

    def add(code: str, name: str, boundary: str) -> None:
        Division.objects.create(
            edition=edition, code=code, level=len(code), parent=code[:-3] if len(code) > 6 else "", name=name,
            short_name=name, approximate=True, boundary=boundary, provenance=Provenance.PROVISIONAL,
        )  # fmt: skip

    add("110102", "区", shapely.to_geojson(shapely.box(116.30, 39.90, 116.34, 39.91)))
    add("110102001", "甲街道", shapely.to_geojson(shapely.box(116.30, 39.90, 116.33, 39.91)))
    add("110102002", "乙街道", "")
    add("110102001001", "甲一社区", shapely.to_geojson(shapely.box(116.30, 39.90, 116.32, 39.91)))
    layer = GridLayer.objects.create(edition=edition, key="base", name="网格", provenance=Provenance.PROVISIONAL)
    for n, x in ((2, 116.30), (1, 116.31)):
        LayerCell.objects.create(
            layer=layer, code=f"110102001001{n:03d}", boundary=square(x, 39.90), area_m2=1, lon=x, lat=39.905
        )
    Revision.objects.update_or_create(pk=1, defaults={"edition": edition, "value": "dddddddddddd", "turn": "t-small"})
    queries.forget()


def test_levels_fall_back_from_grid_to_district(small: None) -> None:
    def codes(lon: float) -> tuple[str, str, str, str] | None:
        found = queries.locate(lon, 39.905)
        return found and (found.grid, found.community, found.subdistrict, found.district)

    assert codes(116.305) == ("110102001001002", "110102001001", "110102001", "110102")
    assert codes(116.325) == ("", "", "110102001", "110102")
    assert codes(116.335) == ("", "", "", "110102")
    assert codes(116.345) is None
    many = queries.locate_many([116.305, 116.325, 116.335, 116.345, math.nan], [39.905] * 5)
    assert many.grid.tolist() == ["110102001001002", "", "", "", ""]
    assert many.subdistrict.tolist() == ["110102001", "110102001", "", "", ""]
    assert many.district.tolist() == ["110102", "110102", "110102", "", ""]


def test_a_shared_border_belongs_to_the_lowest_code(small: None) -> None:
    """Cell 002 lies west of cell 001: on their border the lower code wins, also at the corners and outer edges."""
    for lat in (39.90, 39.905, 39.91):
        found = queries.locate(116.31, lat)
        assert found is not None and found.grid.endswith("001")
        outer = queries.locate(116.30, lat)
        assert outer is not None and outer.grid.endswith("002")
    assert queries.locate(116.34, 39.905) is not None and queries.locate(116.3400002, 39.905) is None


def test_every_border_of_the_real_grid_by_brute_force(xicheng: None) -> None:
    """On corners and midpoints of edges: the lowest code among the cells that touch the point; bulk says the same."""
    rows = LayerCell.objects.filter(layer__edition_id=snapshot.current().edition_id).order_by("code")
    everything = dict(rows.values_list("code", "boundary"))
    texts = list(everything.values())[:400]
    names, shapes = list(everything), shapely.from_geojson(list(everything.values()))
    corners = shapely.get_coordinates(shapely.from_geojson(texts))[::3]
    points, cells = shapely.STRtree(shapes).query(shapely.points(corners), predicate="intersects")
    expected: dict[int, str] = {}
    for point, cell in zip(points.tolist(), cells.tolist(), strict=True):
        expected[point] = min(expected.get(point, "9"), names[cell])
    assert len(expected) == len(corners)
    bulk = queries.locate_many(corners[:, 0], corners[:, 1])
    for number, (lon, lat) in enumerate(corners.tolist()):
        found = queries.locate(lon, lat)
        assert found is not None and found.grid == expected[number] == bulk.grid[number]
        assert found.community == found.grid[:12] == bulk.community[number]


def test_a_real_point_reads_well(xicheng: None) -> None:
    found = queries.locate(*INSIDE)
    assert found is not None
    assert (found.subdistrict_name, found.community_name) == ("牛街街道", "牛街东里社区")
    assert found.approximate and found.near and found.area == found.grid
    assert queries.grid_center(found.grid) != ()
    lon, lat = queries.grid_center(found.grid)
    again = queries.locate(lon, lat)
    assert again is not None and again.grid == found.grid


def test_every_cell_finds_itself(xicheng: None) -> None:
    cells = queries.grid_codes()
    points = np.array([queries.grid_center(c) for c in cells])
    assert queries.locate_many(points[:, 0], points[:, 1]).grid.tolist() == list(cells)


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        (math.nan, 39.9, "bad_coordinates"),
        (116.3, math.inf, "bad_coordinates"),
        (500.0, 39.9, "bad_coordinates"),
        (0.0, 0.0, "zero_coordinates"),
        (39.8862, 116.3596, "swapped_coordinates"),
        (-71.0587, 42.3594, "outside_china"),
        (121.47, 31.23, "outside_district"),
    ],
)
def test_what_is_no_place_here_is_refused_by_name(xicheng: None, lon: float, lat: float, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        queries.check_point(lon, lat)
    assert refused.value.code == code and refused.value.fields["place"]


def test_a_point_that_fits_only_as_gcj02_gets_a_hint(xicheng: None) -> None:
    _west, south, east, north = queries.bounds()
    edge = next(
        p for lat in np.linspace(south, north, 300)
        if queries.locate(*(p := rules.gcj02_from_wgs84(east - 0.0005, lat))) is None
        and queries.locate(east - 0.0005, lat) is not None
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        queries.check_point(*edge)
    assert refused.value.code == "maybe_gcj02"


def test_gcj02_and_back() -> None:
    lon, lat = rules.gcj02_from_wgs84(*INSIDE)
    assert 300 < math.hypot((lon - INSIDE[0]) * 85_000, (lat - INSIDE[1]) * 111_000) < 700
    back = rules.wgs84_from_gcj02(lon, lat)
    assert back == pytest.approx(INSIDE, abs=1e-6)


def test_names_and_unknown_codes(xicheng: None) -> None:
    assert queries.division_name("110102018") == "牛街街道" and queries.division_name("110102018", short=True) == "牛街"
    assert queries.division_name("110102018001001") == "牛街东里社区"
    assert queries.division_name("999999") == "999999" and queries.division("999999") is None
    assert len(queries.divisions(9)) == 15 and len(queries.divisions(12, "110102018")) == 10
    assert queries.divisions(9, "110102") == queries.divisions(9) and queries.divisions(7) == ()
    with pytest.raises(Missing):
        queries.grid_center("999999999999999")
    assert queries.grid_center("110102018001999") == queries.grid_center("110102018001")
    assert queries.bounds("110102018")[0] > queries.bounds()[0]


def test_nothing_loaded_is_empty_not_broken(db: None) -> None:
    Revision.objects.all().delete()
    queries.forget()
    assert not queries.is_loaded() and queries.revision() == "" and queries.divisions(9) == ()
    assert queries.locate(*INSIDE) is None and queries.search_places("牛街") == () and queries.tile(9, 1, 1) is None
    with pytest.raises(Missing):
        queries.district()


def test_warm_reads_cost_no_sql(xicheng: None, django_assert_num_queries, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("linli.core.reference.time.monotonic", lambda: 1.0)
    queries.forget()
    queries.warm()
    with django_assert_num_queries(0):
        queries.locate(*INSIDE)
        queries.locate_many([INSIDE[0]], [INSIDE[1]])
        queries.search_places("njie")
        queries.division_name("110102018")
        queries.boundaries_geojson(9)
        queries.tile(12, 1, 1)


def test_the_revision_is_looked_up_at_most_once_a_second(xicheng: None, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("linli.core.reference.time.monotonic", lambda: now[0])
    queries.forget()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        for step in range(30):
            now[0] = 1000.0 + step / 10
            queries.revision()
    assert len(seen) == 3
