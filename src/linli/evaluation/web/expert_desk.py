"""The pages behind an expert's code: nobody signs in; only whoever holds the code sees what was answered."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.core.errors import Conflict, Invalid, Missing
from linli.site import by_code, limits
from linli.vault import slips

from .. import opinions
from ..actions import experts as write
from ..choices import QuestionKind
from ..expert_forms import ExpertCodeForm, comparisons_of, points_of, shown_comparison
from ..queries import experts as read


def _unusable(request: HttpRequest, refusal: Missing) -> HttpResponse:
    form = ExpertCodeForm()
    form.fields["code"].widget.attrs["aria-describedby"] = "unusable"
    context = {"form": form, "unusable": refusal.message}
    return render(request, "evaluation/expert_entry.html", context, status=refusal.status)


_private = by_code.private("expert", limits.Rate.EXPERT_CODE, _unusable)


@require_http_methods(["GET", "HEAD", "POST"])
@_private
def entry(request: HttpRequest) -> HttpResponse:
    """Type the code of the letter."""
    form = ExpertCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = slips.normal(form.cleaned_data["code"])
        read.behind(code)
        return HttpResponseRedirect(reverse("evaluation:expert", args=[code]))
    return render(request, "evaluation/expert_entry.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@_private
def desk(request: HttpRequest, code: str) -> HttpResponse:
    return _desk(request, slips.normal(code))


def _desk(request: HttpRequest, code: str, wrong: Any = None, status: int = 200) -> HttpResponse:
    found = read.behind(code)
    lines = [(q, found.is_done(q), found.said.get(q.node.code), _answer(found, q)) for q in found.questions]
    context = {
        "desk": found, "view": found.view, "lines": lines, "code": code, "wrong": wrong, "grouped": slips.grouped(code),
        "all_done": found.done == len(lines), "has_errors": bool(wrong),
    }  # fmt: skip
    return render(request, "evaluation/expert_desk.html", context, status=status)


def _answer(found: read.Desk, question: read.Question) -> list[tuple[str, str]]:
    """What was answered, by child: points, or the weights that the comparisons make."""
    said = found.said.get(question.node.code)
    if said is None:
        return []
    if said.points is not None:
        return [(c.name, f"{said.points[c.code]:g}") for c in question.children if c.code in said.points]
    if said.matrix is None or len(said.matrix) != len(question.children) or not opinions.is_whole(said.matrix):
        return []
    weights = opinions.judged(said.matrix).weights
    return [(c.name, f"{100 * w:.1f}%") for c, w in zip(question.children, weights, strict=True)]


@require_http_methods(["GET", "HEAD", "POST"])
@_private
def question(request: HttpRequest, code: str, node: str) -> HttpResponse:
    """One node: spend points, or compare pair by pair. Saved as far as it is; handed in elsewhere."""
    plain = slips.normal(code)
    found = read.behind(plain)
    asked = next((q for q in found.questions if q.node.code == node), None)
    if asked is None or not found.may_write:
        return HttpResponseRedirect(reverse("evaluation:expert", args=[plain]))
    wrong: Invalid | Conflict | None = None
    if request.method == "POST":
        try:
            _save(request, plain, found, asked)
        except (Invalid, Conflict) as refusal:
            wrong = refusal
        else:
            return _next(request, plain, node)
    page = _budget if found.view.kind == QuestionKind.BUDGET else _pairs
    return page(request, found, asked, plain, wrong)


def _save(request: HttpRequest, code: str, found: read.Desk, asked: read.Question) -> None:
    node, children = asked.node.code, [c.code for c in asked.children]
    if found.view.kind == QuestionKind.BUDGET:
        write.save_points(code=code, node=node, points=points_of(request.POST, children))
        return
    said = comparisons_of(request.POST, len(children))
    write.save_comparisons(code=code, node=node, said=said, accepted=request.POST.get("accepted") == "1")


def _next(request: HttpRequest, code: str, node: str) -> HttpResponse:
    """Stay where something is still wanting; go on where the answer is whole."""
    found = read.behind(code)
    asked = next(q for q in found.questions if q.node.code == node)
    if not found.is_done(asked):
        return HttpResponseRedirect(reverse("evaluation:expert-question", args=[code, node]) + "?saved=1")
    return HttpResponseRedirect(reverse("evaluation:expert", args=[code]))


def _common(request: HttpRequest, found: read.Desk, asked: read.Question, code: str, wrong: Any) -> dict[str, Any]:
    said = found.said.get(asked.node.code)
    number = [q.node.code for q in found.questions].index(asked.node.code) + 1
    return {
        "desk": found, "view": found.view, "asked": asked, "code": code, "wrong": wrong, "has_errors": bool(wrong),
        "number": number, "count": len(found.questions), "saved": "saved" in request.GET and said is not None,
        "lacks": read.wanting(found.view, asked, said) if said is not None else "",
    }  # fmt: skip


def _budget(request: HttpRequest, found: read.Desk, asked: read.Question, code: str, wrong: Any) -> HttpResponse:
    said = found.said.get(asked.node.code)
    kept = {k: f"{v:g}" for k, v in (said.points or {}).items()} if said else {}
    typed = {c.code: request.POST.get(f"points-{c.code}", "") for c in asked.children} if wrong else kept
    context = _common(request, found, asked, code, wrong) | {
        "lines": [(c, typed.get(c.code, "")) for c in asked.children],
        "left": f"{found.view.total - sum(float(v) for v in kept.values()):g}",
    }  # fmt: skip
    return render(request, "evaluation/expert_budget.html", context, status=wrong.status if wrong else 200)


def _pairs(request: HttpRequest, found: read.Desk, asked: read.Question, code: str, wrong: Any) -> HttpResponse:
    said = found.said.get(asked.node.code)
    n = len(asked.children)
    matrix = said.matrix if said and said.matrix and len(said.matrix) == n else opinions.matrix_of(n, {})
    seen = opinions.judged(matrix) if opinions.is_whole(matrix) else None
    lines = []
    for i, j in opinions.pairs(n):
        which, degree = shown_comparison(matrix[i][j])
        if wrong:
            which = request.POST.get(f"which-{i}-{j}", "")
            typed = request.POST.get(f"degree-{i}-{j}", "")
            degree = int(typed) if typed.isascii() and typed.isdigit() and len(typed) == 1 else degree
        worst = seen is not None and not seen.consistent and seen.worst == (i, j)
        lines.append((i, j, asked.children[i], asked.children[j], which, degree, worst))
    fitting = shown_comparison(seen.fitting) if seen else ("", 3)
    context = _common(request, found, asked, code, wrong) | {
        "lines": lines, "degrees": _degrees(), "seen": seen, "accepted": bool(said and said.accepted), "fitting": fitting,
        "weights": [(c.name, 100 * w) for c, w in zip(asked.children, seen.weights, strict=True)] if seen else [],
        "random_index": opinions.random_index(n),
    }  # fmt: skip
    return render(request, "evaluation/expert_pairs.html", context, status=wrong.status if wrong else 200)


def _degrees() -> list[tuple[int, str]]:
    words = {
        2: _("2 稍稍"), 3: _("3 稍微重要"), 4: _("4"), 5: _("5 明显重要"), 6: _("6"), 7: _("7 强烈重要"), 8: _("8"), 9: _("9 极端重要"),
    }  # fmt: skip
    return [(d, words[d]) for d in opinions.DEGREES]


@require_POST
@_private
def submit(request: HttpRequest, code: str) -> HttpResponse:
    plain = slips.normal(code)
    try:
        write.submit(code=plain)
    except (Invalid, Conflict) as refusal:
        return _desk(request, plain, refusal, refusal.status)
    return HttpResponseRedirect(reverse("evaluation:expert", args=[plain]))


urls: list[URLPattern] = [
    path("expert/", entry, name="expert-entry"),
    path("expert/<str:code>/", desk, name="expert"),
    path("expert/<str:code>/submit", submit, name="expert-submit"),
    path("expert/<str:code>/<slug:node>/", question, name="expert-question"),
]
