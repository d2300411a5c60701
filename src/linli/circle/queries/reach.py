"""What a planner asks: one item with a plan's edits, one home with all its items, where the next should stand.

Every number here is computed from the network; the browser's own count is only a preview of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from django.utils.translation import gettext as _

from linli.core.errors import Invalid, Missing

from .. import matrices, network, rules
from ..choices import EditKind, Manner
from ..network import Ground
from ..rules import Reading
from . import catalogue as catalogues
from .catalogue import CatalogueView, ItemView, PaceView

if TYPE_CHECKING:
    from linli_engines.reach.network import Places

EDITS_MOST = 200
SITES_MOST = 20


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: add (items, lon, lat, name), move (facility, lon, lat), remove (facility)."""

    kind: str
    facility: int | None = None
    items: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None
    name: str = ""


@dataclass(frozen=True)
class Feet:
    """The facilities of one item after edits: id (0 for an added one), name, lon, lat, places."""

    id: np.ndarray
    name: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    places: Places

    @property
    def unplaced(self) -> int:
        return int((self.places.arc < 0).sum())


@dataclass(frozen=True)
class ItemAnswer:
    """One item: metres (H,) to the nearest of anything below it, inf beyond the cap; share and state by community and the
    homes reached, its P parts read as one; share and state of each part, (C, P)."""

    catalogue: CatalogueView
    item: ItemView
    pace: PaceView
    cap_m: int
    feet: Feet
    nearest_m: np.ndarray
    second_m: np.ndarray
    count: np.ndarray
    share: np.ndarray
    state: np.ndarray
    homes: int
    homes_reached: int
    parts: tuple[ItemView, ...]
    part_share: np.ndarray
    part_state: np.ndarray


@dataclass(frozen=True)
class Asked:
    """What is looked at: a catalogue on a day, an item of it, a pace; how several items below it are read as one."""

    catalogue: CatalogueView
    item: ItemView
    pace: PaceView
    on: date
    reading: Reading = Reading.ALL

    @property
    def parts(self) -> tuple[ItemView, ...]:
        """The rows that are answered one by one at or below the item."""
        return catalogues.parts_of(self.catalogue, self.item)

    @property
    def cap_m(self) -> int:
        return catalogues.cap_m(self.catalogue, self.item, self.pace)


def asked(*, catalogue_id: int, item: str, pace: str, on: date, reading: Reading = Reading.ALL) -> Asked:
    """Raises Missing for what is no catalogue, item that one walks to, or pace."""
    catalogue = catalogues.catalogue_by_id(catalogue_id)
    found = catalogue.by_code.get(item)
    if found is None or found.manner != Manner.WALK:
        raise Missing("no_such_item", _("这个目录里没有这一项，或者它不用步行去办。"))
    return Asked(catalogue, found, catalogues.pace(pace), on, reading)


def check_edits(edits: Sequence[Edit], catalogue: CatalogueView) -> None:
    """Raises Invalid that names the edit by its number."""
    if len(edits) > EDITS_MOST:
        raise Invalid("too_many_edits", _("一个方案最多改 %(n)s 处。") % {"n": EDITS_MOST})
    for n, e in enumerate(edits, 1):
        if e.kind not in EditKind.values:
            raise Invalid("bad_edit", _("第 %(n)s 处改动看不懂。") % {"n": n})
        if e.kind != EditKind.REMOVE or (e.lon, e.lat) != (None, None):
            placed = e.lon is not None and e.lat is not None and np.isfinite([e.lon, e.lat]).all()
            if (
                not placed
                or not (-180 <= (e.lon or 0) <= 180 and -90 <= (e.lat or 0) <= 90)
                or (e.lon, e.lat) == (0, 0)
            ):
                raise Invalid("bad_position", _("第 %(n)s 处改动的位置不对。") % {"n": n})
        if e.kind == EditKind.ADD:
            unknown = [i for i in e.items if i not in catalogue.by_code]
            if not e.items or unknown:
                raise Invalid("bad_items", _("第 %(n)s 处改动没有写明目录里的服务项目。") % {"n": n})
        elif e.facility is None:
            raise Invalid("no_facility", _("第 %(n)s 处改动没有写明设施。") % {"n": n})


def gives(catalogue: CatalogueView, items: Sequence[str], item: str) -> bool:
    """Whether a facility of these items provides `item`: itself, anything below it, or a row above it with all it holds."""
    return item in given(catalogue, items)


def given(catalogue: CatalogueView, items: Sequence[str]) -> frozenset[str]:
    """What a facility of these items provides: them, all rows above them, and all that lies below them."""
    found: set[str] = set()
    below = [c for c in items if c in catalogue.by_code]
    while below:
        code = below.pop()
        found.add(code)
        below += catalogue.children.get(code, ())
    for code in items:
        while code in catalogue.by_code:
            found.add(code)
            code = catalogue.by_code[code].parent
    return frozenset(found)


def feet_of(question: Asked, edits: Sequence[Edit] = ()) -> Feet:
    """The facilities of an item on that day, as the edits leave them; the last edit of one facility holds."""
    standing = matrices.feet(question.on, question.pace.steps)
    rows = matrices.rows_of(question.catalogue, question.on)[question.item.code]
    table = standing.table
    moves = {e.facility: e for e in edits if e.kind != EditKind.ADD}
    ids = table.id[rows]
    kept = rows[[i not in moves for i in ids.tolist()]] if moves else rows
    there = set(ids.tolist())
    moved = [(e.facility or 0, e) for e in moves.values() if e.kind == EditKind.MOVE and e.facility in there]
    added = [(0, e) for e in edits if e.kind == EditKind.ADD and gives(question.catalogue, e.items, question.item.code)]
    new = [*moved, *added]
    if not new:
        return Feet(
            table.id[kept],
            table.name[kept],
            table.lon[kept],
            table.lat[kept],
            matrices.subset(standing.placed.places, kept),
        )
    names = {int(i): str(n) for i, n in zip(ids.tolist(), table.name[rows].tolist(), strict=True)}
    lon, lat = np.array([e.lon for _i, e in new], float), np.array([e.lat for _i, e in new], float)
    fresh = network.streets(question.pace.steps).place(lon, lat).places
    return Feet(
        np.append(table.id[kept], [i for i, _e in new]),
        np.append(table.name[kept], [names.get(i, e.name) for i, e in new]),
        np.append(table.lon[kept], lon),
        np.append(table.lat[kept], lat),
        matrices.joined(matrices.subset(standing.placed.places, kept), fresh),
    )


def item_answer(question: Asked, edits: Sequence[Edit] = ()) -> ItemAnswer:
    """Exact metres of every home to the nearest and second nearest facility of the item, with the edits."""
    from linli_engines.reach.solving import reach

    feet, ground = feet_of(question, edits), network.ground(question.pace.steps)
    number = np.zeros(len(feet.id), np.int32)
    found = reach(ground.streets.graph, ground.placed.places, feet.places, number, 1, float(question.cap_m))
    parts = question.parts
    walked = found.nearest_m if parts == (question.item,) else _to_parts(question, parts, edits, ground)
    codes = matrices.community_codes()
    community = matrices.community_index(ground.homes.community)
    reached, least = np.isfinite(walked), network.setting("least_share")
    share = rules.shares(reached, community, ground.homes.residents, len(codes))
    complete = matrices.completeness(question.catalogue, parts, codes, question.on)
    state = rules.reachable_states(share, complete, np.ones(len(parts), bool), least)
    served = (
        rules.together(np.where(reached, rules.YES, rules.NO).astype(np.int8), question.reading, least) == rules.YES
    )
    inside = community >= 0
    return ItemAnswer(
        question.catalogue, question.item, question.pace, question.cap_m, feet, found.nearest_m[:, 0],
        found.second_m[:, 0], found.count[:, 0], rules.share_together(share, state, question.reading),
        rules.together(state, question.reading, least), int(inside.sum()), int(served[inside].sum()), parts, share, state,
    )  # fmt: skip


def _to_parts(question: Asked, parts: tuple[ItemView, ...], edits: Sequence[Edit], ground: Ground) -> np.ndarray:
    """(H, P) metres of every home to the nearest facility of each part, inf beyond the cap of that part."""
    from linli_engines.reach.solving import nearest

    feet = [feet_of(replace(question, item=p), edits).places for p in parts]
    number = np.repeat(np.arange(len(parts), dtype=np.int32), [len(f.arc) for f in feet])
    cap_m = np.array([catalogues.cap_m(question.catalogue, p, question.pace) for p in parts], float)
    places = matrices.joined(*feet)
    walked = nearest(ground.streets.graph, ground.placed.places, places, number, len(parts), float(cap_m.max()))
    return np.where(walked <= cap_m + 1e-3, walked, np.inf)


@dataclass(frozen=True)
class FromHere:
    """All items from one place: cap_m, nearest_m, second_m (inf beyond the item's cap), count within it, all (K,);
    facility (K,) is the row of the nearest in `feet`, or -1. snap_m is the way to the network, placed whether there is one."""

    items: tuple[ItemView, ...]
    cap_m: np.ndarray
    nearest_m: np.ndarray
    second_m: np.ndarray
    count: np.ndarray
    facility: np.ndarray
    feet: Feet
    placed: bool
    snap_m: float


def from_here(
    catalogue: CatalogueView, pace: PaceView, on: date, lon: float, lat: float, edits: Sequence[Edit] = ()
) -> FromHere:
    """What one reaches from a point. One search measures every facility, then each item takes its own.

    `placed` is False where no walkable way is near. Raises Missing (no_network).
    """
    from linli_engines.reach.solving import nearest

    streets, items = network.streets(pace.steps), catalogues.walked_items(catalogue)
    here = streets.place([lon], [lat]).places
    cap_m = np.array([catalogues.cap_m(catalogue, i, pace) for i in items], float)
    feet, rows = _all_feet(catalogue, pace, on, edits)
    most = float(cap_m.max(initial=1.0))
    number = np.arange(len(feet.id), dtype=np.int32)
    metres = nearest(streets.graph, here, feet.places, number, len(number), most)[0] if len(number) else np.empty(0)
    first, second = np.full(len(items), np.inf), np.full(len(items), np.inf)
    count, facility = np.zeros(len(items), np.int64), np.full(len(items), -1)
    for k, item in enumerate(items):
        own = rows[item.code]
        walked = metres[own]
        within = np.flatnonzero(walked <= cap_m[k] + 1e-3)
        if len(within):
            order = within[np.argsort(walked[within], kind="stable")]
            first[k], facility[k], count[k] = walked[order[0]], own[order[0]], len(within)
            second[k] = walked[order[1]] if len(order) > 1 else np.inf
    return FromHere(
        items, cap_m, first, second, count, facility, feet, bool(here.arc[0] >= 0), float(here.snap_m[0])
    )  # fmt: skip


def _all_feet(
    catalogue: CatalogueView, pace: PaceView, on: date, edits: Sequence[Edit]
) -> tuple[Feet, dict[str, np.ndarray]]:
    """Every facility of the day as the edits leave them, and the rows of each item among them."""
    standing, rows = matrices.feet(on, pace.steps), dict(matrices.rows_of(catalogue, on))
    table = standing.table
    feet = Feet(table.id, table.name, table.lon, table.lat, standing.placed.places)
    last = {e.facility: e for e in edits if e.kind != EditKind.ADD}
    at = {i: row for row, i in enumerate(table.id.tolist()) if i in last}
    gone = np.array(sorted(at.values()), np.int64)
    moved = [(at[e.facility], e) for e in last.values() if e.kind == EditKind.MOVE and e.facility in at]
    new = [*moved, *((-1, e) for e in edits if e.kind == EditKind.ADD)]
    if not last and not new:
        return feet, rows
    fresh = [len(table) + n for n in range(len(new))]
    offers = [given(catalogue, e.items) if row < 0 else frozenset() for row, e in new]
    for code, own in rows.items():
        there = set(own.tolist())
        come = [
            place for place, (row, _e), offered in zip(fresh, new, offers, strict=True)
            if (row in there if row >= 0 else code in offered)
        ]  # fmt: skip
        rows[code] = np.append(own[~np.isin(own, gone)], np.array(come, np.int64))
    if not new:
        return feet, rows
    lon, lat = np.array([e.lon for _r, e in new], float), np.array([e.lat for _r, e in new], float)
    names = [str(table.name[row]) if row >= 0 else e.name for row, e in new]
    added = network.streets(pace.steps).place(lon, lat).places
    feet = Feet(
        np.append(feet.id, [int(table.id[row]) if row >= 0 else 0 for row, _e in new]), np.append(feet.name, names),
        np.append(feet.lon, lon), np.append(feet.lat, lat), matrices.joined(feet.places, added),
    )  # fmt: skip
    return feet, rows
