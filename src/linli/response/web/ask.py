"""The desk's answers: what the knowledge base says to a question, and where a caller without a point is put."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.knowledge import queries as knowledge
from linli.territory import queries as territory

from .. import permissions, queries
from ..choices import Tree
from ..forms import ReportForm

ANSWERS = 6


@require_safe
@never_cache
@require(*permissions.DESK_KINDS)
def answers(request: ActorRequest) -> HttpResponse:
    """`?q=&division=`: answers to a question, best first, each with what is read out and the class it suggests. JSON."""
    division = request.GET.get("division", "")[:12]
    return JsonResponse({"results": hits(request.GET.get("q", "")[:80], division if division.isdigit() else "")})


def hits(text: str, division: str = "") -> list[dict[str, Any]]:
    """The best answers (1 SQL)."""
    text = text.replace("\0", "").strip()
    if not text:
        return []
    found = knowledge.search(text, division=division, limit=ANSWERS)
    return [_item(hit) for hit in found.hits]


def _item(hit: Any) -> dict[str, Any]:
    view = queries.question_class(hit.category)
    return {
        "version": hit.version_id,
        "name": hit.question,
        "detail": hit.category_name,
        "note": _("待复核") if hit.stale else "",
        "spoken": hit.spoken or "".join(mark.text for mark in hit.snippet),
        "short": bool(hit.spoken),
        "url": reverse("knowledge:article", args=[hit.code]),
        "class_code": view.code if view else "",
        "provisional": hit.provenance == "provisional",
    }


def chosen(version: int | None) -> dict[str, Any] | None:
    """The answer that the form names, to be shown again."""
    found = knowledge.article_version(version) if version else None
    if found is None:
        return None
    return {
        "version": found.version_id,
        "name": found.question,
        "spoken": found.spoken_or_plain,
        "url": reverse("knowledge:article", args=[found.code]),
        "detail": found.category_name,
        "class_code": view.code if (view := queries.question_class(found.category)) else "",
        "provisional": found.provenance == "provisional",
    }


def divisions_of(request: ActorRequest) -> list[tuple[str, str]]:
    """Where a caller may be said to live: the divisions of this person's own desk, the widest first."""
    mine = sorted({p.division[:9] for p in request.actor.posts if p.kind in permissions.DESK_KINDS and p.division})
    rows: list[tuple[str, str]] = []
    for code in mine:
        if len(code) == 6:
            rows.append((code, _("全区（没问街道）")))
            rows += [(d.code, d.name) for d in territory.divisions(9, code)]
        elif (found := territory.division(code)) is not None:
            rows.append((code, found.name))
    return list(dict.fromkeys(rows))


def context_of(request: ActorRequest, form: ReportForm) -> dict[str, Any]:
    """What the question's part of the page shows."""
    article = form["article"].value()
    said = form["said"].value()
    shown = chosen(int(article)) if str(article or "").isdigit() and len(str(article)) < 19 else None
    looked = form["question"].value() or ""
    places = divisions_of(request)
    return {
        "answer": shown,
        "answer_text": said if said else shown["spoken"] if shown else "",
        "answers": hits(str(looked)) if form.data.get("go") == "look" and not shown else None,
        "divisions": places,
        "division": form["division"].value() or (places[0][0] if places else ""),
        "question_classes": queries.question_classes(),
        "question_class": form["question_class"].value() or (shown["class_code"] if shown else ""),
    }


def is_question(code: str) -> bool:
    """Whether a published class is one of questions, which need no point."""
    view = queries.class_by_code(code)
    return view is not None and view.tree == Tree.CONSULTATION
