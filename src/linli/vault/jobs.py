"""Retention of contacts, of their read log and of failed sign-ins, and the slow half of a key rotation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.site import limits

from . import actions


def sweep(*, now: datetime | None = None) -> dict[str, int]:
    """Erase contacts and readings past their retention; run at least hourly. Returns how many of each."""
    now = now or clock.now()
    return {
        "contacts": actions.erase_expired(now=now, actor=SYSTEM),
        "readings": actions.forget_readings(before=now - timedelta(days=limits.days(limits.Kept.READ_LOG))),
        **actions.forget_entries(failed_before=now - timedelta(days=limits.days(limits.Kept.FAILED_SIGN_IN)), now=now),
    }


def reseal(*, progress: Callable[[int], None] | None = None) -> int:
    """Seal every contact anew with the newest key, batch by batch; `progress` hears how many are done."""
    done = 0
    while count := actions.reseal_contacts(actor=SYSTEM):
        done += count
        if progress:
            progress(done)
    return done
