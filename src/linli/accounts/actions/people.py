"""Writers of accounts and passwords."""

from __future__ import annotations

import secrets
from datetime import datetime

from axes.models import AccessAttempt
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import no
from linli.core.errors import Conflict, Invalid

from .. import permissions, queries, rules
from ..choices import AuditVerb, PostKind
from ..models import Account
from .record import Secret, account_row, changing, keep_one_administrator, record

TEMPORARY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is misread when it is dictated


def temporary_password() -> str:
    """Twelve characters in three groups: about 59 bits."""
    return "-".join("".join(secrets.choice(TEMPORARY_ALPHABET) for _ in range(4)) for _ in range(3))


def _display_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise Invalid("bad_name", _("请填写姓名。"), fields={"display_name": [_("姓名须为 1 至 64 个可见的字。")]})
    return name


def create_account(
    *, actor: Actor, username: str, display_name: str, password: str | None = None, is_demonstration: bool = False
) -> Secret:
    """A new account and its password. Without `password` a temporary one is made, to be changed at first entry."""
    permissions.can_administer(actor).or_forbidden()
    username = username.strip().lower()
    if not rules.USERNAME.fullmatch(username):
        hint = _("登录名须为 2 至 32 位小写字母、数字、点、横线或下划线，以字母或数字开头。")
        raise Invalid("bad_username", hint, fields={"username": [hint]})
    account = Account(username=username, display_name=_display_name(display_name), created_at=clock.now())
    # what a demonstration account makes ends with the demonstration: its password is everybody's
    account.is_demonstration = is_demonstration or _is_demonstration(actor)
    account.must_change_password = password is None
    secret = temporary_password() if password is None else _valid_password(password, account, field="password")
    account.password = make_password(secret)  # slow on purpose, therefore before the transaction
    with transaction.atomic():
        changing()
        if Account.objects.filter(username=username).exists():
            taken = _("这个登录名已经有人使用。")
            raise Conflict("username_taken", taken, fields={"username": [taken]})
        account.save(force_insert=True)
        record(actor=actor, verb=AuditVerb.CREATE_ACCOUNT, target=f"account:{account.pk}", username=username)
    return Secret(account.pk, secret)


def _is_demonstration(actor: Actor) -> bool:
    return actor.id is not None and Account.objects.filter(pk=actor.id, is_demonstration=True).exists()


def rename_account(*, actor: Actor, account_id: int, display_name: str) -> None:
    """Change how a person is shown. The old name is not kept in the record: it is personal."""
    permissions.can_administer(actor).or_forbidden()
    name = _display_name(display_name)
    with transaction.atomic():
        changing()
        account_row(account_id)
        Account.objects.filter(pk=account_id).update(display_name=name)
        record(actor=actor, verb=AuditVerb.RENAME_ACCOUNT, target=f"account:{account_id}")


def set_active(*, actor: Actor, account_id: int, active: bool) -> None:
    """Let an account in, or keep it out at once (sessions and tokens included)."""
    permissions.can_administer(actor).or_forbidden()
    with transaction.atomic():
        changing()
        account = account_row(account_id)
        if account.is_active == active:
            return
        was_administrator = queries.holders(kinds={PostKind.ADMINISTRATOR}).filter(account=account).exists()
        Account.objects.filter(pk=account_id).update(is_active=active)
        if was_administrator and not active:
            keep_one_administrator()
        verb = AuditVerb.ENABLE_ACCOUNT if active else AuditVerb.DISABLE_ACCOUNT
        record(actor=actor, verb=verb, target=f"account:{account_id}")


def reset_password(*, actor: Actor, account_id: int) -> Secret:
    """A temporary password, shown once; the account's sessions end."""
    permissions.can_administer(actor).or_forbidden()
    secret = temporary_password()
    encoded = make_password(secret)
    with transaction.atomic():
        changing()
        account = account_row(account_id)
        _may_change_password(account)
        Account.objects.filter(pk=account_id).update(password=encoded, must_change_password=True)
        record(actor=actor, verb=AuditVerb.RESET_PASSWORD, target=f"account:{account_id}")
    return Secret(account_id, secret)


def set_demonstration_password(*, actor: Actor, account_id: int) -> str:
    """Another printed password for a demonstration account whose password file was lost. The system only."""
    if actor.kind != "system":
        no("system_only", _("只有系统可以更换演示账号的密码。")).or_forbidden()
    secret = temporary_password()
    encoded = make_password(secret)
    with transaction.atomic():
        changing()
        Account.objects.filter(pk=account_id, is_demonstration=True, is_simulated=False).update(password=encoded)
        record(actor=actor, verb=AuditVerb.RESET_PASSWORD, target=f"account:{account_id}")
    return secret


def _may_change_password(account: Account) -> None:
    if account.is_simulated:
        raise Invalid("simulated_account", _("模拟账号没有密码，也不能登录。"))
    if account.is_demonstration and not account.must_change_password:
        raise Invalid("demonstration_account", _("演示账号的密码由系统生成并公布，不能修改。"))


def change_password(*, actor: Actor, old: str, new: str) -> Account:
    """A person's own new password; returns the account, so that the shell can keep this one session alive."""
    account = account_row(actor.id or 0)
    _may_change_password(account)
    if actor.kind != "person" or not account.check_password(old):
        raise Invalid("wrong_password", _("原密码不对。"), fields={"old": [_("原密码不对。")]})
    if old == new:
        raise Invalid("same_password", _("新密码不能与原密码相同。"), fields={"new": [_("请换一个新密码。")]})
    account.password = make_password(_valid_password(new, account, field="new"))
    account.must_change_password = False
    with transaction.atomic():
        account.save(update_fields=["password", "must_change_password"])
        record(actor=actor, verb=AuditVerb.CHANGE_PASSWORD, target=f"account:{account.pk}")
    return account


def _valid_password(password: str, account: Account, *, field: str) -> str:
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise Invalid("weak_password", _("密码不够安全。"), fields={field: error.messages}) from error
    return password


def forget_login_attempts(*, before: datetime) -> int:
    """Erase failed log-ins older than `before`: they hold names and addresses that are no longer needed."""
    return AccessAttempt.objects.filter(attempt_time__lt=before).delete()[0]
