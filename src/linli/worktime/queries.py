"""Reads: the calendar in force (kept per process), due times, the history of changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import overload

from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.reference import Reference
from linli.flow.models import Matter
from linli.flow.queries import Line, history
from linli.territory import queries as territory

from . import clocks, permissions, rules, shipped
from . import explain as _explain
from .choices import Change
from .local import Calendars, Local, Spans, read
from .models import NoticeDay, NoticeYear, Revision
from .rules import CALENDAR, Calendar, Due, Hours, Limit, Unit
from .shipped import Day

WARN_DAYS = 60
CALENDAR_KEY = "worktime.calendar"  # the client key of the one matter that the calendar is


def _newest() -> tuple[object, ...]:
    return Revision.objects.order_by("-number").values_list("number", "pk", "at").first() or (0, None, None)


_reference: Reference[Calendars] = Reference(_newest, lambda newest: build_all(int(newest[0])))


def calendar(division: str = "") -> Calendar:
    """The calendar in force in a division: its own, or that of the nearest division above it that has one.

    No SQL within a second of the last check; one small read otherwise.
    """
    found = _reference.get()
    return found.of(division) if division else found.base


def owner(division: str) -> str:
    """The code of the division whose own hours and days hold in `division`; "" where those of the house do."""
    return _reference.get().owner(division)


def forget() -> None:
    """Drop the cached calendar of this process (after a change; before a recompute)."""
    _reference.forget()


@overload
def due(start: datetime, limit: Limit, *, division: str = "") -> Due: ...
@overload
def due(start: datetime, limit: Limit, *, division: str = "", changes: Sequence[clocks.Change]) -> Due | None: ...
def due(start: datetime, limit: Limit, *, division: str = "", changes: Sequence[clocks.Change] = ()) -> Due | None:
    """When `limit` from `start` runs out, by the calendar in force; None while a pause of `changes` is still open."""
    found = calendar(division)
    return clocks.due_with(found, start, limit, changes) if changes else rules.due(found, start, limit)


def elapsed_s(start: datetime, end: datetime, unit: Unit, *, division: str = "") -> int:
    """Seconds that count between two times, by the calendar in force."""
    return rules.elapsed_s(calendar(division), start, end, unit)


def explain(
    start: datetime, limit: Limit, *, division: str = "", changes: Sequence[clocks.Change] = ()
) -> tuple[str, ...]:
    """The arithmetic of a due time, line by line, with what each pause and extension did."""
    return _explain.explain_with(calendar(division), start, limit, changes)


def build_all(number: int) -> Calendars:
    """The calendars of the house and of its divisions as of a revision."""
    own = local(number)
    return Calendars(build(number), own, {code: territory.division_name(code) or code for code in own})


def build(number: int) -> Calendar:
    """The calendar of the house as of a revision: notices over the shipped table, statutory days where there is no notice."""
    notices = notice_days(number)
    last_official = min(notices)
    while last_official + 1 in notices:  # after a gap nothing counts as settled
        last_official += 1
    days = {d.date: d for y in range(min(notices), 2051) for d in notices.get(y) or shipped.statutory().get(y, ())}
    # A notice may move days of the December before it; where two speak of one day the later notice is right.
    days |= {d.date: d for y in sorted(notices) for d in notices[y]}
    return Calendar(
        days={d.date: d.kind for d in days.values()},
        names={d.date: d.name for d in days.values()},
        last_official=date(last_official, 12, 31),
        hours=hours(number),
        first=date(min(notices), 1, 1),
        last=date(2050, 12, 31),
        revision=number,
    )


def notice_days(number: int) -> dict[int, tuple[Day, ...]]:
    """Official days by notice year as of a revision."""
    found = {n.year: n.days for n in shipped.notices()}
    rows = NoticeDay.objects.filter(notice__entered__lte=number).exclude(notice__withdrawn__lte=number)
    entered: dict[int, list[Day]] = {}
    for year, day, name, kind in rows.order_by("date").values_list("notice__year", "date", "name", "kind"):
        entered.setdefault(year, []).append(Day(day, name, kind))
    return found | {y: tuple(days) for y, days in entered.items()}


def hours(number: int) -> tuple[Hours, ...]:
    """Working hours as of a revision."""
    text = Revision.objects.filter(number__lte=number).order_by("-number").values_list("hours", flat=True).first()
    return read_hours(text) if text else shipped.working_hours()


def local(number: int) -> dict[str, Local]:
    """What divisions have of their own as of a revision, by code."""
    kept = Revision.objects.filter(number__lte=number).order_by("-number").values_list("local", flat=True).first()
    return read(kept or {})


@dataclass(frozen=True, slots=True)
class LocalView:
    """What one division has of its own, for the settings page. `hours` newest last, () for "as above"."""

    division: str
    name: str
    hours: tuple[tuple[date, Spans], ...]
    days: tuple[Day, ...]


def local_views() -> tuple[LocalView, ...]:
    """The divisions that have hours or days of their own, in the order of their codes."""
    found = _reference.get().local
    return tuple(
        LocalView(
            code,
            territory.division_name(code) or code,
            tuple(sorted(own.hours.items())),
            tuple(day for _date, day in sorted(own.days.items())),
        )
        for code, own in sorted(found.items())
    )


def local_at(codes: Collection[str]) -> tuple[str, ...]:
    """Names of those of these divisions that have hours or days of their own."""
    return tuple(view.name for view in local_views() if view.division in codes)


def hours_confirmed() -> bool:
    """Whether an administrator has set working hours; until then the shipped ones are provisional."""
    return Revision.objects.filter(change=Change.HOURS).exists()


def read_hours(text: str) -> tuple[Hours, ...]:
    """Lines "2006-01-01 09:00-12:00 13:30-18:00"."""
    lines = [line.split(" ", 1) for line in text.splitlines()]
    return tuple(Hours(date.fromisoformat(day), shipped.read_spans(spans)) for day, spans in lines)


def sources(number: int) -> dict[int, str]:
    """Where each year's notice is published."""
    found = {n.year: n.source for n in shipped.notices()}
    rows = NoticeYear.objects.filter(entered__lte=number).exclude(withdrawn__lte=number)
    return found | dict(rows.values_list("year", "source"))


@dataclass(frozen=True, slots=True)
class TableEnd:
    """How long the official table still reaches. `sentence` is empty while all is well."""

    last_official: date
    settled_until: date
    days_left: int
    sentence: object


def table_end() -> TableEnd:
    """Whether administrators must be warned: the official days end within 60 days, or have ended."""
    found = calendar()
    left = (found.settled_until - clock.today()).days
    facts = {"day": found.settled_until, "left": left, "year": found.last_official.year + 1}
    sentence: object = ""
    if left < 0:
        sentence = _("官方放假安排只到 %(day)s，已经过期：工作日时限都是暂定的。请录入 %(year)s 年的官方通知。") % facts
    elif left <= WARN_DAYS:
        sentence = (
            _(
                "官方放假安排只到 %(day)s，还剩 %(left)s 天：之后的时限按法定节假日推算，是暂定的。"
                "%(year)s 年的通知公布后请尽快录入。"
            )
            % facts
        )
    return TableEnd(found.last_official, found.settled_until, left, sentence)


def revisions(*, actor: Actor, limit: int = 30) -> list[Revision]:
    """The history of changes, newest first. Raises Forbidden."""
    permissions.can_edit(actor).or_forbidden()
    return list(Revision.objects.order_by("-number")[:limit])


def calendar_lines() -> list[Line]:
    """The calendar's own journal, oldest first: one line a revision, with what was recomputed for it."""
    matter = Matter.objects.filter(client_key=CALENDAR_KEY).first()
    return history(matter, CALENDAR, personal=False) if matter else []


def recomputed(*, actor: Actor) -> dict[int, Line]:
    """The line of each revision that has been recomputed, by its number. Raises Forbidden."""
    permissions.can_edit(actor).or_forbidden()
    return {line.facts["revision"]: line for line in calendar_lines() if line.verb == "revise"}
