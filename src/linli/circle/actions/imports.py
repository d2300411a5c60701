"""A file of facilities: taken for a preview, its mapping changed, confirmed as a whole, undone as a whole.

Readers see all of an import or nothing: `begin` and `write` stage it in parts and show it by one statement; a write that
was cut short is taken up by `write` again or thrown away by `take_back`. Undoing hides by one statement, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Refusal
from linli.territory import queries as territory

from .. import permissions, revision
from ..choices import Datum, ImportState, Provenance
from ..facility_files import read_file
from ..models import Facility, FacilityImport
from ..queries import import_shown
from ..queries import imports as read
from ..queries.imports import FIELDS
from . import import_parts as parts
from .facilities import names_of
from .import_parts import Progress, meanwhile


def _quiet(done: int, total: int) -> None:
    """Progress that nobody watches."""


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
    said = {"mapping": {"columns": chosen, "class": fixed_class}, "scheme": scheme, "datum": datum}
    if not mine.update(**said, turn=F("turn") + 1, checked=None, job=None):
        raise Conflict("already_decided", _("这次导入已经有结果。"))


def _waiting(row: FacilityImport) -> None:
    if row.state != ImportState.WAITING:
        raise Conflict("already_decided", _("这次导入已经有结果。"))


# --- checking a large file -------------------------------------------------------------------------------
def check(*, actor: Actor, id: int, progress: Progress = _quiet) -> import_shown.Shown:
    """Look at every row and keep what the page shows. Raises Forbidden, Missing, Conflict (columns said anew meanwhile)."""
    row = read.one_import(actor=actor, id=id)
    _waiting(row)
    found = import_shown.shown(read.preview(actor=actor, id=id, progress=progress))
    content = import_shown.packed(found)
    mine = FacilityImport.objects.filter(pk=id, state=ImportState.WAITING, turn=row.turn)
    if not mine.update(checked=content):
        raise meanwhile()
    return found


def follow(*, actor: Actor, id: int, job: UUID) -> None:
    """Remember which long work is at this import, for its page."""
    row = read.one_import(actor=actor, id=id)
    FacilityImport.objects.filter(pk=row.pk).update(job=job)


# --- confirming -------------------------------------------------------------------------------------------
def confirm(*, actor: Actor, id: int, expected: int, seen: str | None = None, despite: bool = False) -> FacilityImport:
    """Write every row that can be taken, at once; refused rows are left out and stay listed. For files of a few rows:
    `begin`, then `write`.
    """
    begin(actor=actor, id=id, expected=expected, seen=seen, despite=despite)
    return write(actor=actor, id=id)


def begin(*, actor: Actor, id: int, expected: int, seen: str | None = None, despite: bool = False) -> FacilityImport:
    """Decide that an import is written as it was shown. `expected`: how many rows the page showed, `seen`: the stamp of the
    preview, that is how the file was read then. Nothing is written of its rows yet.

    `despite`: although known places speak for another system. Raises Forbidden, Invalid (nothing_to_do, other_system),
    Conflict.
    """
    row = read.one_import(actor=actor, id=id)
    _waiting(row)
    found = import_shown.kept(row) or import_shown.shown(read.preview(actor=actor, id=id))
    if not found.taken:
        raise Invalid("nothing_to_do", _("没有一行可以导入，什么都没有改。"))
    if found.told != row.datum and not despite:
        raise Invalid("other_system", _("坐标系很可能不对：请改成建议的坐标系，或者确认坚持用声明的。"))
    if found.taken != expected or seen not in (None, read.stamp(row)):
        raise meanwhile()
    report = row.report | {"expected": expected, "edition": territory.revision(), "cleared": False}
    mine = FacilityImport.objects.filter(pk=id, state=ImportState.WAITING, turn=row.turn)
    if not mine.update(state=ImportState.WRITING, turn=row.turn + 1, report=report):
        raise Conflict("already_decided", _("这次导入已经有结果。"))
    return FacilityImport.objects.get(pk=id)


def write(*, actor: Actor, id: int, progress: Progress = _quiet) -> FacilityImport:
    """Stage what `begin` decided and show it; what an earlier turn staged is taken up. Readers see nothing before the end.

    If it must not be shown (somebody wrote the same meanwhile) nothing of it is, and the import waits for a new look.
    Raises Forbidden, Conflict.
    """
    row = read.one_import(actor=actor, id=id)
    if row.state != ImportState.WRITING:
        raise Conflict("already_decided", _("这次导入已经有结果。"))
    mine = FacilityImport.objects.filter(pk=id, state=ImportState.WRITING, turn=row.turn)
    if not mine.update(turn=row.turn + 1):
        raise Conflict("already_decided", _("这次导入已经有结果。"))
    row.turn += 1  # whoever wrote before, and may still be at it, has lost
    try:
        return _write(actor, row, progress)
    except Refusal:
        if _waits_again(row):
            parts.clear(FacilityImport.objects.get(pk=row.pk))
        raise


def _write(actor: Actor, row: FacilityImport, progress: Progress) -> FacilityImport:
    found = read.preview(actor=actor, id=row.pk, progress=lambda done, total: progress(done, 2 * total))
    if len(found.taken) != row.report["expected"] or territory.revision() != row.report["edition"]:
        raise meanwhile()
    if not row.report["cleared"]:  # what a turn that was thrown away may have left
        parts.clear(row, writing=True)
        row.report["cleared"] = True
        FacilityImport.objects.filter(pk=row.pk, turn=row.turn).update(report=row.report)
    parts.stage(actor, row, found.taken, lambda done, total: progress(total + done, 2 * total))
    added, changed = found.new, parts.changes(row, back=False)
    report = {k: v for k, v in row.report.items() if k not in ("expected", "edition", "cleared")} | {
        "added": added, "changed": changed, "refused": [[r.row, r.column, r.value, r.sentence, r.code] for r in found.refused],
        "far": len(found.far), "similar": len({c.number for c, *_rest in found.similar}), "compared": found.compared, "told": found.told,
    }  # fmt: skip
    with transaction.atomic():
        parts.fence(row)
        FacilityImport.objects.filter(pk=row.pk).update(
            state=ImportState.DONE, done_at=clock.now(), turn=row.turn + 1, report=report, rows=b"", checked=None
        )
        if parts.show(row) != added or parts.put_in_place(actor, row, back=False) != changed:
            raise meanwhile()
        counts = {"added": added, "changed": changed, "refused": len(found.refused)}
        record(actor=actor, verb=AuditVerb.OTHER, target="facilities", change="import", digest=row.digest, **counts)
        revision.bump()
    done = FacilityImport.objects.get(pk=row.pk)
    parts.clear(done)
    return done


def _waits_again(row: FacilityImport) -> bool:
    """Back to the preview; False when somebody else decided."""
    mine = FacilityImport.objects.filter(pk=row.pk, state=ImportState.WRITING, turn=row.turn)
    return bool(mine.update(state=ImportState.WAITING, turn=row.turn + 1, checked=None, job=None))


def take_back(*, actor: Actor, id: int) -> None:
    """Throw away a write that was cut short: the file waits for its preview again. What was staged is still to be cleared
    (`clear`). Raises Forbidden, Conflict.
    """
    row = read.one_import(actor=actor, id=id)
    if row.state != ImportState.WRITING or not _waits_again(row):
        raise Conflict("already_decided", _("这次导入已经有结果。"))


# --- undoing ------------------------------------------------------------------------------------------------
def undo(*, actor: Actor, id: int) -> FacilityImport:
    """Take an import back: for readers at once and as a whole. What it brought is hidden, and still to be cleared (`clear`).

    Raises Forbidden, Conflict (not_done, changed_since, used_since: nothing is undone then).
    """
    row = read.one_import(actor=actor, id=id)
    if row.state != ImportState.DONE:
        raise Conflict("not_done", _("只有已经导入的才能撤销。"))
    _unchanged(row)
    with transaction.atomic():
        mine = FacilityImport.objects.filter(pk=id, state=ImportState.DONE)
        if not mine.update(state=ImportState.UNDONE, undone_at=clock.now(), turn=F("turn") + 1):
            raise Conflict("not_done", _("只有已经导入的才能撤销。"))
        hidden, back = parts.hide(row), parts.put_in_place(actor, row, back=True, note=_("撤销导入"))
        if hidden != row.report["added"] or back != row.report["changed"] or parts.uses(Q(origin=row)):
            raise meanwhile()
        record(actor=actor, verb=AuditVerb.OTHER, target="facilities", change="undo", digest=row.digest)
        revision.bump()
    return FacilityImport.objects.get(pk=id)


def _unchanged(row: FacilityImport) -> None:
    """Raises Conflict that names what was worked on since."""
    mine = Facility.objects.filter(origin=row)
    later = list(mine.exclude(version=1, merged_into__isnull=True).values_list("pk", flat=True)[:20])
    held = row.changes.filter(back=True).exclude(version=F("facility__version"))
    later += list(held.values_list("facility_id", flat=True)[:20])
    merged = Facility.objects.filter(merged_into__origin=row, merged_into__isnull=False)
    later += [pk for pk in merged.values_list("merged_into", flat=True)[:20] if pk is not None]
    if later:
        sentence = _("导入以后又改过这些设施，不能整批撤销：%(names)s。") % {"names": names_of(later)}
        raise Conflict("changed_since", sentence)
    if parts.uses(Q(origin=row)):
        raise Conflict("used_since", _("这次导入的设施已被规划方案引用，不能撤销。"))


def clear(*, actor: Actor, id: int, progress: Progress = _quiet) -> int:
    """Take away what is hidden of an import that is not being written. May be repeated. Returns how many."""
    row = read.one_import(actor=actor, id=id)
    return 0 if row.state == ImportState.WRITING else parts.clear(row, progress)


def sweep() -> int:
    """Daily: what a clearing that was cut short left hidden. Returns how many."""
    left = Facility.everything.filter(staged=True).exclude(origin__state=ImportState.WRITING)
    return sum(parts.clear(row) for row in FacilityImport.objects.filter(pk__in=left.values("origin")))


def drop(*, actor: Actor, id: int) -> None:
    """Let a file go that was not confirmed. Raises Forbidden, Conflict."""
    row = read.one_import(actor=actor, id=id)
    _waiting(row)
    FacilityImport.objects.filter(pk=id, state=ImportState.WAITING).update(
        state=ImportState.DROPPED, rows=b"", checked=None, done_at=clock.now()
    )
