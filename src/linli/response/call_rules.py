"""Rules of the call-back by telephone, from data: how many attempts, how long to wait, when one may telephone, what to
say. Pure but for the calendar that the waits are counted by; the data are versioned and say where they come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from linli.core.clock import local
from linli.worktime import queries as worktime
from linli.worktime.rules import Limit, Unit

from .choices import CallResult

SOURCE = Path(__file__).parent / "data" / "call_back.json"
FAILED = frozenset({CallResult.NO_ANSWER, CallResult.BUSY, CallResult.OFF, CallResult.WRONG})
"""What counts as an attempt in vain. Who asked to be called later was reached."""


@dataclass(frozen=True, slots=True)
class Said:
    """One datum's origin, for the page: what it decides, sourced or provisional, and by whom."""

    what: str
    provenance: str
    source: str


@dataclass(frozen=True, slots=True)
class CallRules:
    """One version of the rules."""

    version: str
    attempts: int
    attempts_wrong: int
    waits: Mapping[str, tuple[Limit, ...]]
    spans: tuple[tuple[time, time], ...]
    lease: timedelta
    retract: timedelta  # how long a recorded result may be taken back
    script: Mapping[str, tuple[str, ...]]
    origins: tuple[Said, ...]

    def enough(self, results: tuple[str, ...]) -> bool:
        """Whether these attempts, in order, allow "unreached": enough in vain, or enough at a wrong number."""
        vain = [r for r in results if r in FAILED]
        return len(vain) >= self.attempts or vain.count(CallResult.WRONG) >= self.attempts_wrong

    def still_needed(self, results: tuple[str, ...]) -> int:
        """How many attempts in vain are still to come before "unreached" may be recorded."""
        vain = [r for r in results if r in FAILED]
        if self.enough(results):
            return 0
        left = self.attempts - len(vain)
        wrong = vain.count(CallResult.WRONG)
        return min(left, self.attempts_wrong - wrong) if wrong else left

    def again_at(self, result: str, nth: int, now: datetime, division: str = "") -> datetime:
        """When to try again after the `nth` (1-based) attempt came to `result`, within the hours for telephoning."""
        waits = self.waits.get(result) or self.waits[CallResult.NO_ANSWER]
        limit = waits[min(nth, len(waits)) - 1]
        return self.next_open(worktime.due(now, limit, division=division).at)

    def is_open(self, now: datetime) -> bool:
        """Whether one may telephone at this moment (Asia/Shanghai)."""
        here = local(now).time()
        return any(start <= here < end for start, end in self.spans)

    def next_open(self, moment: datetime) -> datetime:
        """`moment` itself if one may telephone then, else the next moment when one may."""
        if self.is_open(moment):
            return moment
        here = local(moment)
        for start, _end in self.spans:
            if here.time() < start:
                return here.replace(hour=start.hour, minute=start.minute, second=0, microsecond=0)
        first = self.spans[0][0]
        return (here + timedelta(days=1)).replace(hour=first.hour, minute=first.minute, second=0, microsecond=0)

    def hours_text(self) -> str:
        """`09:00–12:00 · 14:00–20:00`."""
        return " · ".join(f"{start:%H:%M}–{end:%H:%M}" for start, end in self.spans)

    def lines(self, language: str) -> tuple[str, ...]:
        """What to say, in the reader's language."""
        return self.script["en" if language.startswith("en") else "zh"]


def read(data: Mapping[str, Any]) -> CallRules:
    """The rules that this JSON states. Raises ValueError or KeyError for what it does not."""
    parts = ("attempts", "waits", "hours", "lease", "retract", "script")
    waits = {
        result: tuple(Limit(int(amount), Unit(unit)) for amount, unit in rows)
        for result, rows in data["waits"].items()
        if result in CallResult.values
    }
    if not waits.get(CallResult.NO_ANSWER) or not all(waits.values()):
        raise ValueError("every result that is waited for needs at least one wait")
    spans = tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in data["hours"]["spans"])
    if not spans or any(a >= b for a, b in spans) or any(x[1] > y[0] for x, y in pairwise(spans)):
        raise ValueError("the hours for telephoning must be in order and not overlap")
    attempts, wrong, minutes = data["attempts"]["any"], data["attempts"]["wrong"], data["lease"]["minutes"]
    if not 1 <= wrong <= attempts or not 1 <= minutes <= 60:
        raise ValueError("attempts and minutes of the lease must be at least 1")
    hours = data["retract"]["hours"]
    if not 1 <= hours <= 24 * 30:
        raise ValueError("the hours in which a result may be taken back must be 1 to 720")
    return CallRules(
        version=str(data["version"]),
        attempts=int(attempts),
        attempts_wrong=int(wrong),
        waits=waits,
        spans=spans,
        lease=timedelta(minutes=minutes),
        retract=timedelta(hours=hours),
        script={language: tuple(data["script"][language]) for language in ("zh", "en")},
        origins=tuple(Said(p, data[p]["provenance"], data[p]["source"]) for p in parts),
    )


@lru_cache(maxsize=1)
def rules() -> CallRules:
    """The rules in force."""
    return read(json.loads(SOURCE.read_text(encoding="utf-8")))
