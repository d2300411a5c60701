"""A boundary layer as another room hands it over, and its text in the database. Pure: no database, no settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely
from shapely import Geometry

from .choices import Layer
from .pack import Boundaries
from .polygons import geojson_file


@dataclass(frozen=True, slots=True)
class LayerFeature:
    """One division or cell. Without a geometry (communities only) it is known by name and falls to its subdistrict.

    `lon`, `lat` (WGS-84): where its name stands; made from the geometry if absent. `approximate` None: as the layer.
    """

    code: str
    name: str = ""
    geometry: Geometry | None = None
    lon: float | None = None
    lat: float | None = None
    approximate: bool | None = None


@dataclass(frozen=True, slots=True)
class LayerContent:
    """A whole layer: every feature of the district, how far it may be trusted, where it comes from, since when."""

    features: tuple[LayerFeature, ...]
    approximate: bool
    provenance: str
    source: str
    valid_from: date | None = None


def text_of(content: LayerContent, geometries: Mapping[str, Geometry], names: Mapping[str, str]) -> str:
    """GeoJSON of the content with the geometries and names as they were checked, by code."""
    return geojson_file(
        (_properties(f, names), geometries.get(f.code)) for f in sorted(content.features, key=lambda f: f.code)
    ).decode()


def _properties(feature: LayerFeature, names: Mapping[str, str]) -> dict[str, Any]:
    kept: dict[str, Any] = {"code": feature.code, "name": names.get(feature.code) or feature.name}
    if feature.lon is not None and feature.lat is not None:
        kept |= {"lon": round(feature.lon, 6), "lat": round(feature.lat, 6)}
    return kept if feature.approximate is None else kept | {"approximate": feature.approximate}


def digest_of(content: LayerContent, text: str) -> str:
    """SHA-256 over the text and what is said about it: equal digests give equal rows."""
    said = [content.approximate, str(content.provenance), content.source, str(content.valid_from or "")]
    return hashlib.sha256(f"{json.dumps(said)}\n{text}".encode()).hexdigest()


def boundaries_of(
    layer: Layer, text: str, *, approximate: bool, provenance: str, source: str, valid_from: date | None
) -> Boundaries:
    """What `text_of` wrote, as a layer of an edition."""
    rows = json.loads(text)["features"]
    shapes = shapely.from_geojson([json.dumps(r["geometry"]) for r in rows if r["geometry"]])
    codes = [r["properties"]["code"] for r in rows if r["geometry"]]
    said = {r["properties"]["code"]: r["properties"] for r in rows}
    points = {c: (p["lon"], p["lat"]) for c, p in said.items() if "lon" in p}
    nowhere = (None, None)
    return Boundaries(
        layer=layer,
        geometries=dict(zip(codes, shapes, strict=True)),
        names={c: said[c]["name"] for c in codes},
        approximate=approximate,
        provenance=provenance,
        source=source,
        valid_from=valid_from,
        named={c: (p["name"], *points.get(c, nowhere)) for c, p in said.items() if c not in set(codes)},
        rough={c: p["approximate"] for c, p in said.items() if "approximate" in p},
        labels={c: points[c] for c in codes if c in points},
    )
