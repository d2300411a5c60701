"""Matter types as a table that is taken in through exchange: new, changed and retired types in one go, with an undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Invalid
from linli.exchange.columns import Column, Kind, Refused, shown
from linli.exchange.plan import Plan
from linli.exchange.reading import Row
from linli.worktime.choices import UNIT_LABELS

from . import class_rules, permissions
from .actions import types as actions
from .choices import Level, Object, Theme, Tree, Urgency
from .models import CaseClass, Revision
from .queries import types as reads

_TOKENS = ("without", "chosen", "needs", "limits", "samples")


def _words(choices: Any) -> dict[str, tuple[Any, ...]]:
    return {str(token): (label,) for token, label in choices}


class TypeImporter:
    """The whole catalogue of types. What is new or changed is in force at once, as new versions."""

    kind = "types"
    title = gettext_lazy("问题类型")
    hint = gettext_lazy("文件是全部类型：新的发布，改的发布新版，没有写到的停用。已经登记的案件沿用原来的版本。")
    home = "response:classes"
    retires = True

    def can(self, actor: Actor) -> Decision:
        return permissions.can_administer(actor)

    def columns(self) -> Sequence[Column]:
        provenance = {"provisional": (_("暂定"),), "sourced": (_("有出处"),)}
        tokens: dict[str, Any] = {
            "pattern": r"[a-z_:0-9]+",
            "pattern_says": _("只用动作、环节、单位的代号。"),
            "many": True,
            "most": 60,
        }
        return (
            Column("code", _("编码"), "Code", Kind.CODE, required=True, most=8, pattern=r"\d{1,8}"),
            Column("name", _("名称"), "Name", required=True, most=40),
            Column("name_en", _("英文名称"), "English name", required=True, most=80),
            Column("tree", _("目录"), "Tree", Kind.CHOICE, required=True, choices=_words(Tree.choices)),
            Column("top_code", _("大类编码"), "Group code", Kind.CODE, required=True, most=4, pattern=r"\d{1,4}"),
            Column("top_name", _("大类"), "Group", required=True, most=40),
            Column("top_name_en", _("大类英文名称"), "English group", required=True, most=80),
            Column("object", _("对象"), "Object", Kind.CHOICE, required=True, choices=_words(Object.choices),
                   hint=_("不能是人。")),
            Column("level", _("层级"), "Level", Kind.CHOICE, required=True, choices=_words(Level.choices)),
            Column("dwelling", _("涉及住户"), "Dwelling", Kind.YES_NO, required=True),
            Column("urgency", _("紧急程度"), "Urgency", Kind.CHOICE, required=True, choices=_words(Urgency.choices)),
            Column("handle_amount", _("办结时限"), "Limit", Kind.INTEGER, required=True, low=1, high=10_000),
            Column("handle_unit", _("时限单位"), "Unit", Kind.CHOICE, required=True, choices=_words(UNIT_LABELS.items())),
            Column("words", _("常用说法"), "Words", many=True, most=40),
            Column("themes", _("七有五性"), "Themes", Kind.CHOICE, many=True, choices=_words(Theme.choices)),
            Column("filing", _("立案条件"), "Filing", most=class_rules.LONG_TEXT, width=40),
            Column("closing", _("结案条件"), "Closing", most=class_rules.LONG_TEXT, width=40),
            Column("without", _("去掉的动作"), "Without", Kind.CODE, hint=_("代号，如 offer、split。"), **tokens),
            Column("chosen", _("选用的动作"), "Chosen", Kind.CODE, hint=_("answer、mend、spare、archive。"), **tokens),
            Column("needs", _("另加的必填项"), "Needs", Kind.CODE, hint=_("如 pass:photos，先动作，后必填项。"), **tokens),
            Column("limits", _("环节时限"), "Stage limits", Kind.CODE,
                   hint=_("如 fed_back:4:working_hour，先环节，再数，后单位。"), **tokens),
            Column("samples", _("抽查比例"), "Samples", Kind.CODE, hint=_("如 pass:20，先动作，后百分比。"), **tokens),
            Column("provenance", _("可信程度"), "Provenance", Kind.CHOICE, required=True, choices=provenance),
            Column("source", _("出处"), "Source", required=True, width=40),
            Column("limit_provenance", _("时限可信程度"), "Limit provenance", Kind.CHOICE, required=True,
                   choices=provenance),
            Column("limit_source", _("时限出处"), "Limit source", required=True, width=40),
        )  # fmt: skip

    def key(self, values: Mapping[str, Any]) -> str:
        return str(values["code"])

    def name(self, values: Mapping[str, Any]) -> str:
        return f"{values['code']} {values.get('name') or ''}".strip()

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        rows = CaseClass.objects.select_related("type_version").filter(type_version__state="published")
        return {row.code: values_of(reads.row_of(row)) for row in rows.order_by("code")}

    def revision(self) -> str:
        number = Revision.objects.filter(pk=1).values_list("number", flat=True).first() or 0
        return f"{number}.{'-'.join(sorted(reads.codes_with_draft()))}"

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        headings = {c.key: c.heading for c in self.columns()}
        drafts, now = reads.codes_with_draft(), self.current()
        wrong = []
        for row in rows:
            said = row_from(self._whole(row, now))
            for fault in class_rules.class_faults(said):
                value = shown(said.get(fault.field, ""))
                wrong.append(Refused(row.number, headings.get(fault.field, ""), value, fault.message, fault.code))
            code = said["code"]
            if code in drafts and now.get(code) != self._whole(row, now):
                sentence = _("这一类有一份草稿在改，请先发布或放弃它。")
                wrong.append(Refused(row.number, headings["code"], code, sentence, "draft_exists"))
        return wrong

    def _whole(self, row: Row, now: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """The row with what the file does not say as it stands."""
        return {**_EMPTY, **now.get(str(row.values["code"]), {}), **row.values}

    def notes(self, rows: Sequence[Row], plan: Plan) -> Sequence[str]:
        said = []
        if plan.retired:
            said.append(_("有 %(n)s 类不在文件里，确认后停用：不能再登记，办着的照办。") % {"n": len(plan.retired)})
        return said

    def about(self) -> Sequence[tuple[Any, Any]]:
        return [
            (_("表格"), self.title),
            (_("怎么读"), _("一行一类。现行的全部类型；改好后导入就是新的一版。")),
            (_("可信程度"), _("标“暂定”的编码、时限待区里、街道核定。")),
        ]

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        now = self.current()
        touched = {r.number for r in plan.new} | {c.number for c in plan.changed}
        fresh = [row_from(self._whole(r, now)) for r in rows if r.number in touched]
        retired = [str(values["code"]) for _name, values in plan.retired]
        return {"types": actions.publish_rows(actor=actor, rows=fresh, retired=retired)}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        actions.unpublish_rows(actor=actor, memo=memo.get("types", ()))


_EMPTY: dict[str, Any] = {
    "words": (), "themes": (), "filing": "", "closing": "", "without": (), "chosen": (), "needs": (), "limits": (),
    "samples": (),
}  # fmt: skip


def values_of(row: Mapping[str, str]) -> dict[str, Any]:
    """A row of the catalogue as the values of the columns."""
    values: dict[str, Any] = dict(row)
    values |= {name: tuple(row.get(name, "").split()) for name in ("words", "themes", *_TOKENS)}
    return values | {"handle_amount": int(row["handle_amount"]), "dwelling": row.get("dwelling") == "yes"}


def row_from(values: Mapping[str, Any]) -> dict[str, str]:
    """The values of the columns as a row of the catalogue, in the order that a version keeps."""
    row = {k: str(v if v is not None else "") for k, v in values.items() if not isinstance(v, tuple | list | bool)}
    row |= {name: " ".join(values.get(name) or ()) for name in ("words", "themes", *_TOKENS)}
    row["dwelling"] = "yes" if values.get("dwelling") else "no"
    try:
        row |= class_rules.variant_words(class_rules.variant_of(row))
    except Invalid:
        return row  # refused by class_faults, at its column
    return row
