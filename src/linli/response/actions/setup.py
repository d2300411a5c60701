"""Loading what the chain is steered by: classes, limits and routes, as versioned data with provenance."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Invalid
from linli.flow import actions as flow
from linli.organisations import queries as organisations
from linli.worktime.rules import Unit

from .. import catalogue, permissions
from ..choices import Object, Urgency
from ..models import CaseClass, Revision, Route, StageLimit
from ..rules import CASE

DATA = Path(__file__).resolve().parent.parent / "data"
_TEXT = ("code", "name", "name_en", "top_code", "top_name", "top_name_en", "words", "provenance", "source")


def _rows(text: str) -> list[dict[str, str]]:
    return [
        {k: (v or "").strip() for k, v in row.items()} for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    ]


def _refuse(problems: list[str]) -> None:
    if problems:
        raise Invalid(
            "bad_catalogue", _("有 %(n)s 行不能导入，什么都没有改。") % {"n": len(problems)}, fields={"rows": problems}
        )


def load_catalogue(*, actor: Actor, classes: str = "", limits: str = "") -> int:
    """Publish the classes and limits of two CSV texts (the shipped ones by default). Unchanged classes keep their version.

    Classes that are no longer in the table are retired, never deleted. Returns how many versions were published.
    Raises Invalid with a sentence for every row; nothing is half-loaded.
    """
    permissions.can_administer(actor).or_forbidden()
    wanted = _rows(classes or (DATA / "case_classes.csv").read_text(encoding="utf-8"))
    steps = _rows(limits or (DATA / "stage_limits.csv").read_text(encoding="utf-8"))
    _refuse(_class_problems(wanted) + _limit_problems(steps))
    published = 0
    with transaction.atomic():
        now = {c.code: c for c in CaseClass.objects.filter(type_version__state="published")}
        for row in wanted:
            fields = {**{k: row[k] for k in _TEXT}, **_typed(row)}
            old = now.pop(row["code"], None)
            if old is not None and all(getattr(old, k) == v for k, v in fields.items()):
                continue
            version = flow.publish_type(actor=actor, kind=CASE.kind, code=row["code"])
            CaseClass.objects.create(type_version=version, **fields)
            published += 1
        for code in now:
            flow.retire_type(actor=actor, kind=CASE.kind, code=code)
        for row in steps:
            StageLimit.objects.update_or_create(
                stage=row["stage"],
                urgency=row["urgency"],
                defaults={
                    "amount": int(row["amount"]),
                    "unit": row["unit"],
                    "provenance": row["provenance"],
                    "source": row["source"],
                },
            )
        _bump()
    catalogue.forget()
    return published


def _typed(row: dict[str, str]) -> dict[str, object]:
    return {
        "object": row["object"],
        "dwelling": row["dwelling"] == "yes",
        "urgency": row["urgency"],
        "handle_amount": int(row["handle_amount"]),
        "handle_unit": row["handle_unit"],
        "initials": catalogue.initials_of(row["name"]),
        "limit_provenance": row["limit_provenance"],
        "limit_source": row["limit_source"],
    }


def _class_problems(rows: list[dict[str, str]]) -> list[str]:
    problems, seen = [], set()
    for place, row in enumerate(rows, 2):
        said = []
        if row.get("code") in seen:
            said.append(_("编码重复"))
        if not row.get("code", "").isdigit() or not row.get("name"):
            said.append(_("缺编码或名称"))
        if row.get("object") not in Object.values:
            said.append(_("对象只能是地点、设施、服务、单位，不能是人"))
        if row.get("urgency") not in Urgency.values:
            said.append(_("不认识的紧急程度"))
        said += _limit_words(row.get("handle_amount", ""), row.get("handle_unit", ""))
        seen.add(row.get("code"))
        problems += [_("第 %(row)s 行：%(why)s。") % {"row": place, "why": why} for why in said]
    return problems


def _limit_words(amount: str, unit: str) -> list[str]:
    said = [] if amount.isdigit() and int(amount) > 0 else [_("时限不是正整数")]
    return said if unit in set(Unit) else [*said, _("不认识的时限单位")]


def _limit_problems(rows: list[dict[str, str]]) -> list[str]:
    problems = []
    for place, row in enumerate(rows, 2):
        said = _limit_words(row.get("amount", ""), row.get("unit", ""))
        if row.get("stage") not in CASE.stages or row.get("urgency") not in Urgency.values:
            said.append(_("不认识的环节或紧急程度"))
        problems += [_("第 %(row)s 行：%(why)s。") % {"row": place, "why": why} for why in said]
    return problems


def load_routes(*, actor: Actor, text: str) -> int:
    """Replace the routes by those of a CSV (division, class_prefix, body code). All rows or none. Returns how many."""
    permissions.can_administer(actor).or_forbidden()
    rows, problems, fresh, seen = _rows(text), [], [], set()
    for place, row in enumerate(rows, 2):
        body = organisations.body_by_code(row.get("body", ""))
        pair = (row.get("division", ""), row.get("class_prefix", ""))
        if body is None:
            problems.append(_("第 %(row)s 行：没有单位 %(body)s。") % {"row": place, "body": row.get("body", "")})
        elif pair in seen:
            problems.append(_("第 %(row)s 行：区划与问题类型重复。") % {"row": place})
        else:
            fresh.append(
                Route(
                    division=pair[0],
                    class_prefix=pair[1],
                    body_id=body.id,
                    provenance=row.get("provenance") or "provisional",
                    source=row.get("source", ""),
                )
            )
        seen.add(pair)
    _refuse(problems)
    with transaction.atomic():
        Route.objects.all().delete()
        Route.objects.bulk_create(fresh)
        _bump()
    catalogue.forget()
    return len(fresh)


def _bump() -> None:
    Revision.objects.get_or_create(pk=1)
    Revision.objects.filter(pk=1).update(number=F("number") + 1)
