"""Dispatch to a lead body and joint bodies (首接负责、双派), and the joint finding where nobody is clearly in charge."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict

from ..choices import AssistState, Level
from ..models import Assist
from .base import Context, effect, refuse
from .clocks import running_due

JOINT_MOST = 5
WAITING = (AssistState.INVITED, AssistState.ASKED, AssistState.SIGNED)


@effect("dispatch", "find")
def dispatch(c: Context) -> None:
    """To the lead body; `joint` are the ids of bodies that work along."""
    lead = c.body(c.step.body_id)
    c.given["body"] = c.facts["body"] = lead.id
    c.values["body_id"] = lead.id
    c.on_case["from_body_id"] = None
    joint = {c.body(int(i), "joint").id for i in c.said("joint") or ()}
    if lead.id in joint:
        raise refuse("lead_is_joint", _("主办单位不能同时是协办单位。"), "joint")
    if len(joint) > JOINT_MOST:
        raise refuse("too_many_joint", _("协办单位最多 %(n)s 个。") % {"n": JOINT_MOST}, "joint")
    if joint or c.case.open_assists:
        c.facts["joint"] = sorted(joint)
        c.on_case["open_assists"] = len(joint)
    if joint or c.case.open_assists or c.step.verb == "find":
        c.then.append(lambda: _ask_joint(c, joint))


def _ask_joint(c: Context, joint: set[int]) -> None:
    """The joint bodies of this dispatch; those of an earlier one, and those who were asked to look, are released."""
    Assist.objects.filter(case_id=c.case.pk, state__in=WAITING).exclude(body_id__in=joint).update(
        state=AssistState.RELEASED
    )
    for body_id in sorted(joint):
        Assist.objects.update_or_create(
            case_id=c.case.pk,
            body_id=body_id,
            defaults={"state": AssistState.ASKED, "asked_at": c.now, "signed_at": None, "reported_at": None},
        )


@effect("seek_finding")
def seek_finding(c: Context) -> None:
    """Unclear whose it is: the district decides, after a joint look on site with the bodies in question."""
    c.on_case["level"] = Level.DISTRICT
    bodies = {c.body(int(i), "joint").id for i in c.said("joint") or ()}
    if len(bodies) > JOINT_MOST:
        raise refuse("too_many_joint", _("协办单位最多 %(n)s 个。") % {"n": JOINT_MOST}, "joint")
    if bodies:
        c.facts["joint"] = sorted(bodies)
        c.then.append(lambda: _invite(c, bodies))


def _invite(c: Context, bodies: set[int]) -> None:
    """They see the case and come to look; who of them answers for it is found there."""
    for body_id in sorted(bodies):
        Assist.objects.update_or_create(
            case_id=c.case.pk,
            body_id=body_id,
            defaults={"state": AssistState.INVITED, "asked_at": c.now, "signed_at": None, "reported_at": None},
        )


@effect("sign")
def sign(c: Context) -> None:
    """Signed: the reporter is to be spoken to first, where there is a contact."""
    c.facts["body"] = c.matter.body_id
    c.on_case |= {"contacted_at": None, "from_body_id": None}


@effect("contacted")
def contacted(c: Context) -> None:
    """Spoken to: from now on the whole limit counts. The reporter reads this line: nobody is called without a contact."""
    if c.case.contact_id is None:
        raise Conflict("no_contact", _("这件事没有留联系方式，不能记“已联系”。"))
    if c.case.contacted_at is not None:
        raise Conflict("contacted_already", _("已经记录过联系了。"))
    c.on_case["contacted_at"] = c.now
    c.due = running_due(c)


def _own_assist(c: Context, states: set[str]) -> Assist:
    mine = c.actor.bodies(("handler", "grid_worker"))
    found = c.case.assists.filter(body_id__in=mine, state__in=states).order_by("pk").first()
    if found is None:
        raise Conflict("no_assist", _("这件事没有等您单位协办，或者已经反馈过了。"))
    return found


@effect("assist_sign")
def assist_sign(c: Context) -> None:
    found = _own_assist(c, {AssistState.ASKED})
    c.facts["body"] = found.body_id
    c.then.append(lambda: _answered(found, AssistState.ASKED, state=AssistState.SIGNED, signed_at=c.now))


@effect("assist_report")
def assist_report(c: Context) -> None:
    found = _own_assist(c, {AssistState.ASKED, AssistState.SIGNED})
    c.facts["body"] = found.body_id
    c.on_case["open_assists"] = max(0, c.case.open_assists - 1)
    c.then.append(lambda: _answered(found, found.state, state=AssistState.REPORTED, reported_at=c.now))


@effect("release_assist")
def release_assist(c: Context) -> None:
    """What these bodies were to do is no longer needed: the lead body waits for them no more."""
    bodies = {int(i) for i in c.said("joint") or ()}
    open_now = set(
        c.case.assists.filter(state__in=[AssistState.ASKED, AssistState.SIGNED]).values_list("body_id", flat=True)
    )
    if not bodies:
        raise refuse("joint_required", _("请选择解除哪些单位。"), "joint")
    if not bodies <= open_now:
        raise Conflict("no_assist", _("所选的单位没有在协办，或者已经反馈过了。"))
    c.given["joint"] = c.facts["joint"] = sorted(bodies)
    c.on_case["open_assists"] = len(open_now - bodies)
    c.then.append(lambda: _release(c, bodies))


def _release(c: Context, bodies: set[int]) -> None:
    rows = c.case.assists.filter(body_id__in=bodies, state__in=[AssistState.ASKED, AssistState.SIGNED])
    if rows.update(state=AssistState.RELEASED) != len(bodies):
        raise Conflict("moved_meanwhile", _("这件事刚被别人办过，请看最新情况再操作。"))


def _answered(found: Assist, was: str, **changes: object) -> None:
    if not Assist.objects.filter(pk=found.pk, state=was).update(**changes):
        raise Conflict("moved_meanwhile", _("这件事刚被别人办过，请看最新情况再操作。"))


@effect("feed_back")
def feed_back(c: Context) -> None:
    """The lead body reports for the whole, after every joint body has reported its part."""
    if c.case.open_assists:
        raise Conflict(
            "joint_open",
            _("还有 %(n)s 个协办单位没有反馈，等他们反馈后再汇总。") % {"n": c.case.open_assists},
            open=c.case.open_assists,
        )
    c.on_case["subject"] = c.body(c.matter.body_id).kind if c.matter.body_id else ""
