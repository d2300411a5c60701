"""Who reads, who keeps. Handlers keep the articles of their own body, administrators all; anybody on duty may doubt one."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.accounts.choices import STAFF, PostKind
from linli.core.actor import Actor
from linli.core.decision import YES, Decision, no

from .choices import Audience, UseKind

READ_KINDS = STAFF
KEEP_KINDS = frozenset({PostKind.HANDLER, PostKind.ADMINISTRATOR})
EXPORT_KINDS = frozenset({PostKind.HANDLER, PostKind.ADMINISTRATOR, PostKind.AUDITOR})


def is_staff(actor: Actor) -> bool:
    """Somebody at work: a signed-in person or a program with a post, or the system."""
    return actor.kind == "system" or (actor.kind in {"person", "token"} and bool(actor.posts))


def can_read(actor: Actor, audience: str) -> Decision:
    """Residents read what is meant for everyone."""
    if audience == Audience.EVERYONE or is_staff(actor):
        return YES
    return no("staff_only", _("这条答复仅供工作人员使用。"))


def can_keep(actor: Actor, body_id: int | None) -> Decision:
    """Write, publish, retire and review the articles of this body. A program never does."""
    if actor.kind == "system":
        return YES
    if actor.kind == "person":
        if actor.holds({PostKind.ADMINISTRATOR}):
            return YES
        if body_id is not None and body_id in actor.bodies({PostKind.HANDLER}):
            return YES
    return no("not_keeper", _("只有这条答复的责任单位和管理员可以修改。"))


def can_keep_any(actor: Actor) -> Decision:
    """Has articles to keep at all: the list of those due, a new one."""
    if actor.kind == "system" or (actor.kind == "person" and actor.holds(KEEP_KINDS)):
        return YES
    return no("not_keeper", _("只有承办单位和管理员可以维护知识库。"))


def can_import(actor: Actor) -> Decision:
    if actor.kind == "system" or (actor.kind == "person" and actor.holds({PostKind.ADMINISTRATOR})):
        return YES
    return no("administrators_only", _("只有管理员可以批量导入。"))


def can_export(actor: Actor) -> Decision:
    if actor.kind == "system" or actor.holds(EXPORT_KINDS):
        return YES
    return no("not_exporter", _("只有承办单位、审计员和管理员可以导出知识库。"))


def can_doubt(actor: Actor) -> Decision:
    """Tell the owner that something is wrong."""
    return YES if is_staff(actor) else no("staff_only", _("请登录后再反馈。"))


def can_count(actor: Actor, kind: str) -> Decision:
    """Residents count reading and whether it helped; an answer given is counted by whoever gave it."""
    if kind == UseKind.ANSWER and not is_staff(actor):
        return no("staff_only", _("只有工作人员可以登记答复。"))
    return YES
