"""The pages of no room: language, manifest, the styleguide, and the answers to errors."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.templatetags.static import static
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from linli.core.errors import Forbidden, Missing, Refusal

from . import health, metrics, refusals, specimens


@csrf_exempt  # it changes nothing but the words on one's own screen; without it every reader would get a CSRF cookie
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language in a cookie and go back to where the person was, if that is here."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, samesite="Lax", secure=settings.HTTPS
        )
    return response


@require_GET
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    """The web manifest, in the reader's language."""
    body = {
        "name": _("邻里·西城"),
        "short_name": _("邻里"),
        "lang": "zh-CN" if getattr(request, "LANGUAGE_CODE", "zh").startswith("zh") else "en",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f3f5f8",
        "theme_color": "#0c2f57",
        "icons": [
            {"src": static("site/icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
            {"src": static("site/icon-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "any maskable"},
        ],
    }
    return JsonResponse(body, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False})


@require_GET
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when every check is well, else 503; names and short tokens only."""
    found = health.findings()
    well = all(f.ok for f in found.values())
    body = {"ok": well, "checks": {k: {"ok": f.ok, "detail": f.detail} for k, f in found.items()}}
    return JsonResponse(body, status=200 if well else 503)


@require_GET
@never_cache
def metrics_text(request: HttpRequest) -> HttpResponse:
    """Counters for a machine on this host, or for the holder of LINLI_METRICS_TOKEN."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not ((token and constant_time_compare(given, token)) or _from_this_host(request)):
        raise Missing("not_found", _("页面不存在，或者您看不到它。"))
    return HttpResponse(metrics.render(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _from_this_host(request: HttpRequest) -> bool:
    """A forwarded request is never local, even though our proxy is: it may come from anywhere."""
    if request.META.get("HTTP_X_FORWARDED_FOR") or request.META.get("HTTP_FORWARDED"):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404: an address that no room knows."""
    return refusals.respond(request, Missing("not_found", _("页面不存在，或者您看不到它。")))


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return refusals.respond(request, Forbidden("not_allowed", _("您的岗位不能做这件事。")))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400: a request that Django would not read (too large, a strange host)."""
    return refusals.respond(request, Refusal("bad_request", _("服务器不能理解这个请求，请返回重试。")))


def failed(request: HttpRequest) -> HttpResponse:
    """handler500: a bug of ours. No context, no database: whatever broke may still be broken."""
    rid = getattr(request, "id", "")
    if request.path_info.startswith("/api/"):
        body = {"code": "failed", "message": _("系统出错了，已经记录。"), "request": rid}
        return JsonResponse(body, status=500, json_dumps_params={"ensure_ascii": False})
    return HttpResponse(loader.render_to_string("500.html", {"request_id": rid}), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: nearly always a page that stood open too long, or cookies switched off."""
    sentence = _("这个页面打开太久了，或者浏览器关闭了 Cookie。请返回、刷新页面后再提交一次。")
    return refusals.respond(request, Forbidden("csrf", sentence))


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every part in every state, on one page."""
    return render(request, "site/styleguide.html", specimens.context(request.GET))
