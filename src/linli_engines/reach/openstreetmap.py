"""Street networks and barriers from OpenStreetMap extracts (.osm.pbf, .osm). Needs the extra `osm` (osmium)."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from linli_engines.reach.source import Source, Tag
from linli_engines.reach.walkable import tag_rules

DATA = Path(__file__).parent / "data"
UNDERGROUND = {"yes", "culvert", "covered"}


def read_osm(path: Path, *, keys: Collection[str] | None = None) -> Source:
    """Every way with a `highway` tag, one edge between each two of its nodes; crossings by node, for their delays.

    keys: tags to read, by default those that the walking rules name. Raises ImportError without osmium, ValueError for
    a file it cannot read.
    """
    wanted = sorted({r.key for r in tag_rules()} if keys is None else keys)
    tail, head, way_size = array("q"), array("q"), array("q")
    place: dict[int, tuple[float, float]] = {}
    texts: dict[str, list[str | None]] = {key: [] for key in wanted}
    crossing: dict[int, str] = {}
    for thing in _things(path, "highway"):
        if thing.is_node():
            crossing[thing.id] = thing.tags["highway"]
        elif thing.is_way():
            refs = [node.ref for node in thing.nodes]
            place.update((n.ref, (n.lon, n.lat)) for n in thing.nodes if n.location.valid())
            tail.extend(refs[:-1])
            head.extend(refs[1:])
            way_size.append(max(len(refs) - 1, 0))
            for key in wanted:
                texts[key].append(thing.tags.get(key))
    lonlat = np.array(list(place.values()), np.float64).reshape(-1, 2)
    size = np.array(way_size, np.int64)
    coded = {key: Tag.of(values) for key, values in texts.items() if any(values)}
    return Source(
        node_id=np.fromiter(place, np.int64, len(place)),
        lon=lonlat[:, 0],
        lat=lonlat[:, 1],
        from_id=np.array(tail, np.int64),
        to_id=np.array(head, np.int64),
        length_m=np.full(len(tail), np.nan),
        tags={key: Tag(np.repeat(tag.code, size), tag.values) for key, tag in coded.items()},
        crossing={node: kind for node, kind in crossing.items() if node in place},
    )


def barrier_kinds(path: Path = DATA / "barriers.csv") -> dict[str, set[str]]:
    """Values by key of what nobody walks across."""
    kinds: dict[str, set[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            kinds.setdefault(row["key"], set()).add(row["value"])
    return kinds


def read_barriers(path: Path, kinds: Mapping[str, set[str]] | None = None) -> list[shapely.LineString]:
    """Lines in degrees that no walk to the network may cross; what runs underground is left out. Raises: as `read_osm`."""
    wanted = barrier_kinds() if kinds is None else kinds
    found = []
    for thing in _things(path, *wanted):
        if not thing.is_way() or thing.tags.get("tunnel") in UNDERGROUND:
            continue
        corner = [(n.lon, n.lat) for n in thing.nodes if n.location.valid()]
        if len(corner) > 1 and any(thing.tags.get(key) in values for key, values in wanted.items()):
            found.append(shapely.LineString(corner))
    return found


def _things(path: Path, *keys: str) -> Any:
    """Nodes and ways with one of the keys, ways with the places of their nodes."""
    try:
        import osmium
    except ImportError as missing:
        raise ImportError("reading OpenStreetMap files needs osmium: install linli[osm]") from missing
    try:
        yield from osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.KeyFilter(*keys))
    except RuntimeError as broken:
        raise ValueError(f"{path.name} cannot be read: {broken}") from broken
