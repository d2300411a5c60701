"""One community and one item: which homes reach what at how many metres. And what walking left out, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from linli.core.actor import Actor

from .. import matrices, network, permissions
from .catalogue import CatalogueView, ItemView, PaceView
from .facilities import FacilityTable, open_facilities
from .homes import HomeTable
from .reach import asked

SLACK_M = 200.0  # a few published street lengths are shorter than the straight line


@dataclass(frozen=True, slots=True)
class HomeLine:
    """One home: metres to the nearest and second nearest, None beyond the cap; how many in reach; the nearest by name."""

    code: str
    name: str
    residents: int | None
    nearest_m: int | None
    second_m: int | None
    count: int
    facility: int | None
    facility_name: str
    on_network: bool


@dataclass(frozen=True)
class Cell:
    catalogue: CatalogueView
    item: ItemView
    pace: PaceView
    on: date
    cap_m: int
    community: str
    homes: tuple[HomeLine, ...]
    facilities: int  # of this item, in the whole table of the day
    near: tuple[tuple[int, str, str], ...]  # id, name, community: those that any home here reaches

    @property
    def reached(self) -> int:
        return sum(h.nearest_m is not None for h in self.homes)


def cell(*, actor: Actor, catalogue_id: int, item: str, pace: str, on: date, community: str) -> Cell:
    """Exact metres of each home of a community. Raises Missing for what is no catalogue, walked item or pace."""
    from linli_engines.reach.solving import nearest

    permissions.can_read(actor).or_forbidden()
    question = asked(catalogue_id=catalogue_id, item=item, pace=pace, on=on)
    ground, standing = network.ground(question.pace.steps), matrices.feet(on, question.pace.steps)
    table, homes = standing.table, ground.homes
    rows = matrices.rows_of(question.catalogue, on)[question.item.code]
    mine = np.flatnonzero(homes.community == community)
    if len(mine) and len(rows):
        rows = rows[_about(ground.streets.metres, homes, mine, table, rows, question.cap_m)]
    places = matrices.subset(standing.placed.places, rows)
    origins = matrices.subset(ground.placed.places, mine)
    number = np.arange(len(rows), dtype=np.int32)
    metres = np.full((len(mine), len(rows)), np.inf)
    if metres.size:
        metres = nearest(ground.streets.graph, origins, places, number, len(rows), float(question.cap_m))
    lines = tuple(_line(homes, int(h), metres[n], table, rows, bool(origins.arc[n] >= 0)) for n, h in enumerate(mine))
    reached = rows[np.isfinite(metres).any(axis=0)] if metres.size else rows[:0]
    near = tuple((int(table.id[r]), str(table.name[r]), str(table.community[r])) for r in reached)
    whole = len(matrices.rows_of(question.catalogue, on)[question.item.code])
    return Cell(
        question.catalogue, question.item, question.pace, on, question.cap_m, community, lines, whole, near
    )  # fmt: skip


def _about(
    metres: Callable[..., np.ndarray],
    homes: HomeTable,
    mine: np.ndarray,
    table: FacilityTable,
    rows: np.ndarray,
    cap_m: int,
) -> np.ndarray:
    """Which rows stand within the cap of the box of these homes: nobody walks shorter than a straight line."""
    at, of = metres(homes.lon[mine], homes.lat[mine]), metres(table.lon[rows], table.lat[rows])
    low, high = at.min(axis=0) - cap_m - SLACK_M, at.max(axis=0) + cap_m + SLACK_M
    return ((of >= low) & (of <= high)).all(axis=1)


def _line(
    homes: HomeTable, h: int, metres: np.ndarray, table: FacilityTable, rows: np.ndarray, placed: bool
) -> HomeLine:
    order = np.argsort(metres, kind="stable")[:2]
    near = [float(metres[i]) for i in order if np.isfinite(metres[i])]
    first = int(rows[order[0]]) if near else None
    known = homes.residents[h]
    return HomeLine(
        str(homes.code[h]), str(homes.name[h]), int(known) if np.isfinite(known) else None,
        round(near[0]) if near else None, round(near[1]) if len(near) > 1 else None, int(np.isfinite(metres).sum()),
        int(table.id[first]) if first is not None else None, str(table.name[first] or table.class_name[first]) if first is not None else "",
        placed,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What found no street within reach: (id or code, name, community, lon, lat)."""

    facilities: tuple[tuple[int, str, str, float, float], ...]
    homes: tuple[tuple[str, str, str, float, float], ...]
    facilities_all: int
    homes_all: int


def left_out(*, actor: Actor, on: date, steps: bool = True) -> LeftOut:
    """Facilities and homes that no matrix counts, since no walkable way is near. Raises Missing (no_network)."""
    permissions.can_read(actor).or_forbidden()
    ground, standing = network.ground(steps), matrices.feet(on, steps)
    t, h = standing.table, ground.homes
    lost = np.flatnonzero(standing.placed.places.arc < 0)
    alone = np.flatnonzero(ground.placed.places.arc < 0)
    return LeftOut(
        tuple((int(t.id[r]), str(t.name[r] or t.class_name[r]), str(t.community[r]), float(t.lon[r]), float(t.lat[r])) for r in lost),
        tuple((str(h.code[r]), str(h.name[r]), str(h.community[r]), float(h.lon[r]), float(h.lat[r])) for r in alone),
        len(t), len(h),
    )  # fmt: skip


Line = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Turned:
    """Facilities that are there on one day and not on the other, and those that stand elsewhere: (id, name, community)."""

    opened: tuple[Line, ...]
    closed: tuple[Line, ...]
    moved: tuple[Line, ...]


def turned(*, actor: Actor, then: date, now: date) -> Turned:
    """What opened, closed and moved between two days."""
    permissions.can_read(actor).or_forbidden()
    a, b = open_facilities(then), open_facilities(now)

    def named(of: FacilityTable, rows: np.ndarray) -> tuple[Line, ...]:
        return tuple((int(of.id[r]), str(of.name[r] or of.class_name[r]), str(of.community[r])) for r in rows)

    stayed = np.flatnonzero(np.isin(b.id, a.id))
    before = np.searchsorted(a.id, b.id[stayed])
    elsewhere = (a.lon[before] != b.lon[stayed]) | (a.lat[before] != b.lat[stayed])
    return Turned(
        named(b, np.flatnonzero(~np.isin(b.id, a.id))),
        named(a, np.flatnonzero(~np.isin(a.id, b.id))),
        named(b, stayed[elsewhere]),
    )
