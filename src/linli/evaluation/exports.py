"""Statistics out: rows for a workbook, and SDMX-CSV in both versions."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from linli.exchange.columns import Column, Kind
from linli.exchange.writing import RISKY

from .queries.observations import Cell
from .queries.series import SeriesView
from .queries.units import UnitView

DATAFLOW = "LINLI:STATISTICS(1.0)"
COLUMNS = (
    Column("series", _("指标代码"), "Series code", Kind.CODE), Column("name", _("指标"), "Series", width=28),
    Column("calibre", _("口径"), "Calibre", width=22), Column("unit", _("地区代码"), "Unit code", Kind.CODE),
    Column("unit_name", _("地区"), "Unit", width=16), Column("year", _("年份"), "Year", Kind.INTEGER),
    Column("value", _("数值"), "Value", Kind.DECIMAL), Column("symbol", pgettext_lazy("measure", "单位"), "Unit of measure"),
    Column("status", _("状态"), "Status"), Column("vintage", _("版本"), "Vintage", Kind.DATE),
    Column("publication", _("出处"), "Publication", width=24), Column("note", _("说明"), "Note", width=40),
)  # fmt: skip
_DIMENSIONS = (
    "FREQ", "REF_AREA", "INDICATOR", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "UNIT_MEASURE", "CALIBRE", "VINTAGE", "SOURCE",
    "COMMENT_OBS",
)  # fmt: skip


def rows(
    cells: Iterable[Cell], series: Mapping[str, SeriesView], units: Mapping[str, UnitView]
) -> Iterator[dict[str, object]]:
    """A row for each cell, with the names beside the codes."""
    for c in cells:
        view, unit = series[c.series], units.get(c.unit)
        yield {
            "series": c.series, "name": view.name, "calibre": view.calibre_name, "unit": c.unit,
            "unit_name": unit.name if unit else "", "year": c.year, "value": c.value, "symbol": view.symbol,
            "status": c.status, "vintage": c.vintage, "publication": c.publication, "note": c.note,
        }  # fmt: skip


def sdmx_csv(cells: Iterable[Cell], series: Mapping[str, SeriesView], *, version: int = 2) -> Iterator[str]:
    """Lines of SDMX-CSV: version 2 (of SDMX 3.0: STRUCTURE, STRUCTURE_ID, ACTION) or 1 (of SDMX 2.1: DATAFLOW)."""
    lead = ("STRUCTURE", "STRUCTURE_ID", "ACTION") if version == 2 else ("DATAFLOW",)
    fixed = ("dataflow", DATAFLOW, "I") if version == 2 else (DATAFLOW,)
    yield _line((*lead, *_DIMENSIONS))
    for c in cells:
        view = series[c.series]
        value = "" if c.value is None else f"{c.value:.15g}"
        said = (view.symbol, view.calibre, c.vintage.isoformat(), c.publication, c.note)
        yield _line((*fixed, "A", c.unit, c.series, str(c.year), value, c.status, *(_safe(t) for t in said)))


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(list(cells))
    return out.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(RISKY) else text
