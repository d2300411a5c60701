"""Merged cases follow their main case: when it is closed, each reporter is asked. Idempotent."""

from __future__ import annotations

from linli.core.errors import Conflict
from linli.flow.models import Matter
from linli.flow.relay import Announcement

from ..models import Case
from .chain import press

CLOSING = frozenset({"close", "spare", "answer"})


def close_followers(heard: Announcement) -> None:
    """Subscriber: close what was merged into a case that has been closed. Raises Conflict: the relay comes again."""
    if heard.verb not in CLOSING:
        return
    main = Matter.objects.filter(pk=heard.matter_id).first()
    if main is None or main.closed_at is None:  # reopened meanwhile: the next closing is heard as well
        return
    merged = Case.objects.select_related("matter").filter(matter__parent_id=main.pk, matter__stage="merged")
    for case in merged.order_by("pk"):
        try:
            press(case=case, verb="close_with", extra={"main": main.pk})
        except Conflict:
            if Matter.objects.filter(pk=case.pk, stage="merged").exists():
                raise
