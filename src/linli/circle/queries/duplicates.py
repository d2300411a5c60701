"""Pairs of facilities that may be one place: near each other and called alike, not yet decided."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

import numpy as np

from linli.core import clock
from linli.core.actor import Actor

from .. import permissions, revision, twins
from ..models import Duplicate
from ..names import limits
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


def matching(table: FacilityTable) -> twins.Named:
    """What of a table may be compared by name: what is only called as its class says nothing."""
    told = limits()
    skipped = {k: any(fnmatchcase(k, skip) for skip in told["skip"]) for k in set(table.class_key.tolist())}
    useful = (table.name != table.class_name) & ~np.array([skipped[k] for k in table.class_key.tolist()], bool)
    return twins.Named(table.name.tolist(), table.lon, table.lat, useful)


@lru_cache(maxsize=1)
def _kept(value: str, day: object) -> tuple[Pair, ...]:
    return _pairs(open_facilities(clock.today()))


def _pairs(table: FacilityTable) -> tuple[Pair, ...]:
    ids = table.id.tolist()  # by id: the lower row is the lower id
    return tuple(Pair(ids[t.first], ids[t.second], t.likeness, t.metres) for t in twins.within(matching(table)))


def decided(*, actor: Actor) -> list[Duplicate]:
    """What was decided, newest first. Raises Forbidden."""
    permissions.can_read(actor).or_forbidden()
    return list(Duplicate.objects.select_related("first", "second").order_by("-at", "-pk")[:100])
