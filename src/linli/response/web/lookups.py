"""What the forms ask while somebody types: classes by words, and matters that are known near a point. JSON."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.site.refusals import answers_json
from linli.site.templatetags.parts import ago, when_text
from linli.territory.rules import read_point
from linli.worktime import queries as worktime
from linli.worktime.explain import limit_text

from .. import permissions, queries
from ..catalogue import ClassView
from ..choices import Urgency

CLASSES = 8
NEAR = 6


@require_safe
@answers_json
def classes(request: HttpRequest) -> HttpResponse:
    """`?q=`: published classes, best first, each with its limit and when it would be due if it were reported now."""
    found = queries.search_classes(request.GET.get("q", ""), limit=CLASSES)
    return JsonResponse({"results": [class_item(view) for view in found]})


def class_item(view: ClassView) -> dict[str, Any]:
    """A class as a form shows it. `due` is a sentence."""
    due = worktime.due(clock.now(), view.limit)
    return {
        "code": view.code,
        "name": view.name,
        "detail": view.top_name,
        "note": str(Urgency(view.urgency).label),
        "urgency": view.urgency,
        "due": _("时限%(limit)s，现在登记应在%(at)s前办结。")
        % {"limit": limit_text(view.limit), "at": when_text(due.at)},
        "provisional": due.provisional or view.limit_provenance == "provisional",
        "dwelling": view.dwelling,
    }


@require_safe
@answers_json
@require(*permissions.INTAKE_KINDS)
def nearby(request: ActorRequest) -> HttpResponse:
    """`?lon=&lat=&class=`: open matters near a point, those of the same class first. For who registers, elsewhere too."""
    lon, lat = read_point(request.GET)
    return JsonResponse(
        {"results": near_items(request.actor, lon, lat, request.GET.get("class", "").replace("\0", "")[:8])}
    )


def near_items(actor: Any, lon: float, lat: float, class_code: str) -> list[dict[str, Any]]:
    """Open matters within 200 m, those of the same class first. Raises Invalid for a point that is no place.

    What lies in the actor's scope stands at its true place; of the rest no more is told than the public is.
    """
    found: list[queries.NearbyCase] = []
    for code in dict.fromkeys((class_code, "")):
        mine = queries.nearby(lon, lat, class_code=code, limit=NEAR, public=False, actor=actor)
        others = [n for n in queries.nearby(lon, lat, class_code=code, limit=NEAR, actor=actor) if not n.in_scope]
        seen = {n.number for n in found}
        found += sorted((n for n in mine + others if n.number not in seen), key=lambda n: n.distance_m)
    return [
        {
            "number": n.number,
            "name": n.class_name,
            "same": n.class_code == class_code,
            "distance": _("%(m)s 米") % {"m": n.distance_m},
            "stage": str(n.stage),
            "age": ago(n.opened_at),
            "lon": n.lon,
            "lat": n.lat,
            "url": reverse("response:case", args=[n.number]) if n.in_scope else "",
            "merge": n.in_scope and n.joinable,
        }
        for n in found[:NEAR]
    ]
