"""The contracted network and the homes as bytes for the browser (static/circle/reach.js reads them)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .. import matrices, network
from ..network import Ground

LEAST_TO_FIT, MOST_NODES = 30, 5_000


def packed(steps: bool) -> tuple[str, bytes]:
    """(digest, bytes): length of the head (uint32), the head as JSON, then little-endian arrays at multiples of 8.

    Metres are those of the network's projection; in the browser a point is put there by the quadratic of the head,
    fitted to the homes, whose worst error in metres the head states (`fitM`).
    """
    ground = network.ground(steps)
    return _packed(steps, ground.streets.digest, ground.value)


@lru_cache(maxsize=3)
def _packed(steps: bool, digest: str, value: str) -> tuple[str, bytes]:
    ground = network.ground(steps)  # kept: the digests are here to be the key
    graph, homes, placed = ground.streets.graph, ground.homes, ground.placed.places
    net = graph.network
    frame = _frame(ground)
    origin = frame.origin
    live = np.flatnonzero(graph.edge_arc >= 0)
    ends = net.node_xy[net.edge[live]] - origin
    length = np.where(np.isfinite(net.forward_m[live]), net.forward_m[live], 0.0)
    first = graph.edge_forward_m[live]
    turned = graph.edge_reversed[live]
    from0, from1 = np.where(turned, first + length, first), np.where(turned, first, first + length)
    home_xy = ground.streets.metres(homes.lon, homes.lat) - origin
    arrays = {
        "start": ("i4", graph.start), "head": ("i4", graph.head), "cost": ("f4", graph.cost_m),
        "arcA": ("i4", graph.arc[:, 0]), "arcB": ("i4", graph.arc[:, 1]), "arcLen": ("f4", graph.arc_forward_m),
        "x0": ("f4", ends[:, 0, 0]), "y0": ("f4", ends[:, 0, 1]), "x1": ("f4", ends[:, 1, 0]), "y1": ("f4", ends[:, 1, 1]),
        "edgeArc": ("i4", graph.edge_arc[live]), "from0": ("f4", from0), "from1": ("f4", from1),
        "edgeMain": ("i2", ground.streets.ground.main[live]),
        "homeArc": ("i4", placed.arc), "homeFrom": ("f4", placed.from_start_m), "homeSnap": ("f4", placed.snap_m),
        "homeX": ("f4", home_xy[:, 0]), "homeY": ("f4", home_xy[:, 1]),
        "homeCommunity": ("i2", matrices.community_index(homes.community)), "homeWeight": ("f4", homes.residents),
    }  # fmt: skip
    body = {
        name: np.ascontiguousarray(np.nan_to_num(v, posinf=0.0) if name in {"homeFrom", "homeSnap"} else v, f"<{kind}")
        for name, (kind, v) in arrays.items()
    }
    head = {
        "arrays": [[name, kind, len(body[name])] for name, (kind, _v) in arrays.items()],
        "lon0": frame.lon0, "lat0": frame.lat0, "x": frame.x, "y": frame.y, "fitM": round(frame.worst_m, 3),
        "snapM": network.setting("snap_longest_m"), "toleranceM": network.setting("snap_tolerance_m"),
    }  # fmt: skip
    said = json.dumps(head, separators=(",", ":")).encode()
    out = bytearray(len(said).to_bytes(4, "little") + said)
    for name in body:
        out += b"\0" * (-len(out) % 8)
        out += body[name].tobytes()
    return hashlib.sha256(out).hexdigest()[:24], bytes(out)


@dataclass(frozen=True)
class _Frame:
    """x - x0 and y - y0 of a point as a sum over (u, v, uu, uv, vv) with u = lon - lon0, v = lat - lat0, in degrees."""

    origin: np.ndarray
    lon0: float
    lat0: float
    x: list[float]
    y: list[float]
    worst_m: float


def _frame(ground: Ground) -> _Frame:
    """Fitted to the homes; where there are too few, to nodes of the network."""
    lon, lat = ground.homes.lon, ground.homes.lat
    if len(lon) < LEAST_TO_FIT:
        import pyproj

        xy = ground.streets.graph.network.node_xy
        xy = xy[:: max(len(xy) // MOST_NODES, 1)]
        lon, lat = pyproj.Transformer.from_crs(ground.streets.crs, "EPSG:4326", always_xy=True).transform(*xy.T)
    lon0, lat0 = float(lon.mean()), float(lat.mean())
    u, v = lon - lon0, lat - lat0
    xy = ground.streets.metres(lon, lat)
    centre = ground.streets.metres([lon0], [lat0])[0]
    design = np.column_stack((u, v, u * u, u * v, v * v))
    found, *_rest = np.linalg.lstsq(design, xy - centre, rcond=None)
    worst = float(np.abs(design @ found - (xy - centre)).max())
    return _Frame(centre, lon0, lat0, found[:, 0].tolist(), found[:, 1].tolist(), worst)
