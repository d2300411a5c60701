"""Divisions with working hours and days of their own, laid over the calendar of the division above. Pure.

A revision keeps all of it as JSON: {"110102001": {"hours": [["2027-01-01", "08:30-12:00 13:00-17:30"]],
"days": [["2027-03-05", "holiday", "街道活动日"]]}}; hours "" mean: from that day on as the division above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import Any

from .rules import Calendar, Hours
from .shipped import Day, read_spans, write_spans

Spans = tuple[tuple[time, time], ...]
LENGTHS = (12, 9, 6)  # digits of a community, a subdistrict, a district: the nearest answers first


@dataclass(frozen=True, slots=True)
class Local:
    """What one division has of its own. `hours` by the first day they hold, () for "as above"; days by date."""

    hours: Mapping[date, Spans] = field(default_factory=dict)
    days: Mapping[date, Day] = field(default_factory=dict)

    def with_hours(self, valid_from: date, spans: Spans) -> Local:
        """The hours from `valid_from` on. Raises Invalid for spans that are out of order."""
        if spans:
            Hours(valid_from, spans)
        return replace(self, hours={**self.hours, valid_from: spans})

    def with_days(self, days: tuple[Day, ...], without: tuple[date, ...] = ()) -> Local:
        """Days set or taken back."""
        kept = {d: day for d, day in self.days.items() if d not in without}
        return replace(self, days=kept | {day.date: day for day in days})

    def __bool__(self) -> bool:
        return bool(self.days) or any(self.hours.values())


class Calendars:
    """The calendar of the house and those of the divisions that have their own, each built when first asked for."""

    def __init__(self, base: Calendar, local: Mapping[str, Local], names: Mapping[str, str] | None = None) -> None:
        self.base = base
        self.local = {code: own for code, own in local.items() if own}
        self._names = names or {}
        self._built: dict[str, Calendar] = {}

    def of(self, division: str) -> Calendar:
        """The calendar of a division (or of the grid cell in it)."""
        if not self.local or not (owner := self.owner(division)):
            return self.base
        found = self._built.get(owner)
        if found is None:  # two threads may both build it: they build the same
            found = self._built[owner] = laid_over(
                self.of(owner[:-3]), self.local[owner], self._names.get(owner, owner)
            )
        return found

    def owner(self, division: str) -> str:
        """The division whose own hours or days hold in `division`: itself or the nearest above; "" for the house."""
        for digits in LENGTHS:
            if len(division) >= digits and division[:digits] in self.local:
                return division[:digits]
        return ""


def laid_over(above: Calendar, own: Local, place: str = "") -> Calendar:
    """The calendar `above` with the hours and days of one division. No notice is settled or unsettled by that."""
    named = {d: day.name for d, day in own.days.items()}
    return Calendar(
        days={**above.days, **{d: day.kind for d, day in own.days.items()}},
        names={**above.names, **named},
        last_official=above.last_official,
        hours=_hours(sorted(above.hours, key=lambda h: h.valid_from), own),
        first=above.first,
        last=above.last,
        revision=above.revision,
        place=place,
    )


def _hours(above: list[Hours], own: Local) -> tuple[Hours, ...]:
    """The hours above up to the first of one's own; after a () those above again, until the next of one's own."""
    steps = sorted(own.hours.items())
    edges = [date.min, *(day for day, _spans in steps), date.max]
    whose: list[Spans] = [(), *(spans for _day, spans in steps)]
    found: list[Hours] = []
    for spans, begin, end in zip(whose, edges[:-1], edges[1:], strict=True):
        if spans:
            found.append(Hours(begin, spans))
            continue
        before = [h for h in above if h.valid_from <= begin]
        if before and begin > date.min:
            found.append(Hours(begin, before[-1].spans))
        found += [h for h in above if begin < h.valid_from < end]
    return tuple(found)


def read(data: Mapping[str, Any]) -> dict[str, Local]:
    """Locals from the JSON of a revision."""
    return {
        code: Local(
            {date.fromisoformat(day): read_spans(spans) for day, spans in own.get("hours", ())},
            {
                date.fromisoformat(day): Day(date.fromisoformat(day), name, kind)
                for day, kind, name in own.get("days", ())
            },
        )
        for code, own in data.items()
    }


def write(local: Mapping[str, Local]) -> dict[str, Any]:
    """The JSON of a revision; divisions with nothing of their own are left out."""
    return {
        code: {
            "hours": [[d.isoformat(), write_spans(spans)] for d, spans in sorted(own.hours.items())],
            "days": [[d.isoformat(), day.kind, day.name] for d, day in sorted(own.days.items())],
        }
        for code, own in sorted(local.items())
        if own
    }
