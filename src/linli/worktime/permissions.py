"""Who may change the calendar: administrators and the system."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.decision import YES, Decision, no


def can_edit(actor: Actor) -> Decision:
    if actor.kind == "system" or actor.holds({"administrator"}):
        return YES
    return no("administrators_only", _("只有管理员可以修改工作日历。"))
