"""The one clock. Times are aware and UTC inside; a day is a day in Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from .actor import Actor

SHANGHAI = ZoneInfo("Asia/Shanghai")

_set: ContextVar[datetime | None] = ContextVar("linli_clock", default=None)


def now() -> datetime:
    """This moment, aware, UTC."""
    return _set.get() or datetime.now(UTC)


def today() -> date:
    """The day it is in Asia/Shanghai."""
    return local(now()).date()


def local(moment: datetime) -> datetime:
    """`moment` on the wall clock of Asia/Shanghai."""
    return moment.astimezone(SHANGHAI)


@contextmanager
def at(moment: datetime, *, actor: Actor) -> Iterator[None]:
    """Set the clock inside the block. Only the SYSTEM actor may (imports, demonstration, tests)."""
    if actor.kind != "system":
        raise PermissionError("only the system actor may set the clock")
    if moment.tzinfo is None:
        raise ValueError("the clock is set with an aware time")
    token = _set.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _set.reset(token)
