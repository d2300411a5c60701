"""The wall: a page without anything to open, its refresh, and the worker that keeps both for a lost network."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Refusal
from linli.response import board
from linli.response.board import Wanted
from linli.site import live
from linli.territory import queries as territory

from .. import boards, queries, supervision, walls
from ..boards import Turn
from ..chart import chart
from . import words

WALL_KEEPS_S = 3600
CHART_HEIGHT = 196  # what fills the wall's half: 280 wide
HEADS, URGENT, PRESSED, PLACES = 6, 14, 12, 16
MAPPED = {"numbers", "map"}
KINDS = tuple(sorted(str(k) for k in board.BOARD_KINDS))

Context = Mapping[str, Any]
# The wall's own boards: the part that a refresh writes anew, its template, what it needs beside `seen`.
PARTS: dict[str, tuple[str, str, Callable[[walls.Seen], dict[str, Any]]]] = {
    "numbers": ("heads", "command/walls/heads.html", lambda seen: {"heads": walls.heads(seen, HEADS)}),
    "league": ("league", "command/walls/places.html", lambda seen: _places(seen)),
    "queue": ("queue", "command/walls/urgent.html", lambda seen: {"heads": walls.heads(seen, URGENT)}),
    "pressed": (
        "pressed",
        "command/walls/under.html",
        lambda seen: {"pressed": supervision.pressed(seen.look, PRESSED)},
    ),
}


def _places(seen: walls.Seen) -> dict[str, Any]:
    rows, hours = seen.numbers.league, seen.numbers.hours
    return {
        "chart": chart(hours.today, hours.week_ago, clock.local(seen.now).hour, CHART_HEIGHT),
        "places": rows[:PLACES],
        "hidden": max(len(rows) - PLACES, 0),
        "inside": len(seen.look.wanted.division) == 9,
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """A board of this wall with its first contents."""

    board: boards.Board
    seconds: int
    html: SafeString


def is_wall(request: HttpRequest) -> bool:
    """Whether the address asks for the wall."""
    return request.GET.get("wall") == "1"


def page(request: ActorRequest, wanted: Wanted) -> HttpResponse:
    """The wall of a division; its theme, its boards and their seconds stand in the address and nowhere else."""
    actor = request.actor
    theme = "light" if request.GET.get("theme") == "light" else "dark"
    request.COOKIES = {**request.COOKIES, "linli_theme": theme}  # the shell, the map and its marks read it from there
    request.live_scope = queries.scope_of(wanted)  # type: ignore[attr-defined]
    seen = walls.see(actor, wanted)
    shown = [s for turn in _turns(request) if (s := _first(actor, wanted, seen, turn)) is not None]
    here = territory.division(wanted.division)
    assert here is not None  # `see` has found it
    return render(
        request,
        "command/wall.html",
        {
            "here": here,
            "turns": shown,
            "mapped": any(s.board.key in MAPPED for s in shown),
            "heat": request.GET.get("view") == "heat",
            "legend": {kind: f"{n:,}" for kind, n in seen.numbers.legend.items()},
            "say": seen.numbers.say,
            "narrowed": "，".join(words.narrowed(wanted)),
            "tiles": f"/tiles/{territory.revision() or 'none'}/{{z}}/{{x}}/{{y}}.mvt",
            "bounds": ",".join(f"{n:.5f}" for n in territory.bounds(wanted.community or wanted.division)),
            "outline": wanted.community or (wanted.division if len(wanted.division) == 9 else ""),
            "clock": words.board_clock(seen.now),
            "config": _config(request, wanted, shown),
        },
    )


def _turns(request: HttpRequest) -> list[Turn]:
    return boards.turns(request.GET.get("rotate", ""), request.GET.get("every", ""))


def _first(actor: Actor, wanted: Wanted, seen: walls.Seen, turn: Turn) -> Shown | None:
    """A board as the page brings it; None for one of another room that this actor may not see."""
    one = turn.board
    try:
        if one.render is None:
            context = {"seen": seen, **(PARTS[one.key][2](seen) if one.key in PARTS else {})}
        else:
            context = dict(one.render(actor, wanted.division))
    except Refusal:
        return None
    return Shown(one, turn.seconds, SafeString(render_to_string(one.template, context)))


def refresh(request: ActorRequest, wanted: Wanted) -> bytes:
    """What the wall asks for every minute and after each change, as JSON."""
    _keep_signed_in(request)
    actor = request.actor
    seen = walls.see(actor, wanted)
    said = walls.data(seen) | {
        "live": live.live_token(actor, queries.scope_of(wanted)),  # a wall outlives the token its page came with
        "revision": str(settings.STATIC_REVISION),
    }
    parts, data = {}, {}
    for turn in _turns(request):
        one = turn.board
        try:
            if one.render is None:
                if one.key in PARTS:
                    name, template, extra = PARTS[one.key]
                    parts[name] = render_to_string(template, {"seen": seen, **extra(seen)})
            else:
                parts[one.key] = render_to_string(one.template, dict(one.render(actor, wanted.division)))
                data[one.key] = one.data(actor, wanted.division) if one.data else None
        except Refusal:
            continue
    body = json.dumps(said | {"parts": parts, "data": data}, ensure_ascii=False, separators=(",", ":"), default=str)
    return body.encode()


def _keep_signed_in(request: HttpRequest) -> None:
    """A wall runs for days and nobody types a password there: while it asks, its session lasts (one write an hour)."""
    now = int(time.time())
    if now - request.session.get("wall_at", 0) > WALL_KEEPS_S:
        request.session["wall_at"] = now


def _config(request: HttpRequest, wanted: Wanted, shown: list[Shown]) -> dict[str, Any]:
    """What the wall's script needs: addresses, turns, and every sentence it may have to write."""

    def counted(one: str, many: str) -> list[str]:
        return [ngettext(one, many, n).replace("%(n)d", "{n}") for n in (1, 2)]

    keep = {name: request.GET[name] for name in ("rotate", "view") if request.GET.get(name)}
    leave = {name: request.GET[name] for name in ("view",) if request.GET.get(name)}
    return {
        "data": reverse("command:data") + queries.as_query(wanted, division=wanted.division, wall="1", **keep),
        "leave": queries.board_url(wanted, **leave),
        "worker": reverse("command:wall-worker"),
        "scope": reverse("command:home"),
        "revision": str(settings.STATIC_REVISION),
        "heat": request.GET.get("view") == "heat",
        "turns": [{"key": s.board.key, "label": str(s.board.label), "seconds": s.seconds} for s in shown],
        "days": words.week(),
        "words": {
            "lost": _("断线 %(span)s，数字截至 %(at)s") % {"span": "{span}", "at": "{at}"},
            "back": _("已恢复实时更新"),
            "day": counted("%(n)d 天", "%(n)d 天"),
            "hour": counted("%(n)d 小时", "%(n)d 小时"),
            "minute": counted("%(n)d 分", "%(n)d 分"),
            "second": counted("%(n)d 秒", "%(n)d 秒"),
        },
    }


@require_safe
@require(*KINDS)
@cache_control(no_cache=True)
def worker(request: ActorRequest) -> HttpResponse:
    """The service worker of the wall; its first line says for how long it may show what it kept: one session."""
    script = (Path(__file__).resolve().parent.parent / "static/command/worker.js").read_text(encoding="utf-8")
    head = f"const KEPT_MS = {settings.SESSION_COOKIE_AGE * 1000};\n"
    return HttpResponse(head + script, content_type="text/javascript; charset=utf-8")
