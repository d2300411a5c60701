"""全响应: who answered what share, as a drawing, a table and files. The numbers are those of queries.shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.actor import Actor
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, csv_response, write_csv, xlsx_response
from linli.organisations.choices import SOCIETY
from linli.territory import queries as territory

from .. import permissions
from ..queries.shares import GROUPS, SUBJECTS, Part, Shares, Subject, shares
from .cases import Select
from .offers import _tabs

DAYS = 30
SOCIETY_GROUP = next(g for g in GROUPS if set(SOCIETY) <= set(g.kinds))
BAR, GAP = 20, 10
WIDE, NARROW = (720, 150, 96), (360, 84, 84)  # of the drawing: whole, left of the bars, right of them


@dataclass(frozen=True, slots=True)
class Range:
    """What the address asks for: whole days in Shanghai, both included."""

    division: str
    since: date
    until: date
    problem: str = ""

    @property
    def start(self) -> datetime:
        return datetime.combine(self.since, time(), clock.SHANGHAI)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.until + timedelta(days=1), time(), clock.SHANGHAI)

    def query(self) -> str:
        return f"?division={self.division}&since={self.since}&until={self.until}"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: counts, and percentages that are empty where nothing was counted."""

    label: Any
    closed: int
    share: str
    on_time: str
    content: str
    rated: int
    head: bool = False
    indent: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the drawing: its words, where it lies, its pieces (class, x, width) and what stands at its end."""

    label: str
    y: int
    pieces: tuple[tuple[str, float, float], ...]
    end: float
    say: str


def percent(part: int, whole: int) -> str:
    """93.2%, or a dash where there is nothing to divide by."""
    return f"{100 * part / whole:.1f}%" if whole else "—"


def home(actor: Actor) -> str:
    """The widest division that the actor may read."""
    held = sorted({p.division for p in actor.posts if p.kind in permissions.SHARE_KINDS and p.division}, key=len)
    return held[0] if held else ""


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip()) if len(text.strip()) == 10 else None
    except ValueError:
        return None
    return day if day is not None and 2000 <= day.year < 2100 else None


def wanted(request: HttpRequest, actor: Actor) -> Range:
    """From the address; what cannot be read is said and replaced by the last thirty days."""
    today, problem = clock.today(), ""
    division = request.GET.get("division", "").replace("\0", "")[:12] or home(actor)
    if len(division) not in (6, 9) or territory.division(division) is None:
        division = home(actor)
    said = {n: request.GET.get(n, "") for n in ("since", "until")}
    days = {n: _day(text) for n, text in said.items()}
    if any(text and days[n] is None for n, text in said.items()):
        problem = _("日期要写成 2026-11-22 这样。")
    until = days["until"] or today
    since = days["since"] or until - timedelta(days=DAYS - 1)
    if since > until:
        since, until, problem = until, since, problem or _("起始日在截止日之后，已经对调。")
    return Range(division, since, until, problem)


@require_safe
@never_cache
@require(*permissions.SHARE_KINDS)
def page(request: ActorRequest) -> HttpResponse:
    """`/shares/?division=&since=&until=`."""
    asked = wanted(request, request.actor)
    found = shares(request.actor, division=asked.division, since=asked.start, until=asked.end)
    context = {
        "asked": asked,
        "name": territory.division_name(asked.division),
        "total": found.whole.total,
        "lines": lines(found.whole),
        "groups": [
            (g, found.whole.of(g.kinds).closed, percent(found.whole.of(g.kinds).closed, found.whole.total))
            for g in GROUPS
        ],
        "drawings": [(size, *bars(found, *shape)) for size, shape in (("wide", WIDE), ("slim", NARROW))],
        "height": (len(found.places) or 1) * (BAR + GAP) + GAP,
        "places": cross(found.places, _place_name),
        "tops": cross(found.tops, _top_name),
        "definition": definition(),
        "columns": [g.label for g in GROUPS],
        "divisions": _divisions(request.actor, asked.division),
        **_tabs(request, "shares"),
    }
    return render(request, "response/shares.html", context)


def _divisions(actor: Actor, chosen: str) -> Select | None:
    """The divisions that this actor may choose among; nothing where there is one."""
    every = [(d.code, d.name) for size in (6, 9) for d in territory.divisions(size)]
    mine = [(code, name) for code, name in every if permissions.can_read_shares(actor, code)]
    return Select("division", _("区划"), "", mine, chosen) if len(mine) > 1 else None


def lines(whole: Part) -> list[Line]:
    """The main table: each group of subjects, and below it its kinds where it has several."""
    found: list[Line] = []
    for group in GROUPS:
        kinds = [s for s in SUBJECTS if s.group == group.token]
        found.append(_line(group, whole, head=True))
        found += [_line(s, whole, indent=True) for s in kinds if len(kinds) > 1 and whole.of(s.kinds).closed]
    every = Subject("", _("合计"), "", tuple(whole.by_kind))
    return [*found, _line(every, whole, head=True)] if whole.total else found


def _line(subject: Subject, whole: Part, *, head: bool = False, indent: bool = False) -> Line:
    n = whole.of(subject.kinds)
    return Line(
        subject.label,
        n.closed,
        percent(n.closed, whole.total),
        percent(n.on_time, n.closed),
        percent(n.content, n.rated),
        n.rated,
        head,
        indent,
    )


def cross(parts: Iterable[Part], name: Any) -> list[tuple[str, int, list[tuple[int, str]]]]:
    """Rows of the tables by subdistrict and by top class: the total, then each group's number and share."""
    return [
        (
            name(part),
            part.total,
            [(part.of(g.kinds).closed, percent(part.of(g.kinds).closed, part.total)) for g in GROUPS],
        )
        for part in parts
    ]


def _place_name(part: Part) -> str:
    return territory.division_name(part.code, short=True) if part.code else _("未定位")


def _top_name(part: Part) -> str:
    return part.name_en if (get_language() or "").startswith("en") and part.name_en else part.name


def bars(found: Shares, width: int, left: int, right: int) -> tuple[int, int, list[Bar]]:
    """Width, where the names end, and one stacked bar a subdistrict, as long as its matters against the most."""
    most = max((p.total for p in found.places), default=0)
    scale = (width - left - right) / most if most else 0
    drawn = []
    for n, part in enumerate(found.places):
        x, pieces = float(left), []
        for group in GROUPS:
            if count := part.of(group.kinds).closed:
                pieces.append((group.token, round(x, 1), round(max(count * scale, 1), 1)))
                x += count * scale
        society = percent(part.of(SOCIETY_GROUP.kinds).closed, part.total)
        say = f"{part.total} · {society}"
        drawn.append(Bar(_place_name(part), GAP + n * (BAR + GAP), tuple(pieces), round(x + 6, 1), say))
    return width, left - 8, drawn


# --- files ------------------------------------------------------------------------------------------------
def _columns() -> list[Column]:
    words = (
        ("scope", _("范围"), "Scope", Kind.TEXT),
        ("part", _("街道或大类"), "Subdistrict or top class", Kind.TEXT),
        ("subject", _("响应主体"), "Subject", Kind.TEXT),
        ("closed", _("结案数"), "Closed", Kind.INTEGER),
        ("total", _("同范围全部结案数"), "All closed in the scope", Kind.INTEGER),
        ("on_time", _("按期"), "On time", Kind.INTEGER),
        ("rated", _("评价了的"), "Rated", Kind.INTEGER),
        ("content", _("满意和基本满意"), "Satisfied or fairly", Kind.INTEGER),
    )
    return [Column(key, label, english, kind) for key, label, english, kind in words]


def _rows(found: Shares) -> Iterator[tuple[Any, ...]]:
    scopes: list[tuple[str, Iterable[Part], Any]] = [
        (_("全部"), [found.whole], lambda p: territory.division_name(found.division)),
        (_("分街道"), found.places, _place_name),
        (_("分大类"), found.tops, _top_name),
    ]
    for scope, parts, name in scopes:
        for part in parts:
            for subject in SUBJECTS:
                n = part.of(subject.kinds)
                if n.closed or part is found.whole:
                    yield (scope, name(part), str(subject.label), n.closed, part.total, n.on_time, n.rated, n.content)


def definition() -> list[tuple[str, str]]:
    """The measure in words, on the page and in the files alike."""
    return [
        (
            _("分子"),
            _("时间范围内结案、由这类主体反馈处理结果的事项数。没有派给任何单位、由热线当场答复的，算热线直接答复。"),
        ),
        (_("分母"), _("同一时间范围、同一区划里结案的全部事项数。并入主案的不另计，拆分的各部分分别计。")),
        (_("按期"), _("分母是这类主体的结案数，分子是首次结案不晚于办结时限的。社会力量认领的，时限从认领起算。")),
        (_("满意"), _("分母是回访或居民评价里说了满意程度的事项数，分子是满意和基本满意。")),
        (_("时间和区划"), _("按结案时间；重开过的按最后一次结案。区划按现在的管辖。")),
    ]


def _found(request: ActorRequest) -> tuple[Range, Shares]:
    asked = wanted(request, request.actor)
    return asked, shares(request.actor, division=asked.division, since=asked.start, until=asked.end)


def _file(asked: Range) -> str:
    return f"responses-{asked.division}-{asked.since:%Y%m%d}-{asked.until:%Y%m%d}"


@require_safe
@never_cache
@require(*permissions.SHARE_KINDS)
def as_xlsx(request: ActorRequest) -> Any:
    asked, found = _found(request)
    about = [(_("时间"), f"{asked.since} — {asked.until}"), *definition()]
    return xlsx_response(_file(asked), [Sheet(_("全响应"), _columns(), _rows(found))], about=about)


@require_safe
@never_cache
@require(*permissions.SHARE_KINDS)
def as_csv(request: ActorRequest) -> Any:
    asked, found = _found(request)
    return csv_response(_file(asked), write_csv(_columns(), list(_rows(found))))
