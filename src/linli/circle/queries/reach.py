"""What a planner asks: one item with a plan's edits, one home with all its items, where the next should stand.

Every number here is computed from the network; the browser's own count is only a preview of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from django.utils.translation import gettext as _

from linli.core.errors import Invalid, Missing

from .. import matrices, network, rules
from ..choices import EditKind, Manner
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
    """One item: metres (H,) to the nearest, inf beyond the cap; share and state by community; counts of homes."""

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


@dataclass(frozen=True)
class Asked:
    """What is looked at: a catalogue on a day, an item of it, a pace."""

    catalogue: CatalogueView
    item: ItemView
    pace: PaceView
    on: date

    @property
    def cap_m(self) -> int:
        return catalogues.cap_m(self.catalogue, self.item, self.pace)


def asked(*, catalogue_id: int, item: str, pace: str, on: date) -> Asked:
    """Raises Missing for what is no catalogue, item that one walks to, or pace."""
    catalogue = catalogues.catalogue_by_id(catalogue_id)
    found = catalogue.by_code.get(item)
    if found is None or found.manner != Manner.WALK:
        raise Missing("no_such_item", _("这个目录里没有这一项，或者它不用步行去办。"))
    return Asked(catalogue, found, catalogues.pace(pace), on)


def check_edits(edits: Sequence[Edit], catalogue: CatalogueView) -> None:
    """Raises Invalid that names the edit by its number."""
    if len(edits) > EDITS_MOST:
        raise Invalid("too_many_edits", _("一个方案最多改 %(n)s 处。") % {"n": EDITS_MOST})
    for n, e in enumerate(edits, 1):
        if e.kind not in EditKind.values:
            raise Invalid("bad_edit", _("第 %(n)s 处改动看不懂。") % {"n": n})
        if e.kind != EditKind.REMOVE:
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
    """Whether a facility of these items provides `item`: itself, or anything below it."""
    below = {item}
    for code in catalogue.by_code:
        if catalogue.by_code[code].parent in below:
            below.add(code)
    return not below.isdisjoint(items)


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
    codes = matrices.community_codes()
    community = matrices.community_index(ground.homes.community)
    reached = np.isfinite(found.nearest_m)
    share = rules.shares(reached, community, ground.homes.residents, len(codes))
    complete = matrices.completeness(question.catalogue, (question.item,), codes, question.on)
    state = rules.reachable_states(share, complete, np.ones(1, bool), network.setting("least_share"))
    inside = community >= 0
    return ItemAnswer(
        question.catalogue, question.item, question.pace, question.cap_m, feet, found.nearest_m[:, 0],
        found.second_m[:, 0], found.count[:, 0], share[:, 0], state[:, 0], int(inside.sum()), int(reached[inside, 0].sum()),
    )  # fmt: skip


@dataclass(frozen=True)
class FromHere:
    """All items from one place: nearest_m, second_m, count (K,), with the nearest facility of each item (row, or -1)."""

    items: tuple[ItemView, ...]
    cap_m: np.ndarray
    nearest_m: np.ndarray
    second_m: np.ndarray
    count: np.ndarray
    placed: bool
    snap_m: float


def from_here(
    catalogue: CatalogueView, pace: PaceView, on: date, lon: float, lat: float, edits: Sequence[Edit] = ()
) -> FromHere:
    """What one reaches from a point. `placed` is False where no walkable way is near."""
    from linli_engines.reach.solving import reach

    streets, items = network.streets(pace.steps), catalogues.walked_items(catalogue)
    here = streets.place([lon], [lat]).places
    cap_m = np.array([catalogues.cap_m(catalogue, i, pace) for i in items], float)
    standing = matrices.feet(on, pace.steps)
    rows = matrices.rows_of(catalogue, on)
    if edits:
        parts = [feet_of(Asked(catalogue, i, pace, on), edits).places for i in items]
        places, sizes = matrices.joined(*parts), [len(p.arc) for p in parts]
    else:
        sizes = [len(rows[i.code]) for i in items]
        places = matrices.subset(standing.placed.places, np.concatenate([rows[i.code] for i in items]))
    number = np.repeat(np.arange(len(items), dtype=np.int32), sizes)
    found = reach(streets.graph, here, places, number, len(items), float(cap_m.max(initial=1.0)))
    far = found.nearest_m[0] > cap_m + 1e-3
    near = np.where(far, np.inf, found.nearest_m[0])
    return FromHere(
        items, cap_m, near, np.where(found.second_m[0] > cap_m + 1e-3, np.inf, found.second_m[0]), found.count[0],
        bool(here.arc[0] >= 0), float(here.snap_m[0]),
    )  # fmt: skip
