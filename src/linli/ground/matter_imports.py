"""The catalogue of grid matters as a table that is taken in through exchange: into the draft, never into what is in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Conflict
from linli.exchange.columns import Column, Kind, Refused, shown
from linli.exchange.plan import Plan
from linli.exchange.reading import Row
from linli.organisations import queries as organisations
from linli.organisations.choices import BodyKind

from . import matters, permissions
from .actions import catalogue
from .choices import CatalogueState, Net, Object, Provenance, Subject
from .models import GridMatterCatalogue


class GridMatterImporter:
    """Rows of the draft; without one a draft is begun."""

    kind = "grid-matters"
    title = gettext_lazy("网格化管理内容")
    hint = gettext_lazy("文件是整张表，写进草稿，由另一人发布才生效；一行一项，按编码认，没有写到的就从草稿里去掉。")
    home = reverse_lazy("ground:matters")
    retires = True

    def can(self, actor: Actor) -> Decision:
        return permissions.can_draw_district(actor)

    def columns(self) -> Sequence[Column]:
        def words(choices: Any) -> dict[str, tuple[Any, ...]]:
            return {value: (label,) for value, label in choices.choices}

        most = matters.LIMITS
        return (
            Column("code", _("编码"), "Code", Kind.CODE, required=True, most=most["code"]),
            Column("name", _("名称"), "Name", required=True, most=most["name"]),
            Column("name_en", _("英文名称"), "English name", most=most["name_en"]),
            Column("object", _("对象"), "Object", Kind.CHOICE, required=True, choices=words(Object), hint=_("地点、设施、服务或组织，不能是人。")),
            Column("nets", _("所属的网"), "Nets", Kind.CHOICE, many=True, choices=words(Net)),
            Column("subject", _("责任主体"), "Responsible subject", Kind.CHOICE, required=True, choices=words(Subject)),
            Column("body_code", _("责任单位编码"), "Body code", Kind.CODE, most=most["body_code"]),
            Column("body_kind", _("责任单位的种类"), "Kind of body", Kind.CHOICE, choices=words(BodyKind)),
            Column("classes", _("问题类型"), "Classes of cases", most=most["classes"], hint=_("类型编码的开头，用空格分开。")),
            Column("steps", _("工作流程"), "Process", most=most["steps"], width=50, hint=_("一行一步：谁：做什么：时限。")),
            Column("provenance", _("可信程度"), "Provenance", Kind.CHOICE, required=True, choices=words(Provenance)),
            Column("source", _("出处"), "Source", most=most["source"], width=50),
        )  # fmt: skip

    def key(self, values: Mapping[str, Any]) -> str:
        return str(values["code"])

    def name(self, values: Mapping[str, Any]) -> str:
        return f"{values['name']}（{values['code']}）"

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        base = _base()
        return {r.code: _values(r) for r in catalogue.rows_of(base.pk)} if base else {}

    def revision(self) -> str:
        base = _base()
        return f"{base.pk}.{base.revision}" if base else ""

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        headings = {c.key: c.heading for c in self.columns()}
        bodies = frozenset(b.code for b in organisations.bodies())
        return [
            Refused(row.number, headings.get(f.field, ""), shown(row.values.get(f.field)), str(f.message), f.code)
            for row in rows
            for f in matters.faults(_row(row.values), bodies=bodies, kinds=BodyKind.values)
        ]

    def notes(self, rows: Sequence[Row], plan: Plan) -> Sequence[str]:
        return [_("只改草稿；发布以前，现在生效的一版不变。")] if plan.changes else []

    def about(self) -> Sequence[tuple[Any, Any]]:
        return [(_("表格"), self.title), (_("可信程度"), _("标“暂定”的待区里核定。"))]

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        draft = _draft()
        began = draft is None
        draft = draft or catalogue.start_draft(actor=actor)
        before = [asdict(r) for r in catalogue.rows_of(draft.pk)]
        read = [_row(r.values) for r in rows]
        catalogue.put_rows(actor=actor, draft_id=draft.pk, revision=draft.revision, rows=read)
        return {"draft": draft.pk, "revision": draft.revision + 1, "began": began, "before": before}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        draft = _draft()
        if draft is None or draft.pk != memo["draft"]:
            raise Conflict("draft_gone", _("这份草稿已经发布或放弃，不能撤销导入。"))
        if memo["began"] and draft.revision == memo["revision"]:
            catalogue.drop_draft(actor=actor, draft_id=draft.pk, revision=draft.revision)
            return
        rows = [matters.Row(**r) for r in memo["before"]]
        catalogue.put_rows(actor=actor, draft_id=draft.pk, revision=draft.revision, rows=rows)


def _draft() -> GridMatterCatalogue | None:
    return GridMatterCatalogue.objects.filter(state=CatalogueState.DRAFT).first()


def _base() -> GridMatterCatalogue | None:
    return _draft() or GridMatterCatalogue.objects.filter(state=CatalogueState.IN_FORCE).first()


def _values(r: matters.Row) -> dict[str, Any]:
    return {**asdict(r), "nets": r.of_nets}


def _row(values: Mapping[str, Any]) -> matters.Row:
    found = {name: str(values.get(name) or "") for name in matters.FIELDS if name != "nets"}
    nets = values.get("nets") or ()
    return matters.Row(nets=" ".join(nets if not isinstance(nets, str) else nets.split()), **found)
