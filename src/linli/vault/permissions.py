"""Who may read the log of readings. Who may read a contact is decided by the room that owns its subject."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.decision import YES, Decision, no

LOG_READERS = ("auditor",)  # post kinds, as tokens: accounts stands above this room


def can_read_log(actor: Actor) -> Decision:
    """A signed-in auditor; a program never, and an administrator neither: the log is also about administrators."""
    if actor.kind == "system" or (actor.kind == "person" and actor.holds(LOG_READERS)):
        return YES
    return no("not_auditor", _("只有审计员可以查看联系方式的查看记录。"))
