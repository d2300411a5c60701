"""Cells to observations: the calibre that the file's foot-notes tell, units of measurement, percent or fraction, doubles."""

from __future__ import annotations

import re
from collections import defaultdict

from django.utils.translation import gettext as _

from linli.exchange.columns import Refused, shown
from linli_engines.composite.denominate import conversion

from .said import Found, How, Reading, Vocabulary

SMALL = 1.0  # a column of percentages of which none passes 1 may be fractions
FEW = 5
_FOOT_CALIBRE = re.compile(r"((?:\d{4}\s*年?\s*[、,，和及]?\s*)+)为\s*1\s*[%％]\s*人口抽样调查")
ONE_PERCENT, ONE_PERMILLE = "survey_1_percent", "survey_1_permille"


def settle(reading: Reading, vocabulary: Vocabulary, how: How) -> None:
    """Bring the cells of `reading` in order; what cannot be is refused."""
    _routes(reading, vocabulary, how)
    _units_of_then(reading, vocabulary)
    _measure(reading, vocabulary)
    _once(reading)


def _routes(reading: Reading, vocabulary: Vocabulary, how: How) -> None:
    """Years of another calibre go into that calibre's series, as said by a person or by the file itself."""
    told = told_routes(reading, vocabulary)
    routes = told if how.routes is None else {k: dict(v) for k, v in how.routes.items()}
    reading.routed = how.routes is None and bool(told)
    for cell in reading.cells:
        to = routes.get(cell.series, {}).get(str(cell.year), "")
        if to in vocabulary.series:
            reading.routes.setdefault(cell.series, {})[str(cell.year)] = to
            cell.series = to
    for code, years in sorted(reading.routes.items()):
        words = {
            "years": _("、").join(sorted(years)), "name": vocabulary.series[code].name,
            "calibre": vocabulary.series[next(iter(years.values()))].calibre_name,
        }  # fmt: skip
        reading.tell(
            "calibre_split", _("“%(name)s”的 %(years)s 年口径不同（%(calibre)s），另立一列，不与其他年份相接。") % words
        )


def told_routes(reading: Reading, vocabulary: Vocabulary) -> dict[str, dict[str, str]]:
    """What foot-notes say: these years are 1 % samples. Only for series whose other years are 1 per mille samples."""
    years = {y for line in reading.footer for m in _FOOT_CALIBRE.findall(line) for y in re.findall(r"\d{4}", m)}
    if not years:
        return {}
    other = {s.concept: s.code for s in vocabulary.series.values() if s.calibre == ONE_PERCENT}
    routes = {}
    for code in {c.series for c in reading.cells}:
        view = vocabulary.series[code]
        if view.calibre == ONE_PERMILLE and view.concept in other:
            routes[code] = dict.fromkeys(sorted(years), other[view.concept])
    return routes


def _units_of_then(reading: Reading, vocabulary: Vocabulary) -> None:
    """A code that did not hold in a year is refused; a unit to which another was joined later is told."""
    kept = []
    for cell in reading.cells:
        unit = vocabulary.units.get(cell.unit)
        if unit is not None and ((unit.until and cell.year > unit.until) or (unit.since and cell.year < unit.since)):
            words = {"name": unit.name, "year": cell.year}
            sentence = _("%(year)s 年没有这个地区：%(name)s已经并入别的地区，或还没有设立。") % words
            reading.refuse(Refused(cell.row, _place(cell), cell.raw, sentence, "unit_not_then"))
            continue
        joined = vocabulary.merged.get(cell.unit)
        if joined and cell.year < joined:
            words = {"name": unit.name if unit else cell.unit, "year": joined}
            reading.tell(
                "before_merger", _("%(name)s %(year)s 年合并，以前年份只是合并前的范围，不能直接相比。") % words
            )
            cell.note = (cell.note + "；" if cell.note else "") + _("合并前的范围")
        kept.append(cell)
    reading.cells[:] = kept


def _measure(reading: Reading, vocabulary: Vocabulary) -> None:
    """Convert each column to its series' unit. A column is refused as a whole: half a column is no column."""
    groups: dict[tuple[str, str, str, str], list[Found]] = defaultdict(list)
    for cell in reading.cells:
        groups[cell.sheet, cell.column, cell.series, cell.symbol].append(cell)
    kept: list[Found] = []
    for (_sheet, _column, code, have), cells in groups.items():
        want = vocabulary.series[code].symbol
        factor = conversion(have, want)
        words = {"have": have, "want": want, "name": vocabulary.series[code].name}
        first = cells[0]
        if factor is None:
            sentence = _("“%(name)s”的单位是 %(want)s，这里写的是 %(have)s，换算不了。") % words
            reading.refuse(Refused(first.row, _place(first), have, sentence, "unit_mismatch"))
        elif not have and _may_be_fractions(cells, want):
            sentence = _(
                "“%(name)s”以 %% 计，这一列却都不超过 1：可能是小数。请说明单位是 %% 还是 fraction，再读一次。"
            )
            reading.refuse(Refused(first.row, _place(first), shown(first.raw), sentence % words, "percent_or_fraction"))
        else:
            if not have and want:
                reading.tell("symbol_assumed", _("“%(name)s”没有写单位，按 %(want)s 读。") % words)
            elif factor != 1.0:
                reading.tell("converted", _("“%(name)s”由 %(have)s 换算成 %(want)s。") % words)
            for cell in cells:
                if cell.value is not None and factor != 1.0:
                    cell.value = float(f"{cell.value * factor:.15g}")
            kept += cells
    kept.sort(key=lambda c: (c.sheet, c.row))
    reading.cells[:] = kept


def _may_be_fractions(cells: list[Found], want: str) -> bool:
    numbers = [abs(c.value) for c in cells if c.value]
    if want == "%":
        return len(numbers) >= FEW and max(numbers) <= SMALL
    return want in {"fraction", "比例"} and len(numbers) >= FEW and min(numbers) > SMALL


def _once(reading: Reading) -> None:
    """A cell that is said twice alike counts once; said twice otherwise, none of the two is trusted."""
    seen: dict[tuple[str, str, int], Found] = {}
    bad: set[tuple[str, str, int]] = set()
    for cell in reading.cells:
        key = (cell.series, cell.unit, cell.year)
        there = seen.get(key)
        if there is None or (there.value is None and there.raw == "" and cell.value is not None):
            seen[key] = cell
        elif (there.value, there.status) == (cell.value, cell.status) or (cell.value is None and cell.raw == ""):
            reading.tell("twice_alike", _("有的格出现两次而数相同，只取一次。"))
        else:
            bad.add(key)
            words = {"year": cell.year, "unit": cell.unit, "one": there.raw, "row": there.row, "two": cell.raw}
            sentence = (
                _("%(unit)s %(year)s 年有两个不同的数：第 %(row)s 行是 %(one)s，这里是 %(two)s，两个都不取。") % words
            )
            reading.refuse(Refused(cell.row, _place(cell), cell.raw, sentence, "cell_twice"))
    reading.cells[:] = [c for k, c in seen.items() if k not in bad]


def _place(cell: Found) -> str:
    return f"{cell.sheet} · {cell.column}" if cell.sheet else cell.column
