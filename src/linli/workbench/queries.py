"""The inbox of an actor as a page shows it, and what changed in it. The reading itself is flow's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Invalid
from linli.flow import queries as flow
from linli.site import urgency

from . import registry
from .registry import Line

TABS = ("overdue", "soon", "today")
WATCH = ("warned", "pressed")  # not the actor's own work: what runs out of time, and what was pressed for
LIMIT = 50
MOST_CHANGES = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A line with its urgency at this moment."""

    id: int
    line: Line
    kind: str
    time: str


@dataclass(frozen=True, slots=True)
class Inbox:
    """One tab, the sizes of all, and the key to go on with."""

    rows: list[Row]
    counts: Mapping[str, int]
    next_after: str
    at: datetime


def inbox(actor: Actor, tab: str, after: str = "") -> Inbox:
    """What waits for this actor in one tab, most urgent first. Raises Invalid for a mistyped key."""
    if after:
        _check_key(after)
    page = flow.inbox(actor=actor, flows=registry.flows(), tab=tab, after=after, limit=LIMIT,
                      also=registry.further(actor))  # fmt: skip
    return _shown(actor, page)


def watch(actor: Actor, which: str, after: str = "") -> Inbox:
    """What is to be watched in the actor's divisions and at the actor's bodies, most urgent first. Raises Invalid."""
    if after:
        _check_key(after)
    return _shown(actor, flow.paged(registry.watched(actor, which), after=after, limit=LIMIT))


def _shown(actor: Actor, page: flow.InboxPage) -> Inbox:
    now = clock.now()
    lines = registry.lines(actor, page.matters)
    rows = []
    for matter in page.matters:
        line = lines.get(matter.pk)
        if line is not None:
            # what waits has not ended: its own step may be late even when the case itself is closed
            kind = urgency.urgency(line.due_at, None, now)
            rows.append(Row(matter.pk, line, kind, urgency.sentence(line.due_at, None, now)))
    return Inbox(rows, page.counts, page.next_after, now)


def _check_key(after: str) -> None:
    due, _sep, pk = after.partition("~")
    try:
        moment = datetime.fromisoformat(due)
    except ValueError:
        moment = None  # type: ignore[assignment]
    known = moment is not None and moment.tzinfo is not None and 1900 < moment.year < 9999  # the ends are another era
    if not known or not (pk.isascii() and pk.isdigit()) or len(pk) > 18:
        raise Invalid("bad_page", _("页码不对，请从第一页看起。"))


def fullest(counts: Mapping[str, int]) -> str:
    """The tab to open when the address names none: the most urgent that holds something."""
    return next((tab for tab in TABS if counts[tab]), "today")


def news(actor: Actor, after: int) -> dict[str, Any]:
    """How many matters that wait for this actor changed after a position."""
    position, ids, many = flow.changes_after(after, MOST_CHANGES)
    if not ids:
        return {"position": position, "inbox": 0}
    mine: set[int] = set()
    duties = [rows for _kind, _way, rows in flow.duties(actor, registry.flows())]
    for rows in duties + registry.further(actor):
        mine.update(rows.filter(pk__in=ids).values_list("pk", flat=True))
    return {"position": position, "inbox": max(len(mine), int(many))}  # of many, some may have come to this inbox
