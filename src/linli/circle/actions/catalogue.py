"""Versions of catalogues, class rules, paces, and how complete what is known is. A published version never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.territory import queries as territory

from .. import permissions, revision
from ..choices import CatalogueState, Provenance, Whole
from ..models import Catalogue, ClassRule, Completeness, Pace
from ..queries.catalogue import catalogue_in_force
from ..tables import ItemRow
from .load import BATCH, put_items

AT_ONCE = 500  # cells that are written before others may write
AHEAD_MOST = timedelta(days=3 * 366)


def _may(actor: Actor) -> None:
    permissions.can_keep_catalogue(actor, territory.district().code).or_forbidden()


def put_draft(*, actor: Actor, kind: str, rows: Sequence[ItemRow], source: str = "") -> tuple[int, list[list[Any]]]:
    """Put these rows into the draft of a kind, which is made if there is none. (draft, rows that stood in it before).

    Raises Forbidden.
    """
    _may(actor)
    with transaction.atomic():
        row = Catalogue.objects.filter(kind=kind, state=CatalogueState.DRAFT).first()
        before = list(map(list, row.items.order_by("order").values_list(*ITEM_FIELDS))) if row else []
        if row is None:
            row = Catalogue.objects.create(
                kind=kind, code=_free_code(kind), name=_name_in_force(kind), provenance=Provenance.PROVISIONAL,
                source=source[:400], made_at=clock.now(), made_by=actor.label,
            )  # fmt: skip
        row.items.all().delete()
        put_items(row, list(rows))
        revision.bump()
    return row.pk, before


ITEM_FIELDS = (
    "code", "parent", "name", "name_en", "provider", "manner", "layer", "tier", "walk_m", "must", "provenance", "source",
)  # fmt: skip


def _name_in_force(kind: str) -> str:
    try:
        return catalogue_in_force(kind).name
    except Missing:
        return str(kind)


def _free_code(kind: str) -> str:
    stem = f"{kind}-{clock.today():%Y%m%d}"
    taken = set(Catalogue.objects.filter(code__startswith=stem).values_list("code", flat=True))
    return next(code for n in range(1, len(taken) + 2) if (code := f"{stem}-{n}") not in taken)


def drop_draft(*, actor: Actor, id: int) -> None:
    """Let a draft go. Raises Forbidden, Missing, Conflict (not_draft)."""
    _may(actor)
    row = _one(id)
    if row.state != CatalogueState.DRAFT:
        raise Conflict("not_draft", _("只有草稿可以删除；用过的版本只能停用。"))
    with transaction.atomic():
        row.items.all().delete()
        row.class_rules.all().delete()
        row.delete()
        revision.bump()


def publish(*, actor: Actor, id: int, name: str, name_en: str, valid_from: date, provenance: str, source: str) -> int:
    """A draft holds from a day on; the version before ends that day. Class rules of items that stay come along.

    Returns how many rules stayed behind, because their item is no more. Raises Forbidden, Missing, Conflict, Invalid.
    """
    _may(actor)
    row = _one(id)
    if row.state != CatalogueState.DRAFT:
        raise Conflict("not_draft", _("这个版本已经发布。"))
    if not row.items.exists():
        raise Invalid("empty_catalogue", _("草稿里没有一行内容。"))
    before = Catalogue.objects.filter(kind=row.kind).exclude(state=CatalogueState.DRAFT).order_by("-valid_from").first()
    if before and before.valid_from and valid_from <= before.valid_from:
        text = _("要晚于现行版本的起始日 %(day)s。") % {"day": before.valid_from}
        raise Invalid("too_early", text, fields={"valid_from": [text]})
    if valid_from > clock.today() + AHEAD_MOST:
        text = _("最多提前三年。")
        raise Invalid("too_late", text, fields={"valid_from": [text]})
    with transaction.atomic():
        left = _take_rules_along(before, row)
        done = Catalogue.objects.filter(pk=id, state=CatalogueState.DRAFT).update(
            state=CatalogueState.PUBLISHED, valid_from=valid_from, name=name[:100], name_en=name_en[:160],
            provenance=provenance, source=source[:400],
        )  # fmt: skip
        if not done:
            raise Conflict("not_draft", _("这个版本已经发布。"))
        if before and (before.valid_to is None or before.valid_to > valid_from):
            Catalogue.objects.filter(pk=before.pk).update(valid_to=valid_from)
        record(actor=actor, verb=AuditVerb.OTHER, target=f"catalogue:{row.code}", change="publish")
        revision.bump()
    return left


def _take_rules_along(before: Catalogue | None, row: Catalogue) -> int:
    if before is None:
        return 0
    codes = set(row.items.values_list("code", flat=True))
    fields = ("scheme", "key", "item", "provenance", "source")
    rules = list(before.class_rules.values(*fields))
    kept = [ClassRule(catalogue=row, **r) for r in rules if r["item"] in codes]
    ClassRule.objects.bulk_create(kept, batch_size=BATCH, ignore_conflicts=True)
    return len(rules) - len(kept)


def retire(*, actor: Actor, id: int, on: date) -> None:
    """No longer in force from a day on. What refers to it (surveys, plans) keeps it. Raises Forbidden, Missing, Conflict."""
    _may(actor)
    row = _one(id)
    if row.state != CatalogueState.PUBLISHED:
        raise Conflict("not_published", _("只有在用的版本可以停用。"))
    if row.valid_from and on < row.valid_from:
        text = _("停用日不能早于起始日。")
        raise Invalid("too_early", text, fields={"on": [text]})
    with transaction.atomic():
        Catalogue.objects.filter(pk=id).update(state=CatalogueState.RETIRED, valid_to=on)
        record(actor=actor, verb=AuditVerb.OTHER, target=f"catalogue:{row.code}", change="retire")
        revision.bump()


def _one(id: int) -> Catalogue:
    found = Catalogue.objects.filter(pk=id).first()
    if found is None:
        raise Missing("no_catalogue", _("没有这个版本的目录。"))
    return found


RULE_FIELDS = ("scheme", "key", "item", "provenance", "source")


def put_rules(*, actor: Actor, rows: Mapping[int, Sequence[Mapping[str, str]]]) -> dict[str, list[dict[str, str]]]:
    """Class rules of some catalogues in place of those there are; what stood before. Raises Forbidden."""
    _may(actor)
    before = {}
    with transaction.atomic():
        for catalogue, rules in rows.items():
            there = ClassRule.objects.filter(catalogue=catalogue)
            before[str(catalogue)] = list(there.order_by("pk").values(*RULE_FIELDS))
            there.delete()
            ClassRule.objects.bulk_create(
                [ClassRule(catalogue_id=catalogue, **{f: r[f] for f in RULE_FIELDS}) for r in rules], batch_size=BATCH
            )
        revision.bump()
    return before


PACE_FIELDS = ("code", "name", "name_en", "metres_per_minute", "minutes", "steps", "order", "provenance", "source")


def put_paces(*, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """All paces anew; what stood before. Raises Forbidden, Invalid (no_pace)."""
    _may(actor)
    if not rows:
        raise Invalid("no_pace", _("至少要有一种步速。"))
    with transaction.atomic():
        before = list(Pace.objects.order_by("order").values(*PACE_FIELDS))
        Pace.objects.all().delete()
        Pace.objects.bulk_create([Pace(**{f: r[f] for f in PACE_FIELDS}) for r in rows])
        revision.bump()
    return before


def set_completeness(
    *, actor: Actor, kind: str, items: Sequence[str], communities: Sequence[str], state: str, as_of: date, source: str,
    provenance: str = Provenance.PROVISIONAL, simulated: bool = False,
) -> int:  # fmt: skip
    """Say how complete what is known of some items in some communities is, as of a day. Returns how many cells.

    Raises Forbidden (a community of somebody else), Invalid (nothing chosen, unknown, future, no source).
    """
    catalogue = catalogue_in_force(kind)
    wrong: dict[str, list[str]] = {}
    if not items or not set(items) <= set(catalogue.by_code):
        wrong["items"] = [_("请选目录里的项目。")]
    if not communities or any(len(c) != 12 or territory.division(c) is None for c in communities):
        wrong["communities"] = [_("请选本区的社区。")]
    if state not in Whole.values:
        wrong["state"] = [_("请选一个列出的选项。")]
    if as_of > clock.today():
        wrong["as_of"] = [_("日期不能晚于今天。")]
    if not source.strip():
        wrong["source"] = [_("请写明怎么查的、谁查的。")]
    if wrong:
        raise Invalid("bad_completeness", _("还有内容没有填好。"), fields=wrong)
    for community in communities:
        permissions.can_keep_facility(actor, community).or_forbidden()
    now, wanted = clock.now(), sorted(set(communities))
    cells = [
        Completeness(
            kind=kind, item=i, community=c, state=state, as_of=as_of, source=source[:400], provenance=provenance,
            simulated=simulated, at=now, by=actor.label,
        )
        for i in dict.fromkeys(items) for c in wanted
    ]  # fmt: skip
    for start in range(0, len(cells), AT_ONCE):  # a whole district is 28,000 cells: others write in between
        some = cells[start : start + AT_ONCE]
        with transaction.atomic():
            Completeness.objects.bulk_create(
                some, batch_size=AT_ONCE, update_conflicts=True, unique_fields=("kind", "item", "community", "as_of"),
                update_fields=("state", "source", "provenance", "simulated", "at", "by"),
            )  # fmt: skip
            revision.bump()
    return len(cells)
