"""A community drawn for paper: boundary, walkable streets, homes, facilities. An SVG of our own, without tiles."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from django.utils.html import escape

from linli.core.errors import Missing
from linli.territory import queries as territory

from . import matrices, network

WIDTH, HEIGHT = 720, 330
MARGIN_M = 120.0
LEAST_M = 600.0  # a small community is still drawn with what is around it
STREET, EDGE, HOME, FACILITY = "#b7c0cc", "#0b57a4", "#c2410c", "#2f8f83"
BARS = (1000, 500, 200, 100)


@dataclass(frozen=True)
class Frame:
    """Metres to the paper: `low` is the south-west corner, `scale` points a metre."""

    low: np.ndarray
    scale: float

    def points(self, xy: np.ndarray) -> np.ndarray:
        """(k, 2) metres to points of the drawing, y downwards."""
        found = (xy - self.low) * self.scale
        return np.column_stack((found[:, 0], HEIGHT - found[:, 1]))

    def inside(self, xy: np.ndarray) -> np.ndarray:
        """(k,) bool: which are on the paper."""
        p = self.points(xy)
        return (p >= 0).all(axis=1) & (p[:, 0] <= WIDTH) & (p[:, 1] <= HEIGHT)


def community(code: str, on: date) -> str:
    """The drawing as SVG text; "" where neither a boundary nor a label point is known, or no network is."""
    view = territory.division(code)
    try:
        streets = network.streets()
    except Missing:
        return ""
    if view is None or view.lon is None or view.lat is None:
        return ""
    shape = _boundary(code, streets)
    frame = _frame(shape.bounds if shape is not None else None, streets.metres([view.lon], [view.lat])[0])
    homes = network.ground().homes
    mine = homes.community == code
    table = matrices.feet(on, True).table
    parts = [_streets(streets, frame)]
    if shape is not None:
        parts += [_path(frame.points(np.asarray(r.coords)), f'fill="{EDGE}" fill-opacity=".06" stroke="{EDGE}" stroke-width="2"', True) for r in _rings(shape)]  # fmt: skip
    parts += [
        _marks(frame, streets.metres(table.lon, table.lat), 'r="2.2"', FACILITY),
        _marks(
            frame, streets.metres(homes.lon[mine], homes.lat[mine]), 'r="3.4" stroke="#fff" stroke-width=".8"', HOME
        ),
        _bar(frame),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(view.name)}"><rect width="{WIDTH}" height="{HEIGHT}" fill="#fbfcfd"/>{"".join(parts)}</svg>'
    )


def _boundary(code: str, streets: network.Streets) -> shapely.Geometry | None:
    for feature in json.loads(territory.boundaries_geojson(12, code[:9]))["features"]:
        if feature["id"] == code:
            shape = shapely.from_geojson(json.dumps(feature["geometry"]))
            return shapely.transform(shape, lambda xy: streets.metres(xy[:, 0], xy[:, 1]))
    return None


def _rings(shape: shapely.Geometry) -> list[shapely.LinearRing]:
    return [r for p in shapely.get_parts(shape) for r in (p.exterior, *p.interiors)]


def _frame(box: tuple[float, float, float, float] | None, middle: np.ndarray) -> Frame:
    low, high = (middle, middle) if box is None else (np.array(box[:2]), np.array(box[2:]))
    size = np.maximum(high - low + 2 * MARGIN_M, LEAST_M)
    scale = float(min(WIDTH / size[0], HEIGHT / size[1]))
    return Frame((low + high) / 2 - np.array([WIDTH, HEIGHT]) / scale / 2, scale)


def _streets(streets: network.Streets, frame: Frame) -> str:
    net = streets.graph.network
    ends = frame.points(net.node_xy)[net.edge]
    low, high = ends.min(axis=1), ends.max(axis=1)
    near = np.flatnonzero(((high >= 0) & (low <= (WIDTH, HEIGHT))).all(axis=1))
    d = "".join(f"M{a[0]:.0f} {a[1]:.0f}L{b[0]:.0f} {b[1]:.0f}" for a, b in ends[near].tolist())
    return f'<path d="{d}" fill="none" stroke="{STREET}" stroke-width="1.2"/>'


def _path(points: np.ndarray, how: str, closed: bool) -> str:
    d = "L".join(f"{x:.1f} {y:.1f}" for x, y in points.tolist())
    return f'<path d="M{d}{"Z" if closed else ""}" {how}/>'


def _marks(frame: Frame, xy: np.ndarray, how: str, colour: str) -> str:
    there = frame.points(xy[frame.inside(xy)]) if len(xy) else np.empty((0, 2))
    circles = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" {how}/>' for x, y in there.tolist())
    return f'<g fill="{colour}">{circles}</g>'


def _bar(frame: Frame) -> str:
    """How long some metres are, and where north is."""
    metres = next((m for m in BARS if m * frame.scale <= WIDTH / 4), BARS[-1])
    long, y = metres * frame.scale, HEIGHT - 14
    return (
        f'<path d="M14 {y - 5}V{y}H{14 + long:.0f}V{y - 5}" fill="none" stroke="#16202e" stroke-width="1.5"/>'
        f'<text x="{18 + long:.0f}" y="{y}" font-size="12" fill="#16202e">{metres} m</text>'
        f'<path d="M{WIDTH - 22} 34V10M{WIDTH - 28} 18L{WIDTH - 22} 9L{WIDTH - 16} 18" fill="none" stroke="#16202e" stroke-width="1.5"/>'
        f'<text x="{WIDTH - 22}" y="48" font-size="12" text-anchor="middle" fill="#16202e">N</text>'
    )
