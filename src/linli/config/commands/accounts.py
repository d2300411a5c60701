"""`linli accounts create-admin`: the first administrator, who makes all other accounts in the browser."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.utils.translation import gettext as _

from . import add


def register(subcommands: Any) -> None:
    parser = add(subcommands, "accounts", _("账号"), create_admin)
    below = parser.add_subparsers(metavar=_("命令"), required=True)
    admin = add(below, "create-admin", _("新建管理员账号，显示一次性密码"), create_admin)
    admin.add_argument("username", help=_("登录名：小写字母和数字"))
    admin.add_argument("--name", default="", help=_("显示的姓名"))
    admin.add_argument("--password-stdin", action="store_true", help=_("从标准输入读密码（至少 10 位）"))


def create_admin(options: argparse.Namespace) -> int:
    from django.db import transaction

    from linli.accounts import actions
    from linli.accounts.choices import PostKind
    from linli.core.actor import SYSTEM
    from linli.territory import queries as territory

    password = sys.stdin.readline().rstrip("\n") if options.password_stdin else None
    with transaction.atomic():
        made = actions.create_account(
            actor=SYSTEM, username=options.username, display_name=options.name or options.username, password=password
        )
        actions.give_post(
            actor=SYSTEM,
            account_id=made.id,
            kind=PostKind.ADMINISTRATOR,
            division=territory.district().code,
        )
    print(_("已新建管理员 %(name)s。") % {"name": options.username})
    if password is None:
        print(_("一次性密码（首次登录后须修改）：%(secret)s") % {"secret": made.secret})
    return 0
