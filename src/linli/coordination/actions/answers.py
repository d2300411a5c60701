"""What happens to a summons after it was called: the bodies answer, the chief judges, the clock rings."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.decision import YES
from linli.core.errors import Conflict, Invalid, Refusal
from linli.files import actions as files
from linli.flow import actions as flow
from linli.flow.models import Matter
from linli.flow.rules import check_move
from linli.response.texts import clean
from linli.worktime import queries as worktime
from linli.worktime.rules import Limit, Unit

from ..answering import OWES, Owed, conclude, is_late, may, missed, next_alarm
from ..choices import AnswerMode, AnswerState, Verdict
from ..models import Summons, SummonsAnswer
from ..queries.calls import allowed_to, load, owed
from ..rules import SUMMONS

log = logging.getLogger("linli.coordination")

OF_BODY = ("sign", "arrive", "answer")
OF_CHIEF = ("release", "settle", "fail", "withdraw", "note")
NEED = {"answer": "result", "release": "reason", "fail": "reason", "withdraw": "reason", "note": "text"}
"""Under which need the one text of a verb is sealed."""
TRIES = 6  # bodies answer at the same moment, and that moves nothing: the later one reads again


@dataclass(frozen=True, slots=True)
class Step:
    """One press. `version` is what was seen; `seq` the line that was seen, where no line may have come meanwhile."""

    verb: str
    version: int
    seq: int | None = None
    body_id: int | None = None
    text: str = ""
    verdicts: Mapping[int, str] = field(default_factory=dict)
    photo_keys: Sequence[str] = ()


def move_summons(*, actor: Actor, summons_id: int, step: Step) -> Matter:
    """Take a step. Raises Missing, Forbidden, Invalid, Conflict (names who was first)."""
    if step.verb not in OF_BODY + OF_CHIEF:
        raise Invalid("unknown_verb", _("这类事项没有这个动作。"), verb=step.verb)
    need = NEED.get(step.verb)
    for left in range(TRIES, 0, -1):
        summons, parts = load(actor, summons_id)
        matter = summons.matter
        allowed_to(actor, matter, parts, step.verb, step.body_id).or_forbidden()
        if matter.version != step.version or (step.seq is not None and matter.seq != step.seq):
            raise flow.too_late(matter.pk)
        step = replace(step, text=clean(step.text, need, required=True) if need else "")
        take = _body_step if step.verb in OF_BODY else _chief_step
        press = take(actor, summons, parts, step)
        try:
            with transaction.atomic(), clock.at(press.now, actor=SYSTEM):
                press.write()
            return matter
        except Conflict as late:
            if late.code != "moved_meanwhile" or left == 1:
                raise
    raise AssertionError("unreachable")


@dataclass(slots=True)
class Press:
    """One move, decided; `write` is called in a transaction. The swap of the matter holds everybody else out, so the
    rows that were read before it are still what they were."""

    actor: Actor
    summons: Summons
    step: Step
    now: datetime
    parts: list[Owed]  # as they are after this press
    facts: dict[str, Any] = field(default_factory=dict)
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)  # columns of parts, by body
    columns: dict[str, Any] = field(default_factory=dict)  # of the summons
    values: dict[str, Any] = field(default_factory=dict)  # of the matter
    concludes: bool = False
    names_line: bool = False  # the words of the part lie in the line of this press

    def write(self) -> None:
        matter, step = self.summons.matter, self.step
        values = self.values
        if self.concludes and matter.stage == "called":
            values = dict.fromkeys(("alarm_at", "due_at"), next_alarm(self.parts, self.now))
        need = NEED.get(step.verb)
        flow.move(
            actor=self.actor, matter=matter, version=step.version, verb=step.verb, flow=SUMMONS, allowed=YES,
            facts=self.facts, personal={need: step.text} if need else None, values=values,
        )  # fmt: skip
        for body_id, columns in self.rows.items():
            more = {"answered_seq": matter.seq} if self.names_line else {}
            SummonsAnswer.objects.filter(summons=self.summons, body_id=body_id).update(**columns, **more)
        if self.columns:
            Summons.objects.filter(pk=self.summons.pk).update(**self.columns)
        if step.photo_keys:
            files.attach(actor=self.actor, keys=list(step.photo_keys), subject=f"summons:{matter.pk}")
        if self.concludes and matter.stage == "called":
            close_call(self.summons, self.parts, self.now)


def _body_step(actor: Actor, summons: Summons, parts: list[SummonsAnswer], step: Step) -> Press:
    """sign, arrive, answer: one body's own part."""
    matter, now, body = summons.matter, clock.now(), step.body_id or 0
    mine = next((p for p in owed(parts) if p.body_id == body), None)
    if mine is None or mine.state == AnswerState.RELEASED:
        raise Invalid("unknown_body", _("这次吹哨没有叫这个单位。"), fields={"body": [_("请选择单位。")]})
    if not may(step.verb, mine, matter.stage):
        check_move(SUMMONS, matter.stage, step.verb, SUMMONS.need_labels)
        raise _not_now(mine, step.verb)
    changes: dict[str, Any] = {}
    state = {"sign": AnswerState.SIGNED, "arrive": AnswerState.ARRIVED, "answer": AnswerState.ANSWERED}[step.verb]
    row = next(p for p in parts if p.body_id == body)
    if row.signed_at is None:
        changes["signed_at"] = now
    if step.verb != "sign":
        changes["arrived_at" if step.verb == "arrive" else "answered_at"] = now
    late = is_late(mine, step.verb, now)
    facts: dict[str, Any] = {"body": body}
    if late is not None:
        changes["late"] = facts["late"] = late
    if step.photo_keys:
        facts["photo_keys"] = list(step.photo_keys)
    after = [replace(p, state=state) if p.body_id == body else p for p in owed(parts)]
    return Press(
        actor, summons, step, now, after, facts, {body: {"state": state, **changes}},
        concludes=True, names_line=step.verb == "answer",
    )  # fmt: skip


def _not_now(part: Owed, verb: str) -> Refusal:
    if verb == "answer" and part.mode == AnswerMode.ON_SITE and part.state in OWES:
        return Conflict("arrive_first", _("要求到场响应：请先点“到场”，再写答复。"))
    if verb == "arrive" and part.mode != AnswerMode.ON_SITE:
        return Conflict("in_writing", _("这个单位是书面答复，不用到场。"))
    state = AnswerState(part.state).label
    return Conflict(
        "not_possible_now",
        _("这个单位现在是“%(state)s”，不能“%(verb)s”。") % {"state": state, "verb": SUMMONS.moves[verb].label},
    )


def _chief_step(actor: Actor, summons: Summons, parts: list[SummonsAnswer], step: Step) -> Press:
    """release, settle, fail, withdraw, note."""
    matter, now, after = summons.matter, clock.now(), owed(parts)
    live = [p for p in parts if p.state != AnswerState.RELEASED]
    facts: dict[str, Any] = {}
    rows: dict[int, dict[str, Any]] = {}
    columns: dict[str, Any] = {}
    if step.verb in ("settle", "fail"):
        check_move(SUMMONS, matter.stage, step.verb, SUMMONS.need_labels)
        said = _verdicts(live, step, every=step.verb == "settle")
        rows = {body: {"verdict": verdict} for body, verdict in said.items()}
        facts["verdicts"] = {str(body): str(verdict) for body, verdict in said.items()}
    values: dict[str, Any] = {}
    if step.verb == "fail":
        columns["failures"], values = summons.failures + 1, {"due_at": None, "due_provisional": False}
    if step.verb == "release":
        body = _releasable(live, step, matter.stage)
        facts["body"], rows = body, {body: {"state": AnswerState.RELEASED}}
        after = [replace(p, state=AnswerState.RELEASED) if p.body_id == body else p for p in after]
    return Press(actor, summons, step, now, after, facts, rows, columns, values, step.verb == "release")


def _verdicts(live: list[SummonsAnswer], step: Step, *, every: bool) -> dict[int, str]:
    known = {p.body_id for p in live}
    said = {body: verdict for body, verdict in step.verdicts.items() if verdict}
    wrong = {b: _("请重新选择评定。") for b, v in said.items() if b not in known or v not in Verdict.values}
    if every:
        wrong |= {b: _("请给每个单位一个评定。") for b in known - said.keys()}
    if wrong:
        fields = {f"verdict_{body}": [sentence] for body, sentence in wrong.items()}
        raise Invalid("verdict_missing", next(iter(wrong.values())), fields=fields)
    return said


def _releasable(live: list[SummonsAnswer], step: Step, stage: str) -> int:
    check_move(SUMMONS, stage, "release", SUMMONS.need_labels)
    part = next((p for p in live if p.body_id == step.body_id), None)
    if part is None or part.state not in OWES:
        sentence = _("请选择还没有答复的单位。")
        raise Invalid("unknown_body", sentence, fields={"body": [sentence]})
    if len(live) == 1:
        raise Conflict("last_body", _("只剩这一个单位了：不再需要响应的话，请撤回吹哨。"))
    return int(part.body_id)


# --- what the system presses ------------------------------------------------------------------------------------
def judging_due(summons: Summons, now: datetime) -> flow.DueTimes:
    """By when the chief has to judge, in working days of the place."""
    division = summons.matter.community or summons.matter.subdistrict
    found = worktime.due(now, Limit(summons.kind.judge_days, Unit.WORKING_DAY), division=division)
    revision = worktime.calendar(division).revision
    return flow.DueTimes(stage=found.at, provisional=found.provisional, revision=revision)


def close_call(summons: Summons, parts: list[Owed], now: datetime) -> str:
    """The arrow that the answers or the clock ask for, in the caller's transaction; '' where the call goes on."""
    verb = conclude(parts, now)
    if verb:
        gone = missed(parts, now)
        system_move(summons, verb, {"missed": gone} if gone else {}, due=judging_due(summons, now))
        SummonsAnswer.objects.filter(summons=summons, body_id__in=gone).update(state=AnswerState.MISSED)
    return verb


def system_move(summons: Summons, verb: str, facts: Mapping[str, Any], *, due: flow.DueTimes | None = None) -> None:
    """What nobody presses by hand."""
    flow.move(
        actor=SYSTEM, matter=summons.matter, version=summons.matter.version, verb=verb, flow=SUMMONS, allowed=YES,
        facts=facts, due=due,
    )  # fmt: skip


def ring_summons(*, limit: int = 500) -> int:
    """Mark the bodies whose time is up, and close the calls that nobody's time runs for any more. Each in its own
    transaction; one that somebody moves at the same moment is left to the next round. Returns how many rang."""
    due = Matter.objects.filter(kind=SUMMONS.kind, alarm_at__lte=clock.now()).order_by("alarm_at", "id")
    rang = 0
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        try:
            rang += _ring(pk)
        except Refusal as refused:
            log.info("alarm of summons %s: %s", pk, refused.code)
    return rang


def _ring(summons_id: int) -> bool:
    summons, parts = load(SYSTEM, summons_id)
    matter, now = summons.matter, clock.now()
    if matter.alarm_at is None or matter.alarm_at > now or matter.stage != "called":
        return False
    known = owed(parts)
    with transaction.atomic(), clock.at(now, actor=SYSTEM):
        if close_call(summons, known, now):
            return True
        gone, later = missed(known, now), next_alarm(known, now)
        values = {"alarm_at": later, "due_at": later}
        if not flow.append(actor=SYSTEM, matter=matter, verb="alarm", facts={"missed": gone}, values=values):
            raise flow.too_late(matter.pk)
        SummonsAnswer.objects.filter(summons=summons, body_id__in=gone).update(state=AnswerState.MISSED)
    return True
