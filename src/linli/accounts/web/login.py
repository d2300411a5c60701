"""Signing in and out, the lock-out page, and where a person lands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from linli.core import clock
from linli.core.actor import Actor
from linli.site import limits, throttle

from ..choices import PostKind
from ..forms import LoginForm, posted
from ..permissions import ActorRequest

DESK, COMMAND = ("response:operator", "response:desk"), ("command:home", "command:district", "command:command")
LANDING: tuple[tuple[str, tuple[str, ...]], ...] = (  # the first post held decides; the first page that exists is it
    (PostKind.OPERATOR, DESK),
    (PostKind.DESK, DESK),
    (PostKind.DISTRICT_CHIEF, COMMAND),
    (PostKind.SUBDISTRICT_CHIEF, COMMAND),
    (PostKind.GRID_WORKER, ("response:field",)),
    (PostKind.COMMUNITY_WORKER, ("circle:surveys", "circle:records")),
    (PostKind.PLANNER, ("circle:planner",)),
    (PostKind.ANALYST, ("evaluation:home",)),
    (PostKind.ADMINISTRATOR, ("accounts:settings",)),
    (PostKind.AUDITOR, ("accounts:audit",)),
)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: ActorRequest) -> HttpResponse:
    """The login page. Failures are counted for a name at an address (axes) and for an address (throttle)."""
    after = request.POST.get("next", request.GET.get("next", ""))
    if request.actor.kind == "person" and request.method == "GET":
        return HttpResponseRedirect(_after(request, after, request.actor))
    form = LoginForm(posted(request))
    if request.method == "POST":
        throttle.take_all(f"login:{throttle.client_key(request)}", limits.rates(limits.Rate.SIGN_IN))
        if form.is_valid() and (account := _authenticated(request, form)) is not None:
            login(request, account)
            return HttpResponseRedirect(_after(request, after, None))
    status = 422 if form.is_bound else 200
    return render(request, "accounts/login.html", {"form": form, "next": after}, status=status)


def _authenticated(request: HttpRequest, form: LoginForm) -> Any:
    account: Any = authenticate(request, **form.cleaned_data)
    if account is None:
        form.add_error(None, _("登录名或密码不对。连续输错 6 次会暂停登录 15 分钟。"))
    elif account.is_demonstration and not settings.DEMONSTRATION:
        form.add_error(None, _("这是演示账号，只能在演示模式下登录。请用正式账号，或请管理员新建。"))
        return None
    return account


def _after(request: HttpRequest, address: str, actor: Actor | None) -> str:
    """The address that was asked for, if it is one of ours; else the landing page, which knows the posts."""
    hosts = {request.get_host()}
    if address and url_has_allowed_host_and_scheme(address, hosts, require_https=request.is_secure()):
        return address
    return reverse("accounts:landing") if actor is None else landing_address(actor)


def landing_address(actor: Actor) -> str:
    """The page where this person's work is."""
    wanted: tuple[str, ...] = next((names for kind, names in LANDING if actor.holds({kind})), ())
    for name in (*wanted, settings.LOGIN_REDIRECT_URL, "accounts:me"):
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return "/"


@never_cache
def landing(request: ActorRequest) -> HttpResponse:
    """After signing in: on to the page of one's post."""
    if request.actor.kind != "person":
        return HttpResponseRedirect(reverse("accounts:login"))
    return HttpResponseRedirect(landing_address(request.actor))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return HttpResponseRedirect(reverse("accounts:login"))


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """What axes shows instead of the login page: that it is locked, and until when."""
    until = _until(request, (credentials or {}).get("username", ""))
    wait_s = max(int((until - clock.now()).total_seconds()), 1)
    context = {"until": until, "minutes": -(-wait_s // 60), "has_errors": True}
    page = render(request, "accounts/locked.html", context, status=429)
    page["Retry-After"] = str(wait_s)
    return page


def _until(request: HttpRequest, username: str) -> datetime:
    last = (
        AccessAttempt.objects.filter(username=username, ip_address=throttle.client_ip(request))
        .order_by("-attempt_time")
        .values_list("attempt_time", flat=True)
        .first()
    )
    cool_off = get_cool_off(request)
    assert cool_off is not None  # settings name one
    return (last or clock.now()) + cool_off
