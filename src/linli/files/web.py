"""Pictures over HTTP: taking a draft in, and showing one to whom its subject's room allows."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified, JsonResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from linli.site import throttle

from . import actions, permissions, queries
from .choices import Size
from .images import refusal
from .intake import photos_only

DRAFTS_PER_HOUR = 60


@photos_only
@require_POST
def add_photo(request: HttpRequest) -> JsonResponse:
    """One file in the field `photo` becomes a draft: 201 {key, url, small_url, width, height}."""
    actor = request.actor  # type: ignore[attr-defined]
    who = throttle.client_key(request) if actor.kind == "resident" else actor.label
    throttle.take(f"photo:{who}", limit=DRAFTS_PER_HOUR, per_s=3600)
    photo = request.FILES.get("photo")
    if photo is None:
        raise refusal("empty_file", _("请先选择一张照片。"))
    kept = actions.accept_upload(actor=actor, stream=photo, name=photo.name or "")
    return JsonResponse(
        {
            "key": kept.key,
            "url": reverse("files:photo", args=[kept.key, Size.FULL]),
            "small_url": reverse("files:photo", args=[kept.key, Size.SMALL]),
            "width": kept.width,
            "height": kept.height,
        },
        status=201,
    )


@require_safe
def photo(request: HttpRequest, key: str, size: str) -> HttpResponseBase:
    """One picture, asked for by its key. 404 or 403 with a reason unless the subject's room says yes."""
    row = queries.by_key(key)
    permissions.can_see(request.actor, row.subject, row.created_by, request).or_forbidden()  # type: ignore[attr-defined]
    opened = queries.open_file(key=row.key, size=size)
    response: HttpResponseBase
    if opened.etag in request.headers.get("If-None-Match", ""):
        response = HttpResponseNotModified()
    elif request.method == "HEAD":
        response = HttpResponse(content_type="image/jpeg", headers={"Content-Length": str(opened.length)})
    else:
        response = FileResponse(opened.path.open("rb"), content_type="image/jpeg")
    headers = {
        "ETag": opened.etag,
        "Cache-Control": "private, no-cache",  # kept by the browser, shown again only after asking
        "Content-Disposition": f'inline; filename="photo-{key[:8]}.jpg"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    for name, value in headers.items():
        response[name] = value
    patch_vary_headers(response, ["Cookie"])
    return response
