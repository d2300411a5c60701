"""How far places are from the walking network, for those who enter or import them, by the rule that reach itself uses."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linli.territory import queries as territory

from .. import network as live
from ..coordinates import METRES_A_DEGREE
from .homes import network

Float = NDArray[np.float64]
Box = tuple[float, float, float, float]
LOOK_M = 100_000.0  # beyond that nobody asks how far


def metres_to_streets(lon: ArrayLike, lat: ArrayLike) -> Float:
    """(N,) metres to the street that reach would take; NaN where none is near, and for all without a network."""
    asked = np.asarray(lon, float)
    if network() is None or not len(asked):
        return np.full(len(asked), np.nan)
    places = live.streets().place(asked, np.asarray(lat, float), longest_m=LOOK_M).places
    return np.where(places.arc >= 0, places.snap_m, np.nan)


def area(beyond_m: float) -> Box:
    """West, south, east, north of where facilities are looked for: the network's box, or the district's with a margin."""
    if network() is not None:
        return _box(live.streets())
    west, south, east, north = territory.bounds()
    up = beyond_m / METRES_A_DEGREE
    side = up / np.cos(np.radians(south))
    return west - side, south - up, east + side, north + up


@lru_cache(maxsize=1)
def _box(streets: live.Streets) -> Box:
    """Of the ends of all streets, in degrees."""
    import pyproj

    net = streets.graph.network
    ends = net.node_xy[np.unique(net.edge)]
    lon, lat = pyproj.Transformer.from_crs(streets.crs, "EPSG:4326", always_xy=True).transform(*ends.T)
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())
