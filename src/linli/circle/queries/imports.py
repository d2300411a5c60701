"""What an uploaded file of facilities would do, row by row: those that can be taken, those refused, what looks wrong."""

from __future__ import annotations

import csv
import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.exchange.columns import Refused, plain
from linli.territory import queries as territory

from .. import permissions, twins
from ..coordinates import likely_datum
from ..facility_files import RawTable
from ..models import FacilityImport
from ..names import limits, plain_name
from .facilities import FacilityTable, open_facilities
from .import_rows import Candidate, Progress, Reader, rules_in_force

FIELDS = ("code", "name", "class", "lon", "lat", "address", "opening_hours", "wheelchair", "opened_on", "closed_on")
COMPARED_MOST = 400  # rows whose names are looked up to check the declared system


@dataclass(frozen=True)
class Preview:
    """A file as somebody decides over it. `told` is the system that known places speak for, `compared` how many."""

    row: FacilityImport
    headings: tuple[str, ...]
    taken: tuple[Candidate, ...]
    refused: tuple[Refused, ...]
    far: tuple[Candidate, ...]
    similar: tuple[tuple[Candidate, int, str, float], ...]  # row, id and name of the facility that it may be, metres
    twice: tuple[tuple[Candidate, Candidate, float], ...]  # two rows of the file that may be one, metres
    told: str
    compared: int
    median_m: float

    @property
    def new(self) -> int:
        return sum(c.known is None for c in self.taken)

    @property
    def doubted(self) -> bool:
        return self.told != self.row.datum


def stamp(row: FacilityImport) -> str:
    """Changes whenever the columns, the scheme or the system are said anew."""
    said = json.dumps([row.mapping, row.scheme, row.datum], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def one_import(*, actor: Actor, id: int) -> FacilityImport:
    """An import of one's own; of anybody for those who keep the whole district. Raises Forbidden, Missing."""
    permissions.can_import_facilities(actor).or_forbidden()
    found = _own(actor).filter(pk=id).first()
    if found is None:
        raise Missing("no_such_import", _("没有这次导入。"))
    return found


def latest_imports(*, actor: Actor) -> list[FacilityImport]:
    """The last files, newest first. Raises Forbidden."""
    permissions.can_import_facilities(actor).or_forbidden()
    return list(_own(actor).defer("rows", "checked").order_by("-pk")[:20])


def _own(actor: Actor) -> QuerySet[FacilityImport]:
    rows = FacilityImport.objects.all()
    everything = permissions.can_keep_catalogue(actor, territory.district().code)
    return rows if everything else rows.filter(made_by=actor.label)


def packed(table: RawTable) -> bytes:
    """A raw table as it waits."""
    return zlib.compress(json.dumps([table.kind, table.headings, table.rows], ensure_ascii=False).encode(), 6)


def unpacked(content: bytes | memoryview) -> RawTable:
    """The raw table that waits."""
    kind, headings, rows = json.loads(zlib.decompress(bytes(content)))
    return RawTable(kind, tuple(headings), tuple((n, tuple(cells)) for n, cells in rows))


@cache
def columns() -> tuple[dict[str, str], ...]:
    """What a file may say of a facility, and the headings by which it is guessed: data/facility_columns.csv."""
    path = Path(__file__).resolve().parent.parent / "data" / "facility_columns.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def guess(headings: Sequence[str]) -> dict[str, str]:
    """Field -> heading of the file, by the known words; what is not found is left out."""
    by_word: dict[str, str] = {}
    for heading in headings:
        by_word.setdefault(plain(heading).casefold(), heading)
    found: dict[str, str] = {}
    for column in columns():
        for word in column["headings"].split("、"):
            if word.casefold() in by_word:
                found[column["field"]] = by_word[word.casefold()]
                break
    return found


def known_classes(scheme: str) -> list[str]:
    """Class keys of a scheme that some catalogue in force maps to an item."""
    return sorted({key for s, key, *_rest in rules_in_force() if s == scheme})


def schemes() -> list[str]:
    """The schemes of the catalogues in force."""
    return sorted({s for s, *_rest in rules_in_force()})


def preview(*, actor: Actor, id: int, progress: Progress = lambda done, total: None) -> Preview:
    """Check every row against what stands now. Raises Forbidden, Missing."""
    row = one_import(actor=actor, id=id)
    table = unpacked(row.rows)
    reader = Reader(actor, row, table, progress)
    taken, refused = reader.read()
    progress(len(table.rows), len(table.rows))
    known = open_facilities(clock.today())
    told, compared, median = _told(reader.places, known, row.datum)
    far = tuple(c for c in taken if c.off_m > limits()["off_network_m"])
    similar, twice = _similar(taken, known)
    return Preview(row, table.headings, taken, refused, far, similar, twice, told, compared, median)


def _told(rows: Sequence[tuple[str, float, float]], known: FacilityTable, datum: str) -> tuple[str, int, float]:
    """Compare with the places of the same name that are known: they are the landmarks."""
    at: dict[str, list[tuple[float, float]]] = {}
    for name, lon, lat in zip(known.name.tolist(), known.lon.tolist(), known.lat.tolist(), strict=True):
        at.setdefault(plain_name(name), []).append((lon, lat))
    named = [(lon, lat, at[k]) for name, lon, lat in rows if (k := plain_name(name)) in at and len(at[k]) <= 3]
    return likely_datum(named[:COMPARED_MOST], datum)


def _similar(taken: Sequence[Candidate], known: FacilityTable) -> tuple[Any, Any]:
    """`similar` and `twice` of a preview: of two rows at least one is new, and no row is held against its own place."""
    if not taken:
        return (), ()
    lon, lat = (np.array([getattr(c, f) for c in taken], float) for f in ("lon", "lat"))
    named = np.array([c.name != c.class_name for c in taken], bool)  # of two rows that only say what they are: nothing
    file = twins.Named([c.name for c in taken], lon, lat, named)
    new = twins.Named(file.names, lon, lat, np.array([c.known is None for c in taken], bool))
    similar = tuple(
        (taken[t.first], int(known.id[t.second]), str(known.name[t.second]), t.metres)
        for t in twins.between(new, twins.Named(known.name.tolist(), known.lon, known.lat, np.ones(len(known), bool)))
    )
    rows = ((taken[t.first], taken[t.second], t.metres) for t in twins.within(file))
    return similar, tuple(r for r in rows if r[0].known is None or r[1].known is None)
