"""Who is responsible in a base grid, when grids get other codes. A body, never a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

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
    new = {
        (net, code): Duty(net=net, code=code, body_id=min(bodies), valid_from=today)
        for (net, code), bodies in sorted(wanted.items())
        if len(bodies) == 1
    }
    Duty.objects.bulk_create(new.values())  # thousands: row by row they would hold the write lock
    begun = {key: row.pk for key, row in new.items()}
    return [[row.pk, begun.get((row.net, codes[row.code]), 0)] for row in rows]


def put_duties_back(*, actor: Actor, kept: list[list[Any]]) -> int:
    """Undo of `carry_duties`, as far as no merger has decided anew since. Inside a transaction."""
    permissions.can_decide(actor, "").or_forbidden()
    if not kept:
        return 0
    held = set(
        Duty.objects.filter(pk__in={new for _old, new in kept if new}, valid_to=None).values_list("pk", flat=True)
    )
    ours = Q(merger=None) | Q(merger__matter__stage="in_force")
    rows = Duty.objects.filter(ours, pk__in=[old for old, new in kept if not new or new in held])
    Duty.objects.filter(pk__in=held).delete()
    back = {(row.net, row.code): row.pk for row in rows}
    for taken in Duty.objects.filter(code__in={code for _net, code in back}, valid_to=None).values_list("net", "code"):
        back.pop(taken, None)
    return Duty.objects.filter(pk__in=back.values()).update(valid_to=None)
