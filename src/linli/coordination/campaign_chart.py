"""The drawing of a campaign: cases a day as bars, the same weekday before it began as a stepped line. Geometry only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from .campaign_rules import DayCount

HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 190, 34, 8, 10, 24


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws, in units of the drawing."""

    width: int
    height: int
    bars: list[tuple[float, float, float, float, str, date]]  # x, y, width, height, words, day
    line: str
    ticks: list[tuple[float, int]]
    days: list[tuple[float, str, str]]  # x, words, anchor
    say: str


def chart(found: Sequence[DayCount], width: int) -> Chart:
    """Draw these days `width` wide."""
    most = max([d.count or 0 for d in found] + [d.usual for d in found] + [2])
    top = int(most) + 1 + (int(most) + 1) % 2
    floor, step = HEIGHT - BOTTOM, (width - LEFT - RIGHT) / max(len(found), 1)
    scale = (floor - TOP) / top
    bars = []
    line = f"M{LEFT} {floor - found[0].usual * scale:.1f}" if found else ""
    for n, one in enumerate(found):
        x = LEFT + n * step
        line += f"V{floor - one.usual * scale:.1f}H{x + step:.1f}"
        if one.count is not None:
            high = one.count * scale
            words = _("%(day)s：%(n)s 件，之前同一星期几平均 %(usual)s 件") % {
                "day": f"{one.day:%m-%d}", "n": one.count, "usual": f"{one.usual:.1f}",
            }  # fmt: skip
            bars.append(
                (
                    round(x + step * 0.15, 1),
                    round(floor - high, 1),
                    round(step * 0.7, 1),
                    round(high, 1),
                    words,
                    one.day,
                )
            )
    days = []
    for n in sorted({0, len(found) // 2, len(found) - 1}) if found else ():
        anchor = "start" if n == 0 else "end" if n == len(found) - 1 else "middle"
        x = LEFT + (n + (0 if n == 0 else 1 if anchor == "end" else 0.5)) * step
        days.append((round(x, 1), f"{found[n].day:%m-%d}", anchor))
    ticks = [(round(floor - n * scale, 1), n) for n in (0, top // 2, top)]
    return Chart(width, HEIGHT, bars, line, ticks, days, _say(found))


def _say(found: Sequence[DayCount]) -> str:
    gone = [d for d in found if d.count is not None]
    usual = sum(d.usual for d in gone)
    words = _("%(days)s 天受理 %(n)s 件，按之前同一星期几的平均应有 %(usual)s 件。") % {
        "days": len(gone), "n": sum(d.count or 0 for d in gone), "usual": f"{usual:.0f}",
    }  # fmt: skip
    return words if gone else _("还没有开始。")
