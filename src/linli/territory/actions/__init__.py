"""The only writers of the territory: load a pack, import boundaries, put layers in force. All flip a whole edition."""

from __future__ import annotations

from ..layers import LayerContent, LayerFeature
from .edition import BUILD, Loaded, Progress, load_pack, note_part
from .files import ImportReport, confirm_boundaries, import_boundaries, preview_boundaries, withdraw_boundaries
from .layers import put_layers, restore_layers

__all__ = [
    "BUILD",
    "ImportReport",
    "LayerContent",
    "LayerFeature",
    "Loaded",
    "Progress",
    "confirm_boundaries",
    "import_boundaries",
    "load_pack",
    "note_part",
    "preview_boundaries",
    "put_layers",
    "restore_layers",
    "withdraw_boundaries",
]
