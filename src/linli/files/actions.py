"""The only writers of pictures: take one in, attach it, erase it.

Bytes are written before their row and removed after it, so a crash leaves a file without a row, never a row without
its file; `forget_orphans` removes those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import IO

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor

from . import images, store
from .choices import Kind, Size
from .images import refusal
from .models import Upload

DRAFT_H = 24
PER_ATTACHMENT = 9
BATCH = 200


def _read(stream: IO[bytes]) -> bytes:
    """At most one byte more than is allowed: the rest of 40 MB is never read."""
    parts: list[bytes] = []
    left = images.MAX_BYTES + 1
    while left > 0 and (part := stream.read(min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def accept_upload(*, actor: Actor, stream: IO[bytes], name: str, subject: str = "") -> Upload:
    """Check, clean and store one picture; a draft for a day unless `subject` is given.

    `name` is what the user's device calls it: neither believed nor kept. Raises Invalid (see `images.clean`).
    """
    del name
    cleaned = images.clean(_read(stream))
    key, now = store.new_key(), clock.now()
    store.write(key, Size.FULL, cleaned.full)
    store.write(key, Size.SMALL, cleaned.small)
    return Upload.objects.create(
        key=key,
        subject=subject,
        kind=Kind.PHOTO,
        width=cleaned.width,
        height=cleaned.height,
        size=len(cleaned.full),
        sha256=hashlib.sha256(cleaned.full).hexdigest(),
        created_at=now,
        expires_at=None if subject else now + timedelta(hours=DRAFT_H),
        created_by=actor.label,
    )


def attach(*, actor: Actor, keys: Sequence[str], subject: str) -> list[Upload]:
    """Give drafts to `subject`, all or none, in one UPDATE; in the order of `keys`. Twice is as good as once.

    Raises Invalid: too_many_photos, photo_expired (unknown, expired, another's draft, or attached elsewhere).
    """
    wanted = list(dict.fromkeys(keys))
    if not subject:
        raise ValueError("attach to what?")
    if not wanted:
        return []
    if len(wanted) > PER_ATTACHMENT:
        raise refusal("too_many_photos", _("一次最多提交 9 张照片。"))
    if not all(store.KEY.fullmatch(key) for key in wanted):
        raise _expired()
    marks = ", ".join(["%s"] * len(wanted))
    sql = (
        f'UPDATE "{Upload._meta.db_table}" SET subject = %s, expires_at = NULL WHERE key IN ({marks}) '  # noqa: S608
        "AND (subject = %s OR (subject = '' AND expires_at > %s AND created_by IN ('resident', %s))) RETURNING *"
    )
    with transaction.atomic():
        rows = {u.key: u for u in Upload.objects.raw(sql, [subject, *wanted, subject, clock.now(), actor.label])}
        if len(rows) != len(wanted):
            raise _expired()
    return [rows[key] for key in wanted]


def _expired() -> Exception:
    return refusal("photo_expired", _("有照片已经过期或不存在，请重新上传。"))


def _remove(rows: QuerySet[Upload]) -> int:
    """Delete these rows, then their files. The rows are held meanwhile: a draft cannot be attached and lost at once."""
    with transaction.atomic():
        found = list(rows.select_for_update().values_list("pk", "key"))
        if found:
            Upload.objects.filter(pk__in=[pk for pk, _key in found]).delete()
        for _pk, key in found:
            transaction.on_commit(partial(store.remove, key))
    return len(found)


def erase_for(*, actor: Actor, subject: str) -> int:
    """Erase every picture of `subject`; the files go when the transaction commits. Returns how many."""
    return _remove(Upload.objects.filter(subject=subject).exclude(subject=""))


def erase_one(*, actor: Actor, key: str) -> int:
    """Erase one picture of whatever subject (the caller has asked whether the actor may)."""
    return _remove(Upload.objects.filter(key=key))


def erase_expired(*, now: datetime) -> int:
    """Erase drafts that nobody attached, in batches; returns how many."""
    total = 0
    while count := _remove(Upload.objects.filter(expires_at__lte=now, subject="").order_by("expires_at")[:BATCH]):
        total += count
    return total


def forget_orphans(*, now: datetime) -> int:
    """Remove files that no row names and that are older than a draft may be; returns how many keys."""
    total, before = 0, (now - timedelta(hours=DRAFT_H)).timestamp()
    keys = list(dict.fromkeys(store.lying(before)))
    for start in range(0, len(keys), BATCH):
        chunk = keys[start : start + BATCH]
        for key in set(chunk) - set(Upload.objects.filter(key__in=chunk).values_list("key", flat=True)):
            store.remove(key)
            total += 1
    return total
