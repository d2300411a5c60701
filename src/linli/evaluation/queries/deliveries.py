"""Deliveries of statistics: the list, one of them, and what a staged file would bring."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Missing

from .. import permissions
from ..choices import DeliveryState, Origin
from ..models import Delivery, Observation, Publication, UnitChange
from ..rules import plain_name
from ..sources import Found, How, Reading, Vocabulary, read_file
from . import series as series_reads
from . import units as unit_reads

DIFFERS = 0.005  # two vintages within half a per cent are told as the same


@dataclass(frozen=True, slots=True)
class PublicationView:
    code: str
    title: str
    title_en: str
    publisher: str
    licence: str
    note: str


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery as lists show it; `refused` rows are [row, column, value, sentence, code], `notes` {code, sentence}."""

    id: UUID
    publication: PublicationView
    vintage: date
    edition: str
    form: str
    file_name: str
    digest: str
    state: str
    state_name: str
    rows: int
    refused: list[list[Any]]
    notes: list[dict[str, str]]
    by: str
    at: datetime
    applied_at: datetime | None
    undone_at: datetime | None
    undone_why: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What confirming a staged file would do. `stamp` changes with the file's reading; `against`: cells in force that the
    file says otherwise: (cell, value now, value in force, share of difference).
    """

    row: DeliveryView
    reading: Reading
    stamp: str
    how: dict[str, Any]
    new: int
    same: int
    against: list[tuple[Found, float, float]]
    missing: int
    years: list[int]
    by_series: list[tuple[series_reads.SeriesView, int, int, list[int]]]


def publications() -> list[PublicationView]:
    """Where figures come from, by title."""
    rows = Publication.objects.order_by("title")
    return [PublicationView(r.code, r.title, r.title_en, r.publisher, r.licence, r.note) for r in rows]


def _view(row: Delivery) -> DeliveryView:
    p = row.publication
    return DeliveryView(
        row.id, PublicationView(p.code, p.title, p.title_en, p.publisher, p.licence, p.note), row.vintage, row.edition,
        row.form, row.file_name, row.digest, row.state, str(row.get_state_display()), row.rows, list(row.refused),
        list(row.notes), row.by, row.at, row.applied_at, row.undone_at, row.undone_why,
    )  # fmt: skip


def deliveries(*, actor: Actor, state: str = "", publication: str = "", limit: int = 100) -> list[DeliveryView]:
    """Deliveries, the latest first. Staged ones are seen by those who work on statistics alone. Raises Forbidden."""
    permissions.can_read(actor).or_forbidden()
    rows = Delivery.objects.select_related("publication").defer("staged").order_by("-at", "-id")
    if not permissions.can_work(actor).allowed:
        rows = rows.exclude(state=DeliveryState.STAGED)
    if state:
        rows = rows.filter(state=state)
    if publication:
        rows = rows.filter(publication__code=publication)
    return [_view(r) for r in rows[:limit]]


def delivery(*, actor: Actor, id: UUID) -> DeliveryView:
    """One delivery. Raises Forbidden, Missing."""
    permissions.can_read(actor).or_forbidden()
    row = Delivery.objects.select_related("publication").defer("staged").filter(pk=id).first()
    if row is None or (row.state == DeliveryState.STAGED and not permissions.can_work(actor).allowed):
        raise Missing("no_such_delivery", _("没有这批数据。"))
    return _view(row)


def delivered(id: UUID) -> list[tuple[str, int, int, int]]:
    """(series, cells, values, units) of a delivery, for its page."""
    rows = Observation.objects.filter(delivery_id=id).values_list("series__code", "unit", "value")
    cells: Counter[str] = Counter()
    values: Counter[str] = Counter()
    places: dict[str, set[str]] = {}
    for code, unit, value in rows:
        cells[code] += 1
        values[code] += value is not None
        places.setdefault(code, set()).add(unit)
    return [(c, cells[c], values[c], len(places[c])) for c in sorted(cells)]


def vocabulary() -> Vocabulary:
    """All names as they are known now; series are known by their codes and names too. Figures of the platform are not
    taken from files.
    """
    series = {c: s for c, s in series_reads.series().items() if s.origin == Origin.PUBLIC}
    own = {plain_name(t): c for c, s in series.items() for t in (c, s.name, s.name_en) if t}
    headings = own | {h: c for h, c in series_reads.headings().items() if c in series}
    changed = UnitChange.objects.filter(event="merged").values_list("after", "on")
    return Vocabulary(
        unit_reads.dictionary(), unit_reads.unit_names(), headings, series, {code: on.year for code, on in changed}
    )


# --- staged files -------------------------------------------------------------------------------------
def packed(data: bytes, how: How) -> dict[str, Any]:
    """What a staged row keeps: the file itself, so that it can be read again when a name is explained."""
    return {"file": base64.b64encode(zlib.compress(data, 6)).decode(), "how": how_doc(how)}


def how_doc(how: How) -> dict[str, Any]:
    routes = None if how.routes is None else {k: dict(v) for k, v in how.routes.items()}
    return {
        "names": dict(how.names), "units": dict(how.units), "columns": dict(how.columns), "series": how.series,
        "year": how.year, "symbol": how.symbol, "routes": routes,
    }  # fmt: skip


def how_of(doc: Mapping[str, Any]) -> How:
    """The other way; what is not said is nothing."""
    return How(
        names=doc.get("names") or {}, units=doc.get("units") or {}, columns=doc.get("columns") or {},
        series=doc.get("series") or "", year=doc.get("year"), symbol=doc.get("symbol") or "", routes=doc.get("routes"),
    )  # fmt: skip


def read_staged(row: Delivery) -> tuple[Reading, str]:
    """The reading of a staged file, and the stamp of how it was read."""
    staged = row.staged or {}
    data = zlib.decompress(base64.b64decode(staged["file"]))
    reading = read_file(data, vocabulary(), how_of(staged["how"]))
    said = [(c.series, c.unit, c.year, c.value, c.status) for c in reading.cells]
    return reading, hashlib.sha256(json.dumps([said, reading.refused_count]).encode()).hexdigest()[:16]


def preview(*, actor: Actor, id: UUID) -> Preview:
    """What a staged file would bring. Raises Forbidden, Missing, Invalid."""
    permissions.can_work(actor).or_forbidden()
    row = Delivery.objects.select_related("publication").filter(pk=id, state=DeliveryState.STAGED).first()
    if row is None:
        raise Missing("no_such_delivery", _("没有这批数据。"))
    reading, stamp = read_staged(row)
    now = _in_force({c.series for c in reading.cells})
    new = same = 0
    against: list[tuple[Found, float, float]] = []
    for c in reading.cells:
        there = now.get((c.series, c.unit, c.year))
        if c.value is None:
            continue
        if there is None:
            new += 1
        elif abs(c.value - there) <= DIFFERS * max(abs(c.value), abs(there)):
            same += 1
        else:
            against.append((c, c.value, there))
    against.sort(key=lambda a: -abs(a[1] - a[2]) / max(abs(a[2]), 1e-12))
    known = series_reads.series({c.series for c in reading.cells})
    groups = [
        (known[code], len(cells), sum(c.value is not None for c in cells), sorted({c.year for c in cells}))
        for code in known
        if (cells := [c for c in reading.cells if c.series == code])
    ]
    missing = sum(c.value is None for c in reading.cells)
    years = sorted({c.year for c in reading.cells})
    return Preview(_view(row), reading, stamp, (row.staged or {})["how"], new, same, against, missing, years, groups)


def _in_force(codes: set[str]) -> dict[tuple[str, str, int], float]:
    from .observations import stated

    return {(c.series, c.unit, c.year): c.value for c in stated(series=codes) if c.value is not None}
