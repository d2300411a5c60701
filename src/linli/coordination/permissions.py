"""Who calls, who answers, who decides together. Bodies answer through their handlers; a program never acts here."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.accounts.choices import STAFF
from linli.accounts.choices import PostKind as P
from linli.core.actor import Actor
from linli.core.decision import YES, Decision, no

BODY_KINDS = frozenset({P.HANDLER, P.GRID_WORKER})
CHIEF_KINDS = frozenset({P.SUBDISTRICT_CHIEF, P.DISTRICT_CHIEF})
WATCH_KINDS = CHIEF_KINDS | {P.DISPATCHER, P.VERIFIER, P.AUDITOR}
"""See the summons, topics and consultations of their division."""
READ_KINDS = WATCH_KINDS | {P.HANDLER}
ROSTER_KINDS = CHIEF_KINDS | {P.DISPATCHER, P.ADMINISTRATOR}
"""Keep the duty roster of their division."""
ROSTER_READ_KINDS = STAFF
ROOM_KINDS = READ_KINDS | ROSTER_READ_KINDS
"""For whom the room has a page at all."""


def _is_system(actor: Actor) -> bool:
    return actor.kind == "system"


def _held(actor: Actor, kinds: frozenset[str], division: str) -> bool:
    return actor.kind == "person" and actor.holds(kinds, division)


def can_see(actor: Actor, division: str, bodies: frozenset[int] = frozenset()) -> bool:
    """Whether a matter of coordination in `division` that names `bodies` is in the actor's sight. Programs may read."""
    if _is_system(actor):
        return True
    seen = actor.kind in {"person", "token"} and actor.holds(WATCH_KINDS, division)
    return seen or (actor.kind in {"person", "token"} and bool(bodies & actor.bodies(BODY_KINDS)))


def can_summon(actor: Actor, subdistrict: str) -> Decision:
    """Blow the whistle: the chief of that subdistrict; the district's chief may call for one of its subdistricts."""
    if _is_system(actor) or _held(actor, CHIEF_KINDS, subdistrict):
        return YES
    return no("not_chief", _("只有本街道的值班长可以吹哨。"))


def can_answer(actor: Actor, body_id: int) -> Decision:
    """Sign, arrive, answer for one summoned body."""
    if _is_system(actor) or (actor.kind == "person" and body_id in actor.bodies(BODY_KINDS)):
        return YES
    return no("not_this_body", _("只有被吹哨的单位可以响应。"))


def can_judge(actor: Actor, subdistrict: str, bodies: frozenset[int]) -> Decision:
    """Say whether a summons was settled: a chief of the place who serves none of the bodies that answered."""
    if _is_system(actor):
        return YES
    if not _held(actor, CHIEF_KINDS, subdistrict):
        return no("not_chief", _("只有本街道的值班长可以评定。"))
    if bodies & (actor.bodies(STAFF) | actor.serves):
        return no("own_body", _("自己单位响应的事项须由别人评定。"))
    return YES


def can_convene(actor: Actor) -> Decision:
    """Plan, hold and close a consultation: the district's chief."""
    if _is_system(actor) or (actor.kind == "person" and actor.holds({P.DISTRICT_CHIEF})):
        return YES
    return no("not_district_chief", _("区街共商由区值班长召集。"))


def can_conclude(actor: Actor, bodies: frozenset[int]) -> Decision:
    """Say that a decision was carried out: who convenes, and serves none of the bodies that were to do it."""
    allowed = can_convene(actor)
    if allowed and not _is_system(actor) and bodies & (actor.bodies(STAFF) | actor.serves):
        return no("own_body", _("自己单位落实的事项须由别人确认。"))
    return allowed


def can_steer_topic(actor: Actor, division: str) -> Decision:
    """Adopt, dismiss and assess a topic of a division."""
    if _is_system(actor) or _held(actor, CHIEF_KINDS, division):
        return YES
    return no("not_chief", _("只有本区划的值班长可以立题和评估。"))


def can_work_topic(actor: Actor, body_id: int | None) -> Decision:
    """Plan and do the measures of a topic: its owner."""
    if _is_system(actor) or (actor.kind == "person" and body_id in actor.bodies(BODY_KINDS)):
        return YES
    return no("not_owner", _("只有牵头单位可以填写措施。"))


def can_campaign(actor: Actor, divisions: tuple[str, ...]) -> Decision:
    """Plan, start and end a campaign: a chief whose post covers all of its divisions."""
    if _is_system(actor) or all(_held(actor, CHIEF_KINDS, d) for d in divisions):
        return YES
    return no("not_chief", _("只有值班长可以在自己的区划内开展专项行动。"))


def can_keep_roster(actor: Actor, division: str) -> Decision:
    """Write the duty roster of a division."""
    if _is_system(actor) or _held(actor, ROSTER_KINDS, division):
        return YES
    return no("not_roster_keeper", _("只有值班长、派遣员和管理员可以编排本区划的值班表。"))


def can_assess_topic(actor: Actor, division: str, bodies: frozenset[int]) -> Decision:
    """Say whether a topic is cured: a chief of the place who serves none of the bodies that worked on it."""
    allowed = can_steer_topic(actor, division)
    if allowed and not _is_system(actor) and bodies & (actor.bodies(STAFF) | actor.serves):
        return no("own_body", _("自己单位治理的专题须由别人评估。"))
    return allowed


def can_do_measure(actor: Actor, owner: int | None, body_id: int) -> Decision:
    """Say that a measure is done: the owner of the topic, or the body that was to do it."""
    if _is_system(actor) or (actor.kind == "person" and {owner, body_id} & actor.bodies(BODY_KINDS)):
        return YES
    return no("not_this_body", _("只有牵头单位和承担单位可以填写这项措施。"))


def can_note_topic(actor: Actor, division: str, bodies: frozenset[int]) -> Decision:
    """Leave a note: whoever works on it or steers it; an auditor only reads."""
    if _is_system(actor) or _held(actor, WATCH_KINDS - {P.AUDITOR}, division):
        return YES
    if actor.kind == "person" and bodies & actor.bodies(BODY_KINDS):
        return YES
    return no("not_this_post", _("您的岗位不能备注。"))


def can_change_topic_rules(actor: Actor) -> Decision:
    """The rules by which topics are found."""
    if _is_system(actor) or (actor.kind == "person" and actor.holds({P.ADMINISTRATOR})):
        return YES
    return no("not_administrator", _("只有管理员可以修改专题规则。"))


def can_read_topic_rules(actor: Actor) -> Decision:
    """Everybody who sees topics, and who keeps the rules."""
    if _is_system(actor) or actor.holds(READ_KINDS | {P.ADMINISTRATOR}):
        return YES
    return no("not_this_post", _("您的岗位不能查看专题规则。"))


def can_see_campaign(actor: Actor, divisions: tuple[str, ...], body_id: int | None) -> bool:
    """Posts that watch a place of the campaign, and the body that leads it."""
    if _is_system(actor):
        return True
    if actor.kind not in {"person", "token"}:
        return False
    held = {p.division for p in actor.posts if p.kind in WATCH_KINDS and p.division}
    if any(d.startswith(h) or h.startswith(d) for d in divisions for h in held):
        return True
    return body_id is not None and body_id in actor.bodies(BODY_KINDS)


def can_read_roster(actor: Actor, division: str) -> bool:
    """Any post whose division touches this one: those above, those inside."""
    if _is_system(actor):
        return True
    held = {p.division for p in actor.posts if p.kind in ROSTER_READ_KINDS and p.division}
    return actor.kind in {"person", "token"} and any(h.startswith(division) or division.startswith(h) for h in held)


def can_keep_borders(actor: Actor) -> Decision:
    """Codes of divisions in campaigns and rosters follow a change of borders: its job does it, nobody by hand."""
    return YES if _is_system(actor) else no("system_only", _("区划编码随界线改动自动更新，不由个人改。"))
