"""Lists of summons: of a division or of the bodies that were called; what waits for whom; counts by body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Invalid
from linli.flow import queries as flow
from linli.flow.models import Matter
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .. import permissions
from ..answering import OWES
from ..choices import AnswerMode, AnswerState, Verdict
from ..models import SummonsAnswer
from ..rules import SUMMONS
from .calls import kind_name, number_of, own_bodies

TABS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "open": (gettext_lazy("待响应"), ("called",)),
    "judging": (gettext_lazy("待评定"), ("judging",)),
    "failed": (gettext_lazy("提请共商"), ("failed", "tabled", "following")),
    "all": (gettext_lazy("全部"), ()),
}
PARTS: dict[str, tuple[Any, Q]] = {
    "called": (gettext_lazy("被吹哨"), ~Q(state=AnswerState.RELEASED)),
    "on_time": (gettext_lazy("按时"), Q(state__in=(AnswerState.ARRIVED, AnswerState.ANSWERED), late=False)),
    "late": (gettext_lazy("迟到"), Q(state__in=(AnswerState.ARRIVED, AnswerState.ANSWERED), late=True)),
    "missed": (gettext_lazy("逾期未响应"), Q(state=AnswerState.MISSED)),
    "waiting": (gettext_lazy("还在时限内"), Q(state__in=(AnswerState.ASKED, AnswerState.SIGNED))),
    "settled": (gettext_lazy("评定已解决"), Q(verdict=Verdict.DONE) & ~Q(state=AnswerState.RELEASED)),
}
"""How a body's part counts. The second to the fifth add up to the first."""


@dataclass(frozen=True, slots=True)
class SummonsFilter:
    """What the address of the list says. `view`: of the area, or of the actor's bodies; `part` goes with `body`."""

    tab: str = "open"
    view: str = ""
    subdistrict: str = ""
    body: str = ""
    part: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> SummonsFilter:
        """Unknown values are left out; a mistyped day is refused (Invalid)."""
        said = {f.name: str(given.get(f.name, "")).replace("\0", "")[:20] for f in fields(cls)}
        said["tab"] = said["tab"] if said["tab"] in TABS else "open"
        said["part"] = said["part"] if said["part"] in PARTS else ""
        for name in ("body", "subdistrict"):
            if not (said[name].isascii() and said[name].isdigit() and len(said[name]) < 19):
                said[name] = ""
        for name in ("since", "until"):
            _day(said[name], name)
        return cls(**said)

    def as_query(self) -> dict[str, str]:
        """The values that are said, in the order of the address."""
        said = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}
        if said.get("tab") == "open":
            del said["tab"]
        return said

    def but(self, **changes: str) -> SummonsFilter:
        return replace(self, **changes)


def _day(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        if not 2000 < day.year < 2100:
            raise ValueError(text)
    except ValueError:
        sentence = _("日期要写成 2026-11-22 这样。")
        raise Invalid("bad_day", sentence, fields={name: [sentence]}) from None
    return day


def views_of(actor: Actor) -> list[str]:
    """The lists that this actor has: of an area, of bodies; two lists, never an OR."""
    found = ["area"] if actor.kind == "system" or actor.holds(permissions.WATCH_KINDS) else []
    return found + (["body"] if actor.bodies(permissions.BODY_KINDS) else [])


def _scope(actor: Actor, wanted: SummonsFilter) -> QuerySet[Matter]:
    rows = Matter.objects.filter(kind=SUMMONS.kind)
    views = views_of(actor)
    view = wanted.view if wanted.view in views else next(iter(views), "")
    if view == "body":
        return rows.filter(pk__in=SummonsAnswer.objects.filter(body_id__in=own_bodies(actor)).values("summons_id"))
    if view != "area":
        return rows.none()
    if actor.kind == "system":
        return rows
    condition = flow.in_area({p.division for p in actor.posts if p.kind in permissions.WATCH_KINDS and p.division})
    return rows if condition is None else rows.filter(condition)


def _period(wanted: SummonsFilter, through: str = "") -> Q:
    """Opened from the first to the last day, both included, as days in Shanghai."""
    found = Q()
    if (first := _day(wanted.since, "since")) is not None:
        found &= Q(**{f"{through}opened_at__gte": datetime.combine(first, time(), clock.SHANGHAI)})
    if (last := _day(wanted.until, "until")) is not None:
        found &= Q(**{f"{through}opened_at__lt": datetime.combine(last + timedelta(days=1), time(), clock.SHANGHAI)})
    return found


def _matching(actor: Actor, wanted: SummonsFilter) -> QuerySet[Matter]:
    """Everything but the tab."""
    rows = _scope(actor, wanted).filter(_period(wanted))
    if wanted.subdistrict:
        rows = rows.filter(subdistrict=wanted.subdistrict)
    if wanted.body or wanted.part:
        parts = SummonsAnswer.objects.filter(PARTS[wanted.part or "called"][1])
        if wanted.body:
            parts = parts.filter(body_id__in=organisations.family(int(wanted.body)))
        if wanted.part:  # a number of the statistics: those leave withdrawn ones out
            rows = rows.exclude(stage="withdrawn")
        rows = rows.filter(pk__in=parts.values("summons_id"))
    return rows


@dataclass(frozen=True, slots=True)
class Row:
    """A summons in a list. `parts` are (name of the body, its state, the state's label, late)."""

    id: int
    number: str
    kind: str
    place: str
    subdistrict: str
    stage: str
    stage_label: Any
    due_at: datetime | None
    opened_at: datetime
    ended: bool
    simulated: bool
    parts: list[tuple[str, str, Any, bool]]


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Row]
    counts: dict[str, int]
    next_after: str


def page(actor: Actor, wanted: SummonsFilter, *, after: str = "", limit: int = 50) -> Page:
    """One page, the newest first (3 SQL), with how many each tab holds."""
    rows = _matching(actor, wanted)
    tallied = dict.fromkeys(SUMMONS.stages, 0) | dict(rows.order_by().values_list("stage").annotate(n=Count("pk")))
    counts = {tab: sum(tallied[s] for s in stages or tallied) for tab, (_label, stages) in TABS.items()}
    if stages := TABS[wanted.tab][1]:
        rows = rows.filter(stage__in=stages)
    if after.isascii() and after.isdigit() and len(after) < 19:
        rows = rows.filter(pk__lt=int(after))
    found = list(rows.select_related("summons__kind").order_by("-pk")[: limit + 1])
    shown = found[:limit]
    return Page(rows_of(shown), counts, str(shown[-1].pk) if len(found) > limit else "")


def rows_of(matters: Iterable[Matter]) -> list[Row]:
    """These summons as rows (1 SQL); their `summons` is selected already."""
    shown = list(matters)
    parts: dict[int, list[tuple[str, str, Any, bool]]] = {m.pk: [] for m in shown}
    for p in SummonsAnswer.objects.filter(summons_id__in=parts).order_by("id"):
        name = organisations.body_name(p.body_id, short=True)
        parts[p.summons_id].append((name, p.state, AnswerState(p.state).label, p.late))
    return [_row(m, parts[m.pk]) for m in shown]


def _row(m: Matter, parts: list[tuple[str, str, Any, bool]]) -> Row:
    summons: Any = m.summons  # type: ignore[attr-defined]
    return Row(
        m.pk, number_of(m), kind_name(summons.kind), summons.place,
        territory.division_name(m.subdistrict, short=True), m.stage, SUMMONS.stages[m.stage].label, m.due_at,
        m.opened_at, m.ended_at is not None, m.simulated, parts,
    )  # fmt: skip


def on_board(actor: Actor, division: str, limit: int = 12) -> list[Row]:
    """What waits for bodies or for a verdict in a division, the most urgent first (2 SQL)."""
    rows = _matching(actor, SummonsFilter(subdistrict=division if len(division) == 9 else ""))
    live = rows.filter(stage__in=("called", "judging"), ended_at=None).select_related("summons__kind")
    return rows_of(live.order_by("due_at", "pk")[:limit])


# --- by body ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Tally:
    """How often a body was called and what came of it. Bodies are counted, never persons."""

    body_id: int
    body: str
    counts: Mapping[str, int]

    @property
    def on_time_share(self) -> float | None:
        """Per cent of the calls whose time has run out or that were answered; None where there is none yet."""
        due = self.counts["called"] - self.counts["waiting"]
        return 100 * self.counts["on_time"] / due if due else None


def by_body(actor: Actor, wanted: SummonsFilter) -> list[Tally]:
    """Each body that was called in this scope and period, the most often called first (2 SQL). Withdrawn ones are
    left out; a body that was merged counts with the one that answers for it."""
    plain = wanted.but(body="", part="", tab="all")
    ids = _matching(actor, plain).exclude(stage="withdrawn").values("pk")
    parts = SummonsAnswer.objects.filter(summons_id__in=ids).exclude(state=AnswerState.RELEASED)
    if wanted.view == "body" or views_of(actor) == ["body"]:
        parts = parts.filter(body_id__in=own_bodies(actor))
    found: dict[int, dict[str, int]] = {}
    for body_id, state, late, verdict in parts.values_list("body_id", "state", "late", "verdict"):
        counts = found.setdefault(organisations.resolve(body_id), dict.fromkeys(PARTS, 0))
        counts["called"] += 1
        counts[_kind_of(state, late)] += 1
        counts["settled"] += verdict == Verdict.DONE
    rows = [Tally(pk, organisations.body_name(pk), counts) for pk, counts in found.items()]
    return sorted(rows, key=lambda t: (-t.counts["called"], t.body))


def _kind_of(state: str, late: bool) -> str:
    if state == AnswerState.MISSED:
        return "missed"
    if state in (AnswerState.ASKED, AnswerState.SIGNED):
        return "waiting"
    return "late" if late else "on_time"


# --- what waits ---------------------------------------------------------------------------------------------------
def owing(actor: Actor) -> QuerySet[Matter] | None:
    """The summons in which a body of the actor still owes its answer."""
    bodies = own_bodies(actor)
    if not bodies:
        return None
    parts = SummonsAnswer.objects.filter(body_id__in=bodies, state__in=OWES).values("summons_id")
    return Matter.objects.filter(kind=SUMMONS.kind, ended_at=None, stage__in=("called", "judging"), pk__in=parts)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A summons in an inbox: what this actor is asked, and by when."""

    row: Row
    asked: str
    due_at: datetime | None
    bodies: str


def waiting(actor: Actor, matters: Iterable[Matter]) -> dict[int, Waiting]:
    """By matter (3 SQL)."""
    ids = [m.pk for m in matters]
    found = list(Matter.objects.filter(pk__in=ids).select_related("summons__kind"))
    mine: dict[int, SummonsAnswer] = {}
    for part in SummonsAnswer.objects.filter(summons_id__in=ids, body_id__in=own_bodies(actor), state__in=OWES):
        mine.setdefault(part.summons_id, part)
    return {row.id: _waiting(row, mine.get(row.id)) for row in rows_of(found)}


def _waiting(row: Row, part: SummonsAnswer | None) -> Waiting:
    names = _("、").join(name for name, *_rest in row.parts)
    if part is not None:
        return Waiting(row, _asked(part), part.due_at, names)
    word = {"judging": _("请您评定"), "failed": _("可列入共商议程")}.get(row.stage, "")
    return Waiting(row, word, row.due_at, names)


def _asked(part: SummonsAnswer) -> str:
    if part.state == AnswerState.MISSED:
        return _("已逾期，仍请答复")
    if part.state == AnswerState.ARRIVED:
        return _("已到场，等您答复")
    return _("请您单位到场") if part.mode == AnswerMode.ON_SITE else _("请您单位书面答复")
