"""What is offered to society, to whom it is open, what a body has answered. Notices only: the case itself comes with the claim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.flow import queries as flow
from linli.organisations import queries as organisations
from linli.organisations.choices import SOCIETY, BodyKind
from linli.territory import queries as territory
from linli.worktime.explain import limit_text

from .. import permissions
from ..choices import OfferState
from ..models import Case, Offer
from ..rules import number_of
from .classes import class_of

PAGE = 24
COMMAND = permissions.OFFER_KINDS - {"handler"}


@dataclass(frozen=True, slots=True)
class OfferFilter:
    """What the address bar says. Empty means all."""

    top: str = ""
    subdistrict: str = ""

    def as_query(self) -> dict[str, str]:
        return {n: v for n in self.__dataclass_fields__ if (v := getattr(self, n))}


@dataclass(frozen=True, slots=True)
class OfferCard:
    """One offer as somebody invited sees it: class, community, the notice, the promise. No address, text or person."""

    id: int
    version: int
    class_name: str
    top_name: str
    place: str
    notice: str
    erased: bool
    limit: str
    claim_by: datetime
    opened_at: datetime
    looks: int
    open: bool
    state: Any
    simulated: bool
    mine: tuple[tuple[int, str], ...]  # the actor's bodies that may claim it
    invited: str
    owed: str
    claimed_by: str = ""
    claimed_at: datetime | None = None

    @property
    def due_at(self) -> datetime:
        """When the time to claim is over, for the mark of urgency."""
        return self.claim_by


@dataclass(frozen=True, slots=True)
class Answered:
    """One matter that a body of the actor claimed. `number` opens the case where the actor may still see it."""

    id: int
    number: str
    class_name: str
    place: str
    body: str
    state: Any
    claimed_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    on_time: bool | None
    visible: bool
    thanks: str
    thanked_at: datetime | None
    simulated: bool
    office: str  # who thanks


@dataclass(frozen=True, slots=True)
class Tally:
    """What a body has done so far."""

    claimed: int = 0
    working: int = 0
    done: int = 0
    thanked: int = 0


@dataclass(frozen=True, slots=True)
class OfferPage:
    cards: list[OfferCard]
    next_after: str


def invited(row: Offer, body_id: int) -> bool:
    """Whether this offer is open to a body: by name, or by its kind and place."""
    found = organisations.body(body_id)
    if found is None or not found.is_active or found.kind not in set(SOCIETY):
        return False
    if row.bodies:
        return found.id in row.bodies
    near = row.division.startswith(found.division) or found.division.startswith(row.division)
    return near and (not row.kinds or found.kind in row.kinds)


def may_know(actor: Actor, case: Case) -> bool:
    """Whether this case was last offered to a body of the actor."""
    row = case.offers.order_by("-pk").first()
    return row is not None and any(invited(row, b) for b in permissions.society_bodies(actor))


def open_offers(actor: Actor, wanted: OfferFilter, *, after: str = "", limit: int = PAGE) -> OfferPage:
    """What the actor's bodies may claim now, or (for who commands) what is offered in the division; soonest first.

    `after` is '<iso time>~<id>'. Two SQL and one more for each further two hundred offers that are not for this actor.
    """
    rows = _with_case(Offer.objects.filter(state=OfferState.OPEN, claim_by__gt=clock.now()))
    if wanted.top:
        rows = rows.filter(case__case_class__top_code=wanted.top)
    if wanted.subdistrict:
        rows = rows.filter(case__matter__subdistrict=wanted.subdistrict)
    mine = permissions.society_bodies(actor)
    if not mine:
        rows = _commanded(actor, rows)
    rows = rows.order_by("claim_by", "id")
    found: list[Offer] = []
    key = _key(after)
    while len(found) <= limit:
        batch = list((rows.filter(Q(claim_by__gt=key[0]) | Q(claim_by=key[0], id__gt=key[1])) if key else rows)[:200])
        found += [o for o in batch if not mine or any(invited(o, b) for b in mine)]
        if len(batch) < 200:
            break
        key = (batch[-1].claim_by, batch[-1].pk)
    shown = found[:limit]
    more = f"{shown[-1].claim_by.isoformat()}~{shown[-1].pk}" if len(found) > limit else ""
    return OfferPage(_cards(shown, mine), more)


def _key(after: str) -> tuple[datetime, int] | None:
    moment, _sep, pk = after.partition("~")
    try:
        at = datetime.fromisoformat(moment)
        return (at, int(pk[:18])) if at.tzinfo and 2000 < at.year < 2100 and pk.isascii() and pk.isdigit() else None
    except ValueError:
        return None


def _with_case(rows: QuerySet[Offer]) -> QuerySet[Offer]:
    return rows.select_related("case__matter").annotate(seen_by=Count("looks"))


def _commanded(actor: Actor, rows: QuerySet[Offer]) -> QuerySet[Offer]:
    divisions = {p.division for p in actor.posts if p.kind in COMMAND and p.division}
    if not divisions:
        return rows.none()
    condition = flow.in_area(divisions, "case__matter__")
    return rows if condition is None else rows.filter(condition)


def offer_for(actor: Actor, offer_id: int) -> tuple[OfferCard, Case]:
    """One offer: to those invited while it may be claimed, to its claimant, and to who commands there. Raises Missing.

    Who comes too late still learns who was first, without the notice; what lapsed or was taken back is nobody's business.
    """
    row = _with_case(Offer.objects.filter(pk=offer_id)).first() if offer_id < 2**62 else None
    mine = permissions.society_bodies(actor)
    if row is not None and row.claimed_by_id in mine:
        return _cards([row], mine)[0], row.case
    if row is not None and any(invited(row, b) for b in mine) and row.state in (OfferState.OPEN, OfferState.CLAIMED):
        card = _cards([row], mine)[0]
        return (card if card.open else replace(card, notice="", erased=False)), row.case
    if row is not None and not mine and _commanded(actor, Offer.objects.filter(pk=offer_id)).exists():
        return _cards([row], mine)[0], row.case
    raise Missing("no_such_offer", _("没有这个邀请，或者它不是给您单位的。"))


def _place(case: Case) -> str:
    """Subdistrict and community, never nearer."""
    matter = case.matter
    names = [territory.division_name(c) for c in (matter.subdistrict, matter.community) if c]
    return " ".join(names) or territory.division_name(matter.area)


def _cards(rows: Sequence[Offer], mine: Iterable[int]) -> list[OfferCard]:
    texts = flow.last_personal([o.case.matter for o in rows], "offer") if rows else {}
    now, bodies = clock.now(), sorted(mine)
    return [_card(o, texts.get(o.case_id, {}), now, bodies) for o in rows]


def _card(row: Offer, said: Any, now: datetime, mine: Sequence[int]) -> OfferCard:
    view, name = class_of(row.case), organisations.body_name
    open_now = row.state == OfferState.OPEN and row.claim_by > now
    notice = str(said.get("text", ""))
    return OfferCard(
        id=row.pk,
        version=row.case.matter.version,
        class_name=view.name,
        top_name=view.top_name,
        place=_place(row.case),
        notice=notice,
        erased=not notice,
        limit=limit_text(view.limit).strip(),
        claim_by=row.claim_by,
        opened_at=row.opened_at,
        looks=row.seen_by,  # type: ignore[attr-defined]
        open=open_now,
        state=OfferState(row.state).label,
        simulated=row.case.matter.simulated,
        mine=tuple((b, name(b)) for b in mine if invited(row, b)) if open_now else (),
        invited=_invited_words(row),
        owed=name(row.owed_by_id),
        claimed_by=name(row.claimed_by_id) if row.claimed_by_id else "",
        claimed_at=row.claimed_at,
    )


def _invited_words(row: Offer) -> str:
    if row.bodies:
        return "、".join(organisations.body_name(b, short=True) for b in row.bodies)
    return "、".join(str(BodyKind(k).label) for k in row.kinds) or str(_("所有社会单位"))


# --- 我们的响应 ---------------------------------------------------------------------------------------------
def tally(actor: Actor) -> Tally:
    """How many matters the actor's bodies of society claimed, have in hand, have done, were thanked for (1 SQL)."""
    return Tally(
        **Offer.objects.filter(claimed_by_id__in=permissions.society_bodies(actor)).aggregate(
            claimed=Count("pk"),
            working=Count("pk", filter=Q(state=OfferState.CLAIMED)),
            done=Count("pk", filter=Q(state=OfferState.DONE)),
            thanked=Count("pk", filter=Q(thanked_at__isnull=False)),
        )
    )


def answered(actor: Actor, *, after: str = "", limit: int = PAGE) -> tuple[list[Answered], str]:
    """What the actor's bodies of society have claimed, newest first, with the thanks they got; and the key to go on with."""
    bodies = permissions.society_bodies(actor)
    rows = Offer.objects.filter(claimed_by_id__in=bodies).select_related("case__matter").order_by("-claimed_at", "-id")
    if key := _key(after):
        rows = rows.filter(Q(claimed_at__lt=key[0]) | Q(claimed_at=key[0], id__lt=key[1]))
    found = list(rows[: limit + 1])
    shown = found[:limit]
    return (
        [_answered(actor, row, texts) for texts in [_thanks(shown)] for row in shown],
        f"{shown[-1].claimed_at.isoformat()}~{shown[-1].pk}" if len(found) > limit and shown[-1].claimed_at else "",
    )


def _thanks(rows: Sequence[Offer]) -> dict[int, Any]:
    thanked = [o.case.matter for o in rows if o.thanked_at]
    return flow.last_personal(thanked, "thank") if thanked else {}


def _answered(actor: Actor, row: Offer, texts: dict[int, Any]) -> Answered:
    case, matter = row.case, row.case.matter
    assert row.claimed_at is not None
    return Answered(
        id=row.pk,
        number=number_of(matter.pk, matter.opened_at),
        class_name=class_of(case).name,
        place=_place(case),
        body=organisations.body_name(row.claimed_by_id),
        state=OfferState(row.state).label,
        claimed_at=row.claimed_at,
        closed_at=row.ended_at if row.state == OfferState.DONE else None,
        due_at=matter.final_due_at if row.state == OfferState.CLAIMED else None,
        on_time=case.first_closed_on_time if row.state == OfferState.DONE else None,
        visible=matter.body_id in permissions.society_bodies(actor),
        thanks=str(texts.get(matter.pk, {}).get("text", "")) if row.thanked_at else "",
        thanked_at=row.thanked_at,
        simulated=matter.simulated,
        office=_office(matter.subdistrict),
    )


def _office(subdistrict: str) -> str:
    """The office of the subdistrict; the district's command centre where there is none."""
    near = organisations.bodies(kinds=[BodyKind.SUBDISTRICT_OFFICE], division=subdistrict) if subdistrict else ()
    found = near or organisations.bodies(kinds=[BodyKind.COMMAND_CENTRE])
    return found[0].name if found else ""


def letter_for(actor: Actor, offer_id: int) -> Answered:
    """The matter that a body was thanked for: for its own people, and for those who command there. Raises Missing."""
    row = Offer.objects.filter(pk=offer_id).select_related("case__matter").first() if offer_id < 2**62 else None
    if row is None or row.thanked_at is None:
        raise Missing("no_letter", _("没有这封感谢信。"))
    own = row.claimed_by_id in permissions.society_bodies(actor)
    if not own and not _commanded(actor, Offer.objects.filter(pk=offer_id)).exists():
        raise Missing("no_letter", _("没有这封感谢信。"))
    return _answered(actor, row, _thanks([row]))
