"""Reads of matter types as versioned data: drafts, versions, differences, the sheets of limits and rungs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.flow import queries as flow
from linli.flow.models import Matter
from linli.flow.queries import Line
from linli.flow.rules import Variant, variant_from

from .. import class_rules, permissions
from ..choices import LadderAct, LadderTrigger, Level, Object, Sheet, Theme, Tree, Urgency
from ..models import CaseClass, LadderRule, StageLimit, SteeringSheet
from ..rules import CASE, STEERING

LADDER_KEY = "sheet:ladder"  # the client key of the matter that the ladder is

COLUMNS: dict[str, Any] = {
    "name": gettext_lazy("名称"),
    "name_en": gettext_lazy("英文名称"),
    "tree": gettext_lazy("目录"),
    "top_code": gettext_lazy("大类编码"),
    "top_name": gettext_lazy("大类"),
    "top_name_en": gettext_lazy("大类英文名称"),
    "object": gettext_lazy("对象"),
    "level": gettext_lazy("层级"),
    "dwelling": gettext_lazy("涉及住户"),
    "urgency": gettext_lazy("紧急程度"),
    "handle": gettext_lazy("办结时限"),
    "words": gettext_lazy("常用说法"),
    "themes": gettext_lazy("七有五性"),
    "filing": gettext_lazy("立案条件"),
    "closing": gettext_lazy("结案条件"),
    "without": gettext_lazy("去掉的动作"),
    "chosen": gettext_lazy("选用的动作"),
    "needs": gettext_lazy("另加的必填项"),
    "limits": gettext_lazy("本类自己的环节时限"),
    "samples": gettext_lazy("抽查比例"),
    "provenance": gettext_lazy("可信程度"),
    "source": gettext_lazy("出处"),
    "limit_provenance": gettext_lazy("时限的可信程度"),
    "limit_source": gettext_lazy("时限的出处"),
}
"""What a version says, in the order in which it is shown and compared."""

TEXT_COLUMNS = (
    "code", "name", "name_en", "top_code", "top_name", "top_name_en", "object", "urgency", "words", "provenance",
    "source", "limit_provenance", "limit_source", "tree", "level", "themes", "filing", "closing",
)  # fmt: skip


def row_of(version: CaseClass) -> dict[str, str]:
    """A version as a row of the catalogue's table: what `actions.types` reads back as the same version."""
    row = {name: str(getattr(version, name)) for name in TEXT_COLUMNS}
    row |= {
        "dwelling": "yes" if version.dwelling else "no",
        "handle_amount": str(version.handle_amount),
        "handle_unit": version.handle_unit,
    }
    return row | class_rules.variant_words(variant_of(version))


def variant_of(version: CaseClass) -> Variant:
    """The variant of the chain that a version has."""
    return variant_from(version.type_version.variant)


def versions(actor: Actor, code: str) -> list[CaseClass]:
    """All versions of a type, the newest first. Raises Forbidden, Missing."""
    permissions.can_read_config(actor).or_forbidden()
    found = list(CaseClass.objects.select_related("type_version").filter(code=code[:8]).order_by("-number", "-pk"))
    if not found:
        raise Missing("no_such_type", _("没有这类事项。"))
    return found


def version(actor: Actor, code: str, number: int) -> CaseClass:
    """One version of a type. Raises Forbidden, Missing."""
    for found in versions(actor, code):
        if found.number == number:
            return found
    raise Missing("no_such_version", _("没有这一版。"))


def published(found: Sequence[CaseClass]) -> CaseClass | None:
    """The version in force among versions of one type."""
    return next((v for v in found if v.type_version.state == "published"), None)


def draft(found: Sequence[CaseClass]) -> CaseClass | None:
    return next((v for v in found if v.type_version.state == "draft"), None)


def every_type(actor: Actor) -> list[CaseClass]:
    """One line for each code: the version in force, else the draft, else the last one (2 SQL). Raises Forbidden."""
    permissions.can_read_config(actor).or_forbidden()
    rank = {"published": 0, "draft": 1, "retired": 2}
    chosen: dict[str, CaseClass] = {}
    rows = CaseClass.objects.select_related("type_version").order_by("code", "-number", "-pk")
    for row in rows:
        known = chosen.get(row.code)
        if known is None or rank[row.type_version.state] < rank[known.type_version.state]:
            chosen[row.code] = row
    return list(chosen.values())


def codes_with_draft() -> dict[str, CaseClass]:
    """The drafts, by code."""
    rows = CaseClass.objects.select_related("type_version").filter(type_version__state="draft")
    return {row.code: row for row in rows}


def next_number(code: str) -> int:
    return (CaseClass.objects.filter(code=code).aggregate(most=Max("number"))["most"] or 0) + 1


# --- in words -----------------------------------------------------------------------------------------
def said(row: Mapping[str, str]) -> dict[str, str]:
    """A row's values as a person reads them, by column."""
    from linli.worktime.explain import limit_text

    variant = class_rules.variant_of(row)
    words = {name: row.get(name, "") for name in COLUMNS if name in row}
    words |= {
        "tree": _choice(Tree, row.get("tree", "")),
        "object": _choice(Object, row.get("object", "")),
        "level": _choice(Level, row.get("level", "")),
        "urgency": _choice(Urgency, row.get("urgency", "")),
        "dwelling": _("是") if row.get("dwelling") == "yes" else _("否"),
        "themes": _("、").join(_choice(Theme, t) for t in row.get("themes", "").split()),
        "words": _("、").join(row.get("words", "").split()),
        "handle": limit_text(class_rules.limit_of(row)).strip(),
        "without": _("、").join(verb_label(v) for v in CASE.moves if v in variant.without),
        "chosen": _("、").join(verb_label(v) for v in CASE.moves if v in variant.chosen),
        "needs": _("、").join(f"{verb_label(v)}{_('：')}{CASE.need_labels.get(n, n)}" for v, n in variant.also_needs),
        "limits": _("、").join(
            f"{class_rules.limit_label(s)}{_('：')}{class_rules.limit_words(a, u)}" for s, a, u in variant.limits
        ),
        "samples": _("、").join(f"{verb_label(v)} {share}%" for v, share in variant.samples),
        "provenance": provenance_word(row.get("provenance", "")),
        "limit_provenance": provenance_word(row.get("limit_provenance", "")),
    }
    return words


def verb_label(verb: str) -> str:
    return str(CASE.moves[verb].label) if verb in CASE.moves else verb


def provenance_word(provenance: str) -> str:
    return _("有出处") if provenance == "sourced" else _("暂定")


def _choice(kind: Any, token: str) -> str:
    return str(kind(token).label) if token in kind.values else token


@dataclass(frozen=True, slots=True)
class Difference:
    """One column in which two versions differ, in words."""

    label: str
    before: str
    after: str


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    """What changes between two rows of the catalogue."""
    a, b = said(before), said(after)
    return [
        Difference(str(label), a.get(name, ""), b.get(name, ""))
        for name, label in COLUMNS.items()
        if a.get(name, "") != b.get(name, "")
    ]


# --- limits and the ladder --------------------------------------------------------------------------------
LIMIT_COLUMNS = ("stage", "urgency", "amount", "unit", "provenance", "source")
RUNG_COLUMNS = ("order", "trigger", "stage", "urgency", "amount", "unit", "act", "provenance", "source")


def sheet_rows(sheet: str) -> list[dict[str, str]]:
    """The rows in force, as a table of texts (1 SQL)."""
    if sheet == Sheet.LADDER:
        rungs = LadderRule.objects.order_by("order")
        return [{name: str(getattr(r, name)) for name in RUNG_COLUMNS} for r in rungs]
    place = {stage: i for i, stage in enumerate(class_rules.LIMITED)}
    order = {u: i for i, u in enumerate(Urgency.values)}
    rows = [{name: str(getattr(r, name)) for name in LIMIT_COLUMNS} for r in StageLimit.objects.all()]
    return sorted(rows, key=lambda r: (place.get(r["stage"], 99), order.get(r["urgency"], 9)))


def sheets(actor: Actor, sheet: str) -> list[SteeringSheet]:
    """All versions of a sheet, the newest first. Raises Forbidden."""
    permissions.can_read_config(actor).or_forbidden()
    return list(SteeringSheet.objects.filter(sheet=sheet).order_by("-number"))


def sheet_number(sheet: str) -> int:
    """The number of the version in force; 0 before the first."""
    return SteeringSheet.objects.filter(sheet=sheet).aggregate(most=Max("number"))["most"] or 0


def ladder_lines() -> list[Line]:
    """The ladder's own journal, oldest first: one line a version, with what became of the alarms of open cases."""
    matter = Matter.objects.filter(client_key=LADDER_KEY).first()
    return flow.history(matter, STEERING, personal=False) if matter else []


def sheet_faults(sheet: str, rows: Sequence[Mapping[str, str]]) -> dict[int, list[class_rules.Fault]]:
    """What is wrong, by the row's place (from 0)."""
    check = class_rules.rung_faults if sheet == Sheet.LADDER else class_rules.stage_faults
    key = ("order",) if sheet == Sheet.LADDER else ("stage", "urgency")
    found: dict[int, list[class_rules.Fault]] = {}
    seen: set[tuple[str, ...]] = set()
    for place, row in enumerate(rows):
        faults = list(check(row))
        mark = tuple(row.get(k, "") for k in key)
        if mark in seen:
            faults.append(class_rules.Fault(key[0], _("和前面一行重复"), "row_twice"))
        seen.add(mark)
        if faults:
            found[place] = faults
    return found


def rung_words(row: Mapping[str, str]) -> str:
    """A rung in one sentence."""
    where = class_rules.limit_label(row["stage"]) if row.get("stage") else _("各环节")
    who = _choice(Urgency, row["urgency"]) if row.get("urgency") else _("各类")
    amount = int(row["amount"])
    if row["trigger"] == LadderTrigger.BEFORE_DUE:
        when = (
            _("剩下 %(n)s%% 的时间时") % {"n": amount}
            if row["unit"] == class_rules.PERCENT
            else _("到期前 %(limit)s") % {"limit": class_rules.limit_words(amount, row["unit"])}
        )
    elif row["trigger"] == LadderTrigger.AFTER_DUE:
        when = _("超期 %(limit)s") % {"limit": class_rules.limit_words(amount, row["unit"])}
    else:
        when = _("%(what)s到 %(n)s 次") % {"what": _choice(LadderTrigger, row["trigger"]), "n": amount}
    return _("%(where)s，%(who)s：%(when)s，%(act)s。") % {
        "where": where, "who": who, "when": when, "act": _choice(LadderAct, row["act"]),
    }  # fmt: skip
