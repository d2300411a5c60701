"""From raw columns to the tree's indicators: units brought together, divided by denominators, and refused if they cannot be."""

from __future__ import annotations

import csv
import warnings
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from linli_engines.composite.errors import Problem, stop_on
from linli_engines.composite.framework import Framework, Indicator
from linli_engines.composite.panel import Floats, Panel, Variable

FRACTION_LIMIT = 1.5
"""A share given as a fraction may pass 1 a little (coverage above 100 %), not by half."""
MIXED_RATIO = (60.0, 170.0)
MIXED_SPREAD = 1.5
"""A year of shares that is 60 to 170 times the year before, for all units alike (quartiles of the ratio within a factor
of 1.5), is percent beside fraction. What spreads from nothing, such as a new network, does not do so alike everywhere.
"""


@dataclass(frozen=True, slots=True)
class Unit:
    dimension: str
    scale: float
    extensive: bool


@cache
def known_units() -> dict[str, Unit]:
    """The table units.csv beside this module; a unit that is not in it is a label, equal to itself alone."""
    text = resources.files(__package__).joinpath("units.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {r["symbol"]: Unit(r["dimension"], float(r["scale"]), r["extensive"] == "1") for r in rows}


def conversion(have: str, want: str) -> float | None:
    """The factor from one unit to the other; None if they do not go together."""
    if have == want or not have or not want:
        return 1.0
    a, b = known_units().get(have), known_units().get(want)
    return a.scale / b.scale if a and b and a.dimension == b.dimension else None


def check_columns(panel: Panel, framework: Framework) -> list[Problem]:
    """What stands in the way of `denominate`: columns, units, calibres, denominators; names every column."""
    have = {variable.code: variable for variable in panel.variables}
    problems: list[Problem] = []
    lost = tuple(i.code for i in framework.indicators if i.code not in have)
    if lost:
        problems.append(Problem("LEAF_WITHOUT_DATA", "an indicator of the tree has no column in the panel", lost))
    for item in framework.indicators:
        if item.code in have:
            problems += _check_one(panel, item, have)
    return problems


def _check_one(panel: Panel, item: Indicator, have: dict[str, Variable]) -> list[Problem]:
    problems: list[Problem] = []
    variable = have[item.code]
    if np.isnan(panel.column(item.code)).all():
        problems.append(Problem("LEAF_WITHOUT_DATA", "an indicator of the tree has no value at all", (item.code,)))
    if conversion(variable.unit, item.unit) is None:
        problems.append(
            Problem("UNIT_MISMATCH", f"the column is in {variable.unit}, the tree asks for {item.unit}", (item.code,))
        )
    problems += _calibre(item.code, variable, item.calibre)
    problems += _shares(panel, variable)
    if not item.denominator:
        return problems
    if item.denominator not in have:
        return [*problems, Problem("DENOMINATOR_UNKNOWN", f"the panel has no column {item.denominator}", (item.code,))]
    below = have[item.denominator]
    unit = known_units().get(variable.unit)
    if unit is not None and not unit.extensive:
        problems.append(
            Problem("INTENSIVE", f"a value in {variable.unit} is not divided again by {below.code}", (item.code,))
        )
    if conversion(below.unit, item.denominator_unit) is None:
        text = f"the denominator {below.code} is in {below.unit}, asked for is {item.denominator_unit}"
        problems.append(Problem("UNIT_MISMATCH", text, (item.code,)))
    problems += _calibre(below.code, below, item.denominator_calibre)
    bad = panel.column(below.code) <= 0
    if bad.any():
        problems.append(
            Problem(
                "DENOMINATOR_NOT_POSITIVE", "a denominator must be above 0", panel.cells(bad[:, :, None], [below.code])
            )
        )
    return problems


def _calibre(code: str, variable: Variable, asked: str) -> list[Problem]:
    if not asked or variable.calibre == asked:
        return []
    text = f"the column is counted as {variable.calibre or 'unknown'}, the tree asks for {asked}"
    return [Problem("CALIBRE", text, (code,))]


def _shares(panel: Panel, variable: Variable) -> list[Problem]:
    """Percent taken for a fraction, or both in one column."""
    unit = known_units().get(variable.unit)
    if unit is None or unit.dimension != "share":
        return []
    values = panel.column(variable.code)
    if unit.scale == 1 and (np.abs(values) > FRACTION_LIMIT).any():
        bad = (np.abs(values) > FRACTION_LIMIT)[:, :, None]
        return [Problem("PERCENT_AS_FRACTION", "a fraction above 1: is it percent?", panel.cells(bad, [variable.code]))]
    size = np.abs(values)
    for y in range(1, len(panel.years)):
        both = (size[y - 1] > 0) & (size[y] > 0)
        if both.sum() >= 3 and _hundredfold(size[y, both] / size[y - 1, both]):
            where = f"{variable.code}, {panel.years[y - 1]} and {panel.years[y]}"
            return [Problem("PERCENT_AND_FRACTION", "one year looks like percent, the next like fractions", (where,))]
    top = max((float(np.nanmax(row)) for row in size if not np.isnan(row).all()), default=0.0)
    if unit.scale == 0.01 and 0 < top <= 1 and size.size > 1:
        return [Problem("FRACTION_AS_PERCENT", "no value above 1 %: is it a fraction?", (variable.code,), stops=False)]
    return []


def _hundredfold(ratio: Floats) -> bool:
    """Up or down."""
    low, middle, high = np.quantile(ratio, (0.25, 0.5, 0.75))
    size = max(middle, 1 / middle)
    return bool(MIXED_RATIO[0] <= size <= MIXED_RATIO[1] and high <= MIXED_SPREAD * low)


def jumps(panel: Panel, factor: float = 5.0) -> list[Problem]:
    """Years whose median lies `factor` times above or below the median of the column's other years; they do not stop."""
    problems: list[Problem] = []
    if len(panel.years) < 3:
        return problems
    size = np.abs(panel.values)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a year without a value has no median
        middle = np.nanmedian(np.where(size > 0, size, np.nan), axis=1)
        usual = np.array([np.nanmedian(np.delete(middle, y, axis=0), axis=0) for y in range(len(panel.years))])
    enough = np.sum(~np.isnan(middle), axis=0) >= 3
    with np.errstate(invalid="ignore"):
        ratio = middle / usual
        far = ((ratio > factor) | (ratio < 1 / factor)) & enough
    for y, v in np.argwhere(far):
        text = f"the year's median is {ratio[y, v]:.3g} times that of the other years: another sample or calibre?"
        problems.append(Problem("JUMP", text, (f"{panel.codes[v]}, {panel.years[y]}",), stops=False))
    return problems


def denominate(panel: Panel, framework: Framework) -> Floats:
    """Shape (years, units, indicators), NaN where value or denominator is missing. Raises Refused (`check_columns`)."""
    stop_on(check_columns(panel, framework))
    found = np.empty((len(panel.years), len(panel.units), len(framework.indicators)))
    for i, item in enumerate(framework.indicators):
        scale = conversion(panel.variable(item.code).unit, item.unit)
        column = panel.column(item.code)
        if item.denominator:
            below = conversion(panel.variable(item.denominator).unit, item.denominator_unit)
            column = column / (
                panel.column(item.denominator) * (below or 1.0) if below != 1.0 else panel.column(item.denominator)
            )
        factor = item.factor * (scale or 1.0)
        found[:, :, i] = column if factor == 1.0 else column * factor
    return found
