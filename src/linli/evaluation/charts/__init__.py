"""Figures as SVG text: plain numbers and translated words in, no database, no script.

Every function takes a `Frame` first (title, description, foot, width) and returns one `<svg>`. Colours are site variables
with a fallback; `flat` puts the fallbacks in for paper and for files that leave the house. A missing value is drawn as
missing, never as zero. There is no radar: `profile` shows the same parts on one scale, where lengths can be compared.
"""

from __future__ import annotations

from .changes import Part, waterfall
from .heat import heat
from .levels import Levels, quintiles
from .lines import Line, Point, line_panels, lines
from .profiles import Strip, profile
from .ranked import Row, bars, indices, rank_intervals, ranking
from .scatter import Dot, scatter
from .svg import Frame, flat, size
from .tiles import tile_codes, tile_map, tile_note

__all__ = [
    "Dot",
    "Frame",
    "Levels",
    "Line",
    "Part",
    "Point",
    "Row",
    "Strip",
    "bars",
    "flat",
    "heat",
    "indices",
    "line_panels",
    "lines",
    "profile",
    "quintiles",
    "rank_intervals",
    "ranking",
    "scatter",
    "size",
    "tile_codes",
    "tile_map",
    "tile_note",
    "waterfall",
]
