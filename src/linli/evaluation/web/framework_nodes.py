"""One row of a draft: add, change, take out."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Conflict, Invalid, Missing
from linli.site.refusals import onto_form

from .. import permissions
from ..actions import frameworks as write
from ..choices import FrameworkState, NodeKind
from ..framework_forms import NodeForm, initial_of
from ..queries import frameworks as read
from ..queries.series import series


def _draft(request: ActorRequest, id: int) -> read.FrameworkView:
    view = read.framework(actor=request.actor, framework_id=id)
    if view.state != FrameworkState.DRAFT:
        raise Conflict("not_draft", _("这一版已经发布，不能改；请从它起草新的一版。"))
    return view


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.WORK_KINDS)
def new(request: ActorRequest, id: int) -> HttpResponse:
    return _edit(request, _draft(request, id), "")


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.WORK_KINDS)
def change(request: ActorRequest, id: int, code: str) -> HttpResponse:
    view = _draft(request, id)
    if all(r.code != code for r in view.rows):
        raise Missing("no_such_node", _("体系里没有这个节点。"))
    return _edit(request, view, code)


def _edit(request: ActorRequest, view: read.FrameworkView, code: str) -> HttpResponse:
    row = next((r for r in view.rows if r.code == code), None)
    start = initial_of(row, view.version) if row else {
        "version": view.version, "kind": NodeKind.INDICATOR, "parent": request.GET.get("parent", ""),
    }  # fmt: skip
    parents = [r for r in view.rows if r.kind != NodeKind.INDICATOR and r.code != code]
    form = NodeForm(request.POST or None, initial=start, parents=parents)
    if request.method == "POST" and form.is_valid():
        try:
            write.put_row(
                actor=request.actor, framework_id=view.id, version=form.cleaned_data["version"], row=form.row(), was=code
            )  # fmt: skip
        except (Invalid, Conflict) as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已保存。"))
            return redirect("evaluation:framework", id=view.id)
    below = any(r.parent == code for r in view.rows) if code else False
    context = {"view": view, "row": row, "form": form, "below": below, "series": list(series().values())}
    return render(request, "evaluation/framework_node.html", context, status=422 if form.errors else 200)


@require_POST
@require(*permissions.WORK_KINDS)
def drop(request: ActorRequest, id: int, code: str) -> HttpResponse:
    version = request.POST.get("version", "")
    write.drop_row(
        actor=request.actor, framework_id=id, version=int(version) if version.isascii() and version.isdigit() else 0,
        code=code,
    )  # fmt: skip
    messages.success(request, _("已从草稿里去掉。"))
    return redirect("evaluation:framework", id=id)


urls: list[URLPattern] = [
    path("evaluation/frameworks/<int:id>/new-node/", new, name="framework-node-new"),
    path("evaluation/frameworks/<int:id>/nodes/<slug:code>/", change, name="framework-node"),
    path("evaluation/frameworks/<int:id>/nodes/<slug:code>/drop", drop, name="framework-node-drop"),
]
