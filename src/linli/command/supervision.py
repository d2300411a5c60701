"""督办: what was reminded of, supervised or escalated and is still open, with who pressed last and how long ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from linli.core import clock
from linli.response import queries as response
from linli.response.board import Look
from linli.site import urgency

from . import walls


@dataclass(frozen=True, slots=True)
class Pressed:
    """A case under pressure. `by` is '' where the ladder of time limits pressed by itself."""

    line: walls.Line
    how: str
    by: str
    at: datetime
    ago: str
    often: str

    @property
    def say(self) -> str:
        """`督办，王敏，3 小时前`"""
        return "，".join([self.how, self.by or _("按时限规则自动"), self.ago])


def pressed(look: Look, limit: int) -> list[Pressed]:
    """Supervised ones first, then escalated, then reminded; of each the most urgent first (3 SQL)."""
    found = look.pressed()[:limit]
    known = response.presses([spot.id for spot in found])
    lines = walls.lines([spot for spot in found if spot.id in known], look.now)
    return [_pressed(line, known[line.id], look.now) for line in lines]


def _pressed(line: walls.Line, press: response.Press, now: datetime) -> Pressed:
    times = [
        words % {"n": n}
        for words, n in ((_("督办 %(n)s 次"), press.supervised), (_("催办 %(n)s 次"), press.reminded))
        if n
    ]
    ago = _("%(span)s前") % {"span": urgency.span((now - press.at).total_seconds())}
    return Pressed(line, str(press.label), press.by, clock.local(press.at), ago, "，".join(times) or _("已提级"))
