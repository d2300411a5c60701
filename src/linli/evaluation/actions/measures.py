"""The platform's own measures of a year, by subdistrict: what its public queries say of matters and services, never of
persons. They are provisional, marked as the platform's, and stay out of the comprehensive index.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.circle.queries import coverage as circle
from linli.circle.rules import MISSING, YES, Matrix
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.canonical import canonical
from linli.core.errors import Conflict, Invalid, Missing
from linli.response.queries.shares import shares

from .. import permissions
from ..choices import DeliveryState, ObsStatus, Origin, UnitLevel
from ..models import Delivery, Observation, Publication, Series
from ..queries.units import units

CASES, ON_TIME, SATISFIED = "platform_cases", "platform_on_time_share", "platform_satisfaction"
REACH, PROVIDED = "platform_reach_share", "platform_provided_share"
MEASURES = (CASES, ON_TIME, SATISFIED, REACH, PROVIDED)
FEW = 20  # cases: fewer say nothing as a share
KNOWN = 0.6  # of the answers of a matrix: with less, its share says more of the data than of the place


@dataclass(frozen=True, slots=True)
class Measure:
    """One count; `value` None with the reason in `note`."""

    series: str
    unit: str
    value: float | None
    note: str = ""


def take_measures(*, actor: Actor, year: int) -> UUID:
    """Count the measures of a year and put them in force as one delivery. Raises Forbidden, Invalid (bad_year,
    no_measures), Conflict (already_delivered: nothing has changed since).
    """
    permissions.can_work(actor).or_forbidden()
    today = clock.today()
    if not 2000 <= year <= today.year:
        text = _("请填一个已经开始的年份。")
        raise Invalid("bad_year", text, fields={"year": [text]})
    known = dict(Series.objects.filter(code__in=MEASURES, origin=Origin.PLATFORM).values_list("code", "pk"))
    places = [u.code for u in units(UnitLevel.SUBDISTRICT)]
    found = [m for m in (*_cases(places, year), *_circle(places, min(date(year, 12, 31), today))) if m.series in known]
    if not any(m.value is not None for m in found):
        raise Invalid("no_measures", _("这一年在本平台上还没有可数的内容。"))
    said = canonical([[m.series, m.unit, year, repr(m.value), m.note] for m in found])
    digest = hashlib.sha256(said.encode()).hexdigest()
    if Delivery.objects.filter(digest=digest, state=DeliveryState.APPLIED).exists():
        raise Conflict("already_delivered", _("和上次数的一样，没有新的内容。"))
    return _write(actor, year, found, known, digest)


def _write(actor: Actor, year: int, found: list[Measure], known: dict[str, int], digest: str) -> UUID:
    now, today = clock.now(), clock.today()
    whole = date(year, 12, 31) < today
    status = ObsStatus.NORMAL if whole else ObsStatus.PROVISIONAL
    until = _("全年") if whole else _("截至 %(day)s") % {"day": today.isoformat()}
    with transaction.atomic():
        source, _new = Publication.objects.get_or_create(
            code="platform", defaults={"title": "本平台", "title_en": "This platform", "publisher": "邻里"}
        )
        row = Delivery.objects.create(
            publication=source, vintage=today, edition=f"{year} {until}"[:80], form="platform", digest=digest,
            state=DeliveryState.APPLIED, rows=len(found), by=actor.label, at=now, applied_at=now,
            notes=[{"code": "platform", "sentence": _("本平台自己的计数，暂定；不进入综合评价指数。")}],
        )  # fmt: skip
        Observation.objects.bulk_create(
            Observation(
                delivery=row, series_id=known[m.series], unit=m.unit, year=year, value=m.value, note=m.note[:200],
                status=status if m.value is not None else ObsStatus.MISSING, method="platform",
            )
            for m in found
        )  # fmt: skip
        facts = {"cells": len(found), "year": year}
        record(actor=actor, verb=AuditVerb.OTHER, target="statistics", change="measures", digest=digest, **facts)
    return row.id


def _cases(places: list[str], year: int) -> list[Measure]:
    """Cases closed in the year: how many, how many of them in time, how many called back content."""
    here = clock.SHANGHAI
    since, until = datetime(year, 1, 1, tzinfo=here), datetime(year + 1, 1, 1, tzinfo=here)
    out = []
    districts = sorted({p[:6] for p in places})
    by_place = {
        part.code: part.of(part.by_kind)
        for district in districts
        for part in shares(SYSTEM, division=district, since=since, until=until).places
    }
    for place in places:
        count = by_place.get(place)
        closed, on_time, rated, content = (
            (count.closed, count.on_time, count.rated, count.content) if count else (0, 0, 0, 0)
        )
        none = _("这一年没有办结的案件")
        out.append(Measure(CASES, place, float(closed) if closed else None, "" if closed else none))
        out.append(_share(ON_TIME, place, on_time, closed, _("办结不足 %(n)s 件") % {"n": FEW}))
        out.append(_share(SATISFIED, place, content, rated, _("回访有评价的不足 %(n)s 件") % {"n": FEW}))
    return out


def _share(series: str, place: str, part: int, whole: int, few: str) -> Measure:
    return Measure(series, place, None, few) if whole < FEW else Measure(series, place, round(100 * part / whole, 2))


def _circle(places: list[str], on: date) -> list[Measure]:
    """Of the answers that are known, the share that is yes; nothing where too little is known."""
    out = []
    for series, matrix in ((REACH, Matrix.REACHABLE), (PROVIDED, Matrix.PROVIDED)):
        try:
            found = circle.coverage(actor=SYSTEM, matrix=matrix, on=on)
        except Missing as lost:
            out += [Measure(series, place, None, str(lost.message)) for place in places]
            continue
        for place in places:
            state = found.state[found.here(place)]
            known = int((state != MISSING).sum())
            if not state.size or known < KNOWN * state.size:
                share = 100 * known / state.size if state.size else 0
                out.append(Measure(series, place, None, _("资料不全：能判断的只有 %(n)s%%") % {"n": f"{share:.0f}"}))
            else:
                out.append(Measure(series, place, round(100 * int((state == YES).sum()) / known, 2)))
    return out
