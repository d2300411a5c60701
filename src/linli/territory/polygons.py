"""Files of polygons, in and out: GeoJSON and GeoPackage become the same rows. Whether the rows are good is asked elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import shapely
from django.utils.translation import gettext as _
from shapely import Geometry

from .geometry import geojson
from .geopackage import FeatureTable, feature_tables, is_geopackage, opened, refuse, rows, shape_of
from .package_writing import geopackage_file

__all__ = ["PolygonFile", "RawFeature", "geojson_file", "geopackage_file", "read_polygons"]

LARGEST_BYTES = 20 * 1024 * 1024
MOST_FEATURES = 20_000
MOST_COLUMNS = 80
EPSG_WGS84 = frozenset({4326, 4490})  # CGCS2000 differs from WGS-84 by centimetres
_WGS84 = re.compile(r"(CRS:?84|EPSG:+(4326|4490)|OGC:1\.3:CRS84)$", re.IGNORECASE)
_POLYGONS = {"Polygon", "MultiPolygon"}


@dataclass(frozen=True, slots=True)
class RawFeature:
    """One row: its number in the file (from 1), its properties, its polygon.

    Without one, `problem` is no_geometry, not_polygon or bad_geometry.
    """

    number: int
    properties: Mapping[str, Any]
    geometry: Geometry | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PolygonFile:
    """What a file holds. `kind` is geojson or gpkg; `notes` say what was left unread."""

    kind: str
    layer_name: str
    features: tuple[RawFeature, ...]
    notes: tuple[str, ...] = ()


def read_polygons(
    data: bytes, *, most_bytes: int = LARGEST_BYTES, most_features: int = MOST_FEATURES, layer: str = ""
) -> PolygonFile:
    """Read a file by its first bytes; of a GeoPackage the table `layer`, or the first one that holds features.

    Raises Invalid on field `file`: too_large, empty, not_utf8, not_json, not_feature_collection, not_geopackage,
    wrong_crs. A single feature that cannot be read is no refusal: its `problem` says why.
    """
    if len(data) > most_bytes:
        size, most = round(len(data) / 1048576, 1), max(most_bytes >> 20, 1)
        raise refuse("too_large", _("文件太大：%(n)s MB，最多 %(most)s MB。") % {"n": size, "most": most})
    found = _package(data, most_features, layer) if is_geopackage(data) else _geojson(data, most_features)
    if not found.features:
        raise refuse("empty", _("文件里没有要素。"))
    return found


def _too_many(n: int | str, most: int) -> Any:
    return refuse("too_large", _("要素太多：%(n)s 个，最多 %(most)s 个。") % {"n": n, "most": most})


def _geojson(data: bytes, most: int) -> PolygonFile:
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise refuse("not_utf8", _("文件不是 UTF-8 编码。")) from None
    except (ValueError, RecursionError):
        raise refuse("not_json", _("文件不是有效的 JSON。")) from None
    listed = value.get("features") if isinstance(value, dict) and value.get("type") == "FeatureCollection" else None
    if not isinstance(listed, list):
        raise refuse("not_feature_collection", _("文件不是 GeoJSON 要素集合（FeatureCollection）。"))
    crs = value.get("crs")
    if crs:
        properties = crs.get("properties") if isinstance(crs, dict) else None
        said = properties.get("name", "") if isinstance(properties, dict) else "?"
        name = _plain(said) if isinstance(said, str) else "?"
        if not _WGS84.search(name):
            raise _other_system(name)
    if len(listed) > most:
        raise _too_many(len(listed), most)
    name = value.get("name")
    return PolygonFile("geojson", _plain(name)[:100] if isinstance(name, str) else "", tuple(_json_rows(listed)))


def _other_system(name: str) -> Any:
    text = _("坐标系不是 WGS-84（EPSG:4326），而是：%(name)s") % {"name": name[:80] or "?"}
    return refuse("wrong_crs", text)


def _json_rows(listed: list[Any]) -> Iterator[RawFeature]:
    for number, row in enumerate(listed, 1):
        row = row if isinstance(row, dict) else {}
        properties = row.get("properties")
        kept = _texts(properties) if isinstance(properties, dict) else {}
        raw = row.get("geometry")
        if raw is None:
            yield RawFeature(number, kept, None, "no_geometry")
        elif not isinstance(raw, dict) or raw.get("type") not in _POLYGONS:
            yield RawFeature(number, kept, None, "not_polygon")
        else:
            try:
                shape = shapely.from_geojson(json.dumps(raw))
            except (shapely.errors.ShapelyError, TypeError, ValueError, RecursionError):
                shape = None
            yield _polygon(number, kept, shape)


def _plain(text: str) -> str:
    """Without what neither UTF-8 nor a database can hold: halves of a character, U+0000."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _texts(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {_plain(k): _plain(v) if isinstance(v, str) else v for k, v in properties.items()}


def _polygon(number: int, properties: Mapping[str, Any], shape: Geometry | None) -> RawFeature:
    if shape is None or shape.is_empty:
        return RawFeature(number, properties, None, "bad_geometry")
    if shape.geom_type not in _POLYGONS:
        return RawFeature(number, properties, None, "not_polygon")
    return RawFeature(number, properties, shapely.force_2d(shape))


def _package(data: bytes, most: int, wanted: str) -> PolygonFile:
    with opened(data) as base:
        tables = feature_tables(base)
        table = next((t for t in tables if not wanted or t.name == wanted), None)
        if table is None:
            raise refuse("not_geopackage", _("这个 GeoPackage 里没有要素图层。"))
        if table.epsg not in EPSG_WGS84:
            raise _other_system(f"EPSG:{table.epsg}" if table.epsg else "?")
        columns = table.columns[:MOST_COLUMNS]
        read = list(islice(rows(base, table, columns, most + 1), most + 1))
    if len(read) > most:
        raise _too_many(f"{most}+", most)
    features = tuple(_package_row(n, columns, row) for n, row in enumerate(read, 1))
    return PolygonFile("gpkg", table.name[:100], features, _unread(tables, table))


def _package_row(number: int, columns: tuple[str, ...], row: tuple[Any, ...]) -> RawFeature:
    properties = _texts({k: v for k, v in zip(columns, row[1:], strict=True) if not isinstance(v, bytes)})
    if row[0] is None:
        return RawFeature(number, properties, None, "no_geometry")
    return _polygon(number, properties, shape_of(row[0]))


def _unread(tables: tuple[FeatureTable, ...], table: FeatureTable) -> tuple[str, ...]:
    others = [t.name for t in tables if t is not table]
    return (_("没有读其他图层：%(layers)s。") % {"layers": _("、").join(others[:10])},) if others else ()


def geojson_file(features: Iterable[tuple[Mapping[str, Any], Geometry | None]], *, name: str = "") -> bytes:
    """A FeatureCollection (RFC 7946), one feature a line, coordinates to 1e-7 degree."""
    head = f'"name":{json.dumps(name, ensure_ascii=False)},' if name else ""
    lines = (
        f'{{"type":"Feature","properties":{json.dumps(dict(p), ensure_ascii=False, separators=(",", ":"))},'
        f'"geometry":{geojson(g) if g is not None else "null"}}}'
        for p, g in features
    )
    return f'{{"type":"FeatureCollection",{head}"features":[\n'.encode() + ",\n".join(lines).encode() + b"\n]}\n"
