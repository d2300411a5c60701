"""A matrix as shaded cells with their numbers; columns are named by number where names are long."""

from __future__ import annotations

from collections.abc import Sequence

from .levels import BELOW, ON, STEPS, Levels
from .svg import INK2, INK3, LINE, SURFACE, Drawing, Frame, cut, number, wide


def heat(rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float | None]], frame: Frame, *,
         decimals: int = 2, middle: float | None = None, levels: Levels | None = None, reach: float | None = None,
         written: bool = True) -> str:  # fmt: skip
    """`values[row][column]`. With `middle` (0 for correlations) two hues run away from it, as far as `reach`; else the
    steps are `levels`. `written=False` leaves the numbers to the tooltips where cells are small.
    """
    d = Drawing(frame)
    left = min(max((wide(r, 12) for r in rows), default=40) + 26, frame.width * 0.4)
    cell = min((frame.width - left) / max(len(columns), 1), 72)
    tall = min(max(cell * 0.62, 20), 22 if len(rows) > 16 else 30)
    numbered = any(wide(c, 11) > cell - 4 for c in columns)
    top = d.top + 22
    for k, name in enumerate(columns):
        words = str(k + 1) if numbered else name
        if not numbered or wide(words, 10.5) < cell or k % 2 == 0:
            d.text(left + cell * (k + 0.5), top - 7, words, size=11, anchor="middle", fill=INK2)
    top_value = reach or max((abs((v or 0) - (middle or 0)) for row in values for v in row if v is not None and v == v), default=1) or 1  # fmt: skip
    for r, name in enumerate(rows):
        y = top + tall * r
        words = f"{r + 1} {name}" if numbered and list(rows) == list(columns) else name
        d.text(left - 8, y + tall / 2 + 4, cut(words, 12, left - 8), anchor="end")
        for c, value in enumerate(values[r]):
            x = left + cell * c
            if value is None or value != value:
                d.rect(x, y, cell, tall, fill="none", stroke=LINE)
                if cell >= 16 and written:
                    d.text(x + cell / 2, y + tall / 2 + 4, "—", size=10.5, anchor="middle", fill=INK3)
                continue
            fill, ink = _shade(value, middle, top_value, levels)
            said = f"{name}, {columns[c]}: {number(value, decimals)}"
            d.rect(x, y, cell, tall, fill=fill, stroke=SURFACE, title=said)
            if written and cell >= wide(number(value, decimals), 10.5) + 2:
                d.text(x + cell / 2, y + tall / 2 + 4, number(value, decimals), size=10.5, anchor="middle", fill=ink)
    return d.svg(top + tall * len(rows) + 2, "heat")


def _shade(value: float, middle: float | None, reach: float, levels: Levels | None) -> tuple[str, str]:
    if middle is not None and value < middle:
        k = min(int((middle - value) / reach * 4), 3)
        return BELOW[k], ON[4] if k == 3 else ON[0]
    if levels is not None:
        return levels.fill(value), levels.ink(value)
    k = min(int((value - (middle or 0.0)) / reach * 5), 4)
    return STEPS[max(k, 0)], ON[max(k, 0)]
