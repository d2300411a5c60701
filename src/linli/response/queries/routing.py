"""Reads of the routing tables: the decision for a case, tables with their rules, what is wrong with one, dry runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.core.reference import Reference
from linli.organisations import queries as organisations
from linli.territory import queries as territory
from linli.worktime import queries as worktime

from .. import permissions
from ..catalogue import catalogue
from ..choices import Channel, TableState
from ..models import Case, RouteRule, RouteTable
from ..routing import Decision, Names, Problem, Router, Rule, check_rules, compile_rules
from ..routing.review import Review, Space, moments_for
from ..routing.review import review as look_through
from ..rules import number_of

DRY_RUN_DAYS = 30
DRY_RUN_MOST = 50_000  # cases, newest first
CHANGES_LISTED = 200


# --- rows to rules ------------------------------------------------------------------------------------
def _codes(text: str) -> tuple[str, ...]:
    return tuple("" if part == "*" else part for part in text.split())


def rule_of(row: RouteRule) -> Rule:
    """A stored line as a value."""
    return Rule(
        order=row.order,
        divisions=_codes(row.divisions),
        classes=_codes(row.classes),
        channels=_codes(row.channels),
        hours=row.hours,
        lead=row.lead,
        joint=_codes(row.joint),
        note=row.note,
        provenance=row.provenance,
        source=row.source,
    )


def rules_of(table_id: int) -> tuple[Rule, ...]:
    """The lines of a table in order (1 SQL)."""
    return tuple(rule_of(row) for row in RouteRule.objects.filter(table_id=table_id).order_by("order"))


# --- the decision -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Routed:
    """Where a case goes: bodies that answer now, and which line of which table says so."""

    body_id: int | None
    joint_ids: tuple[int, ...]
    table: int
    rule: int | None
    unclear: bool

    @property
    def fact(self) -> dict[str, Any]:
        """What the journal keeps under `route`."""
        return {"table": self.table, "rule": self.rule, "body": self.body_id, "joint": list(self.joint_ids)}


@dataclass(frozen=True, slots=True)
class InForce:
    """The published table, compiled. `number` is 0 while there is none."""

    id: int
    number: int
    router: Router


def is_working(divisions: Sequence[str], at: datetime) -> bool:
    """Whether a moment is working time by the calendar of the narrowest division."""
    wall = clock.local(at)
    spans = worktime.calendar(divisions[0] if divisions else "").spans_on(wall.date())
    return any(a <= wall.time() < b for a, b in spans)


def _newest() -> tuple[int, int]:
    row = RouteTable.objects.filter(state=TableState.PUBLISHED).values_list("pk", "number").first()
    return row or (0, 0)


def _load(newest: tuple[int, int]) -> InForce:
    return InForce(newest[0], newest[1], compile_rules(rules_of(newest[0]), working=is_working))


_in_force: Reference[InForce] = Reference(_newest, _load)


def in_force() -> InForce:
    """The table that decides now; no SQL within a second of the last check."""
    return _in_force.get()


def forget() -> None:
    """After a change in this process."""
    _in_force.forget()


def decide(*, divisions: Iterable[str], class_code: str, channel: str, at: datetime) -> Routed:
    """Who answers for a case, by the table in force; merged bodies answer through their successor.

    A body that was closed without one answers for nothing: the district decides.
    """
    found = in_force()
    said = found.router.decide(divisions=divisions, class_code=class_code, channel=channel, at=at)
    return _routed(said, found.number)


def _routed(said: Decision, number: int) -> Routed:
    lead = body_now(said.lead) if said.lead else None
    joint = tuple(dict.fromkeys(b for code in said.joint if (b := body_now(code)) is not None and b != lead))
    return Routed(lead, joint, number, said.rule.order if said.rule else None, lead is None)


def body_now(code: str) -> int | None:
    """The id of the active body that answers for a code; None if it was closed or never was."""
    known = organisations.body_by_code(code)
    answers = organisations.body(organisations.resolve(known.id)) if known else None
    return answers.id if answers and answers.is_active else None


# --- tables -------------------------------------------------------------------------------------------
def tables(*, actor: Actor) -> list[RouteTable]:
    """Every version that was in force, newest first, and the draft."""
    permissions.can_read_config(actor).or_forbidden()
    return list(RouteTable.objects.exclude(state=TableState.SET_ASIDE).order_by("-number"))


def table(*, actor: Actor, number: int | None = None) -> RouteTable | None:
    """A version by its number; without one the published one, or None while there is none. Raises Missing."""
    permissions.can_read_config(actor).or_forbidden()
    if number is None:
        return RouteTable.objects.filter(state=TableState.PUBLISHED).first()
    found = RouteTable.objects.exclude(state=TableState.SET_ASIDE).filter(number=number).first()
    if found is None:
        raise Missing("no_such_table", _("没有这一版派遣规则。"))
    return found


def draft(*, actor: Actor) -> RouteTable | None:
    """The draft, if somebody began one."""
    permissions.can_read_config(actor).or_forbidden()
    return RouteTable.objects.filter(state=TableState.DRAFT).first()


def names() -> Names:
    """How codes are called in the reader's language."""
    known = catalogue().by_code
    tops = {v.top_code: v.top_name for v in known.values()}

    def class_name(code: str) -> str:
        return known[code].name if code in known else tops.get(code, code)

    def body(code: str) -> str:
        found = organisations.body_by_code(code)
        now = organisations.body(organisations.resolve(found.id)) if found else None
        return now.name if now else code

    labels = {str(k): str(v) for k, v in Channel.choices}
    return Names(
        division=lambda code: territory.division_name(code) or code,
        case_class=class_name,
        channel=lambda code: labels.get(code, code),
        body=body,
    )


def problems(rules: Sequence[Rule]) -> list[Problem]:
    """What is wrong with the lines, by themselves and against bodies, divisions, classes and channels."""
    found = check_rules(rules)
    classes = tuple(catalogue().by_code)
    for rule in rules:
        for code in (rule.lead, *rule.joint):
            found += _body_problems(rule, code) if code else []
        for code in rule.divisions:
            if code and territory.division(code) is None:
                found.append(_problem(rule, "divisions", "no_such_division", _("没有区划 %(code)s。"), code))
        for code in rule.classes:
            if code and not any(c.startswith(code) for c in classes):
                found.append(
                    _problem(rule, "classes", "no_such_class", _("没有问题类型 %(code)s。"), code, fatal=False)
                )
        for code in rule.channels:
            if code not in Channel.values:
                found.append(_problem(rule, "channels", "no_such_channel", _("没有来源 %(code)s。"), code))
    return sorted(found, key=lambda p: p.order)


def _problem(rule: Rule, field: str, code: str, sentence: str, value: str, *, fatal: bool = True) -> Problem:
    return Problem(rule.order, field, code, sentence % {"code": value}, fatal)


def _body_problems(rule: Rule, code: str) -> list[Problem]:
    field = "lead" if code == rule.lead else "joint"
    known = organisations.body_by_code(code)
    if known is None:
        return [_problem(rule, field, "no_such_body", _("没有单位 %(code)s。"), code)]
    if body_now(code) is None:
        return [_problem(rule, field, "body_closed", _("单位“%(code)s”已经停用，请换一个。"), known.name)]
    if not known.is_active:
        return [
            _problem(
                rule,
                field,
                "body_merged",
                _("单位“%(code)s”已并入其他单位，由并入的单位办理。"),
                known.name,
                fatal=False,
            )
        ]
    return []


# --- reviews ------------------------------------------------------------------------------------------
def spans() -> list[tuple[int, int]]:
    """The working hours of today's calendars, of the house and of divisions with their own, in minutes of the day."""
    found: set[tuple[int, int]] = set()
    for code in ("", *(view.division for view in worktime.local_views())):
        calendar = worktime.calendar(code)
        for hours in calendar.hours[-1:]:
            found |= {(_minutes(a), _minutes(b)) for a, b in hours.spans}
    return sorted(found)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def space_for(rules: Sequence[Rule]) -> Space:
    """Every case that can be told apart in this district."""
    district = territory.district().code
    places = [(d.code, d.code[:9], district) for d in territory.divisions(12)]
    places += [("", d.code, district) for d in territory.divisions(9)]
    return Space(
        (*places, ("", "", district)), tuple(catalogue().by_code), tuple(Channel.values), moments_for(rules, spans())
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """A review over the space reduced to what the rules tell apart, with the way back to every place and class."""

    review: Review
    space: Space
    place_of: tuple[int, ...]
    class_of: tuple[int, ...]
    channel_of: tuple[int, ...]


def look(rules: Sequence[Rule]) -> Looked:
    """Look a table through: gaps, dead lines, overlaps. Lines that cannot be read must have been refused before."""
    space = space_for(rules)
    small, place_of, class_of, channel_of = space.atoms(rules)
    return Looked(look_through(rules, small), space, place_of, class_of, channel_of)


def unowned_pairs() -> list[tuple[str, str]]:
    """(subdistrict, class) for which the table in force names nobody, at some hour or for some channel."""
    looked = look(in_force().router.rules)
    empty = looked.review.unowned().any(axis=(2, 3))
    return [
        (place[1], code)
        for p, place in enumerate(looked.space.places)
        if place[1] and not place[0]
        for c, code in enumerate(looked.space.classes)
        if empty[looked.place_of[p], looked.class_of[c]]
    ]


# --- dry run ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Rerouted:
    """One case that would have gone elsewhere."""

    number: str
    place: str
    class_name: str
    opened_at: datetime
    before: str
    after: str
    rule: int | None


@dataclass(frozen=True, slots=True)
class DryRun:
    """What another table would have done with the cases of the last days; `rows` lists the newest changes."""

    days: int
    cases: int
    changed: int
    rows: tuple[Rerouted, ...]
    cut: bool  # there were more cases than DRY_RUN_MOST; the oldest were not tried


def dry_run(*, actor: Actor, old: Sequence[Rule], new: Sequence[Rule], days: int = DRY_RUN_DAYS) -> DryRun:
    """Decide last month's cases by both tables; facts only, no texts. Raises Forbidden."""
    permissions.can_read_config(actor).or_forbidden()
    since = clock.now() - timedelta(days=days)
    left, right = (compile_rules(r, working=is_working) for r in (old, new))
    rows = (
        Case.objects.filter(matter__opened_at__gte=since)
        .order_by("-matter_id")
        .values_list(
            "matter_id", "matter__opened_at", "matter__community", "matter__subdistrict", "matter__area",
            "case_class_id", "channel",
        )[: DRY_RUN_MOST + 1]
    )  # fmt: skip
    known = catalogue().by_id
    count = changed = 0
    listed: list[Rerouted] = []
    for matter_id, opened, community, subdistrict, area, class_id, channel in rows.iterator(chunk_size=2000):
        count += 1
        if count > DRY_RUN_MOST:
            break
        view = known[class_id]
        place = (community, subdistrict, area[:6])
        before, after = (
            _routed(r.decide(divisions=place, class_code=view.code, channel=channel, at=opened), 0)
            for r in (left, right)
        )
        if (before.body_id, before.joint_ids) == (after.body_id, after.joint_ids):
            continue
        changed += 1
        if len(listed) < CHANGES_LISTED:
            listed.append(
                Rerouted(
                    number_of(matter_id, opened), territory.division_name(community or subdistrict or area),
                    view.name, opened, _bodies(before), _bodies(after), after.rule,
                )
            )  # fmt: skip
    return DryRun(days, min(count, DRY_RUN_MOST), changed, tuple(listed), count > DRY_RUN_MOST)


def _bodies(routed: Routed) -> str:
    lead = organisations.body_name(routed.body_id, short=True) or _("由区里决定")
    return _("、").join([lead, *(organisations.body_name(b, short=True) for b in routed.joint_ids)])
