"""Who must recompute when the calendar changes: wired from above, run by the job `worktime.recompute`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from linli.flow.retime import Retimed

Recompute = Callable[..., int | Retimed]
_registered: dict[str, Recompute] = {}


def on_calendar_changed(name: str, recompute: Recompute) -> None:
    """Register `recompute(*, actor, revision: int, progress: Callable[[int, int, str], None])`.

    It answers what `linli.flow.retime.retime` answered, or how many rows it changed. It writes no journal lines: the
    calendar's own line holds the counts and the digest. It must be idempotent: a job that lost its worker runs it again.
    """
    _registered[name] = recompute


def registered() -> dict[str, Any]:
    """Name → callable, in order of registration."""
    return dict(_registered)


_count_provisional: list[Callable[[], int]] = []


def on_count_provisional(count: Callable[[], int]) -> None:
    """Register how many open matters hang on days that no notice has settled (shown to administrators)."""
    _count_provisional.append(count)


def count_provisional() -> int:
    """Open matters with a provisional due time, over all rooms that registered."""
    return sum(count() for count in _count_provisional)
