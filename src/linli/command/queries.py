"""What a command page shows, put together from the board's reads: numbers, league, queues, points, and what changed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Invalid
from linli.flow import queries as flow
from linli.response import board
from linli.response.board import Look, Point, Tally, Wanted
from linli.site import live, urgency
from linli.territory import queries as territory

from .chart import Chart, chart

DAYS = (0, 1, 7, 30)
TABS = ("late", "soon", "accepted", "fed_back", "closed", "pressed", "all")
FIRST_ROWS = 24
MOST_CHANGES = 60  # more at once: the page asks for everything again
KINDS = ("late", "soon", "ok", "done")


# --- what the address says -----------------------------------------------------------------------------
def wanted_from(division: str, data: Mapping[str, str]) -> Wanted:
    """The board that the address asks for; what it names and we do not know is left out."""
    community = data.get("community", "")
    known = territory.division(community) if community.startswith(division) and len(division) == 9 else None
    top = data.get("top", "")
    days = data.get("days", "")
    return Wanted(
        division,
        community if known is not None and len(community) == 12 else "",
        top if top in board.tops() else "",
        int(days) if days in {str(n) for n in DAYS} else 0,
    )


def as_query(wanted: Wanted, **more: str) -> str:
    """`?…` of a board, '' when nothing is narrowed."""
    said = {"community": wanted.community, "top": wanted.top, "days": str(wanted.days or "")} | more
    said = {k: v for k, v in said.items() if v}
    return f"?{urlencode(said)}" if said else ""


def board_url(wanted: Wanted, **more: str) -> str:
    """The address of a board."""
    return _page_of(wanted.division if len(wanted.division) == 9 else "") + as_query(wanted, **more)


@lru_cache(maxsize=1000)
def _page_of(subdistrict: str) -> str:
    """Each row of a league has one: Django would walk its patterns every time."""
    return reverse("command:subdistrict", args=[subdistrict]) if subdistrict else reverse("command:home")


def scope_of(wanted: Wanted) -> str:
    """What the live poll carries: `0:<division>`, and the filters behind it where there are any."""
    parts = ["0", wanted.division, wanted.community, wanted.top, str(wanted.days or "")]
    return ":".join(parts).rstrip(":")


def wanted_of(scope: str) -> Wanted:
    """The other way. The division is not trusted: every read asks the actor's posts."""
    parts = [*scope.split(":"), "", "", "", ""]
    if parts[0] != "0":
        raise Invalid("bad_scope", _("这个实时范围不存在。"))
    return wanted_from(parts[1], {"community": parts[2], "top": parts[3], "days": parts[4]})


def list_url(wanted: Wanted, now: datetime, **more: str) -> str:
    """The same cases as a list of the case page."""
    query = wanted.as_filter(now, **more).as_query()
    return _list() + (f"?{urlencode(query)}" if query else "")


@cache
def _list() -> str:
    return reverse("response:cases")


# --- the numbers ---------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Number:
    """One of the six: linked to its cases, with a hint beside it and its calibre."""

    key: str
    label: str
    value: str
    unit: str
    hint: str
    url: str
    calibre: str
    tone: str = ""  # late | soon


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the league."""

    code: str
    name: str
    url: str
    late: int
    soon: int
    ok: int
    current: bool = False

    @property
    def open(self) -> int:
        return self.late + self.soon + self.ok


@dataclass(frozen=True, slots=True)
class Numbers:
    """Everything on a board that is a count."""

    at: datetime
    six: list[Number]
    league: list[Place]
    tabs: dict[str, int]
    legend: dict[str, int]
    chart: Chart
    hours: board.Hours
    open: int

    @property
    def longest(self) -> int:
        """The most open matters of one place: the full length of a bar."""
        return max((p.open for p in self.league), default=0)

    def as_data(self) -> dict[str, Any]:
        """For the page's script."""
        return {
            "six": {n.key: [n.value, n.hint, n.url] for n in self.six},
            "league": [[p.code, p.late, p.soon, p.ok] for p in self.league],
            "longest": self.longest,
            "tabs": self.tabs,
            "legend": self.legend,
            "say": self.say,
            "chart": self.chart.as_data(),
        }

    @property
    def say(self) -> str:
        """What the figures cover, and when."""
        return _("在办 %(open)s 件｜按受理时间，截至 %(at)s") % {
            "open": f"{self.open:,}",
            "at": f"{clock.local(self.at):%m-%d %H:%M:%S}",
        }


def numbers(actor: Actor, wanted: Wanted) -> Numbers:
    """All counts of a board (2 SQL; 3 after a change)."""
    return numbers_of(actor, board.look(actor, wanted))


def numbers_of(actor: Actor, look: Look) -> Numbers:
    """The same of a look that was taken already (1 SQL)."""
    wanted, now, everywhere = look.wanted, look.now, look.tallies()
    here = [t for t in everywhere if not wanted.community or t.place == wanted.community]
    hours = board.hours(actor, wanted)
    today = look.closed_today()
    by_kind = {kind: sum(t.count for t in here if t.kind == kind) for kind in KINDS}
    still = [t for t in here if t.kind != "done"]
    tabs = {
        "late": by_kind["late"],
        "soon": by_kind["soon"],
        **{stage: sum(t.count for t in here if t.stage == stage) for stage in ("accepted", "fed_back", "closed")},
        "all": sum(by_kind.values()) + today.ended,
        "pressed": len(look.pressed()),
    }
    drawing = chart(hours.today, hours.week_ago, clock.local(now).hour)
    return Numbers(
        at=now,
        six=_six(wanted, now, here, hours, today),
        league=_league(wanted, everywhere),
        tabs=tabs,
        legend=by_kind | {"done": by_kind["done"] + today.ended},
        chart=drawing,
        hours=hours,
        open=sum(t.count for t in still),
    )


def _count(tallies: Iterable[Tally]) -> int:
    return sum(t.count for t in tallies)


def _six(wanted: Wanted, now: datetime, here: list[Tally], hours: board.Hours, today: board.Today) -> list[Number]:
    stage: dict[str, list[Tally]] = defaultdict(list)
    for t in here:
        stage[t.stage].append(t)
    late, soon = ([t for t in here if t.kind == kind] for kind in ("late", "soon"))
    waiting = stage["accepted"]
    piece = _("件")
    rate = f"{100 * today.on_time / today.closed:.1f}" if today.closed else "—"
    first = min((t.first_due for t in soon if t.first_due), default=None)
    worst = min((t.first_due for t in late if t.first_due), default=None)
    return [
        Number(
            "opened", _("今日受理"), f"{sum(hours.today):,}", piece,
            _("昨日同时 %(n)s") % {"n": f"{hours.yesterday_by_now:,}"}, list_url(wanted, now, opened="today"),
            _("今天 0 点以来上报的，含后来不予立案的。"),
        ),
        Number(
            "accepted", _("待派遣"), f"{_count(waiting):,}", piece,
            _("最久 %(span)s") % {"span": urgency.span((now - min(t.oldest for t in waiting)).total_seconds())}
            if waiting else _("都已派出"),
            list_url(wanted, now, stage="accepted"), _("已立案、还没有派给承办单位的。"),
        ),
        Number(
            "handling", _("处理中"), f"{_count(stage['handling']):,}", piece,
            _("另有待签收 %(n)s") % {"n": f"{_count(stage['dispatched']):,}"},
            list_url(wanted, now, stage="handling"), _("承办单位已签收、还没有反馈的。"),
        ),
        Number(
            "soon", _("快到期"), f"{_count(soon):,}", piece,
            _("4 小时内，最近 %(at)s") % {"at": f"{clock.local(first):%H:%M}"} if first else _("4 小时内"),
            list_url(wanted, now, due="soon"), _("还没有结案，本环节 4 小时内到期的。"), "soon",
        ),
        Number(
            "late", _("已超期"), f"{_count(late):,}", piece,
            _("最久 %(span)s") % {"span": urgency.span((now - worst).total_seconds())} if worst else _("没有超期"),
            list_url(wanted, now, due="late"), _("还没有结案，本环节已过时限的。"), "late",
        ),
        Number(
            "rate", _("按期结案率"), rate, "%" if today.closed else "",
            _("今日 %(on_time)s / %(closed)s 件") % {"on_time": f"{today.on_time:,}", "closed": f"{today.closed:,}"},
            list_url(wanted, now, closed="today"), _("今天结案的，有多少在办结时限之内；结案后又重开的不算。"),
        ),
    ]  # fmt: skip


def _league(wanted: Wanted, tallies: list[Tally]) -> list[Place]:
    """Every subdistrict of the district, or every community of the subdistrict; most late first."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(KINDS, 0))
    for t in tallies:
        counts[t.place][t.kind] += t.count
    inside = len(wanted.division) == 9
    known = territory.divisions(12 if inside else 9, wanted.division)
    rows = []
    for view in known:
        n = counts.pop(view.code, dict.fromkeys(KINDS, 0))
        other = replace(wanted, community=view.code) if inside else replace(wanted, division=view.code)
        rows.append(
            Place(
                view.code,
                view.short_name,
                board_url(other),
                n["late"],
                n["soon"],
                n["ok"],
                view.code == wanted.community,
            )
        )
    for code, n in counts.items():  # not known closer, or a division that is no more
        name = territory.division_name(code, short=True) if code else (_("未分到社区") if inside else _("未分到街道"))
        rows.append(Place(code, name, "", n["late"], n["soon"], n["ok"]))
    order = [r for r in rows if r.code or r.open]
    return sorted(order, key=lambda p: (-p.late, -p.open, p.code))


# --- rows and points -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Row:
    """A case in the queue, as the server writes it and as the live poll tells it."""

    id: int
    number: str
    title: str
    place: str
    stage: Any
    kind: str
    time: str
    url: str
    due_at: datetime | None
    closed_at: datetime | None
    lon: float
    lat: float
    stage_token: str

    def as_data(self) -> dict[str, Any]:
        return {
            "id": self.id, "number": self.number, "lon": self.lon, "lat": self.lat, "kind": self.kind,
            "title": self.title, "place": self.place, "stage": self.stage_token, "url": self.url,
            "due": int(self.due_at.timestamp()) if self.due_at else 0, "closed": bool(self.closed_at),
        }  # fmt: skip


def row(point: Point, now: datetime) -> Row:
    """A point as a row."""
    number = board.number_of_point(point)
    return Row(
        point.id, number, board.class_name(point), board.place_line(point), board.stage_label(point.stage),
        urgency.urgency(point.due_at, point.closed_at, now), urgency.sentence(point.due_at, point.closed_at, now),
        reverse("response:case", args=[number]), point.due_at, point.closed_at, point.lon, point.lat, point.stage,
    )  # fmt: skip


def first_rows(actor: Actor, wanted: Wanted, tab: str, limit: int = FIRST_ROWS) -> list[Row]:
    """The head of a queue (1 SQL)."""
    now = clock.now()
    return [row(point, now) for point in board.queue(actor, wanted, tab, limit)]


def data(actor: Actor, wanted: Wanted) -> str:
    """All points and all counts as JSON (2 SQL; 3 after a change). A point is an array, as `Look.points` says.

    Each point's text was made when its case last changed, so that a wall costs little more than its counts.
    """
    look = board.look(actor, wanted)
    found = look.points()
    said = {
        "now": int(look.now.timestamp()),
        "live": live.live_token(actor, scope_of(wanted)),  # a wall outlives the token its page came with
        "classes": board.class_names(found),
        "places": board.place_names(found),
        "full": len(found) < board.MOST_POINTS,
        "counts": numbers_of(actor, look).as_data(),
    }
    head = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return f'{head[:-1]},"points":[{",".join(spot.text for spot in found)}]}}'


def news(actor: Actor, scope: str, after: int) -> dict[str, Any]:
    """What the live poll answers a board: changed cases as rows, those that went, the counts; or `many`."""
    wanted = wanted_of(scope)
    board.check_board(actor, wanted.division)
    position, ids, many = flow.changes_after(after)
    if many or len(ids) > MOST_CHANGES:
        return {"position": position, "many": True}
    if not ids:
        return {"position": position, "changed": [], "removed": []}
    what, look = board.changed(actor, wanted, ids), board.look(actor, wanted)
    pressed = {spot.id: spot.pressed for spot in look.pressed()}
    return {
        "position": position,
        "changed": [row(point, look.now).as_data() | {"pressed": pressed.get(point.id, 0)} for point in what.shown],
        "removed": what.gone,
        "counts": numbers_of(actor, look).as_data(),
    }
