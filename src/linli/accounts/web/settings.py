"""Settings: the landing page, tokens, and the record of administration."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from linli.core import clock
from linli.core.errors import Conflict, Invalid
from linli.organisations import queries as organisations
from linli.site import limits

from .. import actions, permissions, places, queries, settings_menu
from ..choices import AuditVerb, PostKind
from ..forms import TokenForm, posted, show_refusal
from ..permissions import ActorRequest, require
from .people import before, keyset

AUDIT_PAGE = 50


@require_GET
@require()
def settings_home(request: ActorRequest) -> HttpResponse:
    """Every settings page this person may open."""
    permissions.holds(request.actor, settings_menu.every_kind()).or_forbidden()
    entries = []
    for entry in settings_menu.entries_for(request.actor):
        try:
            entries.append((entry, reverse(entry.url_name)))
        except NoReverseMatch:
            continue
    return render(request, "accounts/settings.html", {"entries": entries})


@never_cache
@require_http_methods(["GET", "POST"])
@require(PostKind.ADMINISTRATOR)
def tokens(request: ActorRequest) -> HttpResponse:
    """Tokens of programs; a new one's secret is shown once, on the answer itself."""
    form = TokenForm(posted(request))
    made: Any = None
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        username = data.pop("username")
        account_id = queries.usernames([username]).get(username)
        if account_id is None:
            form.add_error("username", _("没有这个登录名的账号。"))
        else:
            try:
                made = actions.create_token(actor=request.actor, account_id=account_id, **data)
                form = TokenForm()
            except (Invalid, Conflict) as refusal:
                show_refusal(form, refusal)
    now = clock.now()
    rows = [
        (t, [PostKind(k).label for k in t.scopes.split(",")], t.revoked_at is None and t.expires_at > now)
        for t in queries.tokens(actor=request.actor)[:200]
    ]
    context = {"form": form, "rows": rows, "made": made}
    return render(request, "accounts/tokens.html", context, status=422 if form.is_bound else 200)


@require_POST
@require(PostKind.ADMINISTRATOR)
def token_revoke(request: ActorRequest, token_id: int) -> HttpResponse:
    """End a token."""
    try:
        actions.revoke_token(actor=request.actor, token_id=token_id)
    except Conflict as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("令牌已吊销。"))
    return HttpResponseRedirect(reverse("accounts:tokens"))


@require_GET
@require(PostKind.AUDITOR, PostKind.ADMINISTRATOR)
def limits_page(request: ActorRequest) -> HttpResponse:
    """What is kept or lasts how long, how often something may be done, and who says so."""
    every = limits.shown(limits.Kept), limits.shown(limits.Span), limits.shown(limits.Rate)
    provisional = sum(limit.provenance == "provisional" for part in every for _label, limit in part)
    context = {
        "kept": every[0],
        "spans": every[1],
        "rates": every[2],
        "total": sum(map(len, every)),
        "provisional": provisional,
    }
    return render(request, "accounts/limits.html", context)


@require_GET
@require(PostKind.AUDITOR, PostKind.ADMINISTRATOR)
def audit(request: ActorRequest) -> HttpResponse:
    """Who changed which setting, newest first."""
    verb = request.GET.get("verb", "")
    verb = verb if verb in AuditVerb.values else ""
    rows = queries.audit(actor=request.actor, before=before(request), verb=verb, limit=AUDIT_PAGE + 1)
    rows, page = keyset(request, rows, AUDIT_PAGE)
    lines = [(line, _verb(line.verb), _target(line), _facts(line.facts)) for line in rows]
    context = {"lines": lines, "page": page, "verb": verb, "verbs": AuditVerb.choices}
    return render(request, "accounts/audit.html", context)


def _verb(verb: str) -> Any:
    return AuditVerb(verb).label if verb in AuditVerb.values else verb


def _target(line: queries.AuditLine) -> str:
    kind, _sep, number = line.target.partition(":")
    if kind == "body" and number.isdigit():
        return organisations.body_name(int(number)) or line.target
    many = {"accounts": _("多个账号"), "bodies": _("多个单位"), "cases": _("案件")}
    return line.target_name or many.get(line.target, line.target)


def _facts(facts: dict[str, Any]) -> list[tuple[Any, str]]:
    """The facts of a line in words: labels for what we know, the plain token for what we do not."""
    labels = {
        "post": _("岗位"),
        "division": _("区划"),
        "body": _("单位"),
        "username": _("登录名"),
        "token": _("用途"),
        "scopes": _("可用的岗位"),
        "count": _("个数"),
        "created": _("新增"),
        "changed": _("修改"),
        "before": _("原名"),
        "after": _("新名"),
        "into": _("并入"),
        "name": _("名称"),
        "code": _("代码"),
        "filter": _("条件"),
    }
    return [(labels.get(k, k), _value(k, v)) for k, v in facts.items() if v not in ("", None) and k != "into_id"]


def _value(key: str, value: Any) -> str:
    if key == "post" and value in PostKind.values:
        return str(PostKind(value).label)
    if key == "scopes" and isinstance(value, list):
        return permissions.post_names(k for k in value if k in PostKind.values)
    if key == "division":
        return places.division_name(str(value))
    if key == "body" and (found := organisations.body_by_code(str(value))):
        return found.name
    return str(value)
