"""The rules of topics as a table that is taken in through exchange: the whole table, each changed row as a new version."""

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
from linli.response import queries as response

from . import permissions, topic_rules
from .actions import topic_rules as actions
from .queries import topic_rules as reads


class TopicRuleImporter:
    """When cases make a topic."""

    kind = "topic-rules"
    title = gettext_lazy("专题规则")
    hint = gettext_lazy("文件是整张表：一行是一条规则，按编码认；没有写到的就停用。")
    home = reverse_lazy("coordination:topic-rules")
    retires = True

    def can(self, actor: Actor) -> Decision:
        return permissions.can_change_topic_rules(actor)

    def columns(self) -> Sequence[Column]:
        trust = {"provisional": (_("暂定"),), "sourced": (_("有出处"),)}

        def number(key: str, label: str, english: str, hint: str = "") -> Column:
            low, high = topic_rules.BOUNDS[key]
            return Column(key, label, english, Kind.INTEGER, required=True, low=low, high=high, hint=hint)

        return (
            Column("code", _("编码"), "Code", Kind.CODE, required=True, most=32),
            Column("name", _("名称"), "Name", required=True, most=60),
            Column("name_en", _("英文名称"), "English name", required=True, most=120),
            Column(
                "classes", _("问题类型"), "Classes", most=400, hint=_("类型编码的开头，用空格分开；不写是全部类型。")
            ),
            number("least", _("至少几件"), "At least"),
            number("radius_m", _("半径（米）"), "Radius (m)", _("写 0 就按社区数。")),
            number("days", _("多少天内"), "Within days"),
            Column("reopened", _("只数重开的"), "Reopened only", Kind.YES_NO, required=True),
            number("cured_days", _("评估看多少天"), "Assessed over days"),
            number("cured_share", _("见效：不超过立题前的百分之几"), "Cured: at most % of before"),
            Column("provenance", _("可信程度"), "Provenance", Kind.CHOICE, required=True, choices=trust),
            Column("source", _("出处"), "Source", required=True, most=200, width=50),
        )

    def key(self, values: Mapping[str, Any]) -> str:
        return str(values["code"])

    def name(self, values: Mapping[str, Any]) -> str:
        return f"{values['name']}（{values['code']}）"

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        return {rule.code: rule.row() for rule in reads.rules()}

    def revision(self) -> str:
        return reads.rules_revision()

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        headings = {c.key: c.heading for c in self.columns()}
        known = frozenset(v.code for v in response.classes())
        return [
            Refused(row.number, headings.get(column, ""), shown(row.values.get(column)), said, f"bad_{column}")
            for row in rows
            for column, said in topic_rules.row_problems(row.values, known)
        ]

    def notes(self, rows: Sequence[Row], plan: Plan) -> Sequence[str]:
        return [_("确认后马上生效；已有的专题沿用发现它时的那一版。")] if plan.changes else []

    def about(self) -> Sequence[tuple[Any, Any]]:
        return [(_("表格"), self.title), (_("可信程度"), _("标“暂定”的待区里核定。"))]

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        before, expected = [r.row() for r in reads.rules()], reads.rules_revision()
        actions.change_topic_rules(actor=actor, rows=[dict(r.values) for r in rows], expected=expected)
        return {"before": before}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        actions.change_topic_rules(actor=actor, rows=memo["before"], expected=reads.rules_revision())
