"""A circle on foot as GeoJSON: the streets that are reached, to where the metres end, and an outline for the eye."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import shapely

from .. import network

WIDTH_M = 45.0  # of the drawn outline to either side of a street: a drawing, never a measure


def circle(steps: bool, lon: float, lat: float, cap_m: float) -> dict[str, Any]:
    """A FeatureCollection in WGS-84: one Polygon (may be empty) and one MultiLineString."""
    from linli_engines.reach.isochrone import lines_of, outline, reached

    streets = network.streets(steps)
    place = streets.place([lon], [lat]).places
    found = reached(streets.graph, place, 0, cap_m)
    net = streets.graph.network
    drawn = [shapely.multilinestrings(shapely.get_parts(lines_of(net, found)))] if len(found.edge) else []
    shapes = [outline(net, found, WIDTH_M), *drawn] if drawn else []
    back = pyproj.Transformer.from_crs(streets.crs, "EPSG:4326", always_xy=True)
    features = []
    for shape in shapes:
        degrees = shapely.transform(shape, lambda xy: np.column_stack(back.transform(xy[:, 0], xy[:, 1])).round(6))
        features.append({"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(degrees)})
    return {"type": "FeatureCollection", "features": features}
