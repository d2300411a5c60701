"""What the service circle holds of communities by code. Asked before a border moves.

Facilities and homes follow by their own points (`actions.follow_territory`). What was found of a community at a day (records,
surveys, designations, completeness) is a fact of its time and stays under the code of that time; what stands today
(stations, community bodies, circles) is counted, and somebody decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..models import (
    CircleCommunity,
    CommunityBody,
    Completeness,
    Designation,
    Facility,
    RecordEntry,
    Sheet,
    Slip,
    StationCommunity,
    Voice,
)

Row = tuple[Any, int, bool, str, tuple[str, ...], bool]
OF_TODAY = (CircleCommunity, StationCommunity, CommunityBody)
OF_THEIR_TIME = (Completeness, RecordEntry, Designation, Sheet, Slip, Voice)


def held(codes: Mapping[str, str]) -> list[Row]:
    """(label, count, follows by itself, where, examples, stays) of what is there."""
    gone = [c for c in codes if len(c) == 12]
    home = reverse("circle:planner")

    def count(tables: tuple[Any, ...]) -> int:
        return sum(table.objects.filter(community__in=gone).count() for table in tables)

    rows: list[Row] = [
        (
            _("服务设施"),
            Facility.objects.filter(community__in=gone).count(),
            True,
            reverse("circle:facilities"),
            (),
            False,
        ),
        (_("生活圈、服务站和社区组织"), count(OF_TODAY), False, home, (), False),
        (_("台账、调查和命名"), count(OF_THEIR_TIME), False, home, (), True),
    ]
    return [row for row in rows if row[1]]
