"""The geometry of the small drawing of arrivals by the hour: today as bars, the same weekday a week ago as a stepped line."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

WIDTH, HEIGHT = 280, 132
LEFT, TOP, BOTTOM = 40, 8, 22  # room for the figures of the axes
STEP = (WIDTH - LEFT - 4) / 24


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws and what the page's script sets anew. All numbers are in units of the drawing."""

    bars: list[tuple[float, float, float, float]]  # x, y, width, height: one an hour
    line: str
    ticks: list[tuple[float, int]]  # y, figure
    hours: list[tuple[float, str]]  # x, figure
    say: str
    height: int = HEIGHT

    @property
    def foot(self) -> int:
        """Where the figures of the hours stand."""
        return self.height - 5

    def as_data(self) -> dict[str, object]:
        """For the page's script."""
        return {"bars": self.bars, "line": self.line, "ticks": self.ticks, "say": self.say}


def nice_top(most: int) -> int:
    """The smallest of 4, 10, 20, 40, 60, 100, 200 … that is not below `most`: its half is whole as well."""
    size = 1
    while True:
        for lead in (4, 10, 20, 40, 60):
            if lead * size >= most:
                return lead * size
        size *= 10


def chart(today: tuple[int, ...], week_ago: tuple[int, ...], hour_now: int, height: int = HEIGHT) -> Chart:
    """Draw 24 hours; hours to come have no bar."""
    floor = height - BOTTOM
    top = nice_top(max((*today, *week_ago), default=0))
    scale = (floor - TOP) / top

    def y(n: int) -> float:
        return round(floor - n * scale, 1)

    bars = [
        (round(LEFT + h * STEP + STEP * 0.18, 1), y(n), round(STEP * 0.64, 1), round(n * scale, 1))
        for h, n in enumerate(today)
    ]
    line = f"M{LEFT} {y(week_ago[0])}" + "".join(
        f"V{y(n)}H{round(LEFT + (h + 1) * STEP, 1)}" for h, n in enumerate(week_ago)
    )
    ticks = [(y(n), n) for n in (0, top // 2, top)]
    labels = [(round(LEFT + h * STEP, 1), str(h)) for h in (0, 6, 12, 18)]
    return Chart(bars, line, ticks, labels, sentence(today, week_ago, hour_now), height)


def sentence(today: tuple[int, ...], week_ago: tuple[int, ...], hour_now: int) -> str:
    """What the drawing says, for those who cannot see it."""
    words = _("今天到现在受理 %(today)d 件；上周同日到这个钟点 %(before)d 件，全天 %(all)d 件。") % {
        "today": sum(today),
        "before": sum(week_ago[: hour_now + 1]),
        "all": sum(week_ago),
    }
    if not any(today):
        return words
    most = max(range(24), key=lambda h: today[h])
    return words + _("今天 %(hour)d 时最多，%(n)d 件。") % {"hour": most, "n": today[most]}
