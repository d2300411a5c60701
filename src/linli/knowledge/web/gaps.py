"""Questions without an answer: the list for those who keep articles."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require

from .. import actions, permissions, queries


@require_safe
@require(*permissions.KEEP_KINDS)
def gaps(request: ActorRequest) -> HttpResponse:
    lines = [
        {"gap": gap, "look": f"{reverse('knowledge:search')}?{urlencode({'q': gap.words})}"}
        for gap in queries.gaps(actor=request.actor)
    ]
    return render(request, "knowledge/gaps.html", {"lines": lines})


@require_POST
@require(*permissions.KEEP_KINDS)
def settle(request: ActorRequest, gap_id: int) -> HttpResponse:
    actions.settle_gap(actor=request.actor, gap_id=gap_id)
    messages.success(request, _("这一条已处理。"))
    return redirect("knowledge:gaps")
