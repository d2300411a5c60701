"""The one relay: gives outbox rows their positions in one order, then hands them to the subscribers.

Ids commit out of order, so a reader that follows ids misses rows. One relay at a time stamps positions
(an advisory lock on PostgreSQL, the single writer on SQLite); readers follow positions only.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import OperationalError, close_old_connections, connection, transaction
from django.db.models import Max

from linli.core import clock

from .models import Cursor, Outbox

log = logging.getLogger("linli.relay")
BATCH = 500
_LOCK = 0x11_11_4C  # any constant of ours: the advisory lock's name


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a subscriber hears: ids and words, nothing personal."""

    position: int
    matter_id: int
    kind: str
    verb: str
    actor: str


Subscriber = Callable[[Announcement], None]
_subscribers: dict[str, tuple[str, Subscriber]] = {}


def subscribe(name: str, kind: str, heard: Subscriber) -> None:
    """Register an idempotent subscriber of a kind's announcements ('' for all). Done in config/wiring.py only."""
    _subscribers[name] = (kind, heard)


def stamp() -> int:
    """Give positions to rows that have none, oldest id first. Returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return 0
        cursor.execute(
            "UPDATE flow_outbox SET position = fresh.place FROM ("
            " SELECT id, (SELECT COALESCE(MAX(position), 0) FROM flow_outbox) + row_number() OVER (ORDER BY id)"
            " AS place FROM flow_outbox WHERE position IS NULL ORDER BY id LIMIT %s"
            ") AS fresh WHERE flow_outbox.id = fresh.id",
            [BATCH],
        )
        return cursor.rowcount


def pending() -> bool:
    """Whether rows wait for a position: a read, so that an idle relay never takes SQLite's write lock."""
    return Outbox.objects.filter(position=None).exists()


def lag_s() -> float:
    """How long the oldest row without a position has waited, in seconds; 0 when none waits."""
    oldest = Outbox.objects.filter(position=None).order_by("id").values_list("journal__at", flat=True).first()
    return max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0


def deliver(names: Iterable[str] | None = None) -> int:
    """Hand stamped rows to each subscriber in order, at least once. A failure stops that subscriber alone."""
    done = 0
    for name in names or list(_subscribers):
        kind, heard = _subscribers[name]
        done += _deliver_to(name, kind, heard)
    return done


def _deliver_to(name: str, kind: str, heard: Subscriber) -> int:
    cursor, _made = Cursor.objects.get_or_create(name=name)
    if cursor.next_try_at and cursor.next_try_at > clock.now():
        return 0
    rows = Outbox.objects.filter(position__gt=cursor.position).order_by("position")
    batch = list(rows.values_list("position", "matter_id", "matter__kind", "journal__verb", "journal__actor")[:BATCH])
    last = cursor.position
    for row in batch:
        announcement = Announcement(int(row[0] or 0), *row[1:])
        try:
            if kind in ("", announcement.kind):
                heard(announcement)
        except Exception as error:  # a subscriber's bug must not stop the relay: it is kept, shown and retried
            wait = min(600, 2 ** min(cursor.failures + 1, 9))
            log.exception("subscriber failed", extra={"subscriber": name, "position": announcement.position})
            Cursor.objects.filter(name=name).update(
                position=last,
                failures=cursor.failures + 1,
                last_error=type(error).__name__,
                next_try_at=clock.now() + timedelta(seconds=wait),
            )
            return 0
        last = announcement.position
    if batch:
        Cursor.objects.filter(name=name).update(position=last, failures=0, last_error="", next_try_at=None)
    return len(batch)


def position() -> int:
    """The last stamped position."""
    return int(Outbox.objects.aggregate(last=Max("position"))["last"] or 0)


def run_forever(stop: threading.Event, *, every_s: float = 0.2) -> None:
    """Stamp and deliver until `stop` is set. A lost database is waited for, never fatal."""
    while not stop.is_set():
        try:
            while pending() and stamp():
                pass
            deliver()
        except OperationalError:
            log.warning("relay waits for the database")
            close_old_connections()
            stop.wait(1)
        stop.wait(every_s)
