"""Who keeps statistics and frameworks, who computes, who releases. Facts about areas: all staff read what is released."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.accounts.choices import STAFF, PostKind
from linli.core.actor import Actor
from linli.core.decision import YES, Decision, no

READ_KINDS = STAFF
WORK_KINDS = frozenset({PostKind.ANALYST, PostKind.ADMINISTRATOR})
"""Statistics, frameworks, runs, questionnaires, books."""
INSIDE_KINDS = WORK_KINDS | {PostKind.DISTRICT_CHIEF, PostKind.AUDITOR}
"""See what is not released yet."""
RELEASE_KINDS = frozenset({PostKind.DISTRICT_CHIEF, PostKind.ADMINISTRATOR})


def can_read(actor: Actor) -> Decision:
    """Units, series, observations, frameworks in force, released results and their books."""
    if actor.kind == "system" or (actor.kind in {"person", "token"} and actor.posts):
        return YES
    return no("staff_only", _("请先登录。"))


def can_see_drafts(actor: Actor) -> Decision:
    """Drafts of frameworks, results before their release, questionnaires."""
    if actor.kind == "system" or (actor.kind in {"person", "token"} and actor.holds(INSIDE_KINDS)):
        return YES
    return no("not_released", _("这份结果还没有发布。"))


def can_work(actor: Actor) -> Decision:
    """Take in statistics, edit frameworks, compute, ask experts, print. A program never writes here."""
    if actor.kind == "system" or (actor.kind == "person" and actor.holds(WORK_KINDS)):
        return YES
    return no("not_analyst", _("只有评价分析员和管理员可以做这件事。"))


def can_release(actor: Actor, made_by: str) -> Decision:
    """Put a result out under the district's name: another person than the one who computed it."""
    if actor.kind == "system":
        return YES
    if not (actor.kind == "person" and actor.holds(RELEASE_KINDS)):
        return no("not_releaser", _("只有区值班长和管理员可以发布结果。"))
    if actor.label == made_by:
        return no("own_result", _("自己测算的结果须由另一人发布。"))
    return YES
