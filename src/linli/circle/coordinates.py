"""WGS-84, GCJ-02 and BD-09: exact published formulas forward, iteration backward to well under 0.1 m. Pure.

GCJ-02 is the shift that public map services in China apply (forward formula as published in eviltransform and
coordtransform; `territory.rules` holds it). BD-09 turns and stretches GCJ-02 a little further (Baidu's published form).
Both have no published inverse: `_inverted` takes away what the forward formula adds, until nothing is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import atan2, cos, hypot, pi, sin

import numpy as np
from numpy.typing import NDArray

from linli.territory.rules import gcj02_from_wgs84

from .choices import Datum

Point = tuple[float, float]
Float = NDArray[np.float64]
SETTLED_DEG = 1e-10  # about 0.01 mm
ROUNDS = 30
_TURN = pi * 3000.0 / 180.0
METRES_A_DEGREE = 111_320.0


def bd09_from_gcj02(lon: float, lat: float) -> Point:
    """The BD-09 position of a GCJ-02 one."""
    radius = hypot(lon, lat) + 0.00002 * sin(lat * _TURN)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _TURN)
    return radius * cos(angle) + 0.0065, radius * sin(angle) + 0.006


def gcj02_from_bd09(lon: float, lat: float) -> Point:
    """The GCJ-02 position of a BD-09 one."""
    return _inverted(bd09_from_gcj02, lon, lat)


def wgs84_from_gcj02(lon: float, lat: float) -> Point:
    """The WGS-84 position of a GCJ-02 one."""
    return _inverted(gcj02_from_wgs84, lon, lat)


def _inverted(forward: Callable[[float, float], Point], lon: float, lat: float) -> Point:
    x, y = lon, lat
    for _round in range(ROUNDS):
        there = forward(x, y)
        dx, dy = lon - there[0], lat - there[1]
        x, y = x + dx, y + dy
        if abs(dx) < SETTLED_DEG and abs(dy) < SETTLED_DEG:
            break
    return x, y


def to_wgs84(lon: float, lat: float, datum: str) -> Point:
    """A position of a declared system as WGS-84."""
    if datum == Datum.BD09:
        lon, lat = gcj02_from_bd09(lon, lat)
    return (lon, lat) if datum == Datum.WGS84 else wgs84_from_gcj02(lon, lat)


def from_wgs84(lon: float, lat: float, datum: str) -> Point:
    """A WGS-84 position in another system."""
    if datum == Datum.WGS84:
        return lon, lat
    shifted = gcj02_from_wgs84(lon, lat)
    return shifted if datum == Datum.GCJ02 else bd09_from_gcj02(*shifted)


def all_to_wgs84(lon: Sequence[float], lat: Sequence[float], datum: str) -> tuple[Float, Float]:
    """Many positions at once: (N,) longitudes and latitudes."""
    points = np.array([to_wgs84(x, y, datum) for x, y in zip(lon, lat, strict=True)], float).reshape(-1, 2)
    return points[:, 0], points[:, 1]


def metres_between(lon: Float | float, lat: Float | float, to_lon: Float | float, to_lat: Float | float) -> Float:
    """Distance over some kilometres on a flat piece of ground: within 0.3 % at the latitudes of China."""
    east = (np.asarray(to_lon) - lon) * np.cos(np.radians(lat))
    return np.asarray(np.hypot(east, np.asarray(to_lat) - lat) * METRES_A_DEGREE)


def likely_datum(
    rows: Iterable[tuple[float, float, Sequence[Point]]], declared: str, *, near_m: float = 80.0
) -> tuple[str, int, float]:
    """Which system the positions of known places speak for: (system, how many were compared, how far they are as declared).

    `rows`: longitude and latitude as the file has them, and where places of that name are known (WGS-84). The answer is
    the declared system unless the places lie off by more than `near_m` (median) and within `near_m` under another one.
    """  # fmt: skip
    off: dict[str, list[float]] = {d: [] for d in Datum.values}
    for lon, lat, known in rows:
        if not known:
            continue
        x, y = np.array(known, float).T
        for datum in Datum.values:
            here = to_wgs84(lon, lat, datum)
            off[datum].append(float(metres_between(here[0], here[1], x, y).min()))
    if not off[declared]:
        return declared, 0, float("nan")
    median = {d: float(np.median(found)) for d, found in off.items()}
    best = min(median, key=lambda d: median[d])
    told = best if median[declared] > near_m >= median[best] else declared
    return told, len(off[declared]), median[declared]
