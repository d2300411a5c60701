"""From a pack and the accepted boundary files to the rows of an edition: nested layers, labels, streets. No database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import shapely
from shapely import Geometry

from linli_engines.locate import Locator, rings_of

from .choices import DIGITS, Layer, Provenance
from .geometry import area_m2, geojson, label_point, to_metres
from .pack import Boundaries, Pack
from .partition import dissolve, recut
from .rows import CellRow, DivisionRow, GridRow, StreetRow
from .squares import square_grid

ORDER = (Layer.DISTRICT, Layer.SUBDISTRICTS, Layer.COMMUNITIES, Layer.GRIDS)
SOURCED = {Provenance.IMPORTED, Provenance.SOURCED}
NEAR_M = 300.0  # streets this far outside the district are still somebody's "near"


@dataclass(frozen=True, slots=True)
class Ground:
    """Nested boundary layers with a locator of the finest one: what places and tiles are made on."""

    pack: Pack
    layers: Mapping[Layer, Boundaries]
    locator: Locator  # over grids

    @property
    def district(self) -> Geometry:
        """The whole ground; while a merger is prepared, that of both districts."""
        shapes = list(self.layers[Layer.DISTRICT].geometries.values())
        return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)

    def communities_at(self, lon: np.ndarray, lat: np.ndarray) -> list[str]:
        """The community of each point, "" outside every cell."""
        codes = self.locator.codes
        return [codes[i][:12] if i >= 0 else "" for i in self.locator.locate_many(lon, lat).tolist()]


def nest(pack: Pack, imported: Mapping[Layer, Boundaries]) -> dict[Layer, Boundaries]:
    """Layers of which each is a partition of the one above.

    Imported layers stay as they are. A layer that is only derived is fitted to them: dissolved from an imported
    layer below, else recut into the layer above; the grid is made anew. What is dissolved is as good as its parts if
    these have a source; parts that were drawn here make it neither better nor worse than it was.
    """
    layers = dict(pack.layers) | dict(imported)
    sourced = {layer for layer, bounds in imported.items() if bounds.provenance in SOURCED}
    for parent, child in reversed(list(pairwise(ORDER))):
        if child in imported and parent not in imported:
            fitted = dissolve(layers[child].geometries, DIGITS[parent])
            rough = layers[child if child in sourced else parent].approximate
            layers[parent] = replace(layers[parent], geometries=fitted, approximate=rough)
            sourced |= {parent} if child in sourced else set()
            imported = {**imported, parent: layers[parent]}
    for parent, child in pairwise(ORDER[:-1]):
        if parent in imported and child not in imported:
            fitted = recut(layers[child].geometries, layers[parent].geometries)
            layers[child] = replace(layers[child], geometries=fitted)
            imported = {**imported, child: layers[child]}
    if Layer.COMMUNITIES in imported and Layer.GRIDS not in imported:
        squares = square_grid(layers[Layer.COMMUNITIES].geometries)
        layers[Layer.GRIDS] = replace(layers[Layer.GRIDS], geometries={s.code: s.geometry for s in squares})
    return layers


def ground(pack: Pack, imported: Mapping[Layer, Boundaries]) -> Ground:
    """Nested layers and their locator."""
    layers = nest(pack, imported)
    finest = layers[Layer.GRIDS].geometries or layers[Layer.COMMUNITIES].geometries
    return Ground(pack, layers, locator_of(finest))


def locator_of(geometries: Mapping[str, Geometry]) -> Locator:
    """A locator over shapely geometries, codes in text order."""
    codes = sorted(geometries)
    rings = [rings_of(shapely.geometry.mapping(geometries[c])) for c in codes]
    return Locator.build(codes, rings, cell_target=1_000_000)


def division_rows(ground: Ground) -> tuple[DivisionRow, ...]:
    """District, subdistricts, and every community that has a name: those without a cell get no boundary."""
    rows: list[DivisionRow] = []
    for layer in ORDER[:3]:
        bounds = ground.layers[layer]
        names = {c: n for c, n in bounds.names.items() if n}
        if layer is Layer.COMMUNITIES:
            known = ground.layers[Layer.SUBDISTRICTS].geometries
            listed = {c: n for c, (n, _lon, _lat) in ground.pack.communities.items() if c[:9] in known}
            bare = {} if bounds.provenance == Provenance.IMPORTED else listed
            if bounds.named is not None:
                bare = {c: n for c, (n, _lon, _lat) in bounds.named.items()}
            names = (
                bare
                | {c: listed.get(c, "") for c in bounds.geometries}
                | {c: n for c, n in names.items() if c in bounds.geometries}
            )
        codes = set(bounds.geometries) | (set(names) if layer is Layer.COMMUNITIES else set())
        rows += [_division(layer, code, names.get(code) or code, bounds, ground) for code in sorted(codes)]
    return tuple(rows)


def _division(layer: Layer, code: str, name: str, bounds: Boundaries, ground: Ground) -> DivisionRow:
    geometry = bounds.geometries.get(code)
    lon: float | None = None
    lat: float | None = None
    if geometry is not None:
        lon, lat = bounds.labels.get(code) or label_point(geometry)
    elif bounds.named is not None and code in bounds.named:
        _name, lon, lat = bounds.named[code]
    elif code in ground.pack.communities:
        _name, lon, lat = ground.pack.communities[code]
    return DivisionRow(
        code=code,
        level=DIGITS[layer],
        parent=code[:-3] if layer is not Layer.DISTRICT else "",
        name=name,
        short_name=short(name),
        approximate=bounds.is_approximate(code),
        boundary=geojson(geometry) if geometry is not None else "",
        lon=lon,
        lat=lat,
        valid_from=bounds.valid_from,
        source=bounds.source,
        provenance=bounds.provenance,
    )


def short(name: str) -> str:
    """`广安门内街道` → `广安门内`, `核桃园社区` → `核桃园`; a name is never shortened to nothing or one character."""
    for tail in ("社区居委会", "社区", "街道"):
        if name.endswith(tail) and len(name) - len(tail) >= 2:
            return name[: -len(tail)]
    return name


def cell_rows(ground: Ground) -> tuple[CellRow, ...]:
    """The base grid."""
    bounds = ground.layers[Layer.GRIDS]
    codes = sorted(bounds.geometries)
    points = shapely.point_on_surface(np.array([bounds.geometries[c] for c in codes], dtype=object))
    return tuple(
        CellRow(
            code=code,
            boundary=geojson(bounds.geometries[code]),
            area_m2=round(area_m2(bounds.geometries[code])),
            lon=round(float(shapely.get_x(point)), 6),
            lat=round(float(shapely.get_y(point)), 6),
            approximate=bounds.is_approximate(code),
            valid_from=bounds.valid_from,
        )
        for code, point in zip(codes, points, strict=True)
    )


def grid_row(ground: Ground) -> GridRow:
    """The base layer itself."""
    bounds = ground.layers[Layer.GRIDS]
    return GridRow("base", "单元网格", bounds.approximate, bounds.source, bounds.provenance)


def street_rows(ground: Ground) -> tuple[StreetRow, ...]:
    """Named streets in and close around the district, each name once."""
    close = shapely.box(*shapely.bounds(shapely.buffer(to_metres(ground.district), NEAR_M)))
    by_name: dict[str, list[Geometry]] = defaultdict(list)
    for road in ground.pack.roads:
        if name := str(road.properties.get("n", "")).strip():
            parts = shapely.get_parts(road.geometry)
            by_name[name].extend(parts[shapely.intersects(to_metres(parts), close)])
    return tuple(
        StreetRow(name, geojson(shapely.multilinestrings(by_name[name]), digits=6))
        for name in sorted(by_name)
        if by_name[name]
    )
