"""先查一查: residents search the answers, read one, say whether it helped, and go on to report if it did not."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from linli.core.actor import RESIDENT
from linli.core.errors import Invalid, Missing
from linli.knowledge import actions as knowledge_actions
from linli.knowledge import permissions as may
from linli.knowledge import queries as knowledge
from linli.knowledge.choices import UseKind
from linli.site import throttle

from ..choices import limits

log = logging.getLogger("linli.portal")
PAGE = 15
SAYS = {"yes": UseKind.HELPED, "no": UseKind.NOT_HELPED}


@require_safe
def answers(request: HttpRequest) -> HttpResponse:
    """`?q=` the hits, `?category=` one shelf, else what is read most and all shelves."""
    text = request.GET.get("q", "")[:200].replace("\0", "")
    tree = knowledge.categories()
    here = next((c for c in tree if c.code == request.GET.get("category", "")[:8]), None)
    if text.strip():
        results = knowledge.search(text, limit=PAGE, public=True)
    elif here:
        results = knowledge.in_category(here.code, public=True)
    else:
        results = knowledge.often_used(public=True)
    counts = knowledge.counts_by_category(public=True)
    tops = []
    for top in (c for c in tree if not c.parent):
        if n := sum(m for code, m in counts.items() if code.startswith(top.code)):
            tops.append({"view": top, "n": n})
    return render(request, "portal/answers.html", {"q": text, "results": results, "category": here, "tops": tops})


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """`?q=`: titles under the field, as somebody types."""
    results = knowledge.search(request.GET.get("q", ""), public=True, limit=6)
    items = [
        {"code": h.code, "name": h.question, "detail": h.category_name, "url": reverse("portal:article", args=[h.code])}
        for h in results.hits
    ]
    answer = JsonResponse({"results": items, "more": results.more})
    answer["Cache-Control"] = "no-store"
    return answer


def _found(code: str) -> knowledge.ArticleView:
    """The article, if it is in use and meant for residents. Raises Missing."""
    found = knowledge.article(code)
    if found is None or not found.current or not may.can_read(RESIDENT, found.audience):
        raise Missing("no_such_article", _("没有这条答复，或者它已经停用。"))
    return found


@require_safe
@never_cache
def answer(request: HttpRequest, article: str) -> HttpResponse:
    """One answer. Reading it is counted, without whom; a busy database never keeps it from being read."""
    found = _found(article)
    if (
        request.method == "GET"
        and "said" not in request.GET
        and "prefetch" not in request.headers.get("Sec-Purpose", "")
    ):
        with contextlib.suppress(DatabaseError):
            knowledge_actions.count_use(actor=RESIDENT, version_id=found.version_id, kind=UseKind.READ)
    context: dict[str, Any] = {"article": found, "said": request.GET.get("said", "") in SAYS and request.GET["said"]}
    return render(request, "portal/answer.html", context)


@require_POST
def helped(request: HttpRequest, article: str) -> HttpResponse:
    """`helped=yes|no` for the version that was read. Counted; nobody is remembered. Raises Invalid, Missing, TooMany."""
    said = request.POST.get("helped", "")
    if said not in SAYS:
        raise Invalid("say_yes_or_no", _("请选择“有帮助”或“没有帮助”。"))
    found = _found(article)
    who = throttle.client_key(request)
    for times, per_s in limits("mark"):
        throttle.take(f"mark:{who}", limit=times, per_s=per_s)
    version = request.POST.get("version", "")
    read = (
        knowledge.article_version(int(version))
        if version.isascii() and version.isdigit() and len(version) < 19
        else None
    )
    seen = read.version_id if read is not None and read.code == found.code else found.version_id
    knowledge_actions.count_use(actor=RESIDENT, version_id=seen, kind=SAYS[said])
    messages.success(
        request, _("谢谢，已记下。") if said == "yes" else _("谢谢告诉我们，责任单位会看到没有帮助的次数。")
    )
    return HttpResponseRedirect(reverse("portal:article", args=[article]) + f"?said={said}#on")
