"""The door of the service circle: its queries."""

from .around import Around, around
from .catalogue import (
    CatalogueView,
    ItemView,
    PaceView,
    cap_m,
    catalogue_by_id,
    catalogue_in_force,
    catalogues,
    completeness,
    leaf_items,
    pace,
    paces,
)
from .facilities import FacilityTable, items_of, open_facilities
from .homes import HomeTable, NetworkView, homes, network, network_content
from .warming import warm

__all__ = [
    "Around",
    "CatalogueView",
    "FacilityTable",
    "HomeTable",
    "ItemView",
    "NetworkView",
    "PaceView",
    "around",
    "cap_m",
    "catalogue_by_id",
    "catalogue_in_force",
    "catalogues",
    "completeness",
    "homes",
    "items_of",
    "leaf_items",
    "network",
    "network_content",
    "open_facilities",
    "pace",
    "paces",
    "warm",
]
