"""A circle on foot as a drawing for paper and for who has no map: whole metres, north up. A drawing, never a measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, radians
from typing import Any

from .near import METRE_DEGREES

MARGIN_M = 60
BAR_M = 500  # the scale that is drawn along


@dataclass(frozen=True, slots=True)
class Drawing:
    """`box` is an SVG viewBox in metres, the point asked about at 0, 0; outline and streets are path data; marks are
    (number, x, y); `mark_m` is the radius of a mark; bar is (x, y, length) of the scale."""

    box: str
    outline: str
    streets: str
    marks: tuple[tuple[int, int, int], ...]
    mark_m: int
    bar: tuple[int, int, int]


def drawing(
    lon: float, lat: float, circle: dict[str, Any], marks: Iterable[tuple[int, float, float]]
) -> Drawing | None:
    """Of the GeoJSON of a circle around a point (degrees, WGS-84) and numbered places; None where nothing is reached."""
    east, north = cos(radians(lat)) / METRE_DEGREES, 1 / METRE_DEGREES

    def metres(at: Sequence[float]) -> tuple[int, int]:
        return round((at[0] - lon) * east), round((lat - at[1]) * north)

    outline: list[str] = []
    streets: list[str] = []
    seen: list[tuple[int, int]] = []
    for feature in circle["features"]:
        shape = feature["geometry"]
        parts = shape["coordinates"]
        if shape["type"] in ("Polygon", "MultiPolygon"):
            rings = [ring for polygon in ([parts] if shape["type"] == "Polygon" else parts) for ring in polygon]
            for ring in rings:
                points = [metres(p) for p in ring]
                seen += points
                outline.append(f"{_path(points)}z")
        else:
            for line in [parts] if shape["type"] == "LineString" else parts:
                points = [metres(p) for p in line]
                seen += points
                streets.append(_path(points))
    if not seen:
        return None
    xs, ys = [x for x, _y in seen], [y for _x, y in seen]
    left, top, right, bottom = min(xs) - MARGIN_M, min(ys) - MARGIN_M, max(xs) + MARGIN_M, max(ys) + MARGIN_M
    placed = tuple((n, *metres((x, y))) for n, x, y in marks)
    box = f"{left} {top} {right - left} {bottom - top}"
    return Drawing(
        box, "".join(outline), "".join(streets), placed, max((right - left) // 70, 12), (left + 30, bottom - 20, BAR_M)
    )


def _path(points: list[tuple[int, int]]) -> str:
    """Path data with steps from point to point; points that fall together are one."""
    out = [f"M{points[0][0]} {points[0][1]}"]
    for before, now in pairwise(points):
        if now != before:
            out.append(f"l{now[0] - before[0]} {now[1] - before[1]}")
    return "".join(out)
