"""Sets `request.actor`: who this request acts as. Lazy: a page that never asks reads no account."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from linli.core.actor import RESIDENT, Actor

from . import queries

API = "/api/"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class CurrentActor:
    """A session names a person. Under /api/ a bearer token names a program; it needs no CSRF token, for no browser
    sends it unasked; and there a session only reads, because API views do not check CSRF tokens."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(API):
            scheme, _sep, secret = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() == "bearer":
                actor = queries.actor_for_token(secret.strip())
                if actor is None:
                    return _bad_token()
                request.actor = actor  # type: ignore[attr-defined]
                request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
                return self.get_response(request)
            if request.method not in _SAFE:
                request.actor = RESIDENT  # type: ignore[attr-defined]
                return self.get_response(request)
        request.actor = SimpleLazyObject(lambda: _signed_in(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def _signed_in(request: HttpRequest) -> Actor:
    user = request.user
    return queries.actor_of(user) if user.is_authenticated else RESIDENT


def _bad_token() -> HttpResponse:
    body = {"code": "bad_token", "message": _("令牌无效、已过期或已吊销。")}
    return JsonResponse(body, status=401, headers={"WWW-Authenticate": "Bearer"})
