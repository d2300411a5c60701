"""Two periods side by side: every number with its difference, its calibre and the list of its cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linli.core import clock
from linli.core.actor import Actor
from linli.response import board
from linli.response import queries as response
from linli.response.queries import CaseFilter
from linli.response.queries.happened import Ground
from linli.response.queries.periods import Period, Sums, period
from linli.territory import queries as territory

from . import drawings
from .forms import Asked

MOVERS = 10


@dataclass(frozen=True, slots=True)
class Pair:
    """One number now and before. `share`: both are per cents, and their difference is percentage points."""

    key: str
    label: str
    now: float | None
    before: float | None
    now_url: str
    before_url: str
    calibre: str = ""
    share: bool = False

    @property
    def step(self) -> int:
        """-1 less, 0 the same, 1 more; of nothing, 0."""
        if self.now is None or self.before is None:
            return 0
        now, before = (round(v, 1) if self.share else v for v in (self.now, self.before))  # as they are shown
        return (now > before) - (now < before)

    @property
    def word(self) -> str:
        if self.now is None or self.before is None:
            return _("不可比")
        return {1: _("▲ 增"), 0: _("＝ 持平"), -1: _("▼ 减")}[self.step]

    @property
    def difference(self) -> str:
        if self.now is None or self.before is None:
            return "—"
        far = round(self.now, 1) - round(self.before, 1) if self.share else self.now - self.before
        text = f"{far:+.1f}" if self.share else f"{far:+,.0f}"
        return (text.replace("-", "−") if self.step else "0") + (_(" 个百分点") if self.share and self.step else "")

    @property
    def percent(self) -> str:
        """The change in per cent of before; a dash for shares, and where there was nothing before."""
        if self.share or self.now is None or not self.before:
            return "—"
        if not self.step:
            return "0%"
        return f"{100 * (self.now - self.before) / self.before:+.1f}%".replace("-", "−")

    def said(self, value: float | None) -> str:
        if value is None:
            return "—"
        return f"{value:.1f}%" if self.share else f"{value:,.0f}"

    @property
    def now_said(self) -> str:
        return self.said(self.now)

    @property
    def before_said(self) -> str:
        return self.said(self.before)


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place or a class: what came in, what was closed in time, what stands."""

    code: str
    name: str
    opened: Pair
    closed: Pair
    rate: Pair
    open: Pair
    late: Pair


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything the page, the files and the brief say of two periods."""

    ground: Ground
    now: Period
    before: Period
    heads: list[Pair]
    places: list[PlaceRow]
    kinds: list[PlaceRow]

    @property
    def at(self) -> str:
        """Until when the later period is counted."""
        return f"{clock.local(self.now.end):%Y-%m-%d %H:%M}"

    @property
    def running(self) -> bool:
        """Whether today is part of it: it is not over yet."""
        return clock.today() in (self.now.last, self.before.last)

    @property
    def simulated(self) -> bool:
        return bool(self.now.all.simulated or self.before.all.simulated)

    @property
    def movers(self) -> list[PlaceRow]:
        """The classes that changed most."""
        moved = [k for k in self.kinds if k.opened.step]
        return sorted(moved, key=lambda k: (-abs((k.opened.now or 0) - (k.opened.before or 0)), k.code))[:MOVERS]


def compare(actor: Actor, ground: Ground, now: Asked, before: Asked) -> Comparison:
    """Two periods of a division (10 SQL). Raises Forbidden, Missing."""
    a, b = (period(actor, ground, p.first, p.last) for p in (now, before))
    return Comparison(ground, a, b, heads(ground, a, b), _places(ground, a, b), _kinds(ground, a, b))


def link(ground: Ground, found: Period, key: str, **more: str) -> str:
    """The list of the case page behind a number."""
    first, last = f"{found.first}", f"{found.last}"
    closed = {"closed_since": first, "closed_until": last}
    windows: Mapping[str, dict[str, str]] = {
        "opened": {"since": first, "until": last},
        "closed": closed,
        "rate": closed | {"on_time": "1"},
        "returned": closed | {"had": "return"},
        "reworked": closed | {"had": "rework"},
        "reopened": closed | {"had": "reopen"},
        "content": closed | {"rated": "said"},
        "open": {"open_on": last},
        "late": {"late_on": last},
    }
    place = {"subdistrict": ground.division} if ground.inside else {}
    kind = {} if not ground.kind else {"top" if ground.kind in board.tops() else "class_code": ground.kind}
    said = CaseFilter(**{**place, **kind, **windows[key], **more}).as_query()
    return f"{reverse('response:cases')}?{urlencode(said)}"


def _share(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


VALUES: dict[str, Callable[[Sums], float | None]] = {
    "opened": lambda s: s.opened,
    "closed": lambda s: s.closed,
    "rate": lambda s: _share(s.on_time, s.closed),
    "open": lambda s: s.open,
    "late": lambda s: s.late,
    "returned": lambda s: _share(s.returned, s.closed),
    "reworked": lambda s: _share(s.reworked, s.closed),
    "reopened": lambda s: _share(s.reopened, s.closed),
    "content": lambda s: _share(s.content, s.said),
}
SHARES = frozenset({"rate", "returned", "reworked", "reopened", "content"})


def words() -> dict[str, tuple[str, str]]:
    """Each number's name and calibre."""
    return {
        "opened": (_("受理"), _("这段时间里上报的，含后来不予立案的。")),
        "closed": (pgettext("figure", "结案"), _("最后一次结案在这段时间里的；结案后又重开、还没再结的不算。")),
        "rate": (_("按期结案率"), _("结案的里面，在整件事的办结时限（含批准的延期）之内结的占多少；没有时限的算按期。")),
        "open": (_("期末在办"), _("最后一天结束时（或现在）已上报、没有结案也没有终止的。")),
        "late": (_("期末超期"), _("期末在办的里面，已过整件事办结时限的；时限按现在登记的。")),
        "returned": (_("退单率"), _("结案的里面，办理中退过单的占多少。")),
        "reworked": (_("返工率"), _("结案的里面，核查没通过、返过工的占多少。")),
        "reopened": (_("重开率"), _("结案的里面，回访后重开过的占多少。")),
        "content": (_("满意率"), _("结案的里面，评价过的有多少满意或基本满意；没有评价的不算。")),
    }  # fmt: skip


def _pair(ground: Ground, key: str, sums: tuple[Sums, Sums], periods: tuple[Period, Period], **more: str) -> Pair:
    label, calibre = words()[key]
    values = [VALUES[key](s) for s in sums]
    urls = [link(ground, p, key, **more) for p in periods]
    return Pair(key, label, values[0], values[1], urls[0], urls[1], calibre, key in SHARES)


def heads(ground: Ground, now: Period, before: Period) -> list[Pair]:
    """The numbers of the whole ground."""
    return [_pair(ground, key, (now.all, before.all), (now, before)) for key in VALUES]


def _row(ground: Ground, code: str, name: str, sums: tuple[Sums, Sums], periods: tuple[Period, Period], **more: str) -> PlaceRow:  # fmt: skip
    pairs = (_pair(ground, key, sums, periods, **more) for key in ("opened", "closed", "rate", "open", "late"))
    return PlaceRow(code, name, *pairs)


def _places(ground: Ground, now: Period, before: Period) -> list[PlaceRow]:
    """Every place, those where nothing happened too; most reported first."""
    known = {v.code: v.short_name for v in territory.divisions(12 if ground.inside else 9, ground.division)}
    name = "community" if ground.inside else "subdistrict"
    rows = []
    for code in [*known, *sorted((now.places.keys() | before.places.keys()) - known.keys())]:
        sums = (now.places.get(code, Sums()), before.places.get(code, Sums()))
        more = {name: code} if code else {}
        unknown = (
            territory.division_name(code, short=True) if code else _("未分到社区") if ground.inside else _("未分到街道")
        )
        row = _row(ground, code, known.get(code) or unknown, sums, (now, before), **more)
        rows.append(row)
    return sorted(rows, key=lambda r: (-(r.opened.now or 0), -(r.opened.before or 0), r.code))


def _kinds(ground: Ground, now: Period, before: Period) -> list[PlaceRow]:
    names = board.tops() if not ground.kind else {v.code: v.name for v in response.classes()}
    rows = []
    for code in sorted(now.kinds.keys() | before.kinds.keys()):
        sums = (now.kinds.get(code, Sums()), before.kinds.get(code, Sums()))
        more = {"class_code": code} if ground.kind else {"top": code}
        rows.append(_row(ground, code, names.get(code, code), sums, (now, before), **more))
    return sorted(rows, key=lambda r: (-(r.opened.now or 0), r.code))


# --- figures ----------------------------------------------------------------------------------------------------
MEASURES = ("opened", "closed", "open", "late")


def map_figure(found: Comparison, measure: str, width: int = 640) -> str:
    """The division coloured by the change of one number."""
    counts = {p.code: (int(getattr(p, measure).now or 0), int(getattr(p, measure).before or 0)) for p in found.places}
    title = _("%(what)s的变化，%(now)s 与 %(before)s") % {"what": words()[measure][0], "now": _span(found.now), "before": _span(found.before)}  # fmt: skip
    return drawings.change_map(found.ground.division, counts, title, width)


def hours_figure(found: Comparison, width: int = 560) -> str:
    """Reported by the hour of the day."""
    title = _("每小时受理，%(now)s 与 %(before)s") % {"now": _span(found.now), "before": _span(found.before)}
    labels = [f"{h}" for h in range(24)]
    return drawings.columns(
        found.now.hours, found.before.hours, labels, title, (_span(found.now), _span(found.before)), width
    )


def weekdays_figure(found: Comparison, width: int = 560) -> str:
    """Reported by the day of the week."""
    title = _("一周各天受理，%(now)s 与 %(before)s") % {"now": _span(found.now), "before": _span(found.before)}
    labels = [_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日")]
    names = (_span(found.now), _span(found.before))
    return drawings.columns(found.now.weekdays, found.before.weekdays, labels, title, names, width)


def _span(found: Period) -> str:
    first, last = (f"{d:%m-%d}" if d.year == clock.today().year else f"{d}" for d in (found.first, found.last))
    return first if found.first == found.last else f"{first}～{last}"
