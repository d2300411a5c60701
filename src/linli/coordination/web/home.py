"""The door of the room: the first tab that this actor may open."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Missing

from .. import permissions
from ..templatetags.coordination import tabs_for


@require_safe
@never_cache
@require(*permissions.ROOM_KINDS)
def home(request: ActorRequest) -> HttpResponse:
    """`/coordination/`"""
    tabs = tabs_for(request.actor)
    if not tabs:
        raise Missing("not_found", "")
    return redirect(tabs[0][2])
