"""How far the statistics reach: series by year, how many units have a value; one series as a table."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from ..choices import ObsStatus, UnitLevel
from . import observations as obs
from .series import SeriesView, series
from .units import UnitView, unit_names, units

EARLIEST = 2005


@dataclass(frozen=True, slots=True)
class CoverageLine:
    """`counts`: per year, how many units of the level have a value in use; None: no source speaks of that year."""

    series: SeriesView
    counts: tuple[int | None, ...]
    values: int
    stopped: frozenset[int]


@dataclass(frozen=True, slots=True)
class Coverage:
    years: tuple[int, ...]
    units: int
    lines: tuple[CoverageLine, ...]
    values: int


def coverage(level: str, *, within: str = "", origin: str = "", q: str = "") -> Coverage:
    """Series that any unit of the level has a cell of, in their order."""
    members = {u.code for u in units(level, within)}
    views = {
        c: s
        for c, s in series().items()
        if (not origin or s.origin == origin) and (not q or q.casefold() in f"{s.code} {s.name} {s.name_en}".casefold())
    }
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    for cell in obs.cells(series=views, units=members, years=range(1949, 2201)):
        years = counts[cell.series]
        years[cell.year] = years.get(cell.year, 0) + (cell.value is not None)
    shown = sorted({y for years in counts.values() for y, n in years.items() if n})
    span = tuple(range(max(shown[0], EARLIEST), shown[-1] + 1)) if shown else ()
    from .checks import stopped

    held = stopped(views)
    lines = tuple(
        CoverageLine(
            views[c], tuple(counts[c].get(y) for y in span), sum(counts[c].values()),
            frozenset(y for s, y in held if s == c),
        )
        for c in views
        if c in counts
    )  # fmt: skip
    return Coverage(span, len(members), lines, sum(line.values for line in lines))


@dataclass(frozen=True, slots=True)
class SeriesTable:
    """Rows by unit, a cell for each year (None where no source speaks of it); `many`: cells that several sources give."""

    series: SeriesView
    years: tuple[int, ...]
    rows: tuple[tuple[UnitView, tuple[obs.Cell | None, ...]], ...]
    many: frozenset[tuple[str, int]]
    sources: tuple[tuple[str, str], ...]


def levels_of(code: str) -> list[str]:
    """The levels of units that the series has cells of."""
    found = {u.level for u in unit_names({c.unit for c in obs.stated(series=[code])}).values()}
    return [level for level in UnitLevel.values if level in found]


def table(view: SeriesView, level: str, *, first: int = 0, last: int = 9999) -> SeriesTable:
    """One series over the units of a level, years ascending."""
    found = obs.cells(series=[view.code], units=None, years=range(1949, 2201))
    known = unit_names({c.unit for c in found})
    mine = [c for c in found if c.unit in known and known[c.unit].level == level and first <= c.year <= last]
    years = tuple(
        sorted({c.year for c in mine if c.value is not None or c.status != ObsStatus.MISSING or c.raw or c.note})
    )
    by = {(c.unit, c.year): c for c in mine}
    members = sorted({c.unit for c in mine}, key=lambda u: (known[u].order, u))
    rows = tuple((known[u], tuple(by.get((u, y)) for y in years)) for u in members)
    return SeriesTable(
        view, years, rows, _many(view.code), tuple(sorted({(c.publication, f"{c.vintage}") for c in mine}))
    )


def _many(code: str) -> frozenset[tuple[str, int]]:
    from django.db.models import Count

    from ..models import Observation

    rows = Observation.objects.filter(obs.at(None), series__code=code, value__isnull=False).order_by()
    return frozenset((u, y) for u, y, n in rows.values_list("unit", "year").annotate(n=Count("pk")).filter(n__gt=1))
