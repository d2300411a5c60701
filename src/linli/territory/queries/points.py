"""Where a point lies: one at a time with names, or many at once as codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid

from .. import rules
from ..snapshot import Snapshot, current

NEAR_M = 150.0


@dataclass(frozen=True, slots=True)
class Located:
    """Where a point lies; "" where nothing is known at that level. `near` is a street within 150 m."""

    grid: str
    community: str
    subdistrict: str
    district: str
    community_name: str
    subdistrict_name: str
    approximate: bool
    near: str

    @property
    def area(self) -> str:
        """The finest code known."""
        return self.grid or self.community or self.subdistrict or self.district


@dataclass(frozen=True, slots=True)
class LocatedMany:
    """Codes of many points as text arrays of one shape; "" = outside."""

    grid: np.ndarray
    community: np.ndarray
    subdistrict: np.ndarray
    district: np.ndarray


def locate(lon: float, lat: float) -> Located | None:
    """Where a WGS-84 point lies, or None outside the district.

    Raises Invalid (bad_coordinates, zero_coordinates, swapped_coordinates, outside_china) for what is no position.
    """
    lon, lat = rules.checked_point(lon, lat)
    here = current()
    code = _code_at(here, lon, lat)
    if not code:
        return None
    grid, community, subdistrict = (code[:n] if len(code) >= n else "" for n in (15, 12, 9))
    names = here.divisions
    finest = names.get(community or subdistrict or code[:6])
    return Located(
        grid=grid,
        community=community,
        subdistrict=subdistrict,
        district=code[:6],
        community_name=names[community].name if community in names else "",
        subdistrict_name=names[subdistrict].name if subdistrict in names else "",
        approximate=here.cells[grid][2] if grid else finest is None or finest.approximate,
        near=here.near(lon, lat, NEAR_M),
    )


def check_point(lon: float, lat: float) -> Located:
    """`locate`, but a point outside the district is refused too.

    Raises Invalid outside_district, or maybe_gcj02 if the point would lie inside once read as GCJ-02.
    """
    found = locate(lon, lat)
    if found is not None:
        return found
    if _code_at(current(), *rules.wgs84_from_gcj02(lon, lat)):
        text = _("这个位置在区界之外，但很像手机地图的坐标（GCJ-02）。请换成 WGS-84 坐标再试。")
        raise Invalid("maybe_gcj02", text, fields={"place": [text]})
    text = _("这个位置不在本区范围内。请在地图上重新选点；外区的事请拨打 12345。")
    raise Invalid("outside_district", text, fields={"place": [text]})


def locate_many(lon: Sequence[float] | np.ndarray, lat: Sequence[float] | np.ndarray) -> LocatedMany:
    """Codes of many points at once, by the same rule. What is no position (NaN) is outside; nothing is raised."""
    x, y = np.broadcast_arrays(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    first, *coarser = current().finders
    index = first.locator.locate_many(x, y)
    found = [level[index] for level in first.levels]
    for finder in coarser:
        missed = found[3] == ""
        index = finder.locator.locate_many(x[missed], y[missed])
        for codes, level in zip(found, finder.levels, strict=True):
            codes[missed] = level[index]
    return LocatedMany(*found)


def _code_at(here: Snapshot, lon: float, lat: float) -> str:
    for finder in here.finders:
        index = finder.locator.locate(lon, lat)
        if index >= 0:
            return finder.locator.codes[index]
    return ""
