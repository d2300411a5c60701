"""Who may see a case and press which button. Supervision and command are apart: who handled cannot verify."""

from __future__ import annotations

from django.db.models import Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from linli.accounts.choices import PostKind as P
from linli.core.actor import Actor
from linli.core.decision import YES, Decision, no
from linli.core.errors import Missing
from linli.flow import queries as flow
from linli.flow.models import Matter
from linli.organisations import queries as organisations
from linli.organisations.choices import SOCIETY
from linli.vault import queries as contacts

from .choices import Level
from .models import Assist, Case, Handover, Offer
from .rules import CASE, HANDLING_VERBS, SYSTEM_VERBS

CHIEFS = frozenset({P.SUBDISTRICT_CHIEF, P.DISTRICT_CHIEF})
AREA_KINDS = frozenset({P.OPERATOR, P.DESK, P.DISPATCHER, P.VERIFIER, P.GRID_WORKER, P.AUDITOR}) | CHIEFS
BODY_KINDS = frozenset({P.HANDLER, P.GRID_WORKER})
INTAKE_KINDS = frozenset({P.OPERATOR, P.DESK, P.GRID_WORKER})
DESK_KINDS = frozenset({P.OPERATOR, P.DESK})
FIELD_KINDS = frozenset({P.GRID_WORKER})
CHECK_KINDS = frozenset({P.VERIFIER})
SEE_KINDS = AREA_KINDS | BODY_KINDS
CONFIG_KINDS = frozenset({P.ADMINISTRATOR, P.AUDITOR, P.DISPATCHER})  # read the routing table and the classes
CONTACT_KINDS = frozenset({P.OPERATOR, P.DESK, P.VERIFIER})
SHARE_KINDS = CHIEFS | {P.DISPATCHER, P.AUDITOR}  # read who answered: 全响应
OFFER_KINDS = CHIEFS | {P.DISPATCHER, P.HANDLER}  # read what is offered; only people of society may claim
EXPORT_KINDS = frozenset({P.DISPATCHER, P.AUDITOR, P.OPERATOR}) | CHIEFS

_SUPERVISION = CASE.stages["reported"].kinds
_COMMAND = CASE.stages["accepted"].kinds
_BODY = CASE.stages["dispatched"].kinds

# verb -> the posts that may
VERB_KINDS: dict[str, frozenset[str]] = {
    "accept": _SUPERVISION,
    "decline": _SUPERVISION,
    "answer": _SUPERVISION,
    "mend": frozenset({P.GRID_WORKER}),
    "dispatch": _COMMAND,
    "seek_finding": _COMMAND,
    "find": _COMMAND,
    "offer": _COMMAND,
    "claim": CASE.stages["offered"].kinds,
    "withdraw_offer": _COMMAND,
    "give_up": _BODY,
    "sign": _BODY,
    "ask_return": _BODY,
    "grant_return": _COMMAND,
    "refuse_return": _COMMAND,
    "ask_transfer": _BODY,
    "take_transfer": _BODY,
    "refuse_transfer": _BODY,
    "recall_transfer": _COMMAND,
    "assist_sign": _BODY,
    "assist_report": _BODY,
    "release_assist": _COMMAND,
    "contacted": _BODY,
    "feed_back": _BODY,
    "ask_time": _BODY,
    "grant_time": CHIEFS,
    "refuse_time": CHIEFS,
    "resume": _BODY | CHIEFS,
    "remind": _COMMAND | _SUPERVISION,
    "supervise": CHIEFS,
    "escalate": CHIEFS | {P.DISPATCHER},
    "merge": _SUPERVISION | _COMMAND,
    "unmerge": _SUPERVISION | _COMMAND,
    "split": _COMMAND,
    "pass": CASE.stages["fed_back"].kinds,
    "rework": CASE.stages["fed_back"].kinds,
    "close": CASE.stages["verified"].kinds,
    "call": _SUPERVISION,
    "call_back": _SUPERVISION,
    "reopen": _SUPERVISION,
    "retract": _SUPERVISION | CHIEFS,
    "thank": _SUPERVISION | _COMMAND,
    "note": frozenset(P.values) - {P.AUDITOR, P.ADMINISTRATOR},
}
BY_BODY = frozenset(
    {
        "sign", "ask_return", "ask_transfer", "take_transfer", "refuse_transfer", "contacted", "feed_back", "ask_time",
        "give_up",
    }
)  # fmt: skip
BY_LEVEL = frozenset(
    {
        "dispatch",
        "seek_finding",
        "find",
        "offer",
        "grant_return",
        "refuse_return",
        "recall_transfer",
        "grant_time",
        "refuse_time",
        "release_assist",
    }
)
NOT_BY_HANDLER = frozenset({"pass", "rework", "close"})
CALLING = frozenset({"call", "call_back", "retract"})  # nobody hears the judgement on what his own body did
NOT_OWN_REQUEST = frozenset({"grant_time", "grant_return"})  # who asks for a body does not grant


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
    bodies = actor.bodies(BODY_KINDS)
    if matter.body_id is not None and matter.body_id in bodies:
        return YES
    if bodies and _takes_part(bodies, matter):
        return YES
    return no("out_of_scope", _("这件事不在您的辖区。"))


def _takes_part(bodies: frozenset[int], matter: Matter) -> bool:
    """Joint bodies of this round, and the body that asked another to take over (2 SQL, only for those who see it no other way)."""
    begun = Case.objects.filter(pk=matter.pk).values("counted_from")
    parts = Assist.objects.filter(case_id=matter.pk, body_id__in=bodies).exclude(state="released")
    return (
        parts.filter(~Q(state="reported") | Q(asked_at__gte=Subquery(begun))).exists()
        or Case.objects.filter(pk=matter.pk, from_body_id__in=bodies).exists()
    )


def _level(matter: Matter) -> str:
    return str(Case.objects.filter(pk=matter.pk).values_list("level", flat=True).first() or "")


def can_move(actor: Actor, matter: Matter, verb: str) -> Decision:
    """Whether this actor may press `verb` on this matter; asks the journal only for verifying verbs."""
    kinds = VERB_KINDS.get(verb, frozenset())
    if verb not in CASE.moves:
        return no("unknown_verb", _("这类事项没有这个动作。"))
    if verb in SYSTEM_VERBS:
        return no("system_verb", _("这一步由系统自动办理。"))
    if verb == "claim":
        return YES if society_bodies(actor) else no("not_society", _("只有社会单位的承办员可以认领。"))
    if verb in ("assist_sign", "assist_report"):
        mine = Assist.objects.filter(case_id=matter.pk, body_id__in=actor.bodies(kinds), state__in=["asked", "signed"])
        return YES if mine.exists() else no("not_assisting", _("这件事没有等您单位协办。"))
    if verb == "resume" and matter.body_id is not None and matter.body_id in actor.bodies(_BODY):
        return YES
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
    if verb in CALLING and matter.body_id in actor.bodies(_BODY) | actor.serves:
        return no("own_body", _("承办单位的人不能回访本单位办的事。"))
    if (
        verb == "retract"
        and not _covers(actor, CHIEFS, matter)
        and flow.last_did(matter.pk, "call_back") != actor.label
    ):
        return no("not_who_called", _("只有记这次回访的人和值班长可以撤销。"))
    if verb in NOT_OWN_REQUEST and matter.body_id in actor.bodies(_BODY) | actor.serves:
        return no("own_request", _("您也是承办单位的经办人，本单位的申请要由别人审批。"))
    if (
        verb in BY_LEVEL
        and not any(p.kind in kinds and len(p.division) == 6 for p in actor.posts)
        and _level(matter) == Level.DISTRICT
    ):
        return no("district_decides", _("这件事已提到区一级，由区里办理。"))
    return YES


def _third_party(actor: Actor, matter: Matter) -> Decision:
    """Verification by another party: neither the person who handled, nor anyone of the bodies that handled."""
    mine = actor.bodies(P.values) | actor.serves
    if matter.body_id is not None and matter.body_id in mine:
        return no("own_body", _("承办单位的人不能核查本单位办的事。"))
    if mine and Assist.objects.filter(case_id=matter.pk, body_id__in=mine, state="reported").exists():
        return no("own_body", _("协办单位的人不能核查本单位办的事。"))
    if mine and handled_before(matter.pk, mine):
        return no("own_body", _("先前办过这件事的单位不能核查它。"))
    if actor.label.partition(":")[2] in {a.partition(":")[2] for a in flow.acted(matter.pk, HANDLING_VERBS)}:
        return no("handled_it", _("办过这件事的人不能核查它。"))
    return YES


def handled_before(case_id: int, bodies: frozenset[int]) -> bool:
    """Whether one of these bodies had the case in hand and passed it on, or had claimed it (2 SQL)."""
    return (
        Handover.objects.filter(case_id=case_id, from_body_id__in=bodies, state="granted").exists()
        or Offer.objects.filter(case_id=case_id, claimed_by_id__in=bodies).exists()
    )


def society_bodies(actor: Actor) -> frozenset[int]:
    """The bodies of society (驻区单位、企业商户、社会组织、志愿服务队) that the actor handles for."""
    kinds = set(SOCIETY)
    return frozenset(
        b
        for b in actor.bodies({P.HANDLER})
        if (found := organisations.body(b)) is not None and found.is_active and found.kind in kinds
    )


def can_read_offers(actor: Actor) -> Decision:
    """Those who may claim, and those who offer."""
    if society_bodies(actor) or actor.holds(OFFER_KINDS - {P.HANDLER}):
        return YES
    return no("not_society", _("认领广场给驻区单位、企业商户、社会组织和志愿服务队用；您单位的事项在待办里。"))


def can_read_shares(actor: Actor, division: str) -> Decision:
    """Who answered what share, in a division that a post covers."""
    if actor.kind == "system" or actor.holds(SHARE_KINDS, division):
        return YES
    return no("out_of_scope", _("您的岗位不负责这个区划。"))


def can_read_contact(actor: Actor, matter: Matter) -> Decision:
    """Those who take, verify and call back need it; the handling body while it works, if that was agreed to.

    An organisation that volunteered never sees it.
    """
    if _covers(actor, CONTACT_KINDS, matter):
        return YES
    if matter.stage == "handling" and matter.body_id is not None and matter.body_id in actor.bodies(BODY_KINDS):
        body = organisations.body(matter.body_id)
        if body is None or body.kind in SOCIETY:
            return no("contact_not_for_claimants", _("主动认领的单位不看联系方式，请受理中心代为联系。"))
        kept = Case.objects.filter(pk=matter.pk).values_list("contact_id", flat=True).first()
        agreed = contacts.given_consent(kept)
        if agreed is not None and agreed.handling_body:
            return YES
        return no("contact_not_agreed", _("留电话的人没有同意办理单位查看，请受理中心代为联系。"))
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


def can_call(actor: Actor) -> Decision:
    """Telephone the reporters of closed cases."""
    if actor.holds(DESK_KINDS):
        return YES
    return no("not_this_post", _("只有受理员和窗口受理员可以回访。"))


def can_export(actor: Actor) -> Decision:
    if actor.holds(EXPORT_KINDS):
        return YES
    return no("not_this_post", _("您的岗位不能导出案件。"))


def can_read_config(actor: Actor) -> Decision:
    """Read the routing tables and the classes."""
    if actor.kind == "system" or actor.holds(CONFIG_KINDS):
        return YES
    return no("not_this_post", _("您的岗位不能查看这项设置。"))


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
