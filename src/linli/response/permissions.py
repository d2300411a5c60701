"""Who may see a case and press which button. Supervision and command are apart: who handled cannot verify."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from linli.accounts.choices import PostKind as P
from linli.core.actor import Actor
from linli.core.decision import YES, Decision, no
from linli.core.errors import Missing
from linli.flow import queries as flow
from linli.flow.models import Matter

from .models import Case
from .rules import CASE, HANDLING_VERBS

CHIEFS = frozenset({P.SUBDISTRICT_CHIEF, P.DISTRICT_CHIEF})
AREA_KINDS = frozenset({P.OPERATOR, P.DESK, P.DISPATCHER, P.VERIFIER, P.GRID_WORKER, P.AUDITOR}) | CHIEFS
BODY_KINDS = frozenset({P.HANDLER, P.GRID_WORKER})
INTAKE_KINDS = frozenset({P.OPERATOR, P.DESK, P.GRID_WORKER})
DESK_KINDS = frozenset({P.OPERATOR, P.DESK})
FIELD_KINDS = frozenset({P.GRID_WORKER})
SEE_KINDS = AREA_KINDS | BODY_KINDS
CONFIG_KINDS = frozenset({P.ADMINISTRATOR, P.AUDITOR, P.DISPATCHER})  # read the routing table and the classes
CONTACT_KINDS = frozenset({P.OPERATOR, P.DESK, P.VERIFIER})
EXPORT_KINDS = frozenset({P.DISPATCHER, P.AUDITOR, P.OPERATOR}) | CHIEFS

# verb -> the posts that may; the stage's own posts where nothing else is said
VERB_KINDS: dict[str, frozenset[str]] = {
    "accept": CASE.stages["reported"].kinds,
    "decline": CASE.stages["reported"].kinds,
    "dispatch": CASE.stages["accepted"].kinds,
    "sign": CASE.stages["dispatched"].kinds,
    "return": CASE.stages["dispatched"].kinds,
    "feed_back": CASE.stages["handling"].kinds,
    "pass": CASE.stages["fed_back"].kinds,
    "rework": CASE.stages["fed_back"].kinds,
    "close": CASE.stages["verified"].kinds,
    "call_back": CASE.stages["closed"].kinds,
    "reopen": CASE.stages["closed"].kinds,
    "note": frozenset(P.values) - {P.AUDITOR, P.ADMINISTRATOR},
}
BY_BODY = frozenset({"sign", "return", "feed_back"})
NOT_BY_HANDLER = frozenset({"pass", "rework", "close"})


def _covers(actor: Actor, kinds: frozenset[str], matter: Matter) -> bool:
    place = matter.community or matter.subdistrict or matter.area
    return actor.holds(kinds, place)


def can_report(actor: Actor, channel: str) -> Decision:
    """Anyone on the web; staff channels need an intake post."""
    if channel == "web" or actor.kind == "system":
        return YES
    if actor.holds(INTAKE_KINDS):
        return YES
    return no("not_intake", _("只有受理员、窗口受理员和网格员可以代为登记。"))


def can_see(actor: Actor, matter: Matter) -> Decision:
    """By a post over its division, or by a post at its body. Out of scope looks like missing."""
    if actor.kind == "system" or _covers(actor, AREA_KINDS, matter):
        return YES
    if matter.body_id is not None and matter.body_id in actor.bodies(BODY_KINDS):
        return YES
    return no("out_of_scope", _("这件事不在您的辖区。"))


def can_move(actor: Actor, matter: Matter, verb: str) -> Decision:
    """Whether this actor may press `verb` on this matter; asks the journal only for verifying verbs."""
    kinds = VERB_KINDS.get(verb)
    if kinds is None:
        return no("unknown_verb", _("这类事项没有这个动作。"))
    if verb in BY_BODY:
        if matter.body_id is None or matter.body_id not in actor.bodies(kinds):
            return no("not_this_body", _("只有承办单位的承办员、网格员可以操作。"))
        return YES
    if verb == "note":
        return YES if can_see(actor, matter) and actor.holds(kinds) else no("not_this_post", _("您的岗位不能备注。"))
    if not _covers(actor, kinds, matter):
        return no("not_this_post", _("您的岗位不能“%s”。") % CASE.moves[verb].label)
    if verb in NOT_BY_HANDLER:
        return _third_party(actor, matter)
    return YES


def _third_party(actor: Actor, matter: Matter) -> Decision:
    """Verification by another party: neither the person who handled, nor anyone of the body that handled."""
    if matter.body_id is not None and matter.body_id in actor.bodies(P.values) | actor.serves:
        return no("own_body", _("承办单位的人不能核查本单位办的事。"))
    if actor.label.partition(":")[2] in {a.partition(":")[2] for a in flow.acted(matter.pk, HANDLING_VERBS)}:
        return no("handled_it", _("办过这件事的人不能核查它。"))
    return YES


def can_read_contact(actor: Actor, matter: Matter) -> Decision:
    """Those who take, verify and call back need it; the handling body does not."""
    if _covers(actor, CONTACT_KINDS, matter):
        return YES
    return no("contact_not_needed", _("您的岗位不需要看联系方式。"))


def can_read_text(actor: Actor, matter: Matter) -> Decision:
    """The description and reasons: whoever may see the case and works on it; administrators never."""
    return can_see(actor, matter)


def can_see_picture(actor: Actor, subject: str, request: object = None) -> Decision:
    """Pictures of a case ("case:<id>") are for staff who may see it; to everybody else there is no such picture.

    Reporters see their own on their private page, which shows the receipt code itself.
    """
    number = subject.partition(":")[2]
    matter = Matter.objects.filter(kind="case", pk=int(number)).first() if number.isdecimal() else None
    if matter is None or not can_see(actor, matter):
        raise Missing("photo_missing", _("照片不存在，或者已经删除。"))
    return YES


def can_export(actor: Actor) -> Decision:
    if actor.holds(EXPORT_KINDS):
        return YES
    return no("not_this_post", _("您的岗位不能导出案件。"))


def can_administer(actor: Actor) -> Decision:
    """Classes, limits and routes."""
    return (
        YES
        if actor.kind == "system" or actor.holds({P.ADMINISTRATOR})
        else no("not_administrator", _("只有管理员可以修改配置。"))
    )


def scope(actor: Actor, cases: QuerySet[Case], view: str = "area") -> QuerySet[Case]:
    """The cases of the actor's divisions, or (view='body') of the actor's bodies: two lists, never an OR."""
    if view == "body":
        return cases.filter(matter__body_id__in=actor.bodies(BODY_KINDS))
    divisions = {p.division for p in actor.posts if p.kind in AREA_KINDS and p.division}
    if not divisions:
        return cases.none()
    condition = flow.in_area(divisions, "matter__")
    return cases if condition is None else cases.filter(condition)
