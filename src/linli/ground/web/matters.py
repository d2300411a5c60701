"""Pages of the catalogue of grid matters: what is in force, one matter with its process, the draft, its publication."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.organisations import queries as organisations
from linli.site.refusals import onto_form

from .. import permissions
from ..actions import catalogue as write
from ..choices import CatalogueState, Net, Object, Subject
from ..net_forms import GridMatterForm
from ..queries import matters as read
from ..queries.matters import VersionView

FILTERS = ("net", "subject", "object", "open", "q")


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def listed(request: ActorRequest) -> HttpResponse:
    """`/ground/matters/?v=&net=&subject=&object=&open=&q=`; `v`: the number of a version, else the one in force."""
    actor, asked = request.actor, request.GET.get("v", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 0
    here = read.version(actor, number)
    if here is None and number:
        raise Missing("no_such_catalogue", _("没有这一版。"))
    wanted = {k: request.GET.get(k, "").replace("\x00", "").strip()[:60] for k in FILTERS}
    versions = read.versions(actor)
    context = {
        "tab": "matters", "here": here, "versions": versions, "wanted": wanted, "filtered": any(wanted.values()),
        "draft": next((v for v in versions if v.state == CatalogueState.DRAFT), None),
        "rows": read.rows(here.id, wanted) if here else [], "review": read.review(here.id) if here else None,
        "nets": Net.choices, "subjects": Subject.choices, "objects": Object.choices, "opens": read.OPEN,
        "may": permissions.can_draw_district(actor).allowed,
    }  # fmt: skip
    return render(request, "ground/matters.html", context)


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def one(request: ActorRequest, number: int, code: str) -> HttpResponse:
    """`/ground/matters/1/E0101/`"""
    here = _version(request, number)
    context = {"tab": "matters", "here": here, "m": read.one(here.id, code), "may": _may_edit(request, here)}
    return render(request, "ground/matter.html", context)


def _version(request: ActorRequest, number: int) -> VersionView:
    here = read.version(request.actor, number) if number else None
    if here is None:
        raise Missing("no_such_catalogue", _("没有这一版。"))
    return here


def _may_edit(request: ActorRequest, here: VersionView) -> bool:
    return here.state == CatalogueState.DRAFT and permissions.can_draw_district(request.actor).allowed


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@require(*permissions.DRAW_KINDS)
def edit(request: ActorRequest, code: str = "") -> HttpResponse:
    """A row of the draft, or a new one."""
    permissions.can_draw_district(request.actor).or_forbidden()
    draft = read.draft(request.actor)
    bodies = [(b.code, b.name) for b in organisations.bodies()]
    if request.method == "POST":
        form = GridMatterForm(request.POST, bodies=bodies)
        if form.is_valid():
            try:
                row = form.row()
                write.put_row(actor=request.actor, draft_id=draft.id, revision=_revision(request), row=row, was=code)
            except (Invalid, Conflict) as refused:
                onto_form(form, refused)
            else:
                messages.success(request, _("已存入草稿。"))
                return redirect("ground:matter", number=draft.number, code=row.code)
    else:
        there = read.one(draft.id, code).row if code else None
        form = GridMatterForm(initial={**asdict(there), "nets": there.of_nets} if there else {}, bodies=bodies)
    context = {"tab": "matters", "form": form, "draft": draft, "code": code}
    return render(request, "ground/matter_edit.html", context, status=422 if form.errors else 200)


def _revision(request: ActorRequest) -> int:
    text = request.POST.get("revision", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid("bad_version", _("表单不完整，请刷新后再试。"))
    return int(text)


@require_POST
@never_cache
@require(*permissions.DRAW_KINDS)
def drop(request: ActorRequest, code: str) -> HttpResponse:
    """A row out of the draft."""
    draft = read.draft(request.actor)
    write.drop_row(actor=request.actor, draft_id=draft.id, revision=_revision(request), code=code)
    messages.success(request, _("已从草稿里去掉。"))
    return redirect("ground:matters-difference")


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def difference(request: ActorRequest) -> HttpResponse:
    """`/ground/matters/difference/`: the draft beside the version in force, and its publication."""
    return _difference(request)


def _difference(request: ActorRequest, problem: Any = "", status: int = 200) -> HttpResponse:
    draft, live = read.draft(request.actor), read.version(request.actor)
    added, gone, changed = read.difference(live.id if live else 0, draft.id)
    context = {
        "tab": "matters", "draft": draft, "live": live, "added": added, "gone": gone, "changed": changed,
        "review": read.review(draft.id), "problem": problem, "has_errors": bool(problem),
        "may": permissions.can_draw_district(request.actor).allowed, "note": request.POST.get("note", ""),
        "decision": permissions.can_decide(request.actor, draft.made_by),
    }  # fmt: skip
    return render(request, "ground/matters_difference.html", context, status=status)


@require_POST
@never_cache
@require(*(permissions.DRAW_KINDS | permissions.DECIDE_KINDS))
def act(request: ActorRequest) -> HttpResponse:
    """Begin, publish or drop the draft: what `verb` names."""
    verb, actor = request.POST.get("verb", ""), request.actor
    if verb == "start":
        try:
            write.start_draft(actor=actor)
        except Conflict as refused:
            messages.info(request, str(refused.message))
        return redirect("ground:matters-difference")
    if verb not in ("publish", "drop"):
        raise Invalid("unknown_verb", _("没有这个动作。"))
    draft, revision = read.draft(actor), _revision(request)
    try:
        if verb == "publish":
            note = request.POST.get("note", "").replace("\x00", "")
            write.publish(actor=actor, draft_id=draft.id, revision=revision, note=note)
        else:
            write.drop_draft(actor=actor, draft_id=draft.id, revision=revision)
    except Forbidden:
        raise
    except (Invalid, Conflict) as refused:
        return _difference(request, refused.message, refused.status)
    messages.success(request, _("已发布，今天起生效。") if verb == "publish" else _("草稿已放弃。"))
    return redirect("ground:matters")


urls = [
    path("ground/matters/", listed, name="matters"),
    path("ground/matters/difference/", difference, name="matters-difference"),
    path("ground/matters/act/", act, name="matters-act"),
    path("ground/matters/new/", edit, name="matter-new"),
    path("ground/matters/draft/<str:code>/", edit, name="matter-edit"),
    path("ground/matters/draft/<str:code>/drop/", drop, name="matter-drop"),
    path("ground/matters/<int:number>/<str:code>/", one, name="matter"),
]
