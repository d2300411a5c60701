"""Who hears whom: every subscriber, hook, menu entry and periodic duty, on one screen."""

from __future__ import annotations

from linli.core.actor import SYSTEM


def wire() -> None:
    """Called once, when the address table loads."""
    from linli.flow import queries as flow
    from linli.flow import relay
    from linli.response import actions as response
    from linli.site import live
    from linli.worktime import hooks

    live.position_source = flow.position
    relay.subscribe("response.contacts", "case", response.settle_contact)
    hooks.on_calendar_changed("response.recompute", response.recompute_due)


def seal() -> None:
    """The daily seal over the journal."""
    from linli.flow import seals

    seals.make_seal()


def retention() -> None:
    """What has outlived its purpose goes: contacts, drafts of photographs, old texts, old rate buckets."""
    from linli.core import clock
    from linli.response import actions as response
    from linli.vault import actions as vault

    vault.erase_expired(now=clock.now())
    response.erase_old_texts(actor=SYSTEM)


PERIODIC = [("seal", 24 * 3600, seal), ("retention", 3600, retention)]
