"""What a job's clock says: stale, how long it will still take. Pure."""

from __future__ import annotations

from datetime import datetime

BEAT_S = 5  # a live worker signs this often
STALE_S = 30  # six missed signs: the worker is gone
MAX_ATTEMPTS = 3
WRITE_EVERY_S = 0.25  # progress is written at most this often


class Cancelled(Exception):
    """Raised inside running work when somebody asked to stop, or when another worker took the job over."""


class Interrupted(Exception):
    """Raised inside repeatable work when its worker is told to stop: the job goes back to the queue."""


def is_stale(heartbeat_at: datetime | None, now: datetime) -> bool:
    """Whether a running job has gone without a sign of life for too long."""
    return heartbeat_at is None or (now - heartbeat_at).total_seconds() > STALE_S


def remaining_s(done: int, total: int, started_at: datetime | None, now: datetime) -> int | None:
    """Seconds still to go at the pace so far; None while that would be a guess (under 2 % or 2 s)."""
    if not started_at or not total or not done:
        return None
    spent = (now - started_at).total_seconds()
    if spent < 2 or done * 50 < total:
        return None
    return max(0, round(spent * (total - done) / done))
