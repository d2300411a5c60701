"""Reads of the territory: where a point lies, what a code is called, which place is meant. All from memory.

Public facts: no actor is asked for. Border rule: cells and divisions are closed; a point on a shared border
belongs to the lowest code that touches it, in text order; coordinates count to 1e-7 degree.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.errors import Invalid, Missing

from . import rules
from .boundaries import Problem
from .choices import DIGITS, FileState, Layer, Level
from .models import BoundaryFile, GridLayer, LayerCell
from .permissions import can_change_boundaries
from .search import LONGEST
from .snapshot import DivisionView, Snapshot, current, forget

__all__ = [
    "DivisionView",
    "Located",
    "LocatedMany",
    "PlaceHit",
    "attribution",
    "boundaries_geojson",
    "bounds",
    "check_point",
    "district",
    "division",
    "division_name",
    "divisions",
    "forget",
    "grid_boundary",
    "grid_center",
    "grid_codes",
    "is_loaded",
    "layers",
    "locate",
    "locate_many",
    "revision",
    "search_places",
    "tile",
    "waiting_file",
    "warm",
]  # fmt: skip

NEAR_M = 150.0


@dataclass(frozen=True, slots=True)
class Located:
    """Where a point lies; "" where nothing is known at that level. `near` is a street within 150 m."""

    grid: str
    community: str
    subdistrict: str
    district: str
    community_name: str
    subdistrict_name: str
    approximate: bool
    near: str

    @property
    def area(self) -> str:
        """The finest code known."""
        return self.grid or self.community or self.subdistrict or self.district


@dataclass(frozen=True, slots=True)
class LocatedMany:
    """Codes of many points as text arrays of one shape; "" = outside."""

    grid: np.ndarray
    community: np.ndarray
    subdistrict: np.ndarray
    district: np.ndarray


@dataclass(frozen=True, slots=True)
class PlaceHit:
    """A place found. `division` answers for it; `code` is its own code if it is a division; `note` says what is odd."""

    kind: str
    name: str
    detail: str
    lon: float
    lat: float
    division: str
    approximate: bool
    code: str = ""
    note: Any = ""


def revision() -> str:
    """Changes whenever anything here changes; "" while no territory is loaded. Part of the tiles' addresses."""
    return current().value


def is_loaded() -> bool:
    """Whether a territory is loaded at all."""
    return current().edition_id is not None


def warm() -> None:
    """Read everything now (about 0.5 s), so that the first request does not wait for it."""
    here = current()
    for part in ("children", "cells", "grid", "finders", "places", "tiles", "streets", "boxes"):
        getattr(here, part)


# --- where ------------------------------------------------------------------------------------------
def locate(lon: float, lat: float) -> Located | None:
    """Where a WGS-84 point lies, or None outside the district.

    Raises Invalid (bad_coordinates, zero_coordinates, swapped_coordinates, outside_china) for what is no position.
    """
    lon, lat = rules.checked_point(lon, lat)
    here = current()
    code = _code_at(here, lon, lat)
    if not code:
        return None
    grid, community, subdistrict = (code[:n] if len(code) >= n else "" for n in (15, 12, 9))
    names = here.divisions
    finest = names.get(community or subdistrict or code[:6])
    return Located(
        grid=grid,
        community=community,
        subdistrict=subdistrict,
        district=code[:6],
        community_name=names[community].name if community in names else "",
        subdistrict_name=names[subdistrict].name if subdistrict in names else "",
        approximate=here.cells[grid][2] if grid else finest is None or finest.approximate,
        near=here.near(lon, lat, NEAR_M),
    )


def check_point(lon: float, lat: float) -> Located:
    """`locate`, but a point outside the district is refused too.

    Raises Invalid outside_district, or maybe_gcj02 if the point would lie inside once read as GCJ-02.
    """
    found = locate(lon, lat)
    if found is not None:
        return found
    if _code_at(current(), *rules.wgs84_from_gcj02(lon, lat)):
        text = _("这个位置在区界之外，但很像手机地图的坐标（GCJ-02）。请换成 WGS-84 坐标再试。")
        raise Invalid("maybe_gcj02", text, fields={"place": [text]})
    text = _("这个位置不在本区范围内。请在地图上重新选点；外区的事请拨打 12345。")
    raise Invalid("outside_district", text, fields={"place": [text]})


def locate_many(lon: Sequence[float] | np.ndarray, lat: Sequence[float] | np.ndarray) -> LocatedMany:
    """Codes of many points at once, by the same rule. What is no position (NaN) is outside; nothing is raised."""
    x, y = np.broadcast_arrays(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    first, *coarser = current().finders
    index = first.locator.locate_many(x, y)
    found = [level[index] for level in first.levels]
    for finder in coarser:
        missed = found[3] == ""
        index = finder.locator.locate_many(x[missed], y[missed])
        for codes, level in zip(found, finder.levels, strict=True):
            codes[missed] = level[index]
    return LocatedMany(*found)


def _code_at(here: Snapshot, lon: float, lat: float) -> str:
    for finder in here.finders:
        index = finder.locator.locate(lon, lat)
        if index >= 0:
            return finder.locator.codes[index]
    return ""


# --- what a code is ---------------------------------------------------------------------------------
def division(code: str) -> DivisionView | None:
    """The division of a 6-, 9- or 12-digit code."""
    return current().divisions.get(code)


def divisions(level: int, parent: str = "") -> tuple[DivisionView, ...]:
    """Divisions of a level (6, 9 or 12 digits) inside `parent`, by code; those without a boundary too."""
    return current().children.get((level, parent), ())


def division_name(code: str, short: bool = False) -> str:
    """The name of a division; of a 15-digit code, that of its community. "" for no code, the code itself if unknown."""
    view = current().divisions.get(code[:12])
    if view is None:
        return code
    return view.short_name if short else view.name


def district() -> DivisionView:
    """The district. Raises Missing while no territory is loaded."""
    found = divisions(Level.DISTRICT)
    if not found:
        raise Missing("territory_not_loaded", _("还没有载入区域数据。请管理员运行载入命令。"))
    return found[0]


def grid_center(code: str) -> tuple[float, float]:
    """A point inside a cell. For a cell that no longer exists, the label of its community or subdistrict.

    Raises Missing if even those are unknown.
    """
    here = current()
    if code in here.cells:
        lon, lat, _approximate = here.cells[code]
        return lon, lat
    for n in (12, 9, 6):
        view = here.divisions.get(code[:n])
        if view is not None and view.lon is not None and view.lat is not None:
            return view.lon, view.lat
    raise Missing("unknown_code", _("没有这个编码的网格或区划。"))


def grid_boundary(code: str) -> str | None:
    """The GeoJSON geometry of a cell of the live grid. One small query."""
    here = current()
    if code not in here.cells:
        return None
    cell = LayerCell.objects.filter(layer__edition_id=here.edition_id, layer__key="base", code=code)
    return cell.values_list("boundary", flat=True).first()


def grid_codes(community: str = "") -> tuple[str, ...]:
    """Codes of the base grid, all or those that begin with `community` (any prefix)."""
    return tuple(c for c in current().cells if c.startswith(community))


def boundaries_geojson(level: int, parent: str = "") -> str:
    """A FeatureCollection of a level's boundaries as text, with names, label points and how far to trust them."""
    here = current()
    features = [_feature(v, here.boundaries[v.code]) for v in divisions(level, parent) if v.has_boundary]
    return '{"type":"FeatureCollection","features":[' + ",".join(features) + "]}"


def _feature(view: DivisionView, boundary: str) -> str:
    properties = json.dumps(_properties(view), ensure_ascii=False, separators=(",", ":"))
    return f'{{"type":"Feature","id":"{view.code}","properties":{properties},"geometry":{boundary}}}'


def _properties(view: DivisionView) -> dict[str, Any]:
    fields = ("code", "name", "short_name", "parent", "approximate", "provenance", "lon", "lat")
    return {name: getattr(view, name) for name in fields}


# --- which place is meant ---------------------------------------------------------------------------
def search_places(text: str, limit: int = 10) -> tuple[PlaceHit, ...]:
    """Places by name, full pinyin or initials, best first; spaces and case do not matter.

    Raises Invalid query_too_long above 60 characters.
    """
    if len(text) > LONGEST:
        message = _("搜索的文字太长，最多 60 个字。")
        raise Invalid("query_too_long", message, fields={"q": [message]})
    rows, index = current().places
    return tuple(_hit(rows[i]) for i in index.find(text, min(max(limit, 0), 50)))


def _hit(row: dict[str, Any]) -> PlaceHit:
    falls = bool(row["code"]) and row["code"] != row["division"]
    return PlaceHit(
        kind=row["kind"],
        name=row["name"],
        detail=row["detail"],
        lon=row["lon"],
        lat=row["lat"],
        division=row["division"],
        approximate=row["approximate"],
        code=row["code"],
        note=_("社区界线尚缺，按街道受理") if falls else "",
    )


# --- the map ----------------------------------------------------------------------------------------
def tile(z: int, x: int, y: int) -> bytes | None:
    """A background tile, gzipped, or None where there is nothing."""
    return current().tiles.get((z, x, y))


def attribution() -> tuple[str, str]:
    """Who must be named on the map, and what its boundaries are worth."""
    edition = current().edition
    return (edition.attribution, edition.boundary_note) if edition else ("", "")


def bounds(code: str = "") -> tuple[float, float, float, float]:
    """West, south, east, north of a division with a boundary; of the district for "" or a code without one."""
    here = current()
    known = here.boxes
    for n in (12, 9):
        if code[:n] in known and len(code) >= n:
            return known[code[:n]]
    return known[district().code]


# --- the settings page ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class LayerView:
    """A layer on the settings page: how many, how many drawn, how far to trust it, the file in force if any."""

    layer: str
    label: Any
    total: int
    drawn: int
    approximate: bool
    provenance: str
    file_name: str
    file_made_at: datetime | None


def layers() -> tuple[LayerView, ...]:
    """The four layers as they are now."""
    here = current()
    files = {f.layer: f for f in BoundaryFile.objects.filter(state=FileState.ACCEPTED).defer("content")}
    grid = GridLayer.objects.filter(edition_id=here.edition_id, key="base").first()
    found = []
    for layer in Layer:
        views = divisions(DIGITS[layer])
        cells = len(here.cells) if layer is Layer.GRIDS else 0
        first = grid if layer is Layer.GRIDS else next((v for v in views if v.has_boundary), None)
        file = files.get(layer.value)
        found.append(
            LayerView(
                layer=layer.value,
                label=layer.label,
                total=cells or len(views),
                drawn=cells or sum(v.has_boundary for v in views),
                approximate=first is None or first.approximate,
                provenance=first.provenance if first else "",
                file_name=file.name if file else "",
                file_made_at=file.made_at if file else None,
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A checked file that its uploader has not confirmed yet."""

    id: int
    label: Any
    name: str
    features: int
    warnings: tuple[Problem, ...]


def waiting_file(*, actor: Actor, file_id: int) -> WaitingFile:
    """Raises Forbidden, Missing (also if it is somebody else's or already decided)."""
    can_change_boundaries(actor).or_forbidden()
    file = (
        BoundaryFile.objects.filter(pk=file_id, made_by=actor.label, state=FileState.WAITING).defer("content").first()
    )
    if file is None:
        raise Missing("unknown_file", _("没有这个待确认的文件，请重新上传。"))
    warnings = tuple(Problem(**p) for p in file.report["problems"])
    return WaitingFile(file.pk, Layer(file.layer).label, file.name, file.report["features"], warnings)
