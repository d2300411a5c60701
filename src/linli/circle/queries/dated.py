"""Where facilities stood on a day, and from which day on the data speaks at all.

The history is the dated record: a move says from which day it holds and where the facility stood before. A corrected
position is no move: it counts for every day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.db.models import Count, Max, Q

from .. import revision
from ..choices import ChangeVerb
from ..models import Facility, FacilityChange
from .homes import network

PLACE = ("lon", "lat", "community", "district")


def places_before(day: date) -> dict[int, dict[str, Any]]:
    """Facilities that moved after a day: what was different then, of PLACE."""
    found: dict[int, dict[str, Any]] = {}
    moves = FacilityChange.objects.filter(verb=ChangeVerb.MOVED, on__gt=day).order_by("-on", "-pk")
    for facility, before in moves.values_list("facility_id", "before"):
        found.setdefault(facility, {}).update({k: before[k] for k in PLACE if k in before})
    return found


def last_move(facility: int) -> date | None:
    """The day from which it stands where it stands; None when it never moved."""
    moves = FacilityChange.objects.filter(verb=ChangeVerb.MOVED, facility=facility)
    return moves.aggregate(last=Max("on"))["last"]


@dataclass(frozen=True, slots=True)
class Early:
    """A day before the data's own: `facilities` counted as open although the data of them is of a later day (the latest
    is `facilities_as_of`) and nobody entered when they opened; the day of the network, if it is later."""

    facilities: int
    facilities_as_of: date | None
    network_as_of: date | None


def early(day: date) -> Early | None:
    """What of the data is later than a day; None where all of it speaks of that day. Kept per revision."""
    _number, value = revision.current()
    return _kept(day, value) if value else _early(day)


@lru_cache(maxsize=32)
def _kept(day: date, value: str) -> Early | None:
    return _early(day)


def _early(day: date) -> Early | None:
    undated = Facility.objects.filter(
        Q(spans__closed_on__isnull=True) | Q(spans__closed_on__gt=day),
        spans__isnull=False, spans__opened_on__isnull=True, merged_into__isnull=True, as_of__gt=day,
    ).aggregate(n=Count("pk", distinct=True), last=Max("as_of"))  # fmt: skip
    walked = network()
    network_as_of = walked.as_of if walked is not None and walked.as_of > day else None
    if not undated["n"] and network_as_of is None:
        return None
    return Early(undated["n"], undated["last"], network_as_of)
