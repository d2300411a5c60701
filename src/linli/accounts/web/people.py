"""Settings: accounts and their posts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from linli.core.actor import Post
from linli.core.errors import Conflict, Invalid, Missing
from linli.organisations import queries as organisations

from .. import actions, places, queries, rules
from ..choices import AXIS, PostKind
from ..forms import AccountForm, NameForm, PostForm, posted, show_refusal
from ..permissions import ActorRequest, require

PAGE = 50


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post as a page shows it."""

    id: int
    account_id: int
    kind: str
    label: Any
    axis: Any
    duty: Any
    division: str
    body: str
    valid_from: datetime
    valid_to: datetime | None


def post_lines(posts: Iterable[Any]) -> list[PostLine]:
    """Rows of posts with the names of their divisions and bodies."""
    return [
        PostLine(
            p.pk,
            p.account_id,
            p.kind,
            PostKind(p.kind).label,
            AXIS[p.kind].label,
            rules.POST_RULES[p.kind].duty,
            places.division_name(p.division),
            organisations.body_name(p.body_id),
            p.valid_from,
            p.valid_to,
        )
        for p in posts
    ]


@dataclass(frozen=True, slots=True)
class Page:
    """What the pager part needs: keyset addresses, newest first."""

    next_url: str = ""
    prev_url: str = ""
    say: str = ""


def keyset(request: ActorRequest, rows: list[Any], size: int) -> tuple[list[Any], Page]:
    """Cut one row too many off `rows` and say how to go on; `rows` were read below `?before=`."""
    query = QueryDict(mutable=True)
    query.update({k: str(v) for k, v in request.GET.items() if k != "before" and v})
    first = f"?{query.urlencode()}" if before(request) else ""
    if len(rows) <= size:
        return rows, Page(prev_url=first)
    query["before"] = str(getattr(rows[size - 1], "pk", None) or rows[size - 1].id)
    return rows[:size], Page(next_url=f"?{query.urlencode()}", prev_url=first)


def before(request: ActorRequest) -> int | None:
    """The key of `?before=`; anything that is not a key is no key."""
    text = request.GET.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


@require_GET
@require(PostKind.ADMINISTRATOR)
def accounts(request: ActorRequest) -> HttpResponse:
    """The list of accounts, with their posts."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:64]
    simulated = request.GET.get("simulated") == "1"
    found = queries.accounts(actor=request.actor, text=text, include_simulated=simulated)
    if (key := before(request)) is not None:
        found = found.filter(pk__lt=key)
    rows, page = keyset(request, list(found[: PAGE + 1]), PAGE)
    held: dict[int, list[PostLine]] = {}
    for line in post_lines(queries.posts_of(actor=request.actor, account_ids=[a.pk for a in rows])):
        held.setdefault(line.account_id, []).append(line)
    people = [(a, held.get(a.pk, [])) for a in rows]
    context = {"people": people, "page": page, "q": text, "simulated": simulated}
    return render(request, "accounts/accounts.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@require(PostKind.ADMINISTRATOR)
def account_new(request: ActorRequest) -> HttpResponse:
    """Create an account; its password is shown once, on the answer itself."""
    form = AccountForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_account(actor=request.actor, **form.cleaned_data)
        except (Invalid, Conflict) as refusal:
            show_refusal(form, refusal)
        else:
            return _secret(request, made, form.cleaned_data["username"], _("账号已建立"))
    return render(request, "accounts/account_new.html", {"form": form}, status=422 if form.is_bound else 200)


def _secret(request: ActorRequest, made: actions.Secret, username: str, title: str) -> HttpResponse:
    context = {"title": title, "username": username, "secret": made.secret, "account_id": made.id}
    return render(request, "accounts/password_once.html", context)


def _found(request: ActorRequest, account_id: int) -> Any:
    account = queries.account(actor=request.actor, account_id=account_id)
    if account is None:
        raise Missing("no_such_account", _("没有这个账号。"))
    return account


@require_GET
@require(PostKind.ADMINISTRATOR)
def account(request: ActorRequest, account_id: int) -> HttpResponse:
    """One account: state, posts now and before, what sits badly together."""
    return _account_page(request, account_id, NameForm())


def _account_page(request: ActorRequest, account_id: int, form: NameForm, status: int = 200) -> HttpResponse:
    shown = _found(request, account_id)
    if not form.is_bound:
        form = NameForm(initial={"display_name": shown.display_name})
    rows = list(queries.posts_of(actor=request.actor, account_ids=[account_id], ended=True))
    now = {line.id for line in post_lines(queries.posts_of(actor=request.actor, account_ids=[account_id]))}
    lines = post_lines(rows)
    context = {
        "account": shown,
        "form": form,
        "posts": [x for x in lines if x.id in now],
        "ended": [x for x in lines if x.id not in now],
        "warnings": rules.warnings(Post(p.pk, p.kind, p.division, p.body_id) for p in rows if p.pk in now),
        "is_me": request.actor.id == account_id,
    }
    return render(request, "accounts/account.html", context, status=status)


@require_POST
@require(PostKind.ADMINISTRATOR)
def account_rename(request: ActorRequest, account_id: int) -> HttpResponse:
    """Change the name that is shown."""
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            actions.rename_account(actor=request.actor, account_id=account_id, **form.cleaned_data)
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("姓名已修改。"))
            return _back(account_id)
    return _account_page(request, account_id, form, status=422)


def _back(account_id: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("accounts:account", args=[account_id]))


@require_POST
@require(PostKind.ADMINISTRATOR)
def account_active(request: ActorRequest, account_id: int) -> HttpResponse:
    """Switch an account on or off."""
    active = request.POST.get("active") == "1"
    try:
        actions.set_active(actor=request.actor, account_id=account_id, active=active)
    except Conflict as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("账号已恢复。") if active else _("账号已停用，其登录和令牌立即失效。"))
    return _back(account_id)


@never_cache
@require_POST
@require(PostKind.ADMINISTRATOR)
def account_reset(request: ActorRequest, account_id: int) -> HttpResponse:
    """A temporary password, shown once on the answer itself."""
    username = _found(request, account_id).username
    try:
        made = actions.reset_password(actor=request.actor, account_id=account_id)
    except Invalid as refusal:
        messages.error(request, str(refusal.message))
        return _back(account_id)
    return _secret(request, made, username, _("密码已重置"))


@require_http_methods(["GET", "POST"])
@require(PostKind.ADMINISTRATOR)
def post_new(request: ActorRequest, account_id: int) -> HttpResponse:
    """Give a post: first its kind, then only the divisions and bodies that such a post can have."""
    shown = _found(request, account_id)
    kind = request.GET.get("kind", "")
    if kind not in PostKind.values:
        kinds = [(k, PostKind(k).label, AXIS[k].label, rules.POST_RULES[k].duty) for k in PostKind.values]
        return render(request, "accounts/post_kinds.html", {"account": shown, "kinds": kinds})
    form = PostForm(posted(request), kind=PostKind(kind))
    if request.method == "POST" and form.is_valid():
        division, body_id = form.cleaned_data["division"], form.cleaned_data.get("body")
        try:
            actions.give_post(actor=request.actor, account_id=account_id, kind=kind, division=division, body_id=body_id)
        except (Invalid, Conflict) as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("岗位已授予，立即生效。"))
            return _back(account_id)
    context = {"account": shown, "form": form, "kind": kind, "label": PostKind(kind).label}
    context["duty"] = rules.POST_RULES[kind].duty
    return render(request, "accounts/post_new.html", context, status=422 if form.is_bound else 200)


@require_POST
@require(PostKind.ADMINISTRATOR)
def post_end(request: ActorRequest, account_id: int, post_id: int) -> HttpResponse:
    """End a post now."""
    try:
        actions.end_post(actor=request.actor, post_id=post_id)
    except Conflict as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("岗位已结束。"))
    return _back(account_id)
