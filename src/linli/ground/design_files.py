"""Files of a draft read safely: a ground of its own, cells with codes, lines to cut along. Whole units come out, or a
sentence for each thing that is wrong. Knows the live borders as landmarks; writes nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from django.utils.translation import gettext as _
from shapely import Geometry

from linli.core.errors import Invalid
from linli.territory import queries as territory
from linli.territory.geopackage import feature_tables, is_geopackage, opened, rows, shape_of
from linli.territory.polygons import EPSG_WGS84, LARGEST_BYTES, PolygonFile, read_polygons
from linli.territory.rules import wgs84_from_gcj02
from linli_engines.ground import UNITS_PER_DEGREE, Refused, cleaned, from_degrees
from linli_engines.ground.arrangement import faces, holders, lines_of, tiles

from . import norms, problems
from .design_forms import GCJ02
from .queries.draft_shapes import areas_m2

LISTED = 20
CORNERS_MOST = 400_000
PARCELS_MOST = 400
GAP_M2 = 100.0  # a hair between two cells of a file that is closed; what is larger is said
OFF_MOST = 0.005  # of the ground: what cells may miss or overlap in all
CODE_NAMES = ("code", "网格编码", "编码", "代码", "bgcode", "grid_code")
_LINES = {"LineString", "MultiLineString", "Polygon", "MultiPolygon"}


def _wrong(said: list[str], code: str = "bad_file") -> Invalid:
    shown = said[:LISTED]
    if len(said) > LISTED:
        shown.append(_("还有 %(n)s 处。") % {"n": len(said) - LISTED})
    return Invalid(code, said[0], fields={"file": shown})


def _shapes(file: PolygonFile, system: str) -> tuple[list[tuple[int, Mapping[str, Any], Geometry]], list[str]]:
    """(number, properties, shape in units) of every feature, and what was mended. Raises Invalid with all that is wrong."""
    found, wrong, notes = [], [], Counter[str]()
    if sum(int(shapely.get_num_coordinates(r.geometry)) for r in file.features if r.geometry) > CORNERS_MOST:
        raise _wrong([_("拐点太多：最多 %(n)s 个，请先简化。") % {"n": CORNERS_MOST}], "too_many_corners")
    for row in file.features:
        if row.geometry is None:
            wrong.append(str(problems.UNREAD[row.problem]) % {"n": row.number})
            continue
        try:
            shape = _wgs84(row.geometry) if system == GCJ02 else row.geometry
            clean, said = cleaned(shape, scale=UNITS_PER_DEGREE)
        except Refused as refused:
            wrong.append(problems.sentence(refused, problems.READING, n=row.number))
            continue
        notes.update(n.code for n in said)
        found.append((row.number, row.properties, clean))
    if wrong:
        raise _wrong(wrong)
    told = [_("%(what)s（%(n)s 个要素）。") % {"what": problems.NOTES[c], "n": n} for c, n in notes.items() if c in problems.NOTES]  # fmt: skip
    return found, told


def _wgs84(shape: Geometry) -> Geometry:
    def back(at: np.ndarray) -> np.ndarray:
        return np.array([wgs84_from_gcj02(x, y) for x, y in at.tolist()]).reshape(-1, 2)

    return shapely.transform(shape, back)


def read_ground(data: bytes, system: str) -> tuple[dict[str, Geometry], list[str]]:
    """A ground of its own as parcels by twelve digits (of the file, else counted), and what was mended.

    Raises Invalid: as read_polygons; bad_file, overlap, duplicate_codes, maybe_gcj02, too_many_parcels.
    """
    found, notes = _shapes(read_polygons(data), system)
    if len(found) > PARCELS_MOST:
        raise _wrong([_("面太多：最多 %(n)s 个。") % {"n": PARCELS_MOST}], "too_many_parcels")
    codes = [_code(properties, 12) or f"{number:012d}" for number, properties, _shape in found]
    twice = [c for c, n in Counter(codes).items() if n > 1]
    if twice:
        raise _wrong([_("编码 %(code)s 出现了不止一次。") % {"code": c} for c in twice], "duplicate_codes")
    shapes = [shape for _n, _p, shape in found]
    overlapping = _overlaps(codes, shapes)
    if overlapping:
        raise _wrong([_("%(a)s 和 %(b)s 互相重叠。") % {"a": a, "b": b} for a, b in overlapping], "overlap")
    whole = shapely.union_all(shapes)
    _not_shifted(whole)
    ours = from_degrees(_border(territory.district().code))
    inside = whole.intersection(ours).area / whole.area
    if inside < 0.99:
        notes.append(_("%(n)s %% 在本区以外，那里没有道路资料。") % {"n": round(100 * (1 - inside))})
    return dict(zip(codes, shapes, strict=True)), notes


def _border(code: str) -> Geometry:
    return territory.division_boundary(code) or shapely.Polygon()


def _code(properties: Mapping[str, Any], digits: int) -> str:
    named = {str(k).strip().casefold(): v for k, v in properties.items()}
    value = next((named[n] for n in CODE_NAMES if n in named), "")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    said = str(value if value is not None else "").strip()
    return said if len(said) == digits and said.isascii() and said.isdigit() else ""


def _overlaps(names: list[str], shapes: list[Geometry]) -> list[tuple[str, str]]:
    """Pairs with more than a square metre in common."""
    held = np.array(shapes, dtype=object)
    a, b = shapely.STRtree(held).query(held, predicate="intersects")
    first = a < b
    common = shapely.area(shapely.intersection(held[a[first]], held[b[first]]))
    pairs = zip(a[first].tolist(), b[first].tolist(), common.tolist(), strict=True)
    return [(names[i], names[j]) for i, j, area in pairs if area > 1e4]


def _not_shifted(whole: Geometry) -> None:
    """GCJ-02 said to be WGS-84: a known division fits far better once the shift is undone. Raises Invalid(maybe_gcj02)."""
    ground = shapely.simplify(shapely.transform(whole, lambda at: at / UNITS_PER_DEGREE), 1e-5)
    moved = shapely.make_valid(_wgs84(ground))
    borders = {
        **territory.division_boundaries(6),
        **territory.division_boundaries(9),
        **territory.division_boundaries(12),
    }
    near = {c: g for c, g in borders.items() if 0.5 < g.area / ground.area < 2 and g.intersects(moved)}
    for code, border in near.items():
        was, now = (shapely.symmetric_difference(border, g).area / border.area for g in (ground, moved))
        if now < 0.1 and now < 0.5 * was:
            text = _("按 GCJ-02 换算后正好是“%(name)s”，现在偏了约 550 米：很像 GCJ-02 坐标。请改选坐标系。")
            raise _wrong([text % {"name": territory.division_name(code)}], "maybe_gcj02")


def read_cells(data: bytes, system: str, parcels: Mapping[str, Geometry]) -> dict[str, Geometry]:
    """Cells with codes of fifteen digits that fill `parcels`. Hairs between them are closed; what is larger is refused.

    Raises Invalid: bad_code, duplicate_codes, other_community, overlap, gap, outside, too_many_cells, maybe_gcj02.
    """
    found, _notes = _shapes(read_polygons(data), system)
    if len(found) > norms.CELLS_MOST:
        raise _wrong([_("网格太多：最多 %(n)s 个。") % {"n": norms.CELLS_MOST}], "too_many_cells")
    bare = [n for n, properties, _shape in found if not _code(properties, 15)]
    if bare:
        raise _wrong([_("第 %(n)s 个要素没有十五位编码。") % {"n": n} for n in bare], "bad_code")
    codes = [_code(properties, 15) for _n, properties, _shape in found]
    twice = [c for c, n in Counter(codes).items() if n > 1]
    if twice:
        raise _wrong([_("编码 %(code)s 出现了不止一次。") % {"code": c} for c in sorted(twice)], "duplicate_codes")
    other = [c for c in codes if c[:12] not in parcels]
    if other:
        raise _wrong([_("%(code)s 不属于这份草稿范围里的社区。") % {"code": c} for c in other], "other_community")
    cells = dict(zip(codes, [s for _n, _p, s in found], strict=True))
    _not_shifted(shapely.union_all(list(cells.values())))
    overlapping = _overlaps(list(cells), list(cells.values()))
    if overlapping:
        raise _wrong([_("%(a)s 和 %(b)s 互相重叠。") % {"a": a, "b": b} for a, b in overlapping], "overlap")
    return _fitted(cells, parcels)


def _fitted(cells: Mapping[str, Geometry], parcels: Mapping[str, Geometry]) -> dict[str, Geometry]:
    """All borders noded on whole units: each face goes to the cell that holds it, a hair to the cell beside it."""
    names, shapes = list(cells), list(cells.values())
    grounds = list(parcels.values())
    pieces = faces([*lines_of(grounds), *lines_of(shapes)])
    points = list(shapely.point_on_surface(np.asarray(pieces, dtype=object)))
    owner, ground = holders(points, shapes), holders(points, grounds)
    area = areas_m2(pieces)
    codes = list(parcels)
    whole = float(areas_m2(grounds).sum())
    inside = ground >= 0
    strange = np.array([
        o >= 0 and g >= 0 and names[o][:12] != codes[g] for o, g in zip(owner.tolist(), ground.tolist(), strict=True)
    ])  # fmt: skip
    free = inside & ((owner < 0) | strange)
    missing, beyond = float(area[inside & (owner < 0)].sum()), float(area[(owner >= 0) & ~inside].sum())
    crossing = float(area[strange].sum())
    for size, code, text in (
        (missing, "gap", _("有空隙：文件只盖住范围的 %(n)s %%，缺 %(m2)s 平方米。")),
        (beyond, "outside", _("有 %(m2)s 平方米伸到范围以外。")),
        (crossing, "crosses_community", _("有 %(m2)s 平方米伸进了别的社区。")),
    ):
        if size > OFF_MOST * whole:
            raise _wrong([text % {"n": round(100 * (1 - size / whole), 1), "m2": round(size)}], code)
    held = np.where(inside & ~free, owner, -1)
    _close(held, free, pieces, area, ground, [codes.index(n[:12]) for n in names])
    found = dict(zip(names, tiles(pieces, held.tolist(), len(names)), strict=True))
    lost = [c for c, s in found.items() if s.is_empty]
    if lost:
        raise _wrong([_("%(code)s 在范围里没有地面。") % {"code": c} for c in lost], "no_ground")
    return dict(sorted(found.items()))


def _close(
    held: np.ndarray, free: np.ndarray, pieces: list[Any], area: np.ndarray, ground: np.ndarray, parcel: list[int]
) -> None:
    """Give each free face to the neighbour of its community with the longest common border, largest face last."""
    tree = shapely.STRtree(pieces)
    waiting = sorted(np.flatnonzero(free).tolist(), key=lambda k: float(area[k]))
    for _round in range(4):
        left = []
        for k in waiting:
            near = [j for j in tree.query(pieces[k], predicate="touches").tolist() if held[j] >= 0]
            near = [j for j in near if parcel[int(held[j])] == ground[k]]
            best = max(near, key=lambda j: pieces[k].intersection(pieces[j]).length, default=None)
            if area[k] > GAP_M2 or best is None:
                left.append(k)
            else:
                held[k] = held[best]
        if not left or len(left) == len(waiting):
            break
        waiting = left
    else:
        left = []
    if left:
        places = [pieces[k].representative_point() for k in left]
        text = _("有空隙或跨社区的一块：%(m2)s 平方米，在 %(lon)s, %(lat)s。")
        said = [
            text % {"m2": round(float(area[k])), "lon": round(p.x / 1e7, 6), "lat": round(p.y / 1e7, 6)}
            for k, p in zip(left, places, strict=True)
        ]
        raise _wrong(said, "gap")


def read_lines(data: bytes) -> tuple[Geometry, int]:
    """Lines (and areas, for their shores) of a file in degrees, and how many. Raises Invalid on field `file`."""
    if len(data) > LARGEST_BYTES:
        raise _wrong([_("文件太大，最多 %(n)s MB。") % {"n": LARGEST_BYTES >> 20}], "too_large")
    shapes = _package_lines(data) if is_geopackage(data) else _json_lines(data)
    kept = [s for s in shapes if s is not None and s.geom_type in _LINES and not s.is_empty]
    if not kept:
        raise _wrong([_("文件里没有线，也没有面。")], "empty")
    corners = shapely.get_coordinates(kept)
    if len(corners) > CORNERS_MOST:
        raise _wrong([_("拐点太多：最多 %(n)s 个，请先简化。") % {"n": CORNERS_MOST}], "too_many_corners")
    if not np.isfinite(corners).all() or (np.abs(corners) > (180, 90)).any():
        raise _wrong([_("坐标不是经纬度，请转换成 WGS-84。")], "wrong_crs")
    box = shapely.box(*territory.bounds())
    if not any(s.intersects(box) for s in kept):
        raise _wrong([_("这些线都不在本区。")], "outside")
    return shapely.geometrycollections(lines_of([shapely.force_2d(s) for s in kept])), len(kept)


def _json_lines(data: bytes) -> list[Any]:
    try:
        value = json.loads(data.decode("utf-8-sig"))
        listed = value["features"]
        return [shapely.from_geojson(json.dumps(f["geometry"]), on_invalid="ignore") for f in listed if f["geometry"]]
    except (ValueError, KeyError, TypeError, RecursionError, shapely.errors.ShapelyError):
        raise _wrong([_("文件不是 GeoJSON 要素集合（FeatureCollection）。")], "not_feature_collection") from None


def _package_lines(data: bytes) -> list[Any]:
    with opened(data) as base:
        tables = feature_tables(base)
        if not tables or tables[0].epsg not in EPSG_WGS84:
            raise _wrong([_("GeoPackage 里没有 WGS-84 的要素图层。")], "wrong_crs")
        return [shape_of(r[0]) for r in rows(base, tables[0], (), 50_000)]
