"""The command page of the district and of each subdistrict, and its data. The address is the view."""

from __future__ import annotations

import gzip
import re
import time
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.response import board
from linli.response.board import Wanted
from linli.territory import queries as territory

from .. import queries

WALL_KEEPS_S = 3600
ZIPPED = re.compile(r"\bgzip\b")
KINDS = tuple(sorted(str(k) for k in board.BOARD_KINDS))


@dataclass(frozen=True, slots=True)
class Select:
    """A filter that is chosen from a list."""

    name: str
    label: str
    options: list[tuple[str, Any]]
    value: str


@require_safe
@never_cache
@require(*KINDS)
def home(request: ActorRequest) -> HttpResponse:
    """`/command/`: the district; whoever holds a subdistrict is shown that one."""
    division = board.home_division(request.actor)
    if len(division) == 9:
        return HttpResponseRedirect(_address(request, division))
    if not division:
        return _no_board(request)
    chosen = request.GET.get("subdistrict", "")
    if chosen and territory.division(chosen) is not None and len(chosen) == 9:
        return HttpResponseRedirect(_address(request, chosen))
    return _page(request, division)


@require_safe
@never_cache
@require(*KINDS)
def subdistrict(request: ActorRequest, division: str) -> HttpResponse:
    """`/command/<9 digits>/`: one subdistrict. `?subdistrict=` of the filter form leads to another, or to all."""
    board.check_board(request.actor, division)
    chosen = request.GET.get("subdistrict")
    if chosen is not None and chosen != division:
        known = territory.division(chosen) if len(chosen) == 9 else None
        return HttpResponseRedirect(_address(request, known.code if known else ""))
    return _page(request, division)


@require_safe
@never_cache
@require(*KINDS)
def data(request: ActorRequest) -> HttpResponse:
    """`/command/data.json?division=`: every point and every count of a board."""
    division = request.GET.get("division", "") or board.home_division(request.actor)
    if request.GET.get("wall") == "1":
        _keep_signed_in(request)
    body = queries.data(request.actor, queries.wanted_from(division, request.GET.dict())).encode()
    response = HttpResponse(body, content_type="application/json")
    patch_vary_headers(response, ("Accept-Encoding",))
    if ZIPPED.search(request.headers.get("Accept-Encoding", "")):
        # level 2: a sixth more bytes than Django's 6 for a quarter of its work, and a wall asks every minute.
        # The body holds no secret that its length could tell.
        response.content = gzip.compress(body, 2, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    return response


def _keep_signed_in(request: HttpRequest) -> None:
    """A wall runs for days and nobody types a password there: while it asks, its session lasts (one write an hour)."""
    now = int(time.time())
    if now - request.session.get("wall_at", 0) > WALL_KEEPS_S:
        request.session["wall_at"] = now


def _address(request: HttpRequest, division: str) -> str:
    """The same view of another division: filters and wall mode go along, a community does not."""
    keep = request.GET.copy()
    for name in ("subdistrict", "community"):
        keep.pop(name, None)
    page = reverse("command:subdistrict", args=[division]) if division else reverse("command:home")
    return f"{page}?{keep.urlencode()}" if keep else page


def _no_board(request: ActorRequest) -> HttpResponse:
    """A post of a community only, or a house without territory: the inbox is what there is."""
    if not territory.is_loaded():
        raise Missing("territory_not_loaded", _("还没有装入资料包，请管理员运行 linli load-pack。"))
    return HttpResponseRedirect(reverse("workbench:inbox"))


def _page(request: ActorRequest, division: str) -> HttpResponse:
    actor = request.actor
    wanted = queries.wanted_from(division, request.GET.dict())
    wall = request.GET.get("wall") == "1"
    if wall:  # five metres away there is one theme; map and marks read it from the page
        request.COOKIES = {**request.COOKIES, "linli_theme": "dark"}
    tab = request.GET.get("tab", "")
    numbers = queries.numbers(actor, wanted)
    if tab not in queries.TABS or wall:
        tab = next((t for t in ("late", "soon") if numbers.tabs[t]), "all" if wall else "late")
    request.live_scope = queries.scope_of(wanted)  # type: ignore[attr-defined]
    here = territory.division(division)
    assert here is not None  # check_board has found it
    extra = {"tab": tab} if "tab" in request.GET else {}
    said = config(wanted, numbers, tab, wall)
    return render(
        request,
        "command/board.html",
        {
            "wanted": wanted,
            "here": here,
            "wall": wall,
            "numbers": numbers,
            "inside": len(division) == 9,
            "wide": board.home_division(actor) != division or len(division) == 6,
            "selects": selects(actor, wanted),
            "narrowed": bool(wanted.community or wanted.top or wanted.days),
            "clear_url": queries.board_url(Wanted(division)),
            "tab": tab,
            "tabs": tabs(wanted, numbers, tab),
            "rows": queries.first_rows(actor, wanted, tab, 8 if wall else queries.FIRST_ROWS),
            "more_url": more_url(wanted, numbers, tab),
            "address": request.build_absolute_uri(queries.board_url(wanted, **extra)),
            "wall_url": queries.board_url(wanted, wall="1"),
            "tiles": f"/tiles/{territory.revision() or 'none'}/{{z}}/{{x}}/{{y}}.mvt",
            "bounds": ",".join(f"{n:.5f}" for n in territory.bounds(wanted.community or division)),
            "outline": wanted.community or (division if len(division) == 9 else ""),
            "clock": board_clock(numbers.at),
            "config": said,
            "empty": said["empty"][tab],
        },
    )


def board_clock(moment: Any) -> str:
    """11-22 周日 10:32"""
    here = clock.local(moment)
    return f"{here:%m-%d} {week()[here.isoweekday() % 7]} {here:%H:%M}"


def week() -> list[str]:
    """The short names of the days, from Sunday."""
    return [_("周日"), _("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六")]


def selects(actor: Actor, wanted: Wanted) -> list[Select]:
    """The filters: the subdistrict where the actor may see more than one, the community inside one, class, window."""
    found = []
    if len(board.home_division(actor)) == 6:
        all_of = [(d.code, d.name) for d in territory.divisions(9)]
        every = _("全部街道（%(n)d）") % {"n": len(all_of)}
        value = wanted.division if len(wanted.division) == 9 else ""
        found.append(Select("subdistrict", _("街道"), [("", every), *all_of], value))
    if len(wanted.division) == 9:
        all_of = [(d.code, d.name) for d in territory.divisions(12, wanted.division)]
        every = _("全部社区（%(n)d）") % {"n": len(all_of)}
        found.append(Select("community", _("社区"), [("", every), *all_of], wanted.community))
    found.append(Select("top", _("大类"), [("", _("全部大类")), *board.tops().items()], wanted.top))
    days = [("", _("不限时间")), ("1", _("今天受理的")), ("7", _("近 7 天受理的")), ("30", _("近 30 天受理的"))]
    found.append(Select("days", _("受理时间"), days, str(wanted.days or "")))
    return found


TAB_WORDS = {
    "late": lambda: pgettext("queue", "超期"),
    "soon": lambda: pgettext("queue", "快到期"),
    "accepted": lambda: pgettext("queue", "待派遣"),
    "fed_back": lambda: pgettext("queue", "待核查"),
    "closed": lambda: pgettext("queue", "待回访"),
    "all": lambda: _("全部"),
}


def tabs(wanted: Wanted, numbers: queries.Numbers, tab: str) -> list[dict[str, Any]]:
    """The queues with their sizes; each has an address of its own."""
    return [
        {
            "key": key,
            "label": word(),
            "count": numbers.tabs[key],
            "url": queries.board_url(wanted, tab=key),
            "on": key == tab,
        }
        for key, word in TAB_WORDS.items()
    ]


def more_url(wanted: Wanted, numbers: queries.Numbers, tab: str) -> str:
    """The whole queue as a list of the case page."""
    return queries.list_url(wanted, numbers.at, **board.QUEUES.get(tab, {"open": "1"}))


def config(wanted: Wanted, numbers: queries.Numbers, tab: str, wall: bool) -> dict[str, Any]:
    """What the page's script needs: addresses, and every sentence it may have to write."""

    def counted(one: str, many: str) -> list[str]:
        return [ngettext(one, many, n).replace("%(n)d", "{n}") for n in (1, 2)]

    span = {"span": "{span}"}
    return {
        "data": reverse("command:data") + queries.as_query(wanted, division=wanted.division, wall="1" if wall else ""),
        "case": reverse("response:case", args=["{number}"]).replace("%7B", "{").replace("%7D", "}"),
        "tab": tab,
        "wall": wall,
        "first": queries.FIRST_ROWS,
        "lists": {key: more_url(wanted, numbers, key) for key in queries.TABS},
        "stages": {token: str(label) for token, label in board.stages().items()},
        "words": {
            "late": _("超期 %(span)s") % span,
            "left": _("还剩 %(span)s") % span,
            "done": _("已办结"),
            "none": _("无时限"),
            "day": counted("%(n)d 天", "%(n)d 天"),
            "hour": counted("%(n)d 小时", "%(n)d 小时"),
            "minute": counted("%(n)d 分", "%(n)d 分"),
            "less": _("不到 1 分"),
            "near": _("%(place)s，近%(near)s") % {"place": "{place}", "near": "{near}"},
            "shown": _("显示 {n} / {all}"),
            "total": _("共 %(n)s 件") % {"n": "{n}"},
            "fresh": _("新到：{title}，{place}"),
            "many": _("新到 {n} 件"),
        },
        "kinds": {"late": _("已超期"), "soon": _("快到期"), "ok": _("在办"), "done": _("已办结")},
        "empty": {
            "late": [_("没有超期的案件"), _("超过时限的会自动出现在这里。")],
            "soon": [_("4 小时内没有到期的"), _("快到时限的会自动出现在这里。")],
            "accepted": [_("都已派出"), _("立案后等派遣的会出现在这里。")],
            "fed_back": [_("没有等核查的"), _("承办单位反馈后会出现在这里。")],
            "closed": [_("没有等回访的"), _("结案后等回访的会出现在这里。")],
            "all": [_("还没有案件"), _("居民上报或登记后，两秒内出现在这里。")],
        },
        "days": week(),
    }
