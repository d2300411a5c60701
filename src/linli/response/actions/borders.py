"""Codes of divisions follow a change of borders: a new published routing table, open offers; and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor

from .. import permissions
from ..choices import OfferState, TableState
from ..models import Offer, RouteTable
from ..queries import routing as reads
from ..routing import Rule
from .routing import new_draft, put_in_force

NOTE = _("随区划界线改动更新编码")
BACK = _("随区划界线改动的撤销恢复")


def carry_divisions(*, actor: Actor, codes: Mapping[str, str]) -> dict[str, Any]:
    """Rules that name a division name what took its place. Answers what `put_divisions_back` needs. In a transaction.

    Two rules that come to name the same keep their order: the first one decides, as always. A draft in work stays as it
    is typed; its page says which codes it does not know any more.
    """
    permissions.can_administer(actor).or_forbidden()
    kept: dict[str, Any] = {"offers": _carry_offers(codes)}
    now = reads.in_force()
    rules = reads.rules_of(now.id) if now.id else ()
    carried = [replace(r, divisions=tuple(dict.fromkeys(codes.get(d, d) for d in r.divisions))) for r in rules]
    if carried != list(rules):
        kept |= {"before": now.id, "made": _publish(actor, carried, now.id, str(NOTE))}
    return kept


def _carry_offers(codes: Mapping[str, str]) -> list[list[Any]]:
    rows = list(Offer.objects.filter(state=OfferState.OPEN, division__in=list(codes)).values_list("pk", "division"))
    for pk, old in rows:
        Offer.objects.filter(pk=pk, division=old).update(division=codes[old])
    return [[pk, old, codes[old]] for pk, old in rows]


def _publish(actor: Actor, rules: Sequence[Rule], based_on: int, note: str) -> int:
    """A table in force, past the draft that somebody may be at: it is the draft again afterwards."""
    drafts = list(RouteTable.objects.filter(state=TableState.DRAFT).values_list("pk", flat=True))
    RouteTable.objects.filter(pk__in=drafts).update(state=TableState.SET_ASIDE)
    table = new_draft(actor, rules, based_on)
    put_in_force(actor, table.pk, table.revision, note)
    RouteTable.objects.filter(pk__in=drafts).update(state=TableState.DRAFT)
    transaction.on_commit(reads.forget)
    return table.pk


def put_divisions_back(*, actor: Actor, kept: Mapping[str, Any]) -> None:
    """Undo of `carry_divisions`: the rules before it, unless somebody published since. In a transaction."""
    permissions.can_administer(actor).or_forbidden()
    for pk, old, new in kept["offers"]:
        Offer.objects.filter(pk=pk, division=new).update(division=old)
    in_force = RouteTable.objects.filter(state=TableState.PUBLISHED).values_list("pk", flat=True).first()
    if kept.get("made") and in_force == kept["made"]:
        _publish(actor, reads.rules_of(kept["before"]), kept["made"], str(BACK))
