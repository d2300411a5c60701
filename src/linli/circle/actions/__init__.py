"""The door of the service circle: its actions."""

from .edition import follow_territory
from .load import load_catalogues, load_facilities, load_homes, load_network
from .surveys import load_resource_kinds

__all__ = [
    "follow_territory",
    "load_catalogues",
    "load_facilities",
    "load_homes",
    "load_network",
    "load_resource_kinds",
]
