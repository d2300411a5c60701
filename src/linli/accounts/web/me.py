"""One's own page: the posts one holds, and one's password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from linli.core.errors import Invalid
from linli.site import limits, throttle

from .. import actions, queries
from ..forms import PasswordForm, posted, show_refusal
from ..permissions import ActorRequest, require
from .people import post_lines


@require_GET
@require()
def me(request: ActorRequest) -> HttpResponse:
    """Who I am here, and what my posts let me do."""
    account_id = request.actor.id or 0
    account = queries.account(actor=request.actor, account_id=account_id)
    posts = post_lines(queries.posts_of(actor=request.actor, account_ids=[account_id]))
    return render(request, "accounts/me.html", {"account": account, "posts": posts})


@never_cache
@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "POST"])
@require()
def password(request: ActorRequest) -> HttpResponse:
    """Change one's own password; this session stays, the others end."""
    form = PasswordForm(posted(request))
    if request.method == "POST":
        throttle.take_all(f"password:{request.actor.id}", limits.rates(limits.Rate.PASSWORD_CHANGE))
        if form.is_valid():
            try:
                data = form.cleaned_data
                account = actions.change_password(actor=request.actor, old=data["old"], new=data["new"])
            except Invalid as refusal:
                show_refusal(form, refusal)
            else:
                update_session_auth_hash(request, account)
                messages.success(request, _("密码已修改。其他设备上的登录已失效。"))
                return HttpResponseRedirect(reverse("accounts:me"))
    context = {"form": form, "must": request.user.must_change_password}  # type: ignore[union-attr]
    return render(request, "accounts/password.html", context, status=422 if form.is_bound else 200)
