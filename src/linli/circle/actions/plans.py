"""Writing plans: their owner changes them, whoever has the shared address reads them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.territory import queries as territory

from .. import permissions
from ..models import Facility, Plan, PlanEdit
from ..queries import catalogue as catalogues
from ..queries.reach import Edit, check_edits

NAME_MOST, NOTE_MOST = 100, 400


def save_plan(
    *,
    actor: Actor,
    name: str,
    note: str,
    catalogue_id: int,
    on: date,
    pace: str,
    edits: Sequence[Edit],
    plan_id: int | None = None,
    version: int | None = None,
) -> int:
    """A new plan, or one's own as it was seen at `version`. Returns its id. Raises Forbidden, Missing, Invalid, Conflict."""
    permissions.can_plan(actor).or_forbidden()
    words, note = _clean(name), "\n".join(_clean(line) for line in note.splitlines())
    if not words or len(words) > NAME_MOST or len(note) > NOTE_MOST:
        raise Invalid(
            "bad_name",
            _("名称须为 1 到 100 个字，说明不超过 400 个字。"),
            fields={"name": [_("名称须为 1 到 100 个字。")]},
        )
    catalogue = catalogues.catalogue_by_id(catalogue_id)
    check_edits(edits, catalogue)
    wanted = {e.facility for e in edits if e.facility is not None}
    now = clock.now()
    fields = {
        "name": words, "note": note.strip(), "catalogue_id": catalogue.id, "as_of": on, "pace": catalogues.pace(pace).code,
        "changed_at": now,
    }  # fmt: skip
    with transaction.atomic():
        # held: an undone import must not take away what a plan begins to speak of
        if len(wanted) != len(Facility.objects.select_for_update().filter(pk__in=wanted).values_list("pk")):
            raise Invalid("no_such_facility", _("方案里有的设施已经不在了，请刷新后再改。"))
        if plan_id is None:
            plan = Plan.objects.create(owner=actor.label, district=territory.district().code, made_at=now, **fields)
        else:
            plan = _own(actor, plan_id)
            if not Plan.objects.filter(pk=plan.pk, version=version or 0).update(**fields, version=plan.version + 1):
                raise Conflict("changed_meanwhile", _("这个方案刚被改过，请刷新后再改。"))
            PlanEdit.objects.filter(plan=plan).delete()
        PlanEdit.objects.bulk_create(
            [
                PlanEdit(plan=plan, order=n, kind=e.kind, facility_id=e.facility, name=_clean(e.name)[:NAME_MOST], items=list(e.items), lon=e.lon, lat=e.lat)
                for n, e in enumerate(edits, 1)
            ]
        )  # fmt: skip
    return plan.pk


def _clean(text: str) -> str:
    """One line without what no database keeps or no reader sees: control characters, halves of a pair, turned text."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def share_plan(*, actor: Actor, plan_id: int, on: bool) -> str:
    """Give one's plan an address that cannot be guessed, or take it away. Returns it, "" when taken away.

    Raises Forbidden, Missing, Conflict (put away meanwhile: what is put away is open to nobody else).
    """
    plan = _own(actor, plan_id)
    share = (plan.share or secrets.token_urlsafe(16)) if on else ""
    mine = Plan.objects.filter(pk=plan.pk)
    if not (mine.filter(archived_at__isnull=True) if on else mine).update(share=share):
        raise Conflict("put_away", _("这个方案已经收起，要共享请先取出来。"))
    return share


def archive_plan(*, actor: Actor, plan_id: int, archived: bool = True) -> None:
    """Put one's plan away, and its shared address with it; or take it out again, which shares it with nobody."""
    plan = _own(actor, plan_id)
    Plan.objects.filter(pk=plan.pk).update(archived_at=clock.now() if archived else None, share="")


def _own(actor: Actor, plan_id: int) -> Plan:
    permissions.can_plan(actor).or_forbidden()
    plan = Plan.objects.filter(pk=plan_id).first()
    if plan is None:
        raise Missing("no_such_plan", _("没有这个方案。"))
    if plan.owner != actor.label and actor.kind != "system":
        raise Forbidden("not_owner", _("只有做方案的人可以改它；您可以另存一份。"))
    return plan
