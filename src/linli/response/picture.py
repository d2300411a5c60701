"""The open cases as this process keeps them for its boards: read once, then told by the outbox what to read again.

Many walls that show the same ground cost one reading. No permission is asked here: `board` asks it before it looks.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from math import inf
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import Case, F, IntegerField, Q, Value, When

from linli.core import clock
from linli.flow import queries as flow
from linli.flow import relay
from linli.flow.models import Matter
from linli.worktime.rules import CALENDAR

from .queries import today_start
from .rules import CASE, number_of

AGAIN_S = 600  # read whole this often, should anything ever change a matter and not say so
MOST_CHANGES = 400  # more than these at once: a whole reading is cheaper
REMINDED, SUPERVISED, ESCALATED = 1, 2, 4


class Spot(NamedTuple):
    """One case on the picture. Times are seconds since 1970; a due time that is not set never comes."""

    id: int
    stage: str
    type_id: int
    area: str
    subdistrict: str
    community: str
    opened: float
    started: float
    due: float
    final_due: float
    closed: float  # 0: not closed
    ended: bool
    pressed: int  # REMINDED + SUPERVISED + ESCALATED, whatever of it there was
    lon: float
    lat: float
    order: tuple[bool, bool, float, int]
    text: str  # what a map is told, as JSON: see `board.Look.points`

    @property
    def place(self) -> str:
        """The narrowest division that is known."""
        return self.community or self.subdistrict or self.area


def spot_fields(*names: str) -> Callable[[Spot], tuple[Any, ...]]:
    """These fields of a spot at once: tens of thousands are walked at each refresh of a wall."""
    return itemgetter(*map(Spot._fields.index, names))


_FIELDS = (
    "id", "stage", "type_version_id", "area", "subdistrict", "community", "opened_at", "stage_started_at", "due_at",
    "final_due_at", "closed_at", "ended_at", "case__lon", "case__lat", "case__near", "case__reminded", "case__supervised",
    "escalated",
)  # fmt: skip


def _spot(row: tuple[Any, ...]) -> Spot:
    pk, stage, type_id, area, subdistrict, community, opened, started, due, final, closed, ended, lon, lat, near = row[
        :15
    ]
    reminded, supervised, escalated = row[15:]
    due_s = due.timestamp() if due else inf
    closed_s = closed.timestamp() if closed else 0.0
    is_ended = ended is not None
    # most urgent first; closed ones after; what has ended last, the newest of them first
    order = (is_ended, closed is not None, -closed_s if is_ended else due_s, pk)
    pressed = REMINDED * bool(reminded) + SUPERVISED * bool(supervised) + ESCALATED * bool(escalated)
    told = (
        pk, number_of(pk, opened), round(lon, 6), round(lat, 6), stage, int(due_s) if due else 0,
        int(closed is not None), type_id, community or subdistrict or area, near,
        pressed,
    )  # fmt: skip
    return Spot(
        pk, stage, type_id, area, subdistrict, community, opened.timestamp(), started.timestamp(), due_s,
        final.timestamp() if final else inf, closed_s, is_ended, pressed, lon, lat, order,
        json.dumps(told, ensure_ascii=False, separators=(",", ":")),
    )  # fmt: skip


# Who decides may also be the district because nobody knew whose a case is: the journal says whether somebody pressed.
_ESCALATED = Case(
    When(
        ~Q(case__level=F("case__case_class__level")) & flow.has_line("escalate"),
        then=Value(1),
    ),
    default=Value(0),
    output_field=IntegerField(),
)


class _Picture(NamedTuple):
    spots: tuple[Spot, ...]  # in their order
    position: int
    read_at: float  # monotonic
    midnight: datetime


_lock = threading.Lock()
_held: _Picture | None = None


def spots() -> tuple[Spot, ...]:
    """Open cases and those that ended today, most urgent first, as fresh as the last commit (1 SQL, 2 after a change)."""
    global _held
    with _lock:
        _held = _fresh(_held, today_start(clock.now()))
        return _held.spots


def forget() -> None:
    """Read everything at the next call (tests, whose rows are rolled back)."""
    global _held
    with _lock:
        _held = None


def _fresh(held: _Picture | None, midnight: datetime) -> _Picture:
    if held is None or held.midnight != midnight or time.monotonic() - held.read_at > AGAIN_S:
        return _whole(midnight)
    # lines that are committed and wait for their position count as well: they are read again once they have it
    lines = flow.announced(held.position, MOST_CHANGES + 1)
    if not lines:
        return held
    # a change of the calendar moves the due times of all, one of borders the areas; each says so in one line of its own
    if len(lines) > MOST_CHANGES or any(k == CALENDAR.kind or flow.is_of_many(k) for _position, _id, k in lines):
        return _whole(midnight)
    ids = {matter_id for _position, matter_id, _kind in lines}
    kept = [spot for spot in held.spots if spot.id not in ids]
    position = max(held.position, *(position or 0 for position, _id, _kind in lines))
    return held._replace(spots=_in_order([*kept, *_read(midnight, ids)]), position=position)


def _whole(midnight: datetime) -> _Picture:
    # the position first: what comes between the two is read twice and not missed
    position = relay.position()
    return _Picture(_in_order(_read(midnight)), position, time.monotonic(), midnight)


def _read(midnight: datetime, ids: Iterable[int] | None = None) -> list[Spot]:
    rows = Matter.objects.filter(Q(ended_at=None) | Q(closed_at__gte=midnight), kind=CASE.kind, case__isnull=False)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    return [_spot(row) for row in rows.annotate(escalated=_ESCALATED).values_list(*_FIELDS)]


def _in_order(found: list[Spot]) -> tuple[Spot, ...]:
    return tuple(sorted(found, key=lambda spot: spot.order))
