"""The drawing of a topic: cases by week as bars, the week of its adoption and the weeks of its measures marked. Geometry only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from .queries.topic_cases import Week

HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 176, 30, 8, 34, 24


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws, in units of the drawing."""

    width: int
    height: int
    floor: int
    bars: list[tuple[float, float, float, float, str, bool]]  # x, y, width, height, words, after the adoption
    marks: list[tuple[float, int, str]]  # x, how many measures were done, words
    adopted: float | None
    ticks: list[tuple[float, int]]
    days: list[tuple[float, str, str]]  # x, words, anchor
    say: str


def chart(weeks: Sequence[Week], width: int) -> Chart:
    """Draw these weeks `width` wide."""
    most = max([w.count for w in weeks] + [2])
    top = most + most % 2
    floor = HEIGHT - BOTTOM
    step = (width - LEFT - RIGHT) / max(len(weeks), 1)
    scale = (floor - TOP) / top
    bars, marks, adopted = [], [], None
    for n, week in enumerate(weeks):
        x = LEFT + n * step
        if week.measures:
            marks.append((round(x + step / 2, 1), week.measures, _("完成 %(n)s 项措施") % {"n": week.measures}))
        words = _("%(day)s 起一周：%(n)s 件") % {"day": f"{week.monday:%m-%d}", "n": week.count}
        high = week.count * scale
        bars.append(
            (
                round(x + step * 0.15, 1),
                round(floor - high, 1),
                round(step * 0.7, 1),
                round(high, 1),
                words,
                adopted is not None,
            )
        )
        if week.adopted:  # the week of the adoption still tells what was before it
            adopted = round(x + step, 1)
    ticks = [(round(floor - n * scale, 1), n) for n in (0, top // 2, top)]
    days = []
    for n in sorted({0, len(weeks) // 2, len(weeks) - 1}) if weeks else ():
        anchor = "start" if n == 0 else "end" if n == len(weeks) - 1 else "middle"
        x = LEFT + (n + (0 if n == 0 else 1 if anchor == "end" else 0.5)) * step
        days.append((round(x, 1), f"{weeks[n].monday:%m-%d}", anchor))
    return Chart(width, HEIGHT, floor, bars, marks, adopted, ticks, days, _say(weeks))


def _say(weeks: Sequence[Week]) -> str:
    words = _("%(weeks)s 周共 %(n)s 件。") % {"weeks": len(weeks), "n": sum(w.count for w in weeks)}
    at = next((n for n, w in enumerate(weeks) if w.adopted), None)
    if at is None:
        return words
    return words + _("到立题那一周 %(before)s 件，以后 %(after)s 件。") % {
        "before": sum(w.count for w in weeks[: at + 1]),
        "after": sum(w.count for w in weeks[at + 1 :]),
    }
