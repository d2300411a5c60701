"""Pages of the service circle: catalogues and their versions, class rules, paces, how complete what is known is."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Invalid, Missing
from linli.site.refusals import onto_form
from linli.territory import queries as territory

from .. import permissions
from ..actions import catalogue as write
from ..choices import CatalogueKind, CatalogueState, Depth, Layer, Manner, Whole
from ..facility_forms import SCHEMES, CompletenessForm, DayForm, PublishForm, day_of
from ..queries import catalogue as read


def kind_of(request: ActorRequest) -> CatalogueKind:
    """`?kind=`; the services without one."""
    text = request.GET.get("kind", "")
    return CatalogueKind(text) if text in CatalogueKind.values else CatalogueKind.SERVICES


def _may(request: ActorRequest) -> bool:
    return bool(permissions.can_keep_catalogue(request.actor, territory.district().code))


def _kinds(kind: str, name: str) -> list[tuple[str, str, bool]]:
    return [(str(k.label), f"{reverse(name)}?kind={k.value}", k == kind) for k in CatalogueKind]


@require_safe
@require(*permissions.READ_KINDS)
def catalogue(request: ActorRequest) -> HttpResponse:
    """The tree that is in force (or one version of it), with its provenance row by row."""
    kind = kind_of(request)
    try:
        found = read.catalogue_in_force(kind)
    except Missing:
        found = None
    return _tree(request, kind, found)


@require_safe
@require(*permissions.READ_KINDS)
def version(request: ActorRequest, id: int) -> HttpResponse:
    found = read.catalogue_by_id(id)
    return _tree(request, CatalogueKind(found.kind), found)


def _tree(
    request: ActorRequest, kind: CatalogueKind, found: read.CatalogueView | None, form: Any = None, day: Any = None
) -> HttpResponse:
    versions = read.catalogues(kind)
    may = _may(request)
    draft = bool(found and found.state == CatalogueState.DRAFT)
    if draft and may and form is None and found is not None:
        start = {"name": found.name, "name_en": found.name_en, "valid_from": clock.today(), "source": found.source}
        form = PublishForm(initial=start | {"provenance": found.provenance})
    counts = [(d.label, sum(i.depth == d for i in found.items)) for d in Depth] if found else []
    context = {
        "kind": kind, "kinds": _kinds(kind, "circle:catalogue"), "found": found, "counts": [c for c in counts if c[1]],
        "sourced": sum(i.provenance == "sourced" for i in found.items) if found else 0,
        "tree": _branches(found) if found else [], "may": may, "form": form, "draft": draft,
        "versions": [(v, CatalogueState(v.state).label) for v in versions], "day_form": day or DayForm(),
        "other": next((v for v in versions if found and v.id != found.id), None),
        "has_errors": bool((form and form.errors) or (day and day.errors)),
    }  # fmt: skip
    return render(request, "circle/catalogue.html", context, status=422 if context["has_errors"] else 200)


def _branches(found: read.CatalogueView) -> list[Any]:
    """(row, manner, layer, rows below) of each class, twice nested."""

    def one(code: str) -> tuple[Any, ...]:
        item = found.by_code[code]
        below = [one(c) for c in found.children.get(code, ())]
        layer = Layer(item.layer).label if item.layer else ""
        return item, Manner(item.manner).label, layer, below

    return [one(i.code) for i in found.items if not i.parent]


@require_safe
@require(*permissions.READ_KINDS)
def compare(request: ActorRequest, before: int, after: int) -> HttpResponse:
    """What one version says otherwise than another."""
    a, b = read.catalogue_by_id(before), read.catalogue_by_id(after)
    if a.kind != b.kind:
        raise Missing("no_catalogue", _("只能比较同一种目录的两个版本。"))
    found = read.compare(a, b)
    context = {
        "a": a, "b": b, "added": [d.after for d in found if d.before is None],
        "gone": [d.before for d in found if d.after is None],
        "changed": [
            (d.after, [(heading(f), said(getattr(d.before, f)), said(getattr(d.after, f))) for f in d.fields])
            for d in found if d.fields
        ],
    }  # fmt: skip
    return render(request, "circle/catalogue_compare.html", context)


def heading(name: str) -> str:
    """A column of a catalogue in words."""
    return {
        "parent": _("上级编码"), "name": _("名称"), "name_en": _("英文名称"), "provider": _("提供者"),
        "manner": _("怎样满足"), "layer": _("层次"), "tier": _("生活圈分钟数"), "walk_m": _("步行上限（米）"),
        "must": _("必配"), "provenance": _("可信程度"), "source": _("出处"),
    }[name]  # fmt: skip


def said(value: Any) -> str:
    """A value of a row in words."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    words = {**dict(Manner.choices), **dict(Layer.choices), "sourced": _("有出处"), "provisional": _("暂定")}
    return str(words.get(value, value))


@require_POST
@require(*permissions.KEEP_KINDS)
def publish(request: ActorRequest, id: int) -> HttpResponse:
    form = PublishForm(request.POST)
    found = read.catalogue_by_id(id)
    if form.is_valid():
        try:
            left = write.publish(actor=request.actor, id=id, **form.cleaned_data)
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已发布。以前的版本留着，引用它的调查不变。"))
            if left:
                messages.warning(request, _("有 %(n)s 条类别对应没有带过来：新版本里没有那些项目。") % {"n": left})
            return redirect("circle:catalogue-version", id=id)
    return _tree(request, CatalogueKind(found.kind), found, form=form)


@require_POST
@require(*permissions.KEEP_KINDS)
def retire(request: ActorRequest, id: int) -> HttpResponse:
    form = DayForm(request.POST)
    found = read.catalogue_by_id(id)
    if form.is_valid():
        try:
            write.retire(actor=request.actor, id=id, on=form.cleaned_data["on"])
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已停用。引用它的调查和方案照样能看。"))
            return redirect("circle:catalogue-version", id=id)
    return _tree(request, CatalogueKind(found.kind), found, day=form)


@require_POST
@require(*permissions.KEEP_KINDS)
def drop(request: ActorRequest, id: int) -> HttpResponse:
    kind = read.catalogue_by_id(id).kind
    write.drop_draft(actor=request.actor, id=id)
    messages.success(request, _("草稿已删除。"))
    return redirect(f"{reverse('circle:catalogue')}?kind={kind}")


@require_safe
@require(*permissions.READ_KINDS)
def class_rules(request: ActorRequest) -> HttpResponse:
    """Which class of facilities gives which item."""
    kind = kind_of(request)
    try:
        found = read.catalogue_in_force(kind)
    except Missing:
        found = None
    rows: dict[tuple[str, str], list[Any]] = {}
    for scheme, key, item, provenance, source in read.class_rules(found.id) if found else []:
        rows.setdefault((scheme, key), []).append((found.by_code.get(item), item, provenance, source))  # type: ignore[union-attr]
    given = {item for values in rows.values() for _view, item, *_rest in values}
    context = {
        "kind": kind, "kinds": _kinds(kind, "circle:class-rules"), "found": found, "may": _may(request),
        "rows": [(SCHEMES.get(s, s), k, v) for (s, k), v in rows.items()],
        "without": [i for i in read.leaf_items(found) if i.manner == Manner.WALK and i.code not in given] if found else [],
    }  # fmt: skip
    return render(request, "circle/class_rules.html", context)


@require_safe
@require(*permissions.READ_KINDS)
def paces(request: ActorRequest) -> HttpResponse:
    """How fast whom one walks."""
    return render(request, "circle/paces.html", {"paces": read.paces(), "may": _may(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.READ_KINDS)
def completeness(request: ActorRequest) -> HttpResponse:
    """Of each item, in how many communities all facilities are known; and the form that says so in bulk."""
    kind = kind_of(request)
    found = read.catalogue_in_force(kind)
    day = day_of(request.GET.get("on", "")) or clock.today()
    may = bool(permissions.can_import_facilities(request.actor))
    form = _completeness_form(request, found) if may else None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            n = write.set_completeness(actor=request.actor, kind=kind, **form.chosen())
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已记下 %(n)s 格。") % {"n": n})
            return redirect(f"{reverse('circle:completeness')}?kind={kind}")
    elif request.method == "POST" and form is None:
        permissions.can_import_facilities(request.actor).or_forbidden()
    places = territory.divisions(9, territory.district().code)
    own = {p.code: [c.code for c in territory.divisions(12, p.code)] for p in places}
    known = read.completeness(kind, day)
    lines = [(i, [_cell(known, i, own[p.code]) for p in places]) for i in found.items if i.depth != Depth.CLASS]
    context = {
        "kind": kind, "kinds": _kinds(kind, "circle:completeness"), "form": form, "places": places, "day": day,
        "lines": [(i, cells) for i, cells in lines if i.manner == Manner.WALK], "any": bool(known),
        "has_errors": bool(form and form.errors),
    }  # fmt: skip
    return render(request, "circle/completeness.html", context, status=422 if context["has_errors"] else 200)


def _completeness_form(request: ActorRequest, found: read.CatalogueView) -> CompletenessForm:
    items = [(i.code, f"{i.code} {i.title}") for i in found.items if i.manner == Manner.WALK and i.depth != Depth.CLASS]
    places: list[Any] = []
    for s in territory.divisions(9, territory.district().code):
        mine = [
            (c.code, c.name)
            for c in territory.divisions(12, s.code)
            if permissions.can_keep_facility(request.actor, c.code)
        ]
        if mine:
            places.append((s.name, [(s.code, _("%(name)s全部") % {"name": s.name}), *mine]))
    data = request.POST if request.method == "POST" else None
    return CompletenessForm(data, items=items, places=places)


def _cell(known: Any, item: read.ItemView, communities: list[str]) -> tuple[str, int, int]:
    """(state of the whole, complete, all) of one item in one subdistrict."""
    whole = sum(read.is_complete(known, item, c) for c in communities)
    some = any((item.code, c) in known or (item.parent, c) in known for c in communities)
    state = Whole.COMPLETE if whole == len(communities) else Whole.PARTIAL if some else Whole.UNKNOWN
    return str(state), whole, len(communities)


urls: list[URLPattern] = [
    path("circle/catalogue/", catalogue, name="catalogue"),
    path("circle/catalogue/<int:id>/", version, name="catalogue-version"),
    path("circle/catalogue/<int:id>/publish", publish, name="catalogue-publish"),
    path("circle/catalogue/<int:id>/retire", retire, name="catalogue-retire"),
    path("circle/catalogue/<int:id>/drop", drop, name="catalogue-drop"),
    path("circle/catalogue/<int:before>/<int:after>/", compare, name="catalogue-compare"),
    path("circle/class-rules/", class_rules, name="class-rules"),
    path("circle/paces/", paces, name="paces"),
    path("circle/completeness/", completeness, name="completeness"),
]
