"""The live ground as shapes for rooms that draw on it: cells, divisions, roads, locators, the state of a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
import shapely
from django.conf import settings
from shapely import Geometry

from linli_engines.locate import Locator

from .. import pack, standing
from ..assemble import locator_of
from ..boundaries import Problem
from ..choices import DIGITS, FileState, Layer
from ..geometry import to_metres
from ..layers import LayerContent
from ..models import BoundaryFile, Division, GridLayer, LayerCell
from ..snapshot import Snapshot, current

ROAD_NEAR_M = 100.0  # a road this far outside still is the border of a division


@dataclass(frozen=True, slots=True)
class RoadLine:
    """Roads of one name and class: 1 (motorway) to 6 (path); `link` for ramps and connections. WGS-84 lines."""

    road_class: int
    name: str
    link: bool
    geometry: Geometry


@dataclass(frozen=True, slots=True)
class LayerState:
    """How far a live layer may be trusted and where it comes from. `batch` and `put_at` if another room put it there."""

    layer: str
    approximate: bool
    provenance: str
    source: str
    valid_from: date | None
    file_name: str = ""
    batch: str = ""
    put_at: datetime | None = None


def cells(prefix: str = "") -> Mapping[str, Geometry]:
    """Polygons of the live grid by code, all or those whose code begins with `prefix`. Kept per process; do not change."""
    found = current().cell_shapes
    return MappingProxyType({c: g for c, g in found.items() if c.startswith(prefix)} if prefix else found)


def grid_geojson(prefix: str = "") -> str:
    """The live grid as a FeatureCollection (properties code, approximate); kept per process for the last few prefixes."""
    here = current()
    return _grid_text(here.edition_id, here.value, prefix)


@lru_cache(maxsize=20)
def _grid_text(edition_id: int, _value: str, prefix: str) -> str:
    rows = LayerCell.objects.filter(layer__edition_id=edition_id, layer__key="base", code__startswith=prefix)
    parts = (
        f'{{"type":"Feature","id":"{code}","properties":{{"code":"{code}","approximate":{str(rough).lower()}}},'
        f'"geometry":{boundary}}}'
        for code, boundary, rough in rows.order_by("code").values_list("code", "boundary", "approximate")
    )
    return '{"type":"FeatureCollection","features":[' + ",".join(parts) + "]}"


def division_boundary(code: str) -> Geometry | None:
    """The polygon of a division (6, 9 or 12 digits); None if it has none or is unknown."""
    return current().shapes.get(code)


def division_boundaries(level: int, parent: str = "") -> Mapping[str, Geometry]:
    """Polygons of a level's divisions inside `parent`, by code; those without a boundary are not among them."""
    return {c: g for c, g in current().shapes.items() if len(c) == level and c.startswith(parent)}


def locator_for(geometries: Mapping[str, Geometry]) -> Locator:
    """A locator over polygons that need not be live; `locate_many(lon, lat)` gives indexes into `.codes`, -1 outside."""
    return locator_of(geometries)


def locate_in(
    geometries: Mapping[str, Geometry], lon: Sequence[float] | np.ndarray, lat: Sequence[float] | np.ndarray
) -> np.ndarray:
    """The code of the polygon that holds each point, as text of one shape; "" outside. Same border rule as `locate`."""
    locator = locator_of(geometries)
    return np.asarray([*locator.codes, ""])[locator.locate_many(np.asarray(lon, float), np.asarray(lat, float))]


def roads(within: str = "") -> tuple[RoadLine, ...]:
    """The pack's roads with their class that touch a division (default: the whole ground) or run within 100 m of it."""
    here = current()
    return _roads(here.edition_id, here.value, within, str(settings.PACK))


@lru_cache(maxsize=20)
def _roads(_edition_id: int, _value: str, within: str, folder: str) -> tuple[RoadLine, ...]:
    here = current()
    shapes = [here.shapes[within]] if within in here.shapes else _outlines(here)
    if not shapes:
        return ()
    close = shapely.buffer(to_metres(shapely.union_all(shapes)), ROAD_NEAR_M)
    shapely.prepare(close)
    found = []
    for road in _pack_roads(folder):
        parts = shapely.get_parts(road.geometry)
        kept = parts[shapely.intersects(close, to_metres(parts))]
        if len(kept):
            said = road.properties
            line = shapely.multilinestrings(kept)
            found.append(RoadLine(int(said["c"]), str(said.get("n", "")).strip(), bool(said.get("l")), line))
    return tuple(found)


@lru_cache(maxsize=1)
def _pack_roads(folder: str) -> tuple[pack.Feature, ...]:
    return pack.roads(Path(folder))


def _outlines(here: Snapshot) -> list[Geometry]:
    return [g for c, g in here.shapes.items() if len(c) == DIGITS[Layer.DISTRICT]]


def layer_state(layer: Layer) -> LayerState:
    """The live state of a layer; of one that is derived, what the edition says of it."""
    here = current()
    if layer == Layer.GRIDS:
        row = GridLayer.objects.filter(edition_id=here.edition_id, key="base").first()
        first = LayerCell.objects.filter(layer=row).values_list("valid_from", flat=True).first() if row else None
        facts = (row.approximate, row.provenance, row.source, first) if row else None
    else:
        rows = Division.objects.filter(edition_id=here.edition_id, level=DIGITS[Layer(layer)]).exclude(boundary="")
        facts = rows.order_by("code").values_list("approximate", "provenance", "source", "valid_from").first()
    file = BoundaryFile.objects.filter(layer=layer, state=FileState.ACCEPTED).defer("content").first()
    named = (file.name, file.batch, file.made_at) if file else ("", "", None)
    return LayerState(Layer(layer).value, *(facts or (True, "", "", None)), *named)


def live_layers() -> Mapping[Layer, LayerContent]:
    """The live layers as content: change a copy and hand it to `actions.put_layers`."""
    return standing.live_layers()


def check_layers(layers: Mapping[Layer, LayerContent]) -> tuple[Problem, ...]:
    """What `actions.put_layers` would refuse, and its warnings. A second or two for a whole grid."""
    return tuple(p for found in standing.check(layers).values() for p in found.problems)
