"""Finding and reading: search with what is often asked, an article with its source and history, an old version."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.accounts import queries as people
from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Missing
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .. import permissions, queries, rules
from ..choices import UseKind
from ..forms import NoteForm, ReviewForm

PAGE = 20


@require_safe
@require(*permissions.READ_KINDS)
def home(request: ActorRequest) -> HttpResponse:
    """`?q=` the hits, `?category=` a shelf, else what is asked most and the tree."""
    text = request.GET.get("q", "")[:200].replace("\0", "")
    category = request.GET.get("category", "")[:8]
    tree = queries.categories()
    here = next((c for c in tree if c.code == category), None)
    if text.strip():
        results = queries.search(text, limit=PAGE)
    elif here:
        results = queries.in_category(here.code)
    else:
        results = queries.often_used()
    counts = queries.counts_by_category()
    context = {
        "q": text,
        "results": results,
        "hits": [
            {"hit": hit, "owner": owner_name(hit.owner_body), "place": place_name(hit.division)} for hit in results.hits
        ],
        "category": here,
        "tree": tree_of(tree, counts),
        "total": sum(counts.values()),
        "keeps": bool(permissions.can_keep_any(request.actor)),
        "exports": bool(permissions.can_export(request.actor)),
        "imports": bool(permissions.can_import(request.actor)),
        "due": queries.count_due(actor=request.actor),
        "gaps": queries.count_gaps(actor=request.actor),
    }
    return render(request, "knowledge/search.html", context)


def tree_of(tree: tuple[Any, ...], counts: dict[str, int]) -> list[dict[str, Any]]:
    """Tops that hold something, each with its own that do."""
    tops = []
    for top in (c for c in tree if not c.parent):
        below = [{"view": c, "n": counts[c.code]} for c in tree if c.parent == top.code and counts.get(c.code)]
        if n := counts.get(top.code, 0) + sum(b["n"] for b in below):
            tops.append({"view": top, "n": n, "below": below})
    return tops


def owner_name(body_id: int | None) -> str:
    return organisations.body_name(organisations.resolve(body_id), short=True) if body_id is not None else ""


def place_name(division: str) -> str:
    return territory.division_name(division) if division else ""


@require_safe
@require(*permissions.READ_KINDS)
def suggest(request: ActorRequest) -> HttpResponse:
    """`?q=`: titles for the list under the field, as somebody types."""
    division = request.GET.get("division", "")[:12]
    results = queries.search(request.GET.get("q", ""), division=division if division.isdigit() else "")
    items = [
        {
            "code": hit.code,
            "name": hit.question,
            "detail": hit.category_name,
            "note": _("待复核") if hit.stale else "",
            "url": reverse("knowledge:article", args=[hit.code]),
        }
        for hit in results.hits
    ]
    answer = JsonResponse({"results": items, "more": results.more, "complete": results.complete})
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
@require(*permissions.READ_KINDS)
def article(request: ActorRequest, article: str) -> HttpResponse:
    """The version in use (or the newest one) with everything around it."""
    return page(request, article)


@require_safe
@require(*permissions.READ_KINDS)
def version(request: ActorRequest, article: str, number: int) -> HttpResponse:
    """A version as it was."""
    return page(request, article, number=number)


def page(
    request: ActorRequest, code: str, *, number: int | None = None, status: int = 200, **forms: Any
) -> HttpResponse:
    """The article page; `forms` bring back what could not be done. Raises Missing."""
    history = queries.versions(actor=request.actor, code=code)
    if number is None:
        shown = next((v for v in history if v.state == "published"), history[0])
    else:
        shown = next((v for v in history if v.number == number), None)  # type: ignore[assignment]
        if shown is None:
            raise Missing("no_such_version", _("没有这一版。"))
    keeps = bool(permissions.can_keep(request.actor, shown.owner_body))
    uses = queries.uses(actor=request.actor, code=code)
    totals = {kind: sum(month.get(kind, 0) for month in uses.values()) for kind in UseKind.values}
    names = people.names({int(v.written_by.split(":")[1]) for v in history if v.written_by.startswith("person:")})
    today = clock.today()
    context = {
        "article": shown,
        "place": place_name(shown.division),
        "history": [{"v": v, "by": writer(v.written_by, names)} for v in history],
        "older": number is not None and shown.state != "published",
        "draft": next((v for v in history if v.state == "draft"), None),
        "published": next((v for v in history if v.state == "published"), None),
        "keeps": keeps,
        "uses": [
            {"month": month, "cells": [(kind.label, counts.get(kind.value, 0)) for kind in UseKind]}
            for month, counts in uses.items()
        ],
        "use_heads": [kind.label for kind in UseKind],
        "totals": totals,
        "helped": rules.share_helped(totals),
        "note_form": forms.get("note") or NoteForm(),
        "review_form": forms.get("review")
        or ReviewForm(initial={"review_on": today.replace(day=min(today.day, 28), year=today.year + 1)}),
        "has_errors": any(f is not None and f.errors for f in forms.values()),
    }
    return render(request, "knowledge/article.html", context, status=status)


def writer(label: str, names: dict[int, str]) -> str:
    """Who wrote a version, in words."""
    kind, _sep, number = label.partition(":")
    return names.get(int(number), "") if kind == "person" and number.isdigit() else _("系统")
