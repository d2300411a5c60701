"""The only writers of routing tables: begin a draft, edit it, publish it, bring an earlier version back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Conflict, Invalid, Missing

from .. import permissions
from ..choices import TableState
from ..models import Route, RouteRule, RouteTable
from ..queries import routing as reads
from ..routing import Problem, Rule, ordered


def begin_draft(*, actor: Actor) -> RouteTable:
    """A draft with the rules in force. Raises Conflict if there is one already."""
    permissions.can_administer(actor).or_forbidden()
    now = reads.in_force()
    with transaction.atomic():
        return new_draft(actor, list(reads.rules_of(now.id)), now.id or None)


def new_draft(actor: Actor, rules: Sequence[Rule], based_on: int | None) -> RouteTable:
    """A draft of these rules. Raises Conflict if there is one. The caller has asked the permission."""
    try:
        with transaction.atomic():
            table = RouteTable.objects.create(
                number=_next_number(),
                state=TableState.DRAFT,
                based_on_id=based_on,
                changed_at=clock.now(),
                changed_by=actor.label,
            )
    except IntegrityError:
        raise Conflict("draft_exists", _("已经有一份草稿，请先发布或放弃它。")) from None
    _write(table.pk, rules)
    return table


def _next_number() -> int:
    return (RouteTable.objects.aggregate(most=Max("number"))["most"] or 0) + 1


def _text(codes: Sequence[str]) -> str:
    return " ".join(code or "*" for code in codes)


def _write(table_id: int, rules: Sequence[Rule]) -> None:
    """Put these lines in the place of all lines, numbered anew in their order."""
    RouteRule.objects.filter(table_id=table_id).delete()
    RouteRule.objects.bulk_create(
        [
            RouteRule(
                table_id=table_id,
                order=order,
                divisions=_text(r.divisions),
                classes=_text(r.classes),
                channels=_text(r.channels),
                hours=r.hours,
                lead=r.lead,
                joint=_text(r.joint),
                note=r.note,
                provenance=r.provenance,
                source=r.source,
            )
            for order, r in enumerate(rules, 1)
        ],
        batch_size=500,
    )


def _edit(actor: Actor, expected: int, change: Any) -> RouteTable:
    """Change the draft's lines by a function of their list, if nobody else has since `expected`. Returns the draft."""
    permissions.can_administer(actor).or_forbidden()
    with transaction.atomic():
        table = _draft()
        swapped = RouteTable.objects.filter(pk=table.pk, state=TableState.DRAFT, revision=expected).update(
            revision=F("revision") + 1, changed_at=clock.now(), changed_by=actor.label
        )
        if not swapped:
            raise Conflict("draft_changed", _("草稿刚被别人改过，请刷新后再试。"))
        rules = list(reads.rules_of(table.pk))
        change(rules)
        numbered = [replace(r, order=i) for i, r in enumerate(rules, 1)]
        _refuse([p for p in reads.problems(numbered) if p.fatal and p.code not in BEARABLE])
        _write(table.pk, numbered)
    table.refresh_from_db()
    return table


BEARABLE = frozenset(
    {"body_closed", "no_such_body", "no_such_division"}
)  # a draft may wait for them, a version may not


def _draft() -> RouteTable:
    found = RouteTable.objects.filter(state=TableState.DRAFT).first()
    if found is None:
        raise Missing("no_draft", _("现在没有草稿。"))
    return found


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        fields: dict[str, list[str]] = {}
        for p in problems:
            fields.setdefault(p.field or "rules", []).append(p.sentence)
        said = [_("第 %(n)s 条：%(why)s") % {"n": p.order, "why": p.sentence} for p in problems[:5]]
        raise Invalid("bad_rules", " ".join(said), fields=fields)


def _place(rules: Sequence[Rule], order: int) -> int:
    if not 1 <= order <= len(rules):
        raise Missing("no_such_rule", _("没有这一条规则。"))
    return order - 1


def put_rule(
    *, actor: Actor, expected: int, rule: Rule, order: int | None = None, before: int | None = None
) -> RouteTable:
    """Change line `order` of the draft, or insert before line `before` (last when None).

    Raises Forbidden, Invalid (by field), Conflict (edited since revision `expected`), Missing.
    """
    _refuse([p for p in reads.problems([replace(rule, order=1)]) if p.fatal])

    def change(rules: list[Rule]) -> None:
        if order is not None:
            rules[_place(rules, order)] = rule
        else:
            rules.insert(len(rules) if before is None else max(0, min(before - 1, len(rules))), rule)

    return _edit(actor, expected, change)


def delete_rule(*, actor: Actor, expected: int, order: int) -> RouteTable:
    """Take a line out of the draft."""
    return _edit(actor, expected, lambda rules: rules.pop(_place(rules, order)))


def move_rule(*, actor: Actor, expected: int, order: int, to: int) -> RouteTable:
    """Give a line of the draft another place (1 is first)."""

    def change(rules: list[Rule]) -> None:
        rule = rules.pop(_place(rules, order))
        rules.insert(max(0, min(to - 1, len(rules))), rule)

    return _edit(actor, expected, change)


def replace_draft(*, actor: Actor, rules: Sequence[Rule]) -> tuple[RouteTable, int | None]:
    """A new draft with these lines; the one before is set aside. Returns the draft and the id of the one set aside."""
    permissions.can_administer(actor).or_forbidden()
    numbered = [replace(r, order=i) for i, r in enumerate(rules, 1)]
    _refuse([p for p in reads.problems(numbered) if p.fatal])
    with transaction.atomic():
        aside = RouteTable.objects.filter(state=TableState.DRAFT).values_list("pk", flat=True).first()
        if aside is not None:
            RouteTable.objects.filter(pk=aside).update(state=TableState.SET_ASIDE)
        return new_draft(actor, numbered, reads.in_force().id or None), aside


def bring_back_draft(*, actor: Actor, draft_id: int, aside: int | None) -> None:
    """Drop a draft and take up again the one that it replaced."""
    permissions.can_administer(actor).or_forbidden()
    with transaction.atomic():
        if not RouteTable.objects.filter(pk=draft_id, state=TableState.DRAFT).delete()[0]:
            raise Conflict("draft_gone", _("草稿已经发布或放弃，不能再撤销导入。"))
        if aside is not None:
            RouteTable.objects.filter(pk=aside, state=TableState.SET_ASIDE).update(state=TableState.DRAFT)


def discard_draft(*, actor: Actor, expected: int) -> None:
    """Let the draft go. Raises Conflict if it was edited since `expected`."""
    permissions.can_administer(actor).or_forbidden()
    with transaction.atomic():
        table = _draft()
        if not RouteTable.objects.filter(pk=table.pk, revision=expected, state=TableState.DRAFT).delete()[0]:
            raise Conflict("draft_changed", _("草稿刚被别人改过，请刷新后再试。"))
        record(actor=actor, verb=AuditVerb.OTHER, target=f"routes:{table.number}", change="discard")


def publish(*, actor: Actor, expected: int, note: str = "") -> RouteTable:
    """Put the draft in force and retire the table before it; cases that are open keep their decision.

    Raises Forbidden, Invalid (lines with problems, no line), Conflict.
    """
    permissions.can_administer(actor).or_forbidden()
    table = _draft()
    rules = reads.rules_of(table.pk)
    if not rules:
        raise Invalid("no_rules", _("草稿里没有一条规则。"))
    _refuse([p for p in reads.problems(rules) if p.fatal])
    with transaction.atomic():
        put_in_force(actor, table.pk, expected, note)
    reads.forget()
    transaction.on_commit(reads.forget)
    table.refresh_from_db()
    return table


def put_in_force(actor: Actor, table_id: int, expected: int, note: str) -> None:
    """Publish a draft and retire the table before it. In a transaction; the caller has checked its rules."""
    now = clock.now()
    before = RouteTable.objects.filter(state=TableState.PUBLISHED).values_list("number", flat=True).first()
    RouteTable.objects.filter(state=TableState.PUBLISHED).update(state=TableState.RETIRED, valid_to=now)
    done = RouteTable.objects.filter(pk=table_id, state=TableState.DRAFT, revision=expected).update(
        state=TableState.PUBLISHED, valid_from=now, changed_at=now, changed_by=actor.label, note=note.strip()[:200]
    )
    if not done:
        raise Conflict("draft_changed", _("草稿刚被别人改过，请刷新后再试。"))
    number = RouteTable.objects.values_list("number", flat=True).get(pk=table_id)
    lines = RouteRule.objects.filter(table_id=table_id).count()
    record(
        actor=actor, verb=AuditVerb.OTHER, target=f"routes:{number}", change="publish", before=before or 0, rules=lines
    )


def restore(*, actor: Actor, number: int) -> RouteTable:
    """A draft with the rules of an earlier version, to look at and publish. A draft in work is set aside."""
    permissions.can_administer(actor).or_forbidden()
    found = RouteTable.objects.filter(number=number, state=TableState.RETIRED).first()
    if found is None:
        raise Missing("no_such_table", _("没有这一版派遣规则。"))
    with transaction.atomic():
        RouteTable.objects.filter(state=TableState.DRAFT).update(state=TableState.SET_ASIDE)
        return new_draft(actor, reads.rules_of(found.pk), found.pk)


def publish_routes(*, actor: Actor) -> RouteTable | None:
    """The routes that a pack brought, as a table in force (a draft, if people made the one in force); None if no change."""
    permissions.can_administer(actor).or_forbidden()
    rows = Route.objects.values_list("division", "class_prefix", "body__code", "provenance", "source")
    rules = ordered(rows)
    now = reads.in_force()
    if not rules or list(reads.rules_of(now.id)) == rules:
        return None
    own = RouteTable.objects.filter(pk=now.id).exclude(changed_by=SYSTEM.label).exists()
    if own and actor.kind == SYSTEM.kind:  # people made the table in force: a pack proposes, it does not overrule
        if RouteTable.objects.filter(state=TableState.DRAFT).exists():
            return None
        with transaction.atomic():
            return new_draft(actor, rules, now.id)
    with transaction.atomic():
        RouteTable.objects.filter(state=TableState.DRAFT).update(state=TableState.SET_ASIDE)
        table = new_draft(actor, rules, now.id or None)
        put_in_force(actor, table.pk, 0, "")
    reads.forget()
    transaction.on_commit(reads.forget)
    table.refresh_from_db()
    return table
