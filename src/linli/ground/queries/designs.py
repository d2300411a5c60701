"""A draft of a grid: its cells, and what they would make of the live layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from django.utils.translation import gettext_lazy as _
from shapely import Geometry

from linli.territory import queries as territory
from linli.territory.choices import Layer, Provenance
from linli.territory.layers import LayerContent, LayerFeature
from linli_engines.ground import difference, from_degrees, to_degrees, with_corners

from ..mapping import Mapped, Moves, Problem
from ..models import GroundChange
from .draft_shapes import digest, draft_shapes, live_shapes

MOVED_ON = _("起草以后，现行网格在这个范围里改过。请核对差异，以免改回去。")
NEAR = 2.0  # units
HALF = 0.999  # a share from here on is the whole cell: the rest is rounding


def mapped_draft(change: GroundChange) -> Mapped:
    """The grid layer with the draft's cells in place of those of its scope, and the codes that move."""
    draft = change.draft
    if not draft.scope:
        said = _("这是一块自定地面的研究，不在现行区划里，只能导出，不能生效。")
        return Mapped({}, problems=(Problem("study", said),))
    before, after = live_shapes(draft.scope), draft_shapes(change.pk)
    if not after:
        return Mapped({}, problems=(Problem("no_cells", _("草稿里还没有网格。")),))
    found = difference(before, after)
    if not any(found.of(kind) for kind in ("new", "gone", "reshaped")):
        return Mapped({})
    live = territory.live_layers()[Layer.GRIDS]
    drawn = [
        LayerFeature(code, geometry=to_degrees(shape), approximate=draft.approximate) for code, shape in after.items()
    ]
    kept = _kept(live, draft.scope, after)
    content = replace(
        live,
        features=tuple(sorted([*kept, *drawn], key=lambda f: f.code)),
        approximate=draft.approximate or (bool(kept) and live.approximate),
        provenance=draft.settings.get("provenance", Provenance.PROVISIONAL),
        source=draft.settings.get("source") or change.name,
        valid_from=change.effective_on,
    )
    problems = (Problem("moved_on", MOVED_ON, warning=True),) if draft.settings.get("live") != digest(before) else ()
    return Mapped({Layer.GRIDS: content}, _moves(found.successors, set(after)), problems)


def _kept(live: LayerContent, scope: str, after: Mapping[str, Geometry]) -> list[LayerFeature]:
    """The cells outside the scope, each with its own flag; beside the draft they get the corners that it put into the
    common border, so that nothing gapes there.
    """
    kept = [f for f in live.features if not f.code.startswith(scope)]
    shapes = {f.code: from_degrees(f.geometry) for f in kept if f.geometry is not None}
    bent: dict[str, Geometry] = {}
    if shapes:
        outline = shapely.coverage_union_all(np.array(list(after.values()), dtype=object))
        held = np.array(list(shapes.values()), dtype=object)
        near = shapely.STRtree(held).query(shapely.boundary(outline), predicate="dwithin", distance=NEAR)
        beside = {code: shapes[code] for code in np.array(list(shapes))[near].tolist()}
        known = {tuple(p) for shape in beside.values() for p in shapely.get_coordinates(shape).tolist()}
        corners = {tuple(p) for p in shapely.get_coordinates(outline).tolist()} - known
        bent = with_corners(beside, sorted((round(x), round(y)) for x, y in corners))
    return [
        replace(
            f,
            geometry=to_degrees(bent[f.code]) if f.code in bent else f.geometry,
            approximate=live.approximate if f.approximate is None else f.approximate,
        )
        for f in kept
    ]  # fmt: skip


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
