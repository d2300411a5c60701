"""Background tiles of the map from the pack's own ground (Mapbox Vector Tile 2.1, zoom 9 to 14). No database."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import atan, degrees, exp, log, pi, radians, tan
from typing import Any

import numpy as np
import shapely
from shapely import Geometry

from .assemble import Ground
from .choices import Layer
from .places import STOPS
from .rows import DivisionRow, TileRow

ZOOMS = range(9, 15)
EXTENT = 4096
BUFFER = 64  # of 4096: lines continue a little behind the edge
_ROADS_FROM = {1: 9, 2: 9, 3: 11, 4: 12, 5: 13, 6: 14}
_QUIET = {STOPS, "其他", "停车", "ATM"}  # too many or too vague for a background

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Features of one layer in the unit square of Web Mercator, each with the zoom from which it shows."""

    name: str
    geometries: np.ndarray
    properties: Sequence[dict[str, Any]]
    from_zoom: np.ndarray
    tree: shapely.STRtree


def tile_rows(
    ground: Ground, divisions: Sequence[DivisionRow], progress: Progress | None = None
) -> tuple[TileRow, ...]:
    """Every tile that shows something, gzipped; the same ground gives the same bytes."""
    layers = list(_layers(ground, divisions))
    bounds = np.array([shapely.total_bounds(layer.geometries) for layer in layers if len(layer.geometries)])
    west, north = bounds[:, 0].min(), bounds[:, 1].min()
    east, south = bounds[:, 2].max(), bounds[:, 3].max()
    addresses = [
        (z, x, y)
        for z in ZOOMS
        for x in range(int(west * 2**z), int(east * 2**z) + 1)
        for y in range(int(north * 2**z), int(south * 2**z) + 1)
    ]
    rows = []
    for done, (z, x, y) in enumerate(addresses, start=1):
        if data := _tile(layers, z, x, y):
            rows.append(TileRow(z, x, y, gzip.compress(data, compresslevel=9, mtime=0)))
        if progress:
            progress(done, len(addresses))
    return tuple(rows)


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int]:
    """The column and row of the tile that holds a point."""
    return int((lon + 180) / 360 * 2**z), int((1 - log(tan(pi / 4 + radians(lat) / 2)) / pi) / 2 * 2**z)


def corner(x: int, y: int, z: int) -> tuple[float, float]:
    """Longitude and latitude of a tile's north-west corner."""
    return x / 2**z * 360 - 180, degrees(2 * atan(exp(pi * (1 - 2 * y / 2**z))) - pi / 2)


def _unit(geometries: Sequence[Geometry]) -> np.ndarray:
    def project(c: np.ndarray) -> np.ndarray:
        y = (1 - np.log(np.tan(np.pi / 4 + np.radians(c[:, 1]) / 2)) / np.pi) / 2
        return np.column_stack([(c[:, 0] + 180) / 360, y])

    return np.asarray(shapely.transform(np.array(geometries, dtype=object), project))


def _layers(ground: Ground, divisions: Sequence[DivisionRow]) -> Iterator[_Drawn]:
    """Back to front, the names that the map's style knows."""
    names = {d.code: d.name for d in divisions}
    pack = ground.pack
    yield _drawn("green", [(f.geometry, _named(f.properties), 10) for f in pack.green])
    yield _drawn("roads", list(_roads(ground)))
    for layer, zoom in ((Layer.COMMUNITIES, 12), (Layer.SUBDISTRICTS, 9), (Layer.DISTRICT, 9)):
        shown = ground.layers[layer].geometries
        yield _drawn(layer.value, [(g, {"code": c, "name": names[c]}, zoom) for c, g in shown.items()])
    shown_facilities = [f for f in pack.facilities if f.properties["name"] and f.properties["class"] not in _QUIET]
    yield _drawn(
        "facilities",
        [(f.geometry, {"kind": f.properties["class"], "name": f.properties["name"]}, 14) for f in shown_facilities],
    )
    for name, level, zoom in (("communities_label", 12, 12), ("subdistricts_label", 9, 10)):
        labels = [d for d in divisions if d.level == level and d.boundary]
        yield _drawn(name, [(shapely.Point(d.lon, d.lat), _label(d), zoom) for d in labels])


def _roads(ground: Ground) -> Iterator[tuple[Geometry, dict[str, Any], int]]:
    for road in ground.pack.roads:
        properties = {k: road.properties[k] for k in ("c", "n", "l") if k in road.properties}
        first = _ROADS_FROM[properties["c"]] + (1 if "l" in properties else 0)
        for part in shapely.get_parts(road.geometry):
            yield part, properties, min(first, ZOOMS[-1])


def _label(division: DivisionRow) -> dict[str, Any]:
    return {"code": division.code, "name": division.name, "short": division.short_name}


def _named(properties: Any) -> dict[str, Any]:
    return {"name": properties["name"]} if properties.get("name") else {}


def _drawn(name: str, features: Sequence[tuple[Geometry, dict[str, Any], int]]) -> _Drawn:
    geometries = _unit([g for g, _p, _z in features])
    zooms = np.array([z for _g, _p, z in features], dtype=int)
    return _Drawn(name, geometries, [p for _g, p, _z in features], zooms, shapely.STRtree(geometries))


def _tile(layers: Sequence[_Drawn], z: int, x: int, y: int) -> bytes:
    """One tile, or nothing if it is empty. Geometry is cut in tile units, y down."""
    size, margin = 1 / 2**z, BUFFER / EXTENT / 2**z
    window = shapely.box(x * size - margin, y * size - margin, (x + 1) * size + margin, (y + 1) * size + margin)
    content = []
    for layer in layers:
        hits = np.sort(layer.tree.query(window))
        hits = hits[layer.from_zoom[hits] <= z]
        if not len(hits):
            continue
        flat = shapely.transform(layer.geometries[hits], lambda c: (c - (x * size, y * size)) / size * EXTENT)
        cut = shapely.clip_by_rect(flat, -BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
        cut = shapely.simplify(cut, 1.0 if z == ZOOMS[-1] else 2.0)
        features = [
            {"geometry": geometry, "properties": layer.properties[index]}
            for geometry, index in zip(cut, hits.tolist(), strict=True)
            if geometry is not None and not geometry.is_empty
        ]
        if features:
            content.append({"name": layer.name, "features": _joined(features)})
    if not content:
        return b""
    import mapbox_vector_tile  # type: ignore[import-untyped]  # a large import that only loading a pack needs

    return bytes(mapbox_vector_tile.encode(content, default_options={"y_coord_down": True, "extents": EXTENT}))


def _joined(features: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines with equal properties become one feature: fewer bytes, and names repeat less along a street."""
    lines: dict[tuple[Any, ...], list[Geometry]] = {}
    rest = []
    for feature in features:
        if feature["geometry"].geom_type in {"LineString", "MultiLineString"}:
            lines.setdefault(tuple(feature["properties"].items()), []).append(feature["geometry"])
        else:
            rest.append(feature)
    for properties, parts in lines.items():
        merged = shapely.line_merge(shapely.multilinestrings(shapely.get_parts(parts)))
        rest.append({"geometry": merged, "properties": dict(properties)})
    return rest
