"""Who acts together in a division now: the duty roster of today, open summons, topics, campaigns that run. Composition only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from linli.coordination import permissions
from linli.coordination.choices import CampaignState
from linli.coordination.queries import campaigns, meetings, roster, summonses, topics
from linli.coordination.rules import TOPIC
from linli.core.actor import Actor
from linli.core.errors import Refusal
from linli.organisations import queries as organisations

MOST = 8


@dataclass(frozen=True, slots=True)
class TopicLine:
    """A topic in a few words."""

    id: int
    title: str
    stage: Any
    owner: str
    cases: int


@dataclass(frozen=True, slots=True)
class Together:
    """Each part is None where this actor may not see it."""

    on_call: roster.OnCall | None
    kept: bool
    summons: list[summonses.Row] | None
    topics: list[TopicLine] | None
    campaigns: list[Any] | None
    meetings: list[meetings.MeetingRow] | None


def together(actor: Actor, division: str) -> Together:
    """The parts that this actor may see (about 12 SQL)."""
    watches = actor.holds(permissions.WATCH_KINDS)
    return Together(
        on_call=_or_none(lambda: roster.on_call(actor, division)),
        kept=roster.is_kept(division),
        summons=_or_none(lambda: summonses.on_board(actor, division, MOST)) if watches else None,
        topics=[_line(t) for t in topics.open_topics(actor, MOST) if _inside(t.matter.area, division)]
        if watches
        else None,
        campaigns=campaigns.campaigns(actor, CampaignState.RUNNING)[:MOST] if watches else None,
        meetings=_or_none(lambda: meetings.meetings(actor, stage="planned", limit=3)) if watches else None,
    )


def _or_none(read: Callable[[], Any]) -> Any:
    """What a room refuses this actor is not on the page."""
    try:
        return read()
    except Refusal:
        return None


def _inside(area: str, division: str) -> bool:
    return area.startswith(division)


def _line(topic: Any) -> TopicLine:
    matter = topic.matter
    return TopicLine(
        id=topic.pk,
        title=matter.title,
        stage=TOPIC.stages[matter.stage].label,
        owner=organisations.body_name(matter.body_id, short=True) if matter.body_id else "",
        cases=topic.case_count,
    )
