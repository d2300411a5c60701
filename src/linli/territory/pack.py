"""Reads a pack folder into plain values. Checks form, decides nothing, writes nothing."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import shapely
from django.utils.translation import gettext_lazy as _
from shapely import Geometry

from linli.core.errors import Invalid

from .choices import Layer, Provenance
from .readings import Curated, curated

FORMAT = 1
FILES = (
    "pack.json", "district.geojson", "subdistricts.geojson", "communities.geojson", "grids.geojson",
    "communities_2016.csv", "roads.geojson", "green.geojson", "residential.geojson", "facilities.csv", "pinyin.csv",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Boundaries:
    """One layer: geometries and names by code, and how far they may be trusted.

    `named`: communities without a boundary (name, label point); None means those of the pack's list. `rough` says of
    single codes whether they are approximate, `labels` where their name stands.
    """

    layer: Layer
    geometries: Mapping[str, Geometry]
    names: Mapping[str, str] = field(default_factory=dict)
    approximate: bool = True
    provenance: str = Provenance.PROVISIONAL
    source: str = ""
    valid_from: date | None = None
    named: Mapping[str, tuple[str, float | None, float | None]] | None = None
    rough: Mapping[str, bool] = field(default_factory=dict)
    labels: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def is_approximate(self, code: str) -> bool:
        """Of one code: as is said of it, else as the layer says."""
        return self.rough.get(code, self.approximate)


@dataclass(frozen=True, slots=True)
class Feature:
    """A thing on the ground: a road, a green area, a residential area, a facility."""

    properties: Mapping[str, Any]
    geometry: Geometry


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything that a pack folder holds."""

    digest: str
    name: str
    district: str
    attribution: str
    boundary_note: str
    layers: Mapping[Layer, Boundaries]
    communities: Mapping[str, tuple[str, float | None, float | None]]  # code -> name, point of the committee
    roads: tuple[Feature, ...]
    green: tuple[Feature, ...]
    residential: tuple[Feature, ...]
    facilities: tuple[Feature, ...]
    local_readings: Curated


def digest_of(folder: Path) -> str:
    """SHA-256 over names and bytes of the pack's files: the same pack, the same digest."""
    digest = hashlib.sha256()
    for name in FILES:
        path = folder / name
        if not path.is_file():
            raise Invalid("pack_incomplete", _("资料包缺少文件：%(name)s") % {"name": name}, file=name)
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read(folder: Path) -> Pack:
    """The whole pack. Raises Invalid with the file's name if a file is absent or cannot be read."""
    digest = digest_of(folder)
    try:
        meta = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
        if meta["format"] != FORMAT:
            raise Invalid("pack_format", _("资料包的格式版本无法识别"), format=meta["format"])
        layers = {Layer(entry["layer"]): _layer(folder, entry) for entry in meta["layers"]}
        return Pack(
            digest=digest,
            name=meta["name"],
            district=meta["district"],
            attribution=meta["attribution"],
            boundary_note=meta["boundary_note"],
            layers=layers,
            communities={
                r["code"]: (r["name"], float(r["lon"]) if r["lon"] else None, float(r["lat"]) if r["lat"] else None)
                for r in _rows(folder / "communities_2016.csv")
            },
            roads=tuple(_features(folder / "roads.geojson")),
            green=tuple(_features(folder / "green.geojson")),
            residential=tuple(_features(folder / "residential.geojson")),
            facilities=_points(folder / "facilities.csv"),
            local_readings=curated(folder / "pinyin.csv"),
        )
    except (KeyError, TypeError, ValueError, shapely.errors.ShapelyError) as problem:
        raise Invalid("pack_unreadable", _("资料包无法读取：%(why)s") % {"why": problem}) from problem


def roads(folder: Path) -> tuple[Feature, ...]:
    """Only the roads: properties c (class 1 to 6), n (name), l (a link road)."""
    return tuple(_features(folder / "roads.geojson"))


def _layer(folder: Path, entry: Mapping[str, Any]) -> Boundaries:
    features = list(_features(folder / entry["file"]))
    return Boundaries(
        layer=Layer(entry["layer"]),
        geometries={f.properties["code"]: f.geometry for f in features},
        names={f.properties["code"]: f.properties.get("name", "") for f in features},
        approximate=bool(entry["approximate"]),
        provenance=Provenance(entry["provenance"]),
        source=f"{entry['file']}",
        valid_from=date.fromisoformat(entry["as_of"]),
    )


def _features(path: Path) -> Iterator[Feature]:
    rows = json.loads(path.read_text(encoding="utf-8"))["features"]
    geometries = shapely.from_geojson([json.dumps(r["geometry"]) for r in rows])
    for row, geometry in zip(rows, geometries, strict=True):
        yield Feature(row["properties"], geometry)


def _points(path: Path) -> tuple[Feature, ...]:
    rows = list(_rows(path))
    points = shapely.points([(float(r["lon"]), float(r["lat"])) for r in rows])
    return tuple(Feature(r, p) for r, p in zip(rows, points, strict=True))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)
