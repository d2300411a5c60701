"""What every chapter is told: the result, its year, its marks, where the figures come from; and how numbers are set."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from linli.core import clock

from ..charts import Frame
from ..charts.svg import number
from ..choices import ResultState
from ..queries.books import SeriesSource
from ..queries.explored import Explored
from ..queries.results import ResultView

WIDE = 690
"""Points a figure is drawn for: the width of the page's text."""


@dataclass(frozen=True, eq=False)
class Edition:
    """`sources`: series code -> where its cells were printed."""

    of: Explored
    year: int
    title: str
    made_at: datetime
    sources: tuple[SeriesSource, ...] = ()

    @property
    def row(self) -> ResultView:
        return self.of.opened.row

    @property
    def released(self) -> bool:
        return self.row.state == ResultState.RELEASED

    @property
    def marks(self) -> tuple[str, ...]:
        """What every page says where it holds: not released, experimental."""
        found = []
        if not self.released:
            found.append(_("内部稿"))
        if self.row.experimental:
            found.append(_("实验性"))
        return tuple(found)

    @property
    def mark(self) -> str:
        return " · ".join(self.marks)

    @property
    def before(self) -> int | None:
        years = self.of.subject.years
        at = years.index(self.year)
        return years[at - 1] if at else None

    @property
    def data_day(self) -> str:
        return _("数据截至 %(day)s") % {"day": f"{clock.local(self.row.cut):%Y-%m-%d}"}

    @property
    def provenance(self) -> str:
        """The line at the foot of every page."""
        parts = [_("结果 %(hash)s") % {"hash": self.row.short}, self.data_day, *self.marks]
        return " · ".join(parts)

    def foot(self, calibre: str = "") -> str:
        """The line under a figure: result, calibre, day."""
        said = calibre or _("%(name)s第 %(n)s 版") % {"name": self.row.framework, "n": self.row.edition}
        parts = [
            _("结果 %(hash)s") % {"hash": self.row.short},
            _("口径：%(calibre)s") % {"calibre": said},
            self.data_day,
        ]
        return " · ".join([*parts, *self.marks])

    def frame(self, title: str, desc: str = "", calibre: str = "", width: int = WIDE) -> Frame:
        return Frame(title, desc, self.foot(calibre), width)

    @property
    def scores_spread(self) -> bool:
        """Whether the replicates' scores stand on one scale: not where the way to normalise was varied."""
        factors = self.of.opened.summary.get("factors") or []
        paths = [str(f.get("path", "")) for f in factors]
        paths += [path for f in factors for option in f.get("options", ()) for path in option.get("patch", {})]
        return not any(path.startswith("normalise") for path in paths)

    def may_rank(self, code: str) -> bool:
        """Never the total of an experimental result, nor a node that stands on a provisional indicator there."""
        subject = self.of.subject
        if not self.row.experimental:
            return True
        framework = subject.result.framework
        return code != framework.root and all(subject.node(c).provenance == "sourced" for c in framework.under(code))

    @property
    def root(self) -> str:
        return self.of.subject.result.framework.root


def score(value: float | None) -> str:
    return number(value, 2)


def amount(value: float | None) -> str:
    """An indicator's own value: fewer decimals the larger it is."""
    if value is None or not math.isfinite(value):
        return "—"
    size = abs(value)
    return number(value, 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3)


def percent(value: float | None, decimals: int = 1) -> str:
    return "—" if value is None or not math.isfinite(value) else f"{value * 100:.{decimals}f}%"
