"""A verifier's round: what waits to be checked, place by place, with what it looked like before and after."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.files import queries as pictures
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .. import permissions, queries
from ..queries import checks as reads
from .rows import options, urgency_view


@require_safe
@never_cache
@require(*permissions.CHECK_KINDS)
def checks(request: ActorRequest) -> HttpResponse:
    """`/checks/?subdistrict=&community=&drawn=1`."""
    asked = {n: request.GET.get(n, "").replace("\0", "").strip()[:12] for n in ("subdistrict", "community", "drawn")}
    if asked["community"] and not asked["community"].startswith(asked["subdistrict"]):
        asked["community"] = ""
    drawn = asked["drawn"] == "1"
    found, more = reads.round_of(
        request.actor, subdistrict=asked["subdistrict"], community=asked["community"], drawn=drawn
    )
    places = reads.places_of(request.actor, asked["subdistrict"])
    photos = pictures.for_subjects(actor=request.actor, subjects=[f"case:{c.pk}" for c in found if c.photos])
    groups = [
        {"name": _name(key), "rows": [_row(c, photos.get(f"case:{c.pk}", [])) for c in cases]}
        for key, cases in groupby(found, key=lambda c: (c.matter.subdistrict, c.matter.community))
    ]
    context = {
        "groups": groups,
        "count": sum(n for _code, n in places.subdistricts),
        "asked": asked,
        "drawn": drawn,
        "subdistricts": options(_choices(places.subdistricts), asked["subdistrict"]),
        "communities": options(_choices(places.communities), asked["community"]),
        "filtered": any(asked.values()),
        "more": more,
        "limit": reads.LIMIT,
    }
    return render(request, "response/checks.html", context)


def _choices(counted: Any) -> list[tuple[str, str]]:
    return [(code, f"{territory.division_name(code, short=True) or code}（{n}）") for code, n in counted if code]


def _name(key: tuple[str, str]) -> str:
    subdistrict, community = key
    names = [territory.division_name(subdistrict, short=True)] if subdistrict else []
    names.append(territory.division_name(community) if community else _("社区不详"))
    return " ".join(names)


def _row(case: Any, photos: list[Any]) -> dict[str, Any]:
    matter, view = case.matter, queries.class_of(case)
    return {
        "number": queries.number_of_case(case),
        "title": view.name,
        "near": case.near,
        "body": organisations.body_name(matter.body_id, short=True),
        "urgency": urgency_view(matter),
        "drawn": case.sampled is True,
        "share": view.variant.sample("pass"),
        "needs_photo": ("pass", "photos") in view.variant.also_needs,
        "rework": case.rework_count,
        "fed_back_at": matter.stage_started_at,
        "photos": photos[-2:],
        "simulated": matter.simulated,
    }
