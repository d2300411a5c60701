"""What one reaches on foot from a place: by map, by name, or from a list. Nothing is kept, and no address or log holds the point."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from linli.circle import queries as circle
from linli.core.errors import Invalid, Missing
from linli.site import throttle
from linli.territory import queries as territory

from .. import queries
from ..choices import limits
from ..drawing import drawing
from ..hours import said
from .draft import coordinate

WANTED_MAX = 60


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def around(request: HttpRequest) -> HttpResponse:
    """GET asks where, POST answers: a point in the body, never in the address. Raises TooMany."""
    if request.method != "POST":
        return _page(request, {})
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        return _page(request, request.POST)
    with translation.override(chosen):
        request.LANGUAGE_CODE = chosen  # type: ignore[attr-defined]
        answer = _page(request, request.POST)
    answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, samesite="Lax", secure=settings.HTTPS)
    return answer


def _page(request: HttpRequest, post: Any) -> HttpResponse:
    paces = circle.paces()
    wanted = post.get("q", "").replace("\0", "").strip()[:WANTED_MAX]
    pace = post.get("pace", "")
    pace = pace if pace in {p.code for p in paces} else paces[0].code if paces else ""
    context: dict[str, Any] = {
        "paces": paces, "pace": pace, "wanted": wanted, "areas": queries.areas(), "tiles": queries.tiles(),
        "ready": circle.network() is not None and bool(paces),
    }  # fmt: skip
    if post.get("go") == "search":
        context["hits"] = territory.search_places(wanted) if wanted else ()
    elif post and context["ready"]:
        try:
            context |= _answer(request, post, pace)
        except (Invalid, Missing) as refused:
            context["error"] = refused.message
    return render(request, "portal/around.html", context, status=422 if "error" in context else 200)


def _answer(request: HttpRequest, post: Any, pace: str) -> dict[str, Any]:
    """What the page shows of a point. Raises Invalid for what is no place of the district, Missing, TooMany."""
    lon, lat, name = _point(post)
    for times, per_s in limits("around"):
        throttle.take(f"around:{throttle.client_key(request)}", limit=times, per_s=per_s)
    here = territory.check_point(lon, lat)
    found = circle.around(lon=lon, lat=lat, pace=pace)
    marks = [(p.n, p.lon, p.lat) for p in found.places]
    return {
        "lon": f"{lon:.6f}", "lat": f"{lat:.6f}", "chosen": name, "found": found,
        "where": here, "groups": [(c, [(n, said(n.place.opening_hours)) for n in c.near]) for c in found.classes if c.near],
        "drawing": drawing(lon, lat, found.circle, marks),
        "shown": {"lon": lon, "lat": lat, "circle": found.circle, "marks": [{"n": n, "lon": x, "lat": y} for n, x, y in marks]},
    }  # fmt: skip


def _point(post: Any) -> tuple[float, float, str]:
    """Of a search result (`pick`), of the list (`division`), or of the map (lon, lat): the first that was chosen."""
    name = post.get("chosen", "").replace("\0", "")[:WANTED_MAX]
    texts = (post.get("lon", ""), post.get("lat", ""))
    if post.get("pick"):
        first, _sep, rest = post["pick"].partition(",")
        second, _sep, name = rest.partition(",")
        texts = (first, second)
    elif post.get("division"):
        return queries.label_point(post["division"])
    lon, lat = (coordinate(t) for t in texts)
    if lon is None or lat is None:
        raise Invalid("place_required", _("请先选一个地点：点地图、搜地名，或从列表里选社区。"))
    return lon, lat, name[:WANTED_MAX]
