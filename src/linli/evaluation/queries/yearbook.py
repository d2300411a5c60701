"""Yearbook tables: series of one area by year, each with its calibre and where it was printed."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Missing

from .. import permissions
from ..models import Publication
from .observations import Cell, cells, years_of
from .series import SeriesView, series
from .units import UnitView, unit_names, units

FILE = Path(__file__).resolve().parent.parent / "data" / "yearbook.csv"
DISTRICT = "110102"
SPAN_MOST = 60


@dataclass(frozen=True, slots=True)
class TableView:
    """A table of the yearbook as it is listed. `series`: empty where nothing public was found."""

    code: str
    title: str
    title_en: str
    series: tuple[str, ...]
    note: str
    provenance: str
    source: str

    @property
    def shown(self) -> str:
        return self.title_en if (get_language() or "").startswith("en") else self.title


@dataclass(frozen=True, slots=True)
class Source:
    """A publication behind the figures of a table."""

    title: str
    publisher: str
    vintage: str
    note: str


@dataclass(frozen=True, eq=False)
class YearTable:
    """`years` without a hole: a year that has no figure is a row of gaps. `held[year][series]`: its cell, if any."""

    table: TableView
    unit: UnitView
    columns: tuple[SeriesView, ...]
    years: tuple[int, ...]
    held: dict[int, dict[str, Cell]]
    sources: tuple[Source, ...]

    def value(self, series: str, year: int) -> float | None:
        cell = self.held.get(year, {}).get(series)
        return cell.value if cell else None

    @property
    def count(self) -> int:
        return sum(1 for row in self.held.values() for cell in row.values() if cell.value is not None)


@cache
def shipped() -> tuple[TableView, ...]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            TableView(
                r["code"],
                r["title"],
                r["title_en"],
                tuple(r["series"].split()),
                r["note"],
                r["provenance"],
                r["source"],
            )
            for r in csv.DictReader(file)
        )


def tables(actor: Actor) -> list[tuple[TableView, list[int]]]:
    """All tables, each with the years in which anything is known of the district."""
    permissions.can_read(actor).or_forbidden()
    known = _cells([s for t in shipped() for s in t.series], DISTRICT)
    years: dict[str, set[int]] = {}
    for cell in known:
        if cell.value is not None:
            years.setdefault(cell.series, set()).add(cell.year)
    return [(t, sorted({y for s in t.series for y in years.get(s, ())})) for t in shipped()]


def table(actor: Actor, code: str, unit: str = DISTRICT, only: Sequence[str] = ()) -> YearTable:
    """One table for one area; `only`: these series of it. Raises Missing: no such table, area or series."""
    permissions.can_read(actor).or_forbidden()
    found = next((t for t in shipped() if t.code == code), None)
    if found is None:
        raise Missing("no_such_table", _("没有这张年鉴表。"))
    place = unit_names([unit]).get(unit)
    if place is None:
        raise Missing("no_such_unit", _("没有这个地区。"))
    if unknown := [s for s in only if s not in found.series]:
        raise Missing("no_such_series", _("这张表里没有这项数据：%(codes)s。") % {"codes": _("、").join(unknown)})
    wanted = [s for s in found.series if not only or s in only]
    known = series(wanted)
    held: dict[int, dict[str, Cell]] = {}
    seen: dict[tuple[str, str], str] = {}
    for cell in _cells(wanted, unit):
        held.setdefault(cell.year, {})[cell.series] = cell
        seen[cell.publication, f"{cell.vintage:%Y-%m-%d}"] = cell.edition
    there = [y for y, row in held.items() if any(c.value is not None for c in row.values())]
    years = tuple(range(min(there), max(there) + 1))[-SPAN_MOST:] if there else ()
    columns = tuple(known[s] for s in wanted if s in known)
    return YearTable(found, place, columns, years, held, _sources(seen))


def _cells(codes: Sequence[str], unit: str) -> list[Cell]:
    if not codes:
        return []
    return cells(series=codes, units=[unit], years=years_of(codes))


def _sources(seen: dict[tuple[str, str], str]) -> tuple[Source, ...]:
    titles = {p.code: p for p in Publication.objects.filter(code__in={p for p, _v in seen})}
    return tuple(
        Source(titles[p].title, titles[p].publisher, v, titles[p].note) for p, v in sorted(seen) if p in titles
    )


def places(code: str) -> list[UnitView]:
    """The areas for which a table has a figure, the district first."""
    found = next((t for t in shipped() if t.code == code), None)
    if found is None or not found.series:
        return []
    there = {
        c.unit for c in cells(series=found.series, units=None, years=years_of(found.series)) if c.value is not None
    }
    every = [u for level in ("district", "province", "nation") for u in units(level) if u.code in there]
    return sorted(every, key=lambda u: u.code != DISTRICT)
