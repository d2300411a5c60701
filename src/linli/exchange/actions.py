"""The only writers: take a file for a preview, confirm it, undo it, let it go."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid
from linli.site import limits

from . import queries
from .importers import importer_for
from .models import Upload
from .reading import read_table

PAGE_ROWS = 20_000  # a page reads so many in about two seconds; more is a command's work
WAITS = timedelta(hours=24)


def take(*, actor: Actor, kind: str, data: bytes, name: str) -> Upload:
    """Read a file for its preview. Nothing of the room's own is written. Raises Forbidden, Invalid (field `file`)."""
    importer = importer_for(kind)
    importer.can(actor).or_forbidden()
    table = read_table(data, name, importer.columns(), rows_most=PAGE_ROWS)
    if not table.rows and not table.refused_count:
        sentence = _("表头下面没有一行内容。")
        raise Invalid("no_rows", sentence, fields={"file": [sentence]})
    return Upload.objects.create(
        kind=kind,
        digest=hashlib.sha256(data).hexdigest(),
        rows=queries.kept(table.rows),
        refused=[[r.row, r.column, r.value, r.sentence, r.code] for r in table.refused],
        refused_count=table.refused_count,
        found=list(table.found),
        notes=list(table.notes),
        actor=actor.label,
        at=clock.now(),
    )


def confirm(*, actor: Actor, kind: str, id: uuid.UUID, expected: str) -> Upload:
    """Write what the preview showed. `expected` is the revision it was compared with.

    Raises Forbidden, Invalid (a row was refused, nothing would change), Conflict (changed meanwhile, decided already).
    """
    found = queries.preview(actor=actor, kind=kind, id=id)
    if found.upload.confirmed_at is not None:
        raise Conflict("already_confirmed", _("这次导入已经确认过了。"))
    if found.plan.refused_count:
        raise Invalid("rows_refused", _("有 %(n)s 处不能导入，什么都没有改。") % {"n": found.plan.refused_count})
    if not found.plan.changes:
        raise Invalid("nothing_to_do", _("文件和现在的内容一样，没有要改的。"))
    plan, now = found.plan, clock.now()
    counts = {"new": len(plan.new), "changed": len(plan.changed), "retired": len(plan.retired), "same": plan.same}
    with transaction.atomic():
        mine = Upload.objects.filter(pk=id, confirmed_at__isnull=True)
        if not mine.update(confirmed_at=now, memo={}, counts=counts, rows=None, refused=[], notes=[]):
            raise Conflict("already_confirmed", _("这次导入已经确认过了。"))
        if found.expected != expected:
            raise Conflict("changed_meanwhile", _("预览以后又有人改过，请重新核对后再确认。"))
        memo = found.importer.apply(actor=actor, rows=found.rows, plan=plan)
        Upload.objects.filter(pk=id).update(memo=dict(memo), revision_after=found.importer.revision())
        record(actor=actor, verb=AuditVerb.OTHER, target=f"import:{kind}", digest=found.upload.digest, **counts)
    return Upload.objects.get(pk=id)


def undo(*, actor: Actor, kind: str, id: uuid.UUID) -> Upload:
    """Bring back what stood before this import. Raises Forbidden, Conflict (changed since, undone already)."""
    found = queries.preview(actor=actor, kind=kind, id=id)
    if not found.may_undo:
        raise Conflict("cannot_undo", _("导入以后又改过，或者已经撤销，不能再撤销。"))
    with transaction.atomic():
        mine = Upload.objects.filter(pk=id, confirmed_at__isnull=False, undone_at__isnull=True)
        if not mine.update(undone_at=clock.now()):
            raise Conflict("cannot_undo", _("导入以后又改过，或者已经撤销，不能再撤销。"))
        found.importer.undo(actor=actor, memo=found.upload.memo or {})
        record(actor=actor, verb=AuditVerb.OTHER, target=f"import:{kind}", undone=str(id))
    return Upload.objects.get(pk=id)


def drop(*, actor: Actor, kind: str, id: uuid.UUID) -> None:
    """Let an upload go that was not confirmed."""
    queries.upload(actor=actor, kind=kind, id=id)
    Upload.objects.filter(pk=id, confirmed_at__isnull=True).delete()


def sweep() -> int:
    """Uploads that nobody confirmed within a day go, and what is too old to be undone. Returns how many."""
    now = clock.now()
    waiting = Upload.objects.filter(confirmed_at__isnull=True, at__lt=now - WAITS).delete()[0]
    return (
        waiting
        + Upload.objects.filter(confirmed_at__lt=now - timedelta(days=limits.days(limits.Span.IMPORT_UNDO))).delete()[0]
    )
