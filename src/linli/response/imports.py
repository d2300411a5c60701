"""Tables of this room that are taken in through exchange: the routing rules, into a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.exchange.columns import Column, Kind, Refused, shown
from linli.exchange.plan import Plan
from linli.exchange.reading import Row
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from . import permissions
from .actions import routing as actions
from .catalogue import catalogue
from .choices import Channel, TableState
from .models import RouteTable
from .queries import routing as reads
from .routing import Rule, compare, sentence
from .routing.engine import OFF, WORKING

_EVERYWHERE = frozenset({"", "*", "全区", "everywhere"})
_EVERY_CLASS = frozenset({"", "*", "各类问题", "全部", "all"})
_HOURS = {"全天": "", "工作时间": WORKING, "非工作时间": OFF, "all day": "", "夜间": "22:00-06:00"}
_NOBODY = frozenset({"", "由区里决定", "the district decides"})


class RouteImporter:
    """Rules from a table; they become the draft, which is looked at and published like any other."""

    kind = "routes"
    title = gettext_lazy("派遣规则")
    hint = gettext_lazy("文件里的全部规则成为新的草稿，按行的先后排列；现行的规则不受影响，发布草稿后才换。")
    home = "response:routes"
    retires = True

    def can(self, actor: Actor) -> Decision:
        return permissions.can_administer(actor)

    def columns(self) -> Sequence[Column]:
        choices = {str(k): (str(v),) for k, v in Channel.choices}
        return (
            Column(
                "order", _("序号"), "Order", Kind.INTEGER, low=1, compared=False, width=8,
                hint=_("写了就按序号排，没写就按行排。先写的先管。"),
            ),
            Column(
                "divisions", _("区划"), "Divisions", Kind.CODE, required=True, many=True, width=28,
                hint=_("6、9 或 12 位代码，或全名；“全区”是全部。"),
            ),
            Column(
                "classes", _("问题类型"), "Classes", Kind.CODE, many=True, width=28,
                hint=_("编码、编码的开头两位，或名称；不写是各类。"),
            ),
            Column("channels", _("来源"), "Channels", Kind.CHOICE, many=True, choices=choices, hint=_("不写是全部来源。")),
            Column(
                "hours", _("时间"), "Hours", width=16,
                hint=_("工作时间、非工作时间，或 22:00-06:00 这样；不写是全天。"),
            ),
            Column(
                "lead", _("牵头单位"), "Leading body", Kind.CODE, width=24, hint=_("单位代码或全名；不写就由区里决定。"),
            ),
            Column("joint", _("协办单位"), "Joint bodies", Kind.CODE, many=True, width=24),
            Column("note", _("备注"), "Note"),
            Column(
                "provenance", _("可信程度"), "Provenance", Kind.CHOICE,
                choices={"sourced": (_("有出处"),), "provisional": (_("暂定"),)}, hint=_("不写是暂定。"),
            ),
            Column("source", _("出处"), "Source", width=40),
            Column("reads", _("读作"), "Reads", most=2_000, compared=False, width=60, hint=_("给人看的，导入时不用。")),
        )  # fmt: skip

    def key(self, values: Mapping[str, Any]) -> str:
        return repr(rule_from(values, 1).condition)

    def name(self, values: Mapping[str, Any]) -> str:
        return sentence(rule_from(values, 1), reads.names())

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        names = reads.names()
        for rule in self._rules():
            values = values_of(rule) | {"reads": sentence(rule, names)}
            key = repr(rule.condition)
            while key in found:
                key += "#"  # a line that asks the same as one before it: never reached, but shown
            found[key] = values
        return found

    def _rules(self) -> tuple[Rule, ...]:
        draft = RouteTable.objects.filter(state=TableState.DRAFT).first()
        return reads.rules_of(draft.pk if draft else reads.in_force().id)

    def revision(self) -> str:
        draft = RouteTable.objects.filter(state=TableState.DRAFT).first()
        return f"{draft.pk}.{draft.revision}" if draft else f"in-force.{reads.in_force().id}"

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        wrong: list[Refused] = []
        orders: dict[int, int] = {}
        headings = {c.key: c.heading for c in self.columns()}
        for row in rows:
            order = row.values.get("order")
            if order and order in orders:
                text = _("序号和第 %(row)s 行重复。") % {"row": orders[order]}
                wrong.append(Refused(row.number, headings["order"], str(order), text, "order_twice"))
            orders.setdefault(order or 0, row.number)
            for p in reads.problems([rule_from(row.values, 1)]):
                if p.fatal or p.code == "no_such_class":
                    value = row.values.get(p.field)
                    text = _("、").join(value) if isinstance(value, tuple) else str(value or "")
                    wrong.append(Refused(row.number, headings.get(p.field, ""), shown(text), p.sentence, p.code))
        if 0 in orders and len(orders) > 1:
            text = _("有的行写了序号，有的没有：请全写或全不写。")
            wrong.append(Refused(orders[0], headings["order"], "", text, "order_missing"))
        return wrong

    def notes(self, rows: Sequence[Row], plan: Plan) -> Sequence[str]:
        moved = len(compare(self._rules(), _in_order(rows)).moved)
        return [_("有 %(n)s 条换了先后。") % {"n": moved}] if moved else []

    def about(self) -> Sequence[tuple[Any, Any]]:
        number = reads.in_force().number
        return [
            (_("表格"), self.title),
            (_("现行版本"), _("第 %(n)s 版") % {"n": number} if number else _("还没有")),
            (_("怎么读"), _("从上到下，先写的先管：第一条符合的规则决定派给谁。")),
            (_("可信程度"), _("标“暂定”的是按通行职责分工填的，待各街道确认。")),
        ]

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        draft, aside = actions.replace_draft(actor=actor, rules=_in_order(rows))
        return {"draft": draft.pk, "aside": aside}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        actions.bring_back_draft(actor=actor, draft_id=int(memo["draft"]), aside=memo.get("aside"))


def values_of(rule: Rule) -> dict[str, Any]:
    """A rule as the values of the columns."""
    hours = {WORKING: _("工作时间"), OFF: _("非工作时间")}
    return {
        "order": rule.order,
        "divisions": tuple(code or _("全区") for code in rule.divisions),
        "classes": tuple(rule.classes) if "" not in rule.classes else (),
        "channels": tuple(rule.channels),
        "hours": hours.get(rule.hours, rule.hours),
        "lead": rule.lead,
        "joint": tuple(rule.joint),
        "note": rule.note,
        "provenance": rule.provenance,
        "source": rule.source,
    }


def _in_order(rows: Sequence[Row]) -> list[Rule]:
    """The rules of a file: by their order if it is said, else by their rows; numbered anew."""
    ordered = sorted(rows, key=lambda r: (r.values.get("order") or 0, r.number))
    return [rule_from(row.values, i) for i, row in enumerate(ordered, 1)]


def rule_from(values: Mapping[str, Any], order: int) -> Rule:
    """A rule of typed values: names become codes; what names nothing stays, and is refused by `problems`."""
    divisions = tuple("" if d.lower() in _EVERYWHERE else _division(d) for d in values.get("divisions") or ("",))
    classes = tuple("" if c.lower() in _EVERY_CLASS else _class(c) for c in values.get("classes") or ("",))
    hours = str(values.get("hours") or "").replace("：", ":").replace("—", "-").replace("–", "-").replace(" ", "")
    lead = values.get("lead") or ""
    return Rule(
        order,
        divisions=tuple(dict.fromkeys(divisions)),
        classes=tuple(dict.fromkeys(classes)),
        channels=tuple(values.get("channels") or ()),
        hours=_HOURS.get(str(values.get("hours") or "").lower(), _HOURS.get(hours, hours)),
        lead="" if lead.lower() in _NOBODY else _body(lead),
        joint=tuple(dict.fromkeys(_body(b) for b in values.get("joint") or ())),
        note=values.get("note") or "",
        provenance=values.get("provenance") or "provisional",
        source=values.get("source") or "",
    )


def _division(text: str) -> str:
    """A code as it is; a name as the code of the one division that is called so; else the text, which is refused later."""
    if text.isdigit():
        return text
    found = [
        d.code
        for d in (territory.district(), *territory.divisions(9), *territory.divisions(12))
        if text in (d.name, d.short_name)
    ]
    return found[0] if len(found) == 1 else text


def _class(text: str) -> str:
    if text.isdigit():
        return text
    known = catalogue().by_code.values()
    codes = {v.code for v in known if v.name_zh == text} | {v.top_code for v in known if v.top_name_zh == text}
    return codes.pop() if len(codes) == 1 else text


def _body(text: str) -> str:
    if organisations.body_by_code(text):
        return text
    found = [b.code for b in organisations.bodies() if text in (b.name, b.short_name)]
    return found[0] if len(found) == 1 else text
