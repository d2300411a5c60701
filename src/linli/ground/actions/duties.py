"""Who is responsible in a base grid, when grids get other codes. A body, never a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from linli.core import clock
from linli.core.actor import Actor

from .. import permissions
from ..models import Duty


def carry_duties(*, actor: Actor, codes: Mapping[str, str]) -> list[list[Any]]:
    """Duties of grids that have another code go on there; of two in one grid that differ neither does.

    Answers [ended, begun or 0] pairs for `put_duties_back`. Inside a transaction.
    """
    permissions.can_decide(actor, "").or_forbidden()
    today = clock.today()
    rows = list(Duty.objects.filter(code__in=[c for c in codes if len(c) == 15], valid_to=None).order_by("pk"))
    wanted: dict[tuple[str, str], set[int]] = {}
    for row in rows:
        wanted.setdefault((row.net, codes[row.code]), set()).add(row.body_id)
    Duty.objects.filter(pk__in=[r.pk for r in rows]).update(valid_to=today)
    for held in Duty.objects.filter(code__in={code for _net, code in wanted}, valid_to=None):
        wanted.get((held.net, held.code), set()).clear()  # that grid has its own already
    begun: dict[tuple[str, str], int] = {}
    for (net, code), bodies in sorted(wanted.items()):
        if len(bodies) == 1:
            begun[net, code] = Duty.objects.create(net=net, code=code, body_id=next(iter(bodies)), valid_from=today).pk
    return [[row.pk, begun.get((row.net, codes[row.code]), 0)] for row in rows]


def put_duties_back(*, actor: Actor, kept: list[list[Any]]) -> int:
    """Undo of `carry_duties`. Inside a transaction."""
    permissions.can_decide(actor, "").or_forbidden()
    Duty.objects.filter(pk__in=[new for _old, new in kept if new]).delete()
    return Duty.objects.filter(pk__in=[old for old, _new in kept]).update(valid_to=None)
