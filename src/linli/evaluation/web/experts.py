"""Questionnaires for experts: the office's side. The expert's is in `expert_desk`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Conflict, Invalid
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, xlsx_response
from linli.site.refusals import onto_form
from linli.vault import slips

from .. import permissions
from ..actions import experts as write
from ..choices import FrameworkState, QuestionKind, QuestionnaireState
from ..expert_forms import AdoptForm, QuestionnaireForm, SeatsForm
from ..queries import experts as read
from ..queries import frameworks as framework_reads
from . import expert_desk


@require_safe
@require(*permissions.INSIDE_KINDS)
def experts(request: ActorRequest) -> HttpResponse:
    """All questionnaires, and the frameworks that may be asked about."""
    standing = [f for f in framework_reads.frameworks(actor=request.actor) if f.state == FrameworkState.PUBLISHED]
    context = {
        "found": read.questionnaires(actor=request.actor), "frameworks": standing,
        "may": bool(permissions.can_work(request.actor)),
    }  # fmt: skip
    return render(request, "evaluation/experts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.WORK_KINDS)
def new(request: ActorRequest, id: int) -> HttpResponse:
    """Prepare a questionnaire on a framework."""
    view = framework_reads.framework(actor=request.actor, framework_id=id)
    can = read.askable(id, QuestionKind.BUDGET)
    nodes = [(q.node.code, f"{q.node.name}{_('：')}{_('、').join(c.name for c in q.children)}") for q in can]
    start = {"title": _("%(name)s权重咨询") % {"name": view.name}, "nodes": [q.node.code for q in can[:1]]}
    form = QuestionnaireForm(request.POST or None, initial=start, nodes=nodes)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        asked = write.Asked(id, data["title"], data["kind"], tuple(data["nodes"]), data["note"], data["closes_on"])
        try:
            made = write.create(actor=request.actor, asked=asked)
        except (Invalid, Conflict) as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已准备好。先做信，再开始。"))
            return redirect("evaluation:questionnaire", id=made)
    context = {"form": form, "view": view}
    return render(request, "evaluation/experts_new.html", context, status=422 if form.errors else 200)


@require_safe
@require(*permissions.INSIDE_KINDS)
def questionnaire(request: ActorRequest, id: int) -> HttpResponse:
    return _page(request, id)


@dataclass(frozen=True, slots=True)
class Line:
    """One child of a node in the results, in per cent; `bars` are (x, y, height, count) of the histogram."""

    name: str
    share: float
    low: float
    high: float
    deviation: float | None
    bars: list[tuple[int, int, int, int]]


def _page(request: ActorRequest, id: int, *, seats: SeatsForm | None = None, adopt: AdoptForm | None = None, status: int = 200) -> HttpResponse:  # fmt: skip
    view = read.questionnaire(actor=request.actor, questionnaire_id=id)
    may = bool(permissions.can_work(request.actor))
    closed = view.state == QuestionnaireState.CLOSED
    found = read.results(actor=request.actor, questionnaire_id=id) if closed else []
    outcomes = [
        (o, _lines(o), [(p.seat, [100 * s for s in p.shares], p.ratio) for p in o.opinions]) for o in found
    ]  # fmt: skip
    start = {"name": _("专家权重：%(title)s") % {"title": view.title[:60]}}
    context = {
        "view": view, "questions": read.questions(view), "seats": read.seats(actor=request.actor, questionnaire_id=id),
        "may": may, "closed": closed, "outcomes": outcomes, "answered": any(o.opinions for o in found),
        "seats_form": (seats or SeatsForm()) if may and not closed else None, "has_errors": status == 422,
        "adopt_form": (adopt or AdoptForm(initial=start)) if may and closed else None,
        "apart": any(o.ratio is not None and o.ratio >= 0.1 for o in found), "ahp": view.kind == QuestionKind.AHP,
    }  # fmt: skip
    return render(request, "evaluation/experts_questionnaire.html", context, status=status)


def _lines(outcome: read.Outcome) -> list[Line]:
    most = max((n for s in outcome.spread for n in s.histogram), default=1)
    found = []
    for child, share, spread in zip(outcome.question.children, outcome.shares, outcome.spread, strict=False):
        bars = [(8 * i, 24 - h, h, n) for i, n in enumerate(spread.histogram) if (h := round(22 * n / most)) or n]
        deviation = None if spread.deviation is None else 100 * spread.deviation
        found.append(Line(child.name, 100 * share, 100 * spread.low, 100 * spread.high, deviation, bars))
    return found


@require_POST
@require(*permissions.WORK_KINDS)
@never_cache
def letters(request: ActorRequest, id: int) -> HttpResponse:
    """Make seats and answer with their letters, ready to print. The codes are seen this once."""
    view = read.questionnaire(actor=request.actor, questionnaire_id=id)
    form = SeatsForm(request.POST)
    if not form.is_valid():
        return _page(request, id, seats=form, status=422)
    try:
        made = write.add_seats(actor=request.actor, questionnaire_id=id, count=form.cleaned_data["count"])
    except (Invalid, Conflict) as refusal:
        onto_form(form, refusal)
        return _page(request, id, seats=form, status=refusal.status)
    entry = request.build_absolute_uri(reverse("evaluation:expert-entry"))
    context = {
        "view": view, "entry": entry,
        "letters": [(seat, slips.grouped(code), slips.drawing(f"{entry}{code}/")) for seat, code in made],
    }  # fmt: skip
    response = render(request, "evaluation/experts_letters.html", context)
    response["Cache-Control"] = "no-store, private"
    return response


@require_POST
@require(*permissions.WORK_KINDS)
def revoke(request: ActorRequest, id: int, seat: int) -> HttpResponse:
    write.revoke_seat(actor=request.actor, questionnaire_id=id, seat=seat)
    messages.success(request, _("专家 %(n)s 的码已作废。") % {"n": seat})
    return redirect("evaluation:questionnaire", id=id)


@require_POST
@require(*permissions.WORK_KINDS)
def open_it(request: ActorRequest, id: int) -> HttpResponse:
    write.open_questionnaire(actor=request.actor, questionnaire_id=id)
    messages.success(request, _("已开始，咨询码可以用了。"))
    return redirect("evaluation:questionnaire", id=id)


@require_POST
@require(*permissions.WORK_KINDS)
def close_it(request: ActorRequest, id: int) -> HttpResponse:
    write.close_questionnaire(actor=request.actor, questionnaire_id=id)
    messages.success(request, _("已截止，结果可以看了。"))
    return redirect("evaluation:questionnaire", id=id)


@require_POST
@require(*permissions.WORK_KINDS)
def adopt(request: ActorRequest, id: int) -> HttpResponse:
    form = AdoptForm(request.POST)
    if not form.is_valid():
        return _page(request, id, adopt=form, status=422)
    try:
        write.adopt(actor=request.actor, questionnaire_id=id, **form.cleaned_data)
    except (Invalid, Conflict) as refusal:
        onto_form(form, refusal)
        return _page(request, id, adopt=form, status=refusal.status)
    messages.success(
        request,
        _("已存成测算方案“%(name)s”，每位专家的意见是其中一个不确定因素。") % {"name": form.cleaned_data["name"]},
    )
    return redirect("evaluation:questionnaire", id=id)


@require_safe
@require(*permissions.INSIDE_KINDS)
def results_xlsx(request: ActorRequest, id: int) -> HttpResponse:
    """What was handed in, by seat. Refused while the questionnaire is open."""
    view = read.questionnaire(actor=request.actor, questionnaire_id=id)
    columns = [
        Column("node", _("节点"), "Node"), Column("child", _("下级"), "Child", width=24), Column("seat", _("专家"), "Seat", Kind.INTEGER),
        Column("share", _("权重（%）"), "Weight (%)", Kind.DECIMAL), Column("cr", "CR", "CR", Kind.DECIMAL),
    ]  # fmt: skip
    rows = [
        {"node": o.question.node.name, "child": c.name, "seat": one.seat, "share": round(100 * s, 4),
         "cr": None if one.ratio is None else round(one.ratio, 4)}
        for o in read.results(actor=request.actor, questionnaire_id=id) for one in o.opinions
        for c, s in zip(o.question.children, one.shares, strict=True)
    ]  # fmt: skip
    about = [
        (pgettext("experts", "咨询"), view.title),
        (_("体系"), view.framework_name),
        (_("专家"), _("只有席位号，没有姓名。")),
    ]
    return cast(HttpResponse, xlsx_response(view.title, [Sheet(_("意见"), columns, rows)], about=about))


urls: list[URLPattern] = [
    path("evaluation/experts/", experts, name="experts"),
    path("evaluation/frameworks/<int:id>/ask/", new, name="questionnaire-new"),
    path("evaluation/experts/<int:id>/", questionnaire, name="questionnaire"),
    path("evaluation/experts/<int:id>/letters", letters, name="questionnaire-letters"),
    path("evaluation/experts/<int:id>/open", open_it, name="questionnaire-open"),
    path("evaluation/experts/<int:id>/close", close_it, name="questionnaire-close"),
    path("evaluation/experts/<int:id>/adopt", adopt, name="questionnaire-adopt"),
    path("evaluation/experts/<int:id>/results.xlsx", results_xlsx, name="questionnaire-xlsx"),
    path("evaluation/experts/<int:id>/seats/<int:seat>/revoke", revoke, name="questionnaire-revoke"),
    *expert_desk.urls,
]
