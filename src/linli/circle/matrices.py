"""Community by item, computed: who reaches what on foot. The survey's two matrices come from their own tables.

Facilities across the border count; homes decide where a community is. What is not walked to (met at home, offered
without a place) is apart from this matrix and is never counted in it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from linli.territory import queries as territory

from . import network, revision, rules
from .network import Ground
from .queries import catalogue as catalogues
from .queries import facilities as facility_reads
from .queries.catalogue import CatalogueView, ItemView, PaceView
from .queries.facilities import FacilityTable

if TYPE_CHECKING:
    from linli_engines.reach.network import Places
    from linli_engines.reach.placing import Placed


@dataclass(frozen=True)
class ReachMatrix:
    """C communities and K items. share (C, K), nan where a community has no home; state (C, K) of `rules`;
    homes (C,) how many; nearest_m (H, K) float32, inf beyond the cap; cap_m (K,); complete (C, K);
    unplaced: facilities that found no network, by item code; lost: homes that found none.
    """

    catalogue: CatalogueView
    on: date
    pace: PaceView
    communities: tuple[str, ...]
    items: tuple[ItemView, ...]
    share: np.ndarray
    state: np.ndarray
    homes: np.ndarray
    nearest_m: np.ndarray
    cap_m: np.ndarray
    complete: np.ndarray
    unplaced: dict[str, int]
    lost: int
    ground: Ground

    def column(self, item: str) -> int:
        """Where an item stands. Raises KeyError."""
        return {i.code: k for k, i in enumerate(self.items)}[item]


@dataclass(frozen=True)
class Feet:
    """All facilities of one day on one network: rows of `table` with their places."""

    table: FacilityTable
    placed: Placed


def community_codes() -> tuple[str, ...]:
    """All communities of the district, those without a boundary too, by code."""
    district = territory.district().code
    return tuple(c.code for s in territory.divisions(9, district) for c in territory.divisions(12, s.code))


def community_index(codes: np.ndarray) -> np.ndarray:
    """(k,) int32 index into `community_codes`, -1 for what is none of them."""
    place = {code: i for i, code in enumerate(community_codes())}
    return np.array([place.get(c, -1) for c in codes.tolist()], np.int32)


def feet(on: date, steps: bool) -> Feet:
    """The facilities of a day on the network. Kept per revision."""
    _number, value = revision.current()
    return _feet(on, steps, network.streets(steps).digest, value)


@lru_cache(maxsize=6)
def _feet(on: date, steps: bool, digest: str, value: str) -> Feet:
    table = facility_reads.open_facilities(on)
    return Feet(table, network.streets(steps).place(table.lon, table.lat))


def rows_of(catalogue: CatalogueView, on: date) -> dict[str, np.ndarray]:
    """Rows of the day's facilities that provide each item. Kept per revision."""
    _number, value = revision.current()
    return _rows_of(catalogue.id, on, value)


@lru_cache(maxsize=8)
def _rows_of(catalogue_id: int, on: date, value: str) -> dict[str, np.ndarray]:
    return facility_reads.items_of(catalogues.catalogue_by_id(catalogue_id), facility_reads.open_facilities(on))


def reachable(catalogue_id: int, on: date, pace_code: str = "") -> ReachMatrix:
    """The matrix of a catalogue on a day at a pace. Kept per revision. Raises Missing."""
    pace = catalogues.pace(pace_code)
    _number, value = revision.current()
    digest = network.streets(pace.steps).digest
    return _reachable(catalogue_id, on, pace, digest, value)


@lru_cache(maxsize=8)
def _reachable(catalogue_id: int, on: date, pace: PaceView, digest: str, value: str) -> ReachMatrix:
    from linli_engines.reach.solving import nearest

    catalogue = catalogues.catalogue_by_id(catalogue_id)
    items = catalogues.walked_items(catalogue)
    ground, standing = network.ground(pace.steps), feet(on, pace.steps)
    rows = rows_of(catalogue, on)
    cap_m = np.array([catalogues.cap_m(catalogue, i, pace) for i in items], np.float64)
    chosen = np.concatenate([rows[i.code] for i in items]) if items else np.empty(0, np.int64)
    number = np.repeat(np.arange(len(items), dtype=np.int32), [len(rows[i.code]) for i in items])
    places = subset(standing.placed.places, chosen)
    found = nearest(
        ground.streets.graph, ground.placed.places, places, number, len(items), float(cap_m.max(initial=1.0))
    )
    found = np.where(found <= cap_m[None, :] + 1e-3, found, np.inf).astype(np.float32)
    codes = community_codes()
    community = community_index(ground.homes.community)
    share = rules.shares(np.isfinite(found), community, ground.homes.residents, len(codes))
    complete = completeness(catalogue, items, codes, on)
    walked = np.ones(len(items), bool)
    state = rules.reachable_states(share, complete, walked, network.setting("least_share"))
    lost = places.arc < 0
    unplaced = {i.code: int(lost[number == k].sum()) for k, i in enumerate(items) if lost[number == k].any()}
    homes = np.bincount(community[community >= 0], minlength=len(codes))
    astray = int(((ground.placed.places.arc < 0) & (community >= 0)).sum())
    return ReachMatrix(
        catalogue, on, pace, codes, items, share, state, homes, found, cap_m, complete, unplaced, astray, ground
    )


def completeness(catalogue: CatalogueView, items: tuple[ItemView, ...], codes: tuple[str, ...], on: date) -> np.ndarray:
    """(C, K) bool: whether all facilities that a community's people could walk to are known for an item."""
    known = catalogues.completeness(catalogue.kind, on)
    table = np.zeros((len(codes), len(items)), bool)
    if known:
        for k, item in enumerate(items):
            table[:, k] = [catalogues.is_complete(known, item, code) for code in codes]
    return table


def subset(places: Places, rows: np.ndarray) -> Places:
    """The same places, some of them, repeated where asked twice."""
    return replace(places, **{f.name: getattr(places, f.name)[rows] for f in fields(places)})


def joined(*parts: Places) -> Places:
    """Places one after the other."""
    first = parts[0]
    return replace(first, **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(first)})
