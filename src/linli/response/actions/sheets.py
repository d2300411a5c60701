"""The only writer of the stage limits and the ladder: a whole table at a time, as a new version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing

from .. import catalogue, permissions
from ..choices import Sheet
from ..models import SteeringSheet
from ..queries import types as reads
from .loading import bump, put_ladder, put_limits, write_sheet
from .realarm import follow_ladder


def change_sheet(
    *, actor: Actor, sheet: str, expected: int, rows: Sequence[Mapping[str, str]], note: str = ""
) -> SteeringSheet:
    """Put these rows in force in the place of all rows. Steps that are under way keep the due time they have; a new
    ladder sets the alarms of all open cases anew, in a job.

    `expected` is the number of the version that was seen. Raises Forbidden, Invalid (fields are "row.column", rows from
    0), Conflict (names who was first), Missing.
    """
    permissions.can_administer(actor).or_forbidden()
    if sheet not in Sheet.values:
        raise Missing("no_such_sheet", _("没有这张表。"))
    faults = reads.sheet_faults(sheet, rows)
    if faults:
        fields = {f"{place}.{f.field}": [f.message] for place, said in faults.items() for f in said}
        raise Invalid("bad_sheet", _("有 %(n)s 行要改好，什么都没有改。") % {"n": len(faults)}, fields=fields)
    if not rows:
        raise Invalid("empty_sheet", _("表里没有一行。"))
    if [dict(r) for r in rows] == reads.sheet_rows(sheet):
        raise Invalid("nothing_to_do", _("和现在的内容一样，没有要改的。"))
    with transaction.atomic():
        newest = SteeringSheet.objects.filter(sheet=sheet).order_by("-number").first()
        try:
            with transaction.atomic():
                made = write_sheet(actor, sheet, rows, note=note, number=expected + 1)
        except IntegrityError:
            made = None
        if made is None or (newest is not None and newest.number != expected):
            raise Conflict(
                "sheet_changed",
                _("这张表刚被别人改过，请看过再改。"),
                first=newest.made_by if newest else "",
                at=newest.made_at.isoformat() if newest else "",
            )
        (put_ladder if sheet == Sheet.LADDER else put_limits)([dict(r) for r in rows])
        bump()
        if sheet == Sheet.LADDER:
            follow_ladder(actor=actor, number=made.number)
        record(actor=actor, verb=AuditVerb.OTHER, target=f"sheet:{sheet}", number=made.number, at=clock.now())
    catalogue.forget()
    transaction.on_commit(catalogue.forget)
    return made


def restore_sheet(*, actor: Actor, sheet: str, expected: int, number: int) -> SteeringSheet:
    """Put an earlier version in force again, as a new one. Raises as `change_sheet`."""
    permissions.can_administer(actor).or_forbidden()
    earlier = SteeringSheet.objects.filter(sheet=sheet, number=number).first()
    if earlier is None:
        raise Missing("no_such_version", _("没有这一版。"))
    note = _("恢复第 %(n)s 版") % {"n": number}
    return change_sheet(actor=actor, sheet=sheet, expected=expected, rows=earlier.rows, note=note)
