"""Who hears whom: every subscriber, hook, menu entry and periodic duty, on one screen."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from linli.core.actor import SYSTEM


def wire() -> None:
    """Called once, when the address table loads."""
    from linli.accounts import queries as accounts
    from linli.accounts import settings_menu
    from linli.flow import queries as flow
    from linli.flow import relay
    from linli.response import actions as response
    from linli.site import live, nav
    from linli.territory import permissions as territory
    from linli.vault import names
    from linli.vault.permissions import LOG_READERS
    from linli.worktime import hooks

    live.position_source = flow.position
    relay.subscribe("response.contacts", "case", response.settle_contact)
    hooks.on_calendar_changed("response.recompute", response.recompute_due)
    names.register(accounts.names)
    settings_menu.register(
        _("联系方式查看记录"), _("谁在何时为何查看了居民的联系方式。"), "vault:read_log", frozenset(LOG_READERS)
    )
    settings_menu.register(
        _("区划界线"),
        _("导入街道、社区、网格的界线：先检查，再确认。"),
        "territory:boundaries",
        frozenset({territory.ADMINISTRATOR}),
    )
    nav.register(_("我的岗位"), "accounts:me", order=10, section="user", icon="user")
    nav.register(
        _("设置"), "accounts:settings", kinds=settings_menu.every_kind(), order=20, section="user", icon="settings"
    )


def seal() -> None:
    """The daily seal over the journal."""
    from linli.flow import seals

    seals.make_seal()


def retention() -> None:
    """What has outlived its purpose goes: contacts, drafts of photographs, old texts, old rate buckets."""
    from linli.accounts import actions as accounts
    from linli.core import clock
    from linli.files import jobs as files
    from linli.response import actions as response
    from linli.site import throttle
    from linli.vault import jobs as vault

    vault.sweep()
    files.sweep()
    throttle.sweep()
    accounts.forget_login_attempts(before=clock.now() - timedelta(days=1))
    response.erase_old_texts(actor=SYSTEM)


PERIODIC = [("seal", 24 * 3600, seal), ("retention", 3600, retention)]
