"""Reads of the vault that need no key: what is known, what was agreed, who read what."""

from __future__ import annotations

from linli.core import clock

from .consents import Consent, consents
from .models import Contact


def contact_known(contact_id: int | None) -> bool:
    """Whether this contact exists and is not erased."""
    return contact_id is not None and Contact.objects.filter(pk=contact_id, erased_at__isnull=True).exists()


def consent_for(purpose: str) -> Consent:
    """The text in force today for `purpose` (case_contact, case_contact_spoken). KeyError for a purpose without one."""
    today = clock.today()
    known = [c for c in consents().values() if c.purpose == purpose and c.valid_from <= today]
    if not known:
        raise KeyError(purpose)
    return max(known, key=lambda c: c.valid_from)


def consent(version: str) -> Consent | None:
    """A version by its name: what somebody agreed to then."""
    return consents().get(version)
