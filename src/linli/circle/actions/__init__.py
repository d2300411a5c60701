"""The door of the service circle: its actions."""

from .load import load_catalogues, load_facilities, load_homes, load_network

__all__ = ["load_catalogues", "load_facilities", "load_homes", "load_network"]
