"""Many cases at once, for command pages and the inbox: counts, points, queues of one division. No page knows the tables.

Every read asks first whether a post of the actor covers the division. What is open is counted in the process's picture
of it, arrivals by the database over a few days only, so that a hundred thousand old cases cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import inf
from typing import Any, NamedTuple

from django.db.models import Case as When_
from django.db.models import Count, Func, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from linli.accounts.choices import PostKind as P
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Forbidden, Missing
from linli.flow.models import Matter
from linli.flow.queries import SOON
from linli.territory import queries as territory

from . import picture
from .catalogue import catalogue
from .picture import ESCALATED, SUPERVISED
from .picture import Spot as Spot
from .picture import spot_fields as spot_fields
from .queries import CaseFilter, today_start
from .rules import CASE, number_of

DISTRICT_KINDS = frozenset({P.DISTRICT_CHIEF, P.DISPATCHER, P.AUDITOR, P.OPERATOR, P.VERIFIER})
BOARD_KINDS = DISTRICT_KINDS | {P.SUBDISTRICT_CHIEF, P.DESK}
MOST_POINTS = 4000
QUEUES: dict[str, dict[str, str]] = {
    "late": {"due": "late"},
    "soon": {"due": "soon"},
    "accepted": {"stage": "accepted"},
    "fed_back": {"stage": "fed_back"},
    "closed": {"stage": "closed"},
}
"""The queues that are lists of the case page as well, with their filter there."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a board shows: a division (6 or 9 digits), and within it a community, a top class, the last `days` days."""

    division: str
    community: str = ""
    top: str = ""
    days: int = 0  # 0: however old

    def since(self, now: datetime) -> datetime | None:
        """The first moment of the window, a midnight in Shanghai."""
        return today_start(now) - timedelta(days=self.days - 1) if self.days else None

    def as_filter(self, now: datetime, **more: str) -> CaseFilter:
        """The same cases as a filter of the case list."""
        since = self.since(now)
        return CaseFilter(
            subdistrict=self.division if len(self.division) == 9 else "",
            community=self.community,
            top=self.top,
            since=f"{clock.local(since):%Y-%m-%d}" if since else "",
            **more,
        )


class Point(NamedTuple):
    """One case as a board needs it."""

    id: int
    stage: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    area: str
    subdistrict: str
    community: str
    body_id: int | None
    type_id: int
    lon: float
    lat: float
    near: str
    simulated: bool


_FIELDS = (
    "id", "stage", "opened_at", "due_at", "closed_at", "area", "subdistrict", "community", "body_id",
    "type_version_id", "case__lon", "case__lat", "case__near", "simulated",
)  # fmt: skip


class HourNumber(Func):
    """Whole hours since 1970: the same number on both databases, so that they can group by it."""

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return super().as_sql(
            compiler, connection, template="CAST(strftime('%%%%s', %(expressions)s) / 3600 AS INTEGER)", **more
        )

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return super().as_sql(
            compiler, connection, template="FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / 3600)::bigint", **more
        )


# --- who may look --------------------------------------------------------------------------------------
def check_board(actor: Actor, division: str) -> None:
    """Raises Forbidden (no such post at all), Missing (unknown division, or one that no post of the actor covers)."""
    if not actor.holds(BOARD_KINDS):
        raise Forbidden("wrong_post", _("态势页由值班长、派遣员、受理员、窗口受理员、核查员和审计员使用。"))
    known = territory.division(division) if len(division) in (6, 9) else None
    kinds = DISTRICT_KINDS if len(division) == 6 else BOARD_KINDS
    if known is None or not actor.holds(kinds, division):
        raise Missing("no_such_board", _("没有这个区划，或它不归您的岗位管。"))


def home_division(actor: Actor) -> str:
    """The widest division whose board the actor may see; '' when there is none."""
    district = territory.district().code if territory.is_loaded() else ""
    if district and actor.holds(DISTRICT_KINDS, district):
        return district
    held = sorted(p.division for p in actor.posts if p.kind in BOARD_KINDS and len(p.division) == 9)
    return next((code for code in held if territory.division(code) is not None), "")


# --- which matters ---------------------------------------------------------------------------------------
def _narrowed(rows: QuerySet[Matter], wanted: Wanted, now: datetime) -> QuerySet[Matter]:
    if wanted.community:
        rows = rows.filter(community=wanted.community)
    if wanted.top:
        rows = rows.filter(type_version_id__in=_types_under(wanted.top))
    since = wanted.since(now)
    return rows.filter(opened_at__gte=since) if since else rows


def _types_under(top: str) -> frozenset[int]:
    """A case keeps the version of its class: all versions of the top class, the retired ones too."""
    return frozenset(v.id for v in catalogue().by_id.values() if v.top_code == top)


def _matters(wanted: Wanted) -> QuerySet[Matter]:
    rows = Matter.objects.filter(kind=CASE.kind)
    return rows.filter(subdistrict=wanted.division) if len(wanted.division) == 9 else rows


# --- counts ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Tally:
    """Open matters of one place in one stage and one urgency."""

    place: str  # subdistrict of a district's board, community of a subdistrict's; '' = not known closer
    stage: str
    kind: str  # late | soon | ok | done (closed, waits for its call-back)
    count: int
    oldest: datetime  # since when the longest of them has been in its stage
    first_due: datetime | None


@dataclass(frozen=True, slots=True)
class Today:
    """Cases closed today (whenever they came in), how many of them in time, and how many have ended already."""

    closed: int
    on_time: int
    ended: int


@dataclass(frozen=True, slots=True)
class Look:
    """What a board shows at one moment: open cases and those that ended today, in order. Only `look` makes one."""

    wanted: Wanted
    now: datetime
    everywhere: list[Spot]  # the community is not a filter here: it is a row of the league
    here: list[Spot]

    def tallies(self) -> list[Tally]:
        """Open matters counted by place, stage and urgency."""
        now, inside = self.now.timestamp(), len(self.wanted.division) == 9
        soon = now + SOON.total_seconds()
        groups: dict[tuple[str, str, str], list[Any]] = {}
        wanted = spot_fields("ended", "closed", "due", "started", "stage", "community" if inside else "subdistrict")
        for ended, closed, due, started, stage, place in map(wanted, self.everywhere):
            if ended:
                break  # they come last
            key = (place, stage, "done" if closed else "late" if due < now else "soon" if due < soon else "ok")
            held = groups.get(key)
            if held is None:  # in their order: the first of a group is the first due
                groups[key] = [1, started, due]
                continue
            held[0] += 1
            if started < held[1]:
                held[1] = started
        return [Tally(*key, n, _moment(oldest), _moment(due)) for key, (n, oldest, due) in groups.items()]

    def closed_today(self) -> Today:
        """What was closed since midnight."""
        midnight = today_start(self.now).timestamp()
        closed = [s for s in self.here if s.closed >= midnight]
        return Today(len(closed), sum(s.closed <= s.final_due for s in closed), sum(s.ended for s in closed))

    def points(self, limit: int = MOST_POINTS) -> list[Spot]:
        """What the map shows: open matters, most urgent first; then what was closed today; at most `limit`, and all that is pressed.

        `text` of each is a JSON array: id, number, lon, lat, stage, due (epoch seconds, 0 = none), closed (0 or 1),
        type (a key of `class_names`), division (a key of `place_names`), what is near, pressed (see `picture.Spot`).
        """
        return [*self.here[:limit], *(s for s in self.here[limit:] if s.pressed and not s.closed)]

    def pressed(self) -> list[Spot]:
        """What was reminded of, supervised or escalated and is not closed: supervised first, then the most urgent."""
        found = [s for s in self.here if s.pressed and not s.closed and not s.ended]
        return sorted(found, key=lambda s: (not s.pressed & SUPERVISED, not s.pressed & ESCALATED, s.order))


def look(actor: Actor, wanted: Wanted) -> Look:
    """A board as it is now (1 SQL, 2 after a change)."""
    check_board(actor, wanted.division)
    now = clock.now()
    found: Iterable[Spot] = picture.spots()
    if len(wanted.division) == 9:
        found = (s for s in found if s.subdistrict == wanted.division)
    if wanted.top:
        types = _types_under(wanted.top)
        found = (s for s in found if s.type_id in types)
    since = wanted.since(now)
    if since:
        first = since.timestamp()
        found = (s for s in found if s.opened >= first)
    everywhere = list(found)
    here = [s for s in everywhere if s.community == wanted.community] if wanted.community else everywhere
    return Look(wanted, now, everywhere, here)


def _moment(second: float) -> Any:
    return datetime.fromtimestamp(second, UTC) if second < inf else None


@dataclass(frozen=True, slots=True)
class Hours:
    """Cases reported per hour of the day: today, and the same weekday a week ago; and yesterday until this time."""

    today: tuple[int, ...]
    week_ago: tuple[int, ...]
    yesterday_by_now: int


def hours(actor: Actor, wanted: Wanted) -> Hours:
    """Arrivals by the hour (1 SQL)."""
    check_board(actor, wanted.division)
    now = clock.now()
    start, day = today_start(now), timedelta(days=1)
    wide = Wanted(wanted.division, wanted.community, wanted.top)  # the window is about what is shown, not about today
    spans = [(start, start + day), (start - day, now - day), (start - 7 * day, start - 6 * day)]
    condition = Q()
    for first, end in spans:
        condition |= Q(opened_at__gte=first, opened_at__lt=end)
    counted = _narrowed(_matters(wide), wide, now).filter(condition).annotate(hour=HourNumber("opened_at"))
    numbers = dict(counted.values_list("hour").annotate(Count("id")).order_by())
    midnight = int(start.timestamp()) // 3600
    return Hours(
        tuple(numbers.get(midnight + h, 0) for h in range(24)),
        tuple(numbers.get(midnight - 7 * 24 + h, 0) for h in range(24)),
        sum(numbers.get(midnight - 24 + h, 0) for h in range(24)),
    )


# --- points and queues --------------------------------------------------------------------------------------
def _ordered(rows: QuerySet[Matter]) -> QuerySet[Matter]:
    """Most urgent first; what has no limit after what has one; what is closed last."""
    far = Value(datetime(9999, 1, 1, tzinfo=clock.SHANGHAI))
    finished = When_(When(closed_at__isnull=False, then=Value(1)), default=Value(0), output_field=IntegerField())
    return rows.annotate(_finished=finished, _due=Coalesce("due_at", far)).order_by("_finished", "_due", "id")


def class_names(found: Iterable[Spot]) -> dict[int, str]:
    """The classes of these points in the reader's language, by type."""
    known = catalogue().by_id
    return {pk: known[pk].name for pk in {spot.type_id for spot in found}}


def place_names(found: Iterable[Spot]) -> dict[str, str]:
    """The places of these points, by division."""
    return {(c or s or a): _place(a, s, c) for a, s, c in {(p.area, p.subdistrict, p.community) for p in found}}


def queue(actor: Actor, wanted: Wanted, name: str, limit: int) -> list[Point]:
    """The first rows of one queue (1 SQL); any other name is everything that is not ended."""
    check_board(actor, wanted.division)
    now = clock.now()
    rows = _narrowed(_matters(wanted), wanted, now).filter(ended_at=None)
    if name in ("late", "soon"):
        rows = rows.filter(closed_at=None)
        rows = rows.filter(due_at__lt=now) if name == "late" else rows.filter(due_at__gte=now, due_at__lt=now + SOON)
    elif name in QUEUES:
        rows = rows.filter(stage=name)
    elif name == "pressed":
        rows = rows.filter(pk__in=[spot.id for spot in look(actor, wanted).pressed()[:MOST_POINTS]])
    return [Point._make(row) for row in _ordered(rows).values_list(*_FIELDS)[:limit]]


@dataclass(frozen=True, slots=True)
class Changed:
    """Of some matters, those that a board shows now, and those of its division that it no longer shows."""

    shown: list[Point]
    gone: list[int]


def changed(actor: Actor, wanted: Wanted, ids: Iterable[int]) -> Changed:
    """The state of these matters for this board (1 SQL). Ids outside the division are not spoken of."""
    check_board(actor, wanted.division)
    now = clock.now()
    midnight = today_start(now)
    within = _matters(wanted).filter(pk__in=list(ids))
    fits = set(_narrowed(within, wanted, now).values_list("id", flat=True)) if _narrows(wanted) else None
    shown, gone = [], []
    for row in within.values_list(*_FIELDS, "ended_at"):
        point, ended_at = Point._make(row[:-1]), row[-1]
        here = fits is None or point.id in fits
        if here and (ended_at is None or (point.closed_at is not None and point.closed_at >= midnight)):
            shown.append(point)
        else:
            gone.append(point.id)
    return Changed(shown, gone)


def _narrows(wanted: Wanted) -> bool:
    return bool(wanted.community or wanted.top or wanted.days)


# --- words --------------------------------------------------------------------------------------------------
@lru_cache(maxsize=20_000)
def _number(matter_id: int, opened_at: datetime) -> str:
    return number_of(matter_id, opened_at)  # never changes: made once for the many boards that show it


def number_of_point(point: Point) -> str:
    return _number(point.id, point.opened_at)


def class_name(point: Point) -> str:
    """The class that the case keeps, in the reader's language."""
    return catalogue().by_id[point.type_id].name


def place_name(point: Point) -> str:
    """`牛街 春风社区`: short subdistrict, community."""
    return _place(point.area, point.subdistrict, point.community)


def _place(area: str, subdistrict: str, community: str) -> str:
    names = [territory.division_name(subdistrict, short=True)] if subdistrict else []
    if community:
        names.append(territory.division_name(community))
    return " ".join(names) or territory.division_name(area)


def place_line(point: Point) -> str:
    """`牛街 春风社区，近教子胡同`."""
    return near_line(place_name(point), point.near)


def near_line(place: str, near: str) -> str:
    """The same of its parts."""
    return _t("%(place)s，近%(near)s") % {"place": place, "near": near} if near else place


def stage_label(stage: str) -> Any:
    return CASE.stages[stage].label


def stages() -> Mapping[str, Any]:
    """Every stage with its word."""
    return {token: stage.label for token, stage in CASE.stages.items()}


def tops() -> dict[str, str]:
    """The top classes that are published, in the order of their codes, in the reader's language."""
    return {v.top_code: v.top_name for v in catalogue().by_code.values()}


def points_of(matters: Iterable[Matter]) -> dict[int, Point]:
    """Points of matters that the caller has found in the actor's own inbox (1 SQL)."""
    ids = [m.pk for m in matters]
    rows = Matter.objects.filter(pk__in=ids, kind=CASE.kind).values_list(*_FIELDS)
    return {row[0]: Point._make(row) for row in rows}
