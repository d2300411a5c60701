"""The door of the room: its first tab."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require

from .. import permissions
from ..templatetags.ground import tabs


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def home(request: ActorRequest) -> HttpResponse:
    """`/ground/`"""
    return redirect(tabs()[0][2])
