"""What cases hold of divisions beside their own area: lines of the routing table, offers. Asked before a border moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..choices import OfferState, TableState
from ..models import Offer, RouteTable
from . import routing

Row = tuple[Any, int, bool, str, tuple[str, ...]]
"""(label, count, whether it follows by itself, where it is shown, examples)"""


def held(codes: Mapping[str, str]) -> list[Row]:
    """Rows for what is there; nothing for what is not."""
    rules = _naming(routing.in_force().id, codes)
    drafts = sum(
        _naming(pk, codes) for pk in RouteTable.objects.filter(state=TableState.DRAFT).values_list("pk", flat=True)
    )
    offers = Offer.objects.filter(state=OfferState.OPEN, division__in=list(codes)).count()
    url = reverse("response:routes")
    found: list[Row] = [
        (_("派遣表里点名的规则"), rules, True, url, ()), (_("派遣表草稿里点名的规则"), drafts, False, url, ()),
        (_("等待认领的邀请"), offers, True, reverse("response:shares"), ()),
    ]  # fmt: skip
    return [row for row in found if row[1]]


def _naming(table_id: int | None, codes: Mapping[str, str]) -> int:
    return sum(any(d in codes for d in rule.divisions) for rule in routing.rules_of(table_id)) if table_id else 0
