"""Writes a GeoPackage of one polygon layer by the letter of OGC 12-128r19 (version 1.3). No database, no GDAL."""

from __future__ import annotations

import re
import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import shapely
from shapely import Geometry

from linli.core import clock

APPLICATION = 0x47504B47  # "GPKG"
VERSION = 10300
WGS84 = 4326
_TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
 organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
 description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
 min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
 CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
 srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
 CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
 CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
 CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""
_DEGREES = 'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]'
_SYSTEMS = (
    ("WGS 84 geodetic", WGS84, "EPSG", WGS84,
     f'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],{_DEGREES},AUTHORITY["EPSG","4326"]]',
     "longitude and latitude in degrees"),
    ("CGCS2000 geodetic", 4490, "EPSG", 4490,
     'GEOGCS["China Geodetic Coordinate System 2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101]],'
     f'{_DEGREES},AUTHORITY["EPSG","4490"]]', "longitude and latitude in degrees"),
    ("Undefined cartesian SRS", -1, "NONE", -1, "undefined", "undefined cartesian coordinate reference system"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined geographic coordinate reference system"),
)  # fmt: skip
Features = Sequence[tuple[Mapping[str, Any], Geometry | None]]


def geopackage_file(name: str, features: Iterable[tuple[Mapping[str, Any], Geometry | None]], *, title: str = "") -> bytes:  # fmt: skip
    """A whole GeoPackage with one table `name` (letters, digits, _) of multipolygons in EPSG:4326.

    Columns are the keys of all properties in the order they appear; a feature without geometry keeps its row.
    """
    table = re.sub(r"\W", "_", name) or "layer"
    if re.match(r"(gpkg|rtree|sqlite)_", table, re.IGNORECASE):
        table = f"layer_{table}"
    kept = [(properties, _many(geometry)) for properties, geometry in features]
    columns = _columns(kept)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as base:
        base.execute(f"PRAGMA application_id = {APPLICATION}")
        base.execute(f"PRAGMA user_version = {VERSION}")
        base.executescript(_TABLES)
        base.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", _SYSTEMS)
        stated = "".join(f", {_quoted(own)} {kind}" for own, kind in columns.values())
        base.execute(
            f"CREATE TABLE {_quoted(table)} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom MULTIPOLYGON{stated})"
        )
        shapes = [g for _p, g in kept if g is not None]
        box = shapely.total_bounds(np.array(shapes, dtype=object)).tolist() if shapes else [None] * 4
        moment = clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
        base.execute(
            "INSERT INTO gpkg_contents VALUES (?, 'features', ?, ?, ?, ?, ?, ?, ?, ?)",
            (table, title or table, title, moment, *box, WGS84),
        )
        base.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'MULTIPOLYGON', ?, 0, 0)", (table, WGS84))
        marks = ", ".join("?" * (len(columns) + 1))
        named = ", ".join(["geom", *(_quoted(own) for own, _kind in columns.values())])
        base.execute("BEGIN")
        base.executemany(
            f"INSERT INTO {_quoted(table)} ({named}) VALUES ({marks})",  # noqa: S608  quoted names
            ((_blob(g), *(_value(p.get(key)) for key in columns)) for p, g in kept),
        )
        base.execute("COMMIT")
        return bytes(base.serialize())


def _many(geometry: Geometry | None) -> Geometry | None:
    if geometry is None or geometry.is_empty:
        return None
    flat = shapely.force_2d(geometry)
    return flat if flat.geom_type == "MultiPolygon" else shapely.multipolygons([flat])


def _columns(features: Features) -> dict[str, tuple[str, str]]:
    """Property → (column, type). A name that differs from another by case only gets a mark: SQLite sees them as one."""
    kinds: dict[str, set[type]] = {}
    for properties, _geometry in features:
        for key, value in properties.items():
            kinds.setdefault(key, set()).update(() if value is None else (type(value),))
    taken, found = {"fid", "geom"}, {}
    for key, seen in kinds.items():
        own = key or "_"
        while own.casefold() in taken:
            own += "_"
        taken.add(own.casefold())
        found[key] = (own, _kind(seen))
    return found


def _kind(seen: set[type]) -> str:
    if seen == {bool}:
        return "BOOLEAN"
    if seen == {int}:
        return "INTEGER"
    return "DOUBLE" if seen and seen <= {int, float} else "TEXT"


def _value(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float | str) else str(value)


def _blob(geometry: Geometry | None) -> bytes | None:
    """Header (little-endian, envelope of four numbers), then WKB."""
    if geometry is None:
        return None
    west, south, east, north = shapely.bounds(geometry).tolist()
    head = b"GP\x00\x03" + struct.pack("<i4d", WGS84, west, east, south, north)
    wkb: bytes = shapely.to_wkb(geometry, byte_order=1, flavor="iso")
    return head + wkb


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
