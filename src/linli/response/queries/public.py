"""What the public may see of cases: grid precision, dwellings a day later, never free text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.site import limits
from linli.territory import queries as territory

from .. import permissions
from ..choices import Tree
from ..models import Case
from ..rules import CASE, parse_number
from .cases import _ROW, _tidy, number_of_case
from .classes import class_of

NEAR_M = 200

NEAR_DAYS = 30

PUBLIC_BLUR_M = 400  # farther than any case lies from the middle of its cell

NOT_JOINED = frozenset({"merged", "closed", "ended", "declined"})


def _public_delay() -> timedelta:
    """How much later matters about dwellings appear."""
    return timedelta(days=limits.days(limits.Span.PUBLIC_DWELLING))


@dataclass(frozen=True, slots=True)
class NearbyCase:
    """A hint that a matter may be known already. Nothing personal, at grid precision."""

    number: str
    class_name: str
    distance_m: int
    stage: Any
    opened_at: datetime
    lon: float
    lat: float
    class_code: str = ""
    in_scope: bool = False  # the asking actor may open it
    joinable: bool = False  # it is in work: another report of the same may be merged into it

    @property
    def age(self) -> str:
        """In whole days: the minute of a report is its reporter's."""
        days = (clock.today() - clock.local(self.opened_at).date()).days
        return gettext("今天反映") if days < 1 else gettext("%(n)s 天前反映") % {"n": days}


def _metres(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    x = math.radians(lon2 - lon1) * math.cos(math.radians((lat1 + lat2) / 2))
    return 6371008.8 * math.hypot(x, math.radians(lat2 - lat1))


def nearby(
    lon: float, lat: float, *, class_code: str = "", limit: int = 5, public: bool = True, actor: Actor | None = None
) -> list[NearbyCase]:
    """Open cases within 200 m of the last 30 days, nearest first; matters about dwellings are not told to the public.

    For the public everything is measured from the point that the public sees: distances to the true position,
    asked for from several sides, would give that position away. A case whose public point is far from the true one
    (its grid is gone) is left out. With `public` off, only what `actor` may see is told, at its true place.

    92.9 % of the pairs that a city declared duplicates lie within 200 m and 30 days (Boston 311, 2015).
    Raises Invalid for a point that is no place.
    """
    territory.check_point(lon, lat)
    dlat = (NEAR_M + PUBLIC_BLUR_M if public else NEAR_M) / 111_195
    dlon = dlat / math.cos(math.radians(lat))
    rows = (
        Case.objects.select_related(*_ROW)
        .filter(
            lat__range=(lat - dlat, lat + dlat),
            lon__range=(lon - dlon, lon + dlon),
            matter__ended_at=None,
            matter__opened_at__gte=clock.now() - timedelta(days=NEAR_DAYS),
        )
        .exclude(case_class__tree=Tree.CONSULTATION)
    )
    if class_code:
        rows = rows.filter(case_class__code=class_code)
    if public:
        rows = rows.filter(case_class__dwelling=False)
    found = []
    for case in rows.order_by("-matter_id")[:200]:
        in_scope = actor is not None and bool(permissions.can_see(actor, case.matter))
        if actor is not None and not public and not in_scope:
            continue
        where = public_point(case) if public else (case.lon, case.lat)
        distance = _metres(lon, lat, *where)
        if distance > NEAR_M or (public and _metres(case.lon, case.lat, *where) > PUBLIC_BLUR_M):
            continue  # the box above is drawn around true places: it must never be what decides
        stage = CASE.stages[case.matter.stage]
        found.append(
            NearbyCase(
                number_of_case(case),
                class_of(case).name,
                int(round(distance / 10.0) * 10),
                stage.plain if public else stage.label,
                case.matter.opened_at,
                *where,
                class_of(case).code,
                in_scope,
                case.matter.stage not in NOT_JOINED,
            )
        )
    return sorted(found, key=lambda n: n.distance_m)[:limit]


def public_point(case: Case) -> tuple[float, float]:
    """The point that the public sees: the middle of the grid, or of the community for matters about dwellings."""
    matter = case.matter
    if matter.grid_at_intake and not class_of(case).dwelling:
        return territory.grid_center(matter.grid_at_intake)
    division = territory.division(matter.community or matter.subdistrict or matter.area)
    return (division.lon or 0.0, division.lat or 0.0) if division else (0.0, 0.0)


def _public_since(days: int, now: datetime) -> QuerySet[Case]:
    rows = Case.objects.filter(matter__opened_at__gte=now - timedelta(days=days)).exclude(matter__stage="declined")
    rows = rows.exclude(case_class__tree=Tree.CONSULTATION)  # a question is no matter at a place
    return rows.filter(Q(case_class__dwelling=False) | Q(matter__opened_at__lt=now - _public_delay()))


def public_cases(
    *, days: int = 7, limit: int = 500, subdistrict: str = "", top: str = "", state: str = "", after: int = 0
) -> list[Case]:
    """What the public may see, newest first: recent open cases and those closed lately; about dwellings a day later.

    `state` is working or closed, "" for both; `after` is the id to go on below (paging by key).
    """
    rows = _public_since(days, clock.now()).select_related(*_ROW)
    if subdistrict:
        rows = rows.filter(matter__subdistrict=subdistrict)
    if top:
        rows = rows.filter(case_class__top_code=top)
    if state == "working":
        rows = rows.filter(matter__closed_at=None)
    elif state == "closed":
        rows = rows.filter(matter__closed_at__isnull=False)
    if after:
        rows = rows.filter(matter_id__lt=after)
    return list(rows.order_by("-matter_id")[:limit])


@dataclass(frozen=True, slots=True)
class PublicCounts:
    """What the public page counts: reported in these days, of them done and still in work; `at` is the moment."""

    reported: int
    working: int
    closed: int
    at: datetime


def public_counts(*, days: int = 7) -> PublicCounts:
    """Counts over the same cases that `public_cases` shows."""
    now = clock.now()
    found = _public_since(days, now).aggregate(
        reported=Count("pk"), closed=Count("pk", filter=Q(matter__closed_at__isnull=False))
    )
    return PublicCounts(found["reported"], found["reported"] - found["closed"], found["closed"], now)


def public_case(number: str) -> Case:
    """One case as the public may see it. Raises Missing for what is not shown (yet)."""
    case = Case.objects.select_related(*_ROW).filter(pk=parse_number(number)).first()
    hidden = case is None or number_of_case(case) != _tidy(number) or case.matter.stage == "declined"
    hidden = hidden or class_of(case).tree == Tree.CONSULTATION  # type: ignore[arg-type]
    if case is not None and class_of(case).dwelling:
        hidden = hidden or case.matter.opened_at > clock.now() - _public_delay()
    if case is None or hidden:
        raise Missing("no_such_case", _("没有这件事，或它还不能公开查看。"))
    return case
