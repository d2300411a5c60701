"""The rows of an edition as plain values, field for field like the tables. No database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class DivisionRow:
    code: str
    level: int
    parent: str
    name: str
    short_name: str
    approximate: bool
    boundary: str  # GeoJSON geometry or ""
    lon: float | None
    lat: float | None
    valid_from: date | None
    source: str
    provenance: str


@dataclass(frozen=True, slots=True)
class CellRow:
    code: str
    boundary: str
    area_m2: int
    lon: float
    lat: float
    approximate: bool
    valid_from: date | None


@dataclass(frozen=True, slots=True)
class GridRow:
    key: str
    name: str
    approximate: bool
    source: str
    provenance: str


@dataclass(frozen=True, slots=True)
class StreetRow:
    name: str
    lines: str


@dataclass(frozen=True, slots=True)
class PlaceRow:
    kind: str
    code: str
    name: str
    detail: str
    pinyin: str
    initials: str
    division: str
    lon: float
    lat: float
    weight: int
    approximate: bool


@dataclass(frozen=True, slots=True)
class TileRow:
    z: int
    x: int
    y: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """Everything of one edition."""

    divisions: tuple[DivisionRow, ...]
    grid: GridRow
    cells: tuple[CellRow, ...]
    streets: tuple[StreetRow, ...]
    places: tuple[PlaceRow, ...]
    tiles: tuple[TileRow, ...] = field(default=())
