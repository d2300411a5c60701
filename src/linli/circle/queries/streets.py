"""How far places are from the walking network, for those who enter or import them. Reach itself snaps by its own engine."""

from __future__ import annotations

import io
import zipfile
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from linli.territory import queries as territory

from ..coordinates import METRES_A_DEGREE
from .homes import network, network_content

Float = NDArray[np.float64]
Box = tuple[float, float, float, float]


def metres_to_streets(lon: ArrayLike, lat: ArrayLike) -> Float:
    """(N,) metres to the nearest edge; NaN for all where no network was taken in."""
    at = np.column_stack([lon, lat]).astype(float)
    out = np.full(len(at), np.nan)
    found = network()
    if found is not None and len(at):
        tree, scale = _tree(found.digest, found.id)
        index, metres = tree.query_nearest(shapely.points(at * scale), all_matches=False, return_distance=True)
        out[index[0]] = metres
    return out


def area(beyond_m: float) -> Box:
    """West, south, east, north of where facilities are looked for: the network's box, or the district's with a margin."""
    found = network()
    if found is not None:
        west, south, east, north = _box(found.digest, found.id)
        return west, south, east, north
    west, south, east, north = territory.bounds()
    up = beyond_m / METRES_A_DEGREE
    side = up / np.cos(np.radians(south))
    return west - side, south - up, east + side, north + up


@lru_cache(maxsize=1)
def _lines(digest: str, id: int) -> tuple[Float, Float]:
    """(E, 2, 2) ends of every edge in degrees, (2,) metres a degree of longitude and latitude."""
    from pyarrow import parquet

    with zipfile.ZipFile(io.BytesIO(network_content(id))) as archive:
        nodes = parquet.read_table(io.BytesIO(archive.read("walk_nodes.parquet")), columns=["id", "lon", "lat"])
        edges = parquet.read_table(io.BytesIO(archive.read("walk_edges.parquet")), columns=["u", "v"])
    ids = nodes["id"].to_numpy()
    order = np.argsort(ids)
    at, ids = np.column_stack([nodes["lon"].to_numpy(), nodes["lat"].to_numpy()])[order], ids[order]
    asked = np.column_stack([edges[side].to_numpy() for side in ("u", "v")])
    rows = np.searchsorted(ids, asked).clip(max=len(ids) - 1)
    ends = at[rows]
    ends = ends[(ids[rows] == asked).all(axis=1) & np.isfinite(ends).all(axis=(1, 2))]  # no street leads nowhere
    middle = float(np.radians(ends[:, :, 1].mean()))
    return ends, np.array([METRES_A_DEGREE * np.cos(middle), METRES_A_DEGREE])


@lru_cache(maxsize=1)
def _tree(digest: str, id: int) -> tuple[shapely.STRtree, Float]:
    ends, scale = _lines(digest, id)
    return shapely.STRtree(shapely.linestrings(ends * scale)), scale


def _box(digest: str, id: int) -> Box:
    flat = _lines(digest, id)[0].reshape(-1, 2)
    west, south = flat.min(axis=0).tolist()
    east, north = flat.max(axis=0).tolist()
    return west, south, east, north
