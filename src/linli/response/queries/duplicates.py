"""What may be the same matter: open cases of the same or a related class near a case, best first."""

from __future__ import annotations

from linli.core.actor import Actor

from ..choices import PlaceSource
from ..models import Case
from .cases import number_of_case
from .classes import class_by_code, class_of
from .public import NearbyCase, nearby

LOOKED_AT = 30


def rank(same: bool, related: bool, distance_m: float) -> tuple[int, float]:
    """The order of hints, smallest first: the same class, then a related one, then others; in each the nearest.

    Measured on cases that a city closed as duplicates (`bench/duplicates.py`): the class tells more than the metres.
    """
    return (0 if same else 1 if related else 2, distance_m)


def alike(actor: Actor, case: Case, *, limit: int = 5) -> list[NearbyCase]:
    """Cases into which this one may be merged: in work, of the same or a related class, within 200 m and 30 days, in
    the actor's scope (1 SQL). None for a case without a place of its own."""
    if case.place_source == PlaceSource.LIST:
        return []
    view, own = class_of(case), number_of_case(case)
    found = []
    for n in nearby(case.lon, case.lat, limit=LOOKED_AT, public=False, actor=actor):
        other = class_by_code(n.class_code)
        related = other is not None and other.top_code == view.top_code
        if n.number != own and n.joinable and (related or n.class_code == view.code):
            found.append((rank(n.class_code == view.code, related, n.distance_m), n))
    return [n for _rank, n in sorted(found, key=lambda pair: pair[0])[:limit]]
