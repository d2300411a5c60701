"""Writers of posts."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.organisations import queries as organisations

from .. import permissions, places, rules
from ..choices import AuditVerb, PostKind
from ..models import PostHeld
from .record import account_row, changing, keep_one_administrator, record


def give_post(
    *,
    actor: Actor,
    account_id: int,
    kind: str,
    division: str,
    body_id: int | None = None,
    valid_from: datetime | None = None,
) -> int:
    """Let a person hold a post from now on (or from `valid_from`); the post's id.

    Raises Invalid (fields kind, division, body), Conflict when the post is already held.
    """
    permissions.can_administer(actor).or_forbidden()
    with transaction.atomic():
        changing()
        account = account_row(account_id)
        check_post(kind, division, body_id)
        at_body: dict[str, int | bool] = {"body__isnull": True} if body_id is None else {"body_id": body_id}
        same = PostHeld.objects.filter(account=account, kind=kind, division=division, valid_to__isnull=True, **at_body)
        if same.exists():
            raise Conflict("post_held", _("此人已经担任这个岗位。"))
        post = PostHeld.objects.create(
            account=account, kind=kind, division=division, body_id=body_id, valid_from=valid_from or clock.now()
        )
        target = f"account:{account_id}"
        record(
            actor=actor, verb=AuditVerb.GIVE_POST, target=target, post=str(kind), division=division, body=_code(body_id)
        )
    return post.pk


def check_post(kind: str, division: str, body_id: int | None) -> None:
    body = organisations.body(body_id)
    if body_id is not None and (body is None or not body.is_active):
        raise Invalid("no_such_body", _("没有这个单位，或已停用。"), fields={"body": [_("请另选单位。")]})
    problem = rules.check_post(kind, division, body.division if body else None)
    if problem is None and not places.is_known(division):
        problem = ("division", "no_such_division", _("没有这个区划。"))
    if problem is not None:
        field, code, sentence = problem
        raise Invalid(code, sentence, fields={field: [sentence]})


def _code(body_id: int | None) -> str:
    body = organisations.body(body_id)
    return body.code if body else ""


def end_post(*, actor: Actor, post_id: int) -> None:
    """End a post now; the row stays. Raises Conflict for the last administrator and for a post already ended."""
    permissions.can_administer(actor).or_forbidden()
    with transaction.atomic():
        changing()
        post = PostHeld.objects.filter(pk=post_id).first()
        if post is None:
            raise Missing("no_such_post", _("没有这个岗位。"))
        now = clock.now()
        if post.valid_to is not None and post.valid_to <= now:
            raise Conflict("post_ended", _("这个岗位已经结束。"))
        PostHeld.objects.filter(pk=post_id).update(valid_to=max(now, post.valid_from))
        if post.kind == PostKind.ADMINISTRATOR:
            keep_one_administrator()
        record(
            actor=actor,
            verb=AuditVerb.END_POST,
            target=f"account:{post.account_id}",
            post=post.kind,
            division=post.division,
            body=_code(post.body_id),
        )
