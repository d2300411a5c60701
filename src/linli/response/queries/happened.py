"""What happened where: the moves of one day, as the journal tells them.

Scoped like a board: the division is asked of the actor's posts first. Who pressed is not read here: the subject is the
matter and its place. A place is `area`, the division that answers now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Case as When_
from django.db.models import Count, IntegerField, Q, Value, When

from linli.core import clock
from linli.core.actor import Actor
from linli.flow import queries as flow
from linli.flow.models import Matter

from .. import board
from ..catalogue import catalogue
from ..rules import CASE
from .windows import CLOSING, REOPENING, Number, open_at

QUIET = frozenset({"note", "call", "contacted", "thank"})  # words to a person, not moves of a matter
TOLD = ("report", *(v for v in CASE.moves if v not in QUIET))
OPENING = REOPENING | {"report"}
ENDING = CLOSING | {"decline"}
MOST_LINES = 6000


@dataclass(frozen=True, slots=True)
class Ground:
    """Whose cases: of a division (6 or 9 digits); of a top class or a class, '' for all."""

    division: str
    kind: str = ""

    @property
    def inside(self) -> bool:
        """Whether places are communities (else subdistricts)."""
        return len(self.division) == 9

    def types(self) -> frozenset[int]:
        """Every version of the class: a case keeps the one that it was opened with."""
        views = catalogue().by_id.values()
        return frozenset(v.id for v in views if self.kind in (v.top_code, v.code))

    def matters(self, through: str = "") -> Q:
        """The condition on matters."""
        found = Q(**{f"{through}kind": CASE.kind})
        if self.inside:
            found &= Q(**{f"{through}subdistrict": self.division})
        return found & Q(**{f"{through}type_version_id__in": sorted(self.types())}) if self.kind else found


def midnight(day: date) -> datetime:
    """The first moment of a day in Shanghai."""
    return datetime(day.year, day.month, day.day, tzinfo=clock.SHANGHAI)


# --- one day ---------------------------------------------------------------------------------------------
class Happening(NamedTuple):
    """One journal line and what its case says. Times as they lie in the database, aware."""

    at: datetime
    verb: str
    id: int
    opened_at: datetime
    final_due_at: datetime | None
    type_id: int
    area: str
    subdistrict: str
    community: str
    lon: float
    lat: float
    near: str
    simulated: bool


_COLUMNS = (
    "at", "verb", "matter_id", "matter__opened_at", "matter__final_due_at", "matter__type_version_id", "matter__area",
    "matter__subdistrict", "matter__community", "matter__case__lon", "matter__case__lat", "matter__case__near",
    "matter__simulated",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Day:
    """A day's moves in their order, with what was open and late when it began and at every moment after."""

    start: datetime
    end: datetime  # of the day, or now
    lines: list[Happening]
    full: bool
    open: int
    late: int
    steps: list[tuple[int, int, int]]  # (second of the day, open, late) whenever one of them changed


def day(actor: Actor, ground: Ground, on: date) -> Day:
    """The moves of a day in a division (2 SQL). Raises Forbidden, Missing."""
    board.check_board(actor, ground.division)
    start, now = midnight(on), clock.now()
    end = min(start + timedelta(days=1), now)
    found = flow.lines_between(CASE.kind, start, end, TOLD).filter(
        ground.matters("matter__"), matter__case__isnull=False
    )
    rows = found.values_list(*_COLUMNS)
    lines = [Happening._make(row) for row in rows[: MOST_LINES + 1]]
    full = len(lines) <= MOST_LINES
    lines = lines[:MOST_LINES]
    due = _due_by_minute(ground, start, end)
    opened, late = sum(due.values()), due.get(-1, 0)
    return Day(start, end, lines, full, opened, late, _steps(lines, start, due, end))


def _due_by_minute(ground: Ground, start: datetime, end: datetime) -> dict[int, int]:
    """What was open when the day began, by the minute of the day at which it is late: -1 before it, 1440 later or never."""
    first = int(start.timestamp()) // 60
    turns = When_(
        When(final_due_at__lt=start, then=Value(first - 1)),
        When(final_due_at__lt=end, then=Number("final_due_at", every_s=60)),
        default=Value(first + 1440),
        output_field=IntegerField(),
    )
    rows = Matter.objects.filter(ground.matters(), open_at(start), case__isnull=False).annotate(_turns=turns)
    return {turn - first: n for turn, n in rows.order_by().values_list("_turns").annotate(Count("id"))}


def _steps(
    lines: list[Happening], start: datetime, due: Mapping[int, int], end: datetime
) -> list[tuple[int, int, int]]:
    """Open and late through the day. A case that opens or ends in it is late from its limit on, to the minute."""
    last = int((end - start).total_seconds())
    changes: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for minute, count in due.items():
        if 0 <= minute < 1440:
            changes[minute * 60][1] += count
    for line in lines:
        way = 1 if line.verb in OPENING else -1 if line.verb in ENDING else 0
        if not way:
            continue
        second = int((line.at - start).total_seconds())
        changes[second][0] += way
        turns = int((line.final_due_at - start).total_seconds()) // 60 * 60 if line.final_due_at else last
        if turns < last:
            changes[max(second, turns)][1] += way
    opened, late, found = sum(due.values()), due.get(-1, 0), []
    for second in sorted(changes):
        opened, late = opened + changes[second][0], late + changes[second][1]
        found.append((second, opened, late))
    return found
