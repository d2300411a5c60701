"""Who may change bodies. Reading them is open: a body's name and kind are public."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.decision import YES, Decision, no

ADMINISTRATOR = "administrator"  # the token of accounts.choices.PostKind, a room above this one


def can_manage(actor: Actor) -> Decision:
    """Bodies are kept by the administrator, and by the system while it loads a pack."""
    if actor.kind == "system" or (actor.kind == "person" and actor.holds({ADMINISTRATOR})):
        return YES
    return no("not_administrator", _("只有管理员可以修改单位。"))
