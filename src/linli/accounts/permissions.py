"""Who may enter which page, and who may administer accounts. A post's own powers live with each system."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.decision import YES, Decision, no
from linli.core.errors import Forbidden

from .choices import PostKind

View = Callable[..., HttpResponse]


class ActorRequest(HttpRequest):
    """What every view receives once `CurrentActor` has run (for type checkers)."""

    actor: Actor


def holds(actor: Actor, kinds: Iterable[str]) -> Decision:
    """Whether a post of one of `kinds` is held anywhere; the reason names the posts that would do."""
    wanted = [str(k) for k in kinds]
    if actor.holds(wanted):
        return YES
    return no("wrong_post", _t("这里需要的岗位是：%(posts)s。您现在没有这个岗位。") % {"posts": post_names(wanted)})


def covers(actor: Actor, kinds: Iterable[str], division: str) -> Decision:
    """Whether a post of one of `kinds` is held for `division` or for one that contains it."""
    wanted = [str(k) for k in kinds]
    if actor.holds(wanted, division):
        return YES
    if not actor.holds(wanted):
        return holds(actor, wanted)
    return no("wrong_division", _("您的岗位不负责这个区划。"))


def post_names(kinds: Iterable[str]) -> str:
    """Labels of posts in one text: 受理员、派遣员."""
    order = list(PostKind.values)
    return _t("、").join(str(PostKind(k).label) for k in sorted(set(map(str, kinds)), key=order.index))


def can_administer(actor: Actor) -> Decision:
    """Accounts, posts and tokens are kept by a signed-in administrator; never by a program."""
    if actor.kind == "system" or (actor.kind == "person" and actor.holds({PostKind.ADMINISTRATOR})):
        return YES
    return no("not_administrator", _("只有管理员可以做这项设置。"))


def can_read_audit(actor: Actor) -> Decision:
    """The record of administration is read by auditors, and by administrators, whom it is about."""
    if actor.kind in {"person", "system"} and (
        actor.kind == "system" or actor.holds({PostKind.AUDITOR, PostKind.ADMINISTRATOR})
    ):
        return YES
    return no("not_auditor", _("只有审计员和管理员可以查看管理记录。"))


def require(*kinds: str) -> Callable[[View], View]:
    """Admit only holders of one of `kinds` (none named: any signed-in person).

    Anonymous goes to the login page and comes back; a wrong post is refused with the reason.
    The wrapped view carries `allowed_kinds`.
    """
    wanted = tuple(str(k) for k in kinds)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            actor: Actor = request.actor
            if actor.kind not in {"person", "token"}:
                return to_login(request)
            if wanted:
                holds(actor, wanted).or_forbidden()
            return view(request, *args, **kwargs)

        guarded.allowed_kinds = wanted  # type: ignore[attr-defined]  # read by the permission matrix
        return guarded

    return decorate


def to_login(request: HttpRequest) -> HttpResponse:
    """To the login page, and back to this address after it; a form that was being sent starts again at its page."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("accounts:login")})
    if request.path.startswith("/api/"):
        raise Forbidden("sign_in", _("请先登录或出示令牌。"))
    target = request.get_full_path() if request.method in {"GET", "HEAD"} else ""
    query = f"?{urlencode({'next': target})}" if target else ""
    return HttpResponseRedirect(reverse("accounts:login") + query)


def staff_api(request: HttpRequest) -> Actor | None:
    """django-ninja `auth=`: the person or the program that asks, or None (401)."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor if actor.kind in {"person", "token"} else None
