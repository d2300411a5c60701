"""Pure decisions of the evaluation's data side: when two texts are the same name, which of two vintages is in force, what
looks wrong in a column.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from statistics import median

BREAK_FACTOR = 5.0  # a year whose median unit is this many times its neighbours
BREAK_SHARE = 0.75  # and at least this share of the units with it
JUMP_FACTOR = 3.0  # one unit against the others' usual change in that year
JUMP_ALONE = 1.6  # a unit that has no others beside it
Column = Mapping[str, float]  # unit -> value
_MARKS = re.compile(r"[*＊※†‡①-⑳⑴-⒇]+|[\[［]\s*\d{1,2}\s*[\]］]|[¹²³⁰⁴-⁹]+")


def plain_name(text: str) -> str:
    """What names of units and headings are compared by: no spaces, foot-note marks, widths or case."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", _MARKS.sub("", text))).casefold()


def without_marks(text: str) -> tuple[str, str]:
    """A text without its foot-note marks, and the marks."""
    return _MARKS.sub("", text).strip(), "".join(_MARKS.findall(text))


def precedence(*, said: bool, vintage: date, applied_at: datetime) -> tuple[bool, date, datetime]:
    """The highest is in force. An empty cell says nothing, so it never hides what another delivery said; of those that
    say something (a number, or in so many words that there is none) the latest vintage, then the latest delivery.
    """
    return said, vintage, applied_at


def breaks(columns: Mapping[int, Column], factor: float = BREAK_FACTOR) -> dict[int, float]:
    """Year -> how many times its neighbours its values are, where nearly all units jump alike. Needs three units at
    least and positive values: growth rates have no factor.
    """
    found = {}
    for year in sorted(columns):
        ratios = []
        for unit, value in columns[year].items():
            near = _neighbours(columns, year, unit)
            if value > 0 and near and min(near) > 0:
                ratios.append(value / median(near))
        if len(ratios) < 3:
            continue
        middle = median(ratios)
        up, down = (sum(r > factor for r in ratios), sum(r < 1 / factor for r in ratios))
        if (middle > factor and up >= BREAK_SHARE * len(ratios)) or (
            middle < 1 / factor and down >= BREAK_SHARE * len(ratios)
        ):
            found[year] = middle
    return found


def _neighbours(columns: Mapping[int, Column], year: int, unit: str) -> list[float]:
    """The values of up to two years before and two after in which the unit has one."""
    years = sorted(y for y, column in columns.items() if unit in column and y != year)
    return [columns[y][unit] for y in [*[y for y in years if y < year][-2:], *[y for y in years if y > year][:2]]]


def jumps(columns: Mapping[int, Column]) -> list[tuple[int, str, float]]:
    """(year, unit, ratio to the year before) where one unit jumps and the median of the others does not; a unit without
    others is held to JUMP_ALONE.
    """
    found = []
    for year in sorted(columns):
        before = columns.get(year - 1)
        if not before:
            continue
        ratio = {u: v / before[u] for u, v in columns[year].items() if v > 0 and before.get(u, 0) > 0}
        for unit, r in ratio.items():
            others = [x for u, x in ratio.items() if u != unit]
            usual = median(others) if others else 1.0
            factor = JUMP_FACTOR if others else JUMP_ALONE
            if not 1 / factor < r / usual < factor and 1 / factor < usual < factor:
                found.append((year, unit, r))
    return found


def gaps(columns: Mapping[int, Column]) -> list[int]:
    """Years without a value between years that have them."""
    filled = [y for y, column in columns.items() if column]
    return [y for y in range(min(filled), max(filled)) if y not in filled] if filled else []


def hundredfold(columns: Mapping[int, Column]) -> list[int]:
    """Years of shares that are a hundredth of, or a hundred times, what the other years are."""
    return [y for y, ratio in breaks(columns, 20.0).items() if 60 < ratio < 170 or 1 / 170 < ratio < 1 / 60]
