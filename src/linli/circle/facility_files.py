"""Bytes of a facility file to raw rows: XLSX, CSV, GeoJSON, GeoPackage. What a column means is decided afterwards."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import shapely
from django.utils.translation import gettext as _

from linli.core.errors import Invalid
from linli.exchange.packed import check_workbook, refuse
from linli.exchange.reading import decode
from linli.territory.geopackage import feature_tables, is_geopackage, opened, shape_of
from linli.territory.geopackage import rows as rows_of
from linli.territory.polygons import EPSG_WGS84

BYTES_MOST = 30 * 1024 * 1024
ROWS_MOST = 20_000
COLUMNS_MOST = 80
TEXT_MOST = 500  # characters of a cell that are kept
NUMBER_MOST = 1e18
LON, LAT = "geometry:lon", "geometry:lat"  # headings of a position that the file has as geometry


@dataclass(frozen=True, slots=True)
class RawTable:
    """Headings, and rows as (number in the file, cells in the order of the headings). Cells are text, number or None."""

    kind: str
    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Any, ...]], ...]
    notes: tuple[str, ...] = ()


def read_file(data: bytes, name: str) -> RawTable:
    """Read a file by its first bytes. Raises Invalid (field `file`).

    Codes: empty_file, file_too_large, too_many_rows, not_a_workbook, locked_file, file_unpacks_too_large, not_text,
    bad_csv, not_geojson, not_geopackage, unknown_system, no_rows.
    """
    if len(data) > BYTES_MOST:
        raise refuse(
            "file_too_large", _("文件太大：最多 %(n)s MB。请按街道或类别分成几个文件。") % {"n": BYTES_MOST >> 20}
        )
    if not data.strip():
        raise refuse("empty_file", _("文件是空的。"))
    if data[:4] == b"PK\x03\x04":
        found = _workbook(data)
    elif is_geopackage(data):
        found = _geopackage(data)
    elif data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise refuse("locked_file", _("这是旧的 .xls 文件，或者有密码的文件。请去掉密码，另存为 .xlsx。"))
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        found = _geojson(data)
    else:
        found = _csv(decode(data))
    if not found.rows:
        raise refuse("no_rows", _("文件里没有一行设施。"))
    return found


def _cut(rows: Iterable[tuple[int, tuple[Any, ...]]]) -> tuple[tuple[int, tuple[Any, ...]], ...]:
    """Rows that hold something. Raises Invalid for more than a preview can show."""
    kept = tuple(islice((r for r in rows if any(c not in (None, "") for c in r[1])), ROWS_MOST + 1))
    if len(kept) > ROWS_MOST:
        raise refuse("too_many_rows", _("行数太多：最多 %(n)s 行。请分成几个文件。") % {"n": f"{ROWS_MOST:,}"})
    return kept


def _plain(value: Any) -> Any:
    """A cell as it is kept: text, a finite number or nothing."""
    if value is None or isinstance(value, bytes):
        return None
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float):
        return value if abs(value) < NUMBER_MOST else None  # neither endless nor NaN, and a float can hold it
    return str(value).strip()[:TEXT_MOST]


# --- tables -------------------------------------------------------------------------------------------
def _csv(text: str) -> RawTable:
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",\t;，", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        lines = ((n, tuple(_plain(c) for c in row[:COLUMNS_MOST])) for n, row in enumerate(reader, 1))
        return _headed("csv", lines)
    except csv.Error:
        raise refuse(
            "bad_csv", _("第 %(row)s 行以后读不下去：引号没有成对，或一格太长。") % {"row": reader.line_num}
        ) from None


def _workbook(data: bytes) -> RawTable:
    from openpyxl import load_workbook  # a tenth of a second that only reading a workbook needs

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_workbook(archive)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            sheets = [s for s in book.worksheets if s.sheet_state == "visible"]
            sheet = sheets[0]
            sheet.reset_dimensions()
            rows = sheet.iter_rows(max_col=COLUMNS_MOST, values_only=True)
            found = _headed("xlsx", ((n, tuple(_plain(c) for c in row)) for n, row in enumerate(rows, 1)))
        finally:
            book.close()
    except Invalid:
        raise
    except Exception as error:  # a broken workbook breaks its reader in many ways; all mean the same to the person
        raise refuse("not_a_workbook", _("文件损坏或不是 XLSX 表格。请在表格软件里另存一份再上传。")) from error
    others = [s.title for s in sheets[1:]]
    notes = (_("没有读其他工作表：%(sheets)s。") % {"sheets": _("、").join(others[:10])},) if others else ()
    return RawTable(found.kind, found.headings, found.rows, notes)


def _headed(kind: str, lines: Iterator[tuple[int, tuple[Any, ...]]]) -> RawTable:
    """The first line with two texts or more is the heading; what stands before it is a title."""
    for _number, cells in islice(lines, 20):
        if sum(isinstance(c, str) and bool(c) for c in cells) >= 2:
            break
    else:
        raise refuse("no_header", _("前 20 行里没有找到表头。"))
    width = max(i for i, c in enumerate(cells, 1) if c not in (None, ""))
    headings = _distinct([str(c or "") or f"#{i}" for i, c in enumerate(cells[:width], 1)])
    return RawTable(kind, headings, _cut((n, (*row, *[None] * width)[:width]) for n, row in lines))


def _distinct(names: list[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(out)


# --- geometry -----------------------------------------------------------------------------------------
def _geojson(data: bytes) -> RawTable:
    try:
        document = json.loads(decode(data))
        features = document["features"] if document.get("type") == "FeatureCollection" else None
        if not isinstance(features, list):
            raise TypeError("no features")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise refuse("not_geojson", _("这不是 GeoJSON 的要素集合（FeatureCollection）。")) from None
    properties = [f.get("properties") if isinstance(f, dict) else None for f in features]
    keys = dict.fromkeys(str(k) for p in properties if isinstance(p, dict) for k in p)
    names = tuple(islice(keys, COLUMNS_MOST))
    rows = []
    for number, (feature, p) in enumerate(zip(features, properties, strict=True), 1):
        lon, lat = _position(feature.get("geometry") if isinstance(feature, dict) else None)
        cells = [_plain(v) if not isinstance(v := (p or {}).get(k), dict | list) else None for k in names]
        rows.append((number, (lon, lat, *cells)))
    return RawTable("geojson", (LON, LAT, *names), _cut(iter(rows)))


def _position(geometry: Any) -> tuple[float | None, float | None]:
    """A point as it is; of anything else a point on it. None where there is none."""
    if not isinstance(geometry, dict):
        return None, None
    if geometry.get("type") == "Point":
        place = geometry.get("coordinates")
        if isinstance(place, list) and len(place) >= 2:
            lon, lat = (
                _plain(c) if isinstance(c, int | float) and not isinstance(c, bool) else None for c in place[:2]
            )
            return (None, None) if lon is None or lat is None else (float(lon), float(lat))
        return None, None
    try:
        point = shapely.point_on_surface(shapely.from_geojson(json.dumps(geometry)))
    except (shapely.errors.ShapelyError, ValueError, TypeError):
        return None, None
    return (None, None) if point is None or point.is_empty else (point.x, point.y)


def _geopackage(data: bytes) -> RawTable:
    """The first feature table of a GeoPackage; `territory.geopackage` opens it as a file of a stranger."""
    with opened(data) as base:
        tables = feature_tables(base)
        if not tables:
            raise refuse("not_geopackage", _("这不是 GeoPackage，或者里面没有设施的图层。"))
        table = tables[0]
        kept = table.columns[:COLUMNS_MOST]
        move = _mover(table.epsg)
        lines = rows_of(base, table, kept, ROWS_MOST + 1)
        rows = ((n, (*move(row[0]), *(_plain(v) for v in row[1:]))) for n, row in enumerate(lines, 1))
        cut = _cut(rows)
    others = [t.name for t in tables[1:]]
    notes = (_("没有读其他图层：%(layers)s。") % {"layers": _("、").join(others[:10])},) if others else ()
    return RawTable("gpkg", (LON, LAT, *_distinct(list(kept))), cut, notes)


def _mover(epsg: int) -> Any:
    """From a geometry blob to (lon, lat). Raises Invalid for a system that nobody knows."""
    if epsg in EPSG_WGS84:
        return _point
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    try:
        turn = Transformer.from_crs(f"EPSG:{epsg}", "EPSG:4326", always_xy=True)
    except ProjError:
        raise refuse("unknown_system", _("图层的坐标系没有写明，不能换算。请另存为 EPSG:4326。")) from None

    def moved(blob: Any) -> tuple[float | None, float | None]:
        x, y = _point(blob)
        return (None, None) if x is None or y is None else tuple(map(float, turn.transform(x, y)))  # type: ignore[return-value]

    return moved


def _point(blob: Any) -> tuple[float | None, float | None]:
    """The point of a geometry blob; of anything else a point on it. None where there is none."""
    shape = shape_of(blob)
    if shape is None:
        return None, None
    try:
        point = shape if shape.geom_type == "Point" else shapely.point_on_surface(shape)
    except (shapely.errors.ShapelyError, AttributeError):
        return None, None
    return (None, None) if point is None or point.is_empty else (float(point.x), float(point.y))
