"""The catalogue of grid matters: what ships, drafts, publication by somebody else. A version in force never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.organisations import queries as organisations
from linli.organisations.choices import BodyKind

from .. import matters, permissions
from ..choices import CatalogueState
from ..models import GridMatter, GridMatterCatalogue

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "grid_matters.csv"


def load_matters(*, actor: Actor, file: Path = SHIPPED) -> bool:
    """Put the shipped catalogue in force where there is none yet. Bodies that are not there are left open. True if it did."""
    permissions.can_decide(actor, "").or_forbidden()
    if GridMatterCatalogue.objects.exists():
        return False
    rows = matters.read_rows(file.read_text(encoding="utf-8-sig"))
    known = _bodies()
    rows = [r if r.body_code in known else matters.Row(**{**asdict(r), "body_code": ""}) for r in rows]
    _check(rows)
    today = clock.today()
    with transaction.atomic():
        made = GridMatterCatalogue.objects.create(
            number=1, state=CatalogueState.IN_FORCE, valid_from=today, made_at=clock.now(), made_by=actor.label
        )
        _put(made.pk, rows)
    return True


def start_draft(*, actor: Actor) -> GridMatterCatalogue:
    """A draft made of the version in force. Raises Conflict (draft_exists)."""
    permissions.can_draw_district(actor).or_forbidden()
    with transaction.atomic():
        # the swap of the version in force makes two who start at once queue on both databases
        GridMatterCatalogue.objects.filter(state=CatalogueState.IN_FORCE).update(revision=F("revision"))
        if GridMatterCatalogue.objects.filter(state=CatalogueState.DRAFT).exists():
            raise Conflict("draft_exists", _("已经有一份草稿，请先发布或放弃它。"))
        number = max(GridMatterCatalogue.objects.values_list("number", flat=True), default=0) + 1
        draft = GridMatterCatalogue.objects.create(
            number=number, state=CatalogueState.DRAFT, made_at=clock.now(), made_by=actor.label
        )
        base = GridMatterCatalogue.objects.filter(state=CatalogueState.IN_FORCE).first()
        _put(draft.pk, rows_of(base.pk) if base else [])
        record(actor=actor, verb=AuditVerb.OTHER, target=f"grid_matters:{number}", change="draft")
    return draft


def rows_of(catalogue_id: int) -> list[matters.Row]:
    """The rows of a version, by code (1 SQL)."""
    rows = GridMatter.objects.filter(catalogue_id=catalogue_id).order_by("code").values_list(*matters.FIELDS)
    return [matters.Row(*row) for row in rows]


def put_rows(*, actor: Actor, draft_id: int, revision: int, rows: Sequence[matters.Row]) -> None:
    """All rows of a draft anew. Raises Invalid (bad_rows: fields row-<code>-<field>), Conflict."""
    permissions.can_draw_district(actor).or_forbidden()
    _check(rows)
    with transaction.atomic():
        _swap(draft_id, revision)
        GridMatterCatalogue.objects.filter(pk=draft_id).update(
            made_by=actor.label
        )  # who wrote it last does not publish it
        GridMatter.objects.filter(catalogue_id=draft_id).delete()
        _put(draft_id, rows)
        record(actor=actor, verb=AuditVerb.OTHER, target=f"grid_matters:{draft_id}", change="rows", rows=len(rows))


def put_row(*, actor: Actor, draft_id: int, revision: int, row: matters.Row, was: str = "") -> None:
    """Add a row to a draft, or change the one whose code was `was`. Raises Invalid, Conflict."""
    rows = [r for r in rows_of(draft_id) if r.code != was]
    if any(r.code == row.code for r in rows):
        sentence = _("这个编码已经在用。")
        raise Invalid("code_used", sentence, fields={"code": [sentence]})
    wrong = matters.faults(row, bodies=_bodies(), kinds=BodyKind.values)
    if wrong:
        fields: dict[str, list[Any]] = {}
        for fault in wrong:
            fields.setdefault(fault.field, []).append(fault.message)
        raise Invalid("bad_row", _("请按提示修改。"), fields=fields)
    put_rows(actor=actor, draft_id=draft_id, revision=revision, rows=sorted([*rows, row], key=lambda r: r.code))


def drop_row(*, actor: Actor, draft_id: int, revision: int, code: str) -> None:
    """Take a row out of a draft. Raises Missing, Conflict."""
    rows = rows_of(draft_id)
    kept = [r for r in rows if r.code != code]
    if len(kept) == len(rows):
        raise Missing("no_such_matter", _("草稿里没有这一项。"))
    put_rows(actor=actor, draft_id=draft_id, revision=revision, rows=kept)


def publish(*, actor: Actor, draft_id: int, revision: int, note: str = "") -> None:
    """Put a draft in force from today; the version before is retired. By another person than the one
    who began it or wrote it last."""
    draft = GridMatterCatalogue.objects.filter(pk=draft_id).first()
    if draft is None:
        raise Missing("no_such_catalogue", _("没有这一版。"))
    permissions.can_decide(actor, draft.made_by).or_forbidden()
    _check(rows_of(draft_id))
    today = clock.today()
    with transaction.atomic():
        _swap(draft_id, revision)
        GridMatterCatalogue.objects.filter(state=CatalogueState.IN_FORCE).update(
            state=CatalogueState.RETIRED, valid_to=today
        )
        GridMatterCatalogue.objects.filter(pk=draft_id).update(
            state=CatalogueState.IN_FORCE, valid_from=today, note=note.strip()[:200]
        )
        record(actor=actor, verb=AuditVerb.OTHER, target=f"grid_matters:{draft.number}", change="publish")


def drop_draft(*, actor: Actor, draft_id: int, revision: int) -> None:
    """Let a draft go. Raises Conflict."""
    permissions.can_draw_district(actor).or_forbidden()
    with transaction.atomic():
        _swap(draft_id, revision)
        GridMatterCatalogue.objects.filter(pk=draft_id).delete()
        record(actor=actor, verb=AuditVerb.OTHER, target=f"grid_matters:{draft_id}", change="drop")


def _swap(draft_id: int, revision: int) -> None:
    drafts = GridMatterCatalogue.objects.filter(pk=draft_id, state=CatalogueState.DRAFT, revision=revision)
    if not drafts.update(revision=revision + 1):
        raise Conflict("changed_meanwhile", _("这份草稿刚被别人改过或已经发布，请看最新的再改。"))


def _check(rows: Sequence[matters.Row]) -> None:
    fields: dict[str, list[Any]] = {}
    if len(rows) > matters.ROWS_MOST:
        fields["rows"] = [_("最多 %(n)s 行。") % {"n": matters.ROWS_MOST}]
    bodies, seen = _bodies(), set()
    for row in rows[: matters.ROWS_MOST]:
        if row.code in seen:
            fields.setdefault(f"row-{row.code}-code", []).append(_("编码重复：%(code)s。") % {"code": row.code})
        seen.add(row.code)
        for fault in matters.faults(row, bodies=bodies, kinds=BodyKind.values):
            fields.setdefault(f"row-{row.code}-{fault.field}", []).append(fault.message)
    if fields:
        raise Invalid("bad_rows", _("有 %(n)s 处要改，什么都没有写入。") % {"n": len(fields)}, fields=fields)


def _bodies() -> frozenset[str]:
    return frozenset(b.code for b in organisations.bodies())


def _put(catalogue_id: int, rows: Sequence[matters.Row]) -> None:
    GridMatter.objects.bulk_create([GridMatter(catalogue_id=catalogue_id, **asdict(r)) for r in rows], batch_size=200)
