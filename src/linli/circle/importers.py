"""Tables that exchange takes in for this room: a new version of a catalogue, class rules, paces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Missing
from linli.exchange.columns import Column, Kind, Refused, shown
from linli.exchange.plan import Plan
from linli.exchange.reading import Row
from linli.territory import queries as territory

from . import permissions, revision, tables
from .actions import catalogue as actions
from .choices import CatalogueKind, Layer, Manner, Provenance
from .models import Pace
from .queries import catalogue as reads
from .tables import ItemRow

PROVENANCE = {str(k): (str(v),) for k, v in Provenance.choices}


def _sources() -> tuple[Column, Column]:
    return (
        Column("provenance", _("可信程度"), "Provenance", Kind.CHOICE, choices=PROVENANCE, hint=_("不写是暂定。")),
        Column("source", _("出处"), "Source", most=400, width=40),
    )


class _Shared:
    """What the tables of this room have in common."""

    title: Any
    retires = True

    def can(self, actor: Actor) -> Decision:
        return permissions.can_keep_catalogue(actor, territory.district().code)

    def revision(self) -> str:
        return "{}.{}".format(*revision.current())

    def notes(self, rows: Sequence[Row], plan: Plan) -> Sequence[str]:
        return []

    def about(self) -> Sequence[tuple[Any, Any]]:
        return [(_("表格"), self.title), (_("可信程度"), _("标“暂定”的是自拟或凭记忆整理的，待核对。"))]


class CatalogueImporter(_Shared):
    """Rows of a catalogue; they become the draft, which is compared and published like any other."""

    home = "circle:catalogue"
    hint = gettext_lazy("文件里的全部行成为新的草稿；在用的版本不受影响，发布草稿后才换。没有写到的行不进草稿。")

    def __init__(self, kind: CatalogueKind) -> None:
        self.of = kind
        self.kind = f"circle-{kind.value}"
        self.title = kind.label

    def columns(self) -> Sequence[Column]:
        return (
            Column(
                "code", _("编码"), "Code", Kind.CODE, required=True, pattern="[0-9A-Z]{2,12}", width=10,
                pattern_says=_("编码要写成 2 到 12 位数字或大写字母。"),
            ),
            Column("parent", _("上级编码"), "Parent", Kind.CODE, width=10, hint=_("大类不写。")),
            Column("name", _("名称"), "Name", required=True, most=100, width=28),
            Column("name_en", _("英文名称"), "English name", most=160, width=28),
            Column("provider", _("提供者"), "Provider", most=60),
            Column(
                "manner", _("怎样满足"), "Manner", Kind.CHOICE, choices={str(k): (str(v),) for k, v in Manner.choices},
                hint=_("不写是步行可达。"),
            ),
            Column("layer", _("层次"), "Layer", Kind.CHOICE, choices={str(k): (str(v),) for k, v in Layer.choices}),
            Column("tier", _("生活圈分钟数"), "Tier in minutes", Kind.INTEGER, low=1, high=60),
            Column("walk_m", _("步行上限（米）"), "Walking limit (m)", Kind.INTEGER, low=1, high=10_000),
            Column("must", _("必配"), "Required", Kind.YES_NO, hint=_("不写是必配。")),
            *_sources(),
        )  # fmt: skip

    def key(self, values: Mapping[str, Any]) -> str:
        return str(values["code"])

    def name(self, values: Mapping[str, Any]) -> str:
        return f"{values['code']} {values['name']}"

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        fields = [c.key for c in self.columns()]
        found = reads.draft(self.of) or self._in_force()
        return {i.code: {f: getattr(i, f) for f in fields} for i in found.items} if found else {}

    def _in_force(self) -> reads.CatalogueView | None:
        try:
            return reads.catalogue_in_force(self.of)
        except Missing:
            return None

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        headings = {c.key: c.heading for c in self.columns()}
        wrong = []
        for p in tables.problems([_item(r.values) for r in rows]):
            if p.code != "code_twice":  # the plan says so itself, with the row
                value = shown(rows[p.place].values.get(p.field))
                wrong.append(Refused(rows[p.place].number, headings.get(p.field, ""), value, p.sentence, p.code))
        return wrong

    def notes(self, rows: Sequence[Row], plan: Plan) -> Sequence[str]:
        depths: dict[int, int] = {}
        parents = {str(r.values["code"]): str(r.values["parent"]) for r in rows}
        for code in parents:
            depth = tables.depth_of(code, parents)
            depths[depth] = depths.get(depth, 0) + 1
        counts = {"classes": depths.get(1, 0), "items": depths.get(2, 0), "subs": depths.get(3, 0)}
        return [_("共 %(classes)s 个大类、%(items)s 个中类、%(subs)s 个小类。") % counts]

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        had = reads.draft(self.of) is not None
        draft, before = actions.put_draft(actor=actor, kind=self.of, rows=[_item(r.values) for r in rows])
        return {"draft": draft, "before": before if had else None}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        if memo["before"] is None:
            actions.drop_draft(actor=actor, id=int(memo["draft"]))
        else:
            actions.put_draft(actor=actor, kind=self.of, rows=[ItemRow(*row) for row in memo["before"]])


def _item(values: Mapping[str, Any]) -> ItemRow:
    return ItemRow(
        code=values["code"],
        parent=values["parent"],
        name=values["name"],
        name_en=values["name_en"],
        provider=values["provider"],
        manner=values["manner"] or Manner.WALK,
        layer=values["layer"],
        tier=values["tier"],
        walk_m=values["walk_m"],
        must=values["must"] is not False,
        provenance=values["provenance"] or Provenance.PROVISIONAL,
        source=values["source"],
    )


class RuleImporter(_Shared):
    """Which class of facilities provides which item, in the catalogues in force."""

    kind = "circle-rules"
    title = gettext_lazy("设施类别与目录的对应")
    hint = gettext_lazy("文件里的全部行替换现在的对应；没有写到的行不再有效。只管在用的目录版本。")
    home = "circle:class-rules"

    def columns(self) -> Sequence[Column]:
        return (
            Column("scheme", _("来源体系"), "Scheme", Kind.CODE, required=True, pattern="[a-z0-9-]{2,20}", width=10,
                   hint=_("osm、amap、city，或自己的代号。")),
            Column("key", _("类别"), "Class", required=True, most=60, width=24, hint=_("末尾的 * 表示以此开头的都算。")),
            Column("item", _("目录编码"), "Item", Kind.CODE, required=True, width=10),
            Column("item_name", _("目录名称"), "Item name", compared=False, width=28, hint=_("给人看的，导入时不用。")),
            *_sources(),
        )  # fmt: skip

    def key(self, values: Mapping[str, Any]) -> str:
        return f"{values['scheme']}|{values['key']}|{values['item']}"

    def name(self, values: Mapping[str, Any]) -> str:
        return f"{values['scheme']} {values['key']} → {values['item']}"

    def _catalogues(self) -> list[reads.CatalogueView]:
        found = []
        for kind in CatalogueKind:
            try:
                found.append(reads.catalogue_in_force(kind))
            except Missing:
                continue
        return found

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        found = {}
        for catalogue in self._catalogues():
            for scheme, key, item, provenance, source in reads.class_rules(catalogue.id):
                named = catalogue.by_code[item].name if item in catalogue.by_code else ""
                values = {"scheme": scheme, "key": key, "item": item, "item_name": named}
                values |= {"provenance": provenance, "source": source}
                found[self.key(values)] = values
        return found

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        known = {code for c in self._catalogues() for code in c.by_code}
        sentence = _("在用的目录里没有这个编码。")
        return [
            Refused(r.number, _("目录编码"), shown(r.values["item"]), sentence, "no_such_item")
            for r in rows
            if r.values["item"] not in known
        ]

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        mine: dict[int, list[dict[str, str]]] = {c.id: [] for c in self._catalogues()}
        for row in rows:
            rule = {f: row.values[f] or "" for f in actions.RULE_FIELDS}
            rule["provenance"] = rule["provenance"] or Provenance.PROVISIONAL
            for catalogue in self._catalogues():
                if rule["item"] in catalogue.by_code:
                    mine[catalogue.id].append(rule)
        return {"before": actions.put_rules(actor=actor, rows=mine)}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        actions.put_rules(actor=actor, rows={int(k): rules for k, rules in memo["before"].items()})


class PaceImporter(_Shared):
    """How fast whom one walks."""

    kind = "circle-paces"
    title = gettext_lazy("步行速度")
    hint = gettext_lazy("文件里的全部行替换现在的步速；第一行是默认的。")
    home = "circle:paces"

    def columns(self) -> Sequence[Column]:
        return (
            Column("code", _("代号"), "Code", Kind.CODE, required=True, pattern="[a-z0-9-]{2,20}", width=12),
            Column("name", _("谁"), "Who", required=True, most=40),
            Column("name_en", _("英文名称"), "English name", most=80),
            Column("metres_per_minute", _("每分钟米数"), "Metres a minute", Kind.INTEGER, required=True, low=5, high=200),
            Column("minutes", _("分钟"), "Minutes", Kind.INTEGER, required=True, low=1, high=60),
            Column("steps", _("能走台阶"), "Takes steps", Kind.YES_NO, required=True),
            *_sources(),
        )  # fmt: skip

    def key(self, values: Mapping[str, Any]) -> str:
        return str(values["code"])

    def name(self, values: Mapping[str, Any]) -> str:
        return str(values["name"])

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        fields = [c.key for c in self.columns()]
        return {str(p["code"]): p for p in Pace.objects.order_by("order", "code").values(*fields)}

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        return []

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        paces = [
            {**r.values, "order": n, "provenance": r.values["provenance"] or Provenance.PROVISIONAL}
            for n, r in enumerate(rows, 1)
        ]
        return {"before": actions.put_paces(actor=actor, rows=paces)}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        actions.put_paces(actor=actor, rows=memo["before"])
