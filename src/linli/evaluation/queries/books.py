"""Books as they are read, and where the cells of a result were printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Missing

from .. import formulas, permissions
from ..choices import BookState, ResultState
from ..models import Book, Publication
from .observations import cells
from .panels import NodeView
from .results import Opened
from .series import series

FORMATS = ("pdf", "docx", "html")


@dataclass(frozen=True, slots=True)
class File:
    format: str
    name: str
    bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class BookView:
    """A book in a list. `released`: its result is."""

    id: UUID
    result: UUID
    result_name: str
    digest: str
    year: int
    title: str
    language: str
    state: str
    state_name: str
    released: bool
    experimental: bool
    files: tuple[File, ...]
    problem: str
    job: UUID | None
    by: str
    at: datetime
    ready_at: datetime | None

    @property
    def short(self) -> str:
        return self.digest[:12]


def _view(row: Book) -> BookView:
    r = row.result
    files = tuple(File(f, row.files[f]["name"], row.files[f]["bytes"], row.files[f]["digest"]) for f in FORMATS if f in row.files)  # fmt: skip
    return BookView(
        row.pk, r.pk, r.name, r.inputs_id or "", row.year, row.title, row.language, row.state,
        str(BookState(row.state).label), r.state == ResultState.RELEASED, r.experimental, files, row.problem, row.job,
        row.by, row.at, row.ready_at,
    )  # fmt: skip


def books(actor: Actor) -> list[BookView]:
    """The newest first; of results that are not released only for those who see drafts."""
    permissions.can_read(actor).or_forbidden()
    rows = Book.objects.select_related("result").defer("result__summary").order_by("-at", "-pk")
    if not permissions.can_see_drafts(actor):
        rows = rows.filter(result__state=ResultState.RELEASED, state=BookState.READY)
    return [_view(row) for row in rows]


def book(actor: Actor, id: UUID | str) -> BookView:
    """Raises Missing: not there, or of a result that the actor does not see."""
    permissions.can_read(actor).or_forbidden()
    try:
        row = Book.objects.select_related("result").defer("result__summary").filter(pk=id).first()
    except (ValueError, ValidationError):
        row = None
    hidden = row is not None and row.result.state != ResultState.RELEASED and not permissions.can_see_drafts(actor)
    if row is None or hidden:
        raise Missing("no_such_book", _("没有这本年报，或者还没有发布。"))
    return _view(row)


def folder(id: UUID | str) -> Path:
    """Where the files of a book lie."""
    return Path(settings.VAR) / "books" / str(UUID(str(id)))


def place_of(view: BookView, format: str) -> Path:
    """The file of a ready book. Raises Missing."""
    file = next((f for f in view.files if f.format == format), None)
    place = folder(view.id) / file.name if file else None
    if place is None or not place.is_file():
        raise Missing("no_such_file", _("这本年报没有这种格式的文件，请重新编印。"))
    return place


@dataclass(frozen=True, slots=True)
class Printed:
    """A publication in one of its states, and how many cells it gave."""

    publication: str
    title: str
    publisher: str
    vintage: date
    edition: str
    cells: int


@dataclass(frozen=True, slots=True)
class SeriesSource:
    """A series with its calibre, what was found of it and why cells are missing or doubtful (status -> count)."""

    code: str
    name: str
    symbol: str
    calibre: str
    provenance: str
    source: str
    printed: tuple[Printed, ...]
    statuses: tuple[tuple[str, int], ...]
    values: int


def sources(opened: Opened) -> tuple[SeriesSource, ...]:
    """The series behind the indicators of a result, as they stood at its cut."""
    codes = series_of(opened.nodes)
    known = series(codes)
    found = cells(series=codes, units=opened.result.panel.units, years=opened.years, cut=opened.row.cut)
    titles = {p.code: p for p in Publication.objects.filter(code__in={c.publication for c in found})}
    said = []
    for code, view in known.items():
        mine = [c for c in found if c.series == code]
        count: Counter[Any] = Counter((c.publication, c.vintage, c.edition) for c in mine if c.value is not None)
        printed = tuple(
            Printed(p, titles[p].title if p in titles else p, titles[p].publisher if p in titles else "", v, e, n)
            for (p, v, e), n in sorted(count.items())
        )
        statuses = tuple(sorted(Counter(c.status for c in mine).items()))
        said.append(
            SeriesSource(
                code, view.name, view.symbol, view.calibre_name, view.provenance, view.source, printed, statuses,
                sum(1 for c in mine if c.value is not None),
            )
        )  # fmt: skip
    return tuple(said)


def series_of(nodes: Iterable[NodeView]) -> list[str]:
    """The series that indicators are made of, in the order in which they stand in the tree."""
    parts = [formulas.terms(f) for n in nodes for f in (n.numerator, n.denominator) if f]
    return list(dict.fromkeys(t.series for formula in parts for t in formula))
