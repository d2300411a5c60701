"""Who keeps what of the service circle. Facts about places and services are read by all staff; residents see what is public."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.accounts.choices import STAFF, PostKind
from linli.core.actor import Actor
from linli.core.decision import YES, Decision, no

READ_KINDS = STAFF
PLAN_KINDS = frozenset({PostKind.PLANNER, PostKind.DISTRICT_CHIEF, PostKind.ADMINISTRATOR})
KEEP_KINDS = frozenset({PostKind.PLANNER, PostKind.ADMINISTRATOR})
SURVEY_KINDS = frozenset({PostKind.COMMUNITY_WORKER, PostKind.PLANNER, PostKind.ADMINISTRATOR})
FILL_KINDS = frozenset({PostKind.COMMUNITY_WORKER})
RECORD_KINDS = SURVEY_KINDS


def _by_hand(actor: Actor, kinds: frozenset[PostKind], division: str | None) -> bool:
    """The system, or a signed-in person with such a post there. A program never writes here."""
    return actor.kind == "system" or (actor.kind == "person" and actor.holds(kinds, division))


def can_read(actor: Actor) -> Decision:
    """Catalogues, facilities, matrices, circles, records: facts without persons."""
    if actor.kind == "system" or (actor.kind in {"person", "token"} and actor.posts):
        return YES
    return no("staff_only", _("请先登录。"))


def can_keep_catalogue(actor: Actor, district: str) -> Decision:
    """Catalogues, standards, mappings, paces, networks: of a whole district."""
    if _by_hand(actor, KEEP_KINDS, district):
        return YES
    return no("not_keeper", _("只有本区的规划员和管理员可以维护目录。"))


def can_keep_facility(actor: Actor, division: str) -> Decision:
    """Facilities that stand in `division` (one across the border belongs to whoever keeps the district)."""
    if _by_hand(actor, KEEP_KINDS, division):
        return YES
    return no("not_keeper", _("只有本辖区的规划员和管理员可以维护设施。"))


def can_import_facilities(actor: Actor) -> Decision:
    """Take in files of facilities; each row is asked for its own place besides."""
    if actor.kind == "system" or (actor.kind == "person" and actor.holds(KEEP_KINDS)):
        return YES
    return no("not_keeper", _("只有规划员和管理员可以导入设施。"))


def can_plan(actor: Actor) -> Decision:
    """Make and keep plans of one's own."""
    if actor.kind == "system" or (actor.kind == "person" and actor.holds(PLAN_KINDS)):
        return YES
    return no("not_planner", _("只有规划员、区值班长和管理员可以做规划方案。"))


def can_run_survey(actor: Actor, district: str) -> Decision:
    """Prepare, open, remind, return, close."""
    if _by_hand(actor, KEEP_KINDS, district):
        return YES
    return no("not_keeper", _("只有本区的规划员和管理员可以组织调查。"))


def can_fill(actor: Actor, community: str) -> Decision:
    """Answer for a community: its own worker, or a planner above it who answers by telephone."""
    if _by_hand(actor, SURVEY_KINDS, community):
        return YES
    return no("not_this_community", _("只有本社区的填报员和上级规划员可以填报。"))


def can_see_sheet(actor: Actor, community: str) -> Decision:
    """One community's sheet: itself and the posts above it. For others it is not there."""
    if actor.kind == "system" or (actor.kind in {"person", "token"} and actor.holds(READ_KINDS, community)):
        return YES
    return no("not_this_community", _("这个社区不在您的辖区。"))


def can_keep_records(actor: Actor, division: str) -> Decision:
    """Circles, stations, records, designations of a division."""
    if _by_hand(actor, KEEP_KINDS, division):
        return YES
    return no("not_keeper", _("只有本辖区的规划员和管理员可以维护台账。"))
