"""The only writers of matter types: begin a draft, change it, put it in force today or on a later day, end a type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.flow import actions as flow
from linli.flow.rules import variant_data

from .. import catalogue, class_rules, permissions
from ..models import CaseClass
from ..queries import types as reads
from ..rules import CASE
from .loading import bump, class_fields

Row = Mapping[str, str]


def check_draft(row: Row) -> list[class_rules.Fault]:
    """Everything that speaks against publishing this row, by field."""
    return class_rules.class_faults(row)


def _refuse(faults: Sequence[class_rules.Fault]) -> None:
    if faults:
        fields: dict[str, list[str]] = {}
        for fault in faults:
            fields.setdefault(fault.field, []).append(fault.message)
        raise Invalid("bad_type", _("有 %(n)s 处要改好。") % {"n": len(faults)}, fields=fields)


def _versions(code: str) -> list[CaseClass]:
    return list(CaseClass.objects.select_related("type_version").filter(code=code).order_by("-number", "-pk"))


def _draft(code: str) -> CaseClass:
    found = reads.draft(_versions(code))
    if found is None:
        raise Missing("no_draft", _("现在没有草稿。"))
    return found


def new_draft(*, actor: Actor, code: str = "", row: Row | None = None, note: str = "") -> CaseClass:
    """A draft: of a new type (`row` says it whole), or of a known one, as it stands in force or was last.

    Raises Forbidden, Invalid (by field), Conflict (there is a draft, the code is taken), Missing.
    """
    permissions.can_administer(actor).or_forbidden()
    known = _versions(code) if code else []
    if code and not known:
        raise Missing("no_such_type", _("没有这类事项。"))
    if row is None:
        base = reads.published(known) or known[0]
        row = reads.row_of(base)
    elif not code and CaseClass.objects.filter(code=row.get("code", "")).exists():
        sentence = _("这个编码已经用过，不能再用。")
        raise Conflict("code_taken", sentence, fields={"code": [sentence]})
    return _create(actor, row, note)


def _create(actor: Actor, row: Row, note: str) -> CaseClass:
    _refuse(check_draft(row))
    with transaction.atomic():
        variant = variant_data(class_rules.variant_of(row))
        version = flow.draft_type(actor=actor, kind=CASE.kind, code=row["code"], variant=variant)
        return CaseClass.objects.create(
            type_version=version,
            number=reads.next_number(row["code"]),
            changed_at=clock.now(),
            changed_by=actor.label,
            note=note.strip()[:200],
            **class_fields(row),
        )


def _swap(actor: Actor, code: str, expected: int, /, **changes: Any) -> CaseClass:
    """Write to the draft if nobody has since revision `expected`; the second is told who was first."""
    draft = _draft(code)
    # Without a join: whoever waited for another here has the row's own conditions checked anew on PostgreSQL.
    drafts = CaseClass.objects.filter(type_version__state="draft")
    swapped = CaseClass.objects.filter(pk=draft.pk, revision=expected, pk__in=drafts).update(
        revision=F("revision") + 1, changed_at=clock.now(), changed_by=actor.label, **changes
    )
    if not swapped:
        now = CaseClass.objects.filter(pk=draft.pk).first()
        raise Conflict(
            "draft_changed",
            _("草稿刚被别人改过，请看过再改。"),
            first=now.changed_by if now else "",
            at=now.changed_at.isoformat() if now and now.changed_at else "",
        )
    return draft


def change_draft(*, actor: Actor, code: str, expected: int, row: Row, note: str = "") -> CaseClass:
    """Write `row` over the draft. Raises Forbidden, Invalid (all faults, by field), Conflict (somebody was first)."""
    permissions.can_administer(actor).or_forbidden()
    row = {**row, "code": code}
    _refuse(check_draft(row))
    with transaction.atomic():
        if _draft(code).starts_on is not None:
            raise Conflict("draft_settled", _("这份草稿已经定了生效的日子；要改，请先撤回。"))
        draft = _swap(actor, code, expected, note=note.strip()[:200], **class_fields(row))
        flow.change_draft_type(actor=actor, id=draft.pk, variant=variant_data(class_rules.variant_of(row)))
    return _draft(code)


def discard(*, actor: Actor, code: str, expected: int) -> None:
    """Let the draft go. Raises Forbidden, Conflict, Missing."""
    permissions.can_administer(actor).or_forbidden()
    with transaction.atomic():
        draft = _swap(actor, code, expected)
        CaseClass.objects.filter(pk=draft.pk).delete()
        flow.drop_draft_type(actor=actor, id=draft.pk)
        record(actor=actor, verb=AuditVerb.OTHER, target=_target(draft), change="discard")


def publish(*, actor: Actor, code: str, expected: int, on: date | None = None, note: str = "") -> CaseClass:
    """Put the draft in force today, or settle it to take effect by itself on a later day. Open cases keep their version.

    Raises Forbidden, Invalid (faults, a past day), Conflict (edited since `expected`), Missing.
    """
    permissions.can_administer(actor).or_forbidden()
    day = on or clock.today()
    _check_day(day, "on")
    draft = _draft(code)
    _refuse(check_draft(reads.row_of(draft)))
    with transaction.atomic():
        said = {"note": note.strip()[:200]} if note.strip() else {}
        _swap(actor, code, expected, starts_on=day, **said)
        if day <= clock.today():
            _put_in_force(actor, draft)
        else:
            record(actor=actor, verb=AuditVerb.OTHER, target=_target(draft), change="settle", on=day)
    _changed()
    return CaseClass.objects.select_related("type_version").get(pk=draft.pk)


def withdraw(*, actor: Actor, code: str, expected: int) -> CaseClass:
    """A settled draft is open to edits again. Raises Forbidden, Conflict, Missing."""
    permissions.can_administer(actor).or_forbidden()
    with transaction.atomic():
        draft = _swap(actor, code, expected, starts_on=None)
        record(actor=actor, verb=AuditVerb.OTHER, target=_target(draft), change="withdraw")
    return _draft(code)


def retire(*, actor: Actor, code: str, on: date | None = None) -> None:
    """No new matters of this type from today or a later day on; open ones go on. Raises Forbidden, Invalid, Missing."""
    permissions.can_administer(actor).or_forbidden()
    day = on or clock.today()
    _check_day(day, "on")
    found = reads.published(_versions(code))
    if found is None:
        raise Missing("not_published", _("这一类现在没有现行的版本。"))
    with transaction.atomic():
        CaseClass.objects.filter(pk=found.pk).update(ends_on=day)
        if day <= clock.today():
            _end(actor, found)
        else:
            record(actor=actor, verb=AuditVerb.OTHER, target=_target(found), change="settle_end", on=day)
    _changed()


def keep(*, actor: Actor, code: str) -> None:
    """Take back a planned end. Raises Forbidden, Missing."""
    permissions.can_administer(actor).or_forbidden()
    found = reads.published(_versions(code))
    if found is None or found.ends_on is None:
        raise Missing("no_planned_end", _("这一类没有计划停用。"))
    with transaction.atomic():
        CaseClass.objects.filter(pk=found.pk).update(ends_on=None)
        record(actor=actor, verb=AuditVerb.OTHER, target=_target(found), change="keep")


def restore(*, actor: Actor, code: str, number: int) -> CaseClass:
    """An earlier version as a new draft. Raises Forbidden, Conflict (there is a draft), Missing."""
    permissions.can_administer(actor).or_forbidden()
    earlier = next((v for v in _versions(code) if v.number == number), None)
    if earlier is None:
        raise Missing("no_such_version", _("没有这一版。"))
    return _create(actor, reads.row_of(earlier), _("恢复第 %(n)s 版") % {"n": number})


def take_effect(*, actor: Actor = SYSTEM) -> int:
    """What was settled for today or earlier: drafts come into force, types end. Idempotent. Returns how many."""
    today, done = clock.today(), 0
    due = CaseClass.objects.select_related("type_version")
    for draft in due.filter(type_version__state="draft", starts_on__lte=today):
        done += _quietly(actor, draft, _put_in_force)
    for ending in due.filter(type_version__state="published", ends_on__lte=today):
        done += _quietly(actor, ending, _end)
    if done:
        _changed()
    return done


def _quietly(actor: Actor, version: CaseClass, change: Any) -> bool:
    """One change in its own transaction; False if another process was faster."""
    try:
        with transaction.atomic():
            change(actor, version)
    except Conflict:
        return False
    return True


def _put_in_force(actor: Actor, draft: CaseClass) -> None:
    flow.publish_draft_type(actor=actor, id=draft.pk)
    record(actor=actor, verb=AuditVerb.OTHER, target=_target(draft), change="publish", number=draft.number)


def _end(actor: Actor, version: CaseClass) -> None:
    if not flow.retire_type(actor=actor, kind=CASE.kind, code=version.code):
        raise Conflict("not_published", _("这一类现在没有现行的版本。"))
    record(actor=actor, verb=AuditVerb.OTHER, target=_target(version), change="retire", number=version.number)


def _target(version: CaseClass) -> str:
    return f"type:{version.code}"


def _check_day(day: date, field: str) -> None:
    if day < clock.today():
        sentence = _("日子不能早于今天。")
        raise Invalid("past_day", sentence, fields={field: [sentence]})


def _changed() -> None:
    bump()
    catalogue.forget()
    transaction.on_commit(catalogue.forget)


# --- a whole table at once ----------------------------------------------------------------------------------
def publish_rows(*, actor: Actor, rows: Sequence[Row], retired: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Put these rows in force today and end the types of `retired`; call inside a transaction.

    Returns what `unpublish_rows` needs. Raises Forbidden, Invalid (by row), Conflict (a type has a draft in work).
    """
    permissions.can_administer(actor).or_forbidden()
    memo = []
    for row in rows:
        before = reads.published(_versions(row["code"]))
        draft = _create(actor, row, _("从表格导入"))
        CaseClass.objects.filter(pk=draft.pk).update(starts_on=clock.today())
        _put_in_force(actor, draft)
        memo.append({"code": row["code"], "before": before.pk if before else None, "after": draft.pk})
    for code in retired:
        before = reads.published(_versions(code))
        if before is not None:
            _end(actor, before)
            memo.append({"code": code, "before": before.pk, "after": None})
    _changed()
    return memo


def unpublish_rows(*, actor: Actor, memo: Sequence[Mapping[str, Any]]) -> None:
    """Bring back what stood before `publish_rows`, as new versions; types that were new end. Inside a transaction."""
    permissions.can_administer(actor).or_forbidden()
    for line in memo:
        now = reads.published(_versions(line["code"]))
        if line["before"] is None:
            if now is not None:
                _end(actor, now)
            continue
        earlier = CaseClass.objects.select_related("type_version").get(pk=line["before"])
        draft = _create(actor, reads.row_of(earlier), _("撤销导入"))
        CaseClass.objects.filter(pk=draft.pk).update(starts_on=clock.today())
        _put_in_force(actor, draft)
    _changed()
