"""The one number that changes whenever something changes that reach or a matrix sees; caches of every process compare it.

The live edition of the territory is part of it: other communities, other boundaries, other answers.
"""

from __future__ import annotations

import secrets

from django.db.models import F

from linli.territory import queries as territory

from .models import Revision


def bump() -> int:
    """Inside the caller's transaction: take the next number. Locks the row until the transaction ends."""
    Revision.objects.get_or_create(pk=1)
    Revision.objects.filter(pk=1).update(number=F("number") + 1, value=secrets.token_hex(8))
    return Revision.objects.values_list("number", flat=True).get(pk=1)


def current() -> tuple[int, str]:
    """(number, value) as it stands; (0, "") before anything was loaded."""
    row = Revision.objects.filter(pk=1).values_list("number", "value").first()
    return (row[0], f"{row[1]}-{territory.revision()}") if row is not None and row[1] else (0, "")


def followed() -> str:
    """The edition of the territory that homes and facilities were last put into; "" before any."""
    return Revision.objects.filter(pk=1).values_list("territory", flat=True).first() or ""


def follow(edition: str) -> None:
    """Inside the caller's transaction, after `bump`."""
    Revision.objects.filter(pk=1).update(territory=edition)
