"""Other weights: sliders that answer at once, the same by a form without a script, and kept as a scenario."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid
from linli_engines.composite import Manual, Refused, Scenario, Weigh
from linli_engines.composite.scenario import Scenario as EngineScenario

from .. import documents, permissions, problems
from ..actions import results as write
from ..queries.explore import Subject, payload, what_if
from ..queries.explore.what_if import linear, shares
from . import explore_words as words
from .explore_asked import Looking, frame, looking

MARK = "w-"
POINTS_MOST = 100.0


def points_of(values: Mapping[str, Any], subject: Subject) -> dict[str, dict[str, float]]:
    """Points by parent and child from "w-<code>" fields; a parent of which nothing is said, or all as it stands, is not
    among them. Raises Invalid: no number, all of a node's points 0.
    """
    framework, found = subject.result.framework, {}  # type: ignore[var-annotated]
    held = shares(subject.result, {})
    for parent, own in held.items():
        said = {c: values.get(f"{MARK}{c}") for c in framework.children[parent]}
        if all(v in (None, "") for v in said.values()):
            continue
        points = {c: _points(v, c, own[c]) for c, v in said.items()}
        total = sum(points.values())
        if not total > 0:
            sentence = _("“%(node)s”下面的权重不能全是零。") % {"node": subject.node(parent).name}
            raise Invalid("weights_zero", sentence, fields={f"{MARK}{c}": [sentence] for c in points})
        if any(abs(p / total - own[c]) > 5e-4 for c, p in points.items()):
            found[parent] = {c: p / total for c, p in points.items()}
    return found


def _points(value: Any, code: str, share: float) -> float:
    if value in (None, ""):
        return 100 * share
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not 0 <= number <= POINTS_MOST:
        sentence = _("权重要在 0 到 100 之间。")
        raise Invalid("bad_weight", sentence, fields={f"{MARK}{code}": [sentence]})
    return number


def changed(found: dict[str, dict[str, float]]) -> dict[str, float]:
    return {c: w for own in found.values() for c, w in own.items()}


@require_safe
@require(*permissions.READ_KINDS)
def page(request: ActorRequest, id: UUID) -> HttpResponse:
    at = looking(request, id)
    wrong = None
    asked: dict[str, dict[str, float]] = {}
    try:
        asked = points_of(request.GET, at.subject)
    except Invalid as refusal:
        wrong = refusal
    context = frame(request, at, "what-if") | _context(at, asked) | {"wrong": wrong, "nodes": None}
    return render(request, "evaluation/what_if.html", context, status=422 if wrong else 200)


def _context(at: Looking, asked: dict[str, dict[str, float]]) -> dict[str, Any]:
    found = what_if(at.subject, changed(asked), at.year)
    root = at.subject.result.framework.root
    moved = sum(1 for m in found.rows if m.gained)
    held = shares(at.subject.result, {})
    groups = [
        {
            "node": at.subject.node(parent), "open": parent == root or parent in asked,
            "mean": str(words.MEAN.get(at.subject.result.scenario.aggregate.method(parent), "")),
            "rows": [
                {"node": at.subject.node(c), "share": 100 * found.shares[parent][c], "nominal": 100 * held[parent][c]}
                for c in at.subject.result.framework.children[parent]
            ],
        }
        for _depth, parent in at.subject.tree()
        if parent in held and len(held[parent]) > 1
    ]  # fmt: skip
    most = max((m.score or 0.0 for m in found.rows), default=1.0) or 1.0
    return {
        "found": found, "groups": groups, "moved": moved, "changed": bool(asked), "config": _config(at),
        "ranked": at.may_rank(root), "most": most, "linear": linear(at.subject.result), "fixed": not groups,
        "scores_url": reverse("evaluation:result-what-if-scores", args=[at.opened.row.id]),
    }  # fmt: skip


def _config(at: Looking) -> dict[str, Any]:
    """What the page computes from; never a rank, so that none of an experimental result leaves with it."""
    if not linear(at.subject.result):
        return {"linear": False, "tolerance": at.subject.result.scenario.tolerance}
    return {k: v for k, v in payload(at.subject, at.year).items() if k != "ranks"}


@require_safe
@require(*permissions.READ_KINDS)
def scores(request: ActorRequest, id: UUID) -> JsonResponse:
    """The engine's answer to the weights of the address: what the page checks itself by, or asks where it cannot compute."""
    at = looking(request, id)
    asked = points_of(request.GET, at.subject)
    found = what_if(at.subject, changed(asked), at.year)
    ranked = at.may_rank(at.subject.result.framework.root)
    rows = [{"code": m.unit.code, "score": m.score} | ({"rank": m.rank} if ranked else {}) for m in found.rows]
    return JsonResponse({"hash": at.subject.digest, "year": at.year, "rows": rows})


@require_POST
@require(*permissions.READ_KINDS)
def save(request: ActorRequest, id: UUID) -> HttpResponse:
    """The weights as a scenario of the framework, to be computed in full."""
    permissions.can_work(request.actor).or_forbidden()
    at = looking(request, id)
    asked = points_of(request.POST, at.subject)
    if not asked:
        raise Invalid("nothing_changed", _("权重和原来一样，没有可存的方案。"))
    document = documents.scenario_doc(weighed(at.subject.result.scenario, asked))
    try:
        write.save_scenario(
            actor=request.actor,
            framework_id=at.opened.row.framework_id,
            name=request.POST.get("name", "").replace("\0", ""),
            document=document,
            factors=at.opened.summary.get("factors") or [],
            note=_("由结果 %(hash)s 调整权重得到") % {"hash": at.opened.row.short},
        )
    except Refused as refused:
        raise problems.refusal(refused) from refused
    messages.success(request, _("已存为测算方案，新建测算时可以选用。"))
    return redirect(f"{reverse('evaluation:result-new')}?framework={at.opened.row.framework_id}")


def weighed(scenario: EngineScenario, asked: Mapping[str, Mapping[str, float]]) -> Scenario:
    """The scenario with these shares written in; all else stays."""
    rules = {**scenario.weigh.at, **{parent: Manual(dict(own)) for parent, own in asked.items()}}
    return replace(scenario, weigh=Weigh(scenario.weigh.default, rules))


_at = "evaluation/results/<uuid:id>/what-if/"
urls: list[URLPattern] = [
    path(_at, page, name="result-what-if"),
    path(f"{_at}scores/", scores, name="result-what-if-scores"),
    path(f"{_at}save/", save, name="result-what-if-save"),
]
