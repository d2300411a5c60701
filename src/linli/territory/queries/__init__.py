"""Reads of the territory: where a point lies, what a code is called, which place is meant. All from memory.

Public facts: no actor is asked for. Border rule: cells and divisions are closed; a point on a shared border
belongs to the lowest code that touches it, in text order; coordinates count to 1e-7 degree.
"""

from __future__ import annotations

from ..snapshot import DivisionView, forget
from .divisions import (
    boundaries_geojson,
    bounds,
    district,
    districts,
    division,
    division_name,
    divisions,
    grid_boundary,
    grid_center,
    grid_codes,
)
from .files import LayerView, WaitingFile, layers, waiting_file
from .live import attribution, is_loaded, revision, tile, warm
from .points import Located, LocatedMany, check_point, locate, locate_many
from .search import PlaceHit, search_places
from .shapes import (
    LayerState,
    RoadLine,
    cells,
    check_layers,
    division_boundaries,
    division_boundary,
    grid_geojson,
    layer_state,
    live_layers,
    locate_in,
    locator_for,
    roads,
)

__all__ = [
    "DivisionView",
    "LayerState",
    "LayerView",
    "Located",
    "LocatedMany",
    "PlaceHit",
    "RoadLine",
    "WaitingFile",
    "attribution",
    "boundaries_geojson",
    "bounds",
    "cells",
    "check_layers",
    "check_point",
    "district",
    "districts",
    "division",
    "division_boundaries",
    "division_boundary",
    "division_name",
    "divisions",
    "forget",
    "grid_boundary",
    "grid_center",
    "grid_codes",
    "grid_geojson",
    "is_loaded",
    "layer_state",
    "layers",
    "live_layers",
    "locate",
    "locate_in",
    "locate_many",
    "locator_for",
    "revision",
    "roads",
    "search_places",
    "tile",
    "waiting_file",
    "warm",
]
