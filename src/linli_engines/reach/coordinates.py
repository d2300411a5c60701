"""Degrees and metres: the projection, and coordinates that cannot be what they say."""

from __future__ import annotations

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]

FAULTS = ("", "no_coordinates", "null_island", "swapped", "off_the_map")
"""What `faults` numbers: fine, NaN or infinite, exactly (0, 0), a latitude beyond 90 that fits as a longitude, neither."""


def faults(lon: Float, lat: Float) -> NDArray[np.uint8]:
    """(k,) index into FAULTS. What is possible but wrong (another datum, another city) is not seen here."""
    x, y = np.abs(lon), np.abs(lat)
    found = np.zeros(len(x), np.uint8)
    found[(x > 180) | (y > 90)] = FAULTS.index("off_the_map")
    found[(x <= 90) & (y > 90) & (y <= 180)] = FAULTS.index("swapped")
    found[(x == 0) & (y == 0)] = FAULTS.index("null_island")
    found[~np.isfinite(lon) | ~np.isfinite(lat)] = FAULTS.index("no_coordinates")
    return found


def looks_swapped(lon: Float, lat: Float, box: tuple[float, float, float, float] | None = None) -> bool:
    """Whether longitude and latitude of a whole file stand in each other's place.

    Certain where most "latitudes" exceed 90 and most "longitudes" do not. With `box` (west, south, east, north) of
    where the data should lie also where most points are outside, and inside once exchanged.
    """
    known = np.isfinite(lon) & np.isfinite(lat)
    x, y = lon[known], lat[known]
    if not len(x):
        return False
    if box is not None:
        west, south, east, north = box
        inside = ((x >= west) & (x <= east) & (y >= south) & (y <= north)).mean()
        turned = ((y >= west) & (y <= east) & (x >= south) & (x <= north)).mean()
        return bool(turned > 0.5 > inside)
    return bool((np.abs(y) > 90).mean() > 0.5 and (np.abs(x) <= 90).mean() > 0.5)


def utm_zone(lon: Float, lat: Float) -> str:
    """The UTM zone of the middle of the points, as EPSG code of WGS-84."""
    x, y = (float(np.median(lon)), float(np.median(lat))) if len(lon) else (0.0, 0.0)
    return f"EPSG:{32600 + min(60, int((x + 180) // 6) + 1) + (100 if y < 0 else 0)}"


def metres(lon: ArrayLike, lat: ArrayLike, crs: str) -> Float:
    """(k, 2) in the projection `crs`; NaN for what `faults` finds. Raises ValueError: not a projection in metres."""
    x, y = np.asarray(lon, np.float64).ravel(), np.asarray(lat, np.float64).ravel()
    target = pyproj.CRS.from_user_input(crs)
    if not target.is_projected or any(axis.unit_name != "metre" for axis in target.axis_info):
        raise ValueError(f"{crs} is no projection in metres")
    transformer = pyproj.Transformer.from_crs("EPSG:4326", target, always_xy=True)
    xy = np.column_stack(transformer.transform(x, y)).astype(np.float64).reshape(-1, 2)
    xy[(faults(x, y) > 0) | ~np.isfinite(xy).all(axis=1)] = np.nan
    return xy


def degrees(xy: Float, crs: str) -> Float:
    """(k, 2) longitude and latitude of points in metres."""
    transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])).astype(np.float64).reshape(-1, 2)
