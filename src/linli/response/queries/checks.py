"""Reads for a verifier's round: what waits to be checked, by place, with the photographs before and after."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet

from linli.accounts.choices import PostKind
from linli.core.actor import Actor
from linli.flow import queries as flow

from ..choices import AssistState, HandoverState
from ..models import Assist, Case, Handover, Offer

LIMIT = 60


def to_check(actor: Actor) -> QuerySet[Case]:
    """The cases that wait for verification where this actor verifies. What his own body handled is somebody else's."""
    rows = Case.objects.select_related("matter").filter(matter__stage="fed_back")
    divisions = {p.division for p in actor.posts if p.kind == PostKind.VERIFIER and p.division}
    if not divisions:
        return rows.none()
    condition = flow.in_area(divisions, "matter__")
    rows = rows if condition is None else rows.filter(condition)
    own = actor.bodies(PostKind.values) | actor.serves
    if not own:
        return rows
    parts = Assist.objects.filter(case_id=OuterRef("pk"), body_id__in=own, state=AssistState.REPORTED)
    passed_on = Handover.objects.filter(case_id=OuterRef("pk"), from_body_id__in=own, state=HandoverState.GRANTED)
    claimed = Offer.objects.filter(case_id=OuterRef("pk"), claimed_by_id__in=own)
    return rows.exclude(matter__body_id__in=own).filter(~Exists(parts), ~Exists(passed_on), ~Exists(claimed))


@dataclass(frozen=True, slots=True)
class Places:
    """How many wait, by division code: the subdistricts, and the communities of one of them."""

    subdistricts: tuple[tuple[str, int], ...]
    communities: tuple[tuple[str, int], ...]


def places_of(actor: Actor, subdistrict: str = "") -> Places:
    """Where this actor's round leads (1 SQL, 2 with a subdistrict)."""
    rows = to_check(actor).order_by()
    by = rows.values_list("matter__subdistrict").annotate(n=Count("pk")).order_by("matter__subdistrict")
    inner = rows.filter(matter__subdistrict=subdistrict).values_list("matter__community").annotate(n=Count("pk"))
    return Places(tuple(by), tuple(inner.order_by("matter__community")) if subdistrict else ())


def round_of(
    actor: Actor, *, subdistrict: str = "", community: str = "", drawn: bool = False
) -> tuple[list[Case], bool]:
    """The round: one community after the other, most urgent first within each; and whether there is more than is shown.

    A round is walked, not leafed through: who has more than a page chooses a place.
    """
    rows = to_check(actor)
    if subdistrict:
        rows = rows.filter(matter__subdistrict=subdistrict)
    if community:
        rows = rows.filter(matter__community=community)
    if drawn:
        rows = rows.filter(sampled=True)
    found = list(rows.order_by("matter__subdistrict", "matter__community", "matter__due_at", "pk")[: LIMIT + 1])
    return found[:LIMIT], len(found) > LIMIT
