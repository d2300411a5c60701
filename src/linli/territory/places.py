"""The rows of place search: divisions, residential areas, streets, facilities of the district. No database."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import shapely
from shapely import Geometry

from .assemble import Ground
from .choices import Level, PlaceKind
from .geometry import METRE_LAT, METRE_LON, to_metres
from .pack import Feature
from .readings import index_lines
from .rows import DivisionRow, PlaceRow

STOPS = "公交/地铁站点"
_USELESS = re.compile(r"^[\W\d_]*$")


def place_rows(ground: Ground, divisions: Sequence[DivisionRow]) -> tuple[PlaceRow, ...]:
    """Every row, likeliest first: weight, then the shorter name, then the name itself."""
    names = {d.code: d.name for d in divisions}
    rows = [*_divisions(ground, divisions, names), *_residential(ground, names), *_streets(ground, names)]
    rows += _facilities(ground, names)
    return tuple(sorted(rows, key=lambda r: (-r.weight, len(r.name), r.name, r.lon, r.lat)))


def _row(
    ground: Ground,
    kind: PlaceKind,
    name: str,
    detail: Iterable[str],
    division: str,
    lon: float,
    lat: float,
    weight: int,
    code: str = "",
    approximate: bool = True,
) -> PlaceRow:
    pinyin, initials = index_lines(name, ground.pack.local_readings)
    text = " · ".join(d for d in detail if d)
    return PlaceRow(kind, code, name[:200], text[:200], pinyin, initials, division, round(lon, 6), round(lat, 6),
                    weight, approximate)  # fmt: skip


def _divisions(ground: Ground, divisions: Sequence[DivisionRow], names: dict[str, str]) -> Iterator[PlaceRow]:
    label = {d.code: (d.lon, d.lat) for d in divisions if d.lon is not None and d.lat is not None}
    for d in divisions:
        if d.level == Level.DISTRICT:
            continue
        kind = PlaceKind.SUBDISTRICT if d.level == Level.SUBDISTRICT else PlaceKind.COMMUNITY
        found = label.get(d.code) or label.get(d.parent)
        if found is None or found[0] is None or found[1] is None:
            continue
        answers = d.code if d.boundary else d.parent  # without a cell it falls to its subdistrict
        weight = 100 if kind is PlaceKind.SUBDISTRICT else 90
        yield _row(ground, kind, d.name, [names.get(d.parent, "")], answers, *found, weight, d.code,
                   d.approximate or not d.boundary)  # fmt: skip


def _where(community: str, names: dict[str, str]) -> str:
    return names.get(community[:9], "")


def _residential(ground: Ground, names: dict[str, str]) -> Iterator[PlaceRow]:
    inside = [f for f in ground.pack.residential if f.properties.get("name")]
    points = shapely.point_on_surface([f.geometry for f in inside])
    yield from _points(ground, PlaceKind.RESIDENTIAL, inside, points, names, lambda f: "", 70)


def _facilities(ground: Ground, names: dict[str, str]) -> Iterator[PlaceRow]:
    named = [f for f in ground.pack.facilities if not _USELESS.match(f.properties["name"])]
    stops = [f for f in named if f.properties["class"] == STOPS]
    others = [f for f in named if f.properties["class"] != STOPS]
    once = list({f.properties["name"]: f for f in reversed(stops)}.values())  # one row for the poles of one stop
    for features, weight in ((others, 40), (once, 30)):
        yield from _points(ground, PlaceKind.FACILITY, features, [f.geometry for f in features], names,
                           lambda f: f.properties["class"] if f.properties["class"] != "其他" else "", weight)  # fmt: skip


def _points(
    ground: Ground,
    kind: PlaceKind,
    features: Sequence[Feature],
    points: Sequence[Geometry],
    names: dict[str, str],
    word: Callable[[Feature], str],
    weight: int,
) -> Iterator[PlaceRow]:
    lon, lat = shapely.get_x(points), shapely.get_y(points)
    seen: set[tuple[str, str, str]] = set()
    for feature, x, y, community in zip(features, lon, lat, ground.communities_at(lon, lat), strict=True):
        name = str(feature.properties["name"]).strip()
        key = (name, word(feature), community[:9])
        if community and key not in seen:
            seen.add(key)
            yield _row(ground, kind, name, [word(feature), _where(community, names)], community, float(x), float(y),
                       weight)  # fmt: skip


def _streets(ground: Ground, names: dict[str, str]) -> Iterator[PlaceRow]:
    """One row a street: its point is the one on the street nearest to the middle of its part in the district."""
    by_name: dict[str, list[Geometry]] = defaultdict(list)
    rank: dict[str, int] = {}
    inside = ground.district
    shapely.prepare(inside)
    for road in ground.pack.roads:
        name = str(road.properties.get("n", "")).strip()
        if name and not road.properties.get("l"):
            parts = shapely.get_parts(road.geometry)
            by_name[name].extend(parts[shapely.intersects(inside, parts)])
            rank[name] = min(rank.get(name, 9), int(road.properties["c"]))
    for name, parts in sorted(by_name.items()):
        line = shapely.intersection(shapely.union_all(parts), inside) if parts else None
        if line is None or shapely.length(to_metres(line)) < 20:
            continue
        flat = to_metres(line)
        steps = shapely.get_coordinates(shapely.segmentize(flat, 40.0)) / (METRE_LON, METRE_LAT)
        lon, lat = steps[:, 0], steps[:, 1]
        along = Counter(c[:9] for c in ground.communities_at(lon, lat) if c)
        if not along:
            continue
        middle = shapely.get_coordinates(shapely.centroid(line))[0]
        nearest = int(np.argmin(np.hypot((lon - middle[0]) * METRE_LON, (lat - middle[1]) * METRE_LAT)))
        at = ground.communities_at(lon[nearest : nearest + 1], lat[nearest : nearest + 1])[0]
        ordered = sorted(along, key=lambda c: (-along[c], c))
        detail = "、".join(names.get(c, c) for c in ordered[:3]) + ("等" if len(ordered) > 3 else "")
        yield _row(ground, PlaceKind.STREET, name, [detail], at or ordered[0], float(lon[nearest]),
                   float(lat[nearest]), 66 - rank[name])  # fmt: skip
