"""Who answers in a base grid, net by net. A public fact of places; never who of a body's people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from linli.core import clock
from linli.organisations import queries as organisations
from linli.organisations.queries import BodyView

from ..choices import Net
from ..models import Duty


@dataclass(frozen=True, slots=True)
class DutyView:
    """One net's answer for a base grid: `body` None where nobody was decided on."""

    net: str
    body: BodyView | None
    since: date | None

    @property
    def net_name(self) -> Any:
        return Net(self.net).label


def duty_at(net: str, code: str, on: date | None = None) -> BodyView | None:
    """The body that answers for `net` in the base grid `code` (1 SQL); None where nobody does."""
    row = _on(on).filter(net=net, code=code).order_by("-valid_from", "-pk").values_list("body_id", flat=True).first()
    return organisations.body(row)


def duties_of(code: str, on: date | None = None) -> Sequence[DutyView]:
    """All nets of a base grid (1 SQL); empty where no merger has been put in force for it."""
    rows = {
        net: (body, since) for net, body, since in _on(on).filter(code=code).values_list("net", "body_id", "valid_from")
    }
    if not rows:
        return ()
    return tuple(
        DutyView(net, organisations.body(rows[net][0]) if net in rows else None, rows[net][1] if net in rows else None)
        for net in Net.values
    )


def _on(on: date | None) -> Any:
    """Duties of a day: an end is the first day on which a duty no longer holds."""
    if on is None or on >= clock.today():
        return Duty.objects.filter(valid_to=None)
    return Duty.objects.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__lte=on)
