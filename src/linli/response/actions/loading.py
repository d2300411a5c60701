"""Loading the shipped catalogue or a pack's: classes, stage limits and the ladder, from tables with provenance."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Invalid
from linli.flow import actions as flow
from linli.flow.rules import variant_data

from .. import catalogue, class_rules, permissions
from ..choices import Level, Sheet, Tree
from ..models import CaseClass, LadderRule, Revision, StageLimit, SteeringSheet
from ..rules import CASE
from .realarm import follow_ladder

DATA = Path(__file__).resolve().parent.parent / "data"
_TEXT = (
    "code", "name", "name_en", "top_code", "top_name", "top_name_en", "words", "provenance", "source", "object",
    "urgency", "limit_provenance", "limit_source",
)  # fmt: skip


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a CSV text, every value stripped."""
    return [
        {k: (v or "").strip() for k, v in row.items() if k}
        for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    ]


def refuse_rows(problems: list[str]) -> None:
    """Raises Invalid with a sentence for every row that has one."""
    if problems:
        raise Invalid(
            "bad_catalogue", _("有 %(n)s 行不能导入，什么都没有改。") % {"n": len(problems)}, fields={"rows": problems}
        )


def bump() -> None:
    """Every process drops the catalogue it keeps."""
    Revision.objects.get_or_create(pk=1)
    Revision.objects.filter(pk=1).update(number=F("number") + 1)


def shipped(name: str) -> str:
    """The text of a table that Linli brings."""
    return (DATA / f"{name}.csv").read_text(encoding="utf-8")


def load_catalogue(*, actor: Actor, classes: str = "", limits: str = "", rungs: str = "") -> int:
    """Publish the classes, limits and rungs of CSV texts (the shipped ones by default). Unchanged classes keep their version.

    Classes that are no longer in the table are retired, never deleted. Returns how many versions were published.
    Raises Invalid with a sentence for every row; nothing is half-loaded.
    """
    permissions.can_administer(actor).or_forbidden()
    wanted = rows_of(classes or shipped("case_classes"))
    steps = rows_of(limits or shipped("stage_limits"))
    ladder = rows_of(rungs or shipped("ladder"))
    refuse_rows(
        _problems(wanted, class_rules.class_faults, ("code",))
        + _problems(steps, class_rules.stage_faults, ("stage", "urgency"))
        + _problems(ladder, class_rules.rung_faults, ("order",))
    )
    with transaction.atomic():
        published = _publish(actor, wanted)
        for sheet, rows, put in ((Sheet.LIMITS, steps, put_limits), (Sheet.LADDER, ladder, put_ladder)):
            _load_sheet(actor, sheet, rows, put)
        bump()
    catalogue.forget()
    return published


def _load_sheet(actor: Actor, sheet: str, rows: list[dict[str, str]], put: Callable[[Any], None]) -> None:
    """A new version of the sheet, if it says something new. What people made in its place stays in force."""
    newest = SteeringSheet.objects.filter(sheet=sheet).order_by("-number").first()
    if newest is not None and (newest.rows == rows or newest.made_by != SYSTEM.label == actor.label):
        return
    made = write_sheet(actor, sheet, rows, number=newest.number + 1 if newest else 1)
    put(rows)
    if newest is not None and sheet == Sheet.LADDER:
        follow_ladder(actor=actor, number=made.number)


def write_sheet(
    actor: Actor, sheet: str, rows: Sequence[Mapping[str, str]], *, number: int, note: str = ""
) -> SteeringSheet:
    """Keep these rows as version `number` of a sheet. Raises IntegrityError if there is one."""
    return SteeringSheet.objects.create(
        sheet=sheet,
        number=number,
        rows=[dict(r) for r in rows],
        made_at=clock.now(),
        made_by=actor.label,
        note=note.strip()[:200],
    )


def _problems(
    rows: list[dict[str, str]], faults: Callable[[Mapping[str, str]], Any], key: tuple[str, ...]
) -> list[str]:
    problems, seen = [], set()
    for place, row in enumerate(rows, 2):
        said = [fault.message for fault in faults(row)]
        mark = tuple(row.get(k, "") for k in key)
        if not all(mark):
            said.insert(0, _("缺编码"))
        elif mark in seen:
            said.insert(0, _("编码重复"))
        seen.add(mark)
        problems += [_("第 %(row)s 行：%(why)s。") % {"row": place, "why": why} for why in said]
    return problems


def _publish(actor: Actor, wanted: list[dict[str, str]]) -> int:
    """What a pack brings. Types that people published are left as they are: a pack does not overrule them."""
    published = 0
    rows = CaseClass.objects.select_related("type_version").filter(type_version__state="published")
    now = {c.code: c for c in rows}
    if actor.label == SYSTEM.label:
        own = {code for code, c in now.items() if c.changed_by not in ("", SYSTEM.label)}
        wanted = [row for row in wanted if row["code"] not in own]
        now = {code: c for code, c in now.items() if code not in own}
    numbers = dict(CaseClass.objects.values_list("code").annotate(most=Max("number")))
    for row in wanted:
        fields, variant = class_fields(row), variant_data(class_rules.variant_of(row))
        old = now.pop(row["code"], None)
        if (
            old is not None
            and old.type_version.variant == variant
            and all(getattr(old, k) == v for k, v in fields.items())
        ):
            continue
        version = flow.publish_type(actor=actor, kind=CASE.kind, code=row["code"], variant=variant)
        CaseClass.objects.create(type_version=version, number=numbers.get(row["code"], 0) + 1, **fields)
        published += 1
    for code in now:
        flow.retire_type(actor=actor, kind=CASE.kind, code=code)
    return published


def class_fields(row: Mapping[str, str]) -> dict[str, Any]:
    """The columns of a class (without its variant) that a row without faults describes."""
    return {
        **{k: row[k] for k in _TEXT},
        "dwelling": row.get("dwelling") == "yes",
        "handle_amount": int(row["handle_amount"]),
        "handle_unit": row["handle_unit"],
        "initials": catalogue.initials_of(row["name"]),
        "tree": row.get("tree") or Tree.EVENT.value,
        "level": row.get("level") or Level.SUBDISTRICT.value,
        "themes": " ".join(row.get("themes", "").split()),
        "filing": row.get("filing", ""),
        "closing": row.get("closing", ""),
    }


def put_limits(rows: list[dict[str, str]]) -> None:
    """These limits in the place of all limits."""
    StageLimit.objects.all().delete()
    StageLimit.objects.bulk_create(
        [
            StageLimit(
                **{k: r[k] for k in ("stage", "urgency", "unit", "provenance", "source")}, amount=int(r["amount"])
            )
            for r in rows
        ]
    )


def put_ladder(rows: list[dict[str, str]]) -> None:
    """These rungs in the place of the ladder."""
    LadderRule.objects.all().delete()
    names = ("trigger", "stage", "urgency", "unit", "act", "provenance", "source")
    LadderRule.objects.bulk_create(
        [LadderRule(**{k: r.get(k, "") for k in names}, order=int(r["order"]), amount=int(r["amount"])) for r in rows]
    )
