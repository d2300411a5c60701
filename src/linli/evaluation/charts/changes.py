"""From one score to the next: what each part added or took, adding up exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from .svg import INK3, LINE, MAIN, MINUS, Drawing, Frame, Scale, cut, number, wide

STEP = 24.0


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    value: float


def waterfall(before: Part, parts: Sequence[Part], after: Part, frame: Frame, *, decimals: int = 2) -> str:
    """The first and last bar are scores, between them every part starts where the one above ended. What the parts leave
    over (they should leave nothing) is shown as a part of its own, never hidden.
    """
    shown = list(parts)
    rest = after.value - before.value - sum(p.value for p in parts)
    if abs(rest) > 0.5 * 10**-decimals:
        shown.append(Part(_("其余"), rest))
    d = Drawing(frame)
    rows = [before.name, *(p.name for p in shown), after.name]
    left = min(max(wide(name, 12.5) for name in rows) + 10, frame.width * 0.42)
    steps = [before.value]
    for p in shown:
        steps.append(steps[-1] + p.value)
    low, high = min(*steps, after.value), max(*steps, after.value)
    pad = (high - low) * 0.12 or 1.0
    room = wide(number(-high, decimals, True), 12) + 14
    scale = Scale(low - pad, high + pad, left + 8 + room * 0.6, frame.width - room)
    y = d.top + STEP / 2 + 4
    for k, name in enumerate(rows):
        whole = k in (0, len(rows) - 1)
        d.text(left, y + 4.5, cut(name, 12.5, left), size=12.5, anchor="end", weight=700 if whole else 400)
        if whole:
            value = (before if k == 0 else after).value
            d.circle(scale(value), y, 5, fill=INK3)
            d.text(scale(value) + 11, y + 4.5, number(value, decimals), weight=700)
        else:
            value = shown[k - 1].value
            a, b = sorted((scale(steps[k - 1]), scale(steps[k])))
            words = number(value, decimals, True)
            d.rect(a, y - 7, max(b - a, 1.2), 14, fill=MINUS if value < 0 else MAIN, title=f"{name} {words}")
            if value < 0:
                d.text(a - 6, y + 4.5, words, anchor="end")
            else:
                d.text(b + 6, y + 4.5, words)
        if k < len(rows) - 1:
            at = scale(steps[min(k, len(steps) - 1)])
            d.line(at, y + (6 if whole else 8), at, y + STEP - 8, stroke=INK3, width=0.8, dash="2 2")
        y += STEP
    d.line(0, y - STEP * 1.5, frame.width, y - STEP * 1.5, stroke=LINE, width=0.8)
    return d.svg(y - STEP / 2 + 4, "waterfall")
