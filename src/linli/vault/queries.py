"""Reads of the vault that need no key: what is known, what was agreed, who read what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Invalid

from . import registry
from .choices import Basis, Kind, Purpose, Retention, Seen
from .consents import Consent, consents
from .models import Contact, ReadLog
from .permissions import can_read_log

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def given_consent(contact_id: int | None) -> Consent | None:
    """The text that was agreed to with a contact (1 SQL); None for a contact that is erased or never was."""
    if contact_id is None:
        return None
    found = Contact.objects.filter(pk=contact_id, erased_at=None).values_list("consent", flat=True).first()
    return consent(found) if found else None


def consent(version: str) -> Consent | None:
    """A version by its name: what somebody agreed to then."""
    return consents().get(version)


@dataclass(frozen=True, slots=True)
class Registered:
    """One line of the public register: words for people, and the fields it stands for."""

    kind: str
    purpose: str
    basis: str
    retention: str
    who_sees: tuple[str, ...]
    fields: tuple[str, ...]


def public_register() -> tuple[Registered, ...]:
    """The register of personal fields for everybody to read, in the reader's language; equal lines are one."""
    lines: dict[tuple[str, str, str, str, tuple[str, ...]], list[str]] = {}
    for row in registry.rows():
        if row.personal:
            same = (row.kind, row.purpose, row.basis, row.retention, row.who_sees)
            lines.setdefault(same, []).append(f"{row.model}.{row.field}")
    order = {kind: n for n, kind in enumerate(Kind.values)}
    return tuple(
        Registered(
            str(Kind(kind).label),
            str(Purpose(purpose).label),
            str(Basis(basis).label),
            str(Retention(retention).label),
            tuple(str(Seen(s).label) for s in seen),
            tuple(fields),
        )
        for (kind, purpose, basis, retention, seen), fields in sorted(
            lines.items(), key=lambda x: (order[x[0][0]], x[0])
        )
    )


@dataclass(frozen=True, slots=True)
class LogPage:
    """Readings, newest first; `newer` and `older` are the cursors of the neighbouring pages, empty at the ends."""

    rows: tuple[ReadLog, ...]
    newer: str
    older: str


def _mark(row: ReadLog) -> str:
    return f"{(row.at - EPOCH) // timedelta(microseconds=1)}-{row.pk}"


def _at_mark(mark: str) -> tuple[datetime, int]:
    try:
        micros, pk = (int(part) for part in mark.split("-"))
        return EPOCH + timedelta(microseconds=micros), min(pk, 2**63 - 1)
    except (ValueError, OverflowError):
        raise Invalid("bad_cursor", _("页面地址不完整，请从第一页重新开始。")) from None


def read_log(
    *, actor: Actor, day: date | None = None, reader: str = "", subject: str = "", older: str = "", newer: str = "",
    limit: int = 50,
) -> LogPage:  # fmt: skip
    """One page of the log of readings, by key. `reader` is an actor label (`person:7`); `day` a day in Asia/Shanghai.

    Only an auditor may: raises Forbidden. Raises Invalid("bad_cursor").
    """
    can_read_log(actor).or_forbidden()
    rows = ReadLog.objects.all()
    if day is not None:
        start = datetime.combine(day, time(), tzinfo=clock.SHANGHAI)
        rows = rows.filter(at__gte=start, at__lt=start + timedelta(days=1))
    if reader:
        rows = rows.filter(actor=reader)
    if subject:
        rows = rows.filter(subject=subject)
    if newer:
        at, pk = _at_mark(newer)
        found = list(rows.filter(Q(at__gt=at) | Q(at=at, pk__gt=pk)).order_by("at", "pk")[: limit + 1])
        more, found = len(found) > limit, found[:limit][::-1]
        return LogPage(tuple(found), _mark(found[0]) if more else "", _mark(found[-1]) if found else "")
    if older:
        at, pk = _at_mark(older)
        rows = rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk))
    found = list(rows.order_by("-at", "-pk")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    return LogPage(tuple(found), _mark(found[0]) if older and found else "", _mark(found[-1]) if more else "")


def readers(*, actor: Actor) -> list[str]:
    """Labels of everybody who stands in the log. Only an auditor may ask."""
    can_read_log(actor).or_forbidden()
    return list(ReadLog.objects.order_by("actor").values_list("actor", flat=True).distinct())
