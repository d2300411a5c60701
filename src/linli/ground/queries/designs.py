"""A draft of a grid: its cells, and what they would make of the live layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import shapely
from django.utils.translation import gettext_lazy as _
from shapely import Geometry

from linli.territory import queries as territory
from linli.territory.choices import Layer, Provenance
from linli.territory.layers import LayerFeature
from linli_engines.ground import difference, from_degrees, to_degrees

from ..mapping import Mapped, Moves, Problem
from ..models import DraftCell, GroundChange

HALF = 0.999  # a share from here on is the whole cell: the rest is rounding


def draft_shapes(change: GroundChange) -> dict[str, Geometry]:
    """The cells of the draft in whole units of 1e-7 degree, by code (1 SQL)."""
    rows = list(DraftCell.objects.filter(draft_id=change.pk).order_by("code").values_list("code", "shape"))
    shapes = shapely.from_wkb([bytes(shape) for _code, shape in rows])
    return dict(zip([code for code, _shape in rows], shapes, strict=True))


def live_shapes(scope: str) -> dict[str, Geometry]:
    """The cells in force under a prefix, in whole units."""
    return {code: from_degrees(shape) for code, shape in sorted(territory.cells(scope).items())}


def mapped_draft(change: GroundChange) -> Mapped:
    """The grid layer with the draft's cells in place of those of its scope, and the codes that move."""
    draft = change.draft
    before, after = live_shapes(draft.scope), draft_shapes(change)
    if not after:
        return Mapped({}, problems=(Problem("no_cells", _("草稿里还没有网格。")),))
    found = difference(before, after)
    if not any(found.of(kind) for kind in ("new", "gone", "reshaped")):
        return Mapped({})
    live = territory.live_layers()[Layer.GRIDS]
    kept = [f for f in live.features if not f.code.startswith(draft.scope)]
    drawn = [
        LayerFeature(code, geometry=to_degrees(shape), approximate=draft.approximate) for code, shape in after.items()
    ]
    content = replace(
        live,
        features=tuple(sorted([*kept, *drawn], key=lambda f: f.code)),
        approximate=live.approximate and draft.approximate if kept else draft.approximate,
        provenance=Provenance.RECONSTRUCTED,
        source=change.name,
        valid_from=change.effective_on,
    )
    return Mapped({Layer.GRIDS: content}, _moves(found.successors, set(after)))


def _moves(successors: Any, after: set[str]) -> Moves:
    """A cell that is gone goes to the largest of its successors; one with several was parted."""
    codes, parted = {}, {}
    for old, shares in successors.items():
        if not shares:
            continue
        main = old if old in after else shares[0][0]
        if main != old:
            codes[old] = main
        if shares[0][1] < HALF or shares[0][0] != main:
            parted[old] = (main, *sorted(code for code, _share in shares if code != main))
    return Moves(codes, parted)
