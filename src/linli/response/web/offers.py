"""认领广场: what is offered, claiming it, what one's own body has answered, and the letter of thanks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.decision import no
from linli.core.errors import Conflict, Invalid
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .. import actions, permissions, queries
from ..queries import offers
from ..queries.offers import OfferCard, OfferFilter
from .cases import Page, Select


def _address(page: str, wanted: OfferFilter, after: str = "") -> str:
    query = QueryDict(mutable=True)
    query.update({**wanted.as_query(), **({"after": after} if after else {})})
    return f"{reverse(page)}?{query.urlencode()}" if query else reverse(page)


def _selects(wanted: OfferFilter) -> list[Select]:
    tops = {v.top_code: v.top_name for v in queries.classes()}
    places = [(d.code, d.short_name) for d in territory.divisions(9)]
    return [
        Select("top", _("大类"), _("全部大类"), sorted(tops.items()), wanted.top),
        Select("subdistrict", _("街道"), _("全部街道"), places, wanted.subdistrict),
    ]


def _filter(request: ActorRequest) -> OfferFilter:
    said = {n: request.GET.get(n, "").replace("\0", "")[:12] for n in ("top", "subdistrict")}
    return OfferFilter(**said)


@require_safe
@never_cache
@require(*permissions.OFFER_KINDS)
def board(request: ActorRequest) -> HttpResponse:
    """`/offers/?top=&subdistrict=&after=`: what may be claimed now, soonest first."""
    permissions.can_read_offers(request.actor).or_forbidden()
    wanted, after = _filter(request), request.GET.get("after", "")[:60]
    page = offers.open_offers(request.actor, wanted, after=after)
    context = {
        "cards": page.cards,
        "selects": _selects(wanted),
        "filtered": bool(wanted.as_query()),
        "own": sorted(permissions.society_bodies(request.actor)),
        "page": Page(
            _address("response:offers", wanted, page.next_after) if page.next_after else "",
            _address("response:offers", wanted) if after else "",
            _("本页 %(n)s 件") % {"n": len(page.cards)} if page.cards else "",
        ),
        **_tabs(request, "board"),
    }
    return render(request, "response/offers.html", context)


def _tabs(request: ActorRequest, current: str) -> dict[str, Any]:
    """The pages of many hands that this actor may open."""
    actor = request.actor
    found = []
    if permissions.can_read_offers(actor):
        found.append((reverse("response:offers"), _("认领广场"), current == "board"))
    if permissions.society_bodies(actor):
        found.append((reverse("response:offers-ours"), _("我们的响应"), current == "ours"))
    if actor.holds(permissions.SHARE_KINDS):
        found.append((reverse("response:shares"), _("谁响应了多少"), current == "shares"))
    return {"tabs": found if len(found) > 1 else []}


@require_safe
@never_cache
@require(*permissions.OFFER_KINDS)
def one(request: ActorRequest, offer_id: int) -> HttpResponse:
    """One offer: the notice, the promise, the claim. That the body looked is counted once."""
    permissions.can_read_offers(request.actor).or_forbidden()
    card, _case = offers.offer_for(request.actor, offer_id)
    if card.mine:
        actions.look_at_offer(actor=request.actor, offer_id=offer_id)
    return _show(request, card)


def _show(
    request: ActorRequest, card: OfferCard, *, late: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    context = {"card": card, "late": late, "problem": problem, "has_errors": status >= 400, **_tabs(request, "board")}
    return render(request, "response/offers_one.html", context, status=status)


@require_POST
@never_cache
@require(*permissions.OFFER_KINDS)
def claim(request: ActorRequest, offer_id: int) -> HttpResponse:
    """Claim it: 303 to the case; 409 with who was first."""
    permissions.can_read_offers(request.actor).or_forbidden()
    card, found = offers.offer_for(request.actor, offer_id)
    said = {n: request.POST.get(n, "") for n in ("version", "body")}
    number = {n: int(v) if v.isascii() and v.isdigit() and len(v) < 10 else 0 for n, v in said.items()}
    step = actions.Step("claim", number["version"] or card.version, body_id=number["body"] or None)
    try:
        actions.claim_case(actor=request.actor, case=found, step=step)
    except Conflict as refused:
        card, _case = offers.offer_for(request.actor, offer_id)
        return _show(request, card, late=_first(card) or str(refused.message), status=409)
    except Invalid as refused:
        return _show(request, card, problem=str(refused.message), status=422)
    name = organisations.body_name(found.matter.body_id)
    messages.success(request, _("“%(body)s”认领了这件事，请按时办好。谢谢！") % {"body": name})
    answer = HttpResponseRedirect(reverse("response:case", args=[queries.number_of_case(found)]))
    answer.status_code = 303
    return answer


def _first(card: OfferCard) -> str:
    """Who was first, by the body's name: persons of other bodies are nobody's business here."""
    if not card.claimed_by or card.claimed_at is None:
        return ""
    when = f"{clock.local(card.claimed_at):%m-%d %H:%M}"
    return _("“%(body)s”在 %(when)s 先认领了，谢谢您愿意帮忙。") % {"body": card.claimed_by, "when": when}


@require_safe
@never_cache
@require(*permissions.OFFER_KINDS)
def ours(request: ActorRequest) -> HttpResponse:
    """What the actor's bodies of society have claimed, and the thanks."""
    bodies = permissions.society_bodies(request.actor)
    if not bodies:
        no("not_society", _("这一页给社会单位的承办员看。")).or_forbidden()
    after = request.GET.get("after", "")[:60]
    rows, following = offers.answered(request.actor, after=after)
    context = {
        "rows": rows,
        "tally": offers.tally(request.actor),
        "bodies": [organisations.body_name(b) for b in sorted(bodies)],
        "page": Page(
            _address("response:offers-ours", OfferFilter(), following) if following else "",
            reverse("response:offers-ours") if after else "",
            _("本页 %(n)s 件") % {"n": len(rows)} if rows else "",
        ),
        **_tabs(request, "ours"),
    }
    return render(request, "response/offers_ours.html", context)


@require_safe
@never_cache
@require(*permissions.OFFER_KINDS)
def letter(request: ActorRequest, offer_id: int) -> HttpResponse:
    """A letter of thanks to a body, for printing. It names the body and the matter, never a person."""
    permissions.can_read_offers(request.actor).or_forbidden()
    found = offers.letter_for(request.actor, offer_id)
    page = "response:offers-ours" if permissions.society_bodies(request.actor) else "response:shares"
    return render(request, "response/offers_letter.html", {"letter": found, "back": reverse(page)})
