"""Blow the whistle: a chief calls named bodies to a place. What the bodies and the chief do next is in `answers`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Invalid
from linli.flow import actions as flow
from linli.organisations import queries as organisations
from linli.organisations.choices import BodyKind
from linli.response import queries as cases
from linli.response.texts import clean
from linli.territory import queries as territory
from linli.worktime import queries as worktime

from .. import permissions
from ..answering import BODIES_MOST, bounds
from ..choices import AnswerMode
from ..models import Summons, SummonsAnswer, SummonsCase
from ..queries.calls import KindView, due_of, kinds
from ..rules import SUMMONS

CALLED_KINDS = (BodyKind.DEPARTMENT, BodyKind.ENTERPRISE)
"""Who can be called: the departments and service enterprises of the district."""
CASES_MOST = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """One body that is called. `mode` '' and `due_at` None: as the kind of the summons says."""

    body_id: int
    mode: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A whistle. Coordinates are WGS-84; `cases` are case numbers; a repeated `client_key` makes no second one."""

    kind: str
    lon: float
    lat: float
    bodies: Sequence[Asked]
    question: str
    cases: Sequence[str] = ()
    client_key: str = ""
    simulated: bool = False


def summon(*, actor: Actor, call: Call) -> int:
    """Call the bodies; the id of the summons. Raises Invalid (fields say which), Forbidden."""
    kind = next((k for k in kinds() if k.code == call.kind), None)
    if kind is None:
        raise _bad("unknown_kind", "kind", _("请选择吹哨的类别。"))
    question = clean(call.question, "question", required=True)
    located = territory.check_point(call.lon, call.lat)
    if not located.subdistrict:
        raise _bad("no_subdistrict", "place", _("这一点还不知道属于哪个街道，请换一个地点。"))
    permissions.can_summon(actor, located.subdistrict).or_forbidden()
    now = clock.now()
    division = located.community or located.subdistrict
    asked, provisional = _parts(call.bodies, kind, division, now)
    about = [cases.case_named(actor, number, "case") for number in dict.fromkeys(call.cases)]
    if len(about) > CASES_MOST:
        raise _bad("too_many_cases", "case", _("一次吹哨最多关联 %(n)s 件案件。") % {"n": CASES_MOST})
    place = place_words(located)
    first = min(p.due_at for p in asked if p.due_at)
    try:
        with transaction.atomic(), clock.at(now, actor=SYSTEM):
            matter = flow.open_matter(
                actor=actor,
                flow=SUMMONS,
                verb="call",
                title=_title(kind, place),
                where=flow.Where(division, located.subdistrict, located.community, located.grid),
                due=flow.DueTimes(
                    stage=first, alarm=first, provisional=provisional, revision=worktime.calendar(division).revision
                ),
                facts={
                    "kind": kind.code,
                    "bodies": [p.body_id for p in asked],
                    "cases": [c.pk for c in about],
                },
                personal={"question": question},
                client_key=_stored_key(actor, call.client_key),
                simulated=call.simulated or any(c.matter.simulated for c in about),
            )
            summons = Summons.objects.create(matter=matter, kind_id=kind.id, lon=call.lon, lat=call.lat, place=place)
            SummonsAnswer.objects.bulk_create(
                SummonsAnswer(summons=summons, body_id=p.body_id, mode=p.mode, due_at=p.due_at or first) for p in asked
            )
            SummonsCase.objects.bulk_create(SummonsCase(summons=summons, matter_id=c.pk) for c in about)
    except flow.AlreadyOpened as earlier:
        return earlier.matter_id
    return int(matter.pk)


def place_words(located: Any) -> str:
    """The meeting point in words that name no person: the street nearby, the community."""
    with override("zh-hans"):
        near = _("%(street)s附近") % {"street": located.near} if located.near else ""
    return " ".join(part for part in (located.community_name or located.subdistrict_name, near) if part)[:80]


def _title(kind: KindView, place: str) -> str:
    return f"{kind.name_zh} · {place}"[:80]


def callable_bodies() -> tuple[Any, ...]:
    """The bodies that a chief may call, by code."""
    district = territory.district().code
    return organisations.bodies(kinds=CALLED_KINDS, division=district)


def _parts(wanted: Sequence[Asked], kind: KindView, division: str, now: datetime) -> tuple[list[Asked], bool]:
    """Each body with its way and its time, and whether one of the times is provisional. Raises Invalid."""
    if not wanted:
        raise _bad("bodies_required", "bodies", _("请至少选一个单位。"))
    if len(wanted) > BODIES_MOST:
        raise _bad("too_many_bodies", "bodies", _("一次最多吹 %(n)s 个单位。") % {"n": BODIES_MOST})
    usual = due_of(kind, division, now)
    soonest, latest = bounds(now, kind.earliest_minutes, kind.latest_days)
    may_be_called = {b.id for b in callable_bodies()}
    found: dict[int, Asked] = {}
    provisional = False
    for part in wanted:
        body = organisations.resolve(part.body_id)
        if body not in may_be_called:
            raise _bad("unknown_body", "bodies", _("请从名单里选单位：区属部门或服务企业。"), part.body_id)
        if body in found:
            name = organisations.body_name(body)
            raise _bad("same_body", "bodies", _("“%(body)s”选了两次。") % {"body": name}, part.body_id)
        if part.mode and part.mode not in AnswerMode.values:
            raise _bad("unknown_mode", "bodies", _("请选择到场响应或书面答复。"))
        due = part.due_at or usual.at
        if part.due_at is not None and not soonest <= due <= latest:
            raise _bad("due_out_of_bounds", "due", _bounds_words(soonest, latest), part.body_id)
        provisional = provisional or (part.due_at is None and usual.provisional)
        found[body] = Asked(body, part.mode or kind.mode, due)
    return list(found.values()), provisional


def _bounds_words(soonest: datetime, latest: datetime) -> str:
    return _("响应时间要在 %(first)s 和 %(last)s 之间。") % {
        "first": f"{clock.local(soonest):%Y-%m-%d %H:%M}",
        "last": f"{clock.local(latest):%Y-%m-%d %H:%M}",
    }


def _stored_key(actor: Actor, key: str) -> str | None:
    return hashlib.sha256(f"summons/{actor.label}/{key}".encode()).hexdigest() if key else None


def _bad(code: str, field: str, sentence: str, body: int = 0) -> Invalid:
    """`body`: whose row of the form it is about."""
    return Invalid(code, sentence, fields={field: [sentence]}, body=body)
