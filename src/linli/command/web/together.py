"""The page of who acts together now, beside the board of a division."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.response import board
from linli.response.board import Wanted
from linli.territory import queries as territory

from ..queries import board_url
from ..together import together

KINDS = tuple(sorted(str(k) for k in board.BOARD_KINDS))


@require_safe
@never_cache
@require(*KINDS)
def page(request: ActorRequest) -> HttpResponse:
    """`/command/together/?division=`"""
    division = request.GET.get("division", "") or board.home_division(request.actor)
    board.check_board(request.actor, division)
    context = {
        "here": territory.division(division),
        "back": board_url(Wanted(division)),
        "now": together(request.actor, division),
    }
    return render(request, "command/together.html", context)
