"""Reads of campaigns: lists, and the board of one: numbers, places, classes, days, cases. Counted from the cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Missing
from linli.response import queries as response
from linli.response.queries import recurring
from linli.response.queries.recurring import STATES, Counted, Part
from linli.territory import queries as territory

from .. import permissions
from ..campaign_rules import WEEKS_COMPARED, DayCount, days_of, least, within
from ..choices import CampaignState
from ..models import Campaign

LISTED = 50
MAPPED = 1000
LISTS_MOST = 100


def campaign_for(actor: Actor, campaign_id: int) -> Campaign:
    """A campaign in the actor's sight. Raises Missing."""
    found = Campaign.objects.filter(pk=campaign_id).first()
    if found is None or not permissions.can_see_campaign(actor, tuple(found.divisions.split()), found.body_id):
        raise Missing("no_such_campaign", _("没有这个专项行动，或它不在您的辖区。"))
    return found


def campaigns(actor: Actor, state: str = "") -> list[Campaign]:
    """Those in the actor's sight, running ones first, then the newest."""
    rows = Campaign.objects.order_by("-first_day", "-pk")
    rows = rows.filter(state=state) if state in CampaignState.values else rows
    order = [CampaignState.RUNNING, CampaignState.DRAFT, CampaignState.ENDED, CampaignState.CANCELLED]
    seen = [c for c in rows[:400] if permissions.can_see_campaign(actor, tuple(c.divisions.split()), c.body_id)]
    return sorted(seen, key=lambda c: order.index(CampaignState(c.state)))[:LISTS_MOST]


@dataclass(frozen=True, slots=True)
class Ground:
    """What of a campaign an actor sees: of its divisions those of his posts; its leading body sees the cases it holds.

    `reader` is who the counts are read as.
    """

    divisions: tuple[str, ...]
    bodies: frozenset[int]
    reader: Actor
    whole: bool


def ground_of(actor: Actor, campaign: Campaign) -> Ground:
    """Raises Missing where nothing is seen."""
    every = tuple(campaign.divisions.split())
    if actor.kind == "system":
        return Ground(every, frozenset(), actor, True)
    held = {p.division for p in actor.posts if p.kind in permissions.WATCH_KINDS and p.division}
    mine = least([common for d in every for h in held if (common := within(d, h))])
    if mine:
        return Ground(mine, frozenset(), SYSTEM, mine == least(list(every)))
    bodies = actor.bodies(permissions.BODY_KINDS)
    if campaign.body_id in bodies:
        return Ground(every, bodies, actor, False)
    raise Missing("no_such_campaign", _("没有这个专项行动，或它不在您的辖区。"))


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """What the address of a board says. Empty means all."""

    place: str = ""
    code: str = ""  # a class
    day: str = ""
    state: str = ""

    @classmethod
    def from_mapping(cls, data: Mapping[str, str]) -> BoardFilter:
        """From query parameters; unknown values are left out."""
        known = {n: str(data.get(n, "")).replace("\0", "").strip()[:24] for n in cls.__dataclass_fields__}
        known["state"] = known["state"] if known["state"] in STATES else ""
        try:
            date.fromisoformat(known["day"] or "2000-01-01")
        except ValueError:
            known["day"] = ""
        return cls(**known)

    def as_query(self, **changes: str) -> dict[str, str]:
        """The parameters that say something, some of them changed."""
        said = {n: getattr(self, n) for n in self.__dataclass_fields__} | changes
        return {n: v for n, v in said.items() if v}


def part_of(campaign: Campaign, ground: Ground, wanted: BoardFilter) -> Part:
    """The cases of a campaign that are asked for."""
    first, last = campaign.first_day, campaign.last_day
    if wanted.day and first <= (day := date.fromisoformat(wanted.day)) <= last:
        first = last = day
    divisions = ground.divisions
    if wanted.place:
        divisions = least([common for d in divisions if (common := within(wanted.place, d))]) or ("0" * 12,)
    classes = tuple(campaign.classes.split())
    if wanted.code:
        classes = tuple(c for c in {within(wanted.code, p) for p in classes} if c) or ("none",)
    return Part(_start(first), _start(last + timedelta(days=1)), classes, divisions, None, ground.bodies, wanted.state)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), clock.SHANGHAI)


@dataclass(frozen=True, slots=True)
class Sum:
    """Counts of a place, a class, or of all."""

    key: str
    name: str
    opened: int
    closed: int
    judged: int
    on_time: int
    open: int
    late: int

    @property
    def rate(self) -> float | None:
        """Per cent closed in time, of those closed of which it is known."""
        return 100 * self.on_time / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Board:
    """A campaign as it stands at `at`. Sums are sorted: the most late, then the most open first."""

    campaign: Campaign
    ground: Ground
    total: Sum
    places: list[Sum]
    classes: list[Sum]
    days: list[DayCount]
    at: datetime
    inside: bool


def board(actor: Actor, campaign: Campaign, wanted: BoardFilter) -> Board:
    """The whole board (2 SQL)."""
    ground = ground_of(actor, campaign)
    part = part_of(campaign, ground, wanted)
    inside = all(len(d) >= 9 for d in part.divisions) and len({d[:9] for d in part.divisions}) == 1
    rows = recurring.counted(ground.reader, part, inside=inside)
    before = part_of(campaign, ground, replace(wanted, day=""))
    wide = replace(before, since=before.since - timedelta(weeks=WEEKS_COMPARED))
    counts = recurring.per_day(ground.reader, wide)
    return Board(
        campaign=campaign,
        ground=ground,
        total=_sum("", "", rows),
        places=_sums(rows, lambda r: r.place, _place_name),
        classes=_sums(rows, lambda r: response.class_by_id(r.class_id).code, _class_name),
        days=days_of(campaign.first_day, campaign.last_day, clock.today(), counts),
        at=clock.now(),
        inside=inside,
    )


def _sum(key: str, name: str, rows: list[Counted]) -> Sum:
    columns = ("opened", "closed", "judged", "on_time", "open", "late")
    return Sum(key, name, *(sum(getattr(r, c) for r in rows) for c in columns))


def _sums(rows: list[Counted], key: Any, name: Any) -> list[Sum]:
    held: dict[str, list[Counted]] = {}
    for row in rows:
        held.setdefault(key(row), []).append(row)
    sums = [_sum(k, name(k), found) for k, found in held.items()]
    return sorted(sums, key=lambda s: (-s.late, -s.open, -s.opened, s.key))


def _place_name(code: str) -> str:
    return territory.division_name(code, short=True) if code else _("未定位")


def _class_name(code: str) -> str:
    view = response.class_by_code(code)
    return view.name if view else code


def board_cases(actor: Actor, campaign: Campaign, wanted: BoardFilter, *, after: int = 0) -> tuple[list[Any], int]:
    """The cases behind a number, the newest first, and the id to go on with (0: no more)."""
    ground = ground_of(actor, campaign)
    rows = recurring.listed(ground.reader, part_of(campaign, ground, wanted), after=after, limit=LISTED + 1)
    return rows[:LISTED], rows[LISTED - 1].pk if len(rows) > LISTED else 0


def queue(actor: Actor, campaign: Campaign, wanted: BoardFilter, limit: int = 12) -> list[Any]:
    """What is open and most urgent."""
    ground = ground_of(actor, campaign)
    return recurring.urgent(ground.reader, part_of(campaign, ground, wanted), limit)


def points(actor: Actor, campaign: Campaign, wanted: BoardFilter) -> list[Any]:
    """What the map shows: what is open, the most urgent first, at most a thousand."""
    return queue(actor, campaign, wanted, MAPPED)
