"""Many hands: a matter is offered to society, claimed, given up, withdrawn, or returns to the body that owes it.

While it is offered nobody owes it yet: the class's limit counts from the moment somebody does (the claim, the lapse, the
giving up). Until then the reporter is promised the latest of these, the end of the invitation plus the limit.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from linli.accounts.choices import PostKind
from linli.core.errors import Conflict
from linli.flow.actions import DueTimes
from linli.organisations import queries as organisations
from linli.organisations.choices import SOCIETY
from linli.site import limits

from ..choices import OfferState
from ..deadlines import due_times
from ..models import Offer
from ..notices import exposed
from ..queries.offered import offered_in_vain
from ..queries.offers import invited
from .base import Context, effect, refuse, wanted
from .clocks import begin_anew

SOCIETY_KINDS = frozenset(str(k) for k in SOCIETY)


@effect("offer")
def offer(c: Context) -> None:
    """`body` owes it if nobody claims; `kinds` or `bodies` are invited, until `claim_by`; the text is what they read."""
    _check_time(c)
    owed = c.body(c.step.body_id)
    if not c.step.text.strip():
        raise refuse("text_required", _("请写给大家看的说明：不写姓名、电话和门牌。"), "text")
    _check_notice(c)
    claim_by = wanted(c.step.extra, "claim_by", "claim_by_required", _("请选择认领的截止时间。"))
    longest = limits.days(limits.Span.INVITATION)
    if not c.now < claim_by <= c.now + timedelta(days=longest):
        raise refuse("bad_claim_by", _("截止时间须在今后 %(n)s 天以内。") % {"n": longest}, "claim_by")
    kinds = [k for k in c.said("kinds") or () if k in SOCIETY_KINDS]
    bodies = sorted({c.body(int(i), "bodies").id for i in c.said("bodies") or ()})
    if any(organisations.body(i).kind not in SOCIETY_KINDS for i in bodies):  # type: ignore[union-attr]
        raise refuse("not_society", _("只能邀请驻区单位、企业商户、社会组织和志愿服务队。"), "bodies")
    c.given["body"] = owed.id
    c.facts |= {"owed": owed.id, "kinds": kinds, "bodies": bodies, "claim_by": claim_by}
    latest = due_times(c.known, c.view, "handling", claim_by, division=c.division)
    c.on_case["counted_from"] = claim_by
    c.due = DueTimes(claim_by, latest.final, "offer", latest.provisional, latest.revision, alarm=claim_by)
    row = Offer(
        case_id=c.case.pk,
        owed_by_id=owed.id,
        kinds=kinds,
        bodies=bodies,
        division=c.matter.subdistrict or c.matter.area[:6],
        opened_at=c.now,
        claim_by=claim_by,
        counted_from=c.case.counted_from,
    )
    c.then.append(row.save)


def _check_time(c: Context) -> None:
    """An invitation gives the matter new time: not to what is late already, and once since its limit began."""
    if c.matter.final_due_at is not None and c.now >= c.matter.final_due_at:
        raise Conflict("offered_too_late", _("已经过了办结时限，不能再邀请认领，请派遣给责任单位。"))
    if offered_in_vain(c.case):
        raise Conflict("offered_before", _("已经邀请过一次，没有办成，由责任单位承担。"))


def _check_notice(c: Context) -> None:
    """Everybody invited reads the notice: what looks personal is refused, or must have been looked at again."""
    found = exposed(c.step.text)
    words = "、".join(f"{e.what}“{e.words}”" for e in found)
    if any(e.never for e in found):
        raise refuse("notice_exposes", _("给大家看的说明里不能有电话和证件号码：%s。") % words, "text")
    if found and not c.said("cleared"):
        sentence = _("给大家看的说明里好像有：%s。请改写；确实不是个人信息的，勾选“已核对”再提交。") % words
        raise refuse("notice_unclear", sentence, "text")


def live_offer(c: Context, *states: str) -> Offer:
    found = c.case.offers.filter(state__in=states).first()
    if found is None:
        raise Conflict("no_offer", _("这件事没有在等人认领。"))
    return found


@effect("claim")
def claim(c: Context) -> None:
    """The first body that claims it has it; the others are told who was first."""
    row = live_offer(c, OfferState.OPEN)
    mine = sorted(b for b in c.actor.bodies({PostKind.HANDLER}) if invited(row, b))
    if c.step.body_id in mine:
        mine = [c.step.body_id]
    if not mine:
        raise refuse("not_invited", _("您的单位不在这次邀请的范围里。"), "body")
    if row.claim_by < c.now:
        raise Conflict("offer_over", _("认领时间已经过了。"))
    c.facts["body"] = mine[0]
    c.values["body_id"] = mine[0]
    # a claimant is never given the contact, so nothing is due before the whole
    c.on_case |= {"contacted_at": c.now}
    begin_anew(c)
    c.due = due_times(c.known, c.view, "handling", c.now, division=c.division)
    c.then.append(
        lambda: _swap(row, OfferState.OPEN, state=OfferState.CLAIMED, claimed_by_id=mine[0], claimed_at=c.now)
    )


def _swap(row: Offer, was: str, **changes: object) -> None:
    if not Offer.objects.filter(pk=row.pk, state=was).update(**changes):
        raise Conflict("moved_meanwhile", _("这件事刚被别人办过，请看最新情况再操作。"))


@effect("withdraw_offer")
def withdraw_offer(c: Context) -> None:
    """The office asked and took it back: the limit counts as if it had never been offered."""
    row = live_offer(c, OfferState.OPEN)
    c.on_case["counted_from"] = row.counted_from or c.matter.opened_at
    c.then.append(lambda: _swap(row, OfferState.OPEN, state=OfferState.WITHDRAWN, ended_at=c.now))


@effect("lapse")
def lapse(c: Context) -> None:
    """Nobody claimed it in time: it is the owing body's."""
    row = live_offer(c, OfferState.OPEN)
    c.facts["body"] = _begins(c, row)
    c.then.append(lambda: _swap(row, OfferState.OPEN, state=OfferState.LAPSED, ended_at=c.now))


def _begins(c: Context, row: Offer) -> int:
    """From now on the owing body has the matter, with the class's whole limit. Returns the body that is named."""
    begin_anew(c)
    return c.hand_to(row.owed_by_id)


@effect("fall_back")
def fall_back(c: Context) -> None:
    """Whoever commands has it again; what the body owed runs on."""
    c.facts["body"] = c.matter.body_id
    c.values["body_id"] = None


@effect("give_up")
def give_up(c: Context) -> None:
    """The claimant cannot do it after all: it is the owing body's, at once."""
    row = live_offer(c, OfferState.CLAIMED)
    c.facts |= {"body": row.claimed_by_id, "to": _begins(c, row)}
    c.then.append(lambda: _swap(row, OfferState.CLAIMED, state=OfferState.GIVEN_UP, ended_at=c.now))


@effect("thank")
def thank(c: Context) -> None:
    """Thanks to whoever claimed it and did it."""
    row = c.case.offers.filter(state__in=[OfferState.CLAIMED, OfferState.DONE]).order_by("-pk").first()
    if row is None:
        raise Conflict("nobody_to_thank", _("这件事不是社会力量认领办理的。"))
    c.facts["body"] = row.claimed_by_id
    c.then.append(lambda: Offer.objects.filter(pk=row.pk).update(thanked_at=c.now))
