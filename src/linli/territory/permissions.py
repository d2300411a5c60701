"""Who may change the territory. Reading it is public."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.decision import YES, Decision, no

ADMINISTRATOR = "administrator"  # the token of the post; posts themselves live above this room


def can_change_boundaries(actor: Actor) -> Decision:
    """Signed-in administrators and the system itself; never a program with a token."""
    if actor.kind == "system" or (actor.kind == "person" and actor.holds({ADMINISTRATOR})):
        return YES
    return no("administrators_only", _("只有管理员可以导入区划界线。"))
