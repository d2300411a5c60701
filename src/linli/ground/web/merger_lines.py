"""Decisions of a merger, line by line and many at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Conflict, Invalid, Refusal
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .. import permissions
from ..actions import layers, mergers
from ..choices import Net
from ..queries import mergers as read

OTHER = "other"


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def listed(request: ActorRequest, id: int) -> HttpResponse:
    """`/ground/mergers/7/lines/?net=&finding=&state=&within=&code=&after=`"""
    return _page(request, id, request.GET)


def _page(request: ActorRequest, id: int, query: Mapping[str, str], refused: Refusal | None = None) -> HttpResponse:
    row = read.merger(request.actor, id)
    wanted = read.Wanted.of({k: query.get(k, "") for k in ("net", "finding", "state", "within", "code")})
    after = _number(query.get("after", "0"))
    found, following, count = read.lines(id, wanted, after)
    left, of = read.progress(id)[""]
    keep: dict[str, Any] = wanted.query()
    context = {
        "tab": "nets", "row": row, "lines": found, "count": count, "wanted": wanted, "left": left, "of": of, "done": of - left,
        "nets": Net.choices, "findings": read.FINDINGS, "filtered": bool(keep),
        "states": [("open", _("未定")), ("decided", _("已定"))],
        "subdistricts": [(d.code, d.short_name) for d in territory.divisions(9)],
        "next_url": f"?{urlencode({**keep, 'after': following})}" if following else "",
        "back_url": f"?{urlencode({**keep, 'after': max(after - read.PAGE, 0)})}" if after else "",
        "here": urlencode({**keep, **({"after": after} if after else {})}), "most": mergers.BULK_MOST,
        "may": row.matter.stage == "open" and permissions.can_draw_district(request.actor).allowed,
        "bodies": [b.name for b in organisations.bodies()], "refused": refused, "has_errors": refused is not None,
        "typed": request.POST, "typed_line": _number(request.POST.get("line", "0")), "from_": after + 1 if count else 0,
        "to": after + len(found),
    }  # fmt: skip
    return render(request, "ground/merger_lines.html", context, status=refused.status if refused else 200)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@require_POST
@never_cache
@require(*permissions.DRAW_KINDS)
def decide(request: ActorRequest, id: int) -> HttpResponse:
    """One line: `line`, `seen`, `body` (a code, none, other), `other` (a name or a code), `reason`; `here`: the filter."""
    row, post = read.merger(request.actor, id), request.POST
    body = post.get("body", "")
    if body == OTHER:
        found = organisations.body(layers.bodies_by_word().get(post.get("other", "").strip()))
        body = found.code if found else ""
    try:
        mergers.decide(
            actor=request.actor, merger=row, line_id=_number(post.get("line", "")), seen=_number(post.get("seen", "")),
            body=body, reason=post.get("reason", ""),
        )  # fmt: skip
    except (Invalid, Conflict) as refused:
        return _page(request, id, _query(post), refused)
    messages.success(request, _("已定。"))
    return redirect(f"{reverse('ground:merger-lines', args=[id])}?{_query(post).urlencode()}#lines")


@require_POST
@never_cache
@require(*permissions.DRAW_KINDS)
def decide_many(request: ActorRequest, id: int) -> HttpResponse:
    """The chosen lines (`lines`), or with `all` every undecided one that matches the filter, to the largest shares."""
    row, post = read.merger(request.actor, id), request.POST
    query = _query(post)
    if post.get("all") == "1":
        wanted = read.Wanted.of({k: str(v) for k, v in query.items()})
        rows = read.matching(id, wanted).filter(decided=False).order_by("code", "net")
        ids = list(rows.values_list("pk", flat=True)[: mergers.BULK_MOST])
    else:
        ids = [n for n in map(_number, post.getlist("lines")) if n]
    try:
        done, left = mergers.decide_largest(
            actor=request.actor, merger=row, line_ids=ids, reason=post.get("reason", "")
        )
    except (Invalid, Conflict) as refused:
        return _page(request, id, query, refused)
    said = _("已定 %(n)s 条。") % {"n": done}
    if left:
        said += _("还有 %(n)s 条没有单位申明责任，请逐条定。") % {"n": left}
    messages.success(request, said)
    return redirect(f"{reverse('ground:merger-lines', args=[id])}?{query.urlencode()}#lines")


def _query(post: Any) -> QueryDict:
    """The filter that the page stood at: only names that the page knows, so it leads nowhere else."""
    given = QueryDict(post.get("here", "")[:400].replace("\x00", ""))
    kept = QueryDict(mutable=True)
    kept.update(
        {
            **read.Wanted.of(given.dict()).query(),
            **({"after": given["after"]} if _number(given.get("after", "")) else {}),
        }
    )
    return kept


urls = [
    path("ground/mergers/<int:id>/lines/", listed, name="merger-lines"),
    path("ground/mergers/<int:id>/decide/", decide, name="merger-decide"),
    path("ground/mergers/<int:id>/decide-many/", decide_many, name="merger-decide-many"),
]
