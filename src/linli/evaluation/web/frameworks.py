"""Frameworks: list, tree, difference, XLSX, a draft and its publication."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Conflict, Invalid
from linli.exchange.writing import Sheet, xlsx_response
from linli.site.refusals import onto_form

from .. import formulas, permissions, run_forms, trees
from ..actions import frameworks as write
from ..choices import FrameworkPurpose, FrameworkState, NodeKind
from ..framework_forms import HeadForm
from ..framework_imports import columns, values_of
from ..queries import frameworks as read
from ..queries.series import SeriesView
from . import framework_nodes


@require_safe
@require(*permissions.READ_KINDS)
def frameworks(request: ActorRequest) -> HttpResponse:
    """Every family with its newest edition, what it has data for, and its editions."""
    found = read.frameworks(actor=request.actor)
    families = []
    for _key, group in groupby(found, key=lambda f: (f.purpose, f.family)):
        editions = list(group)
        first = read.framework(actor=request.actor, framework_id=_standing(editions).id)
        covered = read.coverage(first)
        families.append(
            {
                "view": first, "editions": editions, "draft": next((e for e in editions if e.state == "draft"), None),
                "count": len(covered), "with_data": sum(c.has_data for c in covered.values()),
                "parts": [r for r in first.rows if r.kind == NodeKind.PART],
                "absent": {r.code for r in read.absent_parts(first, covered)}, "experimental": _experimental(first, covered),
            }
        )  # fmt: skip
    context = {"families": families, "may": bool(permissions.can_work(request.actor))}
    return render(request, "evaluation/frameworks.html", context)


def _standing(editions: list[read.FrameworkView]) -> read.FrameworkView:
    """The edition in force, or else the newest."""
    return next((e for e in editions if e.state == FrameworkState.PUBLISHED), editions[0])


def _experimental(view: read.FrameworkView, covered: Any) -> list[str]:
    """Why results of this edition are experimental: each part that has no data or stands on provisional indicators."""
    absent = read.absent_parts(view, covered)
    loose = [r for r in read.provisional_parts(view) if r not in absent]
    why = []
    if absent:
        why.append(_("没有数据的部分：%(names)s。") % {"names": _("、").join(r.name for r in absent)})
    if loose:
        why.append(_("用了暂定指标的部分：%(names)s。") % {"names": _("、").join(r.name for r in loose)})
    return why


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the tree as the page shows it."""

    row: trees.Row
    title: str
    depth: int
    share: float
    kind: str
    formula: str
    coverage: read.Coverage | None
    years: str


def _lines(view: read.FrameworkView, covered: dict[str, read.Coverage]) -> list[Line]:
    shares, known = trees.shares(view.rows), read.used_series(view)
    english = (get_language() or "zh").startswith("en")
    found = []
    for row, depth in trees.in_order(view.rows):
        title = row.name_en if english and row.name_en else row.name
        own = covered.get(row.code)
        formula = _said(row, known, english) if row.kind == NodeKind.INDICATOR else ""
        found.append(
            Line(row, title, depth, shares[row.code], str(NodeKind(row.kind).label), formula, own, _years(own))
        )
    return found


def _years(own: read.Coverage | None) -> str:
    if own is None or own.first is None or own.last is None:
        return ""
    return str(own.last) if own.first == own.last else f"{own.first}—{own.last}"


def _said(row: trees.Row, known: dict[str, SeriesView], english: bool) -> str:
    """A formula in the names of its series."""

    def words(formula: str) -> str:
        try:
            parts = formulas.terms(formula)
        except Invalid:
            return formula
        said = ""
        for i, term in enumerate(parts):
            one = known.get(term.series)
            name = (one.name_en if english and one.name_en else one.name) if one else term.series
            said += name if i == 0 and term.sign > 0 else f" {'+' if term.sign > 0 else '−'} {name}"
        return said

    above, below = words(row.numerator), words(row.denominator)
    text = f"{above} ÷ {below}" if below else above
    return f"{row.factor:g} × {text}" if text and row.factor != 1 else text


def scenario_words(document: dict[str, Any]) -> list[tuple[str, str]]:
    """The way of computing that is written in a framework, in words."""
    normalise, aggregate = document.get("normalise") or {}, document.get("aggregate") or {}
    fills = [f["method"] for f in document.get("impute") or []]
    base = normalise.get("base", "each")
    impute = next(
        (str(label) for label, steps in run_forms.IMPUTE.values() if [s["method"] for s in steps] == fills), ""
    )  # fmt: skip
    rule = ((document.get("weigh") or {}).get("default") or {}).get("kind", "given")
    method, mean = normalise.get("method", "minmax"), aggregate.get("default", "arithmetic")
    return [
        (_("填补"), impute or _("，再").join(_fill_words().get(f, f) for f in fills)),
        (_("标准化"), str(dict(run_forms.NORMALISE).get(method, method))),
        (_("参照"), str(dict(run_forms.BASE).get(base, base))),
        (_("权重"), str(dict(run_forms.WEIGH).get(rule, rule))),
        (_("合成"), str(dict(run_forms.AGGREGATE).get(mean, mean))),
        (_("至少有数据"), f"{100 * float(aggregate.get('coverage', 1)):g} %"),
    ]


def _fill_words() -> dict[str, str]:
    return {
        "carry": _("沿用上一次"), "interpolate": _("两年之间插补"), "median": _("用各地中位数"), "mean": _("用各地平均数"),
        "group_median": _("用同区域的中位数"), "group_mean": _("用同区域的平均数"), "row": _("按本地其他指标估"), "regression": _("由相关指标回归"),
    }  # fmt: skip


@require_safe
@require(*permissions.READ_KINDS)
def framework(request: ActorRequest, id: int) -> HttpResponse:
    return page(request, id)


def page(request: ActorRequest, id: int, form: HeadForm | None = None, status: int = 200) -> HttpResponse:
    """One edition: its tree, what it has data for, what is wrong with it; forms where it is a draft."""
    view = read.framework(actor=request.actor, framework_id=id)
    covered = read.coverage(view)
    may = bool(permissions.can_work(request.actor))
    draft = view.state == FrameworkState.DRAFT
    start = {name: getattr(view, name) for name in HeadForm.base_fields}
    context = {
        "view": view, "lines": _lines(view, covered), "draft": draft, "may": may,
        "problems": read.problems(view) if may or draft else [], "experimental": _experimental(view, covered),
        "absent": read.absent_parts(view, covered), "units": len(read.framework_units(view)),
        "with_data": sum(c.has_data for c in covered.values()), "count": len(covered),
        "editions": read.editions(actor=request.actor, family=view.family),
        "form": (form or HeadForm(initial=start)) if draft and may else None, "scenario": scenario_words(view.scenario),
        "factors": [f["name"] for f in view.factors], "district": view.purpose == FrameworkPurpose.DISTRICT,
        "has_errors": bool(form and form.errors),
    }  # fmt: skip
    return render(request, "evaluation/framework.html", context, status=status)


@require_safe
@require(*permissions.READ_KINDS)
def framework_xlsx(request: ActorRequest, id: int) -> HttpResponse:
    """The tree as the table that can be taken in again."""
    view = read.framework(actor=request.actor, framework_id=id)
    about = [
        (_("体系"), view.name), (pgettext("framework", "版次"), view.edition), (pgettext("framework", "状态"), view.state_name),
        (_("起用"), view.valid_from), (_("出处"), view.source), (_("说明"), view.note),
        (_("可信程度"), _("标“暂定”的指标和权重是自拟的，待正式公布后更换。")),
    ]  # fmt: skip
    rows = [values_of(view.family, r) for r in view.rows]
    name = f"{view.name}-{view.edition}"
    return cast(HttpResponse, xlsx_response(name, [Sheet(_("体系"), columns(), rows)], about=about))


@require_safe
@require(*permissions.READ_KINDS)
def compare(request: ActorRequest, before: int, after: int) -> HttpResponse:
    """What the second edition adds, drops and changes against the first."""
    a, b = (read.framework(actor=request.actor, framework_id=id) for id in (before, after))
    found = trees.difference(a.rows, b.rows)
    labels = {c.key: c.heading for c in columns()}
    changed = [
        (c.after, [(labels[f], _plain(f, x), _plain(f, y)) for f, x, y in c.differences]) for c in found.changed
    ]  # fmt: skip
    context = {"a": a, "b": b, "added": found.added, "gone": found.gone, "changed": changed}
    return render(request, "evaluation/framework_compare.html", context)


def _plain(field: str, value: Any) -> str:
    if value is None or value == "":
        return _("（空）")
    if field == "direction":
        return str(_("正向") if value == 1 else _("逆向"))
    return f"{value:g}" if isinstance(value, float) else str(value)


# --- a draft --------------------------------------------------------------------------------------------------


@require_POST
@require(*permissions.WORK_KINDS)
def start(request: ActorRequest, id: int) -> HttpResponse:
    new = write.start_draft(actor=request.actor, framework_id=id)
    messages.success(request, _("已起草新的一版，内容和原来的一样。"))
    return redirect("evaluation:framework", id=new)


@require_POST
@require(*permissions.WORK_KINDS)
def head(request: ActorRequest, id: int) -> HttpResponse:
    form = HeadForm(request.POST)
    if not form.is_valid():
        return page(request, id, form, status=422)
    data = form.cleaned_data
    said = write.Head(data["name"], data["name_en"], data["valid_from"], data["source"], data["note"])
    try:
        write.change_head(actor=request.actor, framework_id=id, version=data["version"], head=said)
    except (Invalid, Conflict) as refusal:
        onto_form(form, refusal)
        return page(request, id, form, status=refusal.status)
    messages.success(request, _("已保存。"))
    return redirect("evaluation:framework", id=id)


@require_POST
@require(*permissions.WORK_KINDS)
def publish(request: ActorRequest, id: int) -> HttpResponse:
    version = request.POST.get("version", "")
    try:
        write.publish(
            actor=request.actor, framework_id=id, version=int(version) if version.isascii() and version.isdigit() else 0
        )
    except Invalid as refusal:
        for sentence in [s for own in refusal.fields.values() for s in own] or [refusal.message]:
            messages.error(request, str(sentence))
        return page(request, id, status=refusal.status)
    messages.success(request, _("已发布。上一版到前一年为止。"))
    return redirect("evaluation:framework", id=id)


@require_POST
@require(*permissions.WORK_KINDS)
def retire(request: ActorRequest, id: int) -> HttpResponse:
    write.retire(actor=request.actor, framework_id=id)
    messages.success(request, _("已停用。用过它的结果照样能看。"))
    return redirect("evaluation:framework", id=id)


@require_POST
@require(*permissions.WORK_KINDS)
def drop(request: ActorRequest, id: int) -> HttpResponse:
    write.drop_draft(actor=request.actor, framework_id=id)
    messages.success(request, _("草稿已删除。"))
    return redirect("evaluation:frameworks")


urls: list[URLPattern] = [
    path("evaluation/frameworks/", frameworks, name="frameworks"),
    path("evaluation/frameworks/<int:id>/", framework, name="framework"),
    path("evaluation/frameworks/<int:id>/tree.xlsx", framework_xlsx, name="framework-xlsx"),
    path("evaluation/frameworks/<int:before>/<int:after>/", compare, name="framework-compare"),
    path("evaluation/frameworks/<int:id>/draft", start, name="framework-draft"),
    path("evaluation/frameworks/<int:id>/head", head, name="framework-head"),
    path("evaluation/frameworks/<int:id>/publish", publish, name="framework-publish"),
    path("evaluation/frameworks/<int:id>/retire", retire, name="framework-retire"),
    path("evaluation/frameworks/<int:id>/drop", drop, name="framework-drop"),
    *framework_nodes.urls,
]
