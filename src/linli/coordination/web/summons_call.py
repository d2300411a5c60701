"""Blowing the whistle: the form, from a case or from nothing."""

from __future__ import annotations

import math
import re
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid, Missing, Refusal
from linli.organisations.choices import BodyKind
from linli.response import queries as cases
from linli.response.catalogue import initials_of
from linli.site.refusals import onto_form
from linli.territory import queries as territory
from linli.worktime.explain import limit_text

from .. import permissions
from ..actions import summons as actions
from ..choices import AnswerMode
from ..forms.summons import CallForm
from ..queries import calls

CANDIDATES = 6
VISIBLE_ROWS = 3


@dataclass(frozen=True, slots=True)
class KindChoice:
    """A kind as the form offers it: its limit in words, and until when that runs from now."""

    kind: calls.KindView
    limit: str
    until: Any
    provisional: bool
    mode: Any


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@require(*permissions.CHIEF_KINDS)
def call(request: ActorRequest) -> HttpResponse:
    """`/coordination/summons/new?case=261122-000042-7` or `?lon=&lat=`; a POST calls: 303 to the summons."""
    kinds = calls.kinds()
    if request.method == "POST":
        return _call(request, kinds)
    return _page(request, _empty(request, kinds), kinds)


def _empty(request: ActorRequest, kinds: list[calls.KindView]) -> CallForm:
    initial: dict[str, Any] = {"client_key": f"call-{uuid.uuid4().hex}", "kind": kinds[0].code if kinds else ""}
    number = request.GET.get("case", "").replace("\0", "")[:32]
    if number:
        try:
            found = cases.case_for(request.actor, number)
        except Invalid:
            raise Missing("no_such_case", _("没有这件事，或它不在您的辖区。")) from None
        initial |= {"case": number, "lon": found.lon, "lat": found.lat, "place_source": "map", "place_q": ""}
    elif (at := _pair(f"{request.GET.get('lon', '')},{request.GET.get('lat', '')}")) is not None:
        initial |= {"lon": at[0], "lat": at[1], "place_source": "map"}
    return _form(kinds, initial=initial)


def _form(kinds: list[calls.KindView], data: Any = None, **more: Any) -> CallForm:
    return CallForm(data, kinds=[(k.code, k.name) for k in kinds], bodies=_bodies(), **more)


def _bodies() -> list[Any]:
    """The departments, then the enterprises."""
    found = actions.callable_bodies()
    groups = [
        (label, [(b.id, b.name) for b in found if b.kind == kind])
        for kind, label in ((BodyKind.DEPARTMENT, _("区属部门")), (BodyKind.ENTERPRISE, _("服务企业")))
    ]
    return [("", _("请选择")), *groups]


def letters(body: Any) -> str:
    """Pinyin initials of a body's name and of its short name, for the search in the lists."""
    return f"{_letters(body.name)} {_letters(body.short_name)}"


@lru_cache(maxsize=1024)
def _letters(name: str) -> str:
    return initials_of(name[:12])


def _call(request: ActorRequest, kinds: list[calls.KindView]) -> HttpResponse:
    form = _form(kinds, request.POST)
    form.is_valid()
    lon, lat = _place(form)
    if not form.cleaned_data.get("kind"):
        form.add_error("kind", _("请选择吹哨的类别。")) if "kind" not in form.errors else None
    asked = form.asked() if not any(n.startswith(("body_", "mode_", "due_")) for n in form.errors) else []
    if form.errors or lon is None or lat is None:
        if not asked and not any(n.startswith(("body_", "due_")) for n in form.errors):
            form.add_error("body_0", _("请至少选一个单位。"))
        if not form.cleaned_data.get("question", "").strip():
            form.add_error("question", _("请填写内容。"))
        return _page(request, form, kinds, status=422)
    said = form.cleaned_data
    wanted = actions.Call(
        kind=said["kind"],
        lon=lon,
        lat=lat,
        bodies=[actions.Asked(body, mode, due) for _n, body, mode, due in asked],
        question=said["question"],
        cases=said["case"].split(),
        client_key=said["client_key"],
    )
    try:
        made = actions.summon(actor=request.actor, call=wanted)
    except Refusal as refused:
        if not isinstance(refused, Invalid) and refused.code != "not_chief":
            raise
        _show(form, refused, asked)
        return _page(request, form, kinds, status=refused.status if isinstance(refused, Invalid) else 403)
    messages.success(request, _("已吹哨，各单位的待办里已经能看到。"))
    answer = HttpResponseRedirect(reverse("coordination:summons", args=[made]))
    answer.status_code = 303
    return answer


def _show(form: CallForm, refused: Refusal, asked: list[Any]) -> None:
    """Beside the field: place and bodies are typed in fields of other names."""
    row = next((n for n, body, *_rest in reversed(asked) if body == refused.details.get("body")), 0)
    for told, typed in (("place", "place_q"), ("bodies", f"body_{row}"), ("due", f"due_{row}"), ("case", "place_q")):
        if told in refused.fields:
            refused.fields[typed] = refused.fields.pop(told)
    if not any(n in form.fields for n in refused.fields):
        refused.fields = {"place_q": [refused.message]}
    onto_form(form, refused)


def _place(form: CallForm) -> tuple[float | None, float | None]:
    """The point that was chosen, or the only one that the words fit; what is unclear is said beside the field."""
    said = form.cleaned_data
    lon, lat = said.get("lon"), said.get("lat")
    if lon is None or lat is None:
        lon, lat = _pair(said.get("pick", "")) or (None, None)
    if lon is not None and lat is not None and math.isfinite(lon) and math.isfinite(lat):
        return lon, lat
    words = said.get("place_q", "")
    try:
        found = territory.search_places(words, CANDIDATES) if words else ()
    except Refusal as refused:
        form.add_error("place_q", str(refused.message))
        return None, None
    exact = [hit for hit in found if hit.name == words]
    if len(exact or found) == 1:
        hit = (exact or list(found))[0]
        return hit.lon, hit.lat
    form.places = tuple(found)
    if found:
        form.add_error("place_q", _("有几个地点符合，请选其中一个。"))
    elif words:
        form.add_error("place_q", _("没有找到这个地点，换个说法，或在地图上选。"))
    else:
        form.add_error("place_q", _("请选择地点。"))
    return None, None


def _pair(text: str) -> tuple[float, float] | None:
    try:
        lon, lat = (float(part) for part in text.split(",")[:2])
    except ValueError:
        return None
    return (lon, lat) if math.isfinite(lon) and math.isfinite(lat) else None


def _page(request: ActorRequest, form: CallForm, kinds: list[calls.KindView], *, status: int = 200) -> HttpResponse:
    at = _pair(f"{form['lon'].value()},{form['lat'].value()}")
    division = next((p.division for p in request.actor.posts if p.kind in permissions.CHIEF_KINDS), "")
    filled = max((n for n, row in enumerate(form.rows) if row[0].value() or any(f.errors for f in row)), default=0)
    context = {
        "form": form,
        "rows": [(n, row, n >= max(VISIBLE_ROWS, filled + 1)) for n, row in enumerate(form.rows)],
        "kinds": [_choice(k, division) for k in kinds],
        "place": _place_line(at) if at else "",
        "center": f"{at[0]:.6f},{at[1]:.6f}" if at else _center(division),
        "about": _number_of(str(form["case"].value() or "")),
        "initials": {b.id: letters(b) for b in actions.callable_bodies()},
        "tiles": f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt",
        "has_errors": status >= 400,
        "tab": "summons",
    }
    return render(request, "coordination/summons_new.html", context, status=status)


def _number_of(typed: str) -> str:
    """What may be the number of one case, to be linked; '' for anything else."""
    return typed if re.fullmatch(r"[0-9A-Za-z-]{1,32}", typed) else ""


def _choice(kind: calls.KindView, division: str) -> KindChoice:
    due = calls.due_of(kind, division)
    return KindChoice(kind, limit_text(kind.limit).strip(), due.at, due.provisional, AnswerMode(kind.mode).label)


def _place_line(at: tuple[float, float]) -> str:
    try:
        found = territory.locate(*at)
    except Refusal:
        return ""
    if found is None:
        return ""
    near = _("%(street)s附近") % {"street": found.near} if found.near else ""
    return " · ".join(part for part in (found.subdistrict_name, found.community_name, near) if part)


def _center(division: str) -> str:
    west, south, east, north = territory.bounds(division)
    return f"{(west + east) / 2:.6f},{(south + north) / 2:.6f}"
