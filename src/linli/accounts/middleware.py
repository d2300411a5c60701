"""Who a request acts as (lazy: a page that never asks reads no account), and what a temporary password opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core.actor import RESIDENT, Actor
from linli.core.errors import Forbidden
from linli.site import refusals

from . import queries

API = "/api/"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# What still answers somebody whose password an administrator set. All else is closed, so that no new address is
# forgotten; the last line is what never looks at an account: the same bytes for everybody, kept like static files.
OPEN_TO_TEMPORARY = frozenset(
    {
        *("accounts:password", "accounts:logout", "site:language", "site:healthz"),
        *("site:manifest", "site:favicon", "territory:tile", "territory:boundaries-geojson"),
    }
)


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


class TemporaryPassword:
    """Until a person has replaced the password that an administrator set, every address but the few above is closed.

    A page leads to the page where it is changed. Whatever was sent is refused: a script would take a redirect for
    a success. A program's token is no password: it is given and taken back on its own page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: Any) -> HttpResponse | None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None  # nobody is signed in: no need to read a session
        match = request.resolver_match
        if match is not None and match.view_name in OPEN_TO_TEMPORARY:
            return None
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if actor.kind != "person" or not request.user.must_change_password:  # type: ignore[union-attr]
            return None
        address = reverse("accounts:password")
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=204, headers={"HX-Redirect": address})
        if request.method in _SAFE and not refusals.wants_json(request):
            return HttpResponseRedirect(address)
        refusal = Forbidden("change_password", gettext_lazy("请先把临时密码换成自己的密码。"))
        return refusals.respond(request, refusal)
