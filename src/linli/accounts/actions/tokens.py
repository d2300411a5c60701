"""Writers of tokens."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing

from .. import permissions, queries
from ..choices import AuditVerb, PostKind
from ..models import Token
from .record import Secret, account_row, changing, record

TOKEN_MAX_DAYS = 730


def create_token(*, actor: Actor, account_id: int, name: str, scopes: Iterable[str], days: int) -> Secret:
    """A program's token for an account's posts of these kinds; the secret is shown once."""
    permissions.can_administer(actor).or_forbidden()
    name = " ".join(name.split())
    wanted = [k for k in PostKind.values if k in {str(s) for s in scopes}]
    fields: dict[str, list[Any]] = {}
    if not 1 <= len(name) <= 64 or not name.isprintable():
        fields["name"] = [_("请写明令牌的用途，不超过 64 个字。")]
    if not wanted or PostKind.ADMINISTRATOR in wanted:
        fields["scopes"] = [_("请至少选一种岗位；令牌不能用于管理。")]
    if not 1 <= days <= TOKEN_MAX_DAYS:
        fields["days"] = [_("有效期须在 1 到 %(days)d 天之间。") % {"days": TOKEN_MAX_DAYS}]
    if fields:
        raise Invalid("bad_token_request", _("令牌的信息有误，请按提示修改。"), fields=fields)
    secret = f"linli_{secrets.token_urlsafe(32)}"
    now = clock.now()
    with transaction.atomic():
        changing()
        account = account_row(account_id)
        if not account.is_active:
            raise Conflict("account_disabled", _("这个账号已停用，不能新建令牌。"))
        token = Token.objects.create(
            account=account,
            name=name,
            hint=secret[:12],
            hash=queries.fingerprint(secret),
            scopes=",".join(wanted),
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        record(actor=actor, verb=AuditVerb.CREATE_TOKEN, target=f"account:{account_id}", token=name, scopes=wanted)
    return Secret(token.pk, secret)


def revoke_token(*, actor: Actor, token_id: int) -> None:
    """End a token at once in this process and within seconds in the others."""
    permissions.can_administer(actor).or_forbidden()
    with transaction.atomic():
        changing()
        token = Token.objects.filter(pk=token_id).first()
        if token is None:
            raise Missing("no_such_token", _("没有这个令牌。"))
        if token.revoked_at is not None:
            raise Conflict("token_revoked", _("这个令牌已经吊销。"))
        Token.objects.filter(pk=token_id).update(revoked_at=clock.now())
        record(actor=actor, verb=AuditVerb.REVOKE_TOKEN, target=f"account:{token.account_id}", token=token.name)
