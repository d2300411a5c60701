"""What every administrative change shares: its lock, its line in the record, and the last administrator's seat."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.canonical import canonical
from linli.core.errors import Conflict, Missing

from .. import queries
from ..choices import PostKind
from ..models import Account, Audit, Revision


@dataclass(frozen=True, slots=True)
class Secret:
    """A new id and the secret that goes with it, to be shown once and never kept."""

    id: int
    secret: str


def changing() -> None:
    """The lock that orders administrative changes: without it two administrators could each end the other's post."""
    Revision.objects.update_or_create(pk=1, defaults={"value": secrets.token_hex(16)})
    queries.forget()
    transaction.on_commit(queries.forget)


def record(*, actor: Actor, verb: str, target: str, **facts: Any) -> None:
    """Add a line to the administrative record; call inside the transaction of the change. Facts hold no secrets."""
    Audit.objects.create(at=clock.now(), actor=actor.label, verb=str(verb), target=target, body=canonical(facts))


def account_row(account_id: int) -> Account:
    found = Account.objects.filter(pk=account_id).first()
    if found is None:
        raise Missing("no_such_account", _("没有这个账号。"))
    return found


def keep_one_administrator() -> None:
    """Called after the change, inside its transaction: somebody who can enter must still be administrator."""
    posts = queries.holders(kinds={PostKind.ADMINISTRATOR}).filter(valid_to__isnull=True).select_related("account")
    if not any(queries.may_enter(p.account) and p.account.has_usable_password() for p in posts):
        raise Conflict("last_administrator", _("这是最后一位管理员，不能停用或撤销。请先授予另一位管理员。"))
