"""The container of a GeoPackage (OGC 12-128): opened as a file of a stranger, its feature tables, its geometry blobs.

What a row means is decided by who reads it. Nothing in the file is run: no views, triggers, functions, other files.
"""

from __future__ import annotations

import sqlite3
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import shapely
from django.utils.translation import gettext as _
from shapely import Geometry

from linli.core.errors import Invalid

MAGIC = b"SQLite format 3\0"
STEPS_MOST = 200_000_000  # of the SQLite machine: an honest file of the largest size needs a tenth of it
BLOB_MOST = 32 * 1024 * 1024
TABLES_MOST = 1_000
DEPTH_MOST = 4  # of collections in collections; a polygon of parts is two
_STEP = 100_000
_ENVELOPES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}  # bytes after the header, by the indicator in the flags
_READABLE = {"table_info"}


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """A table of features: its name, its geometry column, its other columns and the EPSG number of its system (0: unknown)."""  # fmt: skip

    name: str
    geometry: str
    columns: tuple[str, ...]
    epsg: int


def refuse(code: str, sentence: str, **details: Any) -> Invalid:
    """The refusal of a whole file."""
    return Invalid(code, sentence, fields={"file": [sentence]}, **details)


def is_geopackage(data: bytes) -> bool:
    """Whether the first bytes are those of an SQLite file."""
    return data[:16] == MAGIC


@contextmanager
def opened(data: bytes) -> Iterator[sqlite3.Connection]:
    """The file as a connection that can read tables and nothing else. Raises Invalid(not_geopackage) whatever breaks."""
    with tempfile.NamedTemporaryFile(suffix=".gpkg") as file:
        file.write(data)
        file.flush()
        base = None
        try:
            base = sqlite3.connect(f"file:{file.name}?mode=ro&immutable=1", uri=True)
            _confine(base)
            yield base
        except (sqlite3.Error, sqlite3.Warning, OverflowError):
            raise refuse("not_geopackage", _("这不是 GeoPackage，或者文件已损坏。")) from None
        finally:
            if base is not None:
                base.close()


def _confine(base: sqlite3.Connection) -> None:
    """Before the first page of the file is read: bounds on work and size, and reading of tables only."""
    for limit, most in (
        (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
        (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 0),
        (sqlite3.SQLITE_LIMIT_LENGTH, BLOB_MOST),
        (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 200_000),
        (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 50),
    ):
        base.setlimit(limit, most)
    base.execute("PRAGMA trusted_schema=OFF")
    base.execute("PRAGMA cell_size_check=ON")
    base.execute("PRAGMA query_only=ON")
    steps = iter(range(STEPS_MOST // _STEP))
    base.set_progress_handler(lambda: next(steps, None) is None, _STEP)
    base.set_authorizer(_allowed)


def _allowed(action: int, first: str | None, _second: str | None, _base: str | None, inside: str | None) -> int:
    """Selecting and reading columns of tables. What a view or a trigger reads (`inside`) is refused, so are functions."""
    if inside is not None:
        return sqlite3.SQLITE_DENY
    known = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
    asked = action == sqlite3.SQLITE_PRAGMA and first in _READABLE
    return sqlite3.SQLITE_OK if known or asked else sqlite3.SQLITE_DENY


def feature_tables(base: sqlite3.Connection) -> tuple[FeatureTable, ...]:
    """Real tables that the package lists as features, by name; views and virtual tables are not among them."""
    real = {
        name
        for name, sql in base.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        if "virtual" not in str(sql)[:40].lower()
    }
    features = {name for name, kind in base.execute("SELECT table_name, data_type FROM gpkg_contents") if kind == "features"}  # fmt: skip
    listed = base.execute("SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns").fetchmany(TABLES_MOST)
    found = []
    for name, column, srs in sorted(listed, key=lambda row: str(row[0])):
        if name not in real & features:
            continue
        columns = [str(r[1]) for r in base.execute(f"PRAGMA table_info({_quoted(name)})")]
        if column in columns:
            others = tuple(c for c in columns if c != column)
            found.append(FeatureTable(str(name), str(column), others, _epsg(base, srs)))
    return tuple(found)


def rows(base: sqlite3.Connection, table: FeatureTable, columns: Sequence[str], most: int) -> Iterator[tuple[Any, ...]]:
    """Geometry blob first, then `columns`; at most `most` rows."""
    chosen = ", ".join(_quoted(n) for n in (table.geometry, *columns))
    yield from base.execute(f"SELECT {chosen} FROM {_quoted(table.name)} LIMIT {int(most)}")  # noqa: S608  quoted names


def _quoted(name: Any) -> str:
    return '"' + str(name).replace('"', '""') + '"'


def _epsg(base: sqlite3.Connection, srs: Any) -> int:
    found = base.execute(
        "SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = ?", (srs,)
    ).fetchone()
    if not found or str(found[0]).upper() != "EPSG":
        return 0
    number = str(found[1])
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0


def shape_of(blob: Any) -> Geometry | None:
    """A geometry blob (magic GP, version, flags, system, envelope, WKB) as shapely; None if empty, extended or broken."""
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        return None
    flags = blob[3]
    envelope = _ENVELOPES.get(flags >> 1 & 7)
    if (
        envelope is None or flags >> 4 & 3
    ):  # a reserved header; a geometry that says it is empty, or of a type of its own
        return None
    try:
        _end_of(blob, 8 + envelope, DEPTH_MOST)
        shape = shapely.from_wkb(blob[8 + envelope :])
    except (shapely.errors.ShapelyError, ValueError, TypeError, struct.error, IndexError):
        return None
    return None if shape is None or shape.is_empty else shape


def _end_of(wkb: bytes, at: int, depth: int) -> int:
    """Where the geometry at `at` ends. Raises ValueError where collections lie deeper in one another than `depth`: GEOS
    follows them on the stack of the process, which a few hundred kilobytes of them bring down.
    """
    order = "<" if wkb[at] == 1 else ">"
    (kind,) = struct.unpack_from(order + "I", wkb, at + 1)
    at += 9 if kind & 0x20000000 else 5  # of EWKB: a system of its own
    more, base = divmod(kind & 0x1FFFFFFF, 1000)
    each = 8 * (2 + bool(kind & 0x80000000 or more in (1, 3)) + bool(kind & 0x40000000 or more in (2, 3)))
    if base == 1:
        return at + each
    if not (2 <= base <= 7 and depth):
        raise ValueError(f"type {base} at {at}")
    (count,) = struct.unpack_from(order + "I", wkb, at)
    at += 4
    if base == 2:
        return at + count * each
    for _n in range(count):
        if base == 3:
            (corners,) = struct.unpack_from(order + "I", wkb, at)
            at += 4 + corners * each
        else:
            at = _end_of(wkb, at, depth - 1)
    return at
