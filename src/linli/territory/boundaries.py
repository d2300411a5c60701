"""Checks of the polygons of a layer one by one: every problem is listed, with feature, code and place. No database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from django.utils.translation import gettext as _
from shapely import Geometry

from linli.core.errors import Invalid

from .choices import DIGITS, Layer
from .geometry import METRE_LAT, METRE_LON
from .partition import PRECISION
from .polygons import LARGEST_BYTES, MOST_FEATURES, read_polygons
from .rules import in_china

MOST_CORNERS = 1_000_000
LISTED = 200  # problems of one kind; more are counted
SPIKE_DEGREES, SPIKE_M = 2.0, 5.0


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
    """Reads the file (GeoJSON or GeoPackage): size, reference system, then each feature as `check_features` does."""
    found = Checked()
    try:
        file = read_polygons(data, most_bytes=LARGEST_BYTES, most_features=MOST_FEATURES)
    except Invalid as refused:
        found.add(refused.code, str(refused.message))
        return found
    for row in file.features:
        code = _code(row.properties.get("code"), row.number - 1, layer, found)
        geometry = _geometry(row.geometry, row.problem, row.number - 1, code, found)
        if geometry is not None and code:
            _take(found, layer, row.number - 1, code, str(row.properties.get("name") or ""), geometry, known)
    _count_corners(found)
    return found


def check_features(
    features: Iterable[tuple[str, str, Geometry | None]],
    layer: Layer,
    known: Mapping[str, str],
    numbers: Sequence[int] | None = None,
) -> Checked:
    """The same checks of (code, name, polygon) that come from elsewhere than a file: codes, names, each geometry on its
    own. `known` holds the names of divisions by code, for those that come with a code only; `numbers` how each is told.
    """
    found = Checked()
    for place, (raw_code, name, shape) in enumerate(features):
        index = numbers[place] if numbers else place
        code = _code(raw_code, index, layer, found)
        kind = getattr(shape, "geom_type", "")
        problem = "" if kind in {"Polygon", "MultiPolygon"} else "not_polygon"
        geometry = _geometry(None if problem else shape, problem, index, code, found)
        if geometry is not None and code:
            _take(found, layer, index, code, name, geometry, known)
    _count_corners(found)
    return found


def _take(
    found: Checked, layer: Layer, index: int, code: str, name: str, geometry: Geometry, known: Mapping[str, str]
) -> None:
    if code in found.geometries:
        found.add("duplicate_code", _("编码重复，与第 %(n)s 个要素相同。") % {"n": found.features[code] + 1},
                  feature=index, division=code)  # fmt: skip
        return
    kept = name.strip()[:100] or known.get(code, "")
    if not kept and layer is not Layer.GRIDS:
        found.add("missing_name", _("缺少名称（name），系统里也没有这个编码的名称。"), feature=index, division=code)
    _remark(found, index, code, geometry)
    found.geometries[code], found.names[code], found.features[code] = geometry, kept, index


def _remark(found: Checked, index: int, code: str, geometry: Geometry) -> None:
    """What is allowed but seldom meant: parts that do not touch, spikes."""
    parts = shapely.get_num_geometries(geometry)
    if parts > 1:
        found.add("several_parts", _("由 %(n)s 个不相连的部分组成，请核对。") % {"n": int(parts)}, feature=index, division=code,
                  warning=True)  # fmt: skip
    for lon, lat in spikes(geometry)[:3]:
        text = _("边线在这里急转折返（尖刺），请核对。")
        found.add("spike", text, feature=index, division=code, lon=lon, lat=lat, warning=True)


def spikes(geometry: Geometry) -> list[tuple[float, float]]:
    """Corners at which the border turns back within SPIKE_DEGREES with both legs longer than SPIKE_M, as (lon, lat)."""
    found: list[tuple[float, float]] = []
    for ring in shapely.get_rings(shapely.get_parts(geometry)):
        corners = shapely.get_coordinates(ring)[:-1]
        flat = corners * (METRE_LON, METRE_LAT)
        back, on = np.roll(flat, 1, axis=0) - flat, np.roll(flat, -1, axis=0) - flat
        short = np.minimum(np.hypot(*back.T), np.hypot(*on.T))
        angle = np.abs(np.arctan2(back[:, 0] * on[:, 1] - back[:, 1] * on[:, 0], (back * on).sum(axis=1)))
        sharp = (angle < np.radians(SPIKE_DEGREES)) & (short > SPIKE_M)
        found += [(round(x, 6), round(y, 6)) for x, y in corners[sharp].tolist()]
    return found


def _count_corners(found: Checked) -> None:
    corners = sum(int(shapely.get_num_coordinates(g)) for g in found.geometries.values())
    if corners > MOST_CORNERS:
        found.add("too_large", _("界线的节点太多：%(n)s 个，最多 %(most)s 个。") % {"n": corners, "most": MOST_CORNERS})


def _code(raw: Any, index: int, layer: Layer, found: Checked) -> str:
    whole = int(raw) if isinstance(raw, float) and raw.is_integer() else raw  # some programs write codes as numbers
    code = str(whole or "").strip()
    if not code:
        found.add("missing_code", _("缺少编码（code）。"), feature=index)
        return ""
    if not (re.fullmatch(r"[0-9]+", code) and len(code) == DIGITS[layer]):
        text = _("编码应是 %(n)s 位数字。") % {"n": DIGITS[layer]}
        found.add("bad_code", text, feature=index, division=code[:20])
        return ""
    return code


def _geometry(geometry: Geometry | None, problem: str, index: int, code: str, found: Checked) -> Geometry | None:
    """The polygon fitted to the lattice; None when it cannot be one. `problem` is what its reader said."""
    where = {"feature": index, "division": code}
    if problem in {"not_polygon", "no_geometry"}:
        found.add("not_polygon", _("图形不是面（Polygon 或 MultiPolygon）。"), **where)
        return None
    if geometry is None or geometry.is_empty:
        found.add("bad_geometry", _("图形无法读取：坐标不全，或环没有闭合。"), **where)
        return None
    geometry = shapely.force_2d(geometry)
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
