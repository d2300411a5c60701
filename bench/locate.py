"""Speed and agreement of linli_engines.locate beside shapely's STRtree, in one process, on grids laid over Xicheng.

`python -m bench.locate` prints the rows; `run()` returns them for bench/results.json.
"""

from __future__ import annotations

import io
import json
import math
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from linli_engines.locate import UNITS_PER_DEGREE, Locator
from linli_engines.locate.build import build_tables

PACK = Path(__file__).resolve().parents[1] / "packs" / "xicheng" / "communities.geojson"
POINTS = 2_000_000
PEER_POINTS = 300_000
SIDE_M = 208.5
"""Squares of this side, cut by the community borders, make about 2,400 pieces."""

Row = dict[str, Any]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Ground:
    """Grids in integer units of 1e-7 degree, for both sides alike, and the points to ask."""

    codes: list[str]
    shapes: list[shapely.Geometry]
    polygons: list[list[NDArray[np.float64]]]

    @property
    def mean_corners(self) -> float:
        return float(shapely.get_num_coordinates(np.array(self.shapes)).mean())


def squares(side_m: float = SIDE_M) -> tuple[list[str], list[shapely.Geometry]]:
    """Squares clipped to the communities; each piece is one grid with a code of 12 + 3 digits."""
    features = json.loads(PACK.read_text(encoding="utf-8"))["features"]
    areas = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    names = [f"{i:012d}" for i in range(len(features))]
    west, south, _, north = shapely.total_bounds(np.array(areas))
    step_y = side_m / 111_195
    step_x = step_y / math.cos(math.radians((south + north) / 2))
    codes, pieces = [], []
    for name, area in zip(names, areas, strict=True):
        x0, y0, x1, y1 = area.bounds
        number = 0
        for j in range(int((y0 - south) // step_y), int((y1 - south) // step_y) + 1):
            for i in range(int((x0 - west) // step_x), int((x1 - west) // step_x) + 1):
                x, y = west + i * step_x, south + j * step_y
                cut = area.intersection(shapely.box(x, y, x + step_x, y + step_y))
                parts = [part for part in shapely.get_parts(cut) if part.geom_type == "Polygon" and part.area > 0]
                if parts:
                    number += 1
                    codes.append(f"{name}{number:03d}")
                    pieces.append(shapely.MultiPolygon(parts))
    return codes, pieces


def wavy(shape: shapely.Geometry) -> shapely.Geometry:
    """More corners and no straight side: a point every 30 m, moved up to 4 m by a function of its place alone."""

    def bend(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = xy.T
        return xy + 4e-5 * np.column_stack((np.sin(9_000 * x + 4_000 * y), np.cos(7_000 * y - 5_000 * x)))

    return shapely.transform(shapely.segmentize(shape, 30 / 111_195), bend)


def ground(codes: list[str], shapes: list[shapely.Geometry]) -> Ground:
    """Corners rounded to whole units; the locator gets them in degrees."""
    whole = [shapely.transform(shape, lambda xy: np.rint(xy * UNITS_PER_DEGREE)) for shape in shapes]
    polygons = []
    for shape in whole:
        rings = [r for part in shapely.get_parts(shape) for r in (part.exterior, *part.interiors)]
        polygons.append([shapely.get_coordinates(ring) / UNITS_PER_DEGREE for ring in rings])
    return Ground(codes, whole, polygons)


def uniform_points(g: Ground, count: int, rng: np.random.Generator) -> Ints:
    """Whole units over the bounding box: a third falls outside of every grid."""
    west, south, east, north = shapely.total_bounds(np.array(g.shapes))
    return np.column_stack((rng.integers(west, east, count), rng.integers(south, north, count)))


def border_points(g: Ground, count: int, rng: np.random.Generator) -> Ints:
    """About two metres from a border: evenly along all borders, with a normal spread of 2e-5 degree."""
    lines = shapely.get_parts(shapely.boundary(np.array(g.shapes)))
    length = shapely.length(lines)
    chosen = rng.choice(len(lines), count, p=length / length.sum())
    spots = shapely.line_interpolate_point(lines[chosen], rng.random(count), normalized=True)
    points: Ints = np.rint(shapely.get_coordinates(spots) + rng.normal(0, 200, (count, 2))).astype(np.int64)
    return points


def exact_points(g: Ground) -> Ints:
    """Points on borders to the unit: every corner, and every middle of a side that is a whole unit."""
    corners, owner = shapely.get_coordinates(np.array(g.shapes), return_index=True)
    middle = (corners[1:] + corners[:-1])[owner[1:] == owner[:-1]] / 2
    return np.concatenate((corners, middle[(middle % 1 == 0).all(axis=1)])).astype(np.int64)


def by_shapely(tree: shapely.STRtree, points: Ints, count: int, found: Ints) -> None:
    """Into `found`: the lowest code that touches each point; the codes are in text order already."""
    found[:] = count
    point, grid = tree.query(shapely.points(points), predicate="intersects")
    np.minimum.at(found, point, grid)
    found[found == count] = -1


def timed(work: Callable[[], object], turns: int = 5) -> tuple[float, float]:
    """The best wall time and the best CPU time of several turns, in seconds."""
    walls, cpus = [], []
    for _ in range(turns):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


def one_by_one(locator: Locator, places: list[tuple[float, float]]) -> None:
    for lon, lat in places:
        locator.locate(lon, lat)


def machine() -> str:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores (one used), numpy {np.__version__}, shapely {shapely.__version__}"


def row(
    name: str, value: float, unit: str, better: str, limit: float | None = None, peer_value: float | None = None
) -> Row:
    return {
        "area": "locate",
        "name": name,
        "database": "",
        "value": round(value, 3),
        "unit": unit,
        "better": better,
        "limit": limit,
        "peer": "" if peer_value is None else "shapely STRtree",
        "peer_value": None if peer_value is None else round(peer_value, 3),
        "machine": machine(),
    }


def speed_rows(g: Ground, label: str, rng: np.random.Generator) -> list[Row]:
    locator = Locator.build(g.codes, g.polygons)
    other = Locator(build_tables(g.codes, g.polygons, 4_000_000, table_lines=0), g.codes)
    tree = shapely.STRtree(g.shapes)
    rows = []
    for kind, points in (
        ("points everywhere", uniform_points(g, POINTS, rng)),
        ("points within metres of borders", border_points(g, POINTS, rng)),
    ):
        lon, lat = points.T / UNITS_PER_DEGREE
        wall, cpu = timed(partial(locator.locate_many, lon, lat))
        _, ray_cpu = timed(partial(other.locate_many, lon, lat), turns=2)
        few = points[:PEER_POINTS]
        by_peer = np.empty(len(few), dtype=np.int64)
        peer_wall, peer_cpu = timed(partial(by_shapely, tree, few, len(g.codes), by_peer), turns=2)
        rate, peer_rate = POINTS / 1e6, PEER_POINTS / 1e6
        name = f"bulk, {len(g.codes):,} {label}, {kind}"
        rows.append(row(name, rate / wall, "M/s", "higher", 1.0, peer_rate / peer_wall))
        rows.append(row(f"{name}, by CPU time", rate / cpu, "M/s", "higher", 1.0, peer_rate / peer_cpu))
        rows.append(row(f"{name}, by CPU time, ray test in every border cell", rate / ray_cpu, "M/s", "higher"))
        some = list(zip(lon[:2_000].tolist(), lat[:2_000].tolist(), strict=True))
        _, one = timed(partial(one_by_one, locator, some), turns=20)
        rows.append(
            row(f"single, {len(g.codes):,} {label}, {kind}, by CPU time", one / len(some) * 1e6, "us", "lower", 10.0)
        )
        wrong = int((locator.locate_many(lon[:PEER_POINTS], lat[:PEER_POINTS]) != by_peer).sum())
        rows.append(row(f"differences in {PEER_POINTS:,}, {label}, {kind}", wrong, "points", "lower", 0))
    return rows


def cost_rows(g: Ground, label: str) -> list[Row]:
    _, build = timed(lambda: Locator.build(g.codes, g.polygons), turns=3)
    locator = Locator.build(g.codes, g.polygons)
    stored = io.BytesIO()
    locator.to_npz(stored)
    _, load = timed(lambda: (stored.seek(0), Locator.from_npz(stored)))
    points = exact_points(g)
    found = locator.locate_many(*(points.T / UNITS_PER_DEGREE))
    by_peer = np.empty(len(points), dtype=np.int64)
    by_shapely(shapely.STRtree(g.shapes), points, len(g.codes), by_peer)
    wrong = int((found != by_peer).sum())
    return [
        row(f"build, {len(g.codes):,} {label} of {g.mean_corners:.0f} corners, by CPU time", build, "s", "lower", 3.0),
        row(f"load, {len(g.codes):,} {label}, by CPU time", load * 1e3, "ms", "lower", 50.0),
        row(f"memory, {len(g.codes):,} {label}", locator.nbytes / 2**20, "MiB", "lower", 32.0),
        row(f"file, {len(g.codes):,} {label}", len(stored.getvalue()) / 2**20, "MiB", "lower"),
        row(f"differences in {len(points):,} on borders, {label}", wrong, "points", "lower", 0),
    ]


def run() -> list[Row]:
    rng = np.random.default_rng(20261122)
    codes, shapes = squares()
    rows = []
    for label, these in (("squares", shapes), ("wavy grids", [wavy(shape) for shape in shapes])):
        g = ground(codes, these)
        rows += speed_rows(g, label, rng) + cost_rows(g, label)
    return rows


if __name__ == "__main__":
    for result in run():
        peer = "" if result["peer_value"] is None else f"   (shapely {result['peer_value']})"
        limit = "" if result["limit"] is None else f"   [limit {result['limit']}]"
        print(f"{result['value']:>10} {result['unit']:<7}{result['name']}{peer}{limit}")
    print(machine())
