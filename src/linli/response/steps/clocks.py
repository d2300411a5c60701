"""Time: pauses, extensions and 缓办 that a chief grants; the ladder 催办 → 督办 → 提级."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from linli.accounts import queries as accounts
from linli.accounts.choices import PostKind
from linli.core.errors import Conflict, Invalid
from linli.flow.actions import DueTimes
from linli.worktime.clocks import Change
from linli.worktime.rules import Limit, Unit

from .. import ladder
from ..choices import LadderAct, Level, TimeKind, TimeState
from ..deadlines import times_of
from ..models import TimeChange
from ..queries.times import as_changes, granted
from ..time_rules import check_amount, check_count, check_until, planned_end, time_rules
from .base import Context, effect, refuse, wanted

NEXT_LEVEL = {Level.COMMUNITY: Level.SUBDISTRICT, Level.SUBDISTRICT: Level.DISTRICT, Level.DISTRICT: Level.DISTRICT}
HOLDS = frozenset({"sign"})
"""The case stays with the body that asked: what it asked for, and a pause that was granted, go on."""


# --- asked, granted, refused, ended ---------------------------------------------------------------------
@effect("ask_time")
def ask_time(c: Context) -> None:
    """`time_kind` pause (until when is optional: the rules then say how long at most), extend (amount and unit) or defer (until when)."""
    kind = wanted(c.step.extra, "time_kind", "time_kind_required", _("请选择暂停、延期还是缓办。"))
    if kind not in TimeKind.values:
        raise refuse("unknown_time_kind", _("请选择暂停、延期还是缓办。"), "time_kind")
    if c.case.paused_at is not None and kind != TimeKind.EXTEND:
        raise Conflict("paused_already", _("这件事的计时已经停着。"))
    if c.matter.post_kind:
        raise Conflict("asked_already", _("已经有一个申请在等审批。"))
    rule = time_rules()[str(kind)]
    if rule.before_due and c.matter.final_due_at is not None and c.now >= c.matter.final_due_at:
        raise Conflict("asked_too_late", _("已经过了办结时限，不能再申请；请抓紧办理，并在反馈里说明。"))
    row = TimeChange(case_id=c.case.pk, kind=kind, asked_at=c.now, asked_by=c.actor.label)
    if kind == TimeKind.EXTEND:
        limit = _limit(c.said("amount"), c.said("unit"))
        row.amount, row.unit = limit.amount, limit.unit
        c.facts |= {"amount": limit.amount, "unit": str(limit.unit)}
    else:
        row.until = c.said("until")
        if kind == TimeKind.DEFER and row.until is None:
            raise refuse("until_required", _("缓办要写明办到什么时候。"), "until")
        if row.until is not None and row.until <= c.now:
            raise refuse("until_past", _("这个时间已经过了。"), "until")
        c.facts["until"] = row.until
    _check(c, row, granted(c.case) if c.case.time_changed else [])
    c.facts["time"] = c.given["time"] = str(kind)
    c.values["post_kind"] = _answers(c, Level(c.case.level))
    c.then.append(row.save)


def _limit(amount: object, unit: object) -> Limit:
    try:
        return Limit(int(str(amount)), Unit(str(unit or Unit.WORKING_DAY)))
    except ValueError:
        raise Invalid("bad_limit", _("时限须是 1 到 10000 的整数。"), fields={"amount": [_("请填写整数。")]}) from None


def _check(c: Context, row: TimeChange, rows: Sequence[TimeChange]) -> None:
    """What the table of time allows: how often and how long. Raises Invalid, Conflict."""
    rule = time_rules()[row.kind]
    check_count(rule, sum(r.kind == row.kind for r in rows))
    if row.kind == TimeKind.EXTEND:
        check_amount(rule, c.view.limit, Limit(row.amount or 1, Unit(row.unit)), c.case.counted_from, c.division)
    else:
        check_until(rule, row.asked_at, row.until)


def _answers(c: Context, level: Level) -> str:
    """The kind of post that is asked: the chief of the subdistrict, or the district's where the case or nobody else is."""
    kind, place = PostKind.SUBDISTRICT_CHIEF, c.matter.subdistrict
    if level == Level.DISTRICT or not place or not accounts.holders(kinds=[kind], division=place).exists():
        return str(PostKind.DISTRICT_CHIEF)
    return str(kind)


def _asked(c: Context) -> TimeChange:
    found = c.case.time_changes.filter(state=TimeState.ASKED).first()
    if found is None:
        raise Conflict("nothing_asked", _("没有等待审批的申请，可能别人刚审过。"))
    c.facts["time"] = found.kind
    c.values["post_kind"] = ""
    return found


def _answer(c: Context, row: TimeChange, state: TimeState, **more: object) -> None:
    changed = TimeChange.objects.filter(pk=row.pk, state=TimeState.ASKED).update(
        state=state, answered_at=c.now, answered_by=c.actor.label, **more
    )
    if not changed:
        raise Conflict("moved_meanwhile", _("这件事刚被别人办过，请看最新情况再操作。"))


@effect("grant_time")
def grant_time(c: Context) -> None:
    """From now on: the clock stands still, or the deadline moves. Every later deadline is computed anew."""
    row = _asked(c)
    rows = granted(c.case) if c.case.time_changed else []
    _check(c, row, rows)
    row.starts_at = c.now
    c.facts["rules"] = time_rules()[row.kind].version
    if row.kind == TimeKind.EXTEND:
        c.facts |= {"amount": row.amount, "unit": row.unit}
    else:
        if row.until is not None and row.until <= c.now:
            raise Conflict("until_past", _("申请里写的时间已经过了，请不同意，让承办单位重新申请。"))
        if c.matter.final_due_at is not None and c.now >= c.matter.final_due_at:
            raise Conflict("late_already", _("已经过了办结时限，暂停不再改变它。请不同意，或等对方申请延期。"))
        row.until = planned_end(time_rules()[row.kind], c.now, row.until, c.division)
        c.on_case |= {"paused_at": c.now, "deferred": c.case.deferred or row.kind == TimeKind.DEFER}
        c.facts["until"] = row.until
    c.on_case["time_changed"] = True
    c.due = retimed(c, as_changes([*rows, row]))
    if running := _running([*rows, row]):
        c.due = replace(c.due, alarm=running.until)
    c.facts["final"] = c.due.final
    c.then.append(lambda: _answer(c, row, TimeState.GRANTED, starts_at=c.now, until=row.until))


@effect("refuse_time")
def refuse_time(c: Context) -> None:
    row = _asked(c)
    c.then.append(lambda: _answer(c, row, TimeState.REFUSED))


@effect("resume")
def resume(c: Context) -> None:
    """The clock runs again; what it stood still is not counted. By itself at the planned end."""
    if c.case.paused_at is None:
        raise Conflict("not_paused", _("这件事的计时没有停。"))
    c.due = retimed(c, as_changes(_ended(c, granted(c.case))))
    c.facts["final"] = c.due.final


def _running(rows: Sequence[TimeChange]) -> TimeChange | None:
    return next((r for r in rows if r.kind != TimeKind.EXTEND and r.ended_at is None), None)


def _ended(c: Context, rows: list[TimeChange]) -> list[TimeChange]:
    """The same rows with the running pause ended: now, or where it was planned to end if that is past."""
    c.on_case["paused_at"] = None
    running = _running(rows)
    if running is not None:
        end = running.ended_at = min(c.now, running.until) if running.until else c.now
        c.then.append(lambda: TimeChange.objects.filter(pk=running.pk, ended_at=None).update(ended_at=end))
    return rows


# --- the arithmetic -----------------------------------------------------------------------------------------
def _waits(c: Context, stage: str) -> bool:
    """Whether the reporter is to be spoken to first, after this step."""
    contacted = c.on_case.get("contacted_at", c.case.contacted_at)
    return stage == "handling" and c.case.contact_id is not None and contacted is None


def _times(c: Context, stage: str, started: datetime, changes: Sequence[Change]) -> DueTimes:
    counted_from = c.on_case.get("counted_from", c.case.counted_from)
    return times_of(
        c.known, c.view, stage, started=started, counted_from=counted_from, division=c.division, changes=changes,
        contact=_waits(c, stage),
    )  # fmt: skip


def begin_anew(c: Context) -> None:
    """The whole limit, that of the case's own class, counts from this step."""
    c.on_case |= {"counted_from": c.now, "limit_class_id": None}
    c.view = c.known.by_id[c.case.case_class_id]


def _rungs(c: Context, stage: str, started: datetime, due: datetime | None) -> list[tuple[datetime, ladder.Rung]]:
    return ladder.moments(c.known.ladder, stage, c.view.urgency, started, due, c.division)


def retimed(c: Context, changes: Sequence[Change]) -> DueTimes:
    """The due times of the case in its present stage under these changes, and the next rung of the ladder."""
    matter = c.matter
    due = _times(c, matter.stage, matter.stage_started_at, changes)
    rungs = _rungs(c, matter.stage, matter.stage_started_at, due.stage)
    if due.stage is None:
        return due
    stands = ladder.standing(rungs, matter.rungs, c.now)
    c.values["rungs"] = stands.marks
    return replace(due, alarm=stands.next)


def running_due(c: Context) -> DueTimes:
    """The due times with the changes that the case has; a pause that runs keeps its planned end."""
    rows = granted(c.case) if c.case.time_changed else []
    due = retimed(c, as_changes(rows))
    running = _running(rows)
    return replace(due, alarm=running.until) if running else due


def arriving(c: Context, target: str) -> DueTimes:
    """The due times of the stage that a step leads to. Whoever leaves the body's hands ends the pause and the request."""
    case, matter = c.case, c.matter
    leaves = c.step.verb not in HOLDS
    if matter.post_kind and leaves:
        c.then.append(lambda: _drop(c))
    elif matter.post_kind:
        c.values["post_kind"] = matter.post_kind
    if matter.stage == "handling" and matter.due_at is not None and matter.due_at == matter.final_due_at:
        c.on_case |= {"climbed": matter.rungs, "climbed_for": matter.due_at}
    rows: list[TimeChange] = []
    if case.time_changed:
        counted_from = c.on_case.get("counted_from", case.counted_from)
        rows = granted(case, since=min(counted_from, case.counted_from))
        if case.paused_at is not None and leaves:
            rows = _ended(c, rows)
        rows = [r for r in rows if r.starts_at is not None and r.starts_at >= counted_from]
    due = _times(c, target, c.now, as_changes(rows))
    if "paused_at" in c.on_case:
        c.facts["final"] = due.final
    if running := _running(rows):
        return replace(due, alarm=running.until)
    rungs = _rungs(c, target, c.now, due.stage)
    reached = ""
    if target == "handling" and due.stage is not None and due.stage == due.final == _climbed_for(c):
        reached = c.on_case.get("climbed", case.climbed)  # the same due time as when it was last in hand
    stands = ladder.standing(rungs, reached, c.now)
    c.values["rungs"] = stands.marks
    return replace(due, alarm=stands.next)


def _climbed_for(c: Context) -> datetime | None:
    found: datetime | None = c.on_case.get("climbed_for", c.case.climbed_for)
    return found


def _drop(c: Context) -> None:
    """What was asked beside a stage that the case has left."""
    TimeChange.objects.filter(case_id=c.case.pk, state=TimeState.ASKED).update(
        state=TimeState.DROPPED, answered_at=c.now, answered_by=c.actor.label
    )


# --- the ladder ------------------------------------------------------------------------------------------------
def press_counted(c: Context, trigger: str, count: int) -> None:
    """What the n-th return, redo or reopening sets off, by the rules in force."""
    for rung in ladder.counted(c.known.ladder, trigger, c.matter.stage, c.view.urgency, count):
        if rung.act != LadderAct.WARN:
            c.press(rung.act, {"rung": rung.order, "trigger": str(trigger), "count": count})


def _pressed(c: Context) -> None:
    """What set it off. A rung that the clock reached also says which one comes next."""
    c.facts |= {k: v for k, v in c.step.extra.items() if k in ("rung", "trigger", "count")}
    if c.actor.kind == "system" and "rungs" in c.step.extra:
        c.values |= {"rungs": c.said("rungs"), "alarm_at": c.said("next")}


@effect("remind")
def remind(c: Context) -> None:
    """By the ladder, or by hand."""
    _pressed(c)
    c.on_case["reminded"] = c.case.reminded + 1


@effect("supervise")
def supervise(c: Context) -> None:
    """By the ladder, or by a chief, who says what he wants."""
    _say_what(c)
    _pressed(c)
    c.on_case["supervised"] = c.case.supervised + 1


@effect("escalate")
def escalate(c: Context) -> None:
    """One level up: who decides about the case is above those who did so far. To the district for what is counted."""
    _say_what(c)
    _pressed(c)
    level = Level(c.case.level)
    up = Level.DISTRICT if c.said("count") else NEXT_LEVEL[level]
    if up == level and c.actor.kind != "system":
        raise Conflict("highest_level", _("已经是区一级，不能再提。"))
    c.facts["level"] = str(up)
    c.on_case["level"] = up
    if c.matter.post_kind:
        c.values["post_kind"] = _answers(c, up)


def _say_what(c: Context) -> None:
    if c.actor.kind != "system" and not c.step.text.strip():
        raise refuse("text_required", _("请写明要求：办什么、什么时候办好。"), "text")
