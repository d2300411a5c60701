"""Reads of the rules by which topics are found."""

from __future__ import annotations

import hashlib

from linli.core.errors import Missing

from ..models import TopicRule
from ..topic_rules import RuleView


def view_of(rule: TopicRule) -> RuleView:
    return RuleView(
        rule.pk, rule.code, rule.number, rule.name, rule.name_en, tuple(rule.classes.split()), rule.least, rule.radius_m,
        rule.days, rule.reopened, rule.cured_days, rule.cured_share, rule.provenance, rule.source,
    )  # fmt: skip


def rules() -> list[RuleView]:
    """The rules in force, in the order in which they look (1 SQL)."""
    return sorted((view_of(r) for r in TopicRule.objects.filter(in_force=True)), key=lambda r: r.order)


def rules_revision() -> str:
    """Changes whenever a rule is put in force or ends."""
    rows = TopicRule.objects.filter(in_force=True).order_by("code").values_list("code", "number")
    return hashlib.sha256(repr(list(rows)).encode()).hexdigest()[:16]


def rule_for(rule_id: int) -> RuleView:
    """One version of a rule, in force or not. Raises Missing."""
    found = TopicRule.objects.filter(pk=rule_id).first()
    if found is None:
        raise Missing("no_such_rule", "没有这条规则。")
    return view_of(found)
