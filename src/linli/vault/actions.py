"""The only writers of contacts and of their read log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Forbidden, Invalid, Missing
from linli.site.statements import insert

from . import keys, rules
from .consents import consents
from .models import Contact, ReadLog

KEEP_DAYS_MAX = 3650
REASON_MAX = 200
BATCH = 500  # rows a transaction: a write on SQLite stays far under 200 ms


@dataclass(frozen=True, slots=True)
class ContactView:
    """A contact in the clear. Show it, do not keep it."""

    phone: str
    name: str


def _aad(subject: str, purpose: str) -> bytes:
    return f"contact\0{subject}\0{purpose}".encode()


def keep_contact(
    *, actor: Actor, subject: str, purpose: str, phone: str, name: str = "", consent: str, keep_days: int
) -> int:
    """Seal a contact for `subject` and return its id; one INSERT, no reading.

    `consent` is the version of the text agreed to (`queries.consent_for(purpose).version`).
    Raises Invalid: bad_phone, bad_name, unknown_consent, bad_retention.
    """
    said = {"phone": rules.normal_phone(phone), "name": rules.normal_name(name)}
    if consent not in consents():
        sentence = _("没有这个版本的同意书，请刷新页面后重新提交。")
        raise Invalid("unknown_consent", sentence, fields={"consent": [sentence]})
    if not 1 <= keep_days <= KEEP_DAYS_MAX:
        raise Invalid("bad_retention", _("保存期限应为 1 至 3650 天。"))
    now = clock.now()
    sealed = keys.seal("contact", json.dumps(said, ensure_ascii=False).encode(), aad=_aad(subject, purpose))
    row = Contact(
        subject=subject,
        purpose=purpose,
        sealed=sealed,
        key_number=keys.sealed_with(sealed),
        consent=consent,
        kept_by=actor.label,
        kept_at=now,
        erase_at=now + timedelta(days=keep_days),
    )
    insert(row)
    return row.pk


def read_contact(*, actor: Actor, contact_id: int, reason: str, allowed: Decision) -> ContactView:
    """The contact in the clear, after the reading has been committed to the log.

    Durable on purpose: called inside somebody's transaction it refuses (RuntimeError), because a rollback there
    would leave a reading that nobody finds. Raises Forbidden, Invalid("reason_required"), Missing.
    """
    allowed.or_forbidden()
    reason = " ".join((reason or "").replace("\0", " ").split())
    if not reason or len(reason) > REASON_MAX:
        sentence = _("请用一句话写明查看联系方式的原因（不超过 200 字）。")
        raise Invalid("reason_required", sentence, fields={"reason": [sentence]})
    with transaction.atomic(durable=True):
        row = Contact.objects.filter(pk=contact_id, erased_at__isnull=True).first()
        if row is None or row.sealed is None:
            raise Missing("contact_erased", _("联系方式不存在，或已按期限删除。"))
        ReadLog.objects.create(
            at=clock.now(),
            actor=actor.label,
            contact_id=row.pk,
            subject=row.subject,
            purpose=row.purpose,
            reason=reason,
        )
    return ContactView(**json.loads(keys.unseal("contact", row.sealed, aad=_aad(row.subject, row.purpose))))


def _erased(actor: Actor, now: datetime, why: str) -> dict[str, object]:
    return {"sealed": None, "erased_at": now, "erased_by": actor.label, "erased_why": why}


def overwrite_freed() -> None:
    """SQLite leaves freed bytes in the file unless told otherwise; PostgreSQL's vacuum sees to it."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete=ON")


def erase_subject(*, actor: Actor, subject: str, why: str) -> int:
    """Erase every contact of `subject` now; returns how many. `why` is a short token (asked, closed, mistake)."""
    if not why or len(why) > 40:
        raise Invalid("reason_required", _("请写明删除的原因。"))
    overwrite_freed()
    return Contact.objects.filter(subject=subject, erased_at__isnull=True).update(**_erased(actor, clock.now(), why))


def set_expiry(*, actor: Actor, contact_id: int, erase_at: datetime) -> None:
    """Say when a contact is erased, e.g. 90 days after closing. Not before it was kept. Raises Missing, Invalid."""
    if erase_at.tzinfo is None:
        raise ValueError("an expiry is an aware time")
    row = Contact.objects.filter(pk=contact_id, erased_at__isnull=True)
    if not row.filter(kept_at__lte=erase_at).update(erase_at=erase_at):
        if row.exists():
            raise Invalid("bad_retention", _("删除日期不能早于留下联系方式的日期。"))
        raise Missing("contact_erased", _("联系方式不存在，或已按期限删除。"))


def erase_expired(*, now: datetime, actor: Actor | None = None) -> int:
    """Erase what is past its retention, in batches; returns how many. Safe to run twice at once."""
    overwrite_freed()
    by = {"erased_by": actor.label if actor else "system"}
    total = 0
    while True:
        due = Contact.objects.filter(erase_at__lte=now, erased_at__isnull=True)
        ids = list(due.order_by("erase_at").values_list("pk", flat=True)[:BATCH])
        if not ids:
            return total
        total += due.filter(pk__in=ids).update(sealed=None, erased_at=now, erased_why="expired", **by)


def forget_readings(*, before: datetime) -> int:
    """Remove read-log rows older than their retention, in batches; returns how many."""
    total = 0
    while ids := list(ReadLog.objects.filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:BATCH]):
        total += ReadLog.objects.filter(pk__in=ids).delete()[0]
    return total


def forget_entries(*, failed_before: datetime, now: datetime) -> dict[str, int]:
    """Remove old failed sign-ins (they carry network addresses) and sessions that ended; returns how many of each."""
    failed, _kinds = AccessAttempt.objects.filter(attempt_time__lt=failed_before).delete()
    ended, _kinds = Session.objects.filter(expire_date__lt=now).delete()
    return {"failed_sign_ins": failed, "sessions": ended}


def rotate_key(*, actor: Actor, purpose: str) -> int:
    """A new key for `purpose`; only the operator's command (SYSTEM) may. Returns its number."""
    if actor.kind != "system":
        raise Forbidden("not_allowed", _("更换密钥只能由运维命令执行。"))
    return keys.rotate(purpose)


def reseal_contacts(*, actor: Actor, batch: int = BATCH) -> int:
    """Seal anew, with the newest key, up to `batch` contacts that an older key sealed; returns how many were looked at.

    Call until 0. A contact that is erased meanwhile stays erased: the update names the number it read.
    """
    if actor.kind != "system":
        raise Forbidden("not_allowed", _("更换密钥只能由运维命令执行。"))
    number = keys.newest("contact")
    rows = list(
        Contact.objects.filter(key_number__lt=number, erased_at__isnull=True).order_by("key_number", "pk")[:batch]
    )
    renewed = []
    for row in rows:
        aad = _aad(row.subject, row.purpose)
        assert row.sealed is not None
        renewed.append((row, keys.seal("contact", keys.unseal("contact", row.sealed, aad=aad), aad=aad)))
    overwrite_freed()
    with transaction.atomic():
        for row, sealed in renewed:
            Contact.objects.filter(pk=row.pk, key_number=row.key_number, erased_at__isnull=True).update(
                sealed=sealed, key_number=keys.sealed_with(sealed)
            )
    return len(rows)
