"""The duty roster of one division as a table in and out: rows are added or changed, what is not named stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from linli.accounts import queries as accounts
from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Missing
from linli.exchange.columns import Column, Kind, Refused, shown
from linli.exchange.plan import Plan
from linli.exchange.reading import Row
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from . import permissions
from .actions import roster as actions
from .queries import roster as reads
from .roster_rules import day_problem, telephone_problem, tidy_telephone


class RosterImporter:
    """Who is on call in a division, from this Monday on."""

    retires = False

    def __init__(self, division: str) -> None:
        known = territory.division(division) if len(division) in (6, 9) else None
        if known is None:
            raise Missing("no_such_roster", _("没有这个值班表，或它不在您的辖区。"))
        self.division = division
        self.kind = f"roster-{division}"
        self.title = _("%(place)s值班表") % {"place": known.name}
        self.hint = _("一行是一个单位在一天的一个班次。已有的按文件改，没有的加上，文件没有写到的不动。")
        self.home = f"{reverse('coordination:roster')}?division={division}"

    def can(self, actor: Actor) -> Decision:
        reads.check_division(actor, self.division)
        return permissions.can_keep_roster(actor, self.division)

    def columns(self) -> Sequence[Column]:
        shifts = {s.code: (s.name, s.name_en) for s in reads.shifts_of(self.division)}
        return (
            Column("day", _("日期"), "Day", Kind.DATE, required=True),
            Column("shift", _("班次"), "Shift", Kind.CHOICE, required=True, choices=shifts),
            Column("body", _("单位编码"), "Body code", Kind.CODE, required=True, most=40),
            Column("name", _("单位"), "Body", most=60, compared=False, hint=_("只供看，不读。")),
            Column("telephone", _("值班电话"), "Duty telephone", most=24, hint=_("单位的值班电话，不填个人手机。")),
            Column("account", _("带班登录名"), "Leader (user name)", Kind.CODE, most=60, hint=_("可以不写。")),
        )

    def key(self, values: Mapping[str, Any]) -> str:
        return f"{values['day']}.{values['shift']}.{values['body']}"

    def name(self, values: Mapping[str, Any]) -> str:
        body = organisations.body_by_code(str(values["body"]))
        return f"{values['day']} {self._shift_name(values['shift'])} {body.short_name if body else values['body']}"

    def _shift_name(self, code: Any) -> str:
        return next((s.name for s in reads.shifts_of(self.division) if s.code == code), str(code))

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        rows = reads.coming(self.division)
        logins = accounts.logins(r.account_id for r in rows if r.account_id)
        found: dict[str, Mapping[str, Any]] = {}
        for row in rows:
            body = organisations.body(row.body_id)
            values = {
                "day": row.day,
                "shift": row.shift.code,
                "body": body.code if body else "",
                "name": body.name if body else "",
                "telephone": row.telephone,
                "account": logins.get(row.account_id or 0, ""),
            }
            found[self.key(values)] = values
        return found

    def revision(self) -> str:
        return reads.revision_of(self.division)

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        headings = {c.key: c.heading for c in self.columns()}
        near = {b.code: b.id for b in reads.bodies_for(self.division)}
        known = accounts.usernames({str(r.values.get("account") or "") for r in rows} - {""})
        today = clock.today()
        found: list[Refused] = []
        for row in rows:
            for column, sentence in self._problems(row.values, near, known, today):
                said = shown(row.values.get(column))
                found.append(Refused(row.number, headings[column], said, sentence, f"bad_{column}"))
        return found

    def _problems(
        self, values: Mapping[str, Any], near: Mapping[str, int], known: Mapping[str, int], today: date
    ) -> list[tuple[str, str]]:
        found = []
        if isinstance(values.get("day"), date) and (problem := day_problem(values["day"], today)):
            found.append(("day", problem))
        if values.get("body") not in near:
            found.append(("body", _("这个单位不在本区划，或已经停用。")))
        if problem := telephone_problem(tidy_telephone(str(values.get("telephone") or ""))):
            found.append(("telephone", problem))
        login = str(values.get("account") or "")
        if login and login not in known:
            found.append(("account", _("没有这个登录名。")))
        elif login and (at := near.get(str(values.get("body")))) and known[login] not in self._named(at):
            found.append(("account", _("这个账号在这个单位没有岗位。")))
        return found

    def _named(self, body_id: int) -> dict[int, str]:
        return reads.accounts_at(body_id, self.division)

    def notes(self, rows: Sequence[Row], plan: Plan) -> Sequence[str]:
        return []

    def about(self) -> Sequence[tuple[Any, Any]]:
        return [(_("表格"), self.title), (_("从哪天起"), _("本周一"))]

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        shifts = {s.code: s.id for s in reads.shifts_of(self.division)}
        bodies = {b.code: b.id for b in reads.bodies_for(self.division)}
        known = accounts.usernames({str(r.values.get("account") or "") for r in rows} - {""})
        slots = [
            actions.NewSlot(
                v["day"], shifts[v["shift"]], bodies[v["body"]], str(v.get("telephone") or ""),
                known.get(str(v.get("account") or "")),
            )
            for v in (row.values for row in rows)
        ]  # fmt: skip
        return actions.write_slots(actor=actor, division=self.division, slots=slots)

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        actions.take_back(actor=actor, division=self.division, memo=memo)
