"""The inbox page: phone first, tabs and pages in the address."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, holds, require

from . import queries, registry

SCOPE = "inbox"


@dataclass(frozen=True, slots=True)
class Tab:
    """One list, with its size."""

    key: str
    label: str
    icon: str
    count: int | None  # None: not counted on this page
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pager part needs."""

    next_url: str = ""
    prev_url: str = ""
    say: str = ""


@require_safe
@never_cache
@require()
def inbox(request: ActorRequest) -> HttpResponse:
    """`/inbox/?tab=overdue|soon|today|warned|pressed&after=`. Who answers for no stage is told which posts do."""
    holds(request.actor, registry.kinds()).or_forbidden()
    asked = request.GET.get("tab", "")
    tab = asked if asked in queries.TABS + queries.WATCH else ""
    after = request.GET.get("after", "") if tab else ""
    if tab in queries.WATCH:
        found = queries.watch(request.actor, tab, after)
    else:
        found = queries.inbox(request.actor, tab or queries.TABS[0], after)
    if not tab and (tab := queries.fullest(found.counts)) != queries.TABS[0]:
        found = queries.inbox(request.actor, tab)
    request.live_scope = SCOPE  # type: ignore[attr-defined]
    pages = Pages(
        address(tab, found.next_after) if found.next_after else "",
        address(tab) if after else "",
        _("本页 %(n)s 件") % {"n": len(found.rows)} if found.next_after or after else "",
    )
    context = {
        "inbox": found,
        "tab": tab,
        "tabs": tabs(found, tab),
        "lists": lists(tab),
        "page": pages,
        "here": address(tab),
    }
    return render(request, "workbench/inbox.html", context)


def address(tab: str, after: str = "") -> str:
    query = {"tab": tab, "after": after} if after else {"tab": tab}
    return f"{reverse('workbench:inbox')}?{urlencode(query)}"


def tabs(found: queries.Inbox, tab: str) -> list[Tab]:
    """Most urgent first, as the field says them."""
    words = {"overdue": (_("已超期"), "late"), "soon": (_("快到期"), "soon"), "today": (_("待办"), "ok")}
    return [Tab(k, label, icon, found.counts.get(k), address(k), k == tab) for k, (label, icon) in words.items()]


def lists(tab: str) -> list[Tab]:
    """What is watched rather than done: no sizes, which would cost every page two counts more."""
    words = {"warned": (_("预警"), "soon"), "pressed": (_("催办督办"), "late")}
    return [Tab(k, label, icon, None, address(k), k == tab) for k, (label, icon) in words.items()]
