"""Who draws and who decides. Borders and grids are public facts once in force; drafts are the district's own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.accounts.choices import PostKind as P
from linli.core.actor import Actor
from linli.core.decision import YES, Decision, no

DRAW_KINDS = frozenset({P.PLANNER, P.ADMINISTRATOR})
DECIDE_KINDS = frozenset({P.DISTRICT_CHIEF, P.ADMINISTRATOR})
READ_KINDS = DRAW_KINDS | DECIDE_KINDS | {P.SUBDISTRICT_CHIEF, P.DISPATCHER, P.AUDITOR}


def can_read(actor: Actor) -> Decision:
    """Drafts, changes, nets, mergers, the catalogue of grid matters."""
    if actor.kind == "system" or (actor.kind in {"person", "token"} and actor.holds(READ_KINDS)):
        return YES
    return no("wrong_post", _("网格与界线由规划员、值班长、派遣员、审计员和管理员查看。"))


def can_draw(actor: Actor, division: str = "") -> Decision:
    """Draft a grid or borders within `division` ("": the whole district); keep nets and the catalogue."""
    if actor.kind == "system" or (actor.kind == "person" and actor.holds(DRAW_KINDS, division or None)):
        return YES
    if actor.holds(DRAW_KINDS):
        return no("wrong_division", _("您的岗位不负责这个区划。"))
    return no("not_planner", _("只有规划员和管理员可以起草网格和界线。"))


def can_draw_district(actor: Actor) -> Decision:
    """What concerns the whole district: borders, nets, the catalogue of grid matters."""
    if actor.kind == "system":
        return YES
    whole = any(p.kind in DRAW_KINDS and len(p.division) == 6 for p in actor.posts)
    return (
        YES
        if actor.kind == "person" and whole
        else no("not_district", _("这件事关系全区，须由区里的规划员或管理员起草。"))
    )


def can_decide(actor: Actor, made_by: str) -> Decision:
    """Approve and undo: another person than the one who submitted it."""
    if actor.kind == "system":
        return YES
    if not (actor.kind == "person" and actor.holds(DECIDE_KINDS)):
        return no("not_decider", _("只有区值班长和管理员可以批准。"))
    if actor.label == made_by:
        return no("own_draft", _("自己提请的改动须由另一人批准。"))
    return YES
