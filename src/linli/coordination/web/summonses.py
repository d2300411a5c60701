"""The list of summons with its filters in the address, and the counts by body, each linked to its list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.actor import Actor
from linli.core.errors import Invalid
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .. import permissions
from ..actions.summons import callable_bodies
from ..queries import summonses as read
from ..queries.summonses import PARTS, TABS, SummonsFilter

PAGE = 50


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pager part needs."""

    next_url: str = ""
    prev_url: str = ""
    say: str = ""


def address(name: str, wanted: SummonsFilter, **more: str) -> str:
    query = {**wanted.as_query(), **{k: v for k, v in more.items() if v}}
    return f"{reverse(name)}?{urlencode(query)}" if query else reverse(name)


def read_filter(request: ActorRequest) -> tuple[SummonsFilter, str]:
    """What the address asks for; a mistyped day is said and left out."""
    given = request.GET.dict()
    try:
        return SummonsFilter.from_mapping(given), ""
    except Invalid as refused:
        kept = {k: v for k, v in given.items() if k not in ("since", "until")}
        return SummonsFilter.from_mapping(kept), str(refused.message)


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def summonses(request: ActorRequest) -> HttpResponse:
    """`/coordination/summons/?tab=open|judging|failed|all&subdistrict=&body=&since=&until=&after=`"""
    wanted, problem = read_filter(request)
    after = request.GET.get("after", "")
    found = read.page(request.actor, wanted, after=after, limit=PAGE)
    name = "coordination:summonses"
    context = {
        "rows": found.rows,
        "wanted": wanted,
        "problem": problem,
        "has_errors": bool(problem),
        "tabs": [(label, found.counts[t], address(name, wanted.but(tab=t)), t == wanted.tab) for t, (label, _s) in TABS.items()],
        "page": Pages(
            address(name, wanted, after=found.next_after) if found.next_after else "",
            address(name, wanted) if after else "",
            _("本页 %(n)s 件") % {"n": len(found.rows)} if found.next_after or after else "",
        ),
        "chips": _chips(wanted),
        "may_call": request.actor.holds(permissions.CHIEF_KINDS),
        "statistics": address("coordination:summons-statistics", wanted.but(tab="open", body="", part="")),
        **_choices(request.actor, wanted, name),
        "tab": "summons",
    }  # fmt: skip
    return render(request, "coordination/summonses.html", context, status=422 if problem else 200)


def _choices(actor: Actor, wanted: SummonsFilter, name: str) -> dict[str, Any]:
    """Which lists, subdistricts and bodies this actor may choose among."""
    views = read.views_of(actor)
    words = {"area": _("辖区的"), "body": _("本单位的")}
    chosen = wanted.view if wanted.view in views else next(iter(views), "")
    district = any(len(p.division) == 6 for p in actor.posts if p.kind in permissions.WATCH_KINDS)
    return {
        "views": [(words[v], address(name, wanted.but(view=v)), v == chosen) for v in views] if len(views) > 1 else [],
        "subdistricts": [(d.code, d.short_name) for d in territory.divisions(9)] if district else [],
        "bodies": [(str(b.id), b.short_name) for b in callable_bodies()] if chosen == "area" else [],
    }


def _chips(wanted: SummonsFilter) -> list[tuple[str, str]]:
    """The filters that are on, in words, and the address without each."""
    found = []
    if wanted.part:
        found.append((str(PARTS[wanted.part][0]), wanted.but(part="")))
    if wanted.body:
        found.append((organisations.body_name(int(wanted.body)) or wanted.body, wanted.but(body="", part="")))
    if wanted.subdistrict:
        name = territory.division_name(wanted.subdistrict) or wanted.subdistrict
        found.append((name, wanted.but(subdistrict="")))
    if wanted.since:
        found.append((_("%(day)s 起") % {"day": wanted.since}, wanted.but(since="")))
    if wanted.until:
        found.append((_("到 %(day)s") % {"day": wanted.until}, wanted.but(until="")))
    return [(words, address("coordination:summonses", without)) for words, without in found]


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def statistics(request: ActorRequest) -> HttpResponse:
    """`/coordination/summons/statistics?since=&until=&subdistrict=`: by body; each number is a link to its list."""
    wanted, problem = read_filter(request)
    tallies = read.by_body(request.actor, wanted)
    name = "coordination:summonses"
    plain = wanted.but(tab="all", body="", part="")
    lines = [
        (
            t,
            [
                (part, label, t.counts[part], address(name, plain.but(body=str(t.body_id), part=part)))
                for part, (label, _q) in PARTS.items()
            ],
        )
        for t in tallies
    ]
    sums = [
        (part, label, sum(t.counts[part] for t in tallies), address(name, plain.but(part=part)))
        for part, (label, _q) in PARTS.items()
    ]
    context = {
        "lines": lines,
        "sums": sums,
        "wanted": wanted,
        "problem": problem,
        "has_errors": bool(problem),
        **_choices(request.actor, wanted, "coordination:summons-statistics"),
        "list": address(name, wanted.but(tab="open", body="", part="")),
        "tab": "summons",
    }
    return render(request, "coordination/summons_statistics.html", context, status=422 if problem else 200)
