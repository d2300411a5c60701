"""Retention of pictures: run daily."""

from __future__ import annotations

from datetime import datetime

from linli.core import clock

from . import actions


def sweep(*, now: datetime | None = None) -> dict[str, int]:
    """Erase expired drafts and files without a row; returns how many of each."""
    now = now or clock.now()
    return {"drafts": actions.erase_expired(now=now), "orphans": actions.forget_orphans(now=now)}
