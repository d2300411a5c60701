"""What a resident reaches from a point: the nearest facility of everything one walks to, by class, in three states.

Public facts about places. Nothing of who asks, or from where, is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

import numpy as np

from linli.core import clock
from linli.territory import queries as territory

from ..choices import CatalogueKind, Manner
from ..models import Facility
from . import catalogue as catalogues
from . import circles_on_map
from .catalogue import CatalogueView, ItemView, PaceView
from .reach import FromHere, from_here


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A facility as everybody may read it; `n` is its number on the map and in the list, as_of the day of the data."""

    n: int
    name: str
    lon: float
    lat: float
    address: str
    opening_hours: str
    wheelchair: str
    as_of: date
    simulated: bool


@dataclass(frozen=True, slots=True)
class Near:
    """An item that is reached: walking metres and minutes to its nearest facility, and how many are within the walk."""

    item: ItemView
    metres: int
    minutes: int
    count: int
    place: PlaceView


@dataclass(frozen=True, slots=True)
class ClassAround:
    """One class of the catalogue: what is reached (nearest first), what is not, and what nobody knows."""

    item: ItemView
    near: tuple[Near, ...]
    beyond: tuple[ItemView, ...]
    missing: tuple[ItemView, ...]


@dataclass(frozen=True)
class Around:
    """The answer. `placed` is False where no walkable way is near: then nothing is reached and nothing is concluded.
    circle is GeoJSON in WGS-84 (an outline and the streets), for display. made_up: codes of what is beyond reach only
    as far as a statement made up for a demonstration goes."""

    catalogue: CatalogueView
    pace: PaceView
    placed: bool
    classes: tuple[ClassAround, ...]
    places: tuple[PlaceView, ...]
    at_home: tuple[ItemView, ...]
    offered: tuple[ItemView, ...]
    circle: dict[str, Any]
    made_up: frozenset[str] = frozenset()

    @property
    def reached(self) -> int:
        return sum(len(c.near) for c in self.classes)

    @property
    def beyond(self) -> int:
        return sum(len(c.beyond) for c in self.classes)

    @property
    def missing(self) -> int:
        return sum(len(c.missing) for c in self.classes)


def around(*, lon: float, lat: float, pace: str = "") -> Around:
    """Today's answer for a point of the district. Raises Invalid (not in the district), Missing (no network, no pace)."""
    community = territory.check_point(lon, lat).community
    today, how = clock.today(), catalogues.pace(pace)
    catalogue = catalogues.catalogue_in_force(CatalogueKind.SERVICES, today)
    here = from_here(catalogue, how, today, lon, lat)
    places = _places(here, [k for k, i in enumerate(here.items) if i.code not in catalogue.children])
    leaves = catalogues.leaf_items(catalogue)
    known, made_up = _known(catalogue, community)
    classes = _classes(catalogue, here, how.metres_per_minute, places, known) if here.placed else ()
    return Around(
        catalogue, how, here.placed,
        classes,
        tuple(places.values()) if here.placed else (),
        tuple(i for i in leaves if i.manner == Manner.HOME), tuple(i for i in leaves if i.manner == Manner.OFFERED),
        circles_on_map.circle(how.steps, lon, lat, float(how.cap_m)),
        frozenset(i.code for c in classes for i in c.beyond if i.code in made_up),
    )  # fmt: skip


def minutes_of(metres: float, metres_per_minute: int) -> int:
    """Whole minutes on foot, never fewer than it takes."""
    return ceil(metres / metres_per_minute - 1e-6)


def _known(catalogue: CatalogueView, community: str) -> tuple[set[str], set[str]]:
    """Items of which every facility around this community is known, and those of them of which a demonstration made that
    up; none for a place whose community nobody knows."""
    if not community:
        return set(), set()
    known = catalogues.completeness(catalogue.kind)
    complete = {i.code for i in catalogue.items if catalogues.is_complete(known, i, community)}
    made_up = catalogues.simulated_completeness(catalogue.kind)
    return complete, {
        i.code for i in catalogue.items if i.code in complete and catalogues.said_of(known, i, community) in made_up
    }


def _classes(
    catalogue: CatalogueView, here: FromHere, speed: int, places: dict[int, PlaceView], complete: set[str]
) -> tuple[ClassAround, ...]:
    near: dict[str, list[Near]] = {}
    beyond: dict[str, list[ItemView]] = {}
    missing: dict[str, list[ItemView]] = {}
    for k, item in enumerate(here.items):
        if item.code in catalogue.children:
            continue
        top = _top(catalogue, item)
        row = int(here.facility[k])
        if row < 0:
            (beyond if item.code in complete else missing).setdefault(top, []).append(item)
            continue
        metres = round(float(here.nearest_m[k]))
        near.setdefault(top, []).append(Near(item, metres, minutes_of(metres, speed), int(here.count[k]), places[row]))
    tops = dict.fromkeys([_top(catalogue, i) for i in here.items])
    return tuple(
        ClassAround(
            catalogue.by_code[top],
            tuple(sorted(near.get(top, ()), key=lambda n: (n.metres, n.item.code))),
            tuple(beyond.get(top, ())),
            tuple(missing.get(top, ())),
        )
        for top in tops
        if top in near or top in beyond or top in missing
    )


def _top(catalogue: CatalogueView, item: ItemView) -> str:
    while item.parent in catalogue.by_code:
        item = catalogue.by_code[item.parent]
    return item.code


def _places(here: FromHere, wanted: list[int]) -> dict[int, PlaceView]:
    """The nearest facilities of the wanted items, by row, numbered from the nearest on."""
    metres: dict[int, float] = {}
    for k in wanted:
        row = int(here.facility[k])
        if row >= 0:
            metres[row] = float(here.nearest_m[k])
    rows = sorted(metres, key=lambda r: (metres[r], r))
    ids = here.feet.id[np.array(rows, np.int64)].tolist()
    known = Facility.objects.in_bulk(ids)
    return {
        row: PlaceView(
            n, known[i].name, known[i].lon, known[i].lat, known[i].address, known[i].opening_hours,
            known[i].wheelchair, known[i].as_of, known[i].simulated,
        )
        for n, (row, i) in enumerate(zip(rows, ids, strict=True), 1)
    }  # fmt: skip
