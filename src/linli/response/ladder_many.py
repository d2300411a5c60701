"""The ladder for thousands of cases at once, equal to `ladder.standing` to the microsecond. Pure: numpy in, numpy out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linli.worktime.many import due_many
from linli.worktime.rules import Calendar, Limit, Unit

from .choices import LadderTrigger
from .ladder import PERCENT, STRENGTH, Rung, clock_time, marks_of, strength_of

Micros = NDArray[np.int64]
LAST = int(np.iinfo(np.int64).max)
NONE = int(np.iinfo(np.int64).min)
TIMED = (LadderTrigger.BEFORE_DUE, LadderTrigger.AFTER_DUE)


def moments(rungs: Sequence[Rung], calendar: Calendar, started: Micros, due: Micros) -> Micros:
    """When each rung is reached, as rows. All of them wait for the clock (`TIMED`), and every due time is known."""
    return np.stack([_moments(rung, calendar, started, due) for rung in rungs])


def _moments(rung: Rung, calendar: Calendar, started: Micros, due: Micros) -> Micros:
    if rung.trigger == LadderTrigger.AFTER_DUE:
        return due_many(calendar, due, Limit(rung.amount, Unit(rung.unit)))[0]
    if rung.unit == PERCENT:
        before: Any = (due - started) * rung.amount // 100
    else:
        before = int(clock_time(rung).total_seconds() * 1_000_000)
    return np.asarray(np.maximum(due - before, started))


def standing(
    rungs: Sequence[Rung], calendar: Calendar, started: Micros, due: Micros, marks: NDArray[Any], now: int
) -> tuple[Micros, NDArray[Any]]:
    """(when the next rung is, smallest int64 for none; the marks that count) for cases that share these rungs.

    `marks` are texts as a matter keeps them; times are microseconds since 1970 (UTC).
    """
    if not len(rungs) or not len(due):
        return np.full(len(due), NONE), marks
    table, names = moments(rungs, calendar, started, due), [r.mark for r in rungs]
    kinds = {text: n for n, text in enumerate(dict.fromkeys(marks.tolist()))}
    which = np.array([kinds[text] for text in marks.tolist()], np.int64)
    read = [set(text.split()) for text in kinds]
    reached = np.array([[name in found for name in names] for found in read])[which].T
    gone = np.array([strength_of(found - set(names)) for found in read])[which]
    over = table <= now
    strength = np.array([STRENGTH[r.act] for r in rungs])[:, None]
    pressed = over & reached
    last, most = np.where(pressed, table, NONE).max(axis=0), np.where(pressed, strength, 0).max(axis=0)
    done = pressed | over & ((table < last) & (strength <= most) | (strength <= gone))
    alarm = np.where(done, LAST, table).min(axis=0)
    alarm[alarm == LAST] = NONE
    bits = (1 << np.arange(len(rungs), dtype=np.int64)) @ done
    texts = {b: marks_of({name for n, name in enumerate(names) if b >> n & 1}) for b in np.unique(bits).tolist()}
    return alarm, np.array([texts[b] for b in bits.tolist()], object)
