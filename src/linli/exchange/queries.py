"""Reads: an upload with what it would change, the latest one of a kind."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Missing

from .columns import Column, Kind, Refused
from .importers import Importer, importer_for
from .models import Upload
from .plan import Plan, plan
from .reading import Row


@dataclass(frozen=True, slots=True)
class Preview:
    """An upload as somebody decides over it: against what stands now, whose revision is `expected`."""

    upload: Upload
    importer: Importer
    rows: tuple[Row, ...]
    plan: Plan
    notes: tuple[str, ...]
    expected: str
    may_undo: bool

    @property
    def ready(self) -> bool:
        return self.upload.confirmed_at is None and not self.plan.refused_count and bool(self.plan.changes)


def upload(*, actor: Actor, kind: str, id: uuid.UUID) -> Upload:
    """One upload. Raises Missing, Forbidden."""
    importer_for(kind).can(actor).or_forbidden()
    found = Upload.objects.filter(pk=id, kind=kind).first()
    if found is None:
        raise Missing("no_such_upload", _("没有这次导入，或者已经过期，请重新上传。"))
    return found


def preview(*, actor: Actor, kind: str, id: uuid.UUID) -> Preview:
    """What this upload would change now (for one that was confirmed: only its counts and whether it can be undone)."""
    row, importer = upload(actor=actor, kind=kind, id=id), importer_for(kind)
    expected = importer.revision()
    rows = tuple(unkept(importer.columns(), row.rows or ()))
    refused = [Refused(*r) for r in row.refused]
    wrong = importer.check(rows) if row.confirmed_at is None else ()
    found = plan(
        columns=importer.columns(),
        rows=rows,
        current=importer.current() if row.confirmed_at is None else {},
        key=importer.key,
        name=importer.name,
        found=row.found,
        refused=[*refused, *wrong],
        refused_count=row.refused_count + len(wrong),
        retires=importer.retires,
    )
    more = importer.notes(rows, found) if row.confirmed_at is None else ()
    may_undo = row.confirmed_at is not None and row.undone_at is None and row.revision_after == expected
    return Preview(row, importer, rows, found, (*row.notes, *more), expected, may_undo)


def latest(*, actor: Actor, kind: str) -> list[Upload]:
    """The last confirmed uploads of a kind, newest first."""
    importer_for(kind).can(actor).or_forbidden()
    return list(Upload.objects.filter(kind=kind, confirmed_at__isnull=False).order_by("-confirmed_at")[:5])


# --- values as JSON and back --------------------------------------------------------------------------
def kept(rows: Sequence[Row]) -> list[list[Any]]:
    """Rows as they are stored."""
    return [[r.number, {k: _plain(v) for k, v in r.values.items()}] for r in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return str(value) if isinstance(value, Decimal | date) else value


def unkept(columns: Sequence[Column], stored: Sequence[Sequence[Any]]) -> list[Row]:
    """Stored rows as they were read."""
    by_key = {c.key: c for c in columns}
    return [Row(n, {k: _typed(by_key.get(k), v) for k, v in values.items()}) for n, values in stored]


_BACK: Mapping[Kind, Any] = {Kind.DECIMAL: Decimal, Kind.DATE: date.fromisoformat}


def _typed(column: Column | None, value: Any) -> Any:
    back = _BACK.get(column.kind) if column else None
    if isinstance(value, list):
        return tuple(back(v) if back else v for v in value)
    return back(value) if back and value is not None else value
