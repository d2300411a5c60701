"""Trees of frameworks as a table: one row a node, out and in again. What comes in becomes the draft of its family."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Invalid
from linli.exchange.columns import Column, Kind, Refused, shown
from linli.exchange.plan import Plan
from linli.exchange.reading import Row

from . import permissions, trees
from .actions import frameworks as actions
from .choices import FrameworkState, NodeKind, Provenance
from .models import Framework
from .queries import frameworks as reads
from .queries.series import series

EMPTY: dict[str, Any] = {"weight": 1.0, "factor": 1.0, "direction": 1, "provenance": Provenance.PROVISIONAL}
"""What an empty cell means where the tree knows no empty."""
NUMBERS = ("weight", "factor", "goal_low", "goal_high", "target")


def columns() -> tuple[Column, ...]:
    """A node's columns; the first two say which tree it belongs to."""
    low = Decimal(0)
    return (
        Column("family", _("体系代码"), "Framework", Kind.CODE, required=True, width=18),
        Column("code", _("代码"), "Code", Kind.CODE, required=True, pattern=trees.CODE.pattern, most=40, width=22,
               pattern_says=_("代码用小写字母、数字和下划线，最多 40 个。")),
        Column("parent", _("上级代码"), "Parent", Kind.CODE, most=40, width=18, hint=_("总指数没有上级。")),
        Column("kind", _("层级"), "Kind", Kind.CHOICE, required=True, choices={str(k): (str(v),) for k, v in NodeKind.choices}),
        Column("name", _("名称"), "Name", required=True, most=120, width=24),
        Column("name_en", _("英文名"), "English name", most=160, width=24),
        Column("weight", _("权重"), "Weight", Kind.DECIMAL, low=low, hint=_("同一上级下面各项相等，或者加起来是 100（或 1）。")),
        Column("direction", _("方向"), "Direction", Kind.CHOICE, choices={"1": (_("正向"),), "-1": (_("逆向"),)}),
        Column("symbol", pgettext("measure", "单位"), "Unit", most=20),
        Column("numerator", _("算式（分子）"), "Numerator", most=300, width=28, hint=_("统计代码用加号、减号相连，减号两边空格。")),
        Column("denominator", _("分母"), "Denominator", most=300, width=22),
        Column("denominator_symbol", _("分母单位"), "Unit below", most=20),
        Column("factor", _("系数"), "Factor", Kind.DECIMAL),
        Column("goal_low", _("目标下限"), "Low goalpost", Kind.DECIMAL),
        Column("goal_high", _("目标上限"), "High goalpost", Kind.DECIMAL),
        Column("target", _("目标值"), "Target", Kind.DECIMAL),
        Column("definition", _("定义"), "Definition", most=600, width=40),
        Column("calibre", _("口径"), "Calibre", most=160, width=20),
        Column("provenance", _("可信程度"), "Provenance", Kind.CHOICE, choices={str(k): (str(v),) for k, v in Provenance.choices},
               hint=_("不写是暂定。")),
        Column("source", _("出处"), "Source", most=400, width=40),
    )  # fmt: skip


def values_of(family: str, row: trees.Row) -> dict[str, Any]:
    """A row of a tree as the table holds it."""
    found = {"family": family, **asdict(row), "direction": str(row.direction)}
    return found | {name: None if found[name] is None else _number(found[name]) for name in NUMBERS}


def _number(value: float) -> Decimal:
    """As a workbook gives it back: 1.0 and 1 are one number."""
    found = Decimal(repr(value))
    return found.quantize(Decimal(1)) if found == found.to_integral_value() else found.normalize()


def row_of(values: Mapping[str, Any]) -> trees.Row:
    """The row of a tree that a row of the table means; empty cells take what the tree takes for them."""
    found: dict[str, Any] = {}
    for name in trees.FIELDS:
        value = values.get(name)
        if value is None or value == "":
            value = EMPTY.get(name, None if name in NUMBERS else "")
        found[name] = float(value) if name in NUMBERS and value is not None else value
    return trees.Row(**{**found, "direction": int(found["direction"])})


class FrameworkImporter:
    """Whole trees: of a family that the file names it holds every node, and they become its draft."""

    kind = "evaluation-framework"
    title = gettext_lazy("评价体系")
    hint = gettext_lazy(
        "一行一个节点。文件里写到的体系，以文件为准成为草稿：没有写到的节点去掉；没有写到的体系不动；在用的版本不受影响。"
    )
    home = "evaluation:frameworks"
    retires = False  # of a family that the file names they go, and the notes say which

    def can(self, actor: Actor) -> Decision:
        return permissions.can_work(actor)

    def columns(self) -> Sequence[Column]:
        return columns()

    def key(self, values: Mapping[str, Any]) -> str:
        return f"{values['family']}|{values['code']}"

    def name(self, values: Mapping[str, Any]) -> str:
        return f"{values['name']}（{values['family']} {values['code']}）"

    def _newest(self) -> list[Framework]:
        found: dict[str, Framework] = {}
        for row in Framework.objects.order_by("family", "edition"):
            found[row.family] = row
        return list(found.values())

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        """The draft of each family, or else its newest edition."""
        found = {}
        for framework in self._newest():
            for row in reads.rows_of(framework.pk):
                values = values_of(framework.family, row)
                found[self.key(values)] = values
        return found

    def revision(self) -> str:
        stamp = "|".join(f"{f.pk}.{f.version}.{f.state}" for f in self._newest())
        return hashlib.sha256(stamp.encode()).hexdigest()[:40]

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        """Families nobody knows, and what is wrong with each tree as a whole: it is said here, not in the draft."""
        newest = {f.family: f for f in self._newest()}
        standing = self.current()
        wrong = []
        for family, own in _by_family(rows).items():
            if family not in newest:
                said = _("没有这个评价体系。")
                wrong += [Refused(r.number, _("体系代码"), shown(family), said, "no_such_framework") for r in own]
                continue
            tree = [row_of({**standing.get(self.key(r.values), {}), **r.values}) for r in own]
            at = {t.name: r.number for r, t in zip(own, tree, strict=True)}
            known = series(trees.codes_in(tree))
            for told in trees.faults(tree, purpose=newest[family].purpose, series=known):
                if told.stops:
                    number = at.get(told.where[0], own[0].number) if told.where else own[0].number
                    wrong.append(Refused(number, "", shown(family), str(told), told.code.lower()))
        return wrong

    def notes(self, rows: Sequence[Row], plan: Plan) -> Sequence[str]:
        current = self.current()
        found = []
        for family, own in _by_family(rows).items():
            keys = {self.key(r.values) for r in own}
            gone = [v["name"] for k, v in current.items() if v["family"] == family and k not in keys]
            if gone:
                said = {"family": family, "n": len(gone), "names": _("、").join(gone[:10])}
                found.append(_("体系 %(family)s 里没有写到的 %(n)s 个节点会从草稿里去掉：%(names)s。") % said)
        newest = {f.family: f for f in self._newest()}
        for family in _by_family(rows):
            if family in newest and newest[family].state != FrameworkState.DRAFT:
                found.append(_("体系 %(family)s 现在没有草稿，会新起草一份；在用的版本不变。") % {"family": family})
        return found

    def about(self) -> Sequence[tuple[Any, Any]]:
        return [
            (_("表格"), self.title),
            (_("可信程度"), _("标“暂定”的指标和权重是自拟的，待正式公布后更换。")),
            (_("算式"), _("统计代码的和差；没有写算式的指标测算时算作没有数据。")),
        ]

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        standing = self.current()
        memos = []
        for family, own in _by_family(rows).items():
            # a column that the file does not have leaves what stands
            whole = [{**standing.get(self.key(r.values), {}), **r.values} for r in own]
            memos.append(actions.put_rows(actor=actor, family=family, rows=[row_of(v) for v in whole]))
        return {"drafts": memos}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        for one in memo["drafts"]:
            if not isinstance(one, dict):
                raise Invalid("bad_memo", _("这次导入不能撤销。"))
            actions.restore(actor=actor, memo=one)


def _by_family(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row.values["family"]), []).append(row)
    return found
