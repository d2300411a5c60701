"""Who may see a picture: the room that owns the subject says so. `files` knows no cases.

Rooms are registered in config/wiring.py: `register("case", can_see)` answers for every subject "case:…".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.decision import YES, Decision
from linli.core.errors import Missing

CanSee = Callable[[Actor, str, Any], Decision]
_rooms: dict[str, CanSee] = {}


def register(prefix: str, can_see: CanSee) -> None:
    """`can_see(actor, subject, request) -> Decision` for subjects "prefix:…"; it may raise Missing (out of scope)."""
    _rooms[prefix] = can_see


def missing() -> Missing:
    return Missing("photo_missing", _("照片不存在，或者已经删除。"))


def can_see(actor: Actor, subject: str, created_by: str, request: Any) -> Decision:
    """The answer of the subject's room. A draft is seen by its maker; a resident's draft by whoever holds its key,
    which was told to nobody else and lives a day. Raises Missing when no room answers."""
    if not subject:
        if created_by in ("resident", actor.label):
            return YES
        raise missing()
    room = _rooms.get(subject.split(":", 1)[0])
    if room is None:
        raise missing()
    return room(actor, subject, request)
