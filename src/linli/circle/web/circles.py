"""Circles as built things: the list with its counts, one circle with its members, writing one."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, xlsx_response
from linli.site.refusals import onto_form
from linli.territory import queries as territory

from .. import permissions
from ..actions import records as write
from ..choices import CircleLevel, CircleState, MemberKind
from ..forms import CircleForm, LeaveForm, MemberForm
from ..queries import records as read


def _asked(request: ActorRequest) -> dict[str, Any]:
    """The filters of the address; what is no such value is left out."""
    get = request.GET
    year = get.get("year", "")
    return {
        "division": d if (d := get.get("division", "")) and territory.division(d) is not None else "",
        "state": s if (s := get.get("state", "")) in CircleState.values else "",
        "level": v if (v := get.get("level", "")) in CircleLevel.values else "",
        "year": int(year) if year.isascii() and year.isdigit() and len(year) == 4 else None,
        "text": get.get("q", "").replace("\0", "").strip()[:40],
    }


def _line(circle: read.CircleView) -> dict[str, Any]:
    return {
        "circle": circle,
        "communities": [territory.division_name(c.community) for c in circle.communities.all()],
        "members": sum(m.left_on is None for m in circle.members.all()),
    }


@require_safe
@require(*permissions.READ_KINDS)
def circles(request: ActorRequest) -> HttpResponse:
    asked = _asked(request)
    found = read.circles(actor=request.actor, **asked)
    if request.path.endswith(".xlsx"):
        return cast(HttpResponse, _workbook(found))  # a stream: for Django the two are alike
    built = read.built(actor=request.actor, division=asked["division"], by=asked["year"])
    context = {
        "lines": [_line(c) for c in found], "asked": asked, "built": built,
        "levels": [(CircleLevel(k).label, n) for k, n in built.by_level.items()],
        "states": CircleState.choices, "all_levels": CircleLevel.choices,
        "divisions": territory.divisions(9, territory.district().code),
        "may_write": bool(_choices(request.actor)), "query": request.GET.urlencode(),
    }  # fmt: skip
    return render(request, "circle/circles.html", context)


def _workbook(found: list[read.CircleView]) -> HttpResponseBase:
    columns = (
        Column("code", _("编号"), "Code", Kind.CODE), Column("name", _("名称"), "Name", width=24),
        Column("level", _("级别"), "Level"), Column("state", _("状态"), "State"), Column("year", _("年份"), "Year", Kind.INTEGER),
        Column("communities", _("社区"), "Communities", many=True, width=48), Column("members", _("成员"), "Members", Kind.INTEGER),
        Column("source", _("出处"), "Source", width=32), Column("provenance", _("依据"), "Provenance"),
        Column("simulated", _("模拟数据"), "Simulated", Kind.YES_NO),
    )  # fmt: skip
    rows = [
        {"code": c.code, "name": c.name, "level": str(CircleLevel(c.level).label), "state": str(CircleState(c.state).label),
         "year": c.year, "communities": tuple(line["communities"]), "members": line["members"], "source": c.source,
         "provenance": c.provenance, "simulated": c.simulated}
        for c in found for line in (_line(c),)
    ]  # fmt: skip
    return xlsx_response(f"{_('服务圈')}-{clock.today()}", [Sheet(_("服务圈"), columns, rows)])


@require_safe
@require(*permissions.READ_KINDS)
def circle(request: ActorRequest, circle_id: int) -> HttpResponse:
    return _page(request, read.circle(actor=request.actor, circle_id=circle_id))


def _page(
    request: ActorRequest, row: read.CircleView, form: MemberForm | None = None, status: int = 200
) -> HttpResponse:
    members = sorted(row.members.all(), key=lambda m: (m.left_on is not None, m.kind, m.name))
    context = {
        **_line(row), "row": row, "places": [(c.community, territory.division_name(c.community)) for c in row.communities.all()],
        "list": [(m, MemberKind(m.kind).label) for m in members], "today": clock.today(),
        "form": (form or MemberForm(initial={"joined_on": clock.today()})) if _may(request.actor, row) else None,
    }  # fmt: skip
    return render(request, "circle/circle.html", context, status=status)


def _may(actor: Actor, row: read.CircleView) -> bool:
    return bool(permissions.can_keep_records(actor, row.subdistrict or row.district))


def _choices(actor: Actor) -> list[tuple[str, list[tuple[str, str]]]]:
    from .records import community_choices

    return community_choices(actor, permissions.KEEP_KINDS)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.KEEP_KINDS)
def edit(request: ActorRequest, circle_id: int | None = None) -> HttpResponse:
    """A new circle, or one as it stands; `version` says what the writer saw."""
    row = read.circle(actor=request.actor, circle_id=circle_id) if circle_id else None
    if row is not None:
        permissions.can_keep_records(request.actor, row.subdistrict or row.district).or_forbidden()
    start: dict[str, Any] = {"year": clock.today().year}
    if row is not None:
        start = {k: getattr(row, k) for k in CircleForm.base_fields if k != "communities"}
        start["communities"] = [c.community for c in row.communities.all()]
    form = CircleForm(request.POST or None, communities=_choices(request.actor), initial=start)
    if row is not None:
        form.fields["code"].disabled = True
    if request.method == "POST" and form.is_valid():
        version = request.POST.get("version", "")
        try:
            saved = write.save_circle(
                actor=request.actor, facts=form.facts(), circle_id=circle_id,
                version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else None,
            )  # fmt: skip
        except (Invalid, Conflict) as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已保存。"))
            return redirect("circle:circle", circle_id=saved)
    return render(request, "circle/circle_edit.html", {"form": form, "row": row}, status=422 if form.errors else 200)


@require_POST
@require(*permissions.KEEP_KINDS)
def add_member(request: ActorRequest, circle_id: int) -> HttpResponse:
    form = MemberForm(request.POST)
    if form.is_valid():
        try:
            write.add_member(actor=request.actor, circle_id=circle_id, **form.cleaned_data)
        except (Invalid, Conflict) as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已加入。"))
            return redirect("circle:circle", circle_id=circle_id)
    return _page(request, read.circle(actor=request.actor, circle_id=circle_id), form, status=422)


@require_POST
@require(*permissions.KEEP_KINDS)
def end_member(request: ActorRequest, member_id: int) -> HttpResponse:
    form = LeaveForm(request.POST)
    day: date = form.cleaned_data["left_on"] if form.is_valid() else clock.today()
    circle_id = write.end_member(actor=request.actor, member_id=member_id, left_on=day)
    messages.success(request, _("已退出；名字留在历史里。"))
    return redirect("circle:circle", circle_id=circle_id)


urls: list[URLPattern] = [
    path("circle/circles/", circles, name="circles"),
    path("circle/circles.xlsx", circles, name="circles-xlsx"),
    path("circle/circles/new/", edit, name="circle-new"),
    path("circle/circles/<int:circle_id>/", circle, name="circle"),
    path("circle/circles/<int:circle_id>/edit/", edit, name="circle-edit"),
    path("circle/circles/<int:circle_id>/members", add_member, name="member-add"),
    path("circle/members/<int:member_id>/end", end_member, name="member-end"),
]
