"""Dividing ground into unit grids: cut by barriers, compact, without slivers, tiling exactly. Method: docs/methods/ground.md.

What lives here: drawing and editing cells and their codes, laying nets over one another, reading shapes safely. What
does not: who may publish them.
Coordinates are whole units of 1e-7 degree, as in `locate`.
"""

from __future__ import annotations

from linli_engines.ground.arrangement import UNITS_PER_DEGREE, Plane, tiles
from linli_engines.ground.borders import Borders, Stretch, borders
from linli_engines.ground.coding import serials
from linli_engines.ground.design import STRENGTHS, Barrier, Cell, Design, Settings, design
from linli_engines.ground.difference import Change, Difference, difference
from linli_engines.ground.edits import Cells, Edited, bend_border, merge, move_border, move_vertex, split, with_corners
from linli_engines.ground.errors import Refused
from linli_engines.ground.lattice import Point, Shape, from_degrees, to_degrees
from linli_engines.ground.overlay import Overlay, Responsible, overlay, responsible
from linli_engines.ground.report import Report, report
from linli_engines.ground.shapes import Note, cleaned

__all__ = [
    "STRENGTHS",
    "UNITS_PER_DEGREE",
    "Barrier",
    "Borders",
    "Cell",
    "Cells",
    "Change",
    "Design",
    "Difference",
    "Edited",
    "Note",
    "Overlay",
    "Plane",
    "Point",
    "Refused",
    "Report",
    "Responsible",
    "Settings",
    "Shape",
    "Stretch",
    "bend_border",
    "borders",
    "cleaned",
    "design",
    "difference",
    "from_degrees",
    "merge",
    "move_border",
    "move_vertex",
    "overlay",
    "report",
    "responsible",
    "serials",
    "split",
    "tiles",
    "to_degrees",
    "with_corners",
]
