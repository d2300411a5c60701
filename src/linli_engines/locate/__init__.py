"""Which polygon of a partition holds a point: exact on borders, singly and in bulk. Method: docs/methods/locate.md.

What lives here: the locator. What does not: checking boundaries, names, divisions (that is the territory room's work).
"""

from __future__ import annotations

from linli_engines.locate.locator import Locator
from linli_engines.locate.segments import UNITS_PER_DEGREE, Ring, rings_of

__all__ = ["UNITS_PER_DEGREE", "Locator", "Ring", "rings_of"]
