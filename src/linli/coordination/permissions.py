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
