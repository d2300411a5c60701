"""Five steps of one hue for maps and tables; the cuts are printed beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .svg import number, present

STEPS = (
    "var(--fig-q1,#e6eff9)",
    "var(--fig-q2,#bcd6f0)",
    "var(--fig-q3,#82b1de)",
    "var(--fig-q4,#3d7fbf)",
    "var(--fig-q5,#0b4a8a)",
)
ON = (
    "var(--fig-on1,#16202e)",
    "var(--fig-on2,#16202e)",
    "var(--fig-on3,#16202e)",
    "var(--fig-on4,#ffffff)",
    "var(--fig-on5,#ffffff)",
)
BELOW = ("var(--fig-n1,#fbe9de)", "var(--fig-n2,#f0bc9a)", "var(--fig-n3,#d98149)", "var(--fig-n4,#b8460b)")
"""For values below the middle of a scale that has one."""


@dataclass(frozen=True, slots=True)
class Levels:
    """`cuts` rise; a value belongs to the step of the cuts at or below it."""

    cuts: tuple[float, ...]
    decimals: int = 1

    def step(self, value: float) -> int:
        return int(np.searchsorted(self.cuts, value, side="right"))

    def fill(self, value: float) -> str:
        return STEPS[self._shade(value)]

    def ink(self, value: float) -> str:
        return ON[self._shade(value)]

    def _shade(self, value: float) -> int:
        steps = len(self.cuts) or 1
        return round(self.step(value) * 4 / steps) if self.cuts else 2

    def words(self) -> list[tuple[str, str]]:
        """(colour, what it stands for) from the lowest step."""
        marks = [number(c, self.decimals) for c in self.cuts]
        said = [f"< {marks[0]}", *(f"{a}–{b}" for a, b in pairwise(marks)), f"≥ {marks[-1]}"] if marks else []  # fmt: skip
        return [(STEPS[round(k * 4 / len(self.cuts))], words) for k, words in enumerate(said)]


def quintiles(values: Sequence[float | None], decimals: int = 1) -> Levels:
    """As many units in each step as can be; fewer steps where values are equal."""
    there = present(values)
    if len(set(there)) < 2:
        return Levels((), decimals)
    cuts = sorted({round(float(q), decimals) for q in np.quantile(there, (0.2, 0.4, 0.6, 0.8))})
    return Levels(tuple(c for c in cuts if min(there) < c <= max(there)), decimals)
