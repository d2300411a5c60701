"""The cases of a place: what lies within a topic, counted for its finding, its assessment and its drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.response.queries.recurring import Occurred, Part, occurred

from ..clusters import M_PER_DEGREE, raster, within
from ..models import Measure, Topic
from ..topic_rules import Assessment, RuleView, windows
from .topic_rules import view_of

WEEKS_BEFORE = 12
WEEKS_MOST = 53


@dataclass(frozen=True, slots=True)
class Place:
    """Where a topic lies: a disc around a point, or (radius 0) a community."""

    lon: float
    lat: float
    radius_m: int
    community: str

    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north around the disc, a little wider than it."""
        up = (self.radius_m + 20) / M_PER_DEGREE
        aside = up / math.cos(math.radians(self.lat))
        return self.lon - aside, self.lat - up, self.lon + aside, self.lat + up

    def holds(self, rows: Sequence[Occurred]) -> list[Occurred]:
        """Those of these cases that lie here. A case without a point of its own lies in its community only."""
        if not self.radius_m:
            return [r for r in rows if r.community == self.community]
        exact = [r for r in rows if r.exact]
        if not exact:
            return []
        x, y = raster([r.lon for r in exact], [r.lat for r in exact])
        x0, y0 = raster([self.lon], [self.lat])
        inside = within(x, y, int(x0[0]), int(y0[0]), self.radius_m)
        return [exact[i] for i in np.flatnonzero(inside)]


def place_of(topic: Topic) -> Place:
    return Place(topic.lon, topic.lat, topic.radius_m, topic.matter.community)


def cases_at(
    place: Place, class_code: str, since: datetime, until: datetime, *, reopened: bool = False
) -> list[Occurred]:
    """The cases of a class that were reported at a place in a time, by id (1 SQL)."""
    where = {"box": place.box()} if place.radius_m else {"divisions": (place.community,)}
    rows = occurred(SYSTEM, Part(since, until, classes=(class_code,), **where))  # type: ignore[arg-type]
    return [r for r in place.holds(rows) if r.reopened or not reopened]


def rule_of(topic: Topic) -> RuleView:
    assert topic.rule is not None, "every topic names the rule by which it is assessed"
    return view_of(topic.rule)


def assessment(topic: Topic, now: datetime | None = None) -> Assessment | None:
    """The recount of a topic that was adopted, as of now (1 SQL); None before that."""
    if topic.adopted_at is None:
        return None
    moment, rule = now or clock.now(), rule_of(topic)
    before_from, after_from, ready_at = windows(topic.adopted_at, moment, rule.cured_days)
    only = rule.reopened and not topic.by_hand
    rows = cases_at(place_of(topic), topic.class_code, before_from, moment, reopened=only)
    adopted, after = _micros(topic.adopted_at), _micros(after_from)
    return Assessment(
        days=rule.cured_days,
        share=rule.cured_share,
        before_from=before_from,
        before_to=topic.adopted_at,
        after_from=after_from,
        after_to=moment,
        before=sum(r.opened < adopted for r in rows),
        after=sum(r.opened >= max(after, adopted) for r in rows),
        ready_at=ready_at,
    )


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


@dataclass(frozen=True, slots=True)
class Week:
    """Cases of one week; `measures` were done in it, `adopted`: the topic was adopted in it."""

    monday: date
    count: int
    measures: int
    adopted: bool


def weeks_of(topic: Topic, measures: Sequence[Measure]) -> list[Week]:
    """Cases of this class at this place by week, from twelve weeks before it was adopted (or found) until now (1 SQL)."""
    ended = topic.matter.ended_at
    last = _monday(clock.local(min(clock.now(), (ended or clock.now()) + timedelta(weeks=WEEKS_BEFORE))).date())
    first = _monday(clock.local(topic.adopted_at or topic.matter.opened_at).date()) - timedelta(weeks=WEEKS_BEFORE)
    first = max(first, last - timedelta(weeks=WEEKS_MOST - 1))
    since = datetime.combine(first, datetime.min.time(), clock.SHANGHAI)
    until = datetime.combine(last + timedelta(weeks=1), datetime.min.time(), clock.SHANGHAI)
    rule = rule_of(topic)
    rows = cases_at(place_of(topic), topic.class_code, since, until, reopened=rule.reopened and not topic.by_hand)
    count: dict[date, int] = {}
    for row in rows:
        day = _monday(clock.local(datetime.fromtimestamp(row.opened / 1e6, UTC)).date())
        count[day] = count.get(day, 0) + 1
    done = [_monday(clock.local(m.done_at).date()) for m in measures if m.done_at]
    adopted = _monday(clock.local(topic.adopted_at).date()) if topic.adopted_at else None
    mondays = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
    return [Week(day, count.get(day, 0), done.count(day), day == adopted) for day in mondays]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
