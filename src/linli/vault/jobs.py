"""Retention of contacts, of their read log and of failed sign-ins, and the slow half of a key rotation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from linli.core import clock
from linli.core.actor import SYSTEM

from . import actions

READ_LOG_DAYS = 3 * 365  # as the register says: log_3_years
FAILED_SIGN_IN_DAYS = 30  # days_30


def sweep(*, now: datetime | None = None) -> dict[str, int]:
    """Erase contacts and readings past their retention; run at least hourly. Returns how many of each."""
    now = now or clock.now()
    return {
        "contacts": actions.erase_expired(now=now, actor=SYSTEM),
        "readings": actions.forget_readings(before=now - timedelta(days=READ_LOG_DAYS)),
        **actions.forget_entries(failed_before=now - timedelta(days=FAILED_SIGN_IN_DAYS), now=now),
    }


def reseal(*, progress: Callable[[int], None] | None = None) -> int:
    """Seal every contact anew with the newest key, batch by batch; `progress` hears how many are done."""
    done = 0
    while count := actions.reseal_contacts(actor=SYSTEM):
        done += count
        if progress:
            progress(done)
    return done
