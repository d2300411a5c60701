"""The command page of the district and of each subdistrict, and its data. The address is the view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.response import board
from linli.response.board import Wanted
from linli.territory import queries as territory

from .. import boards, queries
from . import wall, words
from .packed import packed
from .wall import KINDS


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
    """`/command/data.json?division=`: every point and every count of a board; with `wall=1` what a wall needs of them."""
    division = request.GET.get("division", "") or board.home_division(request.actor)
    wanted = queries.wanted_from(division, request.GET.dict())
    body = wall.refresh(request, wanted) if wall.is_wall(request) else queries.data(request.actor, wanted).encode()
    return packed(request, body)


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
    if wall.is_wall(request):
        return wall.page(request, wanted)
    tab, heat = request.GET.get("tab", ""), request.GET.get("view") == "heat"
    numbers = queries.numbers(actor, wanted)
    if tab not in queries.TABS:
        tab = next((t for t in ("late", "soon") if numbers.tabs[t]), "late")
    request.live_scope = queries.scope_of(wanted)  # type: ignore[attr-defined]
    here = territory.division(division)
    assert here is not None  # check_board has found it
    view = {"view": "heat"} if heat else {}
    extra = ({"tab": tab} if "tab" in request.GET else {}) | view
    said = config(wanted, numbers, tab, heat)
    return render(
        request,
        "command/board.html",
        {
            "wanted": wanted,
            "here": here,
            "numbers": numbers,
            "inside": len(division) == 9,
            "selects": selects(actor, wanted),
            "narrowed": bool(wanted.community or wanted.top or wanted.days),
            "clear_url": queries.board_url(Wanted(division), **view),
            "heat": heat,
            "views": views(wanted, tab if "tab" in request.GET else ""),
            "tab": tab,
            "tabs": tabs(wanted, numbers, tab, view),
            "rows": queries.first_rows(actor, wanted, tab),
            "more_url": said["lists"][tab],
            "address": request.build_absolute_uri(queries.board_url(wanted, **extra)),
            "map_url": reverse("command:geojson") + queries.as_query(wanted, division=division),
            "wall_menu": wall_form(wanted),
            "tiles": f"/tiles/{territory.revision() or 'none'}/{{z}}/{{x}}/{{y}}.mvt",
            "bounds": ",".join(f"{n:.5f}" for n in territory.bounds(wanted.community or division)),
            "outline": wanted.community or (division if len(division) == 9 else ""),
            "clock": words.board_clock(numbers.at),
            "config": said,
            "empty": said["empty"][tab],
        },
    )


def views(wanted: Wanted, tab: str) -> list[dict[str, Any]]:
    """The two ways to draw the map; each has an address of its own."""
    extra = {"tab": tab} if tab else {}
    return [
        {"key": "points", "heat": False, "label": _("点"), "url": queries.board_url(wanted, **extra)},
        {"key": "heat", "heat": True, "label": _("热力"), "url": queries.board_url(wanted, **extra, view="heat")},
    ]


def wall_form(wanted: Wanted) -> dict[str, Any]:
    """What the wall of this view can show, for the menu that leads to it."""
    return {
        "action": queries.board_url(Wanted(wanted.division)),
        "keep": [(k, v) for k, v in (("community", wanted.community), ("top", wanted.top)) if v]
        + ([("days", str(wanted.days))] if wanted.days else []),
        "boards": list(boards.known().values()),
        "seconds": boards.DEFAULT_S,
        "least": boards.LEAST_S,
        "most": boards.MOST_S,
    }


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
    found.append(Select("days", _("受理时间"), words.windows(), str(wanted.days or "")))
    return found


TAB_WORDS = {
    "late": lambda: pgettext("queue", "超期"),
    "soon": lambda: pgettext("queue", "快到期"),
    "accepted": lambda: pgettext("queue", "待派遣"),
    "fed_back": lambda: pgettext("queue", "待核查"),
    "closed": lambda: pgettext("queue", "待回访"),
    "pressed": lambda: pgettext("queue", "督办"),
    "all": lambda: _("全部"),
}


def tabs(wanted: Wanted, numbers: queries.Numbers, tab: str, view: dict[str, str]) -> list[dict[str, Any]]:
    """The queues with their sizes; each has an address of its own."""
    return [
        {
            "key": key,
            "label": word(),
            "count": numbers.tabs[key],
            "url": queries.board_url(wanted, tab=key, **view),
            "on": key == tab,
        }
        for key, word in TAB_WORDS.items()
    ]


def more_url(wanted: Wanted, numbers: queries.Numbers, tab: str) -> str:
    """The whole queue as a list of the case page; what is pressed has its list in the inbox."""
    if tab == "pressed":
        return reverse("workbench:inbox") + "?tab=pressed"
    return queries.list_url(wanted, numbers.at, **board.QUEUES.get(tab, {"open": "1"}))


def config(wanted: Wanted, numbers: queries.Numbers, tab: str, heat: bool) -> dict[str, Any]:
    """What the page's script needs: addresses, and every sentence it may have to write."""

    def counted(one: str, many: str) -> list[str]:
        return [ngettext(one, many, n).replace("%(n)d", "{n}") for n in (1, 2)]

    span = {"span": "{span}"}
    return {
        "data": reverse("command:data") + queries.as_query(wanted, division=wanted.division),
        "cells": reverse("command:cells") + queries.as_query(wanted, division=wanted.division),
        "pressed": reverse("command:pressed") + queries.as_query(wanted, division=wanted.division),
        "png": f"cases-{wanted.community or wanted.division}.png",
        "case": reverse("response:case", args=["{number}"]).replace("%7B", "{").replace("%7D", "}"),
        "tab": tab,
        "heat": heat,
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
            "pressed": [_("没有在督办的"), _("督办、提级或催办而没有结案的会出现在这里。")],
            "all": [_("还没有案件"), _("居民上报或登记后，两秒内出现在这里。")],
        },
        "days": words.week(),
    }
