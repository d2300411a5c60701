"""What one summoned body owes, may press and is judged by. Pure: plain values in, plain values out.

On site, `due_at` is by when to be there, and the words follow; in writing, it is by when the words are there. Who is
there in time is not late, however long the words take: the chief judges when the time is up, with or without them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .choices import AnswerMode, AnswerState

OWES = (AnswerState.ASKED, AnswerState.SIGNED, AnswerState.ARRIVED, AnswerState.MISSED)
"""Still to be done by the body."""
WAITED_FOR = (AnswerState.ASKED, AnswerState.SIGNED)
"""Missed when the time is up."""
BODIES_MOST = 10


@dataclass(frozen=True, slots=True)
class Owed:
    """One body's part as the rules see it."""

    body_id: int
    mode: str
    state: str
    due_at: datetime


def may(verb: str, part: Owed, stage: str) -> bool:
    """Whether the body may press `verb` now."""
    on_site, state = part.mode == AnswerMode.ON_SITE, part.state
    if verb == "sign":
        return stage == "called" and state == AnswerState.ASKED
    if verb == "arrive":
        return stage == "called" and on_site and state in (*WAITED_FOR, AnswerState.MISSED)
    if verb != "answer" or stage not in ("called", "judging"):
        return False
    if on_site and stage == "called":  # once the chief judges, there is no place to go to any more
        return state == AnswerState.ARRIVED
    return state in OWES


def is_late(part: Owed, verb: str, now: datetime) -> bool | None:
    """Whether this press comes too late; None where it does not decide that."""
    if part.mode == AnswerMode.ON_SITE and (verb == "sign" or part.state == AnswerState.ARRIVED):
        return None
    return now > part.due_at if verb in ("arrive", "answer") else None


def missed(parts: Iterable[Owed], now: datetime) -> list[int]:
    """The bodies whose time is up and who are neither there nor have answered."""
    return [p.body_id for p in parts if p.state in WAITED_FOR and p.due_at <= now]


def next_alarm(parts: Iterable[Owed], now: datetime) -> datetime | None:
    """When the clock must look again: the next time that runs out for somebody who still owes."""
    return min((p.due_at for p in parts if p.state in OWES and p.due_at > now), default=None)


def conclude(parts: Iterable[Owed], now: datetime) -> str:
    """The verb that the system presses now: 'all_answered', 'lapse' (nobody's time still runs), or ''."""
    live = [p for p in parts if p.state != AnswerState.RELEASED]
    if live and all(p.state == AnswerState.ANSWERED for p in live):
        return "all_answered"
    return "" if any(p.state in OWES and p.due_at > now for p in live) else "lapse"


def bounds(now: datetime, earliest_minutes: int, latest_days: int) -> tuple[datetime, datetime]:
    """Between which moments a body may be asked to answer."""
    return now + timedelta(minutes=earliest_minutes), now + timedelta(days=latest_days)
