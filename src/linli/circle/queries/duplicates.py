"""Pairs of facilities that may be one place: near each other and called alike, not yet decided."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

from linli.core import clock
from linli.core.actor import Actor

from .. import permissions, revision
from ..coordinates import METRES_A_DEGREE
from ..models import Duplicate
from ..names import alike, limits, plain_name
from .facilities import FacilityTable, open_facilities


@dataclass(frozen=True, slots=True)
class Pair:
    """Two open facilities, the lower id first. `likeness` 0 to 1, `metres` between them."""

    first: int
    second: int
    likeness: float
    metres: float


def pairs(*, actor: Actor, division: str = "") -> tuple[Pair, ...]:
    """What may be the same place, of which at least one stands in `division`; the most alike and nearest first."""
    permissions.can_read(actor).or_forbidden()
    today = clock.today()
    table = open_facilities(today)
    found = _kept(revision.current()[1], today) if revision.current()[1] else _pairs(table)
    decided = set(Duplicate.objects.values_list("first_id", "second_id"))
    where = dict(zip(table.id.tolist(), table.community.tolist(), strict=True))
    return tuple(
        p
        for p in found
        if (p.first, p.second) not in decided
        and (where[p.first].startswith(division) or where[p.second].startswith(division))
    )


def near_and_alike(table: FacilityTable, name: str, lon: float, lat: float) -> list[tuple[int, float]]:
    """(row of the table, metres) of what may be the place that is called so and stands there."""
    plain, told = plain_name(name), limits()
    east = (table.lon - lon) * np.cos(np.radians(lat)) * METRES_A_DEGREE
    metres = np.hypot(east, (table.lat - lat) * METRES_A_DEGREE)
    rows = np.flatnonzero(metres <= told["same_name_m"])
    found = [(int(r), float(metres[r]), alike(plain, plain_name(str(table.name[r])))) for r in rows]
    return [(r, m) for r, m, like in found if like == 1.0 or (like >= told["similar"] and m <= told["near_m"])]


@lru_cache(maxsize=1)
def _kept(value: str, day: object) -> tuple[Pair, ...]:
    return _pairs(open_facilities(clock.today()))


def _pairs(table: FacilityTable) -> tuple[Pair, ...]:
    told = limits()
    useful = [
        i
        for i, (key, name, label) in enumerate(zip(table.class_key, table.name, table.class_name, strict=True))
        if not any(fnmatchcase(key, skip) for skip in told["skip"]) and name != label
    ]
    if len(useful) < 2:
        return ()
    plain = [plain_name(str(table.name[i])) for i in useful]
    scale = np.array([METRES_A_DEGREE * np.cos(np.radians(table.lat[useful].mean())), METRES_A_DEGREE])
    at = np.column_stack([table.lon[useful], table.lat[useful]]) * scale
    found = []
    for i, j in cKDTree(at).query_pairs(told["same_name_m"]):
        likeness, metres = alike(plain[i], plain[j]), float(np.hypot(*(at[i] - at[j])))
        if likeness == 1.0 or (likeness >= told["similar"] and metres <= told["near_m"]):
            a, b = sorted((int(table.id[useful[i]]), int(table.id[useful[j]])))
            found.append(Pair(a, b, likeness, metres))
    return tuple(sorted(found, key=lambda p: (-p.likeness, p.metres, p.first, p.second)))


def decided(*, actor: Actor) -> list[Duplicate]:
    """What was decided, newest first. Raises Forbidden."""
    permissions.can_read(actor).or_forbidden()
    return list(Duplicate.objects.select_related("first", "second").order_by("-at", "-pk")[:100])
