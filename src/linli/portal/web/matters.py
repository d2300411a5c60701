"""What is going on nearby, as the public may see it: a map and a list of the same rows, and a page for each."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.core import clock
from linli.response import queries as response
from linli.response.rules import PLAIN_STEPS
from linli.territory import queries as territory

from .. import queries
from ..choices import DAYS, LIST_SIZE, STATES


def _wanted(request: HttpRequest) -> dict[str, Any]:
    """The filters of the address; what is not known is as if it were not said."""
    get = request.GET
    days = get.get("days", "")
    known = {d.code for d in territory.divisions(9)}
    tops = {c.top_code for c in response.classes()}
    return {
        "days": int(days) if days in {str(d) for d in DAYS} else DAYS[0],
        "subdistrict": get.get("subdistrict", "") if get.get("subdistrict", "") in known else "",
        "top": get.get("top", "") if get.get("top", "") in tops else "",
        "state": get.get("state", "") if get.get("state", "") in STATES else "",
    }


@require_safe
def matters(request: HttpRequest) -> HttpResponse:
    """Map and list; filters live in the address, pages go by key."""
    wanted = _wanted(request)
    after = request.GET.get("after", "")
    key = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    rows = queries.public_matters(**wanted, after=key, limit=LIST_SIZE + 1)
    shown, more = rows[:LIST_SIZE], len(rows) > LIST_SIZE
    kept = {k: v for k, v in wanted.items() if v}
    page = {
        "next_url": "?" + urlencode({**kept, "after": shown[-1].id}) if more else "",
        "prev_url": "?" + urlencode(kept) if key else "",
    }
    tops: dict[str, str] = {}
    for view in response.classes():
        tops.setdefault(view.top_code, view.top_name)
    context = {
        "wanted": wanted,
        "filtered": bool(wanted["subdistrict"] or wanted["top"] or wanted["state"]),
        "shown": shown,
        "features": queries.spread(shown),
        "page": page,
        "days": [(d, _("最近 %(n)s 天") % {"n": d}) for d in DAYS],
        "subdistricts": territory.divisions(9),
        "tops": tops,
        "states": [("working", _("正在办")), ("closed", _("已办好"))],
        "at": clock.now(),
        "tiles": queries.tiles(),
    }
    return render(request, "portal/matters.html", context)


@require_safe
def matter(request: HttpRequest, number: str) -> HttpResponse:
    """One matter as anybody may follow it."""
    found, lines = queries.public_matter(number)
    context = {
        "matter": found,
        "lines": lines,
        "steps": list(enumerate(PLAIN_STEPS)),
        "features": queries.spread([found]),
        "center": f"{found.lon:.5f},{found.lat:.5f}",
        "tiles": queries.tiles(),
        "at": clock.now(),
    }
    return render(request, "portal/matter.html", context)
