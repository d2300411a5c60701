"""Street networks from tables (parquet, CSV) and from GeoJSON. OpenStreetMap extracts: see `openstreetmap`."""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from linli_engines.reach.coordinates import looks_swapped
from linli_engines.reach.source import Float, Source, Tag
from linli_engines.reach.walkable import tag_rules

NAMES = {
    "node_id": ("id", "node_id", "osmid"),
    "lon": ("lon", "x", "longitude"),
    "lat": ("lat", "y", "latitude"),
    "from_id": ("u", "from", "from_id", "source"),
    "to_id": ("v", "to", "to_id", "target"),
    "length_m": ("length_m", "length"),
    "elevation_m": ("elevation_m", "elevation", "ele"),
}
"""What a column may be called; the first name that is there is taken."""
UNITS_PER_DEGREE = 10_000_000
NO_NODE, NO_END = -(2**63), -(2**63) + 1
"""Ids of a node and of an edge's end whose cell is empty: they meet nothing, and so are found when building."""

Box = tuple[float, float, float, float]


def read_tables(nodes: Path, edges: Path, *, keys: Collection[str] | None = None, box: Box | None = None) -> Source:
    """Two tables, .parquet or .csv: nodes (id, lon, lat) and edges (u, v, length_m, tags); see NAMES for other names.

    keys: tags to read, by default those that the walking rules name. box: west, south, east, north of where the data
    should lie; it helps to see exchanged coordinates. Raises ValueError: no such column, text where a number belongs,
    a file of another kind.
    """
    return source_of_tables(_table(nodes), _table(edges), keys=keys, box=box)


def source_of_tables(
    nodes: pa.Table, edges: pa.Table, *, keys: Collection[str] | None = None, box: Box | None = None
) -> Source:
    """The same from arrow tables. Empty cells stay unknown; what they spoil is listed when the network is built."""
    lon, lat = _numbers(nodes, "lon"), _numbers(nodes, "lat")
    swapped = looks_swapped(lon, lat, box)
    has_length = any(name in edges.column_names for name in NAMES["length_m"])
    has_height = any(name in nodes.column_names for name in NAMES["elevation_m"])
    wanted = {r.key for r in tag_rules()} if keys is None else keys
    return Source(
        node_id=_ids(nodes, "node_id", NO_NODE),
        lon=lat if swapped else lon,
        lat=lon if swapped else lat,
        from_id=_ids(edges, "from_id", NO_END),
        to_id=_ids(edges, "to_id", NO_END),
        length_m=_numbers(edges, "length_m") if has_length else np.full(edges.num_rows, np.nan),
        tags={key: _tag(edges[key]) for key in sorted(wanted) if key in edges.column_names},
        elevation_m=_numbers(nodes, "elevation_m") if has_height else None,
        swapped=swapped,
    )


def _table(path: Path) -> pa.Table:
    try:
        if path.suffix == ".parquet":
            return parquet.read_table(path)
        if path.suffix == ".csv":
            return arrow_csv.read_csv(path)
    except pa.ArrowInvalid as broken:
        raise ValueError(f"{path.name} cannot be read: {broken}") from broken
    raise ValueError(f"{path.name} is neither .parquet nor .csv")


def _column(table: pa.Table, role: str) -> pa.ChunkedArray:
    for name in NAMES[role]:
        if name in table.column_names:
            return table[name]
    raise ValueError(f"no column for {role}: one of {', '.join(NAMES[role])}")


def _cast(table: pa.Table, role: str, kind: pa.DataType) -> pa.ChunkedArray:
    try:
        return _column(table, role).cast(kind)
    except pa.ArrowInvalid as broken:
        raise ValueError(f"column for {role}: {broken}") from broken


def _numbers(table: pa.Table, role: str) -> Float:
    return np.asarray(_cast(table, role, pa.float64()).fill_null(np.nan).to_numpy(), np.float64)


def _ids(table: pa.Table, role: str, unknown: int) -> NDArray[np.int64]:
    return np.asarray(_cast(table, role, pa.int64()).fill_null(unknown).to_numpy(), np.int64)


def _tag(column: pa.ChunkedArray) -> Tag:
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column.cast(pa.string()))
    coded = column.unify_dictionaries().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):  # a column without rows has no chunk to combine
        return Tag(np.zeros(0, np.int32), ())
    codes = np.asarray(coded.indices.cast(pa.int32()).fill_null(-1).to_numpy(), np.int32)
    values = tuple(v or "" for v in coded.dictionary.to_pylist())
    empty = values.index("") if "" in values else -2
    return Tag(np.where(codes == empty, np.int32(-1), codes), values)


def read_geojson(path: Path, *, keys: Collection[str] | None = None, box: Box | None = None) -> Source:
    """Lines of a GeoJSON file. Where two lines have a corner in common they meet; elsewhere they pass over each other.

    Features are read one by one, so that a large file needs little more memory than its text. Properties with a name
    in `keys` are tags; `length_m` is not read, since lines are split where they meet. Raises ValueError: no feature
    collection, a file that breaks off, a coordinate that is no number.
    """
    wanted = sorted({r.key for r in tag_rules()} if keys is None else keys)
    corner, size = array("d"), array("q")
    texts: dict[str, list[str | None]] = {key: [] for key in wanted}
    for feature in _features(path):
        properties = feature.get("properties") or {}
        for line in _lines(feature.get("geometry") or {}):
            if len(line) < 2:
                continue
            try:
                for point in line:
                    corner.extend((float(point[0]), float(point[1])))
            except (TypeError, ValueError, IndexError) as broken:
                raise ValueError(
                    f"{path.name}: line {len(size) + 1} has a corner that is no pair of numbers"
                ) from broken
            size.append(len(line))
            for key in wanted:
                texts[key].append(None if properties.get(key) is None else str(properties[key]))
    lonlat = np.frombuffer(corner, np.float64).reshape(-1, 2) if corner else np.zeros((0, 2))
    swapped = looks_swapped(lonlat[:, 0], lonlat[:, 1], box)
    start = np.concatenate(([0], np.cumsum(np.array(size, np.int64)))).astype(np.int64)
    tags = {key: Tag.of(values) for key, values in texts.items() if any(values)}
    return split_lines(lonlat[:, ::-1] if swapped else lonlat, start, tags, swapped=swapped)


def split_lines(
    lonlat: Float, line_start: NDArray[np.int64], tags: Mapping[str, Tag], *, swapped: bool = False
) -> Source:
    """Edges between the ends of lines and the corners that lines share, to 1e-7 degree. Node ids count from 0."""
    units = np.rint(np.nan_to_num(lonlat, nan=1e3) * UNITS_PER_DEGREE).astype(np.int64)
    _, first, which = np.unique(units[:, 0] * 2**34 + units[:, 1], return_index=True, return_inverse=True)
    is_node = np.bincount(which, minlength=len(first)) > 1
    is_node[which[line_start[:-1]]] = is_node[which[line_start[1:] - 1]] = True
    number = np.cumsum(is_node, dtype=np.int64) - 1
    line = np.repeat(np.arange(len(line_start) - 1), np.diff(line_start))
    at = np.flatnonzero(is_node[which])
    follows = line[at[1:]] == line[at[:-1]]
    begin, end = at[:-1][follows], at[1:][follows]
    size = end - begin + 1
    start = np.concatenate(([0], np.cumsum(size))).astype(np.int64)
    corner = np.arange(start[-1]) + np.repeat(begin - start[:-1], size)
    return Source(
        node_id=np.arange(int(is_node.sum()), dtype=np.int64),
        lon=lonlat[first[is_node], 0],
        lat=lonlat[first[is_node], 1],
        from_id=number[which[begin]],
        to_id=number[which[end]],
        length_m=np.full(len(begin), np.nan),
        tags={key: Tag(tag.code[line[begin]], tag.values) for key, tag in tags.items()},
        line_start=start,
        line_lonlat=lonlat[corner],
        swapped=swapped,
    )


def _features(path: Path) -> Iterator[dict[str, Any]]:
    text = path.read_text(encoding="utf-8-sig")
    at = text.find("[", max(text.find('"features"'), 0))
    if '"features"' not in text or at < 0:
        raise ValueError(f"{path.name} is no GeoJSON feature collection")
    decoder = json.JSONDecoder()
    at += 1
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if at < len(text) and text[at] == "]":
            return
        try:
            feature, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as broken:
            raise ValueError(f"{path.name} breaks off or is damaged at character {broken.pos}") from broken
        if isinstance(feature, dict):
            yield feature


def _lines(geometry: Mapping[str, Any]) -> list[Any]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates") or []
    if kind == "LineString":
        return [coordinates]
    return list(coordinates) if kind == "MultiLineString" else []
