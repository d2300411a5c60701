"""Reading circles, stations, bodies, records, programmes. Facts without persons; who reads is staff."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from django.db.models import Q
from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.territory import queries as territory
from linli.territory.queries import DivisionView

from .. import permissions
from ..choices import BodyKind, CircleLevel, CircleState, DesignationState
from ..models import (
    Circle,
    CircleCommunity,
    CommunityBody,
    Designation,
    Programme,
    RecordEntry,
    RecordKind,
    Station,
    StationCommunity,
)

DUTIES = Path(__file__).resolve().parent.parent / "data" / "community_duties.csv"
COMMUNITY = 12
CircleView: TypeAlias = Circle  # read by pages, never saved there
KindView: TypeAlias = RecordKind
EntryView: TypeAlias = RecordEntry
ProgrammeView: TypeAlias = Programme
NOBODY_ELSE = 1  # a station that serves more communities than this is 多居一站


@dataclass(frozen=True, slots=True)
class Duty:
    name: str
    name_en: str
    provenance: str
    source: str


@dataclass(frozen=True, slots=True)
class Covered:
    """How many communities there are, how many say anything of one kind, how many reach its mark."""

    kind: RecordKind
    communities: int
    said: int
    met: int

    @property
    def missing(self) -> int:
        return self.communities - self.said

    @property
    def percent(self) -> float | None:
        """Of those that said something; None when none did."""
        return 100.0 * self.met / self.said if self.said else None


@dataclass(frozen=True, slots=True)
class Built:
    """Circles that are built, and the communities they cover: a count of things, not of who reaches what."""

    circles: int
    covered: int
    communities: int
    by_level: dict[str, int]

    @property
    def percent(self) -> float | None:
        return 100.0 * self.covered / self.communities if self.communities else None


@dataclass(frozen=True, slots=True)
class CommunityRecord:
    """Everything on record of one community."""

    community: DivisionView
    bodies: tuple[
        tuple[str, Any, tuple[CommunityBody, ...], tuple[Duty, ...]], ...
    ]  # token, label, those named, duties
    stations: tuple[tuple[Station, tuple[str, ...]], ...]  # with the names of the other communities it serves
    kinds: tuple[tuple[RecordKind, RecordEntry | None, tuple[RecordEntry, ...]], ...]  # newest, then all that was said
    designations: tuple[Designation, ...]
    circles: tuple[Circle, ...]


@cache
def duties() -> dict[str, tuple[Duty, ...]]:
    """The duties of each kind of body, as data with their source."""
    found: dict[str, list[Duty]] = defaultdict(list)
    with DUTIES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["kind"]].append(Duty(row["duty"], row["duty_en"], row["provenance"], row["source"]))
    return {k: tuple(v) for k, v in found.items()}


def kinds() -> list[RecordKind]:
    """The kinds of records, in their order."""
    return list(RecordKind.objects.order_by("order"))


def communities(division: str = "") -> tuple[DivisionView, ...]:
    """The communities of a district or subdistrict, or the one itself, by code; "" is the whole district."""
    if len(division) == COMMUNITY:
        one = territory.division(division)
        return (one,) if one else ()
    if len(division) == 9:
        return territory.divisions(COMMUNITY, division)
    return tuple(
        c
        for s in territory.divisions(9, division or territory.district().code)
        for c in territory.divisions(COMMUNITY, s.code)
    )


def community(code: str) -> DivisionView:
    """Raises Missing for what is no community."""
    found = territory.division(code) if len(code) == COMMUNITY else None
    if found is None:
        raise Missing("no_such_community", _("没有这个社区。"))
    return found


def newest(division: str, on: date | None = None) -> dict[tuple[str, str], RecordEntry]:
    """(kind, community) -> the entry that speaks: of the newest day, and of one day the last one written."""
    rows = RecordEntry.objects.filter(community__startswith=division).select_related("kind")
    if on is not None:
        rows = rows.filter(as_of__lte=on)
    return {(row.kind.code, row.community): row for row in rows.order_by("as_of", "id")}


def coverage(*, actor: Actor, division: str = "", on: date | None = None) -> tuple[Covered, ...]:
    """三有一化: for each kind of record, over the communities of a division."""
    permissions.can_read(actor).or_forbidden()
    codes = [c.code for c in communities(division)]
    said = newest(division, on)
    found = []
    for kind in RecordKind.objects.order_by("order"):
        entries = [said[kind.code, c] for c in codes if (kind.code, c) in said]
        met = sum(kind.least is None or e.amount >= kind.least for e in entries)
        found.append(Covered(kind, len(codes), len(entries), met))
    return tuple(found)


def record_of(*, actor: Actor, code: str) -> CommunityRecord:
    """Raises Missing, Forbidden."""
    permissions.can_read(actor).or_forbidden()
    here = community(code)
    named = list(CommunityBody.objects.filter(community=code).order_by("name"))
    bodies = tuple(
        (str(kind), BodyKind(kind).label, tuple(b for b in named if b.kind == kind), duties().get(str(kind), ()))
        for kind in BodyKind.values
    )
    entries: dict[int, list[RecordEntry]] = defaultdict(list)
    for entry in RecordEntry.objects.filter(community=code).order_by("-as_of", "-id"):
        entries[entry.kind_id].append(entry)
    kinds = tuple(
        (kind, entries[kind.pk][0] if entries[kind.pk] else None, tuple(entries[kind.pk]))
        for kind in RecordKind.objects.order_by("order")
    )
    return CommunityRecord(
        here,
        bodies,
        _stations_of(code),
        kinds,
        tuple(
            Designation.objects.filter(community=code).select_related("programme").order_by("-year", "programme__order")
        ),
        tuple(Circle.objects.filter(communities__community=code).order_by("-year", "name")),
    )


def _stations_of(code: str) -> tuple[tuple[Station, tuple[str, ...]], ...]:
    found = []
    for station in Station.objects.filter(communities__community=code).order_by("name"):
        served = StationCommunity.objects.filter(station=station).exclude(community=code).order_by("community")
        found.append((station, tuple(territory.division_name(s.community) for s in served)))
    return tuple(found)


def shared_stations(*, actor: Actor, division: str = "") -> tuple[tuple[Station, tuple[str, ...]], ...]:
    """多居一站: stations that serve several communities, with their names."""
    permissions.can_read(actor).or_forbidden()
    served: dict[int, list[str]] = defaultdict(list)
    for row in StationCommunity.objects.filter(community__startswith=division).order_by("community"):
        served[row.station_id].append(row.community)
    several = {k: v for k, v in served.items() if len(v) > NOBODY_ELSE}
    stations = Station.objects.filter(pk__in=several).order_by("name")
    return tuple((s, tuple(territory.division_name(c) for c in several[s.pk])) for s in stations)


def circles(
    *, actor: Actor, division: str = "", state: str = "", level: str = "", year: int | None = None, text: str = ""
) -> list[Circle]:
    """Circles that touch a division, newest first, with their communities prefetched."""
    permissions.can_read(actor).or_forbidden()
    rows = Circle.objects.filter(communities__community__startswith=division) if division else Circle.objects.all()
    for name, value in (("state", state), ("level", level), ("year", year)):
        rows = rows.filter(**{name: value}) if value else rows
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(code__icontains=text))
    return list(rows.distinct().order_by("-year", "name").prefetch_related("communities", "members"))


def circle(*, actor: Actor, circle_id: int) -> Circle:
    """Raises Missing, Forbidden."""
    permissions.can_read(actor).or_forbidden()
    row = Circle.objects.filter(pk=circle_id).prefetch_related("communities", "members").first()
    if row is None:
        raise Missing("no_such_circle", _("没有这个服务圈。"))
    return row


def built(*, actor: Actor, division: str = "", by: int | None = None) -> Built:
    """Circles built until the end of a year, and how many communities they cover."""
    permissions.can_read(actor).or_forbidden()
    codes = {c.code for c in communities(division)}
    rows = CircleCommunity.objects.filter(circle__state=CircleState.BUILT, community__startswith=division)
    if by is not None:
        rows = rows.filter(circle__year__lte=by)
    pairs = [(c, level, n) for c, level, n in rows.values_list("community", "circle__level", "circle_id")]
    levels = Counter({n: level for _c, level, n in pairs}.values())
    return Built(
        len({n for _c, _l, n in pairs}),
        len({c for c, _l, _n in pairs} & codes),
        len(codes),
        {str(k): levels.get(k, 0) for k in CircleLevel.values},
    )


def programmes(*, actor: Actor, division: str = "") -> list[tuple[Programme, dict[int, dict[str, int]]]]:
    """Each programme with its counts by year and state; a designation withdrawn is counted as that."""
    permissions.can_read(actor).or_forbidden()
    counts: dict[int, dict[int, dict[str, int]]] = defaultdict(dict)
    rows = Designation.objects.filter(community__startswith=division)
    for programme_id, year, state in rows.values_list("programme_id", "year", "state"):
        of_year = counts[programme_id].setdefault(year, dict.fromkeys(map(str, DesignationState.values), 0))
        of_year[state] += 1
    found = Programme.objects.order_by("order")
    return [(p, dict(sorted(counts.get(p.pk, {}).items(), reverse=True))) for p in found]


def programme(*, actor: Actor, code: str, division: str = "") -> tuple[Programme, list[Designation]]:
    """Raises Missing, Forbidden."""
    permissions.can_read(actor).or_forbidden()
    row = Programme.objects.filter(code=code).first()
    if row is None:
        raise Missing("no_such_programme", _("没有这个项目。"))
    rows = Designation.objects.filter(programme=row, community__startswith=division).order_by(
        "-year", "community", "id"
    )
    return row, list(rows)


def entries() -> list[dict[str, Any]]:
    """All records as values of a table: of one kind, community and day the last that was said; fen as yuan."""
    rows = RecordEntry.objects.select_related("kind").order_by("community", "kind__order", "as_of", "id")
    return [
        {
            "community": r.community, "kind": r.kind.code, "as_of": r.as_of, "evidence": r.evidence,
            "amount": Decimal(r.amount) / (100 if r.kind.value == "fen" else 1),
        }
        for r in rows
    ]  # fmt: skip


def designations() -> list[dict[str, Any]]:
    """All designations as values of a table."""
    rows = Designation.objects.select_related("programme").order_by("programme__order", "year", "community", "id")
    return [
        {
            "programme": r.programme.code, "community": r.community, "year": r.year, "state": r.state,
            "met": tuple(r.met), "evidence": r.evidence,
        }
        for r in rows
    ]  # fmt: skip
