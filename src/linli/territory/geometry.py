"""Small geometry of one city: metres around a point, label points, GeoJSON text. WGS-84 degrees in and out."""

from __future__ import annotations

import json
from math import cos, radians
from typing import Any

import numpy as np
import pyproj
import shapely
from shapely import Geometry

METRE_LAT = 111_035.0  # metres in a degree of latitude near 40 degrees north
METRE_LON = 111_320.0 * cos(radians(39.92)) * 1.0025  # and of longitude (ellipsoid)
_GEOD = pyproj.Geod(ellps="WGS84")


def area_m2(geometry: Geometry) -> float:
    """Area on the ellipsoid in square metres."""
    return abs(_GEOD.geometry_area_perimeter(geometry)[0])


def to_metres(geometry: Any) -> Any:
    """A flat picture in metres, good to 0.1 % within 30 km: for "within 150 m", not for surveying."""
    return shapely.transform(geometry, lambda c: c * (METRE_LON, METRE_LAT))


def label_point(geometry: Geometry) -> tuple[float, float]:
    """The middle of the largest circle inside: where a label reads best."""
    parts = shapely.get_parts(geometry)
    largest = parts[int(np.argmax(shapely.area(parts)))]
    middle = shapely.get_point(shapely.maximum_inscribed_circle(to_metres(largest), tolerance=5.0), 0)
    return round(float(shapely.get_x(middle)) / METRE_LON, 6), round(float(shapely.get_y(middle)) / METRE_LAT, 6)


def geojson(geometry: Geometry, digits: int = 7) -> str:
    """GeoJSON text, coordinates rounded to `digits` (7 is about 1 cm)."""

    def trim(node: Any) -> Any:
        return round(node, digits) if isinstance(node, float | int) else [trim(n) for n in node]

    value = json.loads(shapely.to_geojson(geometry))
    return json.dumps({"type": value["type"], "coordinates": trim(value["coordinates"])}, separators=(",", ":"))
