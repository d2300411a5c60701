"""Circles, records and designations as tables that exchange takes in: whole or not at all, and taken back as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from linli.core.actor import SYSTEM, Actor
from linli.core.decision import Decision
from linli.core.errors import Refusal
from linli.exchange.columns import Column, Kind, Refused, shown
from linli.exchange.importers import Importer
from linli.exchange.plan import Plan
from linli.exchange.reading import Row
from linli.territory import queries as territory

from . import permissions
from .actions import records as write
from .actions.records import CircleFacts
from .choices import CircleLevel, CircleState, DesignationState, Provenance
from .queries import records as read


def _choices(choices: Any) -> dict[str, tuple[Any, ...]]:
    return {str(value): (label,) for value, label in choices}


class _Table:
    """What the three have in common: rows are added, what a file does not name stays, one check per row."""

    kind = ""
    title: Any = ""
    hint: Any = ""
    home = "circle:records"
    retires = False

    def can(self, actor: Actor) -> Decision:
        return permissions.can_keep_catalogue(actor, territory.district().code)

    def columns(self) -> Sequence[Column]:
        raise NotImplementedError

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        raise NotImplementedError

    def trial(self, values: Mapping[str, Any]) -> None:
        """Raises Refusal for a row that could not be written."""
        raise NotImplementedError

    def key(self, values: Mapping[str, Any]) -> str:
        raise NotImplementedError

    def name(self, values: Mapping[str, Any]) -> str:
        return self.key(values)

    def revision(self) -> str:
        return hashlib.sha256(repr(sorted(self.current().items())).encode()).hexdigest()[:16]

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        headings, wrong = {c.key: c.heading for c in self.columns()}, []
        for row in rows:
            try:
                self.trial(row.values)
            except Refusal as refusal:
                field = next(iter(refusal.fields), "")
                value = shown(row.values.get(field, ""))
                wrong.append(Refused(row.number, headings.get(field, ""), value, str(refusal.message), refusal.code))
        return wrong

    def notes(self, rows: Sequence[Row], plan: Plan) -> Sequence[str]:
        return []

    def about(self) -> Sequence[tuple[Any, Any]]:
        return [(_("表格"), self.title), (_("怎么读"), self.hint)]


class CircleImporter(_Table):
    """Circles as built things, by code."""

    kind = "circles"
    title = gettext_lazy("服务圈")
    hint = gettext_lazy("一行一个服务圈：新的添上，编号相同的改掉，没有写到的不动。")
    home = "circle:circles"

    def columns(self) -> Sequence[Column]:
        return (
            Column("code", _("编号"), "Code", Kind.CODE, required=True, most=40, pattern=r"[A-Za-z0-9-]+"),
            Column("name", _("名称"), "Name", required=True, most=100, width=24),
            Column("communities", _("社区代码"), "Community codes", Kind.CODE, required=True, many=True, width=40),
            Column("year", _("年份"), "Year", Kind.INTEGER, required=True, low=1949, high=2100),
            Column("state", _("状态"), "State", Kind.CHOICE, required=True, choices=_choices(CircleState.choices)),
            Column("level", _("级别"), "Level", Kind.CHOICE, choices=_choices(CircleLevel.choices), hint=_("不写是一般。")),
            Column("note", _("说明"), "Note", most=400),
            Column("source", _("出处"), "Source", most=400, width=40),
            Column("provenance", _("依据"), "Provenance", Kind.CHOICE, choices=_choices(Provenance.choices), hint=_("不写是暂定。")),
        )  # fmt: skip

    def key(self, values: Mapping[str, Any]) -> str:
        return str(values["code"])

    def name(self, values: Mapping[str, Any]) -> str:
        return f"{values['code']} {values.get('name') or ''}".strip()

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        found = {c.code: circle_values(c) for c in read.circles(actor=SYSTEM)}
        return dict(sorted(found.items()))

    def trial(self, values: Mapping[str, Any]) -> None:
        write.check_circle(_facts(values))

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        known = {c.code: c for c in read.circles(actor=SYSTEM)}
        touched = {r.number for r in plan.new} | {c.number for c in plan.changed}
        new, before = [], []
        for row in (r for r in rows if r.number in touched):
            there = known.get(str(row.values["code"]))
            values = {**(circle_values(there) if there else {}), **row.values}
            if there is not None:
                before.append({**circle_values(there), "id": there.pk})
            saved = write.save_circle(
                actor=actor, facts=_facts(values), circle_id=there.pk if there else None, version=there.version if there else None
            )  # fmt: skip
            if there is None:
                new.append(saved)
        return {"new": new, "before": before}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        write.remove_circles(actor=actor, circle_ids=memo["new"])
        for values in memo["before"]:
            now = read.circle(actor=SYSTEM, circle_id=values["id"])
            write.save_circle(actor=actor, facts=_facts(values), circle_id=now.pk, version=now.version)


def circle_values(row: read.CircleView) -> dict[str, Any]:
    """A circle as the values of the columns."""
    plain = {k: getattr(row, k) for k in ("code", "name", "year", "state", "level", "note", "source", "provenance")}
    return plain | {"communities": tuple(sorted(c.community for c in row.communities.all()))}


def _facts(values: Mapping[str, Any]) -> CircleFacts:
    return CircleFacts(
        code=str(values["code"]), name=str(values["name"]), communities=tuple(values["communities"]),
        year=int(values["year"]), state=str(values["state"]), level=str(values.get("level") or CircleLevel.ORDINARY),
        note=str(values.get("note") or ""), source=str(values.get("source") or ""),
        provenance=str(values.get("provenance") or Provenance.PROVISIONAL),
    )  # fmt: skip


class RecordImporter(_Table):
    """Records with their day and evidence. A row that stands already is left; nothing that was said is changed."""

    kind = "records"
    title = gettext_lazy("社区台账")
    hint = gettext_lazy("一行一条：社区、台账、截至日期、数值、依据。经费按元写。已经登记过的同一天同一数值不会重复。")

    def columns(self) -> Sequence[Column]:
        kinds = {k.code: (k.name,) for k in read.kinds()}
        return (
            Column("community", _("社区代码"), "Community code", Kind.CODE, required=True, pattern=r"[0-9]{12}"),
            Column("kind", _("台账"), "Record", Kind.CHOICE, required=True, choices=kinds),
            Column("as_of", _("截至"), "As of", Kind.DATE, required=True),
            Column("amount", _("数值"), "Amount", Kind.DECIMAL, required=True, low=0, hint=_("人数、平方米；经费写元，可到分；是否写 1 或 0。")),
            Column("evidence", _("依据"), "Evidence", required=True, most=200, width=40),
        )  # fmt: skip

    def key(self, values: Mapping[str, Any]) -> str:
        return f"{values['community']} {values['kind']} {values['as_of']}"

    def name(self, values: Mapping[str, Any]) -> str:
        return f"{territory.division_name(str(values['community']))} {values['kind']} {values['as_of']}"

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        return {self.key(v): v for v in read.entries()}

    def trial(self, values: Mapping[str, Any]) -> None:
        write.check_record(**_record(values))

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        touched = {r.number for r in plan.new} | {c.number for c in plan.changed}
        return {"entries": [write.add_record(actor=actor, **_record(r.values)) for r in rows if r.number in touched]}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        write.remove_records(actor=actor, entry_ids=memo["entries"])


def _record(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "community": str(values["community"]), "kind": str(values["kind"]), "as_of": values["as_of"],
        "amount": write.amount_of(str(values["kind"]), values["amount"]), "evidence": str(values["evidence"]),
    }  # fmt: skip


class DesignationImporter(_Table):
    """Which community was a pilot, met the criteria, was designated, in which year."""

    kind = "designations"
    title = gettext_lazy("创建项目")
    hint = gettext_lazy("一行一条：项目、社区、年份、结果、达到的标准、依据。登记过的不会重复。")

    def columns(self) -> Sequence[Column]:
        programmes = {p.code: (p.name,) for p, _years in read.programmes(actor=SYSTEM)}
        return (
            Column("programme", pgettext("programme", "项目"), "Programme", Kind.CHOICE, required=True, choices=programmes),
            Column("community", _("社区代码"), "Community code", Kind.CODE, required=True, pattern=r"[0-9]{12}"),
            Column("year", _("年份"), "Year", Kind.INTEGER, required=True, low=1949, high=2100),
            Column("state", _("结果"), "Result", Kind.CHOICE, required=True, choices=_choices(DesignationState.choices)),
            Column("met", _("达到的标准"), "Criteria met", many=True, compared=False, hint=_("标准的代码，用顿号隔开。"), width=30),
            Column("evidence", _("依据"), "Evidence", required=True, most=200, compared=False, width=40),
        )  # fmt: skip

    def key(self, values: Mapping[str, Any]) -> str:
        return f"{values['programme']} {values['community']} {values['year']} {values['state']}"

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        return {self.key(v): v for v in read.designations()}

    def trial(self, values: Mapping[str, Any]) -> None:
        write.check_designation(**_designation(values))

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        new = {r.number for r in plan.new}
        return {"rows": [write.designate(actor=actor, **_designation(r.values)) for r in rows if r.number in new]}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        write.remove_designations(actor=actor, ids=memo["rows"])


def _designation(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "programme": str(values["programme"]), "community": str(values["community"]), "year": int(values["year"]),
        "state": str(values["state"]), "met": tuple(values.get("met") or ()), "evidence": str(values["evidence"]),
    }  # fmt: skip


IMPORTERS: tuple[Callable[[], Importer], ...] = (CircleImporter, RecordImporter, DesignationImporter)
