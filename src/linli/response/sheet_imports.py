"""The stage limits and the ladder as tables that are taken in through exchange: the whole table, as its next version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.exchange.columns import Column, Kind, Refused, shown
from linli.exchange.plan import Plan
from linli.exchange.reading import Row
from linli.worktime.choices import UNIT_LABELS

from . import class_rules, permissions
from .actions import sheets as actions
from .choices import LadderAct, LadderTrigger, Sheet, Urgency
from .queries import types as reads
from .rules import CASE

PROVENANCE = {"provisional": (gettext_lazy("暂定"),), "sourced": (gettext_lazy("有出处"),)}


def _words(pairs: Any) -> dict[str, tuple[Any, ...]]:
    return {str(token): (label,) for token, label in pairs}


class SheetImporter:
    """What both tables have in common: rows are texts, the table in force is replaced as a whole, a version is kept."""

    sheet: Sheet
    kind: str
    title: Any
    hint: Any
    home: Any
    retires = True

    def can(self, actor: Actor) -> Decision:
        return permissions.can_administer(actor)

    def columns(self) -> Sequence[Column]:
        raise NotImplementedError

    def key(self, values: Mapping[str, Any]) -> str:
        raise NotImplementedError

    def name(self, values: Mapping[str, Any]) -> str:
        raise NotImplementedError

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for row in reads.sheet_rows(self.sheet):
            values = values_of(row)
            found[self.key(values)] = values
        return found

    def revision(self) -> str:
        return f"{self.sheet}.{reads.sheet_number(self.sheet)}"

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        headings = {c.key: c.heading for c in self.columns()}
        said = [row_from(self.sheet, row.values) for row in rows]
        return [
            Refused(rows[i].number, headings.get(f.field, ""), shown(said[i].get(f.field, "")), str(f.message), f.code)
            for i, faults in reads.sheet_faults(self.sheet, said).items()
            for f in faults
            if f.code != "row_twice"  # the plan says with which row
        ]

    def notes(self, rows: Sequence[Row], plan: Plan) -> Sequence[str]:
        return [_("确认后是新的一版，马上生效；办着的环节沿用原来的时限，下一环节起用新的。")] if plan.changes else []

    def about(self) -> Sequence[tuple[Any, Any]]:
        number = reads.sheet_number(self.sheet)
        return [
            (_("表格"), self.title),
            (_("现行版本"), _("第 %(n)s 版") % {"n": number} if number else _("还没有")),
            (_("可信程度"), _("标“暂定”的待区里、街道核定。")),
        ]

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        before, expected = reads.sheet_rows(self.sheet), reads.sheet_number(self.sheet)
        fresh = self.in_order([row_from(self.sheet, row.values) for row in rows])
        actions.change_sheet(actor=actor, sheet=self.sheet, expected=expected, rows=fresh, note=_("从表格导入"))
        return {"before": before}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        expected = reads.sheet_number(self.sheet)
        actions.change_sheet(
            actor=actor, sheet=self.sheet, expected=expected, rows=memo["before"], note=_("撤销从表格导入")
        )

    def in_order(self, rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return rows


class LimitImporter(SheetImporter):
    """How long a stage may last, by urgency."""

    sheet = Sheet.LIMITS
    kind = "limits"
    title = Sheet.LIMITS.label
    hint = gettext_lazy("文件是整张表：一行是一个环节对一种紧急程度的时限，没有写到的就不再有时限。")
    home = reverse_lazy("response:sheet", kwargs={"sheet": "limits"})

    def columns(self) -> Sequence[Column]:
        stages = _words((s, class_rules.limit_label(s)) for s in class_rules.LIMITED)
        return (
            Column("stage", _("环节"), "Stage", Kind.CHOICE, required=True, choices=stages, width=18),
            Column("urgency", _("紧急程度"), "Urgency", Kind.CHOICE, required=True, choices=_words(Urgency.choices)),
            Column("amount", _("时限"), "Limit", Kind.INTEGER, required=True, low=1, high=10_000),
            Column("unit", _("单位"), "Unit", Kind.CHOICE, required=True, choices=_words(UNIT_LABELS.items())),
            Column("provenance", _("可信程度"), "Provenance", Kind.CHOICE, required=True, choices=PROVENANCE),
            Column("source", _("出处"), "Source", required=True, width=50),
        )

    def key(self, values: Mapping[str, Any]) -> str:
        return f"{values['stage']}.{values['urgency']}"

    def name(self, values: Mapping[str, Any]) -> str:
        return f"{class_rules.limit_label(values['stage'])} · {Urgency(values['urgency']).label}"


class LadderImporter(SheetImporter):
    """The rungs that press a case which runs out of time."""

    sheet = Sheet.LADDER
    kind = "ladder"
    title = Sheet.LADDER.label
    hint = gettext_lazy("文件是整张表：一行是一条规则，按序号认；没有写到的就取消。")
    home = reverse_lazy("response:sheet", kwargs={"sheet": "ladder"})

    def columns(self) -> Sequence[Column]:
        stages = _words((t, s.label) for t, s in CASE.stages.items() if t not in CASE.ends)
        units = {class_rules.PERCENT: (_("百分比"), "%"), **_words(UNIT_LABELS.items())}
        return (
            Column("order", _("序号"), "Order", Kind.INTEGER, required=True, low=1, high=10_000, width=8),
            Column("trigger", _("起因"), "Trigger", Kind.CHOICE, required=True, choices=_words(LadderTrigger.choices)),
            Column("stage", _("环节"), "Stage", Kind.CHOICE, choices=stages, hint=_("不写是各环节。")),
            Column("urgency", _("紧急程度"), "Urgency", Kind.CHOICE, choices=_words(Urgency.choices), hint=_("不写是各类。")),
            Column("amount", _("数"), "Amount", Kind.INTEGER, required=True, low=1, high=10_000),
            Column("unit", _("单位"), "Unit", Kind.CHOICE, choices=units, hint=_("按次数的不写单位。")),
            Column("act", _("做什么"), "Act", Kind.CHOICE, required=True, choices=_words(LadderAct.choices)),
            Column("provenance", _("可信程度"), "Provenance", Kind.CHOICE, required=True, choices=PROVENANCE),
            Column("source", _("出处"), "Source", required=True, width=50),
        )  # fmt: skip

    def key(self, values: Mapping[str, Any]) -> str:
        return str(values["order"])

    def name(self, values: Mapping[str, Any]) -> str:
        return f"{values['order']} {reads.rung_words(row_from(self.sheet, values))}"

    def in_order(self, rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return sorted(rows, key=lambda row: int(row["order"]))


IMPORTERS: Mapping[str, SheetImporter] = {one.sheet: one for one in (LimitImporter(), LadderImporter())}


def values_of(row: Mapping[str, str]) -> dict[str, Any]:
    """A row of texts as the values of the columns."""
    return {name: int(text) if name in ("order", "amount") else text for name, text in row.items()}


def row_from(sheet: Sheet, values: Mapping[str, Any]) -> dict[str, str]:
    """The values of the columns as a row of texts."""
    names = reads.RUNG_COLUMNS if sheet == Sheet.LADDER else reads.LIMIT_COLUMNS
    return {name: str(values.get(name) or "") for name in names}
