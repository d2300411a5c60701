"""Dividing ground into unit grids: cut by barriers, compact, without slivers, tiling exactly. Method: docs/methods/ground.md.

What lives here: drawing cells and their codes, and what there is to say about them. What does not: who may publish them.
Coordinates are whole units of 1e-7 degree, as in `locate`.
"""

from __future__ import annotations

from linli_engines.ground.arrangement import Plane, tiles
from linli_engines.ground.coding import serials
from linli_engines.ground.design import Barrier, Cell, Design, Refused, Settings, design
from linli_engines.ground.report import Report, report

__all__ = [
    "Barrier",
    "Cell",
    "Design",
    "Plane",
    "Refused",
    "Report",
    "Settings",
    "design",
    "report",
    "serials",
    "tiles",
]
