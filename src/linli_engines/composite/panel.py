"""The data: units x years x variables, NaN where there is no value; one year is a panel of one year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linli_engines.composite.digest import digest
from linli_engines.composite.errors import Problem, refuse, stop_on

Floats = NDArray[np.float64]
Row = tuple[str, int, str, float | None]


class Status(IntEnum):
    """What a cell is after imputation. Only MISSING cells are ever filled; an OBSERVED cell keeps its value."""

    MISSING = 0
    OBSERVED = 1
    EXCLUDED = 2
    MEAN = 10
    MEDIAN = 11
    GROUP_MEAN = 12
    GROUP_MEDIAN = 13
    ROW = 14
    CARRY = 15
    INTERPOLATE = 16
    REGRESSION = 17


@dataclass(frozen=True, slots=True)
class Variable:
    """A column: an indicator's raw value or a denominator. `calibre` names the definition it is counted by."""

    code: str
    unit: str = ""
    name: str = ""
    calibre: str = ""


@dataclass(frozen=True, eq=False)
class Panel:
    """`values` of shape (years, units, variables); groups: name -> one label per unit.

    Raises Refused: shapes that do not fit, a unit, year or variable that stands twice, infinite values.
    """

    units: tuple[str, ...]
    years: tuple[int, ...]
    variables: tuple[Variable, ...]
    values: Floats
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float64)
        shape = (len(self.years), len(self.units), len(self.variables))
        if values.shape != shape:
            raise refuse("SHAPE", f"values of shape {values.shape} for years, units, variables {shape}")
        if not values.size:
            raise refuse("EMPTY", f"a panel has a year, a unit and a variable, this has shape {shape}")
        problems = _twice("UNIT_TWICE", "a unit stands twice", self.units)
        problems += _twice("YEAR_TWICE", "a year stands twice", [str(y) for y in self.years])
        problems += _twice("VARIABLE_TWICE", "a variable stands twice", self.codes)
        if list(self.years) != sorted(self.years):
            problems.append(Problem("YEARS_ORDER", "years must rise", tuple(map(str, self.years))))
        problems += [
            Problem("GROUP_LENGTH", f"{len(labels)} labels for {len(self.units)} units", (name,))
            for name, labels in self.groups.items()
            if len(labels) != len(self.units)
        ]
        stop_on(problems)
        infinite = np.isinf(values)
        if infinite.any():
            stop_on([Problem("INFINITE", "not a number that can be counted with", self.cells(infinite))])
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        return tuple(variable.code for variable in self.variables)

    @cached_property
    def digest(self) -> str:
        return digest("panel", self.units, self.years, self.variables, self.values, self.groups)

    def variable(self, code: str) -> Variable:
        return self.variables[self.codes.index(code)]

    def column(self, code: str) -> Floats:
        """Shape (years, units)."""
        found: Floats = self.values[:, :, self.codes.index(code)]
        return found

    def cells(self, mask: NDArray[np.bool_], codes: Sequence[str] | None = None) -> tuple[str, ...]:
        """Names of the cells of a (years, units, columns) mask, as "unit, year, column"."""
        columns = self.codes if codes is None else codes
        return tuple(f"{self.units[u]}, {self.years[y]}, {columns[i]}" for y, u, i in np.argwhere(mask))

    @classmethod
    def single(
        cls,
        units: Sequence[str],
        variables: Iterable[Variable | str],
        values: ArrayLike,
        year: int = 0,
        **groups: Sequence[str],
    ) -> Panel:
        """A panel of one year from a (units, variables) table."""
        return cls(
            tuple(units),
            (year,),
            tuple(v if isinstance(v, Variable) else Variable(v) for v in variables),
            np.asarray(values, dtype=np.float64)[None],
            {name: tuple(labels) for name, labels in groups.items()},
        )

    @classmethod
    def from_rows(
        cls, rows: Iterable[Row], variables: Sequence[Variable], groups: Mapping[str, tuple[str, ...]] | None = None
    ) -> Panel:
        """From (unit, year, variable, value or None). Units keep the order in which they come; a row that is absent and
        a None are missing alike. Raises Refused: a cell given twice (a year twice, two vintages), text, an unknown
        variable.
        """
        known = list(rows)
        units = tuple(dict.fromkeys(row[0] for row in known))
        years = tuple(sorted({row[1] for row in known}))
        at_unit, at_year = ({key: i for i, key in enumerate(keys)} for keys in (units, years))
        at_code = {variable.code: i for i, variable in enumerate(variables)}
        values = np.full((len(years), len(units), len(variables)), np.nan)
        seen: set[tuple[str, int, str]] = set()
        twice: list[str] = []
        unknown: list[str] = []
        words: list[str] = []
        for unit, year, code, value in known:
            if code not in at_code:
                unknown.append(code)
                continue
            if (unit, year, code) in seen:
                twice.append(f"{unit}, {year}, {code}")
            seen.add((unit, year, code))
            if isinstance(value, str):  # a dash or a footnote mark is for the importer to read
                words.append(f"{unit}, {year}, {code}: {value!r}")
            elif value is not None:
                values[at_year[year], at_unit[unit], at_code[code]] = value
        problems = []
        if twice:
            problems.append(Problem("CELL_TWICE", "a cell is given twice: choose one vintage", tuple(twice)))
        if unknown:
            problems.append(Problem("VARIABLE_UNKNOWN", "not among the variables", tuple(dict.fromkeys(unknown))))
        if words:
            problems.append(
                Problem("NOT_A_NUMBER", "a cell holds text: a number or nothing is asked for", tuple(words))
            )
        stop_on(problems)
        return cls(units, years, tuple(variables), values, groups or {})


def _twice(code: str, text: str, keys: Sequence[str]) -> list[Problem]:
    again = tuple(key for i, key in enumerate(keys) if key in keys[:i])
    return [Problem(code, text, again)] if again else []
