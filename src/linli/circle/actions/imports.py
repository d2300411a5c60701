"""A file of facilities: taken for a preview, its mapping changed, confirmed as a whole, undone as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid

from .. import permissions, revision
from ..choices import ChangeVerb, Datum, ImportState, Provenance
from ..facility_files import read_file
from ..models import Facility, FacilityChange, FacilityImport, Span
from ..queries import imports as read
from ..queries.imports import FIELDS, Candidate
from .facilities import line, names_of

BATCH = 1_000
WRITTEN = (
    "name", "class_key", "class_name", "lon", "lat", "community", "district", "address", "opening_hours", "wheelchair",
)  # fmt: skip


def take(*, actor: Actor, data: bytes, name: str, scheme: str, datum: str, source: str, provenance: str) -> int:
    """Read a file and guess its columns; nothing is written to the facilities. Raises Forbidden, Invalid (field `file`)."""
    permissions.can_import_facilities(actor).or_forbidden()
    _known(scheme, datum, provenance)
    table = read_file(data, name)
    row = FacilityImport.objects.create(
        name=name[:200],
        digest=hashlib.sha256(data).hexdigest(),
        scheme=scheme,
        datum=datum,
        mapping={"columns": read.guess(table.headings), "class": ""},
        source=source[:400],
        provenance=provenance,
        rows=read.packed(table),
        report={"kind": table.kind, "rows": len(table.rows), "notes": list(table.notes)},
        made_at=clock.now(),
        made_by=actor.label,
    )
    return row.pk


def _known(scheme: str, datum: str, provenance: str) -> None:
    for field, value, known in (
        ("scheme", scheme, read.schemes()),
        ("datum", datum, Datum.values),
        ("provenance", provenance, Provenance.values),
    ):
        if value not in known:
            text = _("请选一个列出的选项。")
            raise Invalid("not_a_choice", text, fields={field: [text]})


def remap(*, actor: Actor, id: int, columns: Mapping[str, str], fixed_class: str, scheme: str, datum: str) -> None:
    """Say anew what the columns mean, and in which system the file is. Raises Forbidden, Invalid, Conflict."""
    row = read.one_import(actor=actor, id=id)
    _waiting(row)
    _known(scheme, datum, row.provenance)
    headings = set(read.unpacked(row.rows).headings)
    chosen = {f: h for f, h in columns.items() if f in FIELDS and h in headings}
    if len(set(chosen.values())) != len(chosen):
        raise Invalid("column_twice", _("一列只能对应一项内容。"))
    mine = FacilityImport.objects.filter(pk=id, state=ImportState.WAITING)
    if not mine.update(mapping={"columns": chosen, "class": fixed_class}, scheme=scheme, datum=datum):
        raise Conflict("already_decided", _("这次导入已经有结果。"))


def _waiting(row: FacilityImport) -> None:
    if row.state != ImportState.WAITING:
        raise Conflict("already_decided", _("这次导入已经有结果。"))


def confirm(*, actor: Actor, id: int, expected: int, seen: str | None = None, despite: bool = False) -> FacilityImport:
    """Write every row that can be taken; refused rows are left out and stay listed. `expected`: how many the page showed,
    `seen`: the stamp of the preview, that is how the file was read then.

    `despite`: although known places speak for another system. Raises Forbidden, Invalid (nothing_to_do, other_system),
    Conflict.
    """
    found = read.preview(actor=actor, id=id)
    _waiting(found.row)
    if not found.taken:
        raise Invalid("nothing_to_do", _("没有一行可以导入，什么都没有改。"))
    if found.doubted and not despite:
        raise Invalid("other_system", _("坐标系很可能不对：请改成建议的坐标系，或者确认坚持用声明的。"))
    if len(found.taken) != expected or seen not in (None, found.stamp):
        raise Conflict("changed_meanwhile", _("预览以后又有人改过，请重新核对后再确认。"))
    now = clock.now()
    with transaction.atomic():
        mine = FacilityImport.objects.filter(
            pk=id, state=ImportState.WAITING, scheme=found.row.scheme, datum=found.row.datum
        )
        if not mine.update(state=ImportState.DONE, done_at=now):
            raise Conflict("already_decided", _("这次导入已经有结果。"))
        added = _add(actor, found.row, [c for c in found.taken if c.known is None])
        changed = _change(actor, [c for c in found.taken if c.known is not None])
        report = found.row.report | {
            "added": added, "changed": changed, "refused": [[r.row, r.column, r.value, r.sentence, r.code] for r in found.refused],
            "far": len(found.far), "similar": len(found.similar), "compared": found.compared, "told": found.told,
        }  # fmt: skip
        FacilityImport.objects.filter(pk=id).update(report=report, rows=b"")
        counts = {"added": len(added), "changed": len(changed), "refused": len(found.refused)}
        record(
            actor=actor, verb=AuditVerb.OTHER, target="facilities", change="import", digest=found.row.digest, **counts
        )
        revision.bump()
    return FacilityImport.objects.get(pk=id)


def _facts(c: Candidate) -> dict[str, Any]:
    return {f: getattr(c, f) for f in WRITTEN}


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _add(actor: Actor, origin: FacilityImport, rows: list[Candidate]) -> list[int]:
    today, now = clock.today(), clock.now()
    new = [
        Facility(
            code=c.code, scheme=origin.scheme, origin=origin, source=origin.source, provenance=origin.provenance,
            as_of=today, **_facts(c),
        )
        for c in rows
    ]  # fmt: skip
    Facility.objects.bulk_create(new, batch_size=BATCH)
    Span.objects.bulk_create(
        [Span(facility=f, opened_on=c.opened_on, closed_on=c.closed_on) for f, c in zip(new, rows, strict=True)],
        batch_size=BATCH,
    )
    note = _("导入：%(name)s") % {"name": origin.name[:150]}
    FacilityChange.objects.bulk_create(
        [
            FacilityChange(
                facility=f, verb=ChangeVerb.ADDED, on=c.opened_on or today, after={"row": c.number}, note=note, at=now,
                by=actor.label,
            )
            for f, c in zip(new, rows, strict=True)
        ],
        batch_size=BATCH,
    )  # fmt: skip
    return [f.pk for f in new]


def _change(actor: Actor, rows: list[Candidate]) -> list[list[Any]]:
    """[id, what stood before, version now] of every facility that the file says something else of."""
    wanted = [c.known for c in rows if c.known is not None]
    held = Facility.objects.select_for_update(of=("self",)).filter(pk__in=wanted)
    there = {f.pk: f for f in held.prefetch_related("spans")}
    if len(there) < len(wanted):
        raise Conflict("changed_meanwhile", _("预览以后又有人改过，请重新核对后再确认。"))
    today, now = clock.today(), clock.now()
    done: list[list[Any]] = []
    lines: list[FacilityChange] = []
    for c in rows:
        row = there[c.known or 0]
        span = max(row.spans.all(), key=lambda s: s.pk, default=None)
        days = {
            "opened_on": c.opened_on or (span and span.opened_on),
            "closed_on": c.closed_on or (span and span.closed_on),
        }
        before = {f: getattr(row, f) for f in WRITTEN} | {
            k: _day(getattr(span, k) if span else None) for k in ("opened_on", "closed_on")
        }
        after = _facts(c) | {k: _day(v or None) for k, v in days.items()}
        if before == after:
            continue
        if span is not None and any(before[k] != _day(v or None) for k, v in days.items()):
            Span.objects.filter(pk=span.pk).update(**days)
        for field, value in _facts(c).items():
            setattr(row, field, value)
        row.version += 1
        done.append([row.pk, before, row.version])
        moved = (before["lon"], before["lat"]) != (row.lon, row.lat)
        differs = {k: v for k, v in before.items() if after[k] != v}
        lines.append(
            FacilityChange(
                facility=row, verb=ChangeVerb.MOVED if moved else ChangeVerb.CHANGED, on=today, before=differs,
                after={k: after[k] for k in differs}, at=now, by=actor.label,
            )
        )  # fmt: skip
    touched = [there[d[0]] for d in done]
    Facility.objects.bulk_update(touched, [*WRITTEN, "version"], batch_size=BATCH)
    FacilityChange.objects.bulk_create(lines, batch_size=BATCH)
    return done


def undo(*, actor: Actor, id: int) -> None:
    """Take a whole import back. Raises Forbidden, Conflict (not_done, changed_since: nothing is undone then)."""
    row = read.one_import(actor=actor, id=id)
    if row.state != ImportState.DONE:
        raise Conflict("not_done", _("只有已经导入的才能撤销。"))
    added: list[int] = row.report["added"]
    changed: list[list[Any]] = row.report["changed"]
    with transaction.atomic():
        if not FacilityImport.objects.filter(pk=id, state=ImportState.DONE).update(
            state=ImportState.UNDONE, undone_at=clock.now()
        ):
            raise Conflict("not_done", _("只有已经导入的才能撤销。"))
        _unchanged(added, changed)
        there = Facility.objects.in_bulk([c[0] for c in changed])
        for pk, before, _then in changed:
            _bring_back(there[pk], before)
            line(actor, there[pk], ChangeVerb.CHANGED, clock.today(), after=before, note=_("撤销导入"))
        Facility.objects.bulk_update(there.values(), [*WRITTEN, "version"], batch_size=BATCH)
        try:
            Facility.objects.filter(pk__in=added, origin=row).delete()
        except ProtectedError as used:
            raise Conflict("used_since", _("这次导入的设施已被规划方案引用，不能撤销。")) from used
        record(actor=actor, verb=AuditVerb.OTHER, target="facilities", change="undo", digest=row.digest)
        revision.bump()


def _unchanged(added: list[int], changed: list[list[Any]]) -> None:
    expected = dict.fromkeys(added, 1) | {pk: version for pk, _before, version in changed}
    held = Facility.objects.select_for_update(of=("self",)).filter(pk__in=list(expected))
    now = {f.pk: f.version for f in held.only("pk", "version")}
    merged = Facility.objects.filter(merged_into__in=added).values_list("merged_into", flat=True)
    if later := [pk for pk, version in expected.items() if now.get(pk) != version or pk in set(merged)]:
        sentence = _("导入以后又改过这些设施，不能整批撤销：%(names)s。") % {"names": names_of(later)}
        raise Conflict("changed_since", sentence)


def _bring_back(row: Facility, before: Mapping[str, Any]) -> None:
    for field in WRITTEN:
        setattr(row, field, before[field])
    row.version += 1
    days = {k: date.fromisoformat(before[k]) if before[k] else None for k in ("opened_on", "closed_on")}
    span = row.spans.order_by("-pk").first()
    if span is not None:
        Span.objects.filter(pk=span.pk).update(**days)


def drop(*, actor: Actor, id: int) -> None:
    """Let a file go that was not confirmed. Raises Forbidden, Conflict."""
    row = read.one_import(actor=actor, id=id)
    _waiting(row)
    FacilityImport.objects.filter(pk=id, state=ImportState.WAITING).update(
        state=ImportState.DROPPED, rows=b"", done_at=clock.now()
    )
