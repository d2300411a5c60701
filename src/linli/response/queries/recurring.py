"""Cases as other rooms count them: which, where, since when, column by column; no texts, no reporters.

A merged report and a part of a split case are no case of their own here, and what was declined is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, F, Func, IntegerField, Q, QuerySet

from linli.core import clock
from linli.core.actor import Actor
from linli.flow import queries as flow

from .. import permissions
from ..catalogue import catalogue
from ..choices import PlaceSource
from ..models import Case

STATES = ("", "open", "late", "closed", "on_time")
_OPEN = Q(matter__closed_at=None, matter__ended_at=None)


@dataclass(frozen=True, slots=True)
class Part:
    """Which cases: reported from `since` on and before `until`; of class codes that begin with one of `classes` (empty:
    all); in one of `divisions` (6, 9 or 12 digits; empty: all); inside `box` (west, south, east, north; degrees);
    `bodies`: in hand of one of these; `state`: one of STATES.
    """

    since: datetime
    until: datetime
    classes: tuple[str, ...] = ()
    divisions: tuple[str, ...] = ()
    box: tuple[float, float, float, float] | None = None
    bodies: frozenset[int] = frozenset()
    state: str = ""


class Occurred(NamedTuple):
    """`opened` in microseconds since 1970 (UTC). `exact`: the point was chosen, not a division's label point."""

    id: int
    class_id: int
    lon: float
    lat: float
    subdistrict: str
    community: str
    opened: int
    reopened: int
    exact: bool


class Counted(NamedTuple):
    """Counts of one class at one place (a subdistrict, or a community where that was asked)."""

    place: str
    class_id: int
    opened: int
    closed: int
    judged: int  # closed ones of which it is known whether they were in time
    on_time: int
    open: int
    late: int


class _Second(Func):
    """Whole microseconds since 1970 (a second's precision is enough for windows of days)."""

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        how = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) * 1000000"
        return super().as_sql(compiler, connection, template=how, **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        how = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint * 1000000"
        return super().as_sql(compiler, connection, template=how, **more)


class _Day(Func):
    """The day in Shanghai as days since 1970: the zone knows no summer time."""

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        how = "(CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) + 28800) / 86400"
        return super().as_sql(compiler, connection, template=how, **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        how = "FLOOR((EXTRACT(EPOCH FROM %(expressions)s) + 28800) / 86400)::bigint"
        return super().as_sql(compiler, connection, template=how, **more)


def classes_under(prefixes: Iterable[str]) -> frozenset[int]:
    """Every version of the classes whose codes begin with one of these."""
    wanted = tuple(prefixes)
    return frozenset(v.id for v in catalogue().by_id.values() if v.code.startswith(wanted)) if wanted else frozenset()


def _rows(actor: Actor, part: Part) -> QuerySet[Case]:
    """The cases of a part, in this actor's divisions; the system sees all."""
    rows: QuerySet[Case] = Case.objects.all()
    if part.bodies:
        rows = rows.filter(matter__body_id__in=part.bodies & actor.bodies(permissions.BODY_KINDS))
    elif actor.kind != "system":
        rows = permissions.scope(actor, rows)
    rows = rows.filter(matter__opened_at__gte=part.since, matter__opened_at__lt=part.until, matter__parent_id=None)
    rows = rows.exclude(matter__stage="declined")
    if part.classes:
        rows = rows.filter(case_class_id__in=sorted(classes_under(part.classes)))
    if part.divisions and (where := flow.in_area(part.divisions, "matter__")) is not None:
        rows = rows.filter(where)
    if part.box is not None:
        west, south, east, north = part.box
        rows = rows.filter(lat__gte=south, lat__lte=north, lon__gte=west, lon__lte=east)
    return _in_state(rows, part.state)


def _in_state(rows: QuerySet[Case], state: str) -> QuerySet[Case]:
    if state == "open":
        return rows.filter(_OPEN)
    if state == "late":
        return rows.filter(_OPEN, matter__due_at__lt=clock.now())
    if state == "closed":
        return rows.exclude(matter__closed_at=None)
    return rows.filter(matter__closed_at__isnull=False, first_closed_on_time=True) if state == "on_time" else rows


def occurred(actor: Actor, part: Part) -> list[Occurred]:
    """The cases of a part, by id (1 SQL)."""
    rows = _rows(actor, part).annotate(_at=_Second("matter__opened_at")).order_by("matter_id")
    columns = ("pk", "case_class_id", "lon", "lat", "matter__subdistrict", "matter__community", "_at", "reopen_count",
               "place_source")  # fmt: skip
    listed = PlaceSource.LIST
    return [
        Occurred._make((*row[:8], row[8] != listed)) for row in rows.values_list(*columns).iterator(chunk_size=5000)
    ]


def counted(actor: Actor, part: Part, *, inside: bool = False) -> list[Counted]:
    """Counts by subdistrict (`inside`: by community) and class (1 SQL)."""
    place = "matter__community" if inside else "matter__subdistrict"
    closed = Q(matter__closed_at__isnull=False)
    rows = (
        _rows(actor, part)
        .order_by()
        .values_list(place, "case_class_id")
        .annotate(
            n=Count("pk"),
            n_closed=Count("pk", filter=closed),
            n_judged=Count("pk", filter=closed & Q(first_closed_on_time__isnull=False)),
            n_on_time=Count("pk", filter=closed & Q(first_closed_on_time=True)),
            n_open=Count("pk", filter=_OPEN),
            n_late=Count("pk", filter=_OPEN & Q(matter__due_at__lt=clock.now())),
        )
    )
    return [Counted(*row) for row in rows]


def per_day(actor: Actor, part: Part) -> dict[date, int]:
    """How many were reported on each day of Shanghai (1 SQL); days without any are left out."""
    rows = _rows(actor, part).order_by().annotate(_day=_Day("matter__opened_at")).values_list("_day")
    return {date(1970, 1, 1) + timedelta(days=int(day)): n for day, n in rows.annotate(n=Count("pk"))}


def listed(actor: Actor, part: Part, *, after: int = 0, limit: int = 50) -> list[Case]:
    """The cases of a part, the newest first; `after` is the id the page before ended with."""
    rows = _rows(actor, part).select_related("matter")
    return list((rows.filter(pk__lt=after) if after else rows).order_by("-pk")[:limit])


def urgent(actor: Actor, part: Part, limit: int) -> list[Case]:
    """The open ones of a part, the most urgent first."""
    rows = _rows(actor, part).filter(_OPEN).select_related("matter")
    return list(rows.order_by(F("matter__due_at").asc(nulls_last=True), "pk")[:limit])
