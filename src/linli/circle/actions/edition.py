"""When the territory has another edition: homes and facilities are put into the communities as they are drawn now."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.db import transaction

from linli.core.actor import Actor
from linli.territory import queries as territory
from linli.territory.choices import Level

from .. import permissions, revision
from ..models import Facility, Home
from .load import middles

BATCH, ROUNDS = 500, 5


def follow_territory(*, actor: Actor) -> bool:
    """Put what stands on the ground into the live edition; True when there was something to do. Asked again and again.

    Positions are looked up before anything is locked and written in small pieces; then it is looked once more, so that
    what moved meanwhile is right too. Raises Forbidden.
    """
    if not territory.is_loaded():
        return False
    permissions.can_keep_catalogue(actor, territory.district().code).or_forbidden()
    edition = territory.revision()
    if revision.followed() == edition or not (Home.objects.exists() or Facility.objects.exists()):
        return False
    for _round in range(ROUNDS):
        if not _write(Facility, _changed_facilities()) + _write(Home, _changed_homes()):
            break
    source = Home.objects.values_list("source", flat=True).first() or ""
    lived = set(Home.objects.filter(approximate=False).values_list("community", flat=True))
    new = middles(lived, source)
    with transaction.atomic():
        Home.objects.filter(approximate=True).delete()
        Home.objects.bulk_create(new, batch_size=BATCH)
        revision.bump()
        revision.follow(edition)
    return True


Change = tuple[tuple[tuple[str, Any], ...], int]  # what to write, where


def _located(rows: list[tuple[Any, ...]]) -> list[str]:
    """The finest code known of each place; "" outside."""
    found: list[str] = territory.locate_many([r[1] for r in rows], [r[2] for r in rows]).community.tolist()
    return found


def _changed_facilities() -> list[Change]:
    """Across the border a facility keeps the district that its source says."""
    rows = list(Facility.everything.values_list("pk", "lon", "lat", "community", "district"))
    if not rows:
        return []
    here = territory.district().code
    found: list[Change] = []
    for (pk, _lon, _lat, community, district), now in zip(rows, _located(rows), strict=True):
        mine = now if len(now) == Level.COMMUNITY else ""
        where = now[:6] or ("" if district == here else district)
        if (mine, where) != (community, district):
            found.append(((("community", mine), ("district", where)), pk))
    return found


def _changed_homes() -> list[Change]:
    """Homes that have a place of their own; the middles of cells are made anew."""
    rows = list(Home.objects.filter(approximate=False).values_list("pk", "lon", "lat", "community"))
    if not rows:
        return []
    own = [c if len(c) == Level.COMMUNITY else "" for c in _located(rows)]
    return [((("community", now),), r[0]) for r, now in zip(rows, own, strict=True) if now != r[3]]


def _write(model: Any, changes: list[Change]) -> int:
    """A transaction for each few rows: nobody waits long."""
    for values, group in groupby(sorted(changes), key=lambda c: c[0]):
        ids = [pk for _values, pk in group]
        for start in range(0, len(ids), BATCH):
            model._base_manager.filter(pk__in=ids[start : start + BATCH]).update(**dict(values))
    return len(changes)
