"""Checks of an imported boundary file: every problem is listed, with feature, code, area and place. No database."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import shapely
from django.utils.translation import gettext as _
from shapely import Geometry

from .choices import DIGITS, Layer
from .partition import PRECISION
from .rules import in_china

LARGEST_BYTES = 20 * 1024 * 1024
MOST_FEATURES = 20_000
MOST_CORNERS = 1_000_000
LISTED = 200  # problems of one kind; more are counted
_WGS84 = re.compile(r"(CRS:?84|EPSG:+4326|OGC:1\.3:CRS84)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. `feature` counts from 0; `lon`, `lat` say where to look; a warning does not stop the import."""

    code: str
    message: str
    feature: int | None = None
    division: str = ""
    area_m2: float | None = None
    lon: float | None = None
    lat: float | None = None
    warning: bool = False


@dataclass(slots=True)
class Checked:
    """What a file holds, as far as it could be read, and what is wrong with it."""

    geometries: dict[str, Geometry] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    features: dict[str, int] = field(default_factory=dict)  # code -> index in the file
    problems: list[Problem] = field(default_factory=list)

    def add(self, code: str, message: str, **facts: Any) -> None:
        self.problems.append(Problem(code, message, **facts))

    @property
    def stopped(self) -> bool:
        return any(not p.warning for p in self.problems)


def check_form(data: bytes, layer: Layer, known: Mapping[str, str]) -> Checked:
    """Reads the file: size, JSON, reference system, codes, names, geometry of each feature on its own.

    `known` holds the names of divisions by code, for files that carry codes only.
    """
    found = Checked()
    rows = _rows(data, found)
    corners = 0
    for index, row in enumerate(rows):
        code = _code(row, index, layer, found)
        geometry = _geometry(row, index, code, found)
        if geometry is None or not code:
            continue
        corners += int(shapely.get_num_coordinates(geometry))
        if code in found.geometries:
            found.add("duplicate_code", _("编码重复，与第 %(n)s 个要素相同。") % {"n": found.features[code] + 1},
                      feature=index, division=code)  # fmt: skip
            continue
        name = str(row["properties"].get("name") or "").strip()[:100] or known.get(code, "")
        if not name and layer is not Layer.GRIDS:
            found.add("missing_name", _("缺少名称（name），系统里也没有这个编码的名称。"), feature=index, division=code)
        found.geometries[code], found.names[code], found.features[code] = geometry, name, index
    if corners > MOST_CORNERS:
        found.add("too_large", _("界线的节点太多：%(n)s 个，最多 %(most)s 个。") % {"n": corners, "most": MOST_CORNERS})
    return found


def _rows(data: bytes, found: Checked) -> list[dict[str, Any]]:
    if len(data) > LARGEST_BYTES:
        found.add("too_large", _("文件太大：%(n)s MB，最多 20 MB。") % {"n": round(len(data) / 1048576, 1)})
        return []
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        found.add("not_utf8", _("文件不是 UTF-8 编码。"))
        return []
    except (ValueError, RecursionError):
        found.add("not_json", _("文件不是有效的 JSON。"))
        return []
    rows = value.get("features") if isinstance(value, dict) and value.get("type") == "FeatureCollection" else None
    if not isinstance(rows, list):
        found.add("not_feature_collection", _("文件不是 GeoJSON 要素集合（FeatureCollection）。"))
        return []
    crs = value.get("crs")
    name = str(((crs or {}).get("properties") or {}).get("name", "")) if isinstance(crs, dict | None) else "?"
    if crs and not _WGS84.search(name):
        found.add("wrong_crs", _("坐标系不是 WGS-84（EPSG:4326），而是：%(name)s") % {"name": name[:80] or "?"})
        return []
    if not rows:
        found.add("empty", _("文件里没有要素。"))
    if len(rows) > MOST_FEATURES:
        found.add("too_large", _("要素太多：%(n)s 个，最多 %(most)s 个。") % {"n": len(rows), "most": MOST_FEATURES})
        return []
    return [row if isinstance(row, dict) else {} for row in rows]


def _code(row: dict[str, Any], index: int, layer: Layer, found: Checked) -> str:
    properties = row.get("properties")
    row["properties"] = properties if isinstance(properties, dict) else {}
    code = str(row["properties"].get("code") or "").strip()
    if not code:
        found.add("missing_code", _("缺少编码（code）。"), feature=index)
        return ""
    if not (re.fullmatch(r"[0-9]+", code) and len(code) == DIGITS[layer]):
        text = _("编码应是 %(n)s 位数字。") % {"n": DIGITS[layer]}
        found.add("bad_code", text, feature=index, division=code[:20])
        return ""
    return code


def _geometry(row: dict[str, Any], index: int, code: str, found: Checked) -> Geometry | None:
    where = {"feature": index, "division": code}
    raw = row.get("geometry")
    if not isinstance(raw, dict) or raw.get("type") not in {"Polygon", "MultiPolygon"}:
        found.add("not_polygon", _("图形不是面（Polygon 或 MultiPolygon）。"), **where)
        return None
    try:
        geometry = shapely.force_2d(shapely.from_geojson(json.dumps(raw)))
    except (shapely.errors.ShapelyError, TypeError, ValueError):
        geometry = None
    if geometry is None or geometry.is_empty:
        found.add("bad_geometry", _("图形无法读取：坐标不全，或环没有闭合。"), **where)
        return None
    west, south, east, north = shapely.bounds(geometry).tolist()
    if (
        not all(map(_finite, (west, south, east, north)))
        or max(abs(west), abs(east)) > 180
        or max(abs(south), abs(north)) > 90
    ):
        if _finite(west) and in_china(south, west) and in_china(north, east):
            found.add("swapped_coordinates", _("经度和纬度写反了。"), lon=south, lat=west, **where)
        else:
            found.add("wrong_crs", _("坐标不是经纬度，可能是投影坐标。请转换为 WGS-84 后再导入。"), **where)
        return None
    if not (in_china(west, south) and in_china(east, north)):
        if in_china(south, west) and in_china(north, east):
            found.add("swapped_coordinates", _("经度和纬度写反了。"), lon=south, lat=west, **where)
        else:
            found.add("outside_china", _("图形不在中国境内。"), lon=west, lat=south, **where)
        return None
    if not geometry.is_valid:
        reason = str(shapely.is_valid_reason(geometry))
        at = re.search(r"\[(-?[\d.]+) (-?[\d.]+)", reason)
        place = {"lon": float(at[1]), "lat": float(at[2])} if at else {}
        found.add("self_intersection", _("图形自相交或环的嵌套有误。"), **where, **place)
        return None
    fitted = shapely.set_precision(geometry, PRECISION)
    if fitted.is_empty or fitted.geom_type not in {"Polygon", "MultiPolygon"}:
        found.add("bad_geometry", _("图形太小，不是有面积的面。"), **where)
        return None
    return shapely.orient_polygons(shapely.normalize(fitted))


def _finite(value: float) -> bool:
    return value == value and abs(value) != float("inf")
