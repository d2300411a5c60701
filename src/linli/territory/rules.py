"""Pure decisions about points and codes: is this a position at all, and in which system. No database, no settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import cos, isfinite, pi, radians, sin, sqrt

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid

CHINA = (73.0, 3.0, 136.0, 54.0)  # west, south, east, north: a generous box
_CODE = re.compile(r"[0-9]{6}(?:[0-9]{3}){0,3}")


def is_code(text: str) -> bool:
    """Whether `text` is a code of 6, 9, 12 or 15 digits."""
    return _CODE.fullmatch(text) is not None


def in_china(lon: float, lat: float) -> bool:
    """Whether the point lies in a generous box around China."""
    west, south, east, north = CHINA
    return west <= lon <= east and south <= lat <= north


def checked_point(lon: float, lat: float) -> tuple[float, float]:
    """The point as floats if it can be a WGS-84 position in China.

    Raises Invalid with code bad_coordinates (not numbers), zero_coordinates (no position was set),
    swapped_coordinates (latitude first) or outside_china.
    """
    try:
        lon, lat = float(lon), float(lat)
    except (TypeError, ValueError):
        lon = lat = float("nan")
    if not (isfinite(lon) and isfinite(lat)):
        raise Invalid("bad_coordinates", _("坐标不是有效的数字。"), fields={"place": [_("坐标不是有效的数字。")]})
    if abs(lon) < 1e-6 and abs(lat) < 1e-6:
        text = _("没有取得位置（坐标为 0，0）。请在地图上选点，或搜索地点。")
        raise Invalid("zero_coordinates", text, fields={"place": [text]})
    if in_china(lat, lon) and not in_china(lon, lat):
        text = _("经度和纬度写反了。经度在前，纬度在后。")
        raise Invalid("swapped_coordinates", text, fields={"place": [text]})
    if abs(lon) > 180 or abs(lat) > 90:
        text = _("坐标超出范围：经度应在 ±180 之间，纬度应在 ±90 之间。")
        raise Invalid("bad_coordinates", text, fields={"place": [text]})
    if not in_china(lon, lat):
        text = _("这个位置不在中国境内。")
        raise Invalid("outside_china", text, fields={"place": [text]})
    return lon, lat


def wgs84_from_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """The WGS-84 position of a GCJ-02 one, to about 1 m: the published forward shift, inverted by iteration."""
    guess_lon, guess_lat = lon, lat
    for _step in range(4):
        moved = gcj02_from_wgs84(guess_lon, guess_lat)
        guess_lon += lon - moved[0]
        guess_lat += lat - moved[1]
    return guess_lon, guess_lat


def gcj02_from_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """The GCJ-02 position (national maps on phones) of a WGS-84 one; in Beijing about 550 m away."""
    a, ee = 6378245.0, 0.00669342162296594323
    x, y = lon - 105.0, lat - 35.0
    waves = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    magic = 1 - ee * sin(radians(lat)) ** 2
    d_lat = north * 180.0 / ((a * (1 - ee)) / (magic * sqrt(magic)) * pi)
    d_lon = east * 180.0 / (a / sqrt(magic) * cos(radians(lat)) * pi)
    return lon + d_lon, lat + d_lat


def read_point(said: Mapping[str, str]) -> tuple[float, float]:
    """`lon` and `lat` of a query in degrees, as numbers; whether they are a place is asked of `queries.check_point`.

    Raises Invalid(bad_coordinates), which names the field.
    """
    return _coordinate(said, "lon"), _coordinate(said, "lat")


def _coordinate(said: Mapping[str, str], name: str) -> float:
    raw = said.get(name, "")
    try:
        if len(raw) > 40:
            raise ValueError(name)
        return float(raw)
    except ValueError:
        text = _("坐标不是有效的数字。")
        raise Invalid("bad_coordinates", text, fields={name: [text]}) from None
