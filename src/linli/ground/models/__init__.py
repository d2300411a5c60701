"""Tables of the ground: changes and their drafts, nets and their merger, the catalogue of grid matters."""

from .catalogue import GridMatter, GridMatterCatalogue
from .changes import ChangeLine, GroundChange
from .designs import Barrier, DraftCell, DraftEdit, GridDraft
from .nets import Duty, MergeLine, NetBorder, NetCell, NetLayer, NetMerger

__all__ = [
    "Barrier",
    "ChangeLine",
    "DraftCell",
    "DraftEdit",
    "Duty",
    "GridDraft",
    "GridMatter",
    "GridMatterCatalogue",
    "GroundChange",
    "MergeLine",
    "NetBorder",
    "NetCell",
    "NetLayer",
    "NetMerger",
]
