"""The only writers of campaigns. Each change swaps the version and leaves a line in the administrative record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Conflict, Invalid
from linli.organisations import queries as organisations
from linli.response import queries as response
from linli.territory import queries as territory

from .. import permissions
from ..campaign_rules import CLASSES_MOST, DIVISIONS_MOST, least, period_problem
from ..choices import CampaignState as S
from ..models import Campaign
from ..queries.campaigns import campaign_for

NAME_MOST, AIM_MOST = 60, 200


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """What a campaign says: class codes and division codes (6, 9 or 12 digits), both days included."""

    name: str
    classes: tuple[str, ...]
    divisions: tuple[str, ...]
    first_day: date | None
    last_day: date | None
    name_en: str = ""
    aim: str = ""
    body_id: int | None = None
    simulated: bool = False


def draft_campaign(*, actor: Actor, plan: CampaignPlan) -> Campaign:
    """A new campaign; it starts by itself on its first day. The same one sent twice makes one. Raises Forbidden, Invalid."""
    fields = _checked(plan)
    permissions.can_campaign(actor, tuple(fields["divisions"].split())).or_forbidden()
    with transaction.atomic():
        twin = Campaign.objects.filter(state=S.DRAFT, version=1, made_by=actor.label, **fields).first()
        if twin is not None:
            return twin
        made = Campaign.objects.create(**fields, simulated=plan.simulated, made_by=actor.label, made_at=clock.now())
        _note(actor, made.pk, 1, "draft", {}, fields)
    return made


def change_campaign(*, actor: Actor, campaign_id: int, version: int, plan: CampaignPlan) -> Campaign:
    """Change a draft or a running campaign; what it said before stays in the administrative record.

    The first day of a running one stays. Raises Forbidden, Missing, Invalid, Conflict.
    """
    found = campaign_for(actor, campaign_id)
    _may(actor, found)
    if found.state not in (S.DRAFT, S.RUNNING):
        raise Conflict("campaign_over", _("专项行动已经结束，不能再改。"))
    fields = _checked(plan)
    permissions.can_campaign(actor, tuple(fields["divisions"].split())).or_forbidden()
    if found.state == S.RUNNING and fields["first_day"] != found.first_day:
        raise _bad("first_day", _("已经开始的行动不能改开始日期。"))
    before = {name: getattr(found, name) for name in fields}
    with transaction.atomic():
        _swap(found, version, **fields)
        _note(actor, found.pk, version + 1, "change", before, fields)
    return campaign_for(SYSTEM, campaign_id)


def start_campaign(*, actor: Actor, campaign_id: int, version: int) -> None:
    """Start a draft today, before its day. Raises Forbidden, Missing, Conflict."""
    today = clock.today()
    found = campaign_for(actor, campaign_id)
    first = min(found.first_day, today)
    _turn(actor, found, version, S.RUNNING, (S.DRAFT,), first_day=first if found.first_day > today else found.first_day)


def end_campaign(*, actor: Actor, campaign_id: int, version: int) -> None:
    """End a running campaign before its last day, which becomes today. Raises Forbidden, Missing, Conflict."""
    found = campaign_for(actor, campaign_id)
    last = max(found.first_day, min(found.last_day, clock.today()))
    _turn(actor, found, version, S.ENDED, (S.RUNNING,), last_day=last, ended_at=clock.now())


def cancel_campaign(*, actor: Actor, campaign_id: int, version: int) -> None:
    """Let a draft go. Raises Forbidden, Missing, Conflict."""
    _turn(actor, campaign_for(actor, campaign_id), version, S.CANCELLED, (S.DRAFT,), ended_at=clock.now())


def campaigns_take_effect(*, actor: Actor = SYSTEM) -> int:
    """Drafts whose day has come run; those whose last day is over end. Returns how many turned. System only."""
    if actor.kind != "system":
        raise PermissionError("only the clock turns campaigns")
    today, turned = clock.today(), 0
    for found in Campaign.objects.filter(state=S.DRAFT, first_day__lte=today):
        turned += _turned(found, S.RUNNING)
    for found in Campaign.objects.filter(state=S.RUNNING, last_day__lt=today):
        turned += _turned(found, S.ENDED, ended_at=clock.now())
    return turned


def _turned(found: Campaign, state: str, **values: Any) -> int:
    try:
        _turn(SYSTEM, found, found.version, state, (found.state,), **values)
    except Conflict:  # somebody changed it meanwhile: the next round looks again
        return 0
    return 1


def _turn(actor: Actor, found: Campaign, version: int, state: str, before: tuple[str, ...], **values: Any) -> None:
    _may(actor, found)
    if found.state not in before:
        sentence = _("现在是“%(state)s”，不能这样做。") % {"state": S(found.state).label}
        raise Conflict("not_possible_now", sentence)
    with transaction.atomic():
        _swap(found, version, state=state, **values)
        _note(actor, found.pk, version + 1, str(state), {"state": found.state}, {"state": str(state), **values})


def _may(actor: Actor, found: Campaign) -> None:
    permissions.can_campaign(actor, tuple(found.divisions.split())).or_forbidden()


def _swap(found: Campaign, version: int, **values: Any) -> None:
    if not Campaign.objects.filter(pk=found.pk, version=version).update(version=version + 1, **values):
        raise Conflict("changed_meanwhile", _("别人刚改过这个专项行动，请看最新的再改。"))


def _note(actor: Actor, pk: int, version: int, what: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Into the administrative record: what changed, from what to what."""
    changed = {k: [_plain(before.get(k)), _plain(v)] for k, v in after.items() if before.get(k) != v}
    record(actor=actor, verb=AuditVerb.OTHER, target=f"campaign:{pk}", what=what, version=version, changed=changed)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | None) else str(value)


def _bad(name: str, sentence: str) -> Invalid:
    return Invalid("bad_campaign", sentence, fields={name: [sentence]})


def _checked(plan: CampaignPlan) -> dict[str, Any]:
    """The columns of a campaign. Raises Invalid at the field that is wrong."""
    name = " ".join(plan.name.replace("\0", "").split())
    if not name or len(name) > NAME_MOST:
        raise _bad("name", _("名称要写，最多 %(n)s 个字。") % {"n": NAME_MOST})
    if len(plan.aim) > AIM_MOST:
        raise _bad("aim", _("最多 %(n)s 个字。") % {"n": AIM_MOST})
    field, problem = period_problem(plan.first_day, plan.last_day, clock.today())
    if problem:
        raise _bad(field, problem)
    codes = {v.code for v in response.classes()}
    classes = least([c.strip() for c in plan.classes if c.strip()])
    unknown = [c for c in classes if not any(code.startswith(c) for code in codes)]
    if not classes or unknown or len(classes) > CLASSES_MOST:
        said = (
            _("没有这些问题类型：%(codes)s。") % {"codes": "、".join(unknown)}
            if unknown
            else _("请选问题类型，最多 60 类。")
        )
        raise _bad("classes", said)
    divisions = least([d.strip() for d in plan.divisions if d.strip()])
    strange = [d for d in divisions if territory.division(d) is None]
    if not divisions or strange or len(divisions) > DIVISIONS_MOST:
        said = (
            _("没有这些区划：%(codes)s。") % {"codes": "、".join(strange)} if strange else _("请选区划，最多 60 个。")
        )
        raise _bad("divisions", said)
    if plan.body_id is not None and ((body := organisations.body(plan.body_id)) is None or not body.is_active):
        raise _bad("body", _("请选一个还在运行的单位。"))
    return {
        "name": name, "name_en": plan.name_en.strip()[:120], "aim": " ".join(plan.aim.replace("\0", "").split()),
        "classes": " ".join(classes), "divisions": " ".join(divisions), "first_day": plan.first_day,
        "last_day": plan.last_day, "body_id": plan.body_id,
    }  # fmt: skip
