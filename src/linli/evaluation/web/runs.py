"""Asking for a run: framework, years, way to compute, what is varied; every problem is said before anything is queued."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid, Missing
from linli.site.refusals import onto_form
from linli_engines.composite import Problem, check

from .. import documents, permissions, problems, pruning
from ..actions import results as write
from ..choices import FrameworkState, UnitLevel
from ..queries import frameworks as framework_reads
from ..queries import observations, panels
from ..queries import results as read
from ..queries.frameworks import FrameworkView
from ..queries.results import ScenarioView
from ..run_forms import AGGREGATE, NORMALISE, WEIGH, RunForm, field_of
from ..trees import codes_in
from . import explore_words as words

SPAN = 5
"""Years offered at first: the last ones with data."""


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.READ_KINDS)
def new(request: ActorRequest) -> HttpResponse:
    permissions.can_work(request.actor).or_forbidden()
    every = framework_reads.frameworks(actor=request.actor)
    levels = list(UnitLevel.values)
    shown = sorted((f for f in every if f.state != FrameworkState.RETIRED), key=lambda f: levels.index(f.level))
    if not shown:
        return render(request, "evaluation/run_new.html", {"frameworks": []})
    chosen = _chosen(request, shown)
    ways = read.scenarios(request.actor, chosen.id)
    years = _years(chosen)
    if not years:
        return render(request, "evaluation/run_new.html", {"frameworks": shown, "framework": chosen, "form": None})
    form = _form(request, ways, years)
    status, passed = 200, False
    if request.method == "POST":
        if form.is_valid():
            found = _run(request, chosen, ways, form)
            if isinstance(found, HttpResponse):
                return found
            passed = found
        status = 200 if passed else 422
    context = {
        "frameworks": shown, "framework": chosen, "form": form, "ways": [{"way": w, "words": scenario_words(w)} for w in ways],
        "passed": passed, "edited": any(form[n].value() for n in EDITED if n in form.fields) or any(n in form.errors for n in EDITED),
    }  # fmt: skip
    return render(request, "evaluation/run_new.html", context, status=status)


EDITED = ("impute", "treat", "normalise", "base", "scale_low", "weigh", "aggregate", "coverage")


def _chosen(request: ActorRequest, shown: Sequence[FrameworkView]) -> FrameworkView:
    """The framework asked for, else the newest published one. Raises Missing."""
    wanted = request.POST.get("framework") or request.GET.get("framework") or ""
    found = next((f for f in shown if str(f.id) == wanted), None)
    if wanted and found is None:
        raise Missing("no_such_framework", _("没有这个评价体系。"))
    first = found or next((f for f in shown if f.state == FrameworkState.PUBLISHED), shown[0])
    return framework_reads.framework(actor=request.actor, framework_id=first.id)


def _years(chosen: FrameworkView) -> list[int]:
    """Years in which an indicator of the framework has a value and its edition is in force, the latest first."""
    found = observations.years_of(codes_in(chosen.rows))
    return [y for y in reversed(found) if y >= chosen.valid_from and (chosen.valid_to is None or y <= chosen.valid_to)]


def _form(request: ActorRequest, ways: Sequence[ScenarioView], years: Sequence[int]) -> RunForm:
    names = list(dict.fromkeys(str(f.get("name", "")) for w in ways for f in w.factors))
    choices: dict[str, Any] = {
        "years": years, "scenarios": [(w.id, w.name) for w in ways], "factors": [(n, n) for n in names]
    }  # fmt: skip
    if request.method == "POST":
        return RunForm(request.POST, **choices)
    scenario = request.GET.get("scenario", "")
    start = {"year_to": years[0], "year_from": years[min(SPAN, len(years)) - 1], "factors": names}
    return RunForm(initial=start | ({"scenario": scenario} if scenario else {}), **choices)


def _run(
    request: ActorRequest, chosen: FrameworkView, ways: Sequence[ScenarioView], form: RunForm
) -> HttpResponse | bool:
    """The page of the run that was queued; True if it was to be checked only and may run; False with the reasons on the form."""
    data = form.cleaned_data
    way = next(w for w in ways if w.id == data["scenario"])
    document = form.document(way.document)
    asked = document if document is not None else way.document
    named = {str(f.get("name", "")): f for w in (*ways, way) for f in w.factors}
    factors = [named[n] for n in data.get("factors", []) if n in named]
    try:
        if "check" in request.POST:
            write.prepared(framework_id=chosen.id, years=form.years, document=asked, factors=factors)
            return True
        row = write.ask_for_run(
            actor=request.actor, framework_id=chosen.id, years=form.years, name=data["name"], scenario_id=way.id,
            document=document, factors=factors,
        )  # fmt: skip
    except Invalid as refusal:
        if not _by_field(chosen, form, asked):
            onto_form(form, refusal)
        return False
    return redirect(reverse("evaluation:result", args=[row.pk]))


def _by_field(chosen: FrameworkView, form: RunForm, document: Any) -> bool:
    """Write each problem that stops the scenario beside the field it is about; whether there was one."""
    try:
        nodes = panels.node_views(chosen.id)
        whole = panels.assembled(nodes, level=chosen.level, within=chosen.within, years=form.years)
        if whole.panel is None or whole.tree is None:
            return False
        found = check(whole.panel, whole.tree, pruning.fitted(documents.scenario_of(document), whole.tree))
    except Invalid:
        return False
    stops = _joined(p for p in found if p.stops)
    for problem in stops:
        name = field_of(problem.code)
        form.add_error(name if name in form.fields else None, str(problems.told(problem, whole.names)))
    return bool(stops)


def _joined(found: Iterable[Problem]) -> list[Problem]:
    """One problem for each kind, with all the places it is met at."""
    held: dict[str, Problem] = {}
    for p in found:
        where = (*held[p.code].where, *p.where) if p.code in held else p.where
        held[p.code] = Problem(p.code, p.text, tuple(dict.fromkeys(where)), p.stops)
    return list(held.values())


def scenario_words(way: ScenarioView) -> list[tuple[str, str]]:
    """A way to compute, step by step in words."""
    scenario = documents.scenario_of(way.document)
    fills = {"mean": _("各地均值"), "median": _("各地中位数"), "group_mean": _("同组均值"), "group_median": _("同组中位数"), "row": _("本地其他指标"),
             "carry": _("沿用上一次"), "interpolate": _("两年之间插补"), "regression": _("由相关指标回归")}  # fmt: skip
    rules = {
        **dict(WEIGH),
        "manual": _("另行设定"),
        "budget": _("专家分配"),
        "ahp": _("两两比较"),
        "optimised": _("按重要性优化"),
    }
    how, base = scenario.normalise, scenario.normalise.base
    kinds = [documents.plain(rule).get("kind", "") for rule in scenario.weigh.at.values()]
    weigh = str(rules.get(documents.plain(scenario.weigh.default).get("kind", ""), ""))
    if kinds:
        weigh += _("；%(n)s 处另定（%(kinds)s）") % {
            "n": len(kinds),
            "kinds": _("、").join(sorted({str(rules.get(k, k)) for k in kinds})),
        }
    years = (
        _("各年合并")
        if base == "pooled"
        else _("每年单独")
        if base == "each"
        else _("以 %(year)s 年为基年") % {"year": base}
    )
    return [
        (_("填补"), "，".join(fills.get(f.method, f.method) for f in scenario.impute) or _("不填补")),
        (_("极端值"), words.steps(scenario.treat.methods) if scenario.treat else _("不处理")),
        (_("尺度"), f"{dict(NORMALISE).get(how.method, how.method)}，{years}"),
        (_("权重"), weigh),
        (_("合成"), str(dict(AGGREGATE).get(scenario.aggregate.default, scenario.aggregate.default))),
        (_("试变化"), _("、").join(str(f.get("name", "")) for f in way.factors) or _("不试")),
    ]  # fmt: skip


urls: list[URLPattern] = [path("evaluation/results/new/", new, name="result-new")]
