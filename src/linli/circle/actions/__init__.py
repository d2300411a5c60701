"""The door of the service circle: its actions."""

from .load import load_catalogues, load_facilities, load_homes, load_network
from .surveys import load_resource_kinds

__all__ = ["load_catalogues", "load_facilities", "load_homes", "load_network", "load_resource_kinds"]
