"""Edits of a draft by hand: split, merge, borders and corners, each checked and reckoned here, each to be taken back.

What an edit changes is answered; cells it does not name keep code and shape. Of two who edit at once the second is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from shapely import Geometry, LineString

from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid
from linli_engines import ground as engine
from linli_engines.ground import Edited, Refused

from .. import norms, problems
from ..choices import EditKind
from ..models import DraftEdit, GridDraft, GroundChange
from ..queries import draft_shapes as read
from . import draft_cells
from .changes import drawing, edit_line

Point = tuple[int, int]
LINE_MOST = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One edit as it is asked for. Points are whole units. `line` of a split may be empty: across the long side."""

    kind: str  # split, merge, border, corner, bend
    codes: tuple[str, ...] = ()
    line: tuple[Point, ...] = ()
    at: tuple[Point, ...] = ()
    to: Point | None = None


@dataclass(frozen=True, eq=False)
class Done:
    """What an edit changed: cells as they are now, codes that are no more, the draft's version and place in its history."""

    changed: dict[str, Geometry]
    gone: tuple[str, ...]
    version: int
    edits: int
    top: int


def edit(*, actor: Actor, change: GroundChange, version: int, asked: Asked) -> Done:
    """Do one edit. Raises Invalid (the engine's code in lower case; details.where: codes), Conflict, Forbidden."""
    drawing(actor, change).or_forbidden()
    cells = read.draft_shapes(change.pk)
    try:
        found = _WAYS[asked.kind](change, cells, asked)
    except KeyError:
        raise Invalid("bad_edit", _("没有这种修改。")) from None
    except Refused as refused:
        raise problems.invalid(refused) from None
    changed = {**found.changed, **found.neighbours}
    touched = {*changed, *found.gone, *found.new}
    before = {c: cells.get(c) for c in touched}
    after = {c: None if c in found.gone else changed.get(c, cells.get(c)) for c in touched}
    draft = change.draft
    rows = draft_cells.rows_of(draft, after, read.live_shapes(draft.scope))
    kept = draft_cells.packed(before), draft_cells.packed(after)
    kind = EditKind.BORDER if asked.kind in ("corner", "bend") else EditKind(asked.kind)
    with transaction.atomic():
        edit_line(actor, change, version, {"edit": asked.kind, "codes": sorted(touched - set(found.neighbours))[:20]})
        draft.refresh_from_db(fields=["edits"])
        draft_cells.write(draft, rows, found.gone)
        draft_cells.remember(draft, kind, " ".join(sorted(touched)), *kept, actor.label)
    return Done(changed, found.gone, version + 1, draft.edits, draft.edits)


def _least() -> float:
    return float(norms.norms()["least_m2"].value)


def _line(asked: Asked) -> LineString:
    if not 2 <= len(asked.line) <= LINE_MOST:
        raise Refused("LINE_INVALID", "no line")
    return LineString(asked.line)


def _one(cells: Mapping[str, Geometry], asked: Asked) -> str:
    if len(asked.codes) != 1 or asked.codes[0] not in cells:
        raise Refused("UNKNOWN", "no such cell", *asked.codes[:1])
    return asked.codes[0]


def _split(change: GroundChange, cells: dict[str, Geometry], asked: Asked) -> Edited:
    code = _one(cells, asked)
    line = _line(asked) if asked.line else read.halving(cells[code])
    return engine.split(cells, code, line, read.codes_ever(change), least_m2=_least())


def _merge(_change: GroundChange, cells: dict[str, Geometry], asked: Asked) -> Edited:
    return engine.merge(cells, asked.codes)


def _border(_change: GroundChange, cells: dict[str, Geometry], asked: Asked) -> Edited:
    if len(asked.codes) != 2:
        raise Refused("TOO_FEW", "a border has two sides", *asked.codes)
    return engine.move_border(cells, *asked.codes, _line(asked), least_m2=_least())


def _corner(_change: GroundChange, cells: dict[str, Geometry], asked: Asked) -> Edited:
    if len(asked.at) != 1 or asked.to is None:
        raise Refused("NO_VERTEX", "no corner named")
    return engine.move_vertex(cells, asked.at[0], asked.to, least_m2=_least())


def _bend(_change: GroundChange, cells: dict[str, Geometry], asked: Asked) -> Edited:
    if len(asked.at) != 2 or asked.to is None:
        raise Refused("NO_VERTEX", "no border named")
    return engine.bend_border(cells, (asked.at[0], asked.at[1]), asked.to, least_m2=_least())


_WAYS: dict[str, Callable[[GroundChange, dict[str, Geometry], Asked], Edited]] = {
    "split": _split, "merge": _merge, "border": _border, "corner": _corner, "bend": _bend,
}  # fmt: skip


def undo(*, actor: Actor, change: GroundChange, version: int) -> Done:
    """Take the last step back. Raises Conflict (nothing_to_undo)."""
    return _step(actor, change, version, back=True)


def redo(*, actor: Actor, change: GroundChange, version: int) -> Done:
    """Do again what was taken back. Raises Conflict (nothing_to_redo)."""
    return _step(actor, change, version, back=False)


def _step(actor: Actor, change: GroundChange, version: int, *, back: bool) -> Done:
    drawing(actor, change).or_forbidden()
    draft = change.draft
    number = draft.edits if back else draft.edits + 1
    row = DraftEdit.objects.filter(draft=draft, number=number).first()
    if row is None:
        if back:
            raise Conflict("nothing_to_undo", _("没有可以撤销的了。"))
        raise Conflict("nothing_to_redo", _("没有可以重做的了。"))
    shapes = draft_cells.unpacked(bytes(row.before if back else row.after))
    rows = draft_cells.rows_of(draft, shapes, read.live_shapes(draft.scope))
    gone = tuple(c for c, s in shapes.items() if s is None)
    now = number - 1 if back else number
    with transaction.atomic():
        edit_line(actor, change, version, {"undo" if back else "redo": number})
        draft_cells.write(draft, rows, gone)
        GridDraft.objects.filter(pk=draft.pk).update(edits=now)
    return Done({c: s for c, s in shapes.items() if s is not None}, gone, version + 1, now, top_of(draft))


def top_of(draft: GridDraft) -> int:
    """The number of the last step that is kept, taken back or not."""
    last = DraftEdit.objects.filter(draft=draft).order_by("-number").values_list("number", flat=True).first()
    return last or 0


def units(points: Sequence[Sequence[float]]) -> tuple[Point, ...]:
    """Degrees as asked for by a page, as whole units. Raises Invalid (bad_point)."""
    found: list[Point] = []
    for p in points:
        ok = len(p) == 2 and all(isinstance(v, int | float) and -180 <= v <= 180 for v in p)
        if not ok:
            raise Invalid("bad_point", _("坐标不是经纬度。"), fields={"line": [_("坐标不是经纬度。")]})
        found.append((round(p[0] * engine.UNITS_PER_DEGREE), round(p[1] * engine.UNITS_PER_DEGREE)))
    return tuple(found)


def facts_of(done: Done) -> dict[str, Any]:
    """The numbers of an answer."""
    return {"version": done.version, "edits": done.edits, "top": done.top, "gone": list(done.gone)}
