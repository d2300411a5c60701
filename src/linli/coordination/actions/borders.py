"""Campaigns and duty rosters follow a change of borders, and go back with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F

from linli.core.actor import Actor

from .. import permissions
from ..choices import CampaignState
from ..models import Campaign, DutySlot, RosterWeek, Shift
from ..queries.borders import LIVE, rosters

ROSTER = (Shift, RosterWeek, DutySlot)


def carry_divisions(*, actor: Actor, codes: Mapping[str, str]) -> dict[str, Any]:
    """Campaigns name what took the place of a division; a roster moves where the new code has none yet. In a transaction.

    Of a division that goes into another with a roster of its own the shifts stay where they were: two rosters are not one.
    """
    permissions.can_keep_borders(actor).or_forbidden()
    campaigns = []
    for row in Campaign.objects.filter(state__in=LIVE):
        after = " ".join(dict.fromkeys(codes.get(d, d) for d in row.divisions.split()))
        if after != row.divisions and _put(row.pk, row.divisions, after):
            campaigns.append([row.pk, row.divisions, after])
    moved = [[old, codes[old]] for old, follows in sorted(rosters(codes).items()) if follows]
    for old, new in moved:
        for table in ROSTER:
            table.objects.filter(division=old).update(division=new)  # type: ignore[attr-defined]
    return {"campaigns": campaigns, "rosters": moved}


def put_divisions_back(*, actor: Actor, kept: Mapping[str, Any]) -> None:
    """Undo of `carry_divisions`: campaigns that nobody changed since, whole rosters."""
    permissions.can_keep_borders(actor).or_forbidden()
    for pk, before, after in kept["campaigns"]:
        _put(pk, after, before)
    for old, new in kept["rosters"]:
        for table in ROSTER:
            table.objects.filter(division=new).update(division=old)  # type: ignore[attr-defined]


def _put(pk: int, now: str, then: str) -> int:
    rows = Campaign.objects.filter(pk=pk, divisions=now).exclude(state=CampaignState.CANCELLED)
    return rows.update(divisions=then, version=F("version") + 1)
