"""How the cells of a draft are written: a few of them by an edit, all of them by a design; each step can be taken back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence

import shapely
from shapely import Geometry

from linli.core import clock

from ..choices import CellOrigin, EditKind
from ..models import DraftCell, DraftEdit, GridDraft
from ..queries.draft_shapes import areas_m2

Shapes = Mapping[str, Geometry | None]
"""Shapes by code; None: there is no such cell."""

HISTORY_MOST = 500  # steps that can be taken back
HAIR = 1.0


def packed(shapes: Shapes) -> bytes:
    """As kept with an edit."""
    said = {c: shapely.to_wkb(s, hex=True, byte_order=1) if s is not None else None for c, s in sorted(shapes.items())}
    return zlib.compress(json.dumps(said, separators=(",", ":")).encode(), 3)


def unpacked(data: bytes) -> dict[str, Geometry | None]:
    """The other way."""
    said = json.loads(zlib.decompress(bytes(data)))
    return {c: shapely.from_wkb(s) if s is not None else None for c, s in said.items()}


def origin(code: str, shape: Geometry, live: Mapping[str, Geometry]) -> str:
    """Beside the grid in force. A strip of a unit along the border (corners of a neighbour's edit) reshapes nothing."""
    before = live.get(code)
    if before is None:
        return CellOrigin.NEW
    if before.equals_exact(shape, 0.0, normalize=True):
        return CellOrigin.KEPT
    off = shapely.symmetric_difference(before, shape).area
    return CellOrigin.KEPT if off <= HAIR * before.length else CellOrigin.RESHAPED


def rows_of(draft: GridDraft, shapes: Shapes, live: Mapping[str, Geometry]) -> list[DraftCell]:
    """Rows to write, made before the transaction."""
    there = {c: s for c, s in shapes.items() if s is not None}
    areas = areas_m2(list(there.values()))
    return [
        DraftCell(
            draft=draft, code=c, shape=shapely.to_wkb(s, byte_order=1), area_m2=round(area), origin=origin(c, s, live)
        )
        for (c, s), area in zip(there.items(), areas, strict=True)
    ]  # fmt: skip


def write(draft: GridDraft, rows: Sequence[DraftCell], gone: Sequence[str] | None) -> None:
    """Put rows in the place of those of the same codes and take `gone` away (None: all others). Inside a transaction."""
    held = DraftCell.objects.filter(draft=draft)
    if gone is not None:
        held = held.filter(code__in=[*gone, *(r.code for r in rows)])
    held.delete()
    DraftCell.objects.bulk_create(rows, batch_size=500)


def remember(draft: GridDraft, kind: EditKind, codes: str, before: bytes, after: bytes, by: str) -> None:
    """One step more; what was taken back before it is forgotten. Inside a transaction."""
    number = draft.edits + 1
    DraftEdit.objects.filter(draft=draft, number__gte=number).delete()
    DraftEdit.objects.filter(draft=draft, number__lte=number - HISTORY_MOST).delete()
    DraftEdit.objects.create(
        draft=draft, number=number, kind=kind, codes=codes[:2000], before=before, after=after, by=by, at=clock.now()
    )
    GridDraft.objects.filter(pk=draft.pk).update(edits=number)
    draft.edits = number
