"""`/command/playback/`: a day played back on the map, and its data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Invalid
from linli.response.queries.happened import Ground
from linli.territory import queries as territory

from .. import forms, playback
from .packed import packed
from .past import KINDS, Shown, shown

STRIP_HEIGHT = 36


@require_safe
@never_cache
@require(*KINDS)
def page(request: ActorRequest) -> HttpResponse:
    """The page; what is wrong with the address is said on it (422) and nothing typed is lost."""
    said = shown(request, "playback")
    problem = said.problem
    on = clock.today()
    try:
        on = forms.one_day(request.GET.dict())
    except Invalid as refused:
        problem = problem or refused
    context: dict[str, Any] = said.context | {"on": on, "typed": request.GET.get("day", "") or f"{on}"}
    if problem:
        return render(request, "command/playback.html", context | said.wrong(problem), status=422)
    day, _body = playback.told(request.actor, said.ground, on)
    opened, late = playback.standing(day)
    return render(
        request,
        "command/playback.html",
        context
        | {
            "sums": playback.sums(day),
            "open": opened,
            "late": late,
            "moves": len(day.lines),
            "full": day.full,
            "until": playback.until(day),
            "simulated": any(line.simulated for line in day.lines),
            "strip": _strip(playback.strip(day)),
            "before": _address(said, on - timedelta(days=1)),
            "after": _address(said, on + timedelta(days=1)) if on < clock.today() else "",
            "bounds": ",".join(f"{n:.5f}" for n in territory.bounds(said.ground.division)),
            "outline": said.ground.division if said.ground.inside else "",
            "tiles": f"/tiles/{territory.revision() or 'none'}/{{z}}/{{x}}/{{y}}.mvt",
            "config": config(said.ground, f"{on}"),
        },
    )


def _address(said: Shown, on: Any) -> str:
    return f"{reverse('command:playback')}?{urlencode(said.query | {'day': f'{on}'})}"


def _strip(tenths: list[tuple[int, int]]) -> list[tuple[int, float, float, float]]:
    """Bars of the strip above the slider: x, y, height, and of that the part of new cases."""
    most = max((a for a, _b in tenths), default=0) or 1
    return [
        (n, round(STRIP_HEIGHT * (1 - a / most), 1), round(STRIP_HEIGHT * a / most, 1), round(STRIP_HEIGHT * b / most, 1))
        for n, (a, b) in enumerate(tenths)
        if a
    ]  # fmt: skip


def config(ground: Ground, on: str) -> dict[str, Any]:
    """What the page's script needs: addresses and every sentence it may write."""
    query = {"division": ground.division, "class": ground.kind, "day": on}
    return {
        "data": f"{reverse('command:playback_data')}?{urlencode({k: v for k, v in query.items() if v})}",
        "case": reverse("response:case", args=["{number}"]).replace("%7B", "{").replace("%7D", "}"),
        "sorts": {
            "opened": _("上报、重开"), "sent": _("派遣"), "back": _("反馈"), "closed": _("结案、不予立案"), "moved": _("其他步骤"),
        },
        "words": {
            "play": _("播放"), "pause": _("暂停"), "again": _("从头播放"), "near": _("%(place)s，近%(near)s") % {"place": "{place}", "near": "{near}"},
            "group": _("{verb} {n} 件"), "chosen": _("{time} {verb}：{title}，{place}"), "open": _("打开案件 {number}"),
            "quiet": _("这一天到 {time} 还没有发生什么"), "more": _("只列出最近 {n} 步，往前拖可以看更早的"),
        },
    }  # fmt: skip


@require_safe
@never_cache
@require(*KINDS)
def data(request: ActorRequest) -> HttpResponse:
    """`/command/playback/data.json`: the moves of a day."""
    ground = forms.ground_from(request.actor, request.GET.dict())
    _day, text = playback.told(request.actor, ground, forms.one_day(request.GET.dict()))
    return packed(request, text.encode())
