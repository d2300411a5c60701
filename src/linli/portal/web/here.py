"""What stands under the pin: the place in words, and the matters nearby that are known already. For the map's script."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.core.errors import Invalid
from linli.response import queries as response

from .. import queries
from .draft import coordinate


@require_safe
@never_cache
def here(request: HttpRequest) -> JsonResponse:
    """200 {place, near, html, marks}; 422 {message} for a point that is not in the district."""
    lon, lat = coordinate(request.GET.get("lon", "")), coordinate(request.GET.get("lat", ""))
    try:
        if lon is None or lat is None:
            raise Invalid("bad_coordinates", _("坐标不是有效的数字。"))
        found = queries.place_words(lon, lat)
    except Invalid as refused:
        return JsonResponse({"code": refused.code, "message": str(refused.message)}, status=422)
    known = [] if request.GET.get("brief") else response.nearby(lon, lat)
    return JsonResponse(
        {
            "place": " ".join(p for p in (found.subdistrict_name, found.community_name) if p),
            "near": _("%(street)s附近") % {"street": found.near} if found.near else "",
            "approximate": found.approximate,
            "html": render_to_string("portal/parts/nearby.html", {"nearby": known}, request) if known else "",
            "marks": [{"n": n, "lon": k.lon, "lat": k.lat} for n, k in enumerate(known, 1)],
        }
    )
