"""The live edition in this process's memory, and the rule when to look whether it is still the live one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from linli.core.reference import Reference
from linli_engines.locate import Locator

from .assemble import locator_of
from .geometry import METRE_LAT, METRE_LON, to_metres
from .models import Division, Edition, LayerCell, Place, Revision, Street, Tile
from .search import Entry, Index

COVERED = 0.9999  # of the area: then the coarser polygon adds nothing but rounding


@dataclass(frozen=True, slots=True)
class DivisionView:
    """A division as other rooms see it. `lon`, `lat`: where its label stands (None if nobody knows)."""

    code: str
    name: str
    short_name: str
    level: int
    parent: str
    approximate: bool
    has_boundary: bool
    lon: float | None
    lat: float | None
    provenance: str


class Finder:
    """A locator with, for each code, its four levels ready to be taken by index; index -1 takes ""."""

    def __init__(self, geometries: dict[str, shapely.Geometry]) -> None:
        self.locator: Locator = locator_of(geometries)
        self.areas = {code: float(shapely.area(g)) for code, g in geometries.items()}
        codes = self.locator.codes
        self.levels = tuple(
            np.array([*(c[:n] if len(c) >= n else "" for c in codes), ""], dtype=f"<U{n}") for n in (15, 12, 9, 6)
        )


class Snapshot:
    """One edition. Each part is read from the database when first asked for, then kept."""

    def __init__(self, edition_id: int, value: str) -> None:
        self.edition_id = edition_id  # 0 while nothing is loaded
        self.value = value

    @cached_property
    def edition(self) -> Edition | None:
        return Edition.objects.filter(pk=self.edition_id).first()

    @cached_property
    def divisions(self) -> dict[str, DivisionView]:
        fields = ("code", "name", "short_name", "level", "parent", "approximate", "lon", "lat", "provenance")
        rows = Division.objects.filter(edition_id=self.edition_id).order_by("code").values(*fields, "boundary")
        return {r["code"]: DivisionView(has_boundary=bool(r.pop("boundary")), **r) for r in rows}

    @cached_property
    def children(self) -> dict[tuple[int, str], tuple[DivisionView, ...]]:
        """By (level, ancestor); the ancestor "" holds all of the level."""
        found: dict[tuple[int, str], list[DivisionView]] = defaultdict(list)
        for view in self.divisions.values():
            for ancestor in ("", view.code[:6], view.code[:9]):
                if len(ancestor) < view.level:
                    found[view.level, ancestor].append(view)
        return {k: tuple(v) for k, v in found.items()}

    @cached_property
    def boundaries(self) -> dict[str, str]:
        rows = Division.objects.filter(edition_id=self.edition_id).exclude(boundary="")
        return dict(rows.order_by("code").values_list("code", "boundary"))

    @cached_property
    def boxes(self) -> dict[str, tuple[float, float, float, float]]:
        found = shapely.bounds(np.array(list(self.shapes.values()), dtype=object))
        return dict(zip(self.shapes, map(tuple, found.tolist()), strict=True))

    @cached_property
    def shapes(self) -> dict[str, shapely.Geometry]:
        """The boundary of every division that has one, by code."""
        return dict(zip(self.boundaries, shapely.from_geojson(list(self.boundaries.values())), strict=True))

    @cached_property
    def cells(self) -> dict[str, tuple[float, float, bool]]:
        """A point inside, and whether the cell is approximate."""
        rows = LayerCell.objects.filter(layer__edition_id=self.edition_id, layer__key="base").order_by("code")
        return {c: (lon, lat, a) for c, lon, lat, a in rows.values_list("code", "lon", "lat", "approximate")}

    @cached_property
    def cell_shapes(self) -> dict[str, shapely.Geometry]:
        """Every cell, by code."""
        rows = LayerCell.objects.filter(layer__edition_id=self.edition_id, layer__key="base").order_by("code")
        found = dict(rows.values_list("code", "boundary"))
        return dict(zip(found, shapely.from_geojson(list(found.values())), strict=True))

    @cached_property
    def grid(self) -> Finder:
        return Finder(self.cell_shapes)

    @cached_property
    def finders(self) -> tuple[Finder, ...]:
        """The grid, then communities, subdistricts and district as far as finer cells do not cover them."""
        found = [self.grid]
        covered: dict[str, float] = defaultdict(float)
        for code, area in self.grid.areas.items():
            covered[code[:12]] += area
        for digits in (12, 9, 6):
            shapes = {c: g for c, g in self.shapes.items() if len(c) == digits}
            bare = {c: g for c, g in shapes.items() if covered[c] < shapely.area(g) * COVERED}
            if bare:
                found.append(Finder(bare))
            for code, geometry in shapes.items():
                covered[code[:-3]] += float(shapely.area(geometry))
        return tuple(found)

    @cached_property
    def streets(self) -> tuple[shapely.STRtree, np.ndarray, tuple[str, ...]]:
        """A tree of straight runs in metres, and the street of each."""
        rows = list(Street.objects.filter(edition_id=self.edition_id).order_by("name").values_list("name", "lines"))
        lines = shapely.from_geojson([text for _name, text in rows])
        parts, owner = shapely.get_parts(lines, return_index=True)
        return shapely.STRtree(to_metres(parts)), owner, tuple(name for name, _text in rows)

    @cached_property
    def places(self) -> tuple[tuple[dict[str, Any], ...], Index]:
        rows: list[dict[str, Any]] = [dict(r) for r in Place.objects.filter(edition_id=self.edition_id).values()]
        rows.sort(key=lambda r: (-r["weight"], len(r["name"]), r["name"], r["id"]))
        short = {code: view.short_name for code, view in self.divisions.items()}
        entries = [
            Entry(tuple({r["name"]: None, short.get(r["code"], r["name"]): None}), r.pop("pinyin"), r.pop("initials"))
            for r in rows
        ]
        return tuple(rows), Index(entries)

    @cached_property
    def tiles(self) -> dict[tuple[int, int, int], bytes]:
        rows = Tile.objects.filter(edition_id=self.edition_id).values_list("z", "x", "y", "data")
        return {(z, x, y): bytes(data) for z, x, y, data in rows.iterator(chunk_size=200)}

    def near(self, lon: float, lat: float, within_m: float) -> str:
        """The nearest named street, "" if none is that close; of equals the first in text order."""
        tree, owner, names = self.streets
        if not names:
            return ""
        point = shapely.Point(lon * METRE_LON, lat * METRE_LAT)
        hits = tree.query_nearest(point, max_distance=within_m)
        return min((names[owner[h]] for h in hits.tolist()), default="")


def _revision() -> tuple[int, str, str]:
    """The live edition, its name, and the turn, which changes with every flip."""
    row = Revision.objects.filter(pk=1).values_list("edition_id", "value", "turn").first()
    return row or (0, "", "")


_live: Reference[Snapshot] = Reference(_revision, lambda row: Snapshot(row[0], row[1]))


def current() -> Snapshot:
    """The live edition: no SQL within a second of the last look, one small query after it."""
    return _live.get()


def forget() -> None:
    """Look again at the next call: after a flip in this process, and between tests."""
    _live.look_again()
