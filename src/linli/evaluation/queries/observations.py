"""Observations in force at a moment, and all vintages of a cell side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ..choices import DeliveryState, ObsStatus, RulingKind
from ..models import Observation, Ruling
from ..rules import precedence


@dataclass(frozen=True, slots=True)
class Cell:
    """One value with where it comes from. `value` None: missing, and `status` and `note` say why."""

    series: str
    unit: str
    year: int
    value: float | None
    status: str
    delivery: UUID
    vintage: date
    publication: str
    note: str
    raw: str = ""
    method: str = ""
    edition: str = ""
    digest: str = ""
    applied_at: datetime | None = None
    in_force: bool = True


_FIELDS = (
    "series__code", "unit", "year", "value", "status", "delivery_id", "delivery__vintage",
    "delivery__publication__code", "note", "raw", "method", "delivery__edition", "delivery__digest",
    "delivery__applied_at",
)  # fmt: skip


def at(cut: datetime | None) -> Q:
    """Deliveries that were applied, and not taken back, at the moment `cut` (now without one)."""
    if cut is None:
        return Q(delivery__state=DeliveryState.APPLIED)
    undone = Q(delivery__undone_at=None) | Q(delivery__undone_at__gt=cut)
    return Q(delivery__applied_at__lte=cut) & undone


def _read(rows: QuerySet[Observation]) -> Iterable[Cell]:
    for row in rows.values_list(*_FIELDS):
        yield Cell(*row)


def _rank(cell: Cell) -> Any:
    assert cell.applied_at is not None
    said = cell.value is not None or cell.raw != "" or cell.status != ObsStatus.MISSING
    return precedence(said=said, vintage=cell.vintage, applied_at=cell.applied_at)


def stated(
    *,
    series: Iterable[str] | None = None,
    units: Iterable[str] | None = None,
    years: Iterable[int] | None = None,
    cut: datetime | None = None,
) -> list[Cell]:
    """As `cells`, before rulings and doubts: what the sources say."""
    rows = Observation.objects.filter(at(cut))
    if series is not None:
        rows = rows.filter(series__code__in=list(series))
    if years is not None:
        rows = rows.filter(year__in=list(years))
    wanted = None if units is None else set(units)
    best: dict[tuple[str, str, int], Cell] = {}
    for cell in _read(rows):
        if wanted is not None and cell.unit not in wanted:
            continue
        key = (cell.series, cell.unit, cell.year)
        there = best.get(key)
        if there is None or _rank(cell) > _rank(there):
            best[key] = cell
    return [best[key] for key in sorted(best)]


def cells(
    *, series: Iterable[str], units: Iterable[str] | None, years: Iterable[int], cut: datetime | None = None
) -> list[Cell]:
    """The cell in force for each (series, unit, year) that a source speaks of; sorted.

    Of the deliveries applied at `cut`, the latest vintage, then the latest delivery; an empty cell never hides a value.
    A cell that a ruling excludes, or whose year is doubted by an open finding that stops its use, has no value and
    status M, with the reason in `note`. `units` None: all.
    """
    codes = list(series)
    held = _held(codes, cut)
    found = stated(series=codes, units=units, years=years, cut=cut)
    return [_without(c, why) if (why := _why(held, c)) else c for c in found]


def _held(codes: list[str], cut: datetime | None) -> dict[tuple[str, int, str], str]:
    """(series, year, unit or "") -> why it is not used."""
    from .checks import stopped  # the checks read `stated`

    held = {(code, year, ""): note for (code, year), note in stopped(codes, cut).items()}
    for row in rulings_at(cut).filter(series__code__in=codes, kind=RulingKind.EXCLUDE):
        held[row.series.code, row.year, row.unit] = _("经裁定不采用：%(why)s") % {"why": row.reason}
    return held


def rulings_at(cut: datetime | None) -> QuerySet[Ruling]:
    """Rulings that hold at `cut`."""
    rows = Ruling.objects.select_related("series")
    if cut is None:
        return rows.filter(ended_at=None)
    return rows.filter(Q(ended_at=None) | Q(ended_at__gt=cut), at__lte=cut)


def _why(held: dict[tuple[str, int, str], str], cell: Cell) -> str:
    return held.get((cell.series, cell.year, cell.unit)) or held.get((cell.series, cell.year, "")) or ""


def _without(cell: Cell, note: str) -> Cell:
    return replace(cell, value=None, status=ObsStatus.MISSING, note=note[:300])


def vintages(series: str, unit: str, year: int) -> list[Cell]:
    """All that deliveries in force say of one cell, the one in force first."""
    rows = Observation.objects.filter(at(None), series__code=series, unit=unit, year=year)
    found = sorted(_read(rows), key=_rank, reverse=True)
    return [replace(c, in_force=i == 0) for i, c in enumerate(found)]


def years_of(codes: Iterable[str]) -> list[int]:
    """The years in which any of the series has a value, in order."""
    rows = Observation.objects.filter(at(None), series__code__in=list(codes), value__isnull=False)
    return sorted(set(rows.order_by().values_list("year", flat=True).distinct()))
