"""What the chain is steered by, to read: the routing table with its gaps, and the classes with their limits."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.organisations import queries as organisations
from linli.territory import queries as territory
from linli.worktime.explain import limit_text

from .. import permissions, queries
from ..catalogue import catalogue, route_views
from ..choices import Object, Urgency
from ..rules import CASE


@require_safe
@require(*permissions.CONFIG_KINDS)
def routes(request: ActorRequest) -> HttpResponse:
    """Who is given what, where; and for which classes nobody is, in how many subdistricts."""
    known = catalogue()
    rows = [_route(row, known) for row in route_views()]
    places = dict.fromkeys((r["code"], r["place"]) for r in rows)
    division = request.GET.get("division", next((code for code, _name in places), ""))[:12]
    shown = [r for r in rows if not division or r["code"] == division]
    gaps: dict[str, dict[str, Any]] = {}
    for gap in queries.route_gaps(known):
        found = gaps.setdefault(gap.class_code, {"code": gap.class_code, "name": gap.class_name, "places": []})
        found["places"].append(territory.division_name(gap.division, short=True))
    every = len(territory.divisions(9))
    for found in gaps.values():
        found["everywhere"] = len(found["places"]) == every
    context = {
        "rows": shown,
        "total": len(rows),
        "places": list(places),
        "division": division,
        "gaps": sorted(gaps.values(), key=lambda g: (-len(g["places"]), g["code"])),
        "pairs": sum(len(g["places"]) for g in gaps.values()),
        "all_pairs": every * len(known.by_code),
        "provisional": sum(r["provenance"] == "provisional" for r in rows),
    }
    return render(request, "response/routes.html", context)


def _route(row: Any, known: Any) -> dict[str, Any]:
    prefix = row.class_prefix
    name, code = "", prefix
    if len(prefix) == 2:
        name = next((v.top_name for v in known.by_code.values() if v.top_code == prefix), prefix)
    elif prefix:
        name = known.by_code[prefix].name if prefix in known.by_code else prefix
    body = organisations.body(organisations.resolve(row.body_id))
    return {
        "code": row.division,
        "place": territory.division_name(row.division),
        "class_code": code,
        "class_name": name,
        "top": len(prefix) == 2,
        "body": body.name if body else "",
        "provenance": row.provenance,
        "source": row.source,
    }


@require_safe
@require(*permissions.CONFIG_KINDS)
def classes(request: ActorRequest) -> HttpResponse:
    """The class tree with limits, and the limits of the steps, each with its provenance."""
    known = catalogue()
    tops: dict[str, dict[str, Any]] = {}
    for view in known.by_code.values():
        top = tops.setdefault(view.top_code, {"code": view.top_code, "name": view.top_name, "classes": []})
        top["classes"].append(
            {
                "view": view,
                "limit": limit_text(view.limit).strip(),
                "urgency": Urgency(view.urgency).label,
                "object": Object(view.object).label,
            }
        )
    stages = [
        {
            "label": CASE.stages[stage].label,
            "limits": [(Urgency(u).label, limit_text(known.limits[stage, u]).strip()) for u in Urgency.values
                       if (stage, u) in known.limits],
        }
        for stage in CASE.stages
        if any(stage == limited for limited, _u in known.limits)
    ]  # fmt: skip
    context = {
        "tops": list(tops.values()),
        "total": len(known.by_code),
        "stages": stages,
        "provisional": sum(v.limit_provenance == "provisional" for v in known.by_code.values()),
    }
    return render(request, "response/classes.html", context)
