"""The outermost shells of a request: its id and its measure, its language, and the refusals as answers."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Refusal

from . import logs, metrics, refusals

MAX_BODY = 64 * 1024 * 1024  # six photographs of 10 MB and their text; docs/guide/server.md tells the proxy the same

Handler = Callable[[HttpRequest], HttpResponse]
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestId:
    """Gives each request an id (a trusted proxy's own, if it sends one) and counts it for /metrics."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "") if settings.TRUSTED_PROXIES else ""
        rid = given if _ID.fullmatch(given) else uuid.uuid4().hex
        request.id = rid  # type: ignore[attr-defined]
        token = logs.request_id.set(rid)
        began = time.perf_counter()
        try:
            response = self.get_response(request)
        finally:
            logs.request_id.reset(token)
        response.headers["X-Request-Id"] = rid
        match = request.resolver_match
        # Unmatched paths share one name: the route is a label, and strangers must not invent labels.
        route = match.route if match else getattr(request, "metric_route", "-")
        metrics.observe(route, request.method or "", response.status_code, time.perf_counter() - began)
        return response


class Language:
    """The cookie decides, never Accept-Language: a page's words do not change with the machine it is read on."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.known = dict(settings.LANGUAGES)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        code = chosen if chosen in self.known else settings.LANGUAGE_CODE
        with translation.override(code):
            request.LANGUAGE_CODE = code  # type: ignore[attr-defined]
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", "zh-CN" if code.startswith("zh") else code)
            return response


class BodyLimit:
    """Refuses a body larger than anything that a page of ours sends, before a byte of it is read or lies on the disk."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said = request.META.get("CONTENT_LENGTH") or "0"
        if not (said.isascii() and said.isdigit()) or int(said[:18]) > MAX_BODY:
            refusal = Refusal("body_too_large", _("发送的内容太大，一次最多 64 MB。"))
            refusal.status = 413
            return refusals.respond(request, refusal)
        return self.get_response(request)


class Refusals:
    """A refusal that a view raises becomes its answer; a bug rises on."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        refusal = refusals.refusal_of(error)
        return None if refusal is None else refusals.respond(request, refusal)
