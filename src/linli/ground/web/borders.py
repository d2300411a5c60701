"""Changes of the ground: the list, and one change on its page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require

from .. import permissions
from ..queries import changes as read


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def changes(request: ActorRequest) -> HttpResponse:
    """`/ground/changes/`"""
    state = request.GET.get("state", "open")
    context = {"tab": "changes", "state": state, "rows": read.changes(actor=request.actor, state=state)}
    return render(request, "ground/changes.html", context)


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def change(request: ActorRequest, pk: int) -> HttpResponse:
    """`/ground/changes/7/`"""
    row = read.change_row(actor=request.actor, pk=pk)
    return render(request, "ground/change.html", {"tab": "changes", "view": read.view_of(row)})


urls: list[URLPattern] = [
    path("ground/changes/", changes, name="changes"),
    path("ground/changes/<int:pk>/", change, name="change"),
]
