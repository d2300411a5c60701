"""What a division did in a period: reported, closed and how, open and late at its end; by place, class and hour.

Scoped like a board. A place is `area`, the division that answers now. What is counted is what the case list holds with
the same window (`CaseFilter`), so that every number opens its cases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from linli.core import clock
from linli.core.actor import Actor
from linli.flow.models import Matter

from .. import board
from ..catalogue import catalogue
from .happened import Ground, midnight
from .windows import CONTENT, RATED, Number, in_time, late_at, open_at


@dataclass(slots=True)
class Sums:
    """Counts of one period, for everything, one place or one class."""

    opened: int = 0
    simulated: int = 0  # of these
    closed: int = 0
    on_time: int = 0
    returned: int = 0
    reworked: int = 0
    reopened: int = 0
    said: int = 0  # closed ones whose reporter rated
    content: int = 0
    open: int = 0
    late: int = 0

    def add(self, names: Iterable[str], values: Iterable[int]) -> None:
        for name, value in zip(names, values, strict=True):
            setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True, slots=True)
class Period:
    """What a division did from `first` to `last` (both included): in all, by place, by class, by hour."""

    first: date
    last: date
    end: datetime  # of the last day, or now
    all: Sums
    places: dict[str, Sums]  # by the code of a subdistrict or a community; '' not known closer
    kinds: dict[str, Sums]  # by the code of a class, or of a top class where none was chosen
    hours: tuple[int, ...]  # opened, by hour of the day
    weekdays: tuple[int, ...]  # opened, from Monday


Spot = tuple[float, float]
_CLOSED = ("closed", "on_time", "returned", "reworked", "reopened", "said", "content")


def period(actor: Actor, ground: Ground, first: date, last: date) -> Period:
    """The counts of a period (5 SQL). Raises Forbidden, Missing."""
    board.check_board(actor, ground.division)
    start, now = midnight(first), clock.now()
    end = min(midnight(last + timedelta(days=1)), now)
    every = Matter.objects.filter(ground.matters()).order_by()
    by = ("subdistrict" if not ground.inside else "community", "type_version_id")
    opened = every.filter(opened_at__gte=start, opened_at__lt=end)
    closed = every.filter(closed_at__gte=start, closed_at__lt=end)
    counts = [
        (("opened", "simulated"), _opened(opened, by)),
        (_CLOSED, _closed(closed, by)),
        *((("open", "late"), rows) for rows in _standing(every, by, end, now)),
    ]
    whole, places, kinds = Sums(), defaultdict[str, Sums](Sums), defaultdict[str, Sums](Sums)
    known = catalogue().by_id
    for names, rows in counts:
        for place, type_id, *values in rows:
            view = known[type_id]
            for sums in (whole, places[place], kinds[view.code if ground.kind else view.top_code]):
                sums.add(names, values)
    hours, weekdays = _arrivals(opened)
    return Period(first, last, end, whole, dict(places), dict(kinds), hours, weekdays)


def _opened(rows: QuerySet[Matter], by: tuple[str, str]) -> Any:
    return rows.values_list(*by).annotate(Count("id"), _simulated=Count("id", filter=Q(simulated=True)))


def _closed(rows: QuerySet[Matter], by: tuple[str, str]) -> Any:
    conditions = (
        in_time(), Q(case__return_count__gt=0), Q(case__rework_count__gt=0), Q(case__reopen_count__gt=0),
        Q(case__satisfaction__in=RATED), Q(case__satisfaction__in=CONTENT),
    )  # fmt: skip
    parts = {f"_{name}": Count("id", filter=q) for name, q in zip(_CLOSED[1:], conditions, strict=True)}
    return rows.values_list(*by).annotate(Count("id"), **parts)


def _standing(every: QuerySet[Matter], by: tuple[str, str], end: datetime, now: datetime) -> list[Any]:
    """Open at a moment, in two halves that the index of closing times answers: as one OR it reads every matter."""
    late = Count("id", filter=Q(final_due_at__lt=min(end, now)))
    halves = (every.filter(open_at(end), closed_at=None), every.filter(open_at(end), closed_at__gte=end))
    return [rows.values_list(*by).annotate(Count("id"), _late=late) for rows in halves]


def _arrivals(opened: QuerySet[Matter]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Opened by hour of the day and by weekday, in Shanghai."""
    hours, weekdays = [0] * 24, [0] * 7
    counted = opened.annotate(_hour=Number("opened_at", every_s=3600)).values_list("_hour").annotate(Count("id"))
    for number, count in counted:
        there = number + 8  # whole hours since a Thursday, 8 o'clock in Shanghai
        hours[there % 24] += count
        weekdays[(there // 24 + 3) % 7] += count
    return tuple(hours), tuple(weekdays)


def listed_late(actor: Actor, ground: Ground, moment: datetime, limit: int) -> list[tuple[board.Point, datetime]]:
    """The cases that were longest past their whole limit at a moment, with that limit (2 SQL). Raises Forbidden, Missing."""
    board.check_board(actor, ground.division)
    rows = Matter.objects.filter(ground.matters(), late_at(moment, clock.now()), case__isnull=False)
    found = list(rows.order_by("final_due_at", "id")[:limit])
    points = board.points_of(found)
    return [(points[m.pk], m.final_due_at) for m in found if m.final_due_at is not None]


def listed_pressed(actor: Actor, ground: Ground, moment: datetime, limit: int) -> list[tuple[board.Point, int, int]]:
    """Open cases that were supervised or reminded of, with how often each: the most pressed first (2 SQL).

    The counts are those of now. Raises Forbidden, Missing.
    """
    board.check_board(actor, ground.division)
    pressed = Q(case__supervised__gt=0) | Q(case__reminded__gt=0)
    rows = Matter.objects.filter(ground.matters(), open_at(moment), pressed).select_related("case")
    found = list(rows.order_by("-case__supervised", "-case__reminded", "final_due_at", "id")[:limit])
    points = board.points_of(found)
    return [(points[m.pk], m.case.supervised, m.case.reminded) for m in found]  # type: ignore[attr-defined]


def places(actor: Actor, ground: Ground, first: date, last: date, limit: int) -> tuple[list[Spot], list[Spot]]:
    """Where cases were reported in a period, and where those lie that were late at its end (2 SQL): lon, lat.

    At most `limit` of each, the newest and the longest late. Raises Forbidden, Missing.
    """
    board.check_board(actor, ground.division)
    now = clock.now()
    end = min(midnight(last + timedelta(days=1)), now)
    every = Matter.objects.filter(ground.matters(), case__isnull=False)
    new = every.filter(opened_at__gte=midnight(first), opened_at__lt=end).order_by("-opened_at", "-id")
    late = every.filter(late_at(end, now)).order_by("final_due_at", "id")
    both = (rows.values_list("case__lon", "case__lat")[:limit] for rows in (new, late))
    return tuple(list(rows) for rows in both)  # type: ignore[return-value]
