"""What campaigns and duty rosters hold of divisions. Asked before a border moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from linli.core import clock

from ..choices import CampaignState, SlotState
from ..models import Campaign, DutySlot, Shift

Row = tuple[Any, int, bool, str, tuple[str, ...]]
LIVE = (CampaignState.DRAFT, CampaignState.RUNNING)


def held(codes: Mapping[str, str]) -> list[Row]:
    """(label, count, follows by itself, where, examples) of what is there."""
    live = Campaign.objects.filter(state__in=LIVE).values_list("name", "divisions")
    named = [name for name, divisions in live if any(d in codes for d in divisions.split())]
    found = rosters(codes)
    url = reverse("coordination:roster")
    rows: list[Row] = [
        (_("专项行动的范围"), len(named), True, reverse("coordination:campaigns"), tuple(named[:3])),
        (_("值班表的班次（今天起）"), _ahead(found, True), True, url, ()),
        (_("值班表的班次（并入的一方已有值班表，今天起）"), _ahead(found, False), False, url, ()),
    ]
    return [row for row in rows if row[1]]


def rosters(codes: Mapping[str, str]) -> dict[str, bool]:
    """Of each division that goes and has shifts: whether its roster follows (its new code has none, and only one comes)."""
    having = set(Shift.objects.values_list("division", flat=True))
    going = [old for old in codes if len(old) <= 9 and old in having]
    into = [codes[old] for old in going]
    return {old: codes[old] not in having and into.count(codes[old]) == 1 for old in going}


def _ahead(found: Mapping[str, bool], follows: bool) -> int:
    codes = [code for code, goes in found.items() if goes is follows]
    return DutySlot.objects.filter(division__in=codes, day__gte=clock.today(), state=SlotState.ON).count()
