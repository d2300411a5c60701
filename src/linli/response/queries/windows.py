"""Conditions over windows of time: what was open or late at a moment, and how what is closed was closed. Pure Q's.

`through` is the lookup prefix of the caller's table ("matter__" from a case). A matter's columns say how it stands now;
the few cases that were closed at a moment and reopened later are found in the journal, so that every past moment is
what the journal says it was.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F, Func, IntegerField, Q, QuerySet

from linli.flow import queries as flow

from ..choices import Satisfaction
from ..models import Case
from ..rules import CASE

CLOSING = frozenset(v for v, m in CASE.moves.items() if m.target == "closed" and not m.source & CASE.ends)
REOPENING = frozenset(v for v, m in CASE.moves.items() if "closed" in m.source and m.target in ("accepted", "handling"))
CONTENT = (Satisfaction.SATISFIED, Satisfaction.FAIR)
RATED = (*CONTENT, Satisfaction.DISSATISFIED)
HAD = {"return": "return_count", "rework": "rework_count", "reopen": "reopen_count"}


class Number(Func):
    """Whole hours or minutes (of `every_s` seconds) since 1970: the same number on both databases.

    SQLite rounds the last microseconds of a second up to the next one, so the fraction is cut off before.
    """

    output_field = IntegerField()

    def __init__(self, *expressions: Any, every_s: int, **more: Any) -> None:
        super().__init__(*expressions, every_s=every_s, **more)

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        how = "CAST(strftime('%%%%s', substr(%(expressions)s, 1, 19)) / %(every_s)s AS INTEGER)"
        return super().as_sql(compiler, connection, template=how, **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        how = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / %(every_s)s)::bigint"
        return super().as_sql(compiler, connection, template=how, **more)


def open_at(moment: datetime, through: str = "") -> Q:
    """Reported before a moment, and neither closed nor ended then."""
    unfinished = Q(**{f"{through}closed_at": None}) | Q(**{f"{through}closed_at__gte": moment})
    unended = Q(**{f"{through}ended_at": None}) | Q(**{f"{through}ended_at__gte": moment})
    begun = Q(**{f"{through}opened_at__lt": moment})
    return begun & unfinished & unended & ~Q(pk__in=closed_then(moment))


def late_at(moment: datetime, now: datetime, through: str = "") -> Q:
    """Open at a moment and past the whole limit (as it is set now); nothing is late before its time."""
    return open_at(moment, through) & Q(**{f"{through}final_due_at__lt": min(moment, now)})


def closed_then(moment: datetime) -> QuerySet[Any]:
    """Ids of the cases that were closed at a moment and reopened afterwards: their columns do not say so any more."""
    reopened = Case.objects.filter(reopen_count__gt=0).values("matter_id")
    return flow.more_often(reopened, moment, CLOSING, REOPENING)


def in_time(through: str = "") -> Q:
    """Closed within the whole limit; what has none is in time."""
    limit = f"{through}final_due_at"
    return Q(**{limit: None}) | Q(**{f"{through}closed_at__lte": F(limit)})


def closed_how(on_time: str, had: str, rated: str) -> Q:
    """Of cases: closed in time or not (1 | 0), ever returned, reworked or reopened, rated. '' says nothing."""
    found = Q()
    if on_time in ("0", "1"):
        found &= Q(matter__closed_at__isnull=False) & (in_time("matter__") if on_time == "1" else ~in_time("matter__"))
    if had in HAD:
        found &= Q(**{f"{HAD[had]}__gt": 0})
    if rated in ("content", "said"):
        found &= Q(satisfaction__in=CONTENT if rated == "content" else RATED)
    return found
